//! How a text that is too long for one message is cut: a pure rule.
//!
//! 1. At the last blank line within the limit, else at the last line end, else at the last white space, as long as the
//!    part is at least half of what it could be; the white space at the cut is dropped.
//! 2. Else anywhere, but not inside of what a person sees as one character.
//! 3. Entities are cut along and go on in the next part.
//!
//! Lengths are UTF-16 units, which is how Telegram counts entities; a text within the limit so is within it however
//! Telegram counts.

use crate::model::event::{Entity, Text};

/// How far a cut is moved back so as not to tear a character apart.
const LONGEST_CHARACTER: usize = 64;

/// The text in parts of at most `limit` UTF-16 units; never none.
pub(super) fn split(text: Text, limit: usize) -> Vec<Text> {
    // A UTF-16 unit takes at least a byte, so most texts need not be measured.
    if text.content.len() <= limit {
        return vec![text];
    }
    let mut parts = Vec::new();
    // Where the rest begins: in bytes and in UTF-16 units.
    let (mut start, mut offset) = (0, 0);
    while start < text.content.len() {
        let rest = &text.content[start..];
        let (end, next) = cut(rest, limit);
        let (part, gap) = (&rest[..end], &rest[end..next]);
        let (length, skipped) = (units(part), units(gap));
        if !part.trim().is_empty() {
            let entities = text.entities.iter().filter_map(|entity| clip(entity, offset, length)).collect();
            parts.push(Text { content: part.to_owned(), entities });
        }
        start += next;
        offset += length + skipped;
    }
    // Nothing but white space: Telegram is to say that.
    if parts.is_empty() { vec![text] } else { parts }
}

/// Where the first part ends and where the next one begins, in bytes.
fn cut(rest: &str, limit: usize) -> (usize, usize) {
    let Some(most) = reach(rest, limit) else { return (rest.len(), rest.len()) };
    let least = reach(rest, limit / 2).unwrap_or(0);
    let window = &rest[..most];
    // White space right behind the window is as good a place as any in it.
    let room =
        rest[most..].chars().next().filter(|next| next.is_whitespace()).map_or(most, |next| most + next.len_utf8());
    let candidates = &rest[..room];
    let found = candidates
        .rfind("\n\n")
        .filter(|at| *at >= least)
        .or_else(|| candidates.rfind('\n').filter(|at| *at >= least))
        .or_else(|| candidates.rfind(char::is_whitespace).filter(|at| *at >= least));
    if let Some(at) = found {
        let end = window[..at.min(most)].trim_end().len();
        let gap = &rest[at..];
        // Line ends go, but the indentation of the next line is part of it.
        let is_line = gap.starts_with('\n');
        let kept = if is_line { gap.trim_start_matches(['\n', '\r']) } else { gap.trim_start() };
        return (end, rest.len() - kept.len());
    }
    let at = whole_character(rest, most);
    (at, at)
}

/// The byte up to which `limit` UTF-16 units reach; `None` if that is the whole text.
fn reach(text: &str, limit: usize) -> Option<usize> {
    let mut used = 0;
    text.char_indices().find_map(|(at, c)| {
        used += c.len_utf16();
        (used > limit).then_some(at)
    })
}

/// The last place up to `at` that does not tear a character from its accents, its skin colour or its family.
fn whole_character(text: &str, at: usize) -> usize {
    let mut place = at;
    while at - place < LONGEST_CHARACTER {
        let Some(before) = text[..place].chars().next_back() else { return at };
        let after = text[place..].chars().next();
        if before != '\u{200d}' && !after.is_some_and(continues) && !splits_flag(&text[..place], after) {
            return if place == 0 { at } else { place };
        }
        place -= before.len_utf8();
    }
    at
}

/// Whether this goes on with the character before it: accents, joiners, variations, skin colours, tags.
fn continues(c: char) -> bool {
    matches!(c,
        '\u{0300}'..='\u{036f}' | '\u{0483}'..='\u{0489}' | '\u{0591}'..='\u{05bd}' | '\u{05bf}'..='\u{05c7}'
        | '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{093a}'..='\u{094d}'
        | '\u{0e31}' | '\u{0e34}'..='\u{0e3a}' | '\u{0e47}'..='\u{0e4e}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{200c}' | '\u{200d}' | '\u{20d0}'..='\u{20ff}' | '\u{3099}' | '\u{309a}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{fe20}'..='\u{fe2f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

/// Flags are pairs of letters; a cut after an odd number of them makes two wrong flags.
fn splits_flag(before: &str, after: Option<char>) -> bool {
    let is_letter = |c: &char| ('\u{1f1e6}'..='\u{1f1ff}').contains(c);
    after.as_ref().is_some_and(is_letter) && before.chars().rev().take_while(is_letter).count() % 2 == 1
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What of an entity lies in the part from `offset`, counted from there.
fn clip(entity: &Entity, offset: usize, length: usize) -> Option<Entity> {
    let (begin, end) = (entity.offset as usize, entity.offset as usize + entity.length as usize);
    let (begin, end) = (begin.max(offset), end.min(offset + length));
    let length = u32::try_from(end.checked_sub(begin)?).ok().filter(|length| *length > 0)?;
    Some(Entity { kind: entity.kind.clone(), offset: u32::try_from(begin - offset).ok()?, length })
}

#[cfg(test)]
mod tests;
