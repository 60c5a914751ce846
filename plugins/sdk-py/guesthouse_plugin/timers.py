"""Events at a later time. Each fires once, on whichever host, also after a restart."""

from __future__ import annotations

from wit_world.imports import timers as raw

from ._errors import ask


def set(key: str, at: int, *, data: str = "", chat: int | None = None, processor: str | None = None) -> None:
    """Sets a timer, or moves the one with this key; ``at`` is milliseconds since 1970."""
    ask("timers", raw.set, raw.Timer(key, at, data, chat, processor))


def cancel(key: str, *, chat: int | None = None, processor: str | None = None) -> None:
    """Takes a timer away, if there is one."""
    ask("timers", raw.cancel, key, chat, processor)
