//! The log of Bot API calls: the last ten thousand in full, all of them in numbers.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::clock::Millis;

/// How many calls are kept.
const KEPT: usize = 10_000;
/// More of a body than this is not kept.
const MAX_BODY: usize = 4 * 1024;

/// One call of a bot.
#[derive(Clone, Debug, Serialize)]
pub struct Call {
    /// Counts all calls from one.
    pub seq: u64,
    /// When it came.
    pub at: Millis,
    /// Whose token it bore.
    pub bot: i64,
    /// The method as Telegram spells it; `(unknown)` if there is none.
    pub method: &'static str,
    /// The parameters as a JSON object; a file is its name and size. Cut off when long.
    pub params: String,
    /// The HTTP status; none while the call is under way, zero if the connection was closed instead.
    pub status: Option<u16>,
    /// The body of the answer. Cut off when long.
    pub answer: Option<String>,
}

/// How often a method was called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Received.
    pub received: u64,
    /// Answered with success.
    pub ok: u64,
    /// Answered with an error, or not at all.
    pub failed: u64,
}

/// The log.
#[derive(Default)]
pub struct CallLog {
    calls: VecDeque<Call>,
    last: u64,
    counts: BTreeMap<&'static str, Count>,
}

impl CallLog {
    /// Takes note of a call that came in; returns its number.
    pub fn received(&mut self, at: Millis, bot: i64, method: &'static str, params: String) -> u64 {
        self.last += 1;
        self.counts.entry(method).or_default().received += 1;
        if self.calls.len() == KEPT {
            self.calls.pop_front();
        }
        let params = cut(params);
        self.calls.push_back(Call { seq: self.last, at, bot, method, params, status: None, answer: None });
        self.last
    }

    /// Takes note of the answer; a status of zero says that there was none.
    pub fn answered(&mut self, seq: u64, method: &'static str, status: u16, answer: &str) {
        let count = self.counts.entry(method).or_default();
        if status == 200 {
            count.ok += 1;
        } else {
            count.failed += 1;
        }
        // Numbers are consecutive, so the place is known; an old call may be gone already.
        let first = self.last - self.calls.len() as u64 + 1;
        let place = seq.checked_sub(first).and_then(|index| self.calls.get_mut(usize::try_from(index).ok()?));
        if let Some(call) = place {
            call.status = Some(status);
            call.answer = Some(cut(answer[..floor(answer, MAX_BODY)].to_owned()));
        }
    }

    /// The number of the last call.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The calls after a number, of one method or of all; oldest first.
    pub fn since<'a>(&'a self, seq: u64, method: Option<&'a str>) -> impl DoubleEndedIterator<Item = &'a Call> {
        let first = self.last - self.calls.len() as u64 + 1;
        let skip = usize::try_from((seq + 1).saturating_sub(first)).unwrap_or(usize::MAX);
        let range = self.calls.range(skip.min(self.calls.len())..);
        range.filter(move |call| method.is_none_or(|method| call.method.eq_ignore_ascii_case(method)))
    }

    /// How often a method was called, ever.
    pub fn count(&self, method: &str) -> Count {
        let same = self.counts.iter().find(|(name, _)| name.eq_ignore_ascii_case(method));
        same.map(|(_, count)| *count).unwrap_or_default()
    }

    /// All counts by method.
    pub fn counts(&self) -> &BTreeMap<&'static str, Count> {
        &self.counts
    }
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_BODY {
        text.truncate(floor(&text, MAX_BODY));
        text.shrink_to_fit();
    }
    text
}

fn floor(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_forgets_but_the_counters_do_not() {
        let mut log = CallLog::default();
        for n in 1..=12_000 {
            let seq = log.received(n, 7, "sendMessage", "{}".into());
            log.answered(seq, "sendMessage", if n % 2 == 0 { 200 } else { 400 }, "ok");
        }
        log.received(0, 7, "getMe", "я".repeat(5_000));
        assert_eq!(log.since(0, None).count(), 10_000);
        assert_eq!(log.since(11_999, None).map(|call| call.seq).collect::<Vec<_>>(), [12_000, 12_001]);
        assert_eq!(log.since(0, Some("getme")).count(), 1);
        assert_eq!(log.count("sendMessage"), Count { received: 12_000, ok: 6_000, failed: 6_000 });
        assert_eq!(log.since(12_000, None).next().unwrap().params.len(), 4_096);
        log.answered(1, "sendMessage", 200, "long gone");
    }
}
