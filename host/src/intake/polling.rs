//! The loop that asks Telegram for one bot's updates.
//!
//! 1. Only the holder of the bot's polling lease asks. Telegram's 409 is no substitute: with a backlog it answers two
//!    askers with batches, and what the faster one confirms is gone for both.
//! 2. An offset confirms all updates below it. It is derived from a batch that has been stored, used until Telegram has
//!    answered to it, and then forgotten: an offset from elsewhere, or from a time before update ids began again lower,
//!    could confirm what nobody has stored. Asking without one confirms nothing and can only bring updates again.
//! 3. A batch that cannot be stored is tried again, and Telegram is not asked for more meanwhile.
//! 4. While too many events wait (`pressure`) Telegram is not asked either. It keeps what it has.
//! 5. A webhook that is set in spite of the configuration is taken away; what waits for it is fetched then.
//! 6. What Telegram answers decides how to go on (`telegram/error`); a token it does not take stops this bot alone,
//!    with an alarm; now and then it is asked again.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::{Bot, accept, give, pressure, route};
use crate::clock::Millis;
use crate::health::{Caller, State};
use crate::shutdown::Shutdown;
use crate::store::{Lease, StoreError};
use crate::telegram::{CallError, Decision, RawUpdate};

/// How many updates at once: all that Telegram gives.
const LIMIT: u32 = 100;
/// How long Telegram holds the request while there is nothing, in seconds. It allows 50; proxies cut at 60.
const HOLD: u32 = 30;
/// How often to ask whether the host that polls this bot has gone.
const TAKEOVER: Duration = Duration::from_secs(2);
/// The pauses after a failure double between these.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));
/// After a 409 the server holds the next requests back for three seconds by itself.
const CONFLICT: Duration = Duration::from_secs(5);
/// How often a webhook is taken away. During a change of the configuration another host may still set it: then the two
/// take turns at this pace instead of fighting, and nothing is lost by it.
const RECLAIM: Millis = 60_000;
/// How often to ask with a token that was refused: its operator has been told and may put it right.
const REFUSED: Duration = Duration::from_secs(60);
/// A server that answers at once and with nothing is not asked more often than this.
const IDLE_PAUSE: Duration = Duration::from_millis(500);

/// Why the polling of a bot came to an end.
enum End {
    /// The shutdown has begun.
    Shutdown,
    /// Another host polls now.
    LeaseLost,
    /// Telegram does not know this bot.
    Refused,
}

/// Polls until the shutdown.
pub async fn run(mut bot: Bot, shutdown: Shutdown) {
    let mut waits = false;
    let mut pause = PAUSES.0;
    while !shutdown.has_begun() {
        let rest = match bot.store.claim_polling(bot.id()).await {
            Ok(Some(lease)) => {
                (waits, pause) = (false, PAUSES.0);
                bot.place.is(State::Polling);
                match poll(&mut bot, &lease, &shutdown).await {
                    End::LeaseLost => {
                        tracing::warn!(bot = %bot.name, "another host polls bot `{}` now", bot.name);
                        TAKEOVER
                    }
                    end @ (End::Shutdown | End::Refused) => {
                        if let Err(error) = bot.store.release(lease).await {
                            tracing::debug!(bot = %bot.name, error = %error, "the polling lease will run out: {error}");
                        }
                        if matches!(end, End::Shutdown) {
                            return;
                        }
                        REFUSED
                    }
                }
            }
            Ok(None) => {
                bot.place.is(State::StandingBy);
                if !std::mem::replace(&mut waits, true) {
                    tracing::info!(bot = %bot.name, "another host polls bot `{}`; standing by", bot.name);
                }
                TAKEOVER
            }
            Err(error) => {
                tracing::warn!(bot = %bot.name, error = %error, "the polling of bot `{}` waits: {error}", bot.name);
                grow(&mut pause)
            }
        };
        sleep(&bot, &shutdown, rest).await;
    }
}

