//! A bot's webhook: which updates are to be posted now, and what a failed post means.
//!
//! As in Telegram, updates with one key go one after the other and different keys go in parallel, up to the number of
//! connections. A failed post is repeated at once, then after 2, 4, 8 … seconds, at last every minute or two, until the
//! update dies; `Retry-After` is honoured up to an hour; an endpoint that is gone for 23 hours loses the webhook.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ApiError, Signal, World};
use crate::clock::Millis;

const MAX_RETRY_AFTER: i64 = 3600;
const GONE_FOR: Millis = 23 * 3_600_000;

/// What `setWebhook` was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookSettings {
    /// Where updates are posted.
    pub url: String,
    /// Sent along so that the receiver knows who posts.
    pub secret: Option<String>,
    /// How many posts run at once.
    pub max_connections: usize,
}

/// The state of a webhook.
#[derive(Default)]
pub(super) struct Webhook {
    settings: Option<Arc<WebhookSettings>>,
    lanes: HashMap<i64, Lane>,
    ready: VecDeque<i64>,
    delayed: BTreeSet<(Millis, i64)>,
    in_flight: usize,
    /// Tells the posts of a webhook that was replaced from those of the present one.
    generation: u64,
    last_error: Option<(i64, String)>,
    gone_since: Option<Millis>,
}

/// The updates with one key.
#[derive(Default)]
struct Lane {
    ids: VecDeque<i64>,
    failures: u32,
}

/// One update to post.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The bot it is for.
    pub bot: i64,
    /// Where to, and with which secret.
    pub settings: Arc<WebhookSettings>,
    /// The update.
    pub body: Arc<str>,
    id: i64,
    key: i64,
    generation: u64,
}

/// What became of a post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered with 2xx.
    Delivered,
    /// Anything else.
    Failed {
        /// For `getWebhookInfo`.
        error: String,
        /// Seconds that the receiver asked for.
        retry_after: Option<i64>,
        /// Whether it answered 410.
        gone: bool,
    },
}

impl Webhook {
    pub(super) fn is_set(&self) -> bool {
        self.settings.is_some()
    }

    pub(super) fn settings(&self) -> Option<&WebhookSettings> {
        self.settings.as_deref()
    }

    /// Puts a new update in its lane.
    pub(super) fn line_up(&mut self, id: i64, key: i64) {
        if !self.is_set() {
            return;
        }
        let lane = self.lanes.entry(key).or_default();
        lane.ids.push_back(id);
        if lane.ids.len() == 1 {
            self.ready.push_back(key);
        }
    }

    /// Forgets which updates wait; the queue itself is somebody else's.
    pub(super) fn forget_queue(&mut self) {
        self.generation += 1;
        self.lanes.clear();
        self.ready.clear();
        self.delayed.clear();
        self.in_flight = 0;
    }
}

