//! In which language a text is. Long texts are told by their letters in threes; of short ones only the script is sure, and
//! then a rule is given the benefit of the doubt.

use whatlang::{Lang, Script};

/// Fewer letters than that say nothing.
const MIN_LETTERS: usize = 3;

/// What is known of a text's language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guess {
    /// Two letters, as ISO 639-1 has them.
    pub code: &'static str,
    /// Whether it may be another language of the same script.
    pub sure: bool,
    script: Script,
}

/// Guesses. Addresses, mentions and hashtags are not looked at: they are in no language.
pub fn guess(text: &str) -> Option<Guess> {
    let words = text.split_whitespace().filter(|word| !word.contains("://") && !word.starts_with(['@', '#', '/']));
    let plain = words.collect::<Vec<_>>().join(" ");
    if plain.chars().filter(|char| char.is_alphabetic()).count() < MIN_LETTERS {
        return None;
    }
    let info = whatlang::detect(&plain)?;
    // Scripts of one language leave no doubt; nearly nobody writes Yiddish, and short Hebrew is taken for it.
    let (lang, sure) = match info.script() {
        Script::Hebrew if !info.is_reliable() => (Lang::Heb, true),
        Script::Latin | Script::Cyrillic | Script::Arabic | Script::Devanagari => (info.lang(), info.is_reliable()),
        _ => (info.lang(), true),
    };
    Some(Guess { code: code(lang), sure, script: info.script() })
}

impl Guess {
    /// Whether it is this language, or may be.
    pub fn may_be(&self, wanted: &str) -> bool {
        self.code == wanted || !self.sure && language(wanted).is_some_and(|lang| scripts(lang).contains(&self.script))
    }
}

/// The two letters for a code or a name as people write it: `en`, `english`, `русский`, `עברית`.
pub fn named(name: &str) -> Option<&'static str> {
    let name = name.to_lowercase();
    let known = match name.as_str() {
        "iw" | "עברית" | "иврит" => "he",
        "русский" | "рус" | "רוסית" => "ru",
        "английский" | "англ" | "אנגלית" => "en",
        "українська" | "украинский" | "ua" => "uk",
        name => name,
    };
    Lang::all()
        .iter()
        .find(|lang| code(**lang) == known || lang.eng_name().to_lowercase() == known)
        .map(|lang| code(*lang))
}

fn language(wanted: &str) -> Option<Lang> {
    Lang::all().iter().copied().find(|lang| code(*lang) == wanted)
}

fn scripts(lang: Lang) -> &'static [Script] {
    match code(lang) {
        "ru" | "uk" | "be" | "bg" | "mk" => &[Script::Cyrillic],
        "sr" => &[Script::Cyrillic, Script::Latin],
        "he" | "yi" => &[Script::Hebrew],
        "ar" | "fa" | "ur" => &[Script::Arabic],
        "hi" | "mr" | "ne" => &[Script::Devanagari],
        "zh" | "ja" | "ko" | "el" | "ka" | "hy" | "th" | "bn" | "ta" | "te" | "kn" | "ml" | "gu" | "pa" | "or"
        | "si" | "my" | "km" | "am" => &[],
        _ => &[Script::Latin],
    }
}

/// ISO 639-1 where the library has the three letters of 639-3.
fn code(lang: Lang) -> &'static str {
    match lang {
        Lang::Epo => "eo",
        Lang::Eng => "en",
        Lang::Rus => "ru",
        Lang::Cmn => "zh",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Ita => "it",
        Lang::Ben => "bn",
        Lang::Fra => "fr",
        Lang::Deu => "de",
        Lang::Ukr => "uk",
        Lang::Kat => "ka",
        Lang::Ara => "ar",
        Lang::Hin => "hi",
        Lang::Jpn => "ja",
        Lang::Heb => "he",
        Lang::Yid => "yi",
        Lang::Pol => "pl",
        Lang::Amh => "am",
        Lang::Jav => "jv",
        Lang::Kor => "ko",
        Lang::Nob => "no",
        Lang::Dan => "da",
        Lang::Swe => "sv",
        Lang::Fin => "fi",
        Lang::Tur => "tr",
        Lang::Nld => "nl",
        Lang::Hun => "hu",
        Lang::Ces => "cs",
        Lang::Ell => "el",
        Lang::Bul => "bg",
        Lang::Bel => "be",
        Lang::Mar => "mr",
        Lang::Kan => "kn",
        Lang::Ron => "ro",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Mkd => "mk",
        Lang::Lit => "lt",
        Lang::Lav => "lv",
        Lang::Est => "et",
        Lang::Tam => "ta",
        Lang::Vie => "vi",
        Lang::Urd => "ur",
        Lang::Tha => "th",
        Lang::Guj => "gu",
        Lang::Uzb => "uz",
        Lang::Pan => "pa",
        Lang::Aze => "az",
        Lang::Ind => "id",
        Lang::Tel => "te",
        Lang::Pes => "fa",
        Lang::Mal => "ml",
        Lang::Ori => "or",
        Lang::Mya => "my",
        Lang::Nep => "ne",
        Lang::Sin => "si",
        Lang::Khm => "km",
        Lang::Tuk => "tk",
        Lang::Aka => "ak",
        Lang::Zul => "zu",
        Lang::Sna => "sn",
        Lang::Afr => "af",
        Lang::Lat => "la",
        Lang::Slk => "sk",
        Lang::Cat => "ca",
        Lang::Tgl => "tl",
        Lang::Hye => "hy",
        lang => lang.code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_told() {
        let texts = [
            ("The council has decided to rebuild the old mill at the river before the winter.", "en"),
            ("Городской совет решил до зимы восстановить старую мельницу у реки.", "ru"),
            ("Міська рада вирішила до зими відбудувати старий млин біля річки, і це добре.", "uk"),
            ("העירייה החליטה לשקם את הטחנה הישנה ליד הנהר לפני החורף", "he"),
        ];
        for (text, code) in texts {
            assert_eq!(guess(text).map(|guess| guess.code), Some(code), "{text}");
        }
    }

    #[test]
    fn of_short_texts_the_script_counts() {
        assert!(guess("Продам").is_some_and(|guess| guess.may_be("ru") && !guess.may_be("en")));
        assert!(guess("For sale").is_some_and(|guess| guess.may_be("en") && !guess.may_be("ru")));
        assert!(guess("דירה").is_some_and(|guess| guess.may_be("he") && !guess.may_be("en")));
        assert_eq!(guess("👍 12 000 https://example.org @town #sale"), None);
    }

    #[test]
    fn languages_are_named_as_people_name_them() {
        let names = ["en", "English", "русский", "עברית", "iw", "ua", "klingon"].map(named);
        assert_eq!(names, [Some("en"), Some("en"), Some("ru"), Some("he"), Some("he"), Some("uk"), None]);
    }
}
