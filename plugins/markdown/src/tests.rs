//! What models write, and what is sent.

use super::*;

/// The text with its formats written around what they format.
fn shown(markdown: &str) -> String {
    written(&render(markdown))
}

fn written(text: &Text) -> String {
    let units: Vec<u16> = text.content.encode_utf16().collect();
    let mut out = String::new();
    for at in 0..=units.len() as u32 {
        for mark in text.marks.iter().rev().filter(|mark| mark.offset + mark.length == at) {
            out += &format!("</{}>", name(&mark.kind));
        }
        for mark in text.marks.iter().filter(|mark| mark.offset == at) {
            out += &format!("<{}>", name(&mark.kind));
        }
        if let Some(unit) = units.get(at as usize) {
            out += &String::from_utf16_lossy(&[*unit]);
        }
    }
    out
}

fn name(kind: &Kind) -> &str {
    match kind {
        Kind::Bold => "b",
        Kind::Italic => "i",
        Kind::Strikethrough => "s",
        Kind::Code => "code",
        Kind::Pre(_) => "pre",
        Kind::Blockquote => "quote",
        Kind::TextLink(_) => "a",
    }
}

#[test]
fn formats_become_entities() {
    assert_eq!(shown("a **bold *and italic*** word"), "a <b>bold <i>and italic</i></b> word");
    assert_eq!(shown("~~gone~~ `x = 1` [here](https://example.org)"), "<s>gone</s> <code>x = 1</code> <a>here</a>");
    assert_eq!(shown("[no](javascript:alert)"), "no");
    assert_eq!(shown("> said\n\nthen"), "<quote>said</quote>\n\nthen");
    assert_eq!(shown("**`x\u{2002}`** more"), "<b><code>x</code></b> more");
    assert_eq!(shown("2 * 3 = 6 and snake_case_name"), "2 * 3 = 6 and snake_case_name");
}

#[test]
fn blocks_stay_apart() {
    assert_eq!(shown("# Title\n\nOne\ntwo\n\nThree\n\n---\n\nEnd"), "<b>Title</b>\n\nOne\ntwo\n\nThree\n\n———\n\nEnd");
    assert_eq!(shown("Before\n\n```rust\nfn main() {}\n```\n\nAfter"), "Before\n\n<pre>fn main() {}</pre>\n\nAfter");
    let text = render("```rust\nfn main() {}\n```");
    assert_eq!(text.marks[0].kind, Kind::Pre(Some("rust".into())));
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
        assert!(text.marks.iter().all(|mark| mark.length > 0 && mark.offset + mark.length <= length), "{odd}");
    }
    assert_eq!(shown("<script>"), "<script>");
}

#[test]
fn of_what_still_comes_in_the_complete_is_formatted() {
    let shown = |markdown| written(&render_beginning(markdown, 4_000));
    for (beginning, expected) in [
        ("A **bold** and **unfin", "A <b>bold</b> and **unfin"),
        ("`a = 1` and `b", "<code>a = 1</code> and `b"),
        ("[here](https://example.org) [there](https://exa", "<a>here</a> [there](https://exa"),
        ("Do:\n-", "Do:"),
        ("Do:\n- one\n- ", "Do:\n\n• one"),
        ("# Ti", "<b>Ti</b>"),
        ("Text\n\n```rust\nfn ma", "Text\n\n<pre>fn ma</pre>"),
        ("Text\n\n```rust\nfn main() {}\n``", "Text\n\n<pre>fn main() {}</pre>"),
        ("| a | b |\n|--", "| a | b |"),
        ("| a | b |\n|---|---|\n| 1 |", "<pre>a │ b\n──┼──\n1 │</pre>"),
        ("**", ""),
    ] {
        assert_eq!(shown(beginning), expected, "{beginning:?}");
    }
}

/// Telegram refuses a message whose formats reach past its end or cross each other, so at no place of an answer may they.
#[test]
fn no_beginning_of_an_answer_has_formats_that_telegram_refuses() {
    let answer = "# Привет 👋\n\nA **bold *and italic*** word, ~~gone~~, `x` and [a *link*](https://example.org).\n\n> said **so**\n> \
                  twice\n\n1. one\n2. **two**\n   - deep `code`\n\n| name | n |\n|---|---|\n| **Ada** | 36 |\n\n```rust\nfn main() {}\n\
                  ```\n\nThe ***end*** 🏁.";
    for (at, _) in answer.char_indices() {
        for most in [4_000, 7, 1] {
            let text = render_beginning(&answer[..at], most);
            let units: Vec<u16> = text.content.encode_utf16().collect();
            assert!(units.len() as u32 <= most, "{text:?}");
            let is_inside = |unit: u32| (0xDC00..0xE000).contains(units.get(unit as usize).unwrap_or(&0));
            for (index, mark) in text.marks.iter().enumerate() {
                let end = mark.offset + mark.length;
                assert!(mark.length > 0 && end <= units.len() as u32, "{text:?}");
                assert!(!is_inside(mark.offset) && !is_inside(end), "a character is cut: {text:?}");
                for other in &text.marks[index + 1..] {
                    let other_end = other.offset + other.length;
                    let is_beside = other.offset >= end || other_end <= mark.offset;
                    let is_within = other.offset >= mark.offset && other_end <= end;
                    assert!(is_beside || is_within, "they cross: {text:?}");
                }
            }
        }
    }
}

/// The host renders what a model says, on a thread that others need.
#[test]
fn what_is_nested_deeply_is_no_work() {
    for (odd, content) in [
        ("- ".repeat(100_000) + "x", None),
        ("> ".repeat(100_000) + "x", None),
        ("- ".repeat(15_000) + "x" + &"\n".repeat(100_000), None),
        (">".repeat(20_000) + "x" + &"\n>".repeat(100_000), None),
        ("*a ".repeat(100_000), None),
        ("[".repeat(200_000), Some(4_000)),
        ("word ".repeat(100_000), Some(3_999)),
    ] {
        let text = render_front(&odd, 4_000);
        assert!(text.utf16_len() <= 4_000);
        assert!(content.is_none_or(|content| content == text.utf16_len()), "{} of {}", text.utf16_len(), &odd[..9]);
    }
}
