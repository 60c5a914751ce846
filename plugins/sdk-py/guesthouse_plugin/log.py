"""Lines in the host's log; no grant is needed. Never write a person's message at ``info`` or above."""

from wit_world.imports.log import Level, write


def debug(line: object) -> None:
    write(Level.DEBUG, str(line))


def info(line: object) -> None:
    write(Level.INFO, str(line))


def warn(line: object) -> None:
    write(Level.WARN, str(line))


def error(line: object) -> None:
    write(Level.ERROR, str(line))
