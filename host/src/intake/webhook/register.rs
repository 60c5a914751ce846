//! Tells Telegram where to post a bot's updates, and looks now and then whether it still knows.
//!
//! It is set only where it differs, so any number of hosts with the same configuration agree without talking. It is never
//! deleted here, also not at the end: updates that come while no host runs wait at Telegram. What waited for polling is
//! posted once the webhook is set, and the other way round.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::Hook;
use crate::health::{Caller, State};
use crate::intake::{Bot, route};
use crate::shutdown::Shutdown;
use crate::telegram::{CallError, WebhookInfo};

/// How often to look. Somebody who takes the webhook away costs the bot's people so long at most.
const LOOK: Duration = Duration::from_secs(60);
/// The pauses after a failure double between these.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), LOOK);

/// What Telegram showed after it was last told, which is not always what it was told: names of kinds that it does not know
/// are left out.
struct Told {
    allowed: BTreeSet<String>,
    last_error: Option<i64>,
}

/// Keeps Telegram posting to this hook until the shutdown.
pub async fn keep_registered(bot: Bot, hook: Arc<Hook>, shutdown: Shutdown) {
    let mut bot = bot;
    let mut told = None;
    let mut seen_error = None;
    let mut pause = PAUSES.0;
    let name = bot.name.clone();
    loop {
        let allowed = route::allowed_updates(&bot.plugins.borrow_and_update());
        let rest = match look(&bot, &hook, &allowed, &mut told).await {
            Ok(info) => {
                bot.place.is(State::Webhook);
                bot.place.token_is_taken(Caller::Intake);
                report(&bot, &info, &mut seen_error);
                pause = PAUSES.0;
                LOOK
            }
            Err(error) if error.is_final() => {
                bot.place.token_is_refused(Caller::Intake, &error);
                LOOK
            }
            Err(error) => {
                tracing::warn!(
                    bot = %name, error = %error,
                    "the webhook of bot `{name}` was not registered: {error}; trying again\nhint: if this lasts, compare \
                     bot.webhook with what Telegram asks of an address: https, port 443, 80, 88 or 8443, a valid certificate"
                );
                let now = pause;
                pause = (pause * 2).min(PAUSES.1);
                now
            }
        };
        tokio::select! {
            () = bot.clock.sleep(rest) => {}
            // Another roster may want other kinds; at the end of the host there is none.
            Ok(()) = bot.plugins.changed() => told = None,
            () = shutdown.begun() => return,
        }
    }
}

/// Looks, and sets what differs.
async fn look(bot: &Bot, hook: &Hook, allowed: &[&str], told: &mut Option<Told>) -> Result<WebhookInfo, CallError> {
    let info = bot.telegram.get_webhook_info().await?;
    if is_in_order(&info, &hook.url, allowed, told.as_ref()) {
        told.get_or_insert_with(|| Told::from(&info));
        return Ok(info);
    }
    // While one version replaces another two hosts want different kinds. Who comes later adds what it misses and takes
    // nothing away; at its start a host says exactly what it wants.
    let kept = info.allowed_updates.iter().map(String::as_str).filter(|kind| told.is_some() && !allowed.contains(kind));
    let wanted: Vec<&str> = allowed.iter().copied().chain(kept).collect();
    bot.telegram.set_webhook(&hook.url, &hook.secret, &wanted).await?;
    tracing::info!(
        bot = %bot.name, waiting = info.pending_update_count,
        "the updates of bot `{}` are now posted to {}; {} wait", bot.name, hook.url, info.pending_update_count
    );
    let info = bot.telegram.get_webhook_info().await?;
    let own = |kind: &String| allowed.contains(&kind.as_str());
    let told_now = Told::from(&info);
    *told = Some(Told { allowed: told_now.allowed.into_iter().filter(own).collect(), ..told_now });
    Ok(info)
}

impl From<&WebhookInfo> for Told {
    fn from(info: &WebhookInfo) -> Self {
        Self { allowed: info.allowed_updates.iter().cloned().collect(), last_error: info.last_error_date }
    }
}

/// Whether Telegram posts what we want, where we want it, and with a secret that we know.
fn is_in_order(info: &WebhookInfo, url: &str, allowed: &[&str], told: Option<&Told>) -> bool {
    let shown: BTreeSet<&str> = info.allowed_updates.iter().map(String::as_str).collect();
    let expected: BTreeSet<&str> = match told {
        Some(told) => told.allowed.iter().map(String::as_str).collect(),
        None => allowed.iter().copied().collect(),
    };
    // The secret is the one thing that Telegram does not show. If it is another one, every post fails with 401.
    let is_new = info.last_error_date.is_some() && info.last_error_date != told.and_then(|told| told.last_error);
    let is_secret_wrong = is_new && info.last_error_message.as_deref().is_some_and(|text| text.contains("401"));
    // What it had been told at the start it should know exactly; later more is no harm.
    let kinds = if told.is_some() { shown.is_superset(&expected) } else { shown == expected };
    info.url == url && kinds && !is_secret_wrong
}

/// Says once what Telegram says about posts that failed.
fn report(bot: &Bot, info: &WebhookInfo, seen: &mut Option<i64>) {
    // One that we have refused ourselves for a while is among them; the number says whether it matters.
    if info.last_error_date.is_some() && info.last_error_date != *seen && info.pending_update_count > 0 {
        let (name, why) = (&bot.name, info.last_error_message.as_deref().unwrap_or("it does not say why"));
        tracing::warn!(
            bot = %name, waiting = info.pending_update_count,
            "Telegram could not post to bot `{name}`: {why}; {} update(s) wait", info.pending_update_count
        );
    }
    *seen = info.last_error_date;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(url: &str, allowed: &[&str], error: Option<(i64, &str)>) -> WebhookInfo {
        WebhookInfo {
            url: url.into(),
            allowed_updates: allowed.iter().map(|kind| (*kind).into()).collect(),
            pending_update_count: 0,
            last_error_date: error.map(|(date, _)| date),
            last_error_message: error.map(|(_, text)| text.into()),
        }
    }

    #[test]
    fn it_is_told_what_differs_and_nothing_else() {
        let wanted = ["message", "poll", "new_kind"];
        let told = |allowed: &[&str], last_error| Told {
            allowed: allowed.iter().map(|kind| (*kind).into()).collect(),
            last_error,
        };
        let refused = (5, "Wrong response from the webhook: 401 Unauthorized");
        for (info, told, expected) in [
            (info("", &[], None), None, false),
            (info("a", &["new_kind", "poll", "message"], None), None, true),
            (info("b", &["new_kind", "poll", "message"], None), None, false),
            (info("a", &["message"], None), None, false),
            // Telegram does not know one of the names, and never will.
            (info("a", &["message", "poll"], None), None, false),
            (info("a", &["message", "poll"], None), Some(told(&["message", "poll"], None)), true),
            (info("a", &["message"], None), Some(told(&["message", "poll"], None)), false),
            // Somebody has set the same address with another secret.
            (info("a", &["message"], Some(refused)), Some(told(&["message"], None)), false),
            (info("a", &["message"], Some(refused)), Some(told(&["message"], Some(4))), false),
            (info("a", &["message"], Some(refused)), Some(told(&["message"], Some(5))), true),
            (info("a", &["message"], Some((5, "503"))), Some(told(&["message"], None)), true),
        ] {
            assert_eq!(is_in_order(&info, "a", &wanted, told.as_ref()), expected, "{info:?}");
        }
    }
}
