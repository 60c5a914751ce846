//! How a post is passed on: what is replaced in its text, and the line that it is put into. Formatting moves along with the
//! text it belongs to.

use guesthouse_plugin::{Entity, Text};
use regex::Regex;

/// The words that may stand in braces; beside them the names that `take` gives.
pub const PLACES: [&str; 15] = [
    "text", "title", "name", "link", "author", "views", "time", "price", "currency", "date", "phone", "email", "url",
    "tag", "page",
];

/// Replaces what it finds.
#[derive(Debug, Clone)]
pub struct Replace {
    /// What is looked for.
    pub find: Regex,
    /// What is put in its place; `$1` is the first group.
    pub with: String,
}

/// A template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Show(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Said(String),
    Place(String),
}

impl Show {
    /// Reads a template; `\n` begins a new line.
    ///
    /// # Errors
    ///
    /// The place that is not known, or that is not closed.
    pub fn parse(template: &str, is_known: impl Fn(&str) -> bool) -> Result<Self, String> {
        let template = template.replace("\\n", "\n");
        let mut pieces = Vec::new();
        let mut rest = template.as_str();
        while let Some((said, behind)) = rest.split_once('{') {
            let Some((place, after)) = behind.split_once('}') else { return Err(format!("{{{behind}")) };
            let place = place.trim().to_lowercase();
            if !is_known(&place) {
                return Err(format!("{{{place}}}"));
            }
            pieces.push(Piece::Said(said.to_owned()));
            pieces.push(Piece::Place(place));
            rest = after;
        }
        pieces.push(Piece::Said(rest.to_owned()));
        pieces.retain(|piece| !matches!(piece, Piece::Said(said) if said.is_empty()));
        Ok(Self(pieces))
    }

    /// The places it has.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(place) => Some(place.as_str()),
            Piece::Said(_) => None,
        })
    }

    /// Fills it.
    pub fn fill(&self, mut value: impl FnMut(&str) -> Text) -> Text {
        self.0.iter().fold(Text::new(), |text, piece| match piece {
            Piece::Said(said) => text.plain(said),
            Piece::Place(place) => text.plain(value(place)),
        })
    }
}

impl Replace {
    /// The text after it.
    pub fn apply(&self, text: &Text) -> Text {
        let mut content = String::with_capacity(text.content.len());
        // Where each replaced part stood, and how long it and what came in its place are, in UTF-16 units.
        let mut moves: Vec<(u32, u32, u32)> = Vec::new();
        let (mut done, mut units_done) = (0, 0);
        for found in self.find.captures_iter(&text.content) {
            let Some(all) = found.get(0).filter(|all| !all.as_str().is_empty()) else { continue };
            let between = &text.content[done..all.start()];
            let mut put = String::new();
            found.expand(&self.with, &mut put);
            units_done += units(between);
            moves.push((units_done, units(all.as_str()), units(&put)));
            units_done += units(all.as_str());
            content.push_str(between);
            content.push_str(&put);
            done = all.end();
        }
        content.push_str(&text.content[done..]);
        let entities = text.entities.iter().filter_map(|entity| {
            let from = moved(&moves, entity.offset);
            let to = moved(&moves, entity.offset + entity.length);
            (to > from).then(|| Entity { kind: entity.kind.clone(), offset: from, length: to - from })
        });
        crate::page::trimmed(Text { content, entities: entities.collect() })
    }
}

/// Where a place is after the replacements. One within a replaced part goes behind what came in its place, which thereby
/// belongs to the format that began before it.
fn moved(moves: &[(u32, u32, u32)], place: u32) -> u32 {
    let (mut gained, mut lost) = (0, 0);
    for (at, old, new) in moves {
        if *at + *old <= place {
            gained += new;
            lost += old;
        } else if *at < place {
            return at + gained - lost + new;
        }
    }
    place + gained - lost
}

fn units(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use guesthouse_plugin::EntityKind;

    use super::*;

    fn replace(find: &str, with: &str, text: &Text) -> Text {
        Replace { find: Regex::new(find).expect("an expression"), with: with.into() }.apply(text)
    }

    fn parts(text: &Text) -> Vec<(&EntityKind, &str)> {
        text.entities.iter().map(|entity| (&entity.kind, text.part(entity))).collect()
    }

    #[test]
    fn formats_follow_their_text() {
        let text = Text::from("👍 ad: ").bold("big").plain(" and ").italic("small").plain(" ad: end");
        let shorter = replace(r"ad: ", "", &text);
        assert_eq!(shorter.content, "👍 big and small end");
        assert_eq!(parts(&shorter), [(&EntityKind::Bold, "big"), (&EntityKind::Italic, "small")]);
        let longer = replace(r"big", "very big 🎉", &text);
        assert_eq!(parts(&longer), [(&EntityKind::Bold, "very big 🎉"), (&EntityKind::Italic, "small")]);
        let across = replace(r"ig and sm", "-", &text);
        assert_eq!(across.content, "👍 ad: b-all ad: end");
        assert_eq!(parts(&across), [(&EntityKind::Bold, "b-"), (&EntityKind::Italic, "all")]);
    }

    #[test]
    fn groups_may_be_put_back() {
        assert_eq!(replace(r"(\d+) USD", "$$$1", &Text::from("only 5 USD")).content, "only $5");
        assert_eq!(replace(r"x*", "-", &Text::from("abc")).content, "abc", "nothing found is nothing replaced");
    }

    #[test]
    fn a_template_is_filled() {
        let is_known = |place: &str| PLACES.contains(&place);
        let show = Show::parse(r"{title}:\n{ Text } ({price} {currency})", is_known).expect("a template");
        let filled = show.fill(|place| match place {
            "text" => Text::new().bold("flat"),
            place => Text::from(place),
        });
        assert_eq!(filled.content, "title:\nflat (price currency)");
        assert_eq!(parts(&filled), [(&EntityKind::Bold, "flat")]);
        assert_eq!(Show::parse("{rooms}", is_known), Err("{rooms}".into()));
        assert_eq!(Show::parse("{text", is_known), Err("{text".into()));
    }
}
