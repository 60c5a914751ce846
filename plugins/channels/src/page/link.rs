//! Addresses as they stand on a page: made absolute, without what Telegram's escaping does to them, and only of kinds that
//! lead somewhere.

use url::Url;

/// An address on the page, absolute; `None` for what leads nowhere (`javascript:`, a search within the channel).
pub(super) fn absolute(href: &str) -> Option<String> {
    let base = Url::parse("https://t.me/").ok()?;
    let url = base.join(href.trim()).ok()?;
    matches!(url.scheme(), "http" | "https" | "tg" | "mailto" | "tel" | "ton").then(|| url.to_string())
}

/// The address of a link. Where a link asks before it opens (`onclick`), Telegram escapes its `&` twice.
pub(super) fn target(href: &str, asks: bool) -> Option<String> {
    if asks { absolute(&href.replace("&amp;", "&")) } else { absolute(href) }
}

/// The tag behind `?q=%23…`, the link of a hashtag.
pub(super) fn is_search(href: &str) -> bool {
    href.starts_with("?q=")
}

/// Channel and number of a post from its address: `https://t.me/name/12`, also with `s/` or a query.
pub(super) fn post(href: &str) -> Option<(String, i64)> {
    let url = Url::parse(&absolute(href)?).ok()?;
    let mut parts = url.path_segments()?.filter(|part| *part != "s");
    let name = parts.next()?;
    let number = parts.next()?.parse().ok()?;
    Some((name.to_owned(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lead_somewhere_or_nowhere() {
        let absolute = |href| absolute(href).unwrap_or_default();
        assert_eq!(absolute("//telegram.org/a.png"), "https://telegram.org/a.png");
        assert_eq!(absolute("/s/name?before=3"), "https://t.me/s/name?before=3");
        assert_eq!(absolute("tg://resolve?domain=x"), "tg://resolve?domain=x");
        assert_eq!(absolute("javascript:alert(1)"), "");
        assert_eq!(absolute("http://[broken"), "");
    }

    #[test]
    fn what_is_escaped_twice_is_undone_once() {
        let url = "https://example.org/?a=1&amp;b=2";
        assert_eq!(target(url, true).as_deref(), Some("https://example.org/?a=1&b=2"));
        assert_eq!(target(url, false).as_deref(), Some("https://example.org/?a=1&amp;b=2"));
    }

    #[test]
    fn a_post_is_named_by_its_address() {
        assert_eq!(post("https://t.me/town/12?single"), Some(("town".into(), 12)));
        assert_eq!(post("https://t.me/s/town/12"), Some(("town".into(), 12)));
        assert_eq!(post("https://t.me/town"), None);
    }
}
