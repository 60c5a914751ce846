//! A list of things to do for each chat, with a button to tick each one off and a reminder.

use guesthouse_plugin::tables::{Row, Table, TableSpec, col};
use guesthouse_plugin::{
    Button, Callback, ChatId, Command, CommandSpec, Error, Event, Failure, Manifest, Outgoing, Plugin, Text,
    TimerFired, chat, clock, timers,
};
use serde::{Deserialize, Serialize};

/// A row.
#[derive(Serialize, Deserialize)]
struct Item {
    chat: ChatId,
    text: String,
    done: bool,
}

const ITEMS: Table<Item> = Table::new("items");

/// What the buttons mean.
#[derive(Serialize, Deserialize)]
enum Press {
    Done(i64),
}

struct Todo;

impl Plugin for Todo {
    fn new() -> Self {
        Todo
    }

    fn describe(&self) -> Manifest {
        Manifest::new("todo", env!("CARGO_PKG_VERSION"), "Keeps a list of things to do.")
            .command(CommandSpec::new("add", "Put something on the list").in_language("ru", "Добавить в список"))
            .command(CommandSpec::new("todo", "Show the list").in_language("ru", "Показать список"))
            .command(
                CommandSpec::new("remind", "Be reminded in so many minutes")
                    .in_language("ru", "Напомнить через минуты"),
            )
            .table(TableSpec::new("items").integer("chat").text("text").boolean("done").index(&["chat"]))
    }

    fn handle(&self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Command(command) => answer(&command)?,
            Event::Callback(callback) => tick(&callback)?,
            Event::Timer(timer) => remind(&timer)?,
            _ => {}
        }
        Ok(())
    }
}

guesthouse_plugin::export!(Todo);

fn answer(command: &Command) -> Result<(), Error> {
    let here = command.message.chat.id;
    let said = match command.name.as_str() {
        "add" if command.argument.is_empty() => chat::message("Write what: /add Buy milk"),
        "add" => {
            ITEMS.insert(&Item { chat: here, text: command.argument.clone(), done: false })?;
            list("To do", here)?
        }
        "remind" => match command.argument.parse::<i64>() {
            Ok(minutes @ 1..=10_000) => {
                timers::at("reminder", clock::now() + minutes * clock::MINUTE).set()?;
                chat::message(format!("I will remind you in {minutes} min."))
            }
            _ => chat::message("Write how many minutes: /remind 10"),
        },
        _ => list("To do", here)?,
    };
    said.send(here)?;
    Ok(())
}

fn tick(callback: &Callback) -> Result<(), Error> {
    let Press::Done(item) = callback.parse()?;
    ITEMS.set(item, "done", true)?;
    callback.answer_with("Done.")?;
    list("To do", callback.chat.id)?.edit(callback.reference())
}

fn remind(timer: &TimerFired) -> Result<(), Error> {
    if ITEMS.count(col("chat").eq(timer.chat).and(col("done").eq(false)))? > 0 {
        list("Still to do", timer.chat)?.send(timer.chat)?;
    }
    Ok(())
}

/// The open items of a chat, with a button for each.
fn list(title: &str, here: ChatId) -> Result<Outgoing, Error> {
    let open = ITEMS.find(col("chat").eq(here).and(col("done").eq(false)).ascending("id").limit(20))?;
    if open.is_empty() {
        return Ok(chat::message("Nothing to do."));
    }
    let mut lines = Text::new().bold(title);
    for (number, item) in (1..).zip(&open) {
        lines = lines.plain(format!("\n{number}. {}", item.text));
    }
    let button = |item: &Row<Item>| [Button::call(format!("✓ {}", item.text), &Press::Done(item.id))];
    Ok(chat::message(lines).buttons(open.iter().map(button)))
}
