//! A bot's queue of updates and the rules of `getUpdates`.
//!
//! An offset forgets what is below it; one that lies up to ten past the end forgets everything, one beyond that is
//! taken for a mistake and begins at the head; a negative one keeps only the last ones. The kinds that a bot asked for
//! are remembered and decide when an update is made, not when it is fetched. Each kind dies after its own time.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use rand::Rng;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ApiError, Signal, World};
use crate::clock::Millis;

/// Everything that `allowed_updates` may name.
const KINDS: &[&str] = &[
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
];
/// What a bot has to ask for.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];
/// More pending updates than this are dropped.
const MAX_PENDING: usize = 100_000;
/// No id is above this one, which JSON's numbers still hold exactly.
const MAX_ID: i64 = 1 << 52;
/// One answer stays below this size.
const MAX_REPLY: usize = 4 * 1024 * 1024;
/// After a week without updates the ids begin somewhere else.
const RESTART_AFTER: Millis = 7 * 24 * 3_600_000;

/// One waiting update.
#[derive(Clone)]
pub(super) struct Queued {
    pub(super) expires: Millis,
    /// Updates with one key reach a webhook one after the other.
    pub(super) key: i64,
    pub(super) json: Arc<str>,
}

/// A queue as it is written down.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedQueue {
    waiting: Vec<SavedUpdate>,
    next: i64,
    last_push: Millis,
    allowed: Option<Vec<String>>,
}

#[derive(Serialize, Deserialize)]
struct SavedUpdate {
    id: i64,
    expires: Millis,
    key: i64,
    json: String,
}

/// The pending updates of a bot. Ids are consecutive; one that a webhook took or that died leaves a hole.
#[derive(Default)]
pub(super) struct UpdateQueue {
    items: VecDeque<Option<Queued>>,
    /// The id of the first place in `items`.
    first: i64,
    live: usize,
    last_push: Millis,
    /// None: everything but what must be asked for.
    allowed: Option<HashSet<&'static str>>,
    /// The long poll that waits; a newer one takes its place.
    waiting: u64,
    /// What ended the poll before.
    taken_by: &'static str,
}

impl UpdateQueue {
    pub(super) fn len(&self) -> usize {
        self.live
    }

    /// The id that the next update gets.
    fn tail(&self) -> i64 {
        self.first + self.items.len() as i64
    }

    pub(super) fn get(&self, id: i64) -> Option<&Queued> {
        self.items.get(usize::try_from(id - self.first).ok()?)?.as_ref()
    }

    /// Takes one update out, wherever it stands.
    pub(super) fn remove(&mut self, id: i64) {
        let place = usize::try_from(id - self.first).ok().and_then(|index| self.items.get_mut(index));
        if place.is_some_and(|place| place.take().is_some()) {
            self.live -= 1;
        }
        self.drop_holes();
    }

    pub(super) fn clear(&mut self) {
        self.first = self.tail();
        self.items.clear();
        self.live = 0;
    }

    /// The ids that wait, oldest first.
    pub(super) fn ids(&self) -> impl Iterator<Item = i64> {
        self.items.iter().zip(self.first..).filter(|(item, _)| item.is_some()).map(|(_, id)| id)
    }

    /// The queue as it can be written down.
    pub(super) fn saved(&self) -> SavedQueue {
        let waiting = self.ids().filter_map(|id| {
            let Queued { expires, key, json } = self.get(id)?;
            Some(SavedUpdate { id, expires: *expires, key: *key, json: json.to_string() })
        });
        SavedQueue {
            waiting: waiting.collect(),
            next: self.tail(),
            last_push: self.last_push,
            allowed: self.allowed().map(|kinds| kinds.into_iter().map(Into::into).collect()),
        }
    }

