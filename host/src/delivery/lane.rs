//! One chat: its waiting calls, made in order, and what became of them written down.
//!
//! Marks are gathered and written in one transaction together with the release. Until they are written, a crash would
//! send the same calls again, so nothing unmarked grows older than [`UNMARKED`]: at the pace of a real Telegram every
//! call is marked before the next one is made.

use std::time::Duration;

use super::albums::{Albums, may_stop_before};
use super::limits::Permit;
use super::pace::messages_of;
use super::retry::Next;
use super::send::{Attempt, Known, Sender};
use super::{Delivery, after};
use crate::clock::Millis;
use crate::health::{Caller, Place};
use crate::shutdown::Shutdown;
use crate::store::{
    ClaimedSends, FenceOutcome, Learned, Lease, Mark, Marked, SendOutcome, StoreError, Then, WaitingCall,
};
use crate::telegram::Client;
use crate::telegram::encode::ALBUM_PART;

/// How long a call may have been made without the database knowing.
const UNMARKED: Millis = 20;
/// How long to leave a database alone that did not answer.
const DATABASE_PAUSE: Duration = Duration::from_secs(1);

/// What has been done and is not yet written down.
#[derive(Default)]
struct Progress {
    marks: Vec<Mark>,
    /// When the first of them was made.
    since: Millis,
    /// Numbers of messages by their references.
    known: Known,
    albums: Albums,
    /// What Telegram has said besides.
    learned: Learned,
    /// Whether a message was sent that counts: the place in line is used then.
    has_sent: bool,
}

/// Whether the chat goes on after a call.
enum Step {
    Next,
    /// The rest has to wait, as the mark of this call says.
    Stop,
    /// The rest has to wait until this time, and no mark says so.
    StopUntil(Millis),
}

impl Delivery {
    /// Makes the calls of one chat and gives it back.
    pub(super) async fn run_lane(&self, chat: ClaimedSends, telegram: &Client, place: &Place, shutdown: &Shutdown) {
        let ClaimedSends { lease, calls, was } = chat;
        let sender = Sender { store: &self.store, telegram, bot: lease.bot(), chat: lease.chat(), was };
        let mut done = Progress::default();
        let mut step = Step::Next;
        for (index, call) in calls.iter().enumerate() {
            // Whoever claims the chat next goes on here.
            if index > 0 && may_stop_before(call, &calls[index + 1..], shutdown.has_begun()) {
                break;
            }
            step = self.step(&lease, (&sender, place), call, &mut done).await;
            if !matches!(step, Step::Next) {
                break;
            }
            let part_follows = calls.get(index + 1).is_some_and(|next| next.method == ALBUM_PART);
            let is_old = !done.marks.is_empty() && self.clock.now() - done.since >= UNMARKED;
            if is_old && !part_follows && index + 1 < calls.len() && !self.mark(&lease, &mut done, Then::Keep).await {
                return;
            }
        }
        if !done.has_sent {
            self.paces().give_back(lease.bot(), 1);
        }
        match step {
            Step::StopUntil(time) => {
                if done.marks.is_empty() || self.mark(&lease, &mut done, Then::Keep).await {
                    self.postpone(lease, time).await;
                }
            }
            Step::Next | Step::Stop => {
                self.mark(&lease, &mut done, Then::Release).await;
            }
        }
    }

