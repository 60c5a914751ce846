//! Greets people and counts how often they wave back.

use guesthouse_plugin::tables::{Table, TableSpec, col};
use guesthouse_plugin::{Button, CommandSpec, Event, Failure, Manifest, Plugin, Text, chat};
use serde::{Deserialize, Serialize};

/// A row of the table `waves`: one for each chat.
#[derive(Serialize, Deserialize)]
struct Waves {
    chat: i64,
    count: i64,
}

const WAVES: Table<Waves> = Table::new("waves");

struct Hello;

impl Plugin for Hello {
    fn new() -> Self {
        Hello
    }

    fn describe(&self) -> Manifest {
        Manifest::new("{{name}}", env!("CARGO_PKG_VERSION"), "Greets people and counts how often they wave back.")
            .command(CommandSpec::new("hello", "Say hello"))
            .table(TableSpec::new("waves").integer("chat").integer("count").unique(&["chat"]))
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Command(command) => {
                let name = command.message.sender.as_ref().map_or("stranger", |user| user.first_name.as_str());
                chat::message(Text::new().plain("Hello, ").bold(name).plain("!"))
                    .buttons([[Button::callback("Wave", "wave")]])
                    .send(command.message.chat.id)?;
            }
            Event::Callback(callback) => {
                let chat = callback.chat.id;
                let row = match WAVES.first(col("chat").eq(chat))? {
                    Some(row) => row.id,
                    None => WAVES.insert(&Waves { chat, count: 0 })?,
                };
                let count = WAVES.increment(row, "count", 1)?;
                chat::message(format!("Waves so far: {count}")).send(chat)?;
            }
            _ => {}
        }
        Ok(())
    }
}

guesthouse_plugin::export!(Hello);
