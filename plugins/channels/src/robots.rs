//! What a site lets programs read: its `robots.txt`, by RFC 9309. Pure: text in, answers out.
//!
//! 1. The groups that name this program count, and if there are none, those for `*`; a file without either forbids nothing.
//! 2. Of the rules that fit a path the longest one decides; between two of one length the one that allows.
//! 3. In a rule `*` stands for anything and `$` at its end for the end of the path. `%41` and `A` are the same.
//! 4. `/robots.txt` itself may always be read.
//!
//! A parser of its own: the crates for it bring a regular expression for each rule, or have not been looked after for years.

use serde::{Deserialize, Serialize};

/// What this program calls itself to sites.
const NAME: &str = "guesthouse";

/// Bytes of a file that are looked at; the RFC asks for half of a MiB.
pub const LARGEST: usize = 512 << 10;

/// Rules that are kept, and bytes of all of them.
const MOST: usize = 500;
const BYTES: usize = 32 << 10;

/// What a site says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Robots {
    /// Whether it allows, and what.
    rules: Vec<(bool, String)>,
}

impl Robots {
    /// Reads a file.
    pub fn read(text: &str) -> Self {
        let text = &text[..text.floor_char_boundary(LARGEST)];
        let (mut own, mut others) = (None, None);
        // The group under way: whom it is for, and whether its rules have begun.
        let (mut is_own, mut is_for_all, mut has_rules) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            let allows = match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if std::mem::take(&mut has_rules) {
                        (is_own, is_for_all) = (false, false);
                    }
                    is_own |= names(value);
                    is_for_all |= value == "*";
                    continue;
                }
                "allow" => true,
                "disallow" => false,
                _ => continue,
            };
            has_rules = true;
            for (_, rules) in [(is_own, &mut own), (is_for_all, &mut others)].into_iter().filter(|(is_it, _)| *is_it) {
                let rules: &mut Vec<_> = rules.get_or_insert_default();
                let bytes: usize = rules.iter().map(|(_, path): &(bool, String)| path.len()).sum();
                // An empty one forbids nothing.
                if !value.is_empty() && rules.len() < MOST && bytes + value.len() <= BYTES {
                    rules.push((allows, plain(value)));
                }
            }
        }
        Self { rules: own.or(others).unwrap_or_default() }
    }

    /// Whether a path, with its query, may be read.
    pub fn allows(&self, path: &str) -> bool {
        let path = plain(path);
        let fitting = self.rules.iter().filter(|(_, rule)| fits(rule, &path));
        let longest = fitting.max_by_key(|(allows, rule)| (rule.len(), *allows));
        path == "/robots.txt" || longest.is_none_or(|(allows, _)| *allows)
    }
}

/// Whether a group for this name is for this program.
fn names(value: &str) -> bool {
    let end = value.find(|char: char| !(char.is_ascii_alphabetic() || matches!(char, '-' | '_')));
    value[..end.unwrap_or(value.len())].eq_ignore_ascii_case(NAME)
}

/// With one spelling for each character: bytes beyond ASCII encoded, those that need not be not.
fn plain(path: &str) -> String {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut plain = String::with_capacity(path.len());
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let encoded = match bytes[at..] {
            [b'%', high, low, ..] => hex(high).zip(hex(low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        at += if encoded.is_some() { 3 } else { 1 };
        let byte = encoded.unwrap_or(bytes[at - 1]);
        let is_plain = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if is_plain || (encoded.is_none() && byte.is_ascii()) {
            plain.push(char::from(byte));
        } else {
            plain += &format!("%{byte:02X}");
        }
    }
    plain
}

/// Whether a rule fits the beginning of a path. Each piece between two `*` is looked for once, from where the last one
/// ended, so the time is bounded by the lengths.
fn fits(rule: &str, path: &str) -> bool {
    let (rule, to_end) = match rule.strip_suffix('$') {
        Some(rule) => (rule, true),
        None => (rule, false),
    };
    let mut pieces = rule.split('*');
    let Some(mut rest) = path.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let pieces: Vec<_> = pieces.collect();
    let Some((last, between)) = pieces.split_last() else { return !to_end || rest.is_empty() };
    for piece in between {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    if to_end { rest.ends_with(last) } else { rest.contains(last) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str, path: &str) -> bool {
        Robots::read(text).allows(path)
    }

    #[test]
    fn the_longest_rule_decides_and_the_one_that_allows_among_equals() {
        let text = "User-agent: *\nDisallow: /private\nAllow: /private/notes\nDisallow: /same\nAllow: /same\n";
        for (path, expected) in [
            ("/", true),
            ("/private", false),
            ("/private.html", false),
            ("/private/photos", false),
            ("/private/notes/1", true),
            ("/same", true),
            ("/robots.txt", true),
        ] {
            assert_eq!(allows(text, path), expected, "{path}");
        }
        assert!(
            !allows("user-agent: *\ndisallow: /", "/anything") && allows("user-agent: *\ndisallow: /", "/robots.txt")
        );
        assert!(allows("user-agent: *\ndisallow:", "/anything"));
        assert!(allows("", "/anything") && allows("<html>no rules</html>", "/anything"));
    }

    #[test]
    fn a_group_for_this_program_counts_alone() {
        let text = "\u{feff}User-Agent: Other\nUser-agent: GuestHouse/2.0 # us\n\nDisallow: /a\nuser-agent: *\nDisallow: /\n\
                    Crawl-delay: 3\nuser-agent: guesthouse\nDisallow: /b";
        for (path, expected) in [("/a", false), ("/b", false), ("/c", true)] {
            assert_eq!(allows(text, path), expected, "{path}");
        }
        assert!(!allows("user-agent: guesthouse-two\nallow: /\nuser-agent: *\ndisallow: /", "/a"), "another program");
        assert!(allows("user-agent: nobody\ndisallow: /", "/a"), "none for us, none for all");
        assert!(allows("disallow: /", "/a"), "a rule without a group");
    }

    #[test]
    fn stars_and_ends_and_spellings() {
        for (rule, path, fits) in [
            ("/*.pdf$", "/a/b.pdf", true),
            ("/*.pdf$", "/a/b.pdf?x", false),
            ("/*.pdf", "/a/b.pdf?x", true),
            ("*/end$", "/end/end", true),
            ("/a*b*c", "/a-c-b-c", true),
            ("/a*b*c", "/a-c-b", false),
            ("/*?id=", "/page?id=7", true),
            ("/exact$", "/exact", true),
            ("/exact$", "/exactly", false),
            ("/%7euser", "/~user/x", true),
            ("/кот", "/%D0%BA%D0%BE%D1%82", true),
            ("/a%2Fb", "/a/b", false),
            ("/a%2fb", "/a%2Fb", true),
            ("/100%", "/100%", true),
        ] {
            let text = format!("user-agent: *\ndisallow: {rule}");
            assert_eq!(!allows(&text, path), fits, "{rule} {path}");
        }
    }

    #[test]
    fn however_much_there_is_little_is_kept() {
        let many: String = (0..2_000).map(|number| format!("disallow: /{number}{}\n", "x".repeat(100))).collect();
        let robots = Robots::read(&format!("user-agent: *\n{many}"));
        assert!(robots.rules.iter().map(|(_, rule)| rule.len()).sum::<usize>() <= BYTES, "{}", robots.rules.len());
        assert!(!robots.allows(&format!("/0{}", "x".repeat(100))));
        let stars = format!("user-agent: *\ndisallow: /{}b", "*a".repeat(10_000));
        assert!(allows(&stars, &format!("/{}", "a".repeat(50_000))));
    }
}