    /// Goes on with what was written down. The last ids may have been given out after that, and a bot that has had an
    /// update takes another one with its id for the same, so as many are left out.
    pub(super) fn resumed(saved: SavedQueue, left_out: u32) -> Self {
        let next = saved.next.clamp(0, MAX_ID);
        let near = next - i64::try_from(MAX_PENDING).unwrap_or(i64::MAX)..next;
        let waiting = || saved.waiting.iter().filter(|update| near.contains(&update.id));
        let first = waiting().next().map_or(next, |update| update.id);
        let mut queue = Self { first, last_push: saved.last_push, ..Self::default() };
        for SavedUpdate { id, expires, key, json } in waiting() {
            queue.leave_out_up_to(*id);
            queue.items.push_back(Some(Queued { expires: *expires, key: *key, json: json.as_str().into() }));
            queue.live += 1;
        }
        if next > 0 {
            queue.leave_out_up_to(next + i64::from(left_out));
        }
        queue.drop_holes();
        if let Some(kinds) = saved.allowed {
            queue.allow(&kinds);
        }
        queue
    }

    fn leave_out_up_to(&mut self, id: i64) {
        let holes = usize::try_from(id - self.tail()).unwrap_or(0);
        self.items.extend(std::iter::repeat_n(None, holes));
    }

    fn drop_holes(&mut self) {
        while matches!(self.items.front(), Some(None)) {
            self.items.pop_front();
            self.first += 1;
        }
    }

    fn forget_below(&mut self, id: i64) {
        while self.first < id && !self.items.is_empty() {
            if let Some(Some(_)) = self.items.pop_front() {
                self.live -= 1;
            }
            self.first += 1;
        }
    }

    fn take(&mut self, offset: i64, limit: usize, now: Millis) -> Vec<Arc<str>> {
        if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let drop = self.live.saturating_sub(keep);
            let kept_from = self.ids().nth(drop);
            if let Some(id) = kept_from {
                self.forget_below(id);
            }
        } else if offset > 0 && offset <= self.tail() + 10 {
            self.forget_below(offset);
        }
        let mut batch = Vec::new();
        let mut size = 0;
        for item in &mut self.items {
            if item.as_ref().is_some_and(|queued| queued.expires <= now) {
                *item = None;
                self.live -= 1;
            }
            let Some(queued) = item else { continue };
            size += queued.json.len() + 1;
            if batch.len() == limit || (size > MAX_REPLY && !batch.is_empty()) {
                break;
            }
            batch.push(queued.json.clone());
        }
        self.drop_holes();
        batch
    }

    fn allows(&self, kind: &str) -> bool {
        match &self.allowed {
            Some(allowed) => allowed.contains(kind),
            None => !ON_REQUEST.contains(&kind),
        }
    }

    /// What `allowed_updates` last said; none if everything usual is wanted.
    pub(super) fn allowed(&self) -> Option<Vec<&'static str>> {
        let allowed = self.allowed.as_ref()?;
        Some(KINDS.iter().copied().filter(|kind| allowed.contains(kind)).collect())
    }

    pub(super) fn allow(&mut self, kinds: &[String]) {
        let known: HashSet<_> = KINDS.iter().copied().filter(|kind| kinds.iter().any(|k| k == kind)).collect();
        // Nothing known means the default again.
        self.allowed = (!known.is_empty()).then_some(known);
    }
}

/// Updates for one answer, as JSON texts.
pub type Batch = Vec<Arc<str>>;

/// How a poll goes on.
#[derive(Debug)]
pub enum Poll {
    /// Answer with these.
    Ready(Batch),
    /// Nothing there; ask again with this ticket once the bot's queue changed.
    Wait(u64),
}

/// What `getUpdates` was asked.
#[derive(Clone, Copy, Debug)]
pub struct PollRequest {
    /// As Telegram reads it.
    pub offset: i64,
    /// Clamped to 1–100.
    pub limit: usize,
    /// Whether the caller wants to wait.
    pub waits: bool,
}

