//! The main text of a page that a post links to, without its menus, advertisements and footers.

use dom_smoothie::{Config, Readability, TextMode};

/// A page with more elements is not looked through: it would take too long.
const MAX_ELEMENTS: usize = 20_000;

/// Less text than that is a label, a menu, an error.
const MIN_CHARS: usize = 60;

/// What is kept of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// Its title.
    pub title: String,
    /// Its main text.
    pub text: String,
}

/// Extracts the main text; `None` if there is none worth the name.
pub fn extract(html: &str, url: &str, max_chars: usize) -> Option<Article> {
    let config = Config {
        max_elements_to_parse: MAX_ELEMENTS,
        text_mode: TextMode::Formatted,
        char_threshold: 200,
        ..Config::default()
    };
    let address = (!url.is_empty()).then_some(url);
    let mut readability = Readability::new(html, address, Some(config)).ok()?;
    let article = readability.parse().ok()?;
    let text = tidy(&article.text_content);
    let is_text = text.chars().count() >= MIN_CHARS;
    is_text.then(|| Article { title: one_line(&article.title), text: text.chars().take(max_chars).collect() })
}

/// A text that was sent as such, with the same limits.
pub fn plain(text: &str, max_chars: usize) -> Option<Article> {
    let text: String = tidy(text).chars().take(max_chars).collect();
    (!text.is_empty()).then(|| Article { title: String::new(), text })
}

/// At most one empty line between paragraphs, none at the ends.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        if line.trim().is_empty() {
            empty += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if empty > 0 { "\n\n" } else { "\n" });
        }
        tidy.push_str(line);
        empty = 0;
    }
    tidy
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = include_str!("../fixtures/article.html");

    #[test]
    fn the_main_text_is_found_and_nothing_around_it() {
        let article = extract(PAGE, "https://news.example.org/mill", 10_000).expect("an article");
        assert_eq!(article.title, "The mill opens");
        assert!(article.text.contains("the old mill at the river grinds again"), "{}", article.text);
        assert!(article.text.ends_with("before the end of the year."), "{}", article.text);
        for around in ["cookies", "Sport", "Ten shoes", "Privacy", "track()"] {
            assert!(!article.text.contains(around), "{around}");
        }
    }

    #[test]
    fn it_is_cut_where_it_becomes_too_long() {
        assert_eq!(extract(PAGE, "", 50).expect("an article").text.chars().count(), 50);
        assert_eq!(plain("шесть букв", 5).expect("a text").text, "шесть");
    }

    #[test]
    fn a_page_without_text_has_none() {
        assert_eq!(extract("<html><body><nav><a href=/>Home</a></nav></body></html>", "", 100), None);
        assert_eq!(extract("", "", 100), None);
        assert_eq!(extract("not html at all", "no address", 100), None);
    }
}
