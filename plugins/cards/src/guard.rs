//! Against those who try codes: after a few wrong ones a user has to wait, every time longer, and the admins are told
//! once. `judge` and `Attempts::left` are the rules; they know neither tables nor chats.
//!
//! 1. A wrong code weighs 2, a mistyped one 1: a checksum that does not fit is rarely a guess.
//! 2. Weights count for `wrong_codes_minutes`. When they exceed twice `wrong_codes`, the user waits.
//! 3. The waits of one episode grow: 1, 5, 15 and 60 minutes, 4 hours, then a day. While waiting nothing is looked up, not
//!    even a right code: otherwise guessing could go on.
//! 4. An episode is over when nothing wrong has come for a whole window after the wait. Until then one more wrong code, or
//!    the second mistyped one, is enough for the next wait.

use guesthouse_plugin::clock::{HOUR, MINUTE, SECOND};
use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Failure, Message, Text, Timestamp};

use crate::alert;
use crate::model::{ATTEMPTS, Attempts};
use crate::texts::Arg;
use crate::turn::{Settings, Turn};

/// How wrong a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nobody's code, although it is formed like one.
    Wrong,
    /// Mistyped, or another bot's.
    Mistyped,
}

/// What a fault leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing yet.
    Patience,
    /// The user has to wait until then.
    Wait(Timestamp),
    /// The same, for the first time in this episode: the admins are told.
    FirstWait(Timestamp),
}

const WAITS: [Timestamp; 6] = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, 24 * HOUR];

impl Attempts {
    /// How long the user still has to wait; zero if not at all.
    fn left(&self, now: Timestamp) -> Timestamp {
        (self.blocked_until - now).max(0)
    }
}

/// Adds a fault to what is known of a user and decides. Rules 1, 2, 3 and 4.
fn judge(attempts: &mut Attempts, fault: Fault, now: Timestamp, settings: &Settings) -> Verdict {
    let window = Timestamp::from(settings.wrong_codes_minutes) * MINUTE;
    let last = attempts.recent.last().map_or(0, |(time, _)| *time);
    if attempts.level > 0 && now >= attempts.blocked_until.max(last) + window {
        attempts.level = 0;
        attempts.recent.clear();
    }
    let weight = match fault {
        Fault::Wrong => 2,
        Fault::Mistyped => 1,
    };
    // Within an episode nothing is forgotten.
    let waited = attempts.level > 0;
    attempts.recent.retain(|(time, _)| waited || now - time < window);
    attempts.recent.push((now, weight));
    let limit = settings.wrong_codes.saturating_mul(2);
    let sum: u32 = attempts.recent.iter().map(|(_, weight)| weight).sum();
    if sum <= limit {
        return Verdict::Patience;
    }
    attempts.recent = vec![(now, limit.saturating_sub(1))];
    let wait = WAITS[usize::try_from(attempts.level).unwrap_or(0).min(WAITS.len() - 1)];
    attempts.blocked_until = now + wait;
    attempts.level += 1;
    if attempts.level == 1 { Verdict::FirstWait(now + wait) } else { Verdict::Wait(now + wait) }
}

/// Whether the user's code may be looked at; if not, says how long to wait.
pub(crate) fn admit(turn: &Turn<'_>, message: &Message) -> Result<bool, Failure> {
    let left = find(turn)?.map_or(0, |attempts| attempts.left(turn.now));
    if left > 0 {
        turn.answer(message, turn.words.tell("wait", &[("time", Arg::Said(&span(turn, left)))]))?;
    }
    Ok(left == 0)
}

/// Notes a fault; what follows from it is to be added to the answer.
pub(crate) fn blame(turn: &Turn<'_>, fault: Fault) -> Result<Option<Text>, Failure> {
    let row = find(turn)?;
    let id = row.as_ref().map(|row| row.id);
    let nothing = || Attempts { user_id: turn.user.id, recent: Vec::new(), level: 0, blocked_until: 0 };
    let mut attempts = row.map_or_else(nothing, |row| row.value);
    let verdict = judge(&mut attempts, fault, turn.now, turn.settings);
    match id {
        Some(id) => ATTEMPTS.update(id, &attempts)?,
        None => _ = ATTEMPTS.insert(&attempts)?,
    }
    let (Verdict::Wait(until) | Verdict::FirstWait(until)) = verdict else { return Ok(None) };
    if matches!(verdict, Verdict::FirstWait(_)) {
        alert::guessing(turn);
    }
    Ok(Some(turn.words.tell("slow-down", &[("time", Arg::Said(&span(turn, until - turn.now)))])))
}

