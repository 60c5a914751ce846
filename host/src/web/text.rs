//! Whether a body is text, and in which encoding: a pure rule. The first of these that says something holds:
//!
//! 1. A byte order mark: whatever else is said, no other encoding begins like this.
//! 2. `charset` in the header `content-type`.
//! 3. `<meta charset>` or `<?xml encoding>` at the beginning of the page. One that says UTF-16 is wrong: it could not have
//!    been read.
//! 4. UTF-8, if it is well-formed, and always for JSON; else windows-1252, which pages without a word of it are in.

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::model::web::WebBody;

/// How far into a page its own word is looked for; browsers look at 1024 bytes.
const LOOKED_AT: usize = 4096;

/// A body as a plugin gets it.
pub(super) fn body(content_type: Option<&str>, bytes: Bytes) -> WebBody {
    let (essence, charset) = parse(content_type.unwrap_or_default());
    if !is_text(&essence) {
        return WebBody::Bytes(bytes);
    }
    let encoding = match Encoding::for_bom(&bytes) {
        Some((encoding, _)) => encoding,
        None => charset
            .and_then(|label| Encoding::for_label(label.as_bytes()))
            .or_else(|| own_word(&essence, &bytes))
            .unwrap_or_else(|| {
                if is_json(&essence) || std::str::from_utf8(&bytes).is_ok() { UTF_8 } else { WINDOWS_1252 }
            }),
    };
    let (text, _) = encoding.decode_with_bom_removal(&bytes);
    WebBody::Text(text.into_owned())
}

/// Media type and charset, in lower case.
fn parse(content_type: &str) -> (String, Option<String>) {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
    let charset = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim().eq_ignore_ascii_case("charset").then(|| value.to_ascii_lowercase())
    });
    (essence, charset)
}

fn is_json(essence: &str) -> bool {
    essence == "application/json" || essence.ends_with("+json")
}

fn is_text(essence: &str) -> bool {
    const MORE: [&str; 5] = [
        "application/xml",
        "application/javascript",
        "application/ecmascript",
        "application/x-javascript",
        "application/x-www-form-urlencoded",
    ];
    essence.starts_with("text/") || essence.ends_with("+xml") || is_json(essence) || MORE.contains(&essence)
}

/// What the page itself says.
fn own_word(essence: &str, bytes: &[u8]) -> Option<&'static Encoding> {
    let head = bytes[..bytes.len().min(LOOKED_AT)].to_ascii_lowercase();
    let head = String::from_utf8_lossy(&head);
    let label = if essence.contains("html") {
        head.split("<meta").skip(1).find_map(|rest| value_of("charset", rest.split('>').next()?))
    } else if essence.contains("xml") {
        value_of("encoding", head.trim_start().strip_prefix("<?xml")?.split("?>").next()?)
    } else {
        None
    };
    let encoding = Encoding::for_label(label?.as_bytes())?;
    Some(if encoding == UTF_16LE || encoding == UTF_16BE { UTF_8 } else { encoding })
}

/// What follows `name` and `=`, with quotation marks or without.
fn value_of<'a>(name: &str, tag: &'a str) -> Option<&'a str> {
    tag.split(name).skip(1).find_map(|rest| {
        let rest = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(rest.len());
        (end > 0).then(|| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content_type: &str, bytes: &[u8]) -> Option<String> {
        match body(Some(content_type), Bytes::copy_from_slice(bytes)) {
            WebBody::Text(text) => Some(text),
            WebBody::Bytes(_) => None,
        }
    }

    /// "Привет" in windows-1251, KOI8-R and ISO-8859-5.
    const CP1251: &[u8] = &[0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2];
    const KOI8: &[u8] = &[0xf0, 0xd2, 0xc9, 0xd7, 0xc5, 0xd4];

    #[test]
    fn the_first_that_says_something_holds() {
        let page = |head: &str, body: &[u8]| [head.as_bytes(), body].concat();
        for (content_type, bytes, expected) in [
            ("text/html; charset=windows-1251", CP1251.to_vec(), "Привет"),
            ("TEXT/HTML;Charset=\"KOI8-R\"", KOI8.to_vec(), "Привет"),
            ("text/plain", "Привет".into(), "Привет"),
            ("text/plain", vec![0x63, 0x61, 0x66, 0xe9], "café"),
            ("text/plain; charset=nonsense", "שלום".into(), "שלום"),
            ("text/plain; charset=windows-1251", page("\u{feff}", "Привет".as_bytes()), "Привет"),
            ("text/plain", vec![0xff, 0xfe, 0x1f, 0x04], "П"),
            ("text/html", page("<META CharSet='windows-1251'>", CP1251), "<META CharSet='windows-1251'>Привет"),
            (
                "text/html",
                page("<meta name=x><meta http-equiv=Content-Type content=\"text/html; charset=koi8-r\">", KOI8),
                "<meta name=x><meta http-equiv=Content-Type content=\"text/html; charset=koi8-r\">Привет",
            ),
            (
                "text/html; charset=utf-8",
                page("<meta charset=koi8-r>", "Привет".as_bytes()),
                "<meta charset=koi8-r>Привет",
            ),
            ("text/html", page("<meta charset=utf-16>", "ñ".as_bytes()), "<meta charset=utf-16>ñ"),
            (
                "application/rss+xml",
                page("<?xml version='1.0' encoding='windows-1251'?>", CP1251),
                "<?xml version='1.0' encoding='windows-1251'?>Привет",
            ),
            ("application/json", vec![b'"', 0xff, b'"'], "\"\u{fffd}\""),
            ("application/ld+json", b"{}".to_vec(), "{}"),
        ] {
            assert_eq!(text(content_type, &bytes).as_deref(), Some(expected), "{content_type}");
        }
    }

    #[test]
    fn what_is_no_text_stays_bytes() {
        for content_type in ["image/png", "application/octet-stream", "", "application/pdf", "textual/x"] {
            assert_eq!(text(content_type, b"abc"), None, "{content_type}");
        }
        assert_eq!(body(None, Bytes::from_static(b"abc")), WebBody::Bytes(Bytes::from_static(b"abc")));
    }
}
