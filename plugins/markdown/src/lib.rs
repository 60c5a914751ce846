//! The Markdown of language models as formatted text. The host shows an answer with it while it comes in, a plugin gives it its
//! last form: both have to make the same of it, and neither knows the other.
//!
//! Telegram has no headings, lists, rules or tables, so headings become bold, items get bullets or numbers, and a table becomes
//! a block whose columns are in line. What is no Markdown stays as it is.

/// From events of the parser to a text.
mod page;

/// A text that is put together.
mod text;

pub use text::{Kind, Mark, Text};

/// Bytes of Markdown that are looked at for each UTF-16 unit that is shown of them: a character has one for three at most,
/// and the rest is marks and addresses.
const PER_UNIT: usize = 8;

/// Renders a text.
pub fn render(markdown: &str) -> Text {
    page::render(markdown, u32::MAX)
}

/// Renders the front of a text: at most so many UTF-16 units of the outcome. What follows costs nothing.
pub fn render_front(markdown: &str, most: u32) -> Text {
    let kept = markdown.floor_char_boundary(PER_UNIT.saturating_mul(most as usize));
    page::render(&markdown[..kept], most).cut(most)
}

/// Renders the beginning of a text, of which more comes: at most so many UTF-16 units of it. What is complete is formatted,
/// what is not stands there as it is written. A last line that is nothing but marks is left out: it may become anything.
pub fn render_beginning(markdown: &str, most: u32) -> Text {
    let is_mark = |char: char| char.is_whitespace() || "-=*_#>`|~+:".contains(char);
    let markdown = markdown.trim_end();
    let (before, last) = markdown.rsplit_once('\n').unwrap_or(("", markdown));
    render_front(if last.chars().all(is_mark) { before } else { markdown }, most)
}

#[cfg(test)]
mod tests;
