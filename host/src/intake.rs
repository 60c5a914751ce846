//! Updates in: what Telegram sends is stored, and only then does Telegram hear that it came.
//!
//! [`accept`] is the one way into the inbox, for `polling` and for `webhook`: convert, route, one transaction. What a
//! lane does with an event is not known here; the two meet in the database. Read on with `polling` (the loop
//! of one bot), `webhook` (what is posted), `pressure` (when to take no more), `route` (who gets what) and `commands` (the
//! menu).

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::health::Place;
use crate::model::event::{Event, User};
use crate::model::manifest::Roster;
use crate::model::{BotId, PluginName};
use crate::store::{Accepted, Addressee, Lease, NewUpdate, SeenUser, Store, StoreError};
use crate::telegram::{self, Client, Me, RawUpdate};

pub mod polling;

pub mod webhook;

pub mod pressure;

pub mod commands;

mod route;

mod why;

use pressure::Pressure;
use route::Refused;

/// What the intake of one bot needs. Cheap to clone.
#[derive(Clone)]
pub struct Bot {
    /// Who the bot is.
    pub me: Arc<Me>,
    /// What the operator calls it.
    pub name: String,
    /// The way to Telegram.
    pub telegram: Client,
    /// The users who run it.
    pub admins: Vec<i64>,
    /// Its plugins, as they are at the moment.
    pub plugins: watch::Receiver<Roster>,
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// How full its inbox is.
    pub pressure: Arc<Pressure>,
    /// Where others can see how it stands.
    pub place: Place,
}

impl Bot {
    fn id(&self) -> BotId {
        BotId(self.me.id)
    }

    /// Its plugins, in the order in which they are asked.
    fn roster(&self) -> Roster {
        Arc::clone(&self.plugins.borrow())
    }

    /// Whether it should take no more updates for now.
    async fn is_full(&self) -> bool {
        let roster = self.roster();
        let parts = roster.iter().flat_map(|(plugin, manifest)| manifest.parts(plugin));
        self.pressure.is_full(&self.store, self.id(), parts, self.clock.now()).await
    }

    /// Says, once, that updates cannot be stored or that they can again. Losing the polling lease is neither.
    fn report<T>(&self, result: &Result<T, StoreError>) {
        let name = &self.name;
        match result {
            Ok(_) if self.place.is_stuck(None) => {
                tracing::info!(bot = %name, "updates of bot `{name}` are stored again")
            }
            Ok(_) | Err(StoreError::LeaseLost { .. }) => {}
            Err(error) if self.place.is_stuck(Some(error.state())) => {
                tracing::warn!(
                    bot = %name, error = %error,
                    "updates of bot `{name}` cannot be stored: {error}; Telegram keeps them meanwhile"
                );
            }
            Err(_) => {}
        }
    }
}

/// Somebody to be told that a button does nothing.
pub(crate) struct Answer {
    callback: String,
    chat: i64,
    text: &'static str,
}

/// Stores updates with the lanes that they make due, in one transaction. Once this has returned `Ok`, Telegram may
/// forget them. With them come the answers to buttons that are nobody's; they are worth an attempt and no more.
pub(crate) async fn accept(
    bot: &Bot,
    poll: Option<&Lease>,
    batch: Vec<RawUpdate>,
) -> Result<(Accepted, Vec<Answer>), StoreError> {
    let result = store(bot, poll, batch).await;
    bot.report(&result);
    result
}

async fn store(bot: &Bot, poll: Option<&Lease>, batch: Vec<RawUpdate>) -> Result<(Accepted, Vec<Answer>), StoreError> {
    // The same ones for the whole batch.
    let roster = bot.roster();
    let read = batch.into_iter().map(|update| {
        let (kind, event) = telegram::convert::event(&update.raw, &bot.me);
        (update, kind, event)
    });
    let read: Vec<_> = read.collect();
    // Where it may decide who is asked first.
    let talks: HashSet<_> = read.iter().filter_map(|(_, _, event)| route::talk(event, &roster)).collect();
    let talking = match talks.is_empty() {
        true => HashMap::new(),
        false => bot.store.open_dialogues(bot.id(), talks).await?,
    };
    // Buttons have to be looked up; everything else is decided at once, so this waits only where somebody pressed one.
    let routed = join_all(read.into_iter().map(|(update, kind, event)| {
        let talking = route::talk(&event, &roster).and_then(|talk| talking.get(&talk));
        route_update(bot, &roster, (update, kind, event), talking.map_or(&[], Vec::as_slice))
    }));
    let routed = routed.await;
    let mut answers = Vec::new();
    let mut updates = Vec::with_capacity(routed.len());
    for one in routed {
        let (update, answer) = one?;
        updates.push(update);
        answers.extend(answer);
    }
    let events = updates.iter().map(|update| update.lanes.len()).sum();
    let accepted = bot.store.accept(poll, bot.id(), updates).await?;
    if events > 0 && accepted.new > 0 {
        bot.pressure.stored(events);
    }
    Ok((accepted, answers))
}

