"""What the operator has set for this plugin and bot. Answers while ``describe`` runs, too, and needs no grant."""

from __future__ import annotations

from wit_world.imports import config as raw


def get(key: str) -> str | None:
    """The value of a setting: the operator's, or the default of the manifest."""
    return raw.get(key)


def number(key: str) -> int | None:
    """The same as a whole number."""
    value = raw.get(key)
    return None if value is None else int(value)


def admins() -> list[int]:
    """The users who run this bot."""
    return raw.admins()


def is_admin(user: int) -> bool:
    """Whether this user runs the bot."""
    return user in raw.admins()


def me() -> raw.Bot:
    """The bot that the plugin works for."""
    return raw.me()


def deep_link(payload: str) -> str:
    """The address that opens the bot with this payload."""
    return f"https://t.me/{raw.me().username}?start={payload}"
