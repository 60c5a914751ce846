//! The assistant: answers what no other plugin has claimed.
//!
//! It comes last by its priority. With a language model it answers from the talk so far and from what the person it talks
//! to has told about themselves; without one it searches that person's own posts and facts, and says why it does no more.
//! Whatever it knows it knows of the one it talks to: nothing of another person is ever read, and in groups nothing of
//! anybody's profile or feed, so that nobody is told about somebody else.
//!
//! `hears` decides whether somebody speaks to it, `answer` answers; `memory` is the talk so far, `known` what other plugins
//! know of the person, `markdown` makes Telegram's formatting of the model's.

/// Whether somebody speaks to the bot, and what is said.
mod hears;

/// The answer: by the model, or without.
mod answer;

/// The talk so far.
mod memory;

/// What other plugins know of the person.
mod known;

/// The model's Markdown as formatted text.
mod markdown;

/// All texts.
mod texts;

use guesthouse_plugin::{Button, Command, ConfigKey, Error, Event, EventKind, Failure, Manifest, Plugin, chat, config};
use guesthouse_plugin::{export, update};

use hears::Heard;
use texts::{Arg, Language, Texts, Words};

/// What the operator has set.
#[derive(Debug, Clone)]
struct Settings {
    /// Who the assistant is, in the model's ears.
    prompt: String,
    /// Messages of the talk that the model hears again.
    history: u32,
    /// How long an answer may be, in tokens.
    answer_tokens: u32,
    /// Whether the model sees pictures.
    images: bool,
    /// Bytes that one may have.
    picture_bytes: usize,
}

/// What all turns share: made once, kept in the snapshot.
struct Assistant {
    texts: Texts,
    settings: Settings,
}

export!(Assistant);

/// The payload of the deep link that leads from a group to the private chat.
const PAYLOAD: &str = "assistant";

/// The default of the setting `prompt`.
const PROMPT: &str =
    "You are a helpful assistant in a Telegram chat. Be brief and concrete. Say so when you do not know.";

impl Plugin for Assistant {
    fn new() -> Self {
        Self { texts: Texts::new(texts::SOURCES), settings: Settings::read() }
    }

    fn describe(&self) -> Manifest {
        let purpose = "Answers what no other plugin answers, through a language model; without one it searches.";
        let manifest = Manifest::new("assistant", env!("CARGO_PKG_VERSION"), purpose)
            .command(self.texts.command("ask"))
            .command(self.texts.command("search"))
            .command(self.texts.command("reset"))
            .deep_link(PAYLOAD)
            .event(EventKind::Message)
            .config(ConfigKey::new("prompt", "Who the assistant is and how it talks, told to the model first.", PROMPT))
            .config(ConfigKey::new("history", "Messages of the talk that the model hears again, at most 100.", 20))
            .config(ConfigKey::new("answer_tokens", "How long an answer may be, in tokens.", 1_000))
            .config(ConfigKey::new("images", "Whether the model sees pictures: true or false.", true))
            .config(ConfigKey::new("picture_kib", "How large these may be, in KiB; well below limits.call_kib.", 768));
        memory::with_table(manifest)
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        match &event {
            Event::Command(command) => self.commanded(command),
            Event::Message(message) => match hears::spoken_to(message) {
                Some(heard) => answer::answer(&self.words(&heard), &self.settings, &heard),
                None => {
                    update::pass("nobody speaks to the bot");
                    Ok(())
                }
            },
            Event::DeepLink(link) => match &link.message.sender {
                Some(user) => {
                    let words = self.texts.words(Language::of(user));
                    chat::message(words.say("instead")).send(link.message.chat.id)?;
                    Ok(())
                }
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

impl Assistant {
    fn words(&self, heard: &Heard<'_>) -> Words<'_> {
        self.texts.words(Language::of(heard.user))
    }

    fn commanded(&self, command: &Command) -> Result<(), Failure> {
        let Some(heard) = hears::command(command) else { return Ok(()) };
        let words = self.words(&heard);
        match command.name.as_str() {
            "reset" => {
                let count = memory::forget(&heard)?;
                heard.reply(words.tell("reset", &[("count", Arg::Count(count))]))
            }
            "search" if !heard.private => Ok(lead_to_private(&words, &heard)?),
            "search" if heard.said.is_empty() => heard.reply(words.say("search-what")),
            "search" => {
                let found = known::search(&heard)?;
                heard.reply(known::shown(&words, &heard.said, &found))
            }
            _ if heard.said.is_empty() => heard.reply(words.say("ask-what")),
            _ => answer::answer(&words, &self.settings, &heard),
        }
    }
}

/// In a group, says where one searches.
fn lead_to_private(words: &Words<'_>, heard: &Heard<'_>) -> Result<(), Error> {
    let here = Button::url(words.say("button-private"), config::deep_link(PAYLOAD));
    heard.message.reply(words.say("only-private")).buttons([[here]]).send(heard.message.chat.id)?;
    Ok(())
}

impl Heard<'_> {
    /// Answers; in a group to the message itself, since others talk there, too.
    fn reply(&self, text: impl Into<guesthouse_plugin::Text>) -> Result<(), Failure> {
        let message = chat::message(text);
        let message = if self.private { message } else { message.reply_to(self.message) };
        message.send(self.message.chat.id)?;
        Ok(())
    }
}

impl Settings {
    /// Reads them; what makes no sense is replaced by its default and a warning.
    fn read() -> Self {
        Self {
            prompt: config::get("prompt").filter(|prompt| !prompt.trim().is_empty()).unwrap_or_else(|| PROMPT.into()),
            history: config::within("history", 20, ..=100),
            answer_tokens: config::within("answer_tokens", 1_000, 1..),
            images: config::within("images", true, ..),
            picture_bytes: config::within("picture_kib", 768_usize, 1..=4_096) << 10,
        }
    }
}
