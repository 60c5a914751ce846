use super::*;
use crate::model::event::EntityKind;

fn plain(content: &str) -> Text {
    Text { content: content.into(), entities: Vec::new() }
}

fn bold(offset: u32, length: u32) -> Entity {
    Entity { kind: EntityKind::Bold, offset, length }
}

#[test]
fn texts_are_cut_where_it_reads_best() {
    // Text, limit, parts.
    for (text, limit, expected) in [
        ("short", 10, &["short"][..]),
        ("exactly 10", 10, &["exactly 10"]),
        ("first one\n\nsecond\nthird", 16, &["first one", "second\nthird"]),
        ("first line\nsecond line", 15, &["first line", "second line"]),
        ("one two three four", 10, &["one two", "three four"]),
        ("one two three", 7, &["one two", "three"]),
        ("a\nbcdefghijkl", 8, &["a\nbcdefg", "hijkl"]),
        ("coding:\n    indented", 12, &["coding:", "    indented"]),
        ("abcdefghij", 4, &["abcd", "efgh", "ij"]),
        ("ab\n\n\n\n\n\n\n\ncd", 4, &["ab", "cd"]),
        // 👋 takes two units and is not torn.
        ("abc👋def", 4, &["abc", "👋de", "f"]),
        ("👋👋👋", 4, &["👋👋", "👋"]),
        // Nor is a letter with its accent, a person with a skin colour, a flag, a family.
        ("abcde\u{301}fg", 5, &["abcd", "e\u{301}fg"]),
        ("abc👍🏽def", 6, &["abc", "👍🏽de", "f"]),
        ("abcd🇮🇱🇺🇦", 6, &["abcd", "🇮🇱", "🇺🇦"]),
        ("ab👩‍👧cd", 5, &["ab", "👩‍👧", "cd"]),
    ] {
        let parts = split(plain(text), limit);
        let contents: Vec<_> = parts.iter().map(|part| part.content.as_str()).collect();
        assert_eq!(contents, expected, "{text}");
    }
}

#[test]
fn no_part_is_longer_than_the_limit_and_no_word_is_lost() {
    // Every sort of character, in an order that no rule prefers.
    let alphabet = ["a", "ש", "я", "👋", " ", "\n", "\n\n", "e\u{301}", "👩‍👧", "🇮🇱", "—", "\t"];
    let mut state = 7_u32;
    for limit in [8, 9, 64, 4096] {
        let text: String = (0..20_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                alphabet[(state >> 16) as usize % alphabet.len()]
            })
            .collect();
        let parts = split(plain(&text), limit);
        assert!(parts.iter().all(|part| units(&part.content) <= limit && !part.content.trim().is_empty()));
        let words = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        let together: String = parts.iter().map(|part| part.content.as_str()).collect();
        assert_eq!(words(&together), words(&text));
    }
}

#[test]
fn entities_go_on_in_the_next_part() {
    let text = Text { content: "👋 one twos three".into(), entities: vec![bold(0, 2), bold(3, 9), bold(11, 5)] };
    let parts = split(text, 8);
    let contents: Vec<_> = parts.iter().map(|part| part.content.as_str()).collect();
    assert_eq!(contents, ["👋 one", "twos", "three"]);
    let entities: Vec<_> = parts.into_iter().map(|part| part.entities).collect();
    assert_eq!(entities, [vec![bold(0, 2), bold(3, 3)], vec![bold(0, 4)], vec![bold(0, 4)]]);
}

#[test]
fn white_space_alone_is_left_to_telegram() {
    let blank = " ".repeat(20);
    assert_eq!(split(plain(&blank), 8), [plain(&blank)]);
}
