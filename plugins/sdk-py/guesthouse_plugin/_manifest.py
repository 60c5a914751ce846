"""What a plugin says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol, Sequence

from wit_world.imports import manifests


class Declared(Protocol):
    """A table, as ``tables.Table`` is one."""

    def declaration(self) -> manifests.Table: ...


@dataclass
class Command:
    """A command people can choose from the bot's menu; ``translations`` by language: ``{"ru": "…"}``."""

    name: str
    description: str
    translations: dict[str, str] = field(default_factory=dict)
    admins_only: bool = False


@dataclass
class Setting:
    """A setting that the operator can give; one without a default has to be given."""

    name: str
    description: str
    default: object = None


@dataclass
class Processor:
    """A part that reads events of these kinds in the background."""

    name: str
    events: Sequence[str] = ()


@dataclass
class Schedule:
    """Something that happens again and again; ``cron`` may be ``@config:KEY``."""

    name: str
    cron: str
    processor: str | None = None


@dataclass
class Parameter:
    """A parameter of a route; one that stands in the path has to be there."""

    name: str
    description: str
    is_integer: bool = False
    required: bool = False


@dataclass
class Route:
    """An address of the host's REST API that the plugin answers; ``request`` and ``response`` are JSON schemas."""

    name: str
    path: str
    description: str
    method: str = "get"
    parameters: Sequence[Parameter] = ()
    request: Any = None
    response: Any = None
    processor: str | None = None


@dataclass
class Manifest:
    """What a plugin says of itself. Kinds of events are written as in the contract: ``"message"``, ``"channel-post"``."""

    name: str
    version: str
    description: str
    commands: Sequence[Command] = ()
    deep_links: Sequence[str] = ()
    events: Sequence[str] = ()
    tables: Sequence[Declared] = ()
    config: Sequence[Setting] = ()
    processors: Sequence[Processor] = ()
    schedules: Sequence[Schedule] = ()
    routes: Sequence[Route] = ()

    def to_host(self) -> manifests.Manifest:
        """As the contract has it."""
        return manifests.Manifest(
            self.name,
            self.version,
            self.description,
            [
                manifests.CommandSpec(
                    it.name,
                    it.description,
                    [manifests.Localized(language, text) for language, text in it.translations.items()],
                    it.admins_only,
                )
                for it in self.commands
            ],
            list(self.deep_links),
            _kinds(self.events),
            [it.declaration() for it in self.tables],
            [
                manifests.ConfigKey(it.name, it.description, None if it.default is None else str(it.default))
                for it in self.config
            ],
            [manifests.Processor(it.name, _kinds(it.events)) for it in self.processors],
            [manifests.Schedule(it.name, it.cron, it.processor) for it in self.schedules],
            [_route(it) for it in self.routes],
        )


def _kinds(names: Sequence[str]) -> list[manifests.EventKind]:
    return [manifests.EventKind[name.upper().replace("-", "_")] for name in names]


def _route(route: Route) -> manifests.Route:
    def schema(value: Any) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value)

    parameters = [
        manifests.RouteParameter(it.name, it.description, it.is_integer, it.required or f"{{{it.name}}}" in route.path)
        for it in route.parameters
    ]
    method = manifests.RouteMethod[route.method.upper()]
    return manifests.Route(
        route.name, method, route.path, route.description, parameters,
        schema(route.request), schema(route.response), route.processor,
    )
