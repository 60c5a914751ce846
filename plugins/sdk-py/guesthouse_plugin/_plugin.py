"""The two functions that a plugin is, and what the host makes of their exceptions."""

from __future__ import annotations

import traceback
from typing import Any

import wit_world
from componentize_py_types import Err
from wit_world.imports import events, log

from ._errors import Failure, HostError
from ._manifest import Manifest


class Plugin:
    """A plugin: the module of the project has an instance of it called ``plugin``.

    What it holds when it is made is there in every turn; what a turn changes in it is gone with the turn.
    """

    def describe(self) -> Manifest:
        """Says what the plugin is and what it wants. Only ``config`` and ``log`` answer here."""
        raise NotImplementedError

    def handle(self, event: events.Event) -> None:
        """Handles one event. Everything asked for takes effect together if this returns."""
        raise NotImplementedError


def world(plugin: Plugin) -> type:
    """What componentize-py makes a component of."""

    class World(wit_world.WitWorld):
        def describe(self) -> Any:
            try:
                return plugin.describe().to_host()
            except Exception as error:
                # Nothing but the log leaves the sandbox here.
                log.write(log.Level.ERROR, f"describe: {_story(error)}")
                raise

        def handle(self, event: events.Event) -> None:
            try:
                plugin.handle(event)
            except Failure as failure:
                reason = str(failure)
                raise Err(events.Failure_Retry(reason) if failure.again else events.Failure_GiveUp(reason)) from None
            except HostError as error:
                reason = _story(error)
                raise Err(events.Failure_Retry(reason) if error.is_temporary else events.Failure_GiveUp(reason)) from None
            except Exception as error:
                # What nobody expected may be different next time, as with a crash.
                raise Err(events.Failure_Retry(_story(error))) from None

    return World


def _story(error: Exception) -> str:
    places = [f"{frame.name} {frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__}: {error} ({' < '.join(reversed(places[-4:]))})"
