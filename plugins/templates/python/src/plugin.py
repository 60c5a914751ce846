"""Greets people and counts how often they wave back."""

from guesthouse_plugin import AnyEvent, Command, Event, Manifest, Plugin, Text, chat
from guesthouse_plugin.chat import Button
from guesthouse_plugin.tables import Table

# One row for each chat.
waves = Table("waves", {"chat": "integer", "count": "integer"}, unique=[["chat"]])


class Hello(Plugin):
    def describe(self) -> Manifest:
        return Manifest(
            name="{{name}}",
            version="0.1.0",
            description="Greets people and counts how often they wave back.",
            commands=[Command("hello", "Say hello")],
            tables=[waves],
        )

    def handle(self, event: AnyEvent) -> None:
        match event:
            case Event.Command(command):
                sender = command.message.sender
                name = sender.first_name if sender else "stranger"
                hello = chat.message(Text("Hello, ").bold(name).plain("!"))
                hello.buttons([[Button.callback("Wave", "wave")]]).send(command.message.chat.id)
            case Event.Callback(callback):
                here = callback.chat.id
                known = waves.first(chat=here)
                row = known["id"] if known else waves.insert(chat=here, count=0)
                count = waves.increment(row, "count")
                chat.message(f"Waves so far: {count}").send(here)


plugin = Hello()
