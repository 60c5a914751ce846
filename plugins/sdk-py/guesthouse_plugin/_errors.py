"""Why the host did not do what it was asked, and what that means for the turn."""

from __future__ import annotations

import re
from typing import Any, Callable, TypeVar

from componentize_py_types import Err

T = TypeVar("T")

_TEMPORARY = {"unavailable", "timeout", "unreachable"}
_WORDS = {
    "chat-not-granted": "the grant does not include the chat `{}`",
    "method-not-granted": "the grant does not list the method `{}`",
    "no-such-table": "the manifest has no table `{}`",
    "no-such-column": "the table has no column `{}`",
    "no-such-row": "there is no row `{}`",
    "no-such-processor": "the manifest has no processor `{}`",
    "no-user": "the event has no user whose conversation it could be",
    "no-request": "the event of this turn is no request",
    "answered": "the request has been answered already",
    "unknown-message": "no message of this plugin has that number",
    "not-found": "Telegram has no such file",
    "too-large": "it is larger than {} bytes",
    "over-budget": "the language model's budget of the day is used up",
    "limit": "{}",
    "other": "{}",
}


class Failure(Exception):
    """Ends a turn without effect. The reason is for the operator, the person in the chat never sees it."""

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.again = again

    @classmethod
    def retry(cls, reason: object) -> Failure:
        """It may work later: the host runs the turn again after a pause."""
        return cls(str(reason), again=True)

    @classmethod
    def give_up(cls, reason: object) -> Failure:
        """It will never work: the event becomes a dead letter."""
        return cls(str(reason), again=False)


class HostError(Exception):
    """Why the host did not do what it was asked. Left alone, it becomes a failure of the turn."""

    def __init__(self, what: str, kind: str, value: Any) -> None:
        shown = "`, `".join(value) if isinstance(value, list) else value
        if kind == "not-unique":
            text = f"another row has the same `{shown}`"
        elif kind in _WORDS:
            text = _WORDS[kind].format(shown)
        else:
            text = f"{what}: {kind.replace('-', ' ')}" + ("" if shown is None else f": {shown}")
        super().__init__(text)
        #: The part of the host, the case of its error, and what the case carries.
        self.what, self.kind, self.value = what, kind, value

    @property
    def is_temporary(self) -> bool:
        """Whether the same may work later: the database, Telegram, the Web or the model did not answer."""
        return self.kind in _TEMPORARY


def ask(what: str, call: Callable[..., T], *arguments: Any) -> T:
    """Calls the host, and makes a :class:`HostError` of its refusal."""
    try:
        return call(*arguments)
    except Err as refusal:
        name = type(refusal.value).__name__.removeprefix("Error_")
        kind = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
        raise HostError(what, kind, getattr(refusal.value, "value", None)) from None
