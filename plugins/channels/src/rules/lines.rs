//! Rules as lines of text: what a line begins with, and putting one line in the place of another, as buttons do.

/// What a line begins with, in the languages of the bot.
const KEYS: [(&str, &[&str]); 12] = [
    ("tags", &["tag", "hashtags", "теги", "тег", "תגיות", "תגית"]),
    ("lang", &["language", "languages", "язык", "языки", "שפה", "שפות"]),
    ("media", &["медиа", "מדיה"]),
    ("length", &["длина", "אורך"]),
    ("price", &["цена", "מחיר"]),
    ("forwarded", &["пересланные", "הועבר"]),
    ("take", &["взять", "קח"]),
    ("replace", &["замена", "заменить", "החלף"]),
    ("show", &["вид", "показ", "הצג"]),
    ("when", &["когда", "מתי"]),
    ("quiet", &["тишина", "שקט"]),
    ("zone", &["пояс", "зона", "אזור"]),
];

/// The key that a word means.
pub(super) fn known_key(word: &str) -> Option<&'static str> {
    KEYS.iter().find(|(known, others)| *known == word || others.contains(&word)).map(|(known, _)| *known)
}

/// The rules with another line for a key: in the place of the old one, or at the end; without one if there is no new one.
pub fn with_line(rules: &str, key: &str, line: Option<&str>) -> String {
    let is_key = |line: &str| {
        let word = line.trim().split([':', '=']).next().unwrap_or_default().trim().to_lowercase();
        known_key(&word) == Some(key)
    };
    let mut line = line;
    let mut lines: Vec<&str> = Vec::new();
    for old in rules.lines() {
        if !is_key(old) {
            lines.push(old);
        } else if let Some(new) = line.take() {
            lines.push(new);
        }
    }
    lines.extend(line);
    lines.join("\n").trim().to_owned()
}

/// What a line for a key says, if there is one.
pub fn value_of<'a>(rules: &'a str, key: &str) -> Option<&'a str> {
    rules.lines().find_map(|line| {
        let (word, rest) = line.trim().split_once([':', '='])?;
        (known_key(&word.trim().to_lowercase()) == Some(key)).then(|| rest.trim())
    })
}
