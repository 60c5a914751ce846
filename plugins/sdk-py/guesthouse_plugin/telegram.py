"""Any other method of the Bot API, from those that the grant lists. The answer is not returned."""

import json

from wit_world.imports import telegram as raw

from ._errors import ask


def call(method: str, **parameters: object) -> None:
    """Calls a method with these parameters after the turn has committed."""
    ask("telegram", raw.call, method, json.dumps(parameters, ensure_ascii=False))
