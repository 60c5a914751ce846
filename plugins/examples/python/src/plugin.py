"""A list of things to do for each chat, with a button to tick each one off and a reminder."""

from guesthouse_plugin import AnyEvent, Command, Event, Manifest, Plugin, Text, chat, clock, pressed, timers
from guesthouse_plugin.chat import Button
from guesthouse_plugin.tables import Table

items = Table("items", {"chat": "integer", "text": "text", "done": "boolean"}, indexes=[["chat"]])


class Todo(Plugin):
    def describe(self) -> Manifest:
        return Manifest(
            name="todo",
            version="0.1.0",
            description="Keeps a list of things to do.",
            commands=[
                Command("add", "Put something on the list", {"ru": "Добавить в список"}),
                Command("todo", "Show the list", {"ru": "Показать список"}),
                Command("remind", "Be reminded in so many minutes", {"ru": "Напомнить через минуты"}),
            ],
            tables=[items],
        )

    def handle(self, event: AnyEvent) -> None:
        match event:
            case Event.Command(command):
                here = command.message.chat.id
                answer(command.name, command.argument, here).send(here)
            case Event.Callback(callback):
                items.update(pressed(callback)["done"], done=True)
                chat.answer(callback, "Done.")
                listed("To do", callback.chat.id).edit(callback)
            case Event.Timer(timer):
                if items.count(chat=timer.chat, done=False) > 0:
                    listed("Still to do", timer.chat).send(timer.chat)


def answer(name: str, argument: str, here: int) -> chat.Outgoing:
    if name == "add":
        if not argument:
            return chat.message("Write what: /add Buy milk")
        items.insert(chat=here, text=argument, done=False)
    elif name == "remind":
        if not argument.isdecimal() or not 1 <= int(argument) <= 10_000:
            return chat.message("Write how many minutes: /remind 10")
        minutes = int(argument)
        timers.set("reminder", clock.now() + minutes * clock.MINUTE)
        return chat.message(f"I will remind you in {minutes} min.")
    return listed("To do", here)


def listed(title: str, here: int) -> chat.Outgoing:
    """The open items of a chat, with a button for each."""
    found = items.find(chat=here, done=False, order_by="id", limit=20)
    if not found:
        return chat.message("Nothing to do.")
    lines = Text().bold(title)
    for number, item in enumerate(found, 1):
        lines.line(f"{number}. {item['text']}")
    return chat.message(lines).buttons([[Button.call(f"✓ {item['text']}", {"done": item["id"]})] for item in found])


plugin = Todo()
