"""Answers to the HTTP requests that reach the plugin's routes as ``Event.Request``."""

from __future__ import annotations

import json

from wit_world.imports import events
from wit_world.imports import routes as raw

from ._errors import ask


def reply(status: int, value: object = None) -> None:
    """Answers the request of this turn with a value as JSON; without a value the body is empty."""
    ask("routes", raw.reply, status, "" if value is None else json.dumps(value, ensure_ascii=False))


def parameter(request: events.HttpRequest, name: str) -> str | None:
    """The parameter of that name, of the path or of the query."""
    return next((it.value for it in [*request.path, *request.query] if it.name == name), None)