/// Polls while the lease is ours.
async fn poll(bot: &mut Bot, lease: &Lease, shutdown: &Shutdown) -> End {
    let mut answers = FuturesUnordered::new();
    // What has been stored and not yet been confirmed.
    let mut confirm = None;
    let mut trouble = Trouble::default();
    loop {
        if !wait_for_room(bot, shutdown).await {
            return End::Shutdown;
        }
        let allowed = route::allowed_updates(&bot.plugins.borrow_and_update());
        let asked = bot.clock.now();
        let fetch = bot.telegram.get_updates(confirm, LIMIT, HOLD, &allowed);
        tokio::pin!(fetch);
        let batch = loop {
            tokio::select! {
                batch = &mut fetch => break Some(batch),
                // Another roster may want other kinds. What this request would have brought was not confirmed.
                Ok(()) = bot.plugins.changed() => break None,
                () = shutdown.begun() => return End::Shutdown,
                Some(()) = answers.next() => {}
            }
        };
        let Some(batch) = batch else { continue };
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) if trouble.is_webhook(bot, &error) => {
                reclaim(bot).await;
                continue;
            }
            Err(error) => match trouble.meet(bot, &error) {
                Some(pause) => {
                    sleep(bot, shutdown, pause).await;
                    if shutdown.has_begun() {
                        return End::Shutdown;
                    }
                    continue;
                }
                None => return End::Refused,
            },
        };
        trouble.is_over(bot);
        bot.place.token_is_taken(Caller::Intake);
        // Telegram has taken note of the offset.
        confirm = next_offset(&batch);
        let is_idle = confirm.is_none() && bot.clock.now() - asked < 100;
        if !batch.is_empty() {
            match store(bot, lease, shutdown, batch).await {
                Ok(refused) => answers.extend(refused.into_iter().map(|answer| give(bot, answer))),
                Err(end) => return end,
            }
        }
        if is_idle {
            sleep(bot, shutdown, IDLE_PAUSE).await;
        }
    }
}

/// Returns once the bot may take more; `false` if the shutdown comes first.
async fn wait_for_room(bot: &Bot, shutdown: &Shutdown) -> bool {
    let mut is_paused = false;
    while bot.is_full().await {
        if !std::mem::replace(&mut is_paused, true) {
            bot.place.is(State::Paused);
            tracing::warn!(
                bot = %bot.name,
                "too many events of bot `{}` wait; no more updates are fetched until some are done\nhint: one of its plugins \
                 is slower than what comes in, or fails; limits.waiting_events says how many may wait", bot.name
            );
        }
        sleep(bot, shutdown, pressure::AGAIN).await;
        if shutdown.has_begun() {
            return false;
        }
    }
    if is_paused {
        bot.place.is(State::Polling);
        tracing::info!(bot = %bot.name, "bot `{}` fetches updates again", bot.name);
    }
    true
}

/// Takes the webhook away, and keeps what waits for it.
async fn reclaim(bot: &Bot) {
    let name = &bot.name;
    match bot.telegram.delete_webhook().await {
        Ok(()) => tracing::warn!(
            bot = %name,
            "bot `{name}` had a webhook, which is gone now; what was to be posted is fetched\nhint: to keep it, write it \
             down as `webhook` of [[bot]] `{name}`"
        ),
        Err(error) => {
            tracing::warn!(bot = %name, error = %error, "the webhook of bot `{name}` could not be taken away: {error}");
        }
    }
}

/// The offset that confirms a batch once it is stored. Updates without a number of their own are confirmed by those
/// after them.
fn next_offset(batch: &[RawUpdate]) -> Option<i64> {
    batch.iter().map(|update| update.update_id).filter(|id| *id >= 0).max().map(|last| last + 1)
}

/// Stores a batch, however long that takes.
async fn store(
    bot: &Bot,
    lease: &Lease,
    shutdown: &Shutdown,
    batch: Vec<RawUpdate>,
) -> Result<Vec<super::Answer>, End> {
    let mut pause = PAUSES.0;
    loop {
        // The copy is what a second attempt needs; a batch is small beside what storing it costs.
        match accept(bot, Some(lease), batch.clone()).await {
            Ok((accepted, answers)) => {
                tracing::trace!(bot = %bot.name, new = accepted.new, known = accepted.known, "updates stored");
                return Ok(answers);
            }
            Err(StoreError::LeaseLost { .. }) => return Err(End::LeaseLost),
            // `accept` has said what is wrong.
            Err(_) => {
                sleep(bot, shutdown, grow(&mut pause)).await;
                if shutdown.has_begun() {
                    return Err(End::Shutdown);
                }
            }
        }
    }
}

