"""Where a conversation stands: one state for each user in each chat and topic, of this plugin alone."""

from __future__ import annotations

import json
from typing import Any

from wit_world.imports import dialogue as raw

from ._errors import ask


def get() -> Any:
    """The state, if there is one and its time is not over."""
    state = ask("dialogue", raw.get)
    return None if state is None else json.loads(state.data)


def set(state: object, seconds: int = 600) -> None:
    """Sets the state to anything that JSON can say; its ``step`` is what an operator sees."""
    step = state if isinstance(state, str) else state.get("step", "") if isinstance(state, dict) else ""
    ask("dialogue", raw.set, raw.State(str(step), json.dumps(state, ensure_ascii=False)), seconds)


def clear() -> None:
    """Ends the conversation."""
    ask("dialogue", raw.clear)
