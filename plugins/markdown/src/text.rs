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

impl Text {
    /// The length in UTF-16 units.
    pub fn utf16_len(&self) -> u32 {
        units(&self.content)
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
        self.content.truncate(self.content.trim_end().len());
        let length = self.utf16_len();
        self.marks.retain_mut(|mark| mark.fits(length));
        self
    }
}

impl Mark {
    /// Makes it end where the text does; false if nothing is left of it.
    fn fits(&mut self, length: u32) -> bool {
        self.length = self.length.min(length.saturating_sub(self.offset));
        self.length > 0
    }
}

/// A text that is being written.
#[derive(Default)]
pub(crate) struct Writing {
    text: Text,
    /// The length so far, in UTF-16 units.
    units: u32,
}

impl Writing {
    pub(crate) fn content(&self) -> &str {
        &self.text.content
    }

    pub(crate) fn units(&self) -> u32 {
        self.units
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.text.content.push_str(text);
        self.units = self.units.saturating_add(units(text));
    }

    /// Begins a format; the answer is for [`Self::end`].
    pub(crate) fn begin(&mut self, kind: Kind) -> usize {
        self.text.marks.push(Mark { kind, offset: self.units, length: 0 });
        self.text.marks.len() - 1
    }

    pub(crate) fn end(&mut self, mark: usize) {
        let mark = &mut self.text.marks[mark];
        mark.length = self.units.saturating_sub(mark.offset);
    }

    /// Takes the white space at its end away, but nothing before `start`.
    pub(crate) fn trim(&mut self, start: usize) {
        let kept = start + self.text.content[start..].trim_end().len();
        if kept == self.text.content.len() {
            return;
        }
        self.units = self.units.saturating_sub(units(&self.text.content[kept..]));
        self.text.content.truncate(kept);
        // Code may end in white space. What has ended there is among the last: before it comes what began before.
        let length = self.units;
        let reaches = |mark: &&mut Mark| mark.offset >= length || mark.offset + mark.length > length;
        self.text.marks.iter_mut().rev().take_while(reaches).for_each(|mark| {
            mark.fits(length);
        });
    }

    pub(crate) fn finish(mut self) -> Text {
        let length = self.units;
        self.text.marks.retain_mut(|mark| mark.fits(length));
        self.text
    }
}

fn units(text: &str) -> u32 {
    let units: usize = text.chars().map(char::len_utf16).sum();
    u32::try_from(units).unwrap_or(u32::MAX)
}