async fn sleep(bot: &Bot, shutdown: &Shutdown, pause: Duration) {
    tokio::select! {
        () = bot.clock.sleep(pause) => {}
        () = shutdown.begun() => {}
    }
}

fn grow(pause: &mut Duration) -> Duration {
    let now = *pause;
    *pause = (now * 2).min(PAUSES.1);
    now
}

/// Failures in a row: how long to wait, and what has been said already.
#[derive(Default)]
struct Trouble {
    failures: u32,
    // Two that poll one bot get answers and conflicts in turn; once is enough to say so.
    said_conflict: bool,
    /// When a webhook was taken away last.
    reclaimed: Option<Millis>,
}

impl Trouble {
    /// Whether a webhook is in the way and it is time to take it away.
    fn is_webhook(&mut self, bot: &Bot, error: &CallError) -> bool {
        let now = bot.clock.now();
        let is_one = error.decide() == Decision::Conflict && error.to_string().to_lowercase().contains("webhook");
        let is_time = self.reclaimed.is_none_or(|last| now - last >= RECLAIM);
        if is_one && is_time {
            self.is_answered(bot);
            self.reclaimed = Some(now);
        }
        is_one && is_time
    }

    /// How long to wait after this failure; `None` if waiting is no use.
    fn meet(&mut self, bot: &Bot, error: &CallError) -> Option<Duration> {
        let name = &bot.name;
        match error.decide() {
            Decision::StopBot => {
                bot.place.token_is_refused(Caller::Intake, error);
                None
            }
            Decision::Conflict => {
                self.is_answered(bot);
                if !std::mem::replace(&mut self.said_conflict, true) {
                    tracing::warn!(
                        bot = %name, error = %error,
                        "somebody else receives the updates of bot `{name}`: {error}\nhint: stop the other program; every \
                         bot has one receiver"
                    );
                }
                Some(CONFLICT)
            }
            Decision::RetryAfter(pause) => {
                self.is_answered(bot);
                tracing::warn!(bot = %name, "Telegram asks bot `{name}` to wait {pause:?} before it polls again");
                Some(pause)
            }
            _ => {
                let pause = PAUSES.0.saturating_mul(1 << self.failures.min(10)).min(PAUSES.1);
                self.failures += 1;
                // The first is often a passing one; an outage is worth one line, not one every half minute.
                if self.failures > 1 {
                    bot.place.is(State::Unanswered);
                }
                if self.failures == 2 {
                    tracing::warn!(
                        bot = %name, error = %error,
                        "Telegram has no updates for bot `{name}`: {error}; asking on\nhint: there is nothing to do if it \
                         passes; else check what stands at api_url of [[bot]] `{name}`, and that this machine reaches it"
                    );
                }
                Some(pause)
            }
        }
    }

    /// There is an answer, though none with updates.
    fn is_answered(&self, bot: &Bot) {
        if self.failures > 1 {
            bot.place.is(State::Polling);
        }
    }

    fn is_over(&mut self, bot: &Bot) {
        if std::mem::take(&mut self.failures) > 1 {
            bot.place.is(State::Polling);
            tracing::info!(bot = %bot.name, "Telegram answers for bot `{}` again", bot.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_comes_from_a_batch_alone() {
        let batch =
            |ids: &[i64]| ids.iter().map(|id| RawUpdate { update_id: *id, raw: String::new() }).collect::<Vec<_>>();
        for (ids, expected) in
            [(&[][..], None), (&[5, 6, 9], Some(10)), (&[5, -77], Some(6)), (&[-77], None), (&[0], Some(1))]
        {
            assert_eq!(next_offset(&batch(ids)), expected);
        }
    }
}
