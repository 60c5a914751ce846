"""Messages that stand in a chat or will: how they are named in later turns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Union

from wit_world.imports import chat as raw
from wit_world.imports import events, types


@dataclass(frozen=True)
class Ref:
    """A message: one that this plugin asked to send, or one that stands in a chat. ``dump`` and ``load`` keep it in a table."""

    sent: int | None = None
    chat: int | None = None
    id: int | None = None

    def dump(self) -> str:
        return json.dumps({"sent": self.sent} if self.sent is not None else {"chat": self.chat, "id": self.id})

    @staticmethod
    def load(text: str) -> Ref:
        return Ref(**json.loads(text))


#: Whatever names a message.
Named = Union[Ref, types.Message, events.Callback]


def to_host(of: Named) -> Any:
    """As the contract has it."""
    if isinstance(of, Ref):
        if of.sent is not None:
            return raw.MessageRef_Sent(of.sent)
        return raw.MessageRef_Received(raw.Received(of.chat or 0, of.id or 0))
    if isinstance(of, events.Callback):
        return raw.MessageRef_Received(raw.Received(of.chat.id, of.message_id))
    return raw.MessageRef_Received(raw.Received(of.chat.id, of.id))


def received(ref: Any) -> Ref:
    """From the contract."""
    if isinstance(ref, raw.MessageRef_Sent):
        return Ref(sent=ref.value)
    return Ref(chat=ref.value.chat, id=ref.value.id)
