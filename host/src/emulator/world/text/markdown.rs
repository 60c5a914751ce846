//! The old markup of Markdown: no nesting, and a backslash only before the four signs.

use super::{Builder, Detail, Formatted};

/// Parses text with marks; the error names the byte where an open mark stands.
pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut out = Builder::default();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at + c.len_utf8()..];
        if c == '\\' && rest.starts_with(['_', '*', '`', '[']) {
            out.push_str(&rest[..1]);
            at += 2;
        } else if matches!(c, '_' | '*' | '`' | '[') {
            at = entity(text, at, &mut out)?;
        } else {
            out.push(c);
            at += c.len_utf8();
        }
    }
    Ok(out.finish())
}

fn entity(text: &str, begin: usize, out: &mut Builder) -> Result<usize, String> {
    let no_end = || format!("Can't find end of the entity starting at byte offset {begin}");
    let offset = out.units;
    let mark = &text[begin..=begin];
    if text[begin..].starts_with("```") {
        let (language, start) = language(text, begin + 3);
        let end = start + text[start..].find("```").ok_or_else(no_end)?;
        out.push_str(&text[start..end]);
        out.close("pre", offset, language);
        return Ok(end + 3);
    }
    let start = begin + 1;
    let closing = if mark == "[" { "]" } else { mark };
    let end = start + text[start..].find(closing).ok_or_else(no_end)?;
    out.push_str(&text[start..end]);
    match mark {
        "_" => out.close("italic", offset, Detail::None),
        "*" => out.close("bold", offset, Detail::None),
        "`" => out.close("code", offset, Detail::None),
        _ => {
            if let Some(url) = text[end + 1..].strip_prefix('(')
                && let Some(length) = url.find(')')
            {
                out.close_link(offset, &url[..length]);
                return Ok(end + 1 + 1 + length + 1);
            }
            out.close_link(offset, &text[start..end]);
        }
    }
    Ok(end + 1)
}

/// The language after an opening fence, and where the code begins.
pub(super) fn language(text: &str, start: usize) -> (Detail, usize) {
    let rest = &text[start..];
    let end = rest.find(|c: char| c.is_ascii_whitespace() || c == '`').unwrap_or(rest.len());
    let named = end > 0 && end < rest.len() && !rest[end..].starts_with('`');
    let (detail, mut start) = match named {
        true => (Detail::Language(rest[..end].to_owned()), start + end),
        false => (Detail::None, start),
    };
    // The line break after the fence is not part of the code.
    if text[start..].starts_with("\r\n") {
        start += 2;
    } else if text[start..].starts_with('\n') {
        start += 1;
    }
    (detail, start)
}
