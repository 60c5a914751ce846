//! What people write when they mean a channel: `@name`, `t.me/name`, the link of a post, a forwarded message.

use serde::Deserialize;

/// The public name in what somebody wrote, in lower case.
pub(crate) fn find(written: &str) -> Result<String, BadName> {
    let written = written.trim().trim_matches(['<', '>', '"', '.', ',']);
    if written.is_empty() {
        return Err(BadName::Nothing);
    }
    let name = match path(written) {
        Some(path) => {
            let mut parts = path.split(['/', '?', '#']).filter(|part| !part.is_empty() && *part != "s");
            let first = parts.next().ok_or(BadName::Nothing)?;
            // `t.me/+invitation`, `t.me/joinchat/…`, `t.me/c/12345/6`: nobody outside can read these.
            if first.starts_with('+') || matches!(first, "joinchat" | "c" | "addlist") {
                return Err(BadName::Private);
            }
            first
        }
        None => written.strip_prefix('@').unwrap_or(written),
    };
    let name = name.to_lowercase();
    let is_name = (4..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_name { Ok(name) } else { Err(BadName::NoName) }
}

/// Whether somebody wrote nothing but a link or an `@name`; then it is meant to be added.
pub(crate) fn is_only_a_name(written: &str) -> bool {
    let written = written.trim();
    let is_link = path(written).is_some() || written.starts_with('@');
    is_link && !written.contains(char::is_whitespace) && find(written) != Err(BadName::NoName)
}

/// Channel and number in the link of a post.
pub(crate) fn post(written: &str) -> Option<(String, i64)> {
    let name = find(written).ok()?;
    let path = path(written.trim())?;
    let number = path.split(['/', '?', '#']).filter(|part| !part.is_empty() && *part != "s").nth(1)?;
    Some((name, number.parse().ok()?))
}

/// Why something is no public name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadName {
    /// Nothing was written.
    Nothing,
    /// An invitation, or a link that only members can follow.
    Private,
    /// Not the name of a channel.
    NoName,
}

fn path(written: &str) -> Option<&str> {
    let bare = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://")).unwrap_or(written);
    let bare = bare.strip_prefix("www.").unwrap_or(bare);
    ["t.me/", "telegram.me/", "telegram.dog/"].iter().find_map(|host| bare.strip_prefix(host))
}

/// A channel or group that a message was forwarded from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Origin {
    pub(crate) id: i64,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) username: Option<String>,
}

/// Where the message of an update was forwarded from, if that is a channel or a group that says so.
pub(crate) fn origin(update: &str) -> Option<Origin> {
    #[derive(Deserialize)]
    struct Update {
        message: Option<Message>,
    }
    #[derive(Deserialize)]
    struct Message {
        forward_origin: Option<From>,
        forward_from_chat: Option<Origin>,
    }
    #[derive(Deserialize)]
    struct From {
        /// Of a channel.
        chat: Option<Origin>,
        /// Of a group that speaks for itself.
        sender_chat: Option<Origin>,
    }
    // Of an album the first one.
    let first = match serde_json::from_str::<serde_json::Value>(update).ok()? {
        serde_json::Value::Array(updates) => updates.into_iter().next()?,
        update => update,
    };
    let message = serde_json::from_value::<Update>(first).ok()?.message?;
    message.forward_origin.and_then(|from| from.chat.or(from.sender_chat)).or(message.forward_from_chat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_named_in_many_ways() {
        for written in [
            "@Town_News",
            "town_news",
            "https://t.me/town_news",
            "http://t.me/s/town_news?before=5",
            "t.me/town_news/12",
            " telegram.me/town_news. ",
        ] {
            assert_eq!(find(written).as_deref(), Ok("town_news"), "{written}");
        }
        let bad = [
            "",
            "t.me/",
            "https://t.me/+AbCdEf",
            "t.me/joinchat/x",
            "t.me/c/123/4",
            "two words",
            "@x",
            "7up_news",
            "имя",
        ];
        let reasons = bad.map(|written| find(written).expect_err(written));
        use BadName::{NoName, Nothing, Private};
        assert_eq!(reasons, [Nothing, Nothing, Private, Private, Private, NoName, NoName, NoName, NoName]);
    }

    #[test]
    fn only_a_link_alone_is_meant_to_be_added() {
        let table = [
            ("@town_news", true),
            ("https://t.me/town_news", true),
            ("https://t.me/+AbCdEf", true),
            ("hello", false),
            ("look at t.me/town_news", false),
            ("@x", false),
            ("https://example.org/town", false),
        ];
        for (written, expected) in table {
            assert_eq!(is_only_a_name(written), expected, "{written}");
        }
    }

    #[test]
    fn a_post_is_named_by_its_link() {
        assert_eq!(post("https://t.me/s/Town/12?single"), Some(("town".into(), 12)));
        assert_eq!((post("@town"), post("https://t.me/town")), (None, None));
    }

    #[test]
    fn an_origin_is_found_in_old_and_new_updates() {
        let chat = r#"{"id":-1001,"type":"channel","title":"Town","username":"town"}"#;
        let expected = Some(Origin { id: -1001, title: "Town".into(), username: Some("town".into()) });
        let new = format!(
            r#"{{"update_id":1,"message":{{"forward_origin":{{"type":"channel","chat":{chat},"message_id":3}}}}}}"#
        );
        assert_eq!(origin(&new), expected);
        assert_eq!(origin(&format!("[{new}]")), expected);
        assert_eq!(origin(&format!(r#"{{"message":{{"forward_from_chat":{chat}}}}}"#)), expected);
        assert_eq!(origin(r#"{"message":{"forward_origin":{"type":"user","sender_user":{"id":1}}}}"#), None);
        assert_eq!(origin(""), None);
    }
}
