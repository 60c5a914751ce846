"""Randomness that cannot be guessed from outside, and that a recorded turn gets again; no grant is needed."""

from wit_world.imports import random as raw


def token(count: int) -> bytes:
    """So many random bytes, at most 4096."""
    return raw.bytes(count)


def below(bound: int) -> int:
    """A whole number from 0 to ``bound``, which is left out."""
    if bound <= 0:
        raise ValueError("a number below 0 was asked for")
    # What lies beyond would make small numbers likelier.
    limit = (1 << 64) - (1 << 64) % bound
    while (number := raw.number()) >= limit:
        pass
    return number % bound


def code(length: int) -> str:
    """A code of digits and capital letters that are not mistaken for each other; each carries 5 bits."""
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[byte % 32] for byte in raw.bytes(length))
