//! The text of a post, with its formatting. Line breaks are `<br>`; the indentation of the page is none.

use dom_query::NodeRef;
use guesthouse_plugin::{EntityKind, Text};

use super::element::has;
use super::link;

/// Deeper formatting than that is an attack; what is inside is kept as plain text.
const MAX_DEPTH: usize = 64;

/// The text of an element, and the addresses its links lead to, in order.
pub(super) fn read(node: &NodeRef<'_>) -> (Text, Vec<String>) {
    let mut writer = Writer { links: Vec::new() };
    let text = writer.children(node, false, 0);
    (trimmed(text), writer.links)
}

struct Writer {
    links: Vec<String>,
}

impl Writer {
    fn children(&mut self, node: &NodeRef<'_>, is_pre: bool, depth: usize) -> Text {
        let mut text = Text::new();
        for child in node.children_it(false) {
            text = self.append(text, &child, is_pre, depth);
        }
        text
    }

    fn append(&mut self, text: Text, node: &NodeRef<'_>, is_pre: bool, depth: usize) -> Text {
        if node.is_text() {
            let said = node.text();
            return if is_pre { text.plain(said.as_ref()) } else { append_line(text, &said) };
        }
        if !node.is_element() {
            return text;
        }
        if depth >= MAX_DEPTH {
            return append_line(text, &node.text());
        }
        let name = node.node_name().unwrap_or_default();
        let deeper = depth + 1;
        match name.as_ref() {
            "br" => text.newline(),
            "script" | "style" | "svg" => text,
            // `<i class="emoji"><b>👍</b></i>` is an emoji, neither italic nor bold.
            "i" if has(node, "emoji") => text.plain(node.text().trim()),
            // Bots may not send custom emoji; the ordinary one stands inside.
            "tg-emoji" => text.plain(node.text().trim()),
            "b" | "strong" => text.styled(EntityKind::Bold, self.children(node, is_pre, deeper)),
            "i" | "em" => text.styled(EntityKind::Italic, self.children(node, is_pre, deeper)),
            "u" | "ins" => text.styled(EntityKind::Underline, self.children(node, is_pre, deeper)),
            "s" | "del" | "strike" => text.styled(EntityKind::Strikethrough, self.children(node, is_pre, deeper)),
            "tg-spoiler" => text.styled(EntityKind::Spoiler, self.children(node, is_pre, deeper)),
            "code" if is_pre => text.plain(self.children(node, true, deeper)),
            "code" => text.styled(EntityKind::Code, self.children(node, true, deeper)),
            "pre" => {
                let block = self.children(node, true, deeper);
                on_own_line(text).styled(EntityKind::Pre(language(node)), block).newline()
            }
            "blockquote" => {
                let folded = node.has_attr("expandable");
                let kind = if folded { EntityKind::ExpandableBlockquote } else { EntityKind::Blockquote };
                let quote = trimmed(self.children(node, is_pre, deeper));
                on_own_line(text).styled(kind, quote).newline()
            }
            "a" => self.append_link(text, node, is_pre, deeper),
            "div" | "p" if !has(node, "tgme_widget_message_text") => {
                let block = trimmed(self.children(node, is_pre, deeper));
                if block.is_empty() { text } else { on_own_line(text).plain(block).newline() }
            }
            _ if has(node, "tgme_widget_message_spoiler") => {
                text.styled(EntityKind::Spoiler, self.children(node, is_pre, deeper))
            }
            _ => text.plain(self.children(node, is_pre, deeper)),
        }
    }

    fn append_link(&mut self, text: Text, node: &NodeRef<'_>, is_pre: bool, depth: usize) -> Text {
        let label = self.children(node, is_pre, depth);
        let href = node.attr("href").unwrap_or_default();
        // Telegram makes links of hashtags, mentions and addresses by itself.
        if link::is_search(&href) {
            return text.plain(label);
        }
        let Some(url) = link::target(&href, node.has_attr("onclick")) else { return text.plain(label) };
        let is_mention = label.content.starts_with('@');
        if !is_mention && !self.links.contains(&url) {
            self.links.push(url.clone());
        }
        if is_mention || is_written_out(&label.content, &url) { text.plain(label) } else { text.link(label, url) }
    }
}

/// Whether the label is the address itself, perhaps without `https://` or the slash at its end.
fn is_written_out(label: &str, url: &str) -> bool {
    let bare = |address: &str| {
        let address = address.trim_start_matches("https://").trim_start_matches("http://");
        address.trim_start_matches("mailto:").trim_start_matches("tel:").trim_end_matches('/').to_lowercase()
    };
    bare(label) == bare(url)
}

fn language(pre: &NodeRef<'_>) -> Option<String> {
    let code = pre.children_it(false).find(|child| child.has_name("code"))?;
    let class = code.class()?;
    class.split_whitespace().find_map(|class| class.strip_prefix("language-")).map(str::to_owned)
}

