"""A language model of the operator's choice."""

from __future__ import annotations

import json as _json
from dataclasses import dataclass
from typing import Any, Sequence

from wit_world.imports import llm as raw

from ._errors import ask
from ._refs import Ref, received


@dataclass(frozen=True)
class Said:
    """What one of the speakers says: ``role`` is ``"user"`` or ``"assistant"``; pictures are pairs of media type and bytes."""

    text: str
    role: str = "user"
    images: Sequence[tuple[str, bytes]] = ()


@dataclass(frozen=True)
class Answer:
    """An answer, and what it cost in tokens."""

    text: str
    finish: str
    input_tokens: int
    output_tokens: int
    shown: Ref | None

    def json(self) -> Any:
        """The value that the answer says as JSON."""
        return _json.loads(self.text)


def complete(
    *messages: str | Said,
    system: str | None = None,
    schema: object = None,
    max_tokens: int | None = None,
    temperature: float | None = None,
    show: bool = False,
) -> Answer:
    """Asks the model. ``system`` are the plugin's instructions; ``schema`` is a JSON schema that the answer has to follow."""
    said = [Said(system, "system")] if system is not None else []
    said += [Said(it) if isinstance(it, str) else it for it in messages]
    prompt = raw.Prompt(
        [
            raw.Message(
                raw.Role[it.role.upper()],
                [raw.Part_Text(it.text), *(raw.Part_Image(raw.Image(kind, data)) for kind, data in it.images)],
            )
            for it in said
        ],
        schema if schema is None or isinstance(schema, str) else _json.dumps(schema),
        max_tokens,
        temperature,
        show,
    )
    it = ask("llm", raw.complete, prompt)
    shown = None if it.shown is None else received(it.shown)
    return Answer(it.text, it.finish.name.lower(), it.input_tokens, it.output_tokens, shown)
