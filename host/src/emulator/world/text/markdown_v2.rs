//! The markup of `MarkdownV2`: marks nest, and every sign that could be a mark must be escaped.

use super::markdown::language;
use super::{Builder, Detail, Formatted};

const RESERVED: &str = "_*[]()~`>#+-=|{}.!";

/// What is open.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Bold,
    Italic,
    Underline,
    Strikethrough,
    Spoiler,
    Code,
    Pre(Detail),
    TextUrl,
    CustomEmoji,
    BlockQuote,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Bold => "Bold",
            Self::Italic => "Italic",
            Self::Underline => "Underline",
            Self::Strikethrough => "Strikethrough",
            Self::Spoiler => "Spoiler",
            Self::Code => "Code",
            Self::Pre(Detail::Language(_)) => "PreCode",
            Self::Pre(_) => "Pre",
            Self::TextUrl => "TextUrl",
            Self::CustomEmoji => "CustomEmoji",
            Self::BlockQuote => "BlockQuote",
        }
    }
}

struct Open {
    kind: Kind,
    /// Byte in the source, for the error.
    begin: usize,
    /// UTF-16 offset in the result.
    offset: usize,
}

impl Open {
    fn no_end(&self) -> String {
        format!("Can't find end of {} entity at byte offset {}", self.kind.name(), self.begin)
    }
}

/// Parses text with marks; the error names the sign or the byte where it stumbled.
pub(super) fn parse(text: &str) -> Result<Formatted, String> {
    let mut out = Builder::default();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    let mut line_start = true;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at + c.len_utf8()..];
        let in_code = matches!(open.last(), Some(Open { kind: Kind::Code | Kind::Pre(_), .. }));
        let was_line_start = std::mem::take(&mut line_start);
        if c == '\\'
            && let Some(escaped) = rest.chars().next().filter(|c| ('\u{1}'..='~').contains(c))
        {
            out.push(escaped);
            at += 2;
            continue;
        }
        if !in_code && was_line_start && c == '>' {
            if !open.iter().any(|open| open.kind == Kind::BlockQuote) {
                open.push(Open { kind: Kind::BlockQuote, begin: at, offset: out.units });
            }
            at += 1;
            continue;
        }
        let reserved = if in_code { "`" } else { RESERVED };
        if !reserved.contains(c) {
            out.push(c);
            at += c.len_utf8();
            if c == '\n' && !in_code {
                line_start = true;
                if !text[at..].starts_with('>') {
                    close_quote(&mut open, &mut out, "blockquote")?;
                }
            }
            continue;
        }
        // The mark that ends a quote which can be opened.
        if c == '|'
            && rest.starts_with('|')
            && (rest.len() == 1 || rest[1..].starts_with('\n'))
            && matches!(open.last(), Some(Open { kind: Kind::BlockQuote, .. }))
        {
            close_quote(&mut open, &mut out, "expandable_blockquote")?;
            at += 2;
            continue;
        }
        at = match open.last().and_then(|open| ends(&open.kind, &text[at..])) {
            Some(length) => finish(text, at + length, &mut open, &mut out)?,
            None => begin(text, at, &mut open, &out)?,
        };
        // An empty bold parts two quotes, so a quote may begin after it.
        line_start = was_line_start && c == '*';
    }
    close_quote(&mut open, &mut out, "blockquote")?;
    match open.pop() {
        Some(open) => Err(open.no_end()),
        None => Ok(out.finish()),
    }
}

/// Ends the open quote, inside which nothing may be left open.
fn close_quote(open: &mut Vec<Open>, out: &mut Builder, kind: &'static str) -> Result<(), String> {
    if !open.iter().any(|open| open.kind == Kind::BlockQuote) {
        return Ok(());
    }
    match open.pop() {
        Some(quote) if quote.kind == Kind::BlockQuote => {
            out.close(kind, quote.offset, Detail::None);
            Ok(())
        }
        Some(other) => Err(other.no_end()),
        None => Ok(()),
    }
}

