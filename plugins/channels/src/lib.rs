//! Parsing rules: channels and groups are read for each subscriber, filtered by rules that people write in a chat, enriched
//! with the pages behind their links, and passed on at once or as a digest.
//!
//! The parts in reading order. `page`, `article`, `robots` and `rules` are pure and know no host. What an event is given to is decided
//! here; nothing else is.

/// Preview pages: what Telegram's markup means.
pub mod page;

/// The main text of any other page.
pub mod article;

/// What a site lets programs read.
pub mod robots;

/// Rules, and what they make of a post.
pub mod rules;

/// What every part knows of the turn.
mod turn;

/// What the bot says, in three languages.
mod texts;

/// What people write when they mean a channel.
mod name;

/// Texts with formatting, as they are kept.
mod format;

/// The tables.
mod model;

/// What a reading means for how a channel stands.
mod state;

/// Posts become rows.
mod store;

/// Reading preview pages.
mod read;

/// Posts that come by themselves.
mod monitor;

/// The pages behind links.
mod links;

/// From posts to their readers.
mod courier;

/// Rows become verdicts.
mod judge;

/// What is due goes out.
mod deliver;

/// What a post looks like when it does.
mod compose;

/// What the admins are told.
mod alarm;

/// Subscribing.
mod add;

/// The list, pausing and removing.
mod list;

/// Changing rules.
mod editor;

/// Why, and why not.
mod why;

/// Reading on demand.
mod parse;

/// The statistics.
mod stats;

/// The buttons.
mod press;

/// The routes.
mod rest;

use guesthouse_plugin::{
    Button, ChatId, Command, ConfigKey, Content, Event, EventKind, Failure, Manifest, Message, Plugin, chat, clock,
    config, export, update,
};

use rules::Finder;
use texts::Texts;
use turn::{Settings, Shared, Turn};

/// The processor that reads pages; a lane for each channel.
const READER: &str = "reader";

/// The processor that reads what links lead to; a lane for each domain.
const PAGES_READER: &str = "pages";

/// The processor that sees what is posted where the bot is.
const MONITOR: &str = "monitor";

/// The processor that judges and sends; a lane for each subscriber.
const COURIER: &str = "courier";

/// The processor of the routes.
const API: &str = "api";

/// The lane of the processor `reader` that is no channel's.
const ALL_LANE: ChatId = 0;

struct Channels(Shared);

export!(Channels);

impl Plugin for Channels {
    fn new() -> Self {
        Self(Shared { texts: Texts::new(texts::SOURCES), finder: Finder::new(), settings: Settings::read() })
    }

