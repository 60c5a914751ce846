//! Who is this user? What people say of themselves is read in the background and kept, each fact with the message it came
//! from; its owner sees it, corrects it, takes it away or takes it along. Other plugins may read it with the operator's leave.
//!
//! The parts in reading order. What an event is given to is decided here; nothing else is.

/// Facts in a text, by rules. Needs no host, so that it can be measured.
pub mod rules;

/// The tables.
mod model;

/// What the bot says, in three languages.
mod texts;

/// Who may be read, and that they are told.
mod consent;

/// The processor that reads each message.
mod extract;

/// Reading by a language model.
mod reader;

/// How statements become a profile.
mod merge;

/// The processor that merges.
mod merging;

/// The processor that looks at weeks.
mod talk;

/// The profile, as its owner sees it.
mod show;

/// Correcting and deleting one fact.
mod change;

/// The buttons.
mod press;

/// What is answered where nobody else answers.
mod alone;

/// Turning it off and on for a chat.
mod switch;

/// Forgetting somebody.
mod forget;

/// All that is kept of somebody, as a file.
mod export;

use guesthouse_plugin::{
    ChatKind, ConfigKey, Event, EventKind, Failure, Manifest, MemberChange, MemberStatus, Plugin, config, dialogue,
    export as component, log, update,
};

use rules::Rules;
use texts::Texts;

/// The processors.
const EXTRACT: &str = "extract";
const MERGE: &str = "merge";
const TALK: &str = "talk";

/// The payload of the deep link that leads from a group to one's profile.
const PAYLOAD: &str = "profile";

/// What the operator has set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    /// Whether a language model is asked.
    llm: bool,
}

/// What all turns share: made once, kept in the snapshot.
pub(crate) struct Profile {
    rules: Rules,
    texts: Texts,
    settings: Settings,
}

component!(Profile);

impl Plugin for Profile {
    fn new() -> Self {
        let llm = match config::get("llm").as_deref() {
            Some("off") => false,
            Some("on") | None => true,
            Some(other) => {
                log::warn(format_args!("the setting `llm` is `{other}` and not `on` or `off`, so it is off"));
                false
            }
        };
        Self { rules: Rules::new(), texts: Texts::new(texts::SOURCES), settings: Settings { llm } }
    }

    fn describe(&self) -> Manifest {
        let purpose = "Keeps what people say of themselves, with its sources; they see, correct, export and delete it.";
        let manifest = Manifest::new("profile", env!("CARGO_PKG_VERSION"), purpose)
            .command(self.texts.command("profile"))
            .command(self.texts.command("forget"))
            .command(self.texts.command("export"))
            .deep_link(PAYLOAD)
            .event(EventKind::Message)
            .event(EventKind::Member)
            .processor(EXTRACT, [EventKind::Message, EventKind::EditedMessage])
            .processor(MERGE, [])
            .processor(TALK, [EventKind::Message])
            .config(ConfigKey::new(
                "llm",
                "`on`: a language model, if one is set up, reads what the rules missed; `off`: rules alone.",
                "on",
            ));
        model::with_tables(manifest)
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        match update::processor().as_deref() {
            Some(EXTRACT) => Ok(extract::handle(self, &event)?),
            Some(MERGE) => Ok(merging::handle(&event)?),
            Some(TALK) => talk::handle(self, &event),
            Some(other) => Err(Failure::give_up(format!("there is no processor `{other}`"))),
            None => self.answer(&event),
        }
    }
}

impl Profile {
    /// What the plugin answers, as opposed to what it reads.
    fn answer(&self, event: &Event) -> Result<(), Failure> {
        match event {
            Event::Command(command) => {
                let Some(user) = command.message.sender.as_ref().filter(|user| !user.is_bot) else { return Ok(()) };
                dialogue::clear()?;
                match command.name.as_str() {
                    "profile" if !command.argument.is_empty() => switch::command(self, command, user),
                    "profile" => show::command(self, &command.message, user),
                    "forget" => forget::command(self, &command.message, user),
                    _ => export::command(self, &command.message, user),
                }
            }
            Event::DeepLink(link) => match &link.message.sender {
                Some(user) => show::command(self, &link.message, user),
                None => Ok(()),
            },
            Event::Callback(callback) => press::handle(self, callback),
            Event::Message(message) => change::message(self, message),
            Event::Timer(timer) => forget::timer(timer),
            Event::Member(change) => remember_host(change),
            _ => Ok(()),
        }
    }
}

/// Who brings the bot into a group may turn it off there for everybody.
fn remember_host(change: &MemberChange) -> Result<(), Failure> {
    let is_group = matches!(change.chat.kind, ChatKind::Group | ChatKind::Supergroup);
    let is_there = |status| !matches!(status, MemberStatus::Left | MemberStatus::Banned);
    if is_group && change.is_me && is_there(change.after) && !is_there(change.before) {
        switch::brought(change.chat.id, change.by.id)?;
    }
    Ok(())
}