fn find(turn: &Turn<'_>) -> Result<Option<Row<Attempts>>, Failure> {
    Ok(ATTEMPTS.first(col("user_id").eq(turn.user.id))?)
}

/// A span of time in words, rounded up.
fn span(turn: &Turn<'_>, time: Timestamp) -> String {
    let (key, unit) = match time {
        time if time < MINUTE => ("seconds", SECOND),
        time if time < HOUR => ("minutes", MINUTE),
        _ => ("hours", HOUR),
    };
    let count = (time + unit - 1).div_euclid(unit);
    turn.words.tell(key, &[("count", Arg::Count(count))]).content
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Settings =
        Settings { wrong_codes: 5, wrong_codes_minutes: 10, copy_warning_users: 5, page_size: 10 };

    fn stranger() -> Attempts {
        Attempts { user_id: 7, recent: Vec::new(), level: 0, blocked_until: 0 }
    }

    fn at(minute: f64) -> Timestamp {
        1_800_000_000_000 + (minute * MINUTE as f64) as Timestamp
    }

    #[test]
    fn the_sixth_wrong_code_in_ten_minutes_is_one_too_many() {
        let mut user = stranger();
        for minute in 0..5 {
            assert_eq!(judge(&mut user, Fault::Wrong, at(f64::from(minute)), &SETTINGS), Verdict::Patience);
        }
        assert_eq!(judge(&mut user, Fault::Wrong, at(5.0), &SETTINGS), Verdict::FirstWait(at(6.0)));
        assert_eq!((user.left(at(5.5)), user.left(at(6.0))), (30 * SECOND, 0));
    }

    #[test]
    fn mistyped_codes_weigh_half() {
        let mut user = stranger();
        for _ in 0..10 {
            assert_eq!(judge(&mut user, Fault::Mistyped, at(0.0), &SETTINGS), Verdict::Patience);
        }
        assert_eq!(judge(&mut user, Fault::Mistyped, at(0.0), &SETTINGS), Verdict::FirstWait(at(1.0)));
    }

    #[test]
    fn slow_mistakes_are_forgiven() {
        let mut user = stranger();
        for minute in 0..100 {
            assert_eq!(judge(&mut user, Fault::Wrong, at(f64::from(minute) * 2.1), &SETTINGS), Verdict::Patience);
        }
        assert!(user.recent.len() <= 5);
    }

    #[test]
    fn waits_grow_and_the_admins_are_told_once() {
        let mut user = stranger();
        let mut now = at(0.0);
        let mut waits = Vec::new();
        let mut told = 0;
        while waits.len() < 8 {
            match judge(&mut user, Fault::Wrong, now, &SETTINGS) {
                Verdict::Patience => assert!(waits.is_empty(), "one more is enough within an episode"),
                verdict @ (Verdict::Wait(until) | Verdict::FirstWait(until)) => {
                    told += u32::from(matches!(verdict, Verdict::FirstWait(_)));
                    waits.push((until - now) / MINUTE);
                    now = until;
                }
            }
            assert!(user.recent.len() <= 6);
        }
        assert_eq!(waits, [1, 5, 15, 60, 240, 1440, 1440, 1440]);
        assert_eq!(told, 1);
        // The first mistyped one is tolerated even then.
        assert_eq!(judge(&mut user, Fault::Mistyped, now, &SETTINGS), Verdict::Patience);
        assert!(matches!(judge(&mut user.clone(), Fault::Mistyped, now, &SETTINGS), Verdict::Wait(_)));
        // A quiet window ends the episode.
        assert_eq!(judge(&mut user, Fault::Wrong, now + 10 * MINUTE, &SETTINGS), Verdict::Patience);
        assert_eq!(user.level, 0);
    }
}
