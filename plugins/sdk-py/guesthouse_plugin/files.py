"""Files that people sent to the bot."""

from wit_world.imports import files as raw

from ._errors import ask


def fetch(file_id: str) -> bytes:
    """The content of a file, by its id."""
    return ask("files", raw.fetch, file_id)
