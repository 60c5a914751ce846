//! The cases of Russian nouns, by their endings. It makes forms that do not exist, too; they are only ever looked up, so
//! those do no harm.

/// All forms of a noun in the nominative, itself included.
pub(super) fn forms(noun: &str) -> Vec<String> {
    let endings: &[(&str, &[&str])] = &[
        ("ий", &["ий", "им", "его", "ему", "ем", "ия", "ием", "ии", "ию"]),
        ("ый", &["ый", "ым", "ого", "ому", "ом"]),
        ("ой", &["ой", "ым", "ого", "ому", "ом"]),
        ("ая", &["ая", "ой", "ую"]),
        ("ия", &["ия", "ии", "ию", "ией"]),
        ("ец", &["ец", "ца", "цу", "цом", "цем", "це"]),
        ("ок", &["ок", "ка", "ку", "ком", "ке"]),
        ("а", &["а", "ы", "и", "е", "у", "ой", "ей"]),
        ("я", &["я", "и", "е", "ю", "ей"]),
        ("ь", &["ь", "и", "ью", "я", "ю", "ем", "е"]),
        ("й", &["й", "я", "ю", "ем", "е"]),
        ("о", &["о", "а", "у", "ом", "е"]),
        ("е", &["е", "я", "ю", "ем", "и"]),
        ("ы", &["ы", "ов", "ам", "ами", "ах"]),
        ("и", &["и", "ов", "ей", "ам", "ами", "ах"]),
    ];
    let is_russian = noun.chars().all(|char| matches!(char, 'а'..='я' | 'ё' | '-'));
    if !is_russian {
        return vec![noun.to_owned()];
    }
    for (ending, all) in endings {
        if let Some(stem) = noun.strip_suffix(ending) {
            return all.iter().map(|ending| format!("{stem}{ending}")).collect();
        }
    }
    ["", "а", "у", "ом", "ем", "е"].iter().map(|ending| format!("{noun}{ending}")).collect()
}

/// The nominative of an adjective, given in the nominative or the instrumental of either gender.
pub(super) fn adjective(word: &str, feminine: bool) -> Option<String> {
    if ["ый", "ий", "ая", "яя"].iter().any(|ending| word.ends_with(ending)) {
        return Some(word.to_owned());
    }
    let soft = |stem: &str| stem.ends_with(['к', 'г', 'х', 'ж', 'ш', 'ч', 'щ']);
    if feminine {
        return word.strip_suffix("ой").map(|stem| format!("{stem}ая"));
    }
    if let Some(stem) = word.strip_suffix("ым") {
        return Some(format!("{stem}ый"));
    }
    word.strip_suffix("им").filter(|stem| soft(stem) || stem.ends_with('н')).map(|stem| format!("{stem}ий"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_take_their_cases() {
        for (noun, form) in [
            ("врач", "врачом"),
            ("учитель", "учителем"),
            ("медсестра", "медсестрой"),
            ("продавец", "продавцом"),
            ("рабочий", "рабочим"),
            ("москва", "москве"),
            ("казань", "казани"),
            ("самара", "самары"),
            ("йога", "йогой"),
            ("вязание", "вязанием"),
            ("джаз", "джаза"),
            ("хайфа", "хайфу"),
        ] {
            assert!(forms(noun).iter().any(|one| one == form), "{noun} → {form}");
        }
        assert_eq!(forms("chess"), ["chess"]);
    }

    #[test]
    fn adjectives_return_to_the_nominative() {
        assert_eq!(adjective("главным", false).as_deref(), Some("главный"));
        assert_eq!(adjective("графическим", false).as_deref(), Some("графический"));
        assert_eq!(adjective("старшей", true), None);
        assert_eq!(adjective("главной", true).as_deref(), Some("главная"));
        assert_eq!(adjective("по", false), None);
    }
}
