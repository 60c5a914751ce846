//! What models write, and what is sent.

use super::*;

/// The text with its formats written around what they format.
fn shown(markdown: &str) -> String {
    let text = render(markdown);
    let units: Vec<u16> = text.content.encode_utf16().collect();
    let mut out = String::new();
    for at in 0..=units.len() as u32 {
        for entity in text.entities.iter().rev().filter(|entity| entity.offset + entity.length == at) {
            out += &format!("</{}>", name(&entity.kind));
        }
        for entity in text.entities.iter().filter(|entity| entity.offset == at) {
            out += &format!("<{}>", name(&entity.kind));
        }
        if let Some(unit) = units.get(at as usize) {
            out += &String::from_utf16_lossy(&[*unit]);
        }
    }
    out
}

fn name(kind: &EntityKind) -> &str {
    match kind {
        EntityKind::Bold => "b",
        EntityKind::Italic => "i",
        EntityKind::Strikethrough => "s",
        EntityKind::Code => "code",
        EntityKind::Pre(_) => "pre",
        EntityKind::Blockquote => "quote",
        EntityKind::TextLink(_) => "a",
        _ => "?",
    }
}

#[test]
fn formats_become_entities() {
    assert_eq!(shown("a **bold *and italic*** word"), "a <b>bold <i>and italic</i></b> word");
    assert_eq!(shown("~~gone~~ `x = 1` [here](https://example.org)"), "<s>gone</s> <code>x = 1</code> <a>here</a>");
    assert_eq!(shown("[no](javascript:alert)"), "no");
    assert_eq!(shown("> said\n\nthen"), "<quote>said</quote>\n\nthen");
    assert_eq!(shown("2 * 3 = 6 and snake_case_name"), "2 * 3 = 6 and snake_case_name");
}

#[test]
fn blocks_stay_apart() {
    assert_eq!(shown("# Title\n\nOne\ntwo\n\nThree\n\n---\n\nEnd"), "<b>Title</b>\n\nOne\ntwo\n\nThree\n\n———\n\nEnd");
    assert_eq!(shown("Before\n\n```rust\nfn main() {}\n```\n\nAfter"), "Before\n\n<pre>fn main() {}</pre>\n\nAfter");
    let text = render("```rust\nfn main() {}\n```");
    assert_eq!(text.entities[0].kind, EntityKind::Pre(Some("rust".into())));
}

#[test]
fn lists_have_marks() {
    assert_eq!(
        shown("Do:\n\n- one\n- two\n  - deep\n- three\n\nDone"),
        "Do:\n\n• one\n• two\n   • deep\n• three\n\nDone"
    );
    assert_eq!(shown("3. three\n4. **four**"), "3. three\n4. <b>four</b>");
    assert_eq!(shown("- [x] done\n- [ ] open"), "• ☑ done\n• ☐ open");
}

#[test]
fn tables_are_in_line() {
    let table = "| name | n |\n|---|---|\n| Ada | 36 |\n| **Bob** | `7` |";
    assert_eq!(shown(table), "<pre>name │ n\n─────┼───\nAda  │ 36\nBob  │ 7</pre>");
}

#[test]
fn whatever_a_model_writes_is_a_text() {
    for odd in
        ["", "\n\n", "**", "```", "```rust", "| a |\n|---|", "<b>x</b>", "- ", "[]()", "# ", "\u{202e}\0", "****a"]
    {
        let text = render(odd);
        let length = text.utf16_len();
        assert!(
            text.entities.iter().all(|entity| entity.length > 0 && entity.offset + entity.length <= length),
            "{odd}"
        );
    }
    assert_eq!(shown("<script>"), "<script>");
}
