"""Texts with formatting. Nothing in a text is markup: parts are added one after another."""

from __future__ import annotations

from typing import Any, Union

from wit_world.imports import types


def _units(text: str) -> int:
    """The length in UTF-16 units, in which Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


class Text:
    """A text and its formatting. Each method adds a part and returns the same text."""

    def __init__(self, content: str = "") -> None:
        self.content = content
        self.entities: list[types.Entity] = []

    @staticmethod
    def of(part: TextLike) -> Text:
        """A text of whatever can be one."""
        if isinstance(part, Text):
            return part
        if isinstance(part, types.Text):
            text = Text(part.content)
            text.entities = list(part.entities)
            return text
        return Text(str(part))

    def plain(self, part: TextLike) -> Text:
        """Adds plain text, or another text with its formatting."""
        other, shift = Text.of(part), _units(self.content)
        self.entities += [types.Entity(it.kind, it.offset + shift, it.length) for it in other.entities]
        self.content += other.content
        return self

    def line(self, part: TextLike = "") -> Text:
        """Begins a new line."""
        return self.plain("\n").plain(part)

    def bold(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Bold(), part)

    def italic(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Italic(), part)

    def underline(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Underline(), part)

    def strikethrough(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Strikethrough(), part)

    def spoiler(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Spoiler(), part)

    def quote(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Blockquote(), part)

    def code(self, part: TextLike) -> Text:
        return self._add(types.EntityKind_Code(), part)

    def pre(self, part: TextLike, language: str | None = None) -> Text:
        return self._add(types.EntityKind_Pre(language), part)

    def link(self, part: TextLike, url: str) -> Text:
        return self._add(types.EntityKind_TextLink(url), part)

    def mention(self, part: TextLike, user: int) -> Text:
        return self._add(types.EntityKind_TextMention(user), part)

    def _add(self, kind: Any, part: TextLike) -> Text:
        inner = Text.of(part)
        if inner.content:
            # Before the parts inside, as the Bot API orders them.
            self.entities.append(types.Entity(kind, _units(self.content), _units(inner.content)))
        return self.plain(inner)

    def to_host(self) -> types.Text:
        """As the contract has it."""
        return types.Text(self.content, self.entities)


TextLike = Union[str, Text, types.Text]
