//! Occupations: a noun of the list, with what belongs to it in each language.

use super::inflect;
use super::lexicon::Lexicon;
use super::slots::is_hebrew;
use super::words::{Kind, Word};

/// The occupation that these words begin with, and how many they are.
pub(super) fn job(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    let first = words.first().filter(|word| word.kind == Kind::Letters)?;
    if is_hebrew(first) {
        return hebrew_job(words, lexicon);
    }
    if first.low.starts_with(|char| matches!(char, 'а'..='я')) {
        return russian_job(words, lexicon);
    }
    // Who says these of themselves does not mean what they do for a living.
    const OUTSIDE: [&str; 47] = [
        "the", "a", "an", "no", "of", "in", "to", "for", "and", "or", "very", "big", "huge", "fan", "good", "great",
        "bad", "terrible", "proud", "happy", "ex", "former", "future", "aspiring", "wannabe", "better", "best",
        "worst", "fast", "slow", "lazy", "heavy", "at", "with", "by", "my", "your", "his", "her", "their", "like",
        "not", "so", "such", "born", "about", "as",
    ];
    let mut best = None;
    for (index, word) in words.iter().enumerate().take(4) {
        if word.kind != Kind::Letters || OUTSIDE.contains(&word.low.as_str()) {
            break;
        }
        if lexicon.is_english_job(&word.low) {
            best = Some(index + 1);
        }
    }
    let used = best?;
    let value: Vec<_> = words[..used].iter().map(|word| word.low.as_str()).collect();
    Some((value.join(" ").trim_start_matches("part-time ").trim_start_matches("full-time ").to_owned(), used))
}

/// Adjectives, a noun, and "по продажам" behind it.
fn russian_job(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    let is_letters = |word: &&Word| word.kind == Kind::Letters;
    let at = words.iter().take(3).take_while(is_letters).position(|word| lexicon.russian_job(&word.low).is_some())?;
    let noun = lexicon.russian_job(&words[at].low)?;
    let feminine = noun.ends_with(['а', 'я']);
    let mut value = String::new();
    for word in &words[..at] {
        value += &inflect::adjective(&word.low, feminine)?;
        value.push(' ');
    }
    value += noun;
    let mut used = at + 1;
    if words.get(used).is_some_and(|word| word.low == "по") {
        let next = words.get(used + 1).filter(|word| word.kind == Kind::Letters);
        if let Some(next) = next.filter(|word| ["ам", "ям", "у", "ию"].iter().any(|ending| word.low.ends_with(ending)))
        {
            value += &format!(" по {}", next.low);
            used += 2;
        }
    }
    Some((value, used))
}

/// A noun, and what says of which sort.
fn hebrew_job(words: &[Word], lexicon: &Lexicon) -> Option<(String, usize)> {
    const SORTS: [&str; 36] = [
        "תוכנה",
        "חומרה",
        "גרפי",
        "גרפית",
        "דין",
        "חשבון",
        "חשבונות",
        "מונית",
        "אוטובוס",
        "משאית",
        "חשמל",
        "בניין",
        "מכירות",
        "שיניים",
        "ראשי",
        "ראשית",
        "נתונים",
        "מוצר",
        "פנים",
        "אופנה",
        "שיווק",
        "פרויקטים",
        "מערכת",
        "ספורט",
        "כושר",
        "יוגה",
        "טיולים",
        "נסיעות",
        "ביטוח",
        "נדל\"ן",
        "השקעות",
        "ילדים",
        "משפחה",
        "אנגלית",
        "מתמטיקה",
        "בכיר",
    ];
    let first = words.first().filter(|word| lexicon.is_hebrew_job(&word.low))?;
    Some(match words.get(1).filter(|word| SORTS.contains(&word.low.as_str())) {
        Some(sort) => (format!("{} {}", first.low, sort.low), 2),
        None => (first.low.clone(), 1),
    })
}
