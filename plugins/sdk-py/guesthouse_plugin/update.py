"""The turn, and the update behind its event; no grant is needed."""

from __future__ import annotations

import json as _json
from typing import Any

from wit_world.imports import update as raw


def json() -> Any:
    """The update as Telegram sent it; ``None`` for an event that is not an update."""
    text = raw.json()
    return None if text == "" else _json.loads(text)


def processor() -> str | None:
    """The processor that this turn belongs to, if it is not the plugin itself."""
    return raw.processor()


def skip(reason: str) -> bool:
    """Says that this message is nothing for the plugin, and why. Returns whether there is a next one to be asked."""
    return raw.pass_(reason)