/// The length of the mark if it ends what is open.
fn ends(kind: &Kind, rest: &str) -> Option<usize> {
    let mark = match kind {
        Kind::Bold => "*",
        Kind::Italic if rest.starts_with("__") => return None,
        Kind::Italic => "_",
        Kind::Underline => "__",
        Kind::Strikethrough => "~",
        Kind::Spoiler => "||",
        Kind::Code => "`",
        Kind::Pre(_) => "```",
        Kind::TextUrl | Kind::CustomEmoji => "]",
        Kind::BlockQuote => return None,
    };
    rest.starts_with(mark).then_some(mark.len())
}

fn begin(text: &str, at: usize, open: &mut Vec<Open>, out: &Builder) -> Result<usize, String> {
    let rest = &text[at..];
    let in_code = matches!(open.last(), Some(Open { kind: Kind::Pre(_), .. }));
    let (kind, next) = if in_code {
        // A lone backquote inside a block: the block does not end here, and nothing else may begin.
        return Err(open.last().map(Open::no_end).unwrap_or_default());
    } else if rest.starts_with("```") {
        let (language, start) = language(text, at + 3);
        (Kind::Pre(language), start)
    } else if rest.starts_with("__") {
        (Kind::Underline, at + 2)
    } else if rest.starts_with("||") {
        (Kind::Spoiler, at + 2)
    } else if rest.starts_with("![") {
        (Kind::CustomEmoji, at + 2)
    } else {
        let kind = match rest.chars().next() {
            Some('_') => Kind::Italic,
            Some('*') => Kind::Bold,
            Some('~') => Kind::Strikethrough,
            Some('`') => Kind::Code,
            Some('[') => Kind::TextUrl,
            other => {
                let sign = other.unwrap_or('\\');
                return Err(format!("Character '{sign}' is reserved and must be escaped with the preceding '\\'"));
            }
        };
        (kind, at + 1)
    };
    open.push(Open { kind, begin: at, offset: out.units });
    Ok(next)
}

/// Ends the innermost open entity, whose closing mark was read. Returns where to go on.
fn finish(text: &str, at: usize, open: &mut Vec<Open>, out: &mut Builder) -> Result<usize, String> {
    let Some(Open { kind, begin, offset }) = open.pop() else { return Ok(at) };
    let plain = match kind {
        Kind::Bold => "bold",
        Kind::Italic => "italic",
        Kind::Underline => "underline",
        Kind::Strikethrough => "strikethrough",
        Kind::Spoiler => "spoiler",
        Kind::Code => "code",
        Kind::BlockQuote => "blockquote",
        Kind::Pre(language) => {
            out.close("pre", offset, language);
            return Ok(at);
        }
        Kind::TextUrl | Kind::CustomEmoji => {
            let (url, next) = match text[at..].starts_with('(') {
                true => url(text, at + 1)?,
                false if kind == Kind::CustomEmoji => {
                    return Err("Custom emoji entity must contain a tg://emoji URL".into());
                }
                false => (super::byte_at(&out.text, offset).map_or("", |start| &out.text[start..]).to_owned(), at),
            };
            if kind == Kind::TextUrl {
                out.close_link(offset, &url);
            } else {
                let id = url.strip_prefix("tg://emoji?id=");
                let id =
                    id.ok_or_else(|| format!("Custom emoji URL must have an emoji identifier at byte offset {begin}"))?;
                out.close("custom_emoji", offset, Detail::Emoji(id.to_owned()));
            }
            return Ok(next);
        }
    };
    out.close(plain, offset, Detail::None);
    Ok(at)
}

/// A URL up to its closing bracket.
fn url(text: &str, start: usize) -> Result<(String, usize), String> {
    let mut url = String::new();
    let mut escaped = false;
    for (index, c) in text[start..].char_indices() {
        match c {
            '\\' if !escaped => escaped = true,
            ')' if !escaped => return Ok((url, start + index + 1)),
            c => {
                url.push(c);
                escaped = false;
            }
        }
    }
    Err(format!("Can't find end of a URL at byte offset {start}"))
}
