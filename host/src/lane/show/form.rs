//! In which form an answer is shown before its plugin gives it the last one: models write Markdown, and what of it is complete
//! is formatted while the rest comes in.

use guesthouse_markdown::{Kind, Mark};

use crate::model::event::{Entity, EntityKind, Text};

/// What is shown of a long answer, in UTF-16 units: Telegram takes 4096.
const LONGEST: u32 = 4_000;

/// What is shown of a text that is not complete.
pub(super) fn growing(text: &str) -> Text {
    let mut text = of(guesthouse_markdown::render_beginning(text.trim_start(), LONGEST));
    text.content.push_str(if text.content.is_empty() { "…" } else { " …" });
    text
}

/// As much of a complete text as one message shows.
pub(super) fn whole(text: &str) -> Text {
    of(guesthouse_markdown::render_front(text.trim_start(), LONGEST))
}

fn of(text: guesthouse_markdown::Text) -> Text {
    Text { content: text.content, entities: text.marks.into_iter().map(entity).collect() }
}

fn entity(Mark { kind, offset, length }: Mark) -> Entity {
    let kind = match kind {
        Kind::Bold => EntityKind::Bold,
        Kind::Italic => EntityKind::Italic,
        Kind::Strikethrough => EntityKind::Strikethrough,
        Kind::Code => EntityKind::Code,
        Kind::Pre(language) => EntityKind::Pre(language),
        Kind::Blockquote => EntityKind::Blockquote,
        Kind::TextLink(address) => EntityKind::TextLink(address),
    };
    Entity { kind, offset, length }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_grows_says_so_and_fits() {
        assert_eq!(growing("\n Once upon ").content, "Once upon …");
        assert_eq!(growing("**").content, "…");
        let long = growing(&format!("**{}**", "😀".repeat(5_000)));
        assert_eq!(long.content.encode_utf16().count() as u32, LONGEST + 2);
        let bold = Entity { kind: EntityKind::Bold, offset: 0, length: LONGEST };
        assert_eq!(long.entities, [bold], "and no format reaches past what is shown");
        assert_eq!(whole("**all** of it").entities.len(), 1);
    }
}
