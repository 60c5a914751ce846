//! The markup of HTML.

use super::{Builder, Detail, Formatted};

/// An open tag.
struct Open {
    tag: String,
    /// Of the link, the language, the emoji.
    argument: String,
    offset: usize,
}

/// Parses text with tags; the error names the byte where it stumbled.
pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut out = Builder::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c == '&' {
            let (decoded, length) = reference(&text[at..]);
            out.push(decoded);
            at += length;
        } else if c != '<' {
            out.push(c);
            at += c.len_utf8();
        } else if text[at..].starts_with("</") {
            at = close_tag(text, at, &mut open, &mut out)?;
        } else {
            let (tag, next) = open_tag(text, at, out.units)?;
            open.push(tag);
            at = next;
        }
    }
    match open.pop() {
        Some(tag) => Err(format!("Can't find end tag corresponding to start tag \"{}\"", tag.tag)),
        None => Ok(out.finish()),
    }
}

fn open_tag(text: &str, begin: usize, offset: usize) -> Result<(Open, usize), String> {
    let unclosed = || format!("Unclosed start tag at byte offset {begin}");
    let mut at = begin + 1;
    let name_end = text[at..].find(|c: char| c.is_ascii_whitespace() || c == '>').ok_or_else(unclosed)?;
    let tag = text[at..at + name_end].to_ascii_lowercase();
    at += name_end;
    let known = [
        "a",
        "b",
        "strong",
        "i",
        "em",
        "s",
        "strike",
        "del",
        "u",
        "ins",
        "tg-spoiler",
        "tg-emoji",
        "span",
        "pre",
        "code",
        "blockquote",
    ];
    if !known.contains(&tag.as_str()) {
        return Err(format!("Unsupported start tag \"{tag}\" at byte offset {begin}"));
    }
    let mut argument = String::new();
    loop {
        at += text[at..].len() - text[at..].trim_ascii_start().len();
        let rest = &text[at..];
        if rest.is_empty() {
            return Err(unclosed());
        }
        if rest.starts_with('>') {
            break;
        }
        let end = rest.find(|c: char| c.is_ascii_whitespace() || matches!(c, '=' | '>')).ok_or_else(unclosed)?;
        if end == 0 {
            return Err(format!("Empty attribute name in the tag \"{tag}\" at byte offset {begin}"));
        }
        let name = rest[..end].to_ascii_lowercase();
        at += end;
        at += text[at..].len() - text[at..].trim_ascii_start().len();
        let mut value = String::new();
        if text[at..].starts_with('=') {
            at += 1;
            at += text[at..].len() - text[at..].trim_ascii_start().len();
            let (read, next) = attribute_value(text, at).ok_or_else(unclosed)?;
            (value, at) = (read, next);
        }
        match (tag.as_str(), name.as_str()) {
            ("a", "href") | ("tg-emoji", "emoji-id") => argument = value,
            ("code", "class") => {
                if let Some(language) = value.strip_prefix("language-") {
                    argument = language.to_owned();
                }
            }
            ("span", "class") if value.starts_with("tg-") => argument = value,
            ("blockquote", "expandable") => argument = "expandable".into(),
            _ => {}
        }
    }
    if tag == "span" && argument != "tg-spoiler" {
        return Err(format!("Tag \"span\" must have class \"tg-spoiler\" at byte offset {begin}"));
    }
    Ok((Open { tag, argument, offset }, at + 1))
}

/// A quoted or bare value and where it ends.
fn attribute_value(text: &str, at: usize) -> Option<(String, usize)> {
    let quote = text[at..].chars().next()?;
    if quote != '"' && quote != '\'' {
        let end = text[at..].find(|c: char| c.is_ascii_whitespace() || c == '>')?;
        return Some((text[at..at + end].to_owned(), at + end));
    }
    let start = at + 1;
    let end = start + text[start..].find(quote)?;
    let mut value = String::new();
    let mut at = start;
    while at < end {
        let Some(c) = text[at..end].chars().next() else { break };
        if c == '&' {
            let (decoded, length) = reference(&text[at..end]);
            value.push(decoded);
            at += length;
        } else {
            value.push(c);
            at += c.len_utf8();
        }
    }
    Some((value, end + 1))
}

fn close_tag(text: &str, begin: usize, open: &mut Vec<Open>, out: &mut Builder) -> Result<usize, String> {
    let Some(tag) = open.pop() else { return Err(format!("Unexpected end tag at byte offset {begin}")) };
    let start = begin + 2;
    let end = text[start..].find('>').ok_or_else(|| format!("Unclosed end tag at byte offset {begin}"))?;
    let name = text[start..start + end].trim_ascii().to_ascii_lowercase();
    // `</>` ends whatever is open.
    if !name.is_empty() && name != tag.tag {
        return Err(format!(
            "Unmatched end tag at byte offset {begin}, expected \"</{}>\", found \"</{name}>\"",
            tag.tag
        ));
    }
    let Open { tag, argument, offset } = tag;
    match tag.as_str() {
        "b" | "strong" => out.close("bold", offset, Detail::None),
        "i" | "em" => out.close("italic", offset, Detail::None),
        "s" | "strike" | "del" => out.close("strikethrough", offset, Detail::None),
        "u" | "ins" => out.close("underline", offset, Detail::None),
        "tg-spoiler" | "span" => out.close("spoiler", offset, Detail::None),
        "tg-emoji" => out.close("custom_emoji", offset, Detail::Emoji(argument)),
        "blockquote" if argument.is_empty() => out.close("blockquote", offset, Detail::None),
        "blockquote" => out.close("expandable_blockquote", offset, Detail::None),
        "a" => {
            let url = if argument.is_empty() { text_since(out, offset) } else { argument };
            out.close_link(offset, &url);
        }
        // The language stands on the inner tag; `pre` takes it when it ends.
        "code" if argument.is_empty() => out.close("code", offset, Detail::None),
        "code" => out.close("code", offset, Detail::Language(argument)),
        _ => {
            let mut detail = Detail::None;
            if let Some(inner) = out.entities.last()
                && inner.kind == "code"
                && inner.offset == offset
                && inner.offset + inner.length == out.units
            {
                detail = inner.detail.clone();
            }
            // Code inside a block is the block.
            out.entities.retain(|entity| entity.offset < offset || entity.kind != "code");
            out.close("pre", offset, detail);
        }
    }
    // A language without a block around it means nothing.
    if open.is_empty() {
        let stray = |entity: &&mut super::Entity| entity.kind == "code";
        out.entities.iter_mut().filter(stray).for_each(|entity| entity.detail = Detail::None);
    }
    Ok(start + end + 1)
}

fn text_since(out: &Builder, offset: usize) -> String {
    super::byte_at(&out.text, offset).map(|start| out.text[start..].to_owned()).unwrap_or_default()
}

/// The character that a reference stands for, and its length; a bare `&` stands for itself.
fn reference(text: &str) -> (char, usize) {
    let plain = ('&', 1);
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '&' | '#'))).unwrap_or(text.len());
    let name = &text[1..end];
    let decoded = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => name.strip_prefix('#').and_then(|number| {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code).filter(|c| *c != '\0')
        }),
    };
    match decoded {
        // The semicolon is the rule, but Telegram does without.
        Some(c) => (c, end + usize::from(text[end..].starts_with(';'))),
        None => plain,
    }
}