    fn describe(&self) -> Manifest {
        let purpose = "Reads channels and groups for each subscriber, filters posts by rules and passes them on.";
        let manifest = Manifest::new("channels", env!("CARGO_PKG_VERSION"), purpose)
            .deep_link("channels")
            .event(EventKind::Message)
            .processor(READER, [])
            .processor(PAGES_READER, [])
            .processor(COURIER, [])
            .processor(API, [])
            .processor(
                MONITOR,
                [
                    EventKind::Message,
                    EventKind::EditedMessage,
                    EventKind::ChannelPost,
                    EventKind::EditedChannelPost,
                    EventKind::Album,
                    EventKind::Member,
                ],
            )
            .schedule_for(READER, "read", "@config:read")
            .config(ConfigKey::new("read", "When channels are read, as cron writes it; `off`: never.", "*/15 * * * *"))
            .config(ConfigKey::new(
                "page_url",
                "Where preview pages are; the name is put behind it.",
                "https://t.me/s/",
            ))
            .config(ConfigKey::new(
                "pages_per_read",
                "How many pages are read back when posts were missed, 1 to 10.",
                3,
            ))
            .config(ConfigKey::new("page_gap_ms", "Milliseconds between two channels.", 1_000))
            .config(ConfigKey::new("page_max_kib", "How large a preview page may be, in KiB.", 2_048))
            .config(ConfigKey::new("timeout_ms", "How long a page may take, in milliseconds; 100 to 15000.", 8_000))
            .config(ConfigKey::new("links_per_post", "How many links of a post are followed; 0: none, at most 10.", 2))
            .config(ConfigKey::new("link_gap_ms", "Milliseconds between two pages of one domain.", 5_000))
            .config(ConfigKey::new("link_max_kib", "How large a linked page may be, in KiB.", 1_024))
            .config(ConfigKey::new("link_max_chars", "How many characters of its text are kept.", 20_000))
            .config(ConfigKey::new("link_days", "For how many days it is not fetched again.", 7))
            .config(ConfigKey::new("channels_per_user", "How many channels a user may have, at most 500.", 100))
            .config(ConfigKey::new("time_zone", "Whose hours digests mean where a user says nothing.", "UTC"));
        let commands = ["channels", "add", "list", "remove", "pause", "rules", "why", "parse", "stats"];
        let manifest =
            commands.into_iter().fold(manifest, |manifest, name| manifest.command(self.0.texts.command(name)));
        rest::with_routes(model::with_tables(manifest))
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        let shared = &self.0;
        if update::processor().as_deref() == Some(MONITOR) {
            return monitor::handle(shared, &event);
        }
        match &event {
            Event::Timer(timer) => match update::processor().as_deref() {
                Some(READER) => read::timer(shared, timer),
                Some(PAGES_READER) => links::fetch(shared, timer),
                _ => courier::timer(shared, timer),
            },
            Event::Schedule(_) => read::all(shared, 0, clock::now()).map(drop),
            Event::Request(request) => rest::handle(shared, request),
            Event::Callback(callback) => press::handle(&Turn::of(shared, &callback.sender, &callback.chat), callback),
            Event::Command(command) => {
                let Some(user) = &command.message.sender else { return Ok(()) };
                handle_command(&Turn::of(shared, user, &command.message.chat), command)
            }
            Event::DeepLink(link) => {
                let Some(user) = &link.message.sender else { return Ok(()) };
                let turn = Turn::of(shared, user, &link.message.chat);
                turn.answer(&link.message, turn.words.say("help"))
            }
            Event::Message(message) => handle_message(shared, message),
            _ => Ok(()),
        }
    }
}

fn handle_command(turn: &Turn<'_>, command: &Command) -> Result<(), Failure> {
    let (message, argument) = (&command.message, command.argument.as_str());
    // What somebody reads is nobody else's business.
    if !turn.private && command.name != "add" {
        let here = Button::url(turn.words.say("button-private"), config::deep_link("channels"));
        chat::message(turn.words.say("in-private")).buttons([[here]]).reply_to(message).send(turn.chat)?;
        return Ok(());
    }
    if turn.private && command.name != "rules" {
        editor::end_offer()?;
    }
    match command.name.as_str() {
        "add" => add::command(turn, message, argument),
        "list" => list::command(turn, message),
        "remove" => list::command_for(turn, message, argument, true),
        "pause" => list::command_for(turn, message, argument, false),
        "rules" => editor::command(turn, message, argument),
        "why" => why::command(turn, message, argument),
        "parse" => parse::command(turn, message),
        "stats" => stats::command(turn, message),
        _ => turn.answer(message, turn.words.say("help")),
    }
}

/// A message in a private chat: rules that are being written, a channel that is meant, or nothing for this plugin.
fn handle_message(shared: &Shared, message: &Message) -> Result<(), Failure> {
    let Some(user) = message.sender.as_ref().filter(|_| message.is_private()) else {
        update::pass("channels are talked about in private");
        return Ok(());
    };
    let turn = Turn::of(shared, user, &message.chat);
    if editor::message(&turn, message)? || add::by_message(&turn, message)? {
        return Ok(());
    }
    // Where no plugin has `/start`, it comes as a message.
    if message.text.content.starts_with("/start") {
        return turn.answer(message, turn.words.say("help"));
    }
    if update::pass("it names no channel") || matches!(message.content, Content::Other(_)) {
        return Ok(());
    }
    // Nobody comes after, and a bot that says nothing looks as if it were gone. Of several at once each is answered.
    match message {
        message if turn::is_mute_picture(message) => Ok(()),
        message if message.forwarded => turn.answer(message, turn.words.say("forward-no-channel")),
        _ => turn.answer(message, turn.words.say("help")),
    }
}
