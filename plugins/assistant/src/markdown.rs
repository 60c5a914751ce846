//! The model's Markdown as a text of the plugin contract. What becomes of what is in `guesthouse_markdown`, with which the host
//! has shown the answer while it came in.

use guesthouse_markdown::{Kind, Mark};
use guesthouse_plugin::{Entity, EntityKind, Text};

/// Renders a text.
pub(crate) fn render(markdown: &str) -> Text {
    let text = guesthouse_markdown::render(markdown);
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