async fn route_update(
    bot: &Bot,
    roster: &Roster,
    (update, kind, event): (RawUpdate, String, Event),
    talking: &[PluginName],
) -> Result<(NewUpdate, Option<Answer>), StoreError> {
    let asked = why::question(&event, &bot.admins);
    let (lanes, answer) = match &event {
        // Read on in `why`: it is the host's.
        _ if asked.is_some() => (Vec::new(), None),
        Event::Callback { id, sender, chat, data, .. } => {
            let stored = bot.store.callback(bot.id(), data).await?;
            match route::button(stored, chat.id, sender.id, roster) {
                Ok(plugin) => {
                    let to = Addressee { part: plugin.into(), chat: event.lane(), next: Vec::new() };
                    (vec![to], None)
                }
                Err(refused) => {
                    let text = refusal(refused, sender.language_code.as_deref());
                    (Vec::new(), Some(Answer { callback: id.clone(), chat: chat.id, text }))
                }
            }
        }
        _ => (route::lanes(&event, roster, talking), None),
    };
    let RawUpdate { update_id, raw } = update;
    let (spoke, moved) = (telegram::convert::spoke(&event), telegram::convert::moved(&raw));
    let album = route::album(&event, &lanes, roster);
    let host = match asked {
        Some(question) => why::answer(bot, question).await,
        None => Vec::new(),
    };
    // A private chat has the number of whom it is with.
    let admin = spoke.is_some_and(|chat| bot.admins.contains(&chat));
    let from = event.person().filter(|user| !user.is_bot).map(seen);
    Ok((NewUpdate { update_id, kind, raw, lanes, spoke, admin, moved, from, album, host }, answer))
}

fn seen(user: &User) -> SeenUser {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    SeenUser {
        id: user.id,
        first_name: user.first_name.clone(),
        last_name: text(&user.last_name),
        username: text(&user.username),
        language: text(&user.language_code),
    }
}

/// What the person who pressed is told, in the languages that the bundled plugins speak.
fn refusal(refused: Refused, language: Option<&str>) -> &'static str {
    let language = language.and_then(|tag| tag.get(..2)).unwrap_or("en");
    match (refused, language) {
        (Refused::Gone, "ru") => "Эта кнопка больше не действует.",
        (Refused::Gone, "he") => "הכפתור הזה כבר לא פעיל.",
        (Refused::Gone, _) => "This button is no longer valid.",
        (Refused::NotForYou, "ru") => "Эта кнопка не для вас.",
        (Refused::NotForYou, "he") => "הכפתור הזה לא מיועד לך.",
        (Refused::NotForYou, _) => "This button is not for you.",
    }
}

/// Gives an answer to a button. Nobody but the person who pressed misses it, and Telegram soon ends the circle anyway.
pub(crate) fn give(bot: &Bot, answer: Answer) -> impl Future<Output = ()> + Send + 'static {
    const LIMIT: Duration = Duration::from_secs(10);
    let (telegram, clock) = (bot.telegram.clone(), bot.clock.clone());
    async move {
        let call = telegram::encode::answer_callback(answer.chat, &answer.callback, Some(answer.text));
        tokio::select! {
            result = telegram.call(&call.method, &call.body) => {
                if let Err(error) = result {
                    tracing::debug!(chat = answer.chat, error = %error, "a pressed button was not answered: {error}");
                }
            }
            () = clock.sleep(LIMIT) => {}
        }
    }
}
