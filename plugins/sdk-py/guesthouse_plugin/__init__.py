"""Write plugins for Guesthouse, the Telegram bot host.

A plugin is plain synchronous code that asks its host for everything it needs. Each submodule that it imports (``chat``,
``tables``, …) is a capability that the operator grants; this module, ``clock``, ``config``, ``log``, ``random``, ``routes`` and
``update`` need no grant.
"""

from ._errors import Failure, HostError
from ._events import AnyEvent, Event, full_name, pressed
from ._manifest import Command, Manifest, Parameter, Processor, Route, Schedule, Setting
from ._plugin import Plugin
from ._text import Text

__all__ = [
    "AnyEvent", "Command", "Event", "Failure", "HostError", "Manifest", "Parameter", "Plugin", "Processor", "Route",
    "Schedule", "Setting", "Text", "full_name", "pressed",
]
