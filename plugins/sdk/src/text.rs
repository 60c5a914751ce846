//! Texts with formatting. Offsets are counted here so that no plugin has to count UTF-16 units.

use crate::{Entity, EntityKind, Text, UserId};

/// Building. Every method takes a plain string or another [`Text`], so formats nest:
///
/// ```
/// use guesthouse_plugin::{EntityKind, Text};
///
/// let text = Text::new().bold("👍 ").italic(Text::from("see ").link("here", "https://example.org"));
/// assert_eq!(text.content, "👍 see here");
/// assert_eq!(text.entities[0].length, 3); // the emoji is two units long
/// assert_eq!(text.entities[2].kind, EntityKind::TextLink("https://example.org".into()));
/// assert_eq!((text.entities[2].offset, text.entities[2].length), (7, 4));
/// ```
impl Text {
    /// The empty text.
    pub fn new() -> Self {
        Self { content: String::new(), entities: Vec::new() }
    }

    /// Adds a text as it is.
    pub fn plain(mut self, text: impl Into<Text>) -> Self {
        let shift = self.utf16_len();
        let text = text.into();
        self.content.push_str(&text.content);
        self.entities
            .extend(text.entities.into_iter().map(|entity| Entity { offset: entity.offset + shift, ..entity }));
        self
    }

    /// Adds a line break.
    pub fn newline(mut self) -> Self {
        self.content.push('\n');
        self
    }

    /// Adds a text of the kind given. An empty text adds nothing.
    pub fn styled(mut self, kind: EntityKind, text: impl Into<Text>) -> Self {
        let text = text.into();
        let length = text.utf16_len();
        if length > 0 {
            // Before the parts inside, as the Bot API orders them.
            self.entities.push(Entity { kind, offset: self.utf16_len(), length });
        }
        self.plain(text)
    }

    /// Adds bold text.
    pub fn bold(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Bold, text)
    }

    /// Adds italic text.
    pub fn italic(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Italic, text)
    }

    /// Adds underlined text.
    pub fn underline(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Underline, text)
    }

    /// Adds struck-out text.
    pub fn strikethrough(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Strikethrough, text)
    }

    /// Adds text that is hidden until tapped.
    pub fn spoiler(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Spoiler, text)
    }

    /// Adds a quotation.
    pub fn quote(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Blockquote, text)
    }

    /// Adds a quotation that is folded at first.
    pub fn folded_quote(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::ExpandableBlockquote, text)
    }

    /// Adds monospaced text within a line; a tap copies it.
    pub fn code(self, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Code, text)
    }

    /// Adds a monospaced block; `language` colours it, and may be empty.
    pub fn pre(self, language: &str, text: impl Into<Text>) -> Self {
        self.styled(EntityKind::Pre((!language.is_empty()).then(|| language.to_owned())), text)
    }

    /// Adds text that leads to an address.
    pub fn link(self, text: impl Into<Text>, url: impl Into<String>) -> Self {
        self.styled(EntityKind::TextLink(url.into()), text)
    }

    /// Adds text that leads to a user, also one without a username.
    pub fn mention(self, text: impl Into<Text>, user: UserId) -> Self {
        self.styled(EntityKind::TextMention(user), text)
    }

    /// Adds a custom emoji by its id; `fallback` is the ordinary emoji shown where it is not known.
    pub fn custom_emoji(self, fallback: &str, id: impl Into<String>) -> Self {
        self.styled(EntityKind::CustomEmoji(id.into()), fallback)
    }
}

/// Looking.
impl Text {
    /// Whether there are no characters.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The length in UTF-16 code units, in which Telegram's limits are given.
    pub fn utf16_len(&self) -> u32 {
        let units: usize = self.content.chars().map(char::len_utf16).sum();
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// The characters of one of its entities; empty if the entity does not lie within the text.
    pub fn part(&self, entity: &Entity) -> &str {
        let byte_at = |unit: u32| {
            let mut units = 0;
            self.content
                .char_indices()
                .chain([(self.content.len(), '\0')])
                .find(|(_, char)| {
                    let here = units == unit;
                    units += u32::try_from(char.len_utf16()).unwrap_or(2);
                    here
                })
                .map(|(byte, _)| byte)
        };
        let end = entity.offset.saturating_add(entity.length);
        byte_at(entity.offset).zip(byte_at(end)).map_or("", |(from, to)| &self.content[from..to])
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl From<&str> for Text {
    fn from(content: &str) -> Self {
        Self { content: content.to_owned(), entities: Vec::new() }
    }
}

impl From<String> for Text {
    fn from(content: String) -> Self {
        Self { content, entities: Vec::new() }
    }
}

impl From<&String> for Text {
    fn from(content: &String) -> Self {
        content.as_str().into()
    }
}

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &Text) -> Vec<(&EntityKind, &str)> {
        text.entities.iter().map(|entity| (&entity.kind, text.part(entity))).collect()
    }

    #[test]
    fn offsets_count_utf16_units() {
        let text = Text::from("é👨‍👩‍👧 ").bold("שלום").plain("\n").code("🦀").plain("!");
        assert_eq!(text.entities[0].offset, 10);
        assert_eq!(text.entities[1].length, 2);
        assert_eq!(spans(&text), [(&EntityKind::Bold, "שלום"), (&EntityKind::Code, "🦀")]);
    }

    #[test]
    fn outer_entities_come_before_inner_ones() {
        let inner = Text::new().italic("b").underline("c");
        let text = Text::from("a").spoiler(inner);
        let expected = [(&EntityKind::Spoiler, "bc"), (&EntityKind::Italic, "b"), (&EntityKind::Underline, "c")];
        assert_eq!(spans(&text), expected);
        assert!(text.entities.is_sorted_by_key(|entity| entity.offset));
    }

    #[test]
    fn empty_parts_make_no_entity() {
        assert_eq!(Text::new().bold("").link("", "https://example.org"), Text::default());
    }

    #[test]
    fn a_part_outside_the_text_is_empty() {
        let text = Text::from("🦀a");
        let part = |offset, length| text.part(&Entity { kind: EntityKind::Bold, offset, length }).to_owned();
        assert_eq!(part(2, 1), "a");
        assert_eq!(part(1, 1), "", "within a surrogate pair");
        assert_eq!(part(2, 2), "");
        assert_eq!(part(u32::MAX, u32::MAX), "");
    }
}