impl World {
    /// Sets or, without settings, removes a webhook. Returns Telegram's word for what happened.
    pub fn set_webhook(
        &mut self,
        bot: i64,
        settings: Option<WebhookSettings>,
        drop_pending: bool,
    ) -> Result<&'static str, ApiError> {
        if let Some(settings) = &settings {
            check(settings)?;
        }
        self.end_poll(bot, "terminated by setWebhook request");
        let Some(state) = self.bots.get_mut(&bot) else { return Err(ApiError::unauthorized()) };
        if drop_pending {
            state.queue.clear();
            state.webhook.forget_queue();
        }
        let settings = settings.map(Arc::new);
        let word = match (&state.webhook.settings, &settings) {
            (Some(old), Some(new)) if old == new => return Ok("Webhook is already set"),
            (None, None) => return Ok("Webhook is already deleted"),
            (_, Some(_)) => "Webhook was set",
            (_, None) => "Webhook was deleted",
        };
        state.webhook.forget_queue();
        state.webhook.settings = settings;
        state.webhook.last_error = None;
        state.webhook.gone_since = None;
        let waiting: Vec<_> = state.queue.ids().filter_map(|id| Some((id, state.queue.get(id)?.key))).collect();
        for (id, key) in waiting {
            state.webhook.line_up(id, key);
        }
        self.signal(Signal::Webhook);
        Ok(word)
    }

    /// What `getWebhookInfo` answers.
    pub fn webhook_info(&self, bot: i64) -> Result<Value, ApiError> {
        let state = self.bots.get(&bot).ok_or_else(ApiError::unauthorized)?;
        let settings = state.webhook.settings.as_deref();
        let mut info = json!({ "url": settings.map_or("", |settings| settings.url.as_str()),
            "has_custom_certificate": false, "pending_update_count": state.queue.len() });
        if let Some(map) = info.as_object_mut() {
            if let Some(settings) = settings {
                map.insert("max_connections".into(), json!(settings.max_connections));
                map.insert("ip_address".into(), json!("127.0.0.1"));
            }
            if let Some((date, error)) = &state.webhook.last_error {
                map.insert("last_error_date".into(), json!(date));
                map.insert("last_error_message".into(), json!(error));
            }
            if let Some(allowed) = state.queue.allowed() {
                map.insert("allowed_updates".into(), json!(allowed));
            }
        }
        Ok(info)
    }

    /// The posts to begin now, and when to look again if nothing happens before.
    pub fn next_deliveries(&mut self) -> (Vec<Delivery>, Option<Millis>) {
        let now = self.now();
        let mut deliveries = Vec::new();
        let mut look_again = None;
        for (bot, state) in &mut self.bots {
            let webhook = &mut state.webhook;
            let Some(settings) = webhook.settings.clone() else { continue };
            while let Some((time, key)) = webhook.delayed.first().copied().filter(|(time, _)| *time <= now) {
                webhook.delayed.remove(&(time, key));
                webhook.ready.push_back(key);
            }
            while webhook.in_flight < settings.max_connections
                && let Some(key) = webhook.ready.pop_front()
            {
                let Some(lane) = webhook.lanes.get_mut(&key) else { continue };
                while let Some(id) = lane.ids.front().copied() {
                    if let Some(queued) = state.queue.get(id).filter(|queued| queued.expires > now) {
                        let (settings, body) = (settings.clone(), queued.json.clone());
                        webhook.in_flight += 1;
                        deliveries.push(Delivery {
                            bot: *bot,
                            settings,
                            body,
                            id,
                            key,
                            generation: webhook.generation,
                        });
                        break;
                    }
                    state.queue.remove(id);
                    lane.ids.pop_front();
                    lane.failures = 0;
                }
                if lane.ids.is_empty() {
                    webhook.lanes.remove(&key);
                }
            }
            if let Some((time, _)) = webhook.delayed.first() {
                look_again = Some(look_again.map_or(*time, |earlier: Millis| earlier.min(*time)));
            }
        }
        (deliveries, look_again)
    }

    /// Takes note of what became of a post.
    pub fn delivered(&mut self, delivery: &Delivery, outcome: Outcome) {
        let now = self.now();
        let slowest = self.rng.random_range(60..=120);
        let Some(state) = self.bots.get_mut(&delivery.bot) else { return };
        let webhook = &mut state.webhook;
        if webhook.generation != delivery.generation {
            return;
        }
        webhook.in_flight = webhook.in_flight.saturating_sub(1);
        let Some(lane) = webhook.lanes.get_mut(&delivery.key) else { return };
        match outcome {
            Outcome::Delivered => {
                state.queue.remove(delivery.id);
                lane.ids.pop_front();
                lane.failures = 0;
                webhook.gone_since = None;
                if lane.ids.is_empty() {
                    webhook.lanes.remove(&delivery.key);
                } else {
                    webhook.ready.push_back(delivery.key);
                }
            }
            Outcome::Failed { error, retry_after, gone } => {
                lane.failures += 1;
                let backoff = if lane.failures == 1 { 0 } else { 1 << (lane.failures - 1).min(7) };
                let wait = retry_after.map_or(backoff.min(slowest), |wait| wait.clamp(0, MAX_RETRY_AFTER));
                webhook.delayed.insert((now + wait * 1000, delivery.key));
                webhook.last_error = Some((now.div_euclid(1000), error));
                webhook.gone_since = gone.then_some(webhook.gone_since.unwrap_or(now));
                if webhook.gone_since.is_some_and(|since| now - since >= GONE_FOR) {
                    webhook.forget_queue();
                    webhook.settings = None;
                }
            }
        }
        self.signal(Signal::Webhook);
    }
}

fn check(settings: &WebhookSettings) -> Result<(), ApiError> {
    let host = settings.url.strip_prefix("http://").map(|rest| rest.split(['/', '?']).next().unwrap_or_default());
    let local = host.is_some_and(|host| {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        name == "localhost" || name.starts_with("127.") || name == "[::1]"
    });
    // The real server takes https only; on this machine a test need not make certificates.
    if !local && !settings.url.starts_with("https://") {
        return Err(ApiError::bad("bad webhook: An HTTPS URL must be provided for webhook"));
    }
    let secret = settings.secret.as_deref().unwrap_or_default();
    if secret.len() > 256 {
        return Err(ApiError::bad("secret token is too long"));
    }
    if !secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-')) {
        return Err(ApiError::bad("secret token contains unallowed characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