impl World {
    /// Begins a `getUpdates`, or goes on with the one that has this ticket.
    pub fn poll(&mut self, bot: i64, request: PollRequest, ticket: Option<u64>) -> Result<Poll, ApiError> {
        let now = self.now();
        let Some(bot_state) = self.bots.get_mut(&bot) else { return Err(ApiError::unauthorized()) };
        let queue = &mut bot_state.queue;
        if ticket.is_some_and(|ticket| queue.waiting != ticket) {
            return Err(ApiError::conflict(queue.taken_by));
        }
        if bot_state.webhook.is_set() {
            let text =
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";
            return Err(ApiError::conflict(text));
        }
        let batch = queue.take(request.offset, request.limit.clamp(1, 100), now);
        if !batch.is_empty() || !request.waits {
            return Ok(Poll::Ready(batch));
        }
        if let Some(ticket) = ticket {
            return Ok(Poll::Wait(ticket));
        }
        // Only now, with nothing to hand out, does an older poll have to go.
        let text = "terminated by other getUpdates request; make sure that only one bot instance is running";
        Ok(Poll::Wait(self.end_poll(bot, text)))
    }

    /// Sends the waiting poll of a bot home and returns the ticket of the next one.
    pub(super) fn end_poll(&mut self, bot: i64, text: &'static str) -> u64 {
        let Some(bot_state) = self.bots.get_mut(&bot) else { return 0 };
        bot_state.queue.waiting += 1;
        bot_state.queue.taken_by = text;
        let ticket = bot_state.queue.waiting;
        self.signal(Signal::Updates(bot));
        ticket
    }

    /// Remembers the kinds of updates that a bot wants.
    pub fn allow_updates(&mut self, bot: i64, kinds: &[String]) {
        if let Some(bot) = self.bots.get_mut(&bot) {
            bot.queue.allow(kinds);
        }
    }

    /// Queues an update of a kind, unless the bot does not want it.
    pub(super) fn enqueue(&mut self, bot: i64, kind: &'static str, key: i64, payload: Value) {
        let wanted = self.bots.get(&bot).is_some_and(|bot| bot.queue.allows(kind));
        if wanted {
            let life = life_of(kind);
            self.push_update(bot, key, life, json!({ kind: payload }));
        }
    }

    /// Queues any JSON object as an update, whatever the bot asked for. Its `update_id` is replaced; returns the new
    /// one.
    pub fn push_raw_update(&mut self, bot: i64, update: Value) -> Option<i64> {
        let kind = update.as_object()?.keys().find(|key| *key != "update_id").cloned().unwrap_or_default();
        self.push_update(bot, bot, life_of(&kind), update)
    }

    fn push_update(&mut self, bot: i64, key: i64, life: Millis, mut update: Value) -> Option<i64> {
        let now = self.now();
        let start = self.rng.random_range(100_000_000..900_000_000);
        let bot_state = self.bots.get_mut(&bot)?;
        let queue = &mut bot_state.queue;
        if queue.live >= MAX_PENDING {
            return None;
        }
        if queue.items.is_empty() && (queue.first == 0 || now - queue.last_push > RESTART_AFTER) {
            queue.first = start;
        }
        let id = queue.tail();
        update.as_object_mut()?.insert("update_id".into(), json!(id));
        queue.items.push_back(Some(Queued { expires: now + life, key, json: update.to_string().into() }));
        queue.live += 1;
        queue.last_push = now;
        bot_state.webhook.line_up(id, key);
        let by_webhook = bot_state.webhook.is_set();
        self.signal(if by_webhook { Signal::Webhook } else { Signal::Updates(bot) });
        Some(id)
    }

    /// Drops what a bot has not fetched and lets its update ids begin elsewhere, as after a quiet week.
    pub fn restart_update_ids(&mut self, bot: i64, next: i64) {
        if let Some(bot) = self.bots.get_mut(&bot) {
            bot.queue.clear();
            bot.webhook.forget_queue();
            bot.queue.first = next;
        }
    }
}

/// How long an update of a kind waits before it is dropped.
fn life_of(kind: &str) -> Millis {
    let seconds = match kind {
        "inline_query" => 30,
        "callback_query" | "shipping_query" | "pre_checkout_query" => 150,
        "chosen_inline_result" => 600,
        _ => 24 * 3600,
    };
    seconds * 1000
}

#[cfg(test)]
mod tests;
