//! Codes as people mistype them.

use std::cell::Cell;

use super::*;

fn codes() -> impl Iterator<Item = Code> {
    // A small generator is random enough to try many codes.
    let state = Cell::new(0x2545_f491_4f6c_dd1d_u64);
    let character = move |_| {
        state.update(|state| state ^ (state << 13));
        state.update(|state| state ^ (state >> 7));
        state.update(|state| state ^ (state << 17));
        char::from(ALPHABET[(state.get() >> 32) as usize % 32])
    };
    std::iter::repeat_with(move || Code::draw(|length| (0..length).map(&character).collect()))
}

#[test]
fn a_code_survives_the_ways_people_write_it() {
    for code in codes().take(500) {
        let shown = code.to_string();
        assert_eq!(shown.len(), 24, "{shown}");
        let confused = shown.to_lowercase().replace('0', "o").replace('1', "l");
        let cyrillic = shown.replace('A', "а").replace('K', "К").replace('X', "х").replace('0', "О");
        let blanks = shown.replace('-', " ");
        for written in [&shown, code.as_str(), &confused, &cyrillic, &blanks, &format!("\u{2066}{shown}\u{2069}\n")] {
            assert_eq!(Code::parse(written).as_ref(), Some(&code), "{written}");
            assert_eq!(read_text(written, "shop_bot"), Spoken::Code(code.clone()), "{written}");
        }
    }
}

#[test]
fn one_or_two_wrong_characters_are_always_noticed() {
    let code = codes().next().expect("endless");
    let right = code.as_str().as_bytes();
    for first in 0..LENGTH {
        for second in first..LENGTH {
            for (a, b) in ALPHABET.iter().flat_map(|a| ALPHABET.iter().map(move |b| (*a, *b))) {
                let mut wrong = right.to_vec();
                wrong[first] = a;
                wrong[second] = b;
                if wrong != right {
                    let wrong = String::from_utf8(wrong).expect("ascii");
                    assert_eq!(Code::parse(&wrong), None, "{wrong}");
                }
            }
        }
    }
}

#[test]
fn a_payload_fits_telegram() {
    for code in codes().take(50) {
        let payload = code.payload();
        assert!(payload.len() <= 64 && payload.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        assert_eq!(read_payload(&payload), Spoken::Code(code.clone()));
        assert_eq!(read_payload(&format!("verify_{code}")), Spoken::Code(code));
    }
    assert_eq!(read_payload("verify_"), Spoken::Malformed);
    assert_eq!(read_payload("hello"), Spoken::Malformed);
}

#[test]
fn pasted_links_are_read_wherever_they_stand() {
    let code = codes().next().expect("endless");
    let link = code.link("shop_bot");
    let payload = code.payload();
    for text in [
        link.clone(),
        format!("Look: {link}. Is it real?"),
        format!("t.me/Shop_Bot?start={payload}"),
        format!("tg://resolve?domain=shop_bot&start={payload}"),
        format!("http://telegram.me/shop_bot?utm=1&start={payload}"),
        format!("is {code} real"),
        payload.clone(),
    ] {
        assert_eq!(read_text(&text, "shop_bot"), Spoken::Code(code.clone()), "{text}");
    }
    assert_eq!(read_text(&link, "another_bot"), Spoken::OtherBot("shop_bot".into()));
    assert_eq!(read_text("https://t.me/shop_bot?start=verify_123", "shop_bot"), Spoken::Malformed);
    assert_eq!(read_text("https://t.me/shop_bot?start=gift", "shop_bot"), Spoken::Nothing);
}

#[test]
fn mistyped_codes_are_told_from_talk() {
    let code = codes().nth(3).expect("endless").to_string();
    let short = &code[..code.len() - 1];
    for text in
        [short, &format!("{code}7"), &code.replace('-', "").replace(char::is_alphabetic, "U"), "K7QF-9M2X-4TTA-00B1"]
    {
        assert_eq!(read_text(text, "shop_bot"), Spoken::Malformed, "{text}");
    }
    for text in [
        "hello",
        "",
        "Is this card real? I bought it in 2024",
        "+7 999 123 45 67 890 12 3",
        "12345678901234567891",
        "supercalifragilistic",
        "שלום, האם הכרטיס אמיתי?",
        "https://example.com/some/path-123456",
    ] {
        assert_eq!(read_text(text, "shop_bot"), Spoken::Nothing, "{text}");
    }
}

#[test]
fn a_code_that_misses_any_character_is_no_word() {
    for code in codes().take(500) {
        for index in 0..LENGTH {
            let mut missing = code.as_str().to_owned();
            missing.remove(index);
            assert_eq!(read_text(&missing, "shop_bot"), Spoken::Malformed, "{missing}");
        }
    }
}

#[test]
fn every_code_in_a_text_is_read_once() {
    let [one, two] = [0, 1].map(|index| codes().nth(index).expect("endless"));
    let both = [Spoken::Code(one.clone()), Spoken::Code(two.clone())];
    let blanks = |code: &Code| code.to_string().replace('-', " ");
    for text in [
        format!("{one} {two}"),
        format!("{one}\n{two}"),
        format!("{one},{two}"),
        format!("Are {one} and {two}. real? I ask for {one}"),
        format!("{} {}", one.link("shop_bot"), two.link("shop_bot")),
        format!("{}\n{}", one.link("shop_bot"), two.as_str().to_lowercase()),
        format!("{}\n{}", blanks(&one), blanks(&two)),
        format!("look: {} and {}", blanks(&one), blanks(&two)),
    ] {
        assert_eq!(read_all(&text, "shop_bot"), both, "{text}");
    }
    let other = Spoken::OtherBot("shop_bot".into());
    let text = format!("{} {two}", one.link("shop_bot"));
    assert_eq!(read_all(&text, "another_bot"), [other, Spoken::Code(two)], "a false link does not hide behind a code");
    assert_eq!(read_all("hello", "shop_bot"), []);
    assert_eq!(read_all("K7QF-9M2X-4TTA-00B1", "shop_bot"), [Spoken::Malformed]);
}
