//! The entities that Telegram finds by itself: commands, mentions, hashtags, cashtags, links and mail addresses.

use super::{Detail, Entity};

/// Top-level domains beyond the two-letter ones that make a bare `name.tld` a link. The real list is longer.
const DOMAINS: &[&str] = &[
    "com", "net", "org", "info", "biz", "edu", "gov", "mil", "int", "name", "app", "dev", "xyz", "online", "site",
    "shop", "store", "tech", "blog", "club", "cloud", "page", "live", "news", "space", "world", "top", "pro", "chat",
    "bot", "link", "email", "agency", "studio", "travel", "museum", "media", "wiki", "work", "life", "art", "рф",
    "укр", "бел",
];
const SCHEMES: &[&str] = &["http://", "https://", "ftp://", "tg://", "tonsite://", "ton://"];

/// Finds all of them, in order and without overlaps.
pub(super) fn find(text: &str) -> Vec<Entity> {
    // Every one of them needs one of these; most messages have none and cost nothing more.
    if !text.contains(['/', '@', '#', '$', '.']) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let (mut at, mut units) = (0, 0);
    let mut before = None;
    while let Some(c) = text[at..].chars().next() {
        let (kind, length) = entity_at(&text[at..], c, before);
        let length = length.max(c.len_utf8());
        let piece = &text[at..at + length];
        let size = piece.encode_utf16().count();
        if let Some(kind) = kind {
            found.push(Entity { kind, offset: units, length: size, detail: Detail::None });
        }
        before = piece.chars().next_back();
        at += length;
        units += size;
    }
    found
}

