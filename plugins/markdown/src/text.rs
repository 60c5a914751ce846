//! A text and its formats, as Telegram counts them: in UTF-16 units.

/// What a part of a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Telegram's")]
pub enum Kind {
    Bold,
    Italic,
    Strikethrough,
    Code,
    /// With the language, if one is named.
    Pre(Option<String>),
    Blockquote,
    /// With the address.
    TextLink(String),
}

/// A part of a text that is more than plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// What it is.
    pub kind: Kind,
    /// Where it begins.
    pub offset: u32,
    /// How long it is; never 0.
    pub length: u32,
}

/// A text and its formats. One lies within another or beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text {
    /// The words.
    pub content: String,
    /// The formats; those around others come first.
    pub marks: Vec<Mark>,
}

impl From<&str> for Text {
    fn from(content: &str) -> Self {
        Self { content: content.to_owned(), marks: Vec::new() }
    }
}

impl From<String> for Text {
    fn from(content: String) -> Self {
        Self { content, marks: Vec::new() }
    }
}

impl Text {
    /// The length in UTF-16 units.
    pub fn utf16_len(&self) -> u32 {
        let units: usize = self.content.chars().map(char::len_utf16).sum();
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// Adds another text.
    pub(crate) fn plain(mut self, other: impl Into<Self>) -> Self {
        let (start, other) = (self.utf16_len(), other.into());
        self.content.push_str(&other.content);
        self.marks.extend(other.marks.into_iter().map(|mark| Mark { offset: mark.offset + start, ..mark }));
        self
    }

    /// Adds another text, all of which is of this kind.
    pub(crate) fn styled(mut self, kind: Kind, other: impl Into<Self>) -> Self {
        let other = other.into();
        let (offset, length) = (self.utf16_len(), other.utf16_len());
        if length > 0 {
            self.marks.push(Mark { kind, offset, length });
        }
        self.plain(other)
    }

    /// Without the white space at its end, and with no format that reaches into it.
    pub(crate) fn trimmed(mut self) -> Self {
        self.content.truncate(self.content.trim_end().len());
        self.fit()
    }

    /// At most so many units of it, without white space at the end.
    pub fn cut(mut self, most: u32) -> Self {
        let mut units = 0;
        let fits = |char: &char| {
            units += char.len_utf16();
            units <= most as usize
        };
        let kept: usize = self.content.chars().take_while(fits).map(char::len_utf8).sum();
        self.content.truncate(kept);
        self.trimmed()
    }

    fn fit(mut self) -> Self {
        let length = self.utf16_len();
        self.marks.retain_mut(|mark| {
            mark.length = mark.length.min(length.saturating_sub(mark.offset));
            mark.length > 0
        });
        self
    }
}