    async fn step(
        &self,
        lease: &Lease,
        (sender, place): (&Sender<'_>, &Place),
        call: &WaitingCall,
        done: &mut Progress,
    ) -> Step {
        let now = self.clock.now();
        if call.method == ALBUM_PART {
            let outcome = done.albums.part(call);
            done.mark(now, call, outcome, Vec::new());
            return Step::Next;
        }
        if call.expires_at.is_some_and(|time| time <= now) {
            done.albums.ended(call, "it came too late");
            done.mark(now, call, SendOutcome::Expired, Vec::new());
            return Step::Next;
        }
        if matches!(self.limits().permit_bot(now, lease.bot()), Permit::Wait(_)) {
            // It is this host that lets the bot rest, and it does not ask for the chat before that is over.
            return Step::StopUntil(now);
        }
        if let Permit::Wait(until) = self.limits().permit(now, lease.bot(), lease.chat()) {
            return Step::StopUntil(until);
        }
        if let Some(until) = self.paced(now, lease, call, done) {
            return Step::StopUntil(until);
        }
        lease.sends();
        match sender.send(call, &done.known).await {
            Attempt::Sent { messages, uploaded } => {
                place.token_is_taken(Caller::Delivery);
                if messages_of(&call.method, &call.body) > 0 {
                    self.limits().passed(lease.bot());
                }
                let message_id = messages.first().copied();
                done.albums.sent(call, &messages);
                done.mark(now, call, SendOutcome::Sent { message_id }, uploaded);
                Step::Next
            }
            Attempt::Expired => {
                done.albums.ended(call, "it came too late");
                done.mark(now, call, SendOutcome::Expired, Vec::new());
                Step::Next
            }
            Attempt::Dead { reason, ambiguous } => {
                self.give_up(lease, call, done, reason, ambiguous);
                Step::Next
            }
            Attempt::Gone(reason) => {
                self.note_gone(lease, call, &reason);
                done.learned.gone = Some((now, reason.clone()));
                self.end(call, done, reason, false);
                Step::Stop
            }
            Attempt::Moved { to, reason } => {
                tracing::info!(bot = %lease.bot(), chat = lease.chat(), to, "chat {} is chat {to} now", lease.chat());
                done.learned.moved_to = Some(to);
                done.mark(now, call, SendOutcome::Retry { at: now, reason, ambiguous: false }, Vec::new());
                Step::Stop
            }
            Attempt::Again { next, reason, ambiguous } => {
                if matches!(next, Next::StopBot(_)) {
                    place.token_is_refused(Caller::Delivery, &reason);
                }
                let at = self.rest(lease, call, next, &reason, &mut done.learned);
                // A claim may stand that asks for a bot which has to rest now.
                self.wake.outbox.ring();
                done.mark(now, call, SendOutcome::Retry { at, reason, ambiguous }, Vec::new());
                Step::Stop
            }
            Attempt::Store(error) => {
                tracing::warn!(chat = lease.chat(), error = %error, "chat {} waits for the database: {error}", lease.chat());
                Step::StopUntil(after(now, DATABASE_PAUSE))
            }
        }
    }

    /// Until when a message has to wait that would be too fast; counts it if it need not.
    fn paced(&self, now: Millis, lease: &Lease, call: &WaitingCall, done: &mut Progress) -> Option<Millis> {
        let (bot, chat) = (lease.bot(), lease.chat());
        let count = messages_of(&call.method, &call.body);
        if count == 0 {
            return None;
        }
        let mut paces = self.paces();
        if let Some(until) = paces.chat_waits(now, bot, chat) {
            return Some(until);
        }
        // The next message stands at the end of the line.
        if done.has_sent && paces.take_turns(bot) {
            return Some(now);
        }
        paces.sent(now, bot, chat, count);
        done.has_sent = true;
        None
    }

    /// Says that a chat cannot be written to: of a plugin's message that is ordinary, but admins have to get what the host
    /// tells them.
    fn note_gone(&self, lease: &Lease, call: &WaitingCall, reason: &str) {
        let (bot, chat) = (lease.bot(), lease.chat());
        match &call.plugin {
            Some(plugin) => tracing::info!(
                %bot, chat, plugin = plugin.as_str(), method = %call.method, reason,
                "chat {chat} gets no more messages of bot {bot} until it speaks: {reason}"
            ),
            None => tracing::warn!(
                %bot, chat, method = %call.method, reason,
                "admin {chat} gets no alerts of bot {bot}: {reason}\nhint: Telegram lets a bot write only to who has written \
                 to it; once {chat} does, the latest alerts of the last day are sent. If that is nobody, correct `admins` of \
                 the [[bot]]"
            ),
        }
    }

    fn give_up(&self, lease: &Lease, call: &WaitingCall, done: &mut Progress, reason: String, ambiguous: bool) {
        let (plugin, whose) = match &call.plugin {
            Some(plugin) => (plugin.as_str(), format!("plugin `{plugin}`")),
            None => ("", "the host itself".to_owned()),
        };
        tracing::warn!(
            bot = %lease.bot(), plugin, chat = lease.chat(), method = %call.method, reason = %reason,
            "a {} of {whose} to chat {} was given up: {reason}", call.method, lease.chat()
        );
        self.end(call, done, reason, ambiguous);
    }

    /// The call will never be made.
    fn end(&self, call: &WaitingCall, done: &mut Progress, reason: String, ambiguous: bool) {
        done.albums.ended(call, &reason);
        done.mark(self.clock.now(), call, SendOutcome::Dead { reason, ambiguous }, Vec::new());
    }

    /// Notes a pause and says when it is over.
    fn rest(&self, lease: &Lease, call: &WaitingCall, next: Next, reason: &str, learned: &mut Learned) -> Millis {
        let (now, bot, chat) = (self.clock.now(), lease.bot(), lease.chat());
        match next {
            Next::PauseChat(pause) => {
                let until = after(now, pause);
                let hold = self.limits().refuse_chat(now, bot, chat, until);
                tracing::info!(%bot, chat, "Telegram asks to wait {pause:?} before it takes more for chat {chat}");
                if hold.is_some() {
                    tracing::warn!(%bot, "bot {bot} is too fast as a whole; all its chats wait {pause:?}");
                }
                learned.hold_until = learned.hold_until.max(hold);
                until
            }
            // This host lets the bot rest. The call itself may be made at once, by another host or after a restart.
            Next::PauseBot(pause) => {
                if self.limits().hold_bot(now, bot, after(now, pause)) && call.attempt == 0 {
                    tracing::warn!(%bot, reason, "bot {bot} cannot send: {reason}; its messages wait");
                }
                now
            }
            Next::StopBot(pause) => {
                self.limits().hold_bot(now, bot, after(now, pause));
                now
            }
            Next::Again(pause) => {
                if call.attempt == 0 {
                    tracing::warn!(
                        %bot, chat, method = %call.method, reason,
                        "a {} to chat {chat} is tried again: {reason}", call.method
                    );
                }
                after(now, pause)
            }
            Next::Done | Next::Expired | Next::Dead => now,
        }
    }

    /// Writes the marks down, however long that takes: what was sent must not be sent again. Whether the chat is still
    /// ours.
    async fn mark(&self, lease: &Lease, done: &mut Progress, then: Then) -> bool {
        let marks = std::mem::take(&mut done.marks);
        let learned = std::mem::take(&mut done.learned);
        let marked = self.insist(lease, "sent messages are not recorded yet", || {
            self.store.mark_sends(lease, marks.clone(), &learned, then)
        });
        match marked.await {
            Ok(Marked { fence: FenceOutcome::Held, hold_until }) => {
                // Another host may have been told to wait meanwhile.
                let now = self.clock.now();
                if hold_until > now {
                    self.limits().hold_bot(now, lease.bot(), hold_until);
                    self.wake.outbox.ring();
                }
                true
            }
            Ok(Marked { fence: FenceOutcome::Lost, .. }) => {
                tracing::warn!(
                    chat = lease.chat(),
                    "another host has taken chat {} over and may make {} call(s) again",
                    lease.chat(),
                    marks.len()
                );
                false
            }
            Err(error) => {
                tracing::error!(
                    chat = lease.chat(), error = %error,
                    "{} call(s) to chat {} are not recorded and may be made again: {error}", marks.len(), lease.chat()
                );
                false
            }
        }
    }

    /// Gives the chat back until a time, however long that takes: one that is not given back counts as one whose calls are
    /// in the air.
    async fn postpone(&self, lease: Lease, until: Millis) {
        let given_back =
            self.insist(&lease, "the chat cannot be given back yet", || self.store.postpone(&lease, until));
        if let Err(error) = given_back.await {
            tracing::warn!(chat = lease.chat(), error = %error, "chat {} was not given back: {error}", lease.chat());
        }
    }

    /// Writes to the database until it has answered. Whatever is wrong with it may be put right, unless it is closed.
    async fn insist<T, W: Future<Output = Result<T, StoreError>>>(
        &self,
        lease: &Lease,
        trouble: &str,
        write: impl Fn() -> W,
    ) -> Result<T, StoreError> {
        let mut attempt = 0;
        loop {
            match write().await {
                Err(error) if !matches!(error, StoreError::Closed) => {
                    if attempt == 0 {
                        tracing::warn!(chat = lease.chat(), error = %error, "{trouble}: {error}");
                    }
                    self.clock.sleep(super::retry::pause(attempt)).await;
                    attempt += 1;
                }
                answered => return answered,
            }
        }
    }
}

impl Progress {
    fn mark(&mut self, now: Millis, call: &WaitingCall, outcome: SendOutcome, uploaded: Vec<(String, String, String)>) {
        if self.marks.is_empty() {
            self.since = now;
        }
        if let Some(reference) = call.reference {
            match &outcome {
                SendOutcome::Sent { message_id } => drop(self.known.messages.insert(reference, *message_id)),
                SendOutcome::Dead { .. } | SendOutcome::Expired => drop(self.known.messages.insert(reference, None)),
                SendOutcome::Retry { .. } => {}
            }
        }
        for (digest, kind, id) in &uploaded {
            self.known.files.insert((digest.clone(), kind.clone()), id.clone());
        }
        self.marks.push(Mark { seq: call.seq, outcome, uploaded });
    }
}
