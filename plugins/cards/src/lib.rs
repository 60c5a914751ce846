//! The card verification bot. A shop adds a card and gets a code for its label; whoever buys the card shows the code and
//! sees what it should look like, and how often it was checked before.
//!
//! The parts in reading order. What an event is given to is decided here; nothing else is.

/// What every part knows of the turn: who, where, in which words.
mod turn;

/// What the bot says, in three languages.
mod texts;

/// What a verification code is, and how one is found in what people write.
mod code;

/// QR codes: drawing and reading.
mod qr;

/// The tables.
mod model;

/// A check: the one thing that everybody can do.
mod verify;

/// Pictures that may show a QR code, and albums of them.
mod picture;

/// Files that claim to be pictures.
mod file;

/// Against those who try codes.
mod guard;

/// What the admins are told without having asked.
mod alert;

/// Greeting, help, and the admins' menu.
mod menu;

/// The buttons.
mod press;

/// Dialogues, and how they end.
mod talk;

/// Adding a card.
mod add;

/// Changing one.
mod edit;

/// One card, as the admins see it.
mod card;

/// A card's pictures in a chat.
mod show;

/// Sharing a card.
mod share;

/// The lists of cards.
mod list;

/// Who has checked a card.
mod history;

/// The statistics.
mod stats;

use guesthouse_plugin::{
    Command, ConfigKey, Content, Event, EventKind, Failure, Manifest, Message, Plugin, export, update,
};

use texts::Texts;
use turn::{Settings, Turn};

/// The payload of the deep link that leads from a group to the admins' menu.
const ADMIN_PAYLOAD: &str = "admin";

/// What all turns share: made once, kept in the snapshot.
struct Cards {
    texts: Texts,
    settings: Settings,
}

export!(Cards);

impl Plugin for Cards {
    fn new() -> Self {
        Self { texts: Texts::new(crate::texts::SOURCES), settings: Settings::read() }
    }

    fn describe(&self) -> Manifest {
        let purpose = "Verifies cards: a code and a QR label for each, and an exact count of everybody who checked it.";
        let manifest = Manifest::new("cards", env!("CARGO_PKG_VERSION"), purpose)
            .command(self.texts.command("start"))
            .command(self.texts.command("verify"))
            .command(self.texts.command("help"))
            .command(self.texts.command("admin").admins_only())
            .command(self.texts.command("cancel").admins_only())
            .deep_link(code::PREFIX)
            .deep_link(ADMIN_PAYLOAD)
            .event(EventKind::Message)
            .event(EventKind::EditedMessage)
            .config(ConfigKey::new("wrong_codes", "More wrong codes than this slow a user down.", 5))
            .config(ConfigKey::new("wrong_codes_minutes", "Within how many minutes they have to come.", 10))
            .config(ConfigKey::new(
                "copy_warning_users",
                "The admins are warned when so many different users have checked one card, and at each doubling.",
                5,
            ))
            .config(ConfigKey::new("page_size", "Rows on a page of a list, at most 15.", 10));
        model::with_tables(manifest)
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        // Channels have no sender, and there is nobody to count.
        let Some(user) = event.sender() else {
            update::pass("nobody has said it");
            return Ok(());
        };
        let chat = match &event {
            Event::Callback(callback) => &callback.chat,
            event => match event.message() {
                Some(message) => &message.chat,
                None => return Ok(()),
            },
        };
        let turn = Turn::new(&self.texts, &self.settings, user, chat);
        match &event {
            Event::Command(command) => handle_command(&turn, command),
            Event::DeepLink(link) if link.payload == ADMIN_PAYLOAD => menu::admin(&turn, &link.message),
            Event::DeepLink(link) => {
                verify::by_payload(&turn, &link.message, &link.payload)?;
                talk::remind(&turn)
            }
            Event::Callback(callback) => press::handle(&turn, callback),
            Event::Message(message) if turn.private => handle_message(&turn, message),
            Event::EditedMessage(message) if turn.private => talk::edited(&turn, message),
            Event::Message(_) => {
                update::pass("cards answers messages in private chats only");
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn handle_command(turn: &Turn<'_>, command: &Command) -> Result<(), Failure> {
    let message = &command.message;
    match command.name.as_str() {
        "admin" => return menu::admin(turn, message),
        "cancel" => return talk::cancel_command(turn, message),
        "verify" => verify::by_payload(turn, message, &command.argument)?,
        "help" => menu::help(turn, message)?,
        _ => menu::start(turn, message)?,
    }
    talk::remind(turn)
}

/// A message in a private chat: an answer in a dialogue, a code, a picture of one, or talk.
fn handle_message(turn: &Turn<'_>, message: &Message) -> Result<(), Failure> {
    if !talk::is_said(message) {
        update::pass("nothing is said");
        return Ok(());
    }
    if turn.is_admin() && talk::message(turn, message)? {
        return Ok(());
    }
    match &message.content {
        Content::Photo(_) | Content::Document(_) => picture::handle(turn, message),
        Content::Text if verify::by_text(turn, message)? => Ok(()),
        _ if update::pass("it has no code") => Ok(()),
        _ => turn.answer(message, turn.words.say("hint")),
    }
}