/// What begins here and how many bytes belong to it. Without a kind, so many bytes can be skipped.
fn entity_at(rest: &str, c: char, before: Option<char>) -> (Option<&'static str>, usize) {
    if before.is_some_and(is_word) {
        return (None, 0);
    }
    let (kind, length) = match c {
        '/' if !before.is_some_and(|b| matches!(b, '/' | '<' | '>')) => ("bot_command", command(rest)),
        '@' => ("mention", tagged(rest, 3..=32, |c| c.is_ascii_alphanumeric() || c == '_')),
        '#' => ("hashtag", hashtag(rest)),
        '$' if before != Some('$') => ("cashtag", cashtag(rest)),
        c if c.is_alphanumeric() => match link(rest) {
            0 => ("email", mail(rest)),
            length => ("url", length),
        },
        _ => return (None, 0),
    };
    match length {
        // The middle of a word cannot begin anything.
        0 => (None, span(rest, is_word)),
        length => (Some(kind), length),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The bytes of the leading characters that are of a kind.
fn span(text: &str, of_kind: impl Fn(char) -> bool) -> usize {
    text.find(|c| !of_kind(c)).unwrap_or(text.len())
}

/// A sign and a name after it, which must end there.
fn tagged(rest: &str, lengths: std::ops::RangeInclusive<usize>, of_kind: impl Fn(char) -> bool) -> usize {
    let length = span(&rest[1..], of_kind);
    let ends = !rest[1 + length..].chars().next().is_some_and(is_word);
    if lengths.contains(&length) && ends { 1 + length } else { 0 }
}

fn command(rest: &str) -> usize {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut length = tagged(rest, 1..=64, is_name);
    if length == 0 {
        return 0;
    }
    if rest[length..].starts_with('@') {
        length += tagged(&rest[length..], 3..=32, is_name);
    }
    let next = rest[length..].chars().next();
    if next.is_some_and(|c| matches!(c, '/' | '<' | '>')) { 0 } else { length }
}

fn hashtag(rest: &str) -> usize {
    let is_tag = |c: char| is_word(c) || c == '\u{200c}';
    let length = span(&rest[1..], is_tag);
    let name = &rest[1..1 + length];
    let long = name.chars().count();
    let good =
        (1..=256).contains(&long) && name.chars().any(char::is_alphabetic) && !rest[1 + length..].starts_with('#');
    if good { 1 + length } else { 0 }
}

fn cashtag(rest: &str) -> usize {
    let length = tagged(rest, 1..=8, |c| c.is_ascii_uppercase());
    if rest[length..].starts_with('$') { 0 } else { length }
}

fn link(rest: &str) -> usize {
    let scheme = SCHEMES.iter().find(|scheme| rest.get(..scheme.len()).is_some_and(|r| r.eq_ignore_ascii_case(scheme)));
    let start = scheme.map_or(0, |scheme| scheme.len());
    let web = scheme.is_none_or(|scheme| !scheme.starts_with('t'));
    let host = span(&rest[start..], |c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_'));
    let name = rest[start..start + host].trim_end_matches(['.', '-', '_']);
    let mut end = start + name.len();
    let local = scheme.is_some() && (name.eq_ignore_ascii_case("localhost") || is_address(name));
    if name.is_empty() || web && !local && !is_domain(name) {
        return 0;
    }
    if rest[end..].starts_with('@') {
        // `name.tld@…` is the beginning of a mail address.
        return 0;
    }
    if let Some(port) = rest[end..].strip_prefix(':') {
        let digits = span(port, |c| c.is_ascii_digit());
        if (1..=5).contains(&digits) {
            end += 1 + digits;
        }
    }
    if rest[end..].starts_with(['/', '?', '#']) {
        let path = span(&rest[end..], |c| !c.is_whitespace() && !matches!(c, '<' | '>' | '"' | '«' | '»' | '`'));
        end += path;
        while let Some(last) = rest[..end].chars().next_back() {
            let open = |c| rest[..end].matches(c).count();
            let loose = last == ')' && open(')') > open('(') || last == ']' && open(']') > open('[');
            if !loose && !matches!(last, '.' | ',' | ':' | ';' | '\'' | '?' | '!' | '*' | '~') {
                break;
            }
            end -= last.len_utf8();
        }
    }
    end
}

fn mail(rest: &str) -> usize {
    let local = span(rest, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'));
    if local == 0 || !rest[local..].starts_with('@') {
        return 0;
    }
    let host = span(&rest[local + 1..], |c| c.is_alphanumeric() || matches!(c, '-' | '.'));
    let name = rest[local + 1..local + 1 + host].trim_end_matches(['.', '-']);
    if is_domain(name) { local + 1 + name.len() } else { 0 }
}

fn is_domain(name: &str) -> bool {
    let Some((_, last)) = name.rsplit_once('.') else { return false };
    let country = last.len() == 2 && last.bytes().all(|b| b.is_ascii_alphabetic());
    let lower = last.to_lowercase();
    name.split('.').all(|label| !label.is_empty() && label.len() < 64)
        && (country || DOMAINS.contains(&lower.as_str()) || lower.starts_with("xn--"))
}

fn is_address(name: &str) -> bool {
    name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok())
}

/// A URL as Telegram would keep it, if it leads anywhere.
pub(in crate::emulator::world) fn checked_url(url: &str) -> Option<String> {
    let url = url.trim();
    let scheme = SCHEMES.iter().find(|scheme| url.get(..scheme.len()).is_some_and(|u| u.eq_ignore_ascii_case(scheme)));
    let (scheme, rest) = match scheme {
        Some(scheme) => (*scheme, &url[scheme.len()..]),
        None if url.contains("://") || url.starts_with("javascript:") => return None,
        None => ("http://", url),
    };
    if rest.is_empty() || rest.contains(char::is_whitespace) {
        return None;
    }
    if scheme.starts_with('t') {
        return Some(format!("{scheme}{rest}"));
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    if !host.contains('.') && host != "localhost" && !host.starts_with('[') {
        return None;
    }
    // A bare host is kept with its root path.
    let slash = if rest[end..].starts_with('/') { "" } else { "/" };
    Some(format!("{scheme}{authority}{slash}{}", &rest[end..]))
}