/// Adds text in which a line break of the source is a blank, and none stands at the beginning of a line.
fn append_line(text: Text, said: &str) -> Text {
    let mut line = String::with_capacity(said.len());
    let mut chars = said.chars().peekable();
    while let Some(char) = chars.next() {
        if !matches!(char, ' ' | '\n' | '\r' | '\t') {
            line.push(char);
            continue;
        }
        let mut broken = char != ' ';
        let mut blanks = usize::from(!broken);
        while let Some(next) = chars.next_if(|next| matches!(next, ' ' | '\n' | '\r' | '\t')) {
            broken |= next != ' ';
            blanks += usize::from(next == ' ');
        }
        // Blanks that people typed stay; those around a break of the source are its indentation.
        line.push_str(&" ".repeat(if broken { 1 } else { blanks }));
    }
    let starts_line = text.content.is_empty() || text.content.ends_with('\n');
    if starts_line { text.plain(line.trim_start_matches(' ')) } else { text.plain(line) }
}

fn on_own_line(text: Text) -> Text {
    if text.content.is_empty() || text.content.ends_with('\n') { text } else { text.newline() }
}

/// Without blanks and breaks at both ends.
pub(crate) fn trimmed(mut text: Text) -> Text {
    let start = text.content.len() - text.content.trim_start().len();
    let removed = units(&text.content[..start]);
    text.content.drain(..start);
    text.content.truncate(text.content.trim_end().len());
    let end = units(&text.content);
    for entity in &mut text.entities {
        let from = entity.offset.saturating_sub(removed);
        let to = (entity.offset + entity.length).saturating_sub(removed).min(end);
        (entity.offset, entity.length) = (from, to.saturating_sub(from));
    }
    text.entities.retain(|entity| entity.length > 0);
    text
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use dom_query::Document;

    use super::*;

    fn text(html: &str) -> Text {
        let document = Document::from(format!("<body><div id=\"t\">{html}</div></body>"));
        read(&document.select("#t").nodes()[0]).0
    }

    fn parts(html: &str) -> Vec<(EntityKind, String)> {
        let text = text(html);
        text.entities.iter().map(|entity| (entity.kind.clone(), text.part(entity).to_owned())).collect()
    }

    #[test]
    fn breaks_are_those_of_the_post_alone() {
        assert_eq!(
            text("\n   One\n   line.<br/>  Two  blanks<br><br>Last.\n").content,
            "One line.\nTwo  blanks\n\nLast."
        );
    }

    #[test]
    fn formats_nest_and_emoji_are_none() {
        let html = "<b>big <i>and</i></b> <i class=\"emoji\"><b>👍</b></i><tg-emoji emoji-id=\"5\"><i class=\"emoji\">\
                    <b>🧠</b></i></tg-emoji> <u>u</u><s>s</s><tg-spoiler>x</tg-spoiler><code>a  b</code>";
        assert_eq!(text(html).content, "big and 👍🧠 usxa  b");
        let kinds: Vec<_> = parts(html);
        assert_eq!(
            kinds,
            [
                (EntityKind::Bold, "big and".into()),
                (EntityKind::Italic, "and".into()),
                (EntityKind::Underline, "u".into()),
                (EntityKind::Strikethrough, "s".into()),
                (EntityKind::Spoiler, "x".into()),
                (EntityKind::Code, "a  b".into()),
            ]
        );
    }

    #[test]
    fn blocks_stand_on_lines_of_their_own() {
        let html = "Say:<pre><code class=\"language-rust\">fn a() {\n  b()\n}</code></pre>then<blockquote expandable>one<br>two\
                    </blockquote>end";
        assert_eq!(text(html).content, "Say:\nfn a() {\n  b()\n}\nthen\none\ntwo\nend");
        let expected = [
            (EntityKind::Pre(Some("rust".into())), "fn a() {\n  b()\n}".into()),
            (EntityKind::ExpandableBlockquote, "one\ntwo".into()),
        ];
        assert_eq!(parts(html), expected);
    }

    #[test]
    fn only_links_that_say_something_else_are_links() {
        let html = "<a href=\"https://example.org/a\">https://example.org/a</a> <a href=\"https://t.me/town\">@town</a> \
                    <a href=\"?q=%23sale\">#sale</a> <a href=\"https://example.org/?a=1&amp;amp;b=2\" onclick=\"x\">here</a> \
                    <a href=\"javascript:x\">no</a>";
        assert_eq!(parts(html), [(EntityKind::TextLink("https://example.org/?a=1&b=2".into()), "here".into())]);
        let document = Document::from(html);
        let links = read(&document.root()).1;
        assert_eq!(links, ["https://example.org/a", "https://example.org/?a=1&b=2"]);
    }

    #[test]
    fn trimming_moves_the_formats_along() {
        let text = trimmed(Text::from("\n 👍").bold(" a ").plain(" \n"));
        assert_eq!(text.content, "👍 a");
        assert_eq!(text.part(&text.entities[0]), " a");
    }

    #[test]
    fn bottomless_nesting_ends() {
        let html = "<b>".repeat(5_000) + "deep";
        assert_eq!(text(&html).content, "deep");
    }
}
