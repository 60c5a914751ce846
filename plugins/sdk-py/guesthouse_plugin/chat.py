"""Writing to people. Everything here is sent after the turn has committed, in the order asked for within each chat."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Iterable, Sequence, Union

from wit_world.imports import chat as raw
from wit_world.imports import events, types

from ._errors import ask
from ._refs import Named, Ref, received, to_host
from ._text import Text, TextLike

__all__ = [
    "Button", "Key", "Outgoing", "Ref", "Text", "Upload", "action", "alert", "answer", "delete", "edit_buttons", "force_reply",
    "keys", "message", "remove_buttons", "remove_keys", "reply", "send_album", "send_location",
]

Keyboard = raw.Keyboard


class Button:
    """Buttons under a message."""

    @staticmethod
    def call(label: str, value: object, *, only_for: int | None = None) -> raw.Button:
        """Calls the plugin with a value, which ``pressed(callback)`` gives back; at most 4 KiB as JSON."""
        return Button.callback(label, json.dumps(value, ensure_ascii=False), only_for=only_for)

    @staticmethod
    def callback(label: str, data: str, *, only_for: int | None = None) -> raw.Button:
        """Calls the plugin with a text; ``only_for`` is the only user who may press it."""
        return raw.Button(label, raw.ButtonAction_Callback(data), only_for)

    @staticmethod
    def url(label: str, url: str) -> raw.Button:
        """Opens an address."""
        return raw.Button(label, raw.ButtonAction_Url(url), None)

    @staticmethod
    def share(label: str, text: str) -> raw.Button:
        """Lets the user choose a chat and send this text there."""
        return raw.Button(label, raw.ButtonAction_Share(text), None)

    @staticmethod
    def copy(label: str, text: str) -> raw.Button:
        """Puts this text into the clipboard."""
        return raw.Button(label, raw.ButtonAction_Copy(text), None)


class Key:
    """Keys instead of the user's own keyboard."""

    @staticmethod
    def text(label: str) -> raw.Key:
        return raw.Key(label, False, False)

    @staticmethod
    def contact(label: str) -> raw.Key:
        return raw.Key(label, True, False)

    @staticmethod
    def location(label: str) -> raw.Key:
        return raw.Key(label, False, True)


def keys(rows: Iterable[Sequence[raw.Key]], *, one_time: bool = False, placeholder: str | None = None) -> Keyboard:
    """Keys that replace the user's own keyboard until they are removed."""
    return raw.Keyboard_Reply(raw.ReplyKeyboard([list(row) for row in rows], one_time, placeholder))


def remove_keys() -> Keyboard:
    """Takes such keys away."""
    return raw.Keyboard_Remove()


def force_reply() -> Keyboard:
    """Asks for an answer to this very message."""
    return raw.Keyboard_ForceReply()


@dataclass(frozen=True)
class Upload:
    """Bytes to upload under a file name with its ending."""

    name: str
    content: bytes


#: A file to send: bytes, a file of a message, or an id that Telegram gave.
FileLike = Union[Upload, types.Photo, types.Document, str]


def _inline(rows: Iterable[Sequence[raw.Button]]) -> Keyboard:
    return raw.Keyboard_Inline([list(row) for row in rows])


def _media(file: FileLike) -> raw.Media:
    if isinstance(file, Upload):
        return raw.Media_Upload(raw.Upload(file.name, file.content))
    return raw.Media_FileId(file if isinstance(file, str) else file.file.id)


