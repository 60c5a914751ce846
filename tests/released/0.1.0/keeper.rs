//! Keeps what it is told to, reminds, and remembers a talk: a part of every interface, as 0.1.0 has them.

use guesthouse_plugin::tables::{Table, TableSpec, col};
use guesthouse_plugin::{
    Button, CommandSpec, ConfigKey, Event, EventKind, Failure, Manifest, Plugin, chat, clock, config, dialogue, log,
    random, timers, update,
};
use serde::{Deserialize, Serialize};

struct Keeper;

#[derive(Serialize, Deserialize)]
struct Kept {
    text: String,
    at: i64,
}

const KEPT: Table<Kept> = Table::new("kept");

impl Plugin for Keeper {
    fn new() -> Self {
        Keeper
    }

    fn describe(&self) -> Manifest {
        Manifest::new("keeper", "1.0.0", "Keeps what it is told to.")
            .command(CommandSpec::new("keep", "Keep a text").in_language("ru", "Сохранить текст"))
            .command(CommandSpec::new("kept", "Show what is kept"))
            .command(CommandSpec::new("remind", "Remind at once: a text"))
            .command(CommandSpec::new("ask", "Ask for a name"))
            .event(EventKind::Message)
            .table(TableSpec::new("kept").text("text").timestamp("at").unique(&["text"]))
            .config(ConfigKey::new("mark", "what stands before what is kept", "-"))
            .processor("counter", [])
            .schedule("nightly", "30 2 * * *")
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Command(command) => {
                let to = command.message.chat.id;
                let mark = config::get("mark").unwrap_or_default();
                match command.name.as_str() {
                    "keep" => {
                        let kept = Kept { text: command.argument.clone(), at: clock::now() };
                        KEPT.insert(&kept)?;
                        log::info(format!("one more, {}", random::number() % 2));
                        let clear = Button::callback("Clear", "clear");
                        chat::message(format!("{mark} {}", kept.text)).buttons([[clear]]).send(to)?;
                    }
                    "remind" => timers::at("remind", clock::now()).data(&command.argument).set()?,
                    "ask" => {
                        dialogue::set(&"name".to_owned(), 60)?;
                        chat::message("what is your name?").send(to)?;
                    }
                    _ => _ = chat::message(format!("{} kept", KEPT.count(col("at").ge(0))?)).send(to)?,
                }
            }
            Event::Callback(callback) => {
                for row in KEPT.find(col("at").ge(0))? {
                    KEPT.delete(row.id)?;
                }
                callback.answer_with("cleared")?;
                chat::message("nothing is kept").edit(&callback)?;
            }
            Event::Timer(timer) => _ = chat::message(format!("remember: {}", timer.data)).send(timer.chat)?,
            Event::Message(message) if dialogue::get::<String>()?.is_some() => {
                dialogue::clear()?;
                chat::message(format!("hello, {}", message.text.content)).send(message.chat.id)?;
            }
            _ => _ = update::pass("it is told by commands"),
        }
        Ok(())
    }
}

guesthouse_plugin::export!(Keeper);
