"""The time; no grant is needed."""

from wit_world.imports import clock as raw

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def now() -> int:
    """When this turn began, in milliseconds since 1970; the same however often it is asked."""
    return raw.now()
