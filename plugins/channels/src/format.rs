//! A text and its formatting as they are kept in two columns, and cut where they become too long.

use guesthouse_plugin::{Entity, EntityKind, Text};

/// The formatting as JSON: kind, offset, length, and what belongs to the kind.
pub(crate) fn encode(text: &Text) -> String {
    let parts: Vec<(&str, u32, u32, Option<String>)> = text
        .entities
        .iter()
        .filter_map(|entity| word(&entity.kind).map(|(word, more)| (word, entity.offset, entity.length, more)))
        .collect();
    serde_json::to_string(&parts).unwrap_or_default()
}

/// The text again.
pub(crate) fn decode(body: &str, format: &str) -> Text {
    let parts: Vec<(String, u32, u32, Option<String>)> = serde_json::from_str(format).unwrap_or_default();
    let entities = parts
        .into_iter()
        .filter_map(|(word, offset, length, more)| kind(&word, more).map(|kind| Entity { kind, offset, length }));
    Text { content: body.to_owned(), entities: entities.collect() }
}

/// At most so many UTF-16 units of it, with `…` where something is missing.
pub(crate) fn cut(text: Text, max: u32) -> Text {
    if text.utf16_len() <= max {
        return text;
    }
    let (mut units, mut end) = (0, 0);
    for (at, char) in text.content.char_indices() {
        units += u32::try_from(char.len_utf16()).unwrap_or(2);
        if units >= max {
            break;
        }
        end = at + char.len_utf8();
    }
    let content = format!("{}…", text.content[..end].trim_end());
    let kept = Text::from(content.as_str()).utf16_len();
    let mut entities = text.entities;
    entities.retain(|entity| entity.offset < kept);
    for entity in &mut entities {
        entity.length = entity.length.min(kept - entity.offset);
    }
    Text { content, entities }
}

fn word(kind: &EntityKind) -> Option<(&'static str, Option<String>)> {
    Some(match kind {
        EntityKind::Bold => ("bold", None),
        EntityKind::Italic => ("italic", None),
        EntityKind::Underline => ("underline", None),
        EntityKind::Strikethrough => ("strikethrough", None),
        EntityKind::Spoiler => ("spoiler", None),
        EntityKind::Blockquote => ("blockquote", None),
        EntityKind::ExpandableBlockquote => ("expandable_blockquote", None),
        EntityKind::Code => ("code", None),
        EntityKind::Pre(language) => ("pre", language.clone()),
        EntityKind::TextLink(url) => ("text_link", Some(url.clone())),
        // Telegram finds the others by itself; custom emoji a bot may not send.
        _ => return None,
    })
}

fn kind(word: &str, more: Option<String>) -> Option<EntityKind> {
    Some(match word {
        "bold" => EntityKind::Bold,
        "italic" => EntityKind::Italic,
        "underline" => EntityKind::Underline,
        "strikethrough" => EntityKind::Strikethrough,
        "spoiler" => EntityKind::Spoiler,
        "blockquote" => EntityKind::Blockquote,
        "expandable_blockquote" => EntityKind::ExpandableBlockquote,
        "code" => EntityKind::Code,
        "pre" => EntityKind::Pre(more),
        "text_link" => EntityKind::TextLink(more?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back() {
        let text = Text::new()
            .bold(Text::from("b").italic("i"))
            .link("l", "https://example.org")
            .pre("rust", "p")
            .folded_quote("q");
        assert_eq!(decode(&text.content, &encode(&text)), text);
        assert_eq!(decode("plain", "no JSON"), Text::from("plain"));
        let emoji = Text::new().custom_emoji("👍", "5");
        assert_eq!(decode("👍", &encode(&emoji)), Text::from("👍"));
    }

    #[test]
    fn a_cut_text_keeps_its_formats_within() {
        let text = cut(Text::from("👍👍 ").bold("word word"), 9);
        assert_eq!((text.content.as_str(), text.utf16_len()), ("👍👍 wor…", 9));
        assert_eq!(text.part(&text.entities[0]), "wor…");
        assert_eq!(cut(Text::from("short"), 5), Text::from("short"));
    }
}