class Outgoing:
    """A message to be sent or put in the place of another one."""

    def __init__(self, text: TextLike) -> None:
        self._it = raw.Outgoing(Text.of(text).to_host(), None, None, False, False, False, False)

    def buttons(self, rows: Iterable[Sequence[raw.Button]]) -> Outgoing:
        """Hangs buttons under it, in rows."""
        return self.keyboard(_inline(rows))

    def keyboard(self, keyboard: Keyboard) -> Outgoing:
        """Hangs a keyboard under it."""
        self._it.keyboard = keyboard
        return self

    def reply_to(self, message: Named) -> Outgoing:
        """Makes it an answer; it is sent without if that message is gone."""
        self._it.reply_to = to_host(message)
        return self

    def silent(self) -> Outgoing:
        """Delivers it without a sound."""
        self._it.silent = True
        return self

    def protect(self) -> Outgoing:
        """Forbids forwarding and saving."""
        self._it.protect = True
        return self

    def link_preview(self) -> Outgoing:
        """Shows a preview of the first link."""
        self._it.link_preview = True
        return self

    def at_most_once(self) -> Outgoing:
        """Sends it rather not at all than twice."""
        self._it.at_most_once = True
        return self

    def send(self, to: int) -> Ref:
        """Sends it to a chat, given by its id."""
        return received(ask("chat", raw.send_text, to, self._it))

    def send_photo(self, to: int, photo: FileLike) -> Ref:
        """Sends a picture with it as the caption."""
        return received(ask("chat", raw.send_media, to, raw.MediaKind.PHOTO, _media(photo), self._it))

    def send_document(self, to: int, document: FileLike) -> Ref:
        """Sends a file with it as the caption."""
        return received(ask("chat", raw.send_media, to, raw.MediaKind.DOCUMENT, _media(document), self._it))

    def edit(self, message: Named) -> None:
        """Puts its text and its buttons in the place of a message's."""
        ask("chat", raw.edit_text, to_host(message), self._it.text, self._it.keyboard)

    def edit_caption(self, message: Named) -> None:
        """The same for the caption of a message with a file."""
        ask("chat", raw.edit_caption, to_host(message), self._it.text, self._it.keyboard)

    def edit_photo(self, message: Named, photo: FileLike) -> None:
        """Puts a picture, its text and its buttons in the place of a message with a file."""
        self._replace(message, raw.MediaKind.PHOTO, photo)

    def edit_document(self, message: Named, document: FileLike) -> None:
        """Puts a file, its text and its buttons in the place of a message with a file."""
        self._replace(message, raw.MediaKind.DOCUMENT, document)

    def _replace(self, message: Named, kind: raw.MediaKind, file: FileLike) -> None:
        ask("chat", raw.edit_media, to_host(message), kind, _media(file), self._it.text, self._it.keyboard)


def message(text: TextLike) -> Outgoing:
    """Begins a message."""
    return Outgoing(text)


def reply(to: types.Message, text: TextLike) -> Outgoing:
    """Begins an answer to a message; it still has to be sent."""
    return Outgoing(text).reply_to(to)


def send_album(
    to: int,
    *,
    photos: Sequence[tuple[FileLike, TextLike]] = (),
    documents: Sequence[tuple[FileLike, TextLike]] = (),
    reply_to: Named | None = None,
    at_most_once: bool = False,
) -> list[Ref]:
    """Sends 2 to 10 pictures, or files, together, each with its caption."""
    kind = raw.MediaKind.PHOTO if photos else raw.MediaKind.DOCUMENT
    items = [raw.AlbumItem(kind, _media(file), Text.of(caption).to_host()) for file, caption in photos or documents]
    answered = None if reply_to is None else to_host(reply_to)
    return [received(it) for it in ask("chat", raw.send_album, to, items, answered, at_most_once)]


def send_location(to: int, latitude: float, longitude: float) -> Ref:
    """Sends a place on the map."""
    return received(ask("chat", raw.send_location, to, latitude, longitude))


def edit_buttons(message: Named, rows: Iterable[Sequence[raw.Button]]) -> None:
    """Puts other buttons under a message."""
    ask("chat", raw.edit_keyboard, to_host(message), _inline(rows))


def remove_buttons(message: Named) -> None:
    """Takes a message's buttons away."""
    ask("chat", raw.edit_keyboard, to_host(message), None)


def delete(message: Named) -> None:
    """Deletes a message."""
    ask("chat", raw.delete, to_host(message))


def answer(callback: events.Callback, text: str | None = None) -> None:
    """Ends the waiting circle on a pressed button, with a short text if given. The host does so by itself otherwise."""
    ask("chat", raw.answer_callback, callback.id, text, False)


def alert(callback: events.Callback, text: str) -> None:
    """The same, with the text in a window to be closed."""
    ask("chat", raw.answer_callback, callback.id, text, True)


def action(to: int, what: raw.Action = raw.Action.TYPING) -> None:
    """Shows what the bot is doing."""
    ask("chat", raw.send_action, to, what)
