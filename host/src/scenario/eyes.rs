//! All that is seen: whatever bots wrote, changed or deleted in any chat since the last look, by chats.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::emulator::Emulator;
use crate::emulator::world::{Author, ChatRef, Viewer, World};
use crate::testing::{TOKEN, render};

/// What is seen, by the names of people and chats. A chat in which nothing is seen is not there.
pub(super) type Seen = BTreeMap<String, Vec<String>>;

/// The eyes of everybody.
#[derive(Default)]
pub(super) struct Eyes {
    /// Up to which version each chat was looked at.
    versions: HashMap<ChatRef, u64>,
    /// Messages of people: in channels nobody can tell them from a bot's.
    own: HashSet<(ChatRef, i64)>,
    /// What messages looked like when they were seen last: one that is deleted does not say any more.
    looks: HashMap<(ChatRef, i64), String>,
    /// Pressed buttons that were not answered so far, with whose they are.
    pressed: Vec<(String, String)>,
}

/// The id of the bot.
pub(super) fn bot() -> i64 {
    TOKEN.split(':').next().and_then(|id| id.parse().ok()).unwrap_or_default()
}

impl Eyes {
    /// Whether a person has written this.
    pub(super) fn has_own(&self, chat: ChatRef, message: i64) -> bool {
        self.own.contains(&(chat, message))
    }

    /// A person has written this.
    pub(super) fn is_own(&mut self, chat: ChatRef, message: i64) {
        self.own.insert((chat, message));
    }

    /// Somebody has pressed a button and waits for an answer to be seen in this chat.
    pub(super) fn waits_for(&mut self, callback: String, place: String) {
        self.pressed.push((callback, place));
    }

    /// What has come since the last look.
    pub(super) fn look(&mut self, emulator: &Emulator, name_of: impl Fn(ChatRef) -> String) -> Seen {
        emulator.world(|world| {
            let mut seen = self.answers(world);
            let chats: Vec<_> = world.chats().map(|chat| chat.reference()).collect();
            for reference in chats {
                let Some(chat) = world.chat(reference) else { continue };
                let before = self.versions.insert(reference, chat.version()).unwrap_or(0);
                let news = chat.changed_after(before).filter(|message| match message.author {
                    Author::Bot(_) => true,
                    Author::Channel => message.deleted || !self.own.contains(&(reference, message.id)),
                    Author::Person(_) => message.deleted,
                });
                let looks = &mut self.looks;
                let news: Vec<_> = news
                    .map(|message| {
                        let shown = render(&world.message_json(chat, message, Viewer::Page));
                        let plain = shown.trim_start_matches("(edited)\n").to_owned();
                        match looks.insert((reference, message.id), plain) {
                            Some(before) if message.deleted => format!("{shown}\n{before}"),
                            _ => shown,
                        }
                    })
                    .collect();
                if !news.is_empty() {
                    seen.entry(name_of(reference)).or_default().extend(news);
                }
            }
            seen
        })
    }

    /// What buttons have said by now.
    fn answers(&mut self, world: &World) -> Seen {
        let mut seen = Seen::new();
        self.pressed.retain(|(callback, place)| {
            let Ok(Some(answer)) = world.callback_answer(callback) else { return true };
            let mut said = Vec::new();
            if !answer.text.is_empty() {
                let how = if answer.alert { "alert" } else { "pop-up" };
                said.push(format!("({how}) {}", answer.text));
            }
            if !answer.url.is_empty() {
                said.push(format!("(opens) {}", answer.url));
            }
            if !said.is_empty() {
                seen.entry(place.clone()).or_default().extend(said);
            }
            false
        });
        seen
    }
}
