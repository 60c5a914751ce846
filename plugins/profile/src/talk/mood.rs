//! The mood of a message, its questions and its hashtags, by rules.

/// How good (1) or bad (-1) a mood a message shows; nothing if it shows none.
pub(crate) fn of(text: &str) -> Option<f64> {
    let (mut good, mut bad) = (0.0_f64, 0.0_f64);
    let low = text.to_lowercase();
    let mut denied = false;
    for word in low.split(|char: char| !(char.is_alphanumeric() || char == '\'')).filter(|word| !word.is_empty()) {
        let value = value(word);
        let counts = if denied { -value } else { value };
        good += counts.max(0.0);
        bad += (-counts).max(0.0);
        denied = matches!(word, "not" | "no" | "never" | "don't" | "dont" | "isn't" | "не" | "ни" | "לא" | "אין")
            || denied && matches!(word, "so" | "very" | "really" | "too" | "очень" | "כל" | "כך" | "ממש");
    }
    for char in text.chars() {
        match char {
            '😀'..='😍' | '😘' | '🥰' | '🤩' | '🎉' | '👍' | '❤' | '💪' | '🙏' => good += 1.0,
            '😞'..='😣' | '😔' | '😕' | '🙁' | '😭' | '🤬' | '👎' | '💔' | '😩' | '😫' => {
                bad += 1.0
            }
            _ => {}
        }
    }
    let all = good + bad;
    (all > 0.0).then(|| (good - bad) / all)
}

fn value(word: &str) -> f64 {
    match word {
        "love"
        | "great"
        | "good"
        | "happy"
        | "thanks"
        | "thank"
        | "awesome"
        | "nice"
        | "cool"
        | "perfect"
        | "glad"
        | "excellent"
        | "wonderful"
        | "amazing"
        | "best"
        | "люблю"
        | "отлично"
        | "хорошо"
        | "супер"
        | "класс"
        | "классно"
        | "спасибо"
        | "рад"
        | "рада"
        | "круто"
        | "прекрасно"
        | "здорово"
        | "ура"
        | "нравится"
        | "счастлив"
        | "счастлива"
        | "замечательно"
        | "אוהב"
        | "אוהבת"
        | "מעולה"
        | "טוב"
        | "נהדר"
        | "תודה"
        | "מדהים"
        | "שמח"
        | "שמחה"
        | "מצוין"
        | "יופי"
        | "סבבה"
        | "כיף"
        | "אחלה" => 1.0,
        "hate" | "bad" | "sad" | "angry" | "awful" | "terrible" | "tired" | "annoying" | "worst" | "broken"
        | "sick" | "ugly" | "horrible" | "upset" | "lonely" | "ненавижу" | "плохо" | "грустно" | "ужасно" | "ужас"
        | "устал" | "устала" | "бесит" | "злой" | "болит" | "кошмар" | "отстой" | "одиноко" | "тоскливо" | "שונא"
        | "שונאת" | "רע" | "עצוב" | "עצובה" | "נורא" | "עייף" | "עייפה" | "כועס" | "כועסת" | "גרוע" | "מעצבן"
        | "נמאס" | "חולה" | "באסה" => -1.0,
        _ => 0.0,
    }
}

/// A word for the moods of a week.
pub(crate) fn word(sum: f64, messages: i64) -> &'static str {
    if messages == 0 {
        return "neutral";
    }
    match sum / messages as f64 {
        mean if mean > 0.3 => "good",
        mean if mean < -0.3 => "bad",
        _ => "mixed",
    }
}

/// The questions of a message that are more than a word or two.
pub(crate) fn questions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut start = 0;
    for (index, char) in text.char_indices() {
        let end = index + char.len_utf8();
        if matches!(char, '.' | '!' | '?' | '\n' | '…') {
            let sentence = text[start..end].trim();
            if char == '?' && sentence.split_whitespace().count() >= 3 {
                found.push(sentence.chars().take(160).collect());
            }
            start = end;
        }
    }
    found
}

/// Whether somebody says that what they asked is answered.
pub(crate) fn is_thanks(text: &str) -> bool {
    let low = text.to_lowercase();
    let says = |word: &str| low.split(|char: char| !char.is_alphanumeric()).any(|one| one == word);
    ["thanks", "thank", "thx", "спасибо", "спс", "разобрался", "разобралась", "תודה", "הסתדרתי"].into_iter().any(says)
}

/// The hashtags of a message.
pub(crate) fn hashtags(text: &str) -> Vec<String> {
    let tags = text.split_whitespace().filter_map(|word| word.strip_prefix('#'));
    let tags = tags.map(|tag| tag.trim_end_matches(|char: char| !char.is_alphanumeric()).to_lowercase());
    tags.filter(|tag| tag.chars().any(char::is_alphabetic) && tag.len() <= 60).map(|tag| format!("#{tag}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moods_are_seen_in_three_languages() {
        for text in ["this is great", "не плохо!", "все отлично 👍", "יום מדהים", "not bad"]
        {
            assert!(of(text).is_some_and(|mood| mood > 0.0), "{text}");
        }
        for text in ["so tired and sad", "мне грустно", "נמאס לי", "I'm not happy", "לא טוב לי", "😭😭"]
        {
            assert!(of(text).is_some_and(|mood| mood < 0.0), "{text}");
        }
        assert_eq!(of("the train leaves at six"), None);
        assert_eq!([word(0.0, 0), word(3.0, 4), word(-3.0, 4), word(0.0, 4)], ["neutral", "good", "bad", "mixed"]);
    }

    #[test]
    fn questions_are_sentences() {
        assert_eq!(questions("Hi. How do I get there? ok?"), ["How do I get there?"]);
        assert_eq!(questions("что это? а где тут вход?"), ["а где тут вход?"]);
        assert!(is_thanks("ok, спасибо!") && !is_thanks("thanksgiving"));
        assert_eq!(hashtags("see #Chess, and #1 #"), ["#chess"]);
    }
}
