//! What other plugins know of the person the bot talks to, as far as the operator lets it read that: facts of `profile`,
//! posts of `channels`. Without them the assistant works all the same.

use guesthouse_plugin::tables::{Table, TableError, col};
use guesthouse_plugin::{Error, Failure, Text, Timestamp};
use serde::Deserialize;

use crate::hears::Heard;
use crate::texts::{Arg, Words};

/// Facts that the model is told.
const FACTS_TOLD: u32 = 60;
/// Posts that a search looks at.
const POSTS_SEARCHED: u32 = 300;
/// What a search shows.
const SHOWN: usize = 5;
/// Characters of a post around what was found.
const AROUND: usize = 80;

/// A fact, as `profile.facts` has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fact {
    pub(crate) field: String,
    pub(crate) value: String,
}

/// A post in somebody's feed, as `channels.feed` has it.
#[derive(Debug, Deserialize)]
struct Fed {
    post: i64,
}

/// A post, as `channels.posts` has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Post {
    pub(crate) url: Option<String>,
    pub(crate) time: Timestamp,
    pub(crate) body: String,
}

const FACTS: Table<Fact> = Table::new("profile.facts");
const FEED: Table<Fed> = Table::new("channels.feed");
const POSTS: Table<Post> = Table::new("channels.posts");

/// What a search has found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) facts: Vec<Fact>,
    pub(crate) posts: Vec<Post>,
    /// Posts that were looked at.
    pub(crate) searched: usize,
}

/// Nothing where the operator does not let it read, or the plugin is not there.
fn granted<T>(answer: Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    match answer {
        Err(Error::Table(TableError::NoSuchTable(_))) => Ok(Vec::new()),
        answer => answer,
    }
}

/// What the person has told about themselves.
pub(crate) fn facts(user: i64) -> Result<Vec<Fact>, Error> {
    let facts = granted(FACTS.find(col("user_id").eq(user).limit(FACTS_TOLD)))?;
    Ok(facts.into_iter().map(|row| row.value).collect())
}

/// Looks for all of the words, in the person's own facts and posts. Where others read along nothing is looked for: what
/// somebody reads says as much of them as a fact, and a channel of theirs may be a private one.
pub(crate) fn search(heard: &Heard<'_>) -> Result<Found, Failure> {
    if !heard.private {
        return Ok(Found::default());
    }
    let words: Vec<String> = heard.said.to_lowercase().split_whitespace().map(str::to_owned).collect();
    let has_all = |text: &str| {
        let text = text.to_lowercase();
        words.iter().all(|word| text.contains(word.as_str()))
    };
    let facts = facts(heard.user.id)?;
    let facts = facts.into_iter().filter(|fact| has_all(&format!("{} {}", fact.field, fact.value)));
    let fed = granted(FEED.find(col("user_id").eq(heard.user.id).descending("added").limit(POSTS_SEARCHED)))?;
    let ids: Vec<_> = fed.iter().map(|row| row.value.post).collect();
    let mut found = Found { facts: facts.take(SHOWN).collect(), posts: Vec::new(), searched: ids.len() };
    if !ids.is_empty() {
        let posts = granted(POSTS.find(col("id").one_of(ids).descending("time").limit(POSTS_SEARCHED)))?;
        let fits = posts.into_iter().map(|row| row.value).filter(|post| has_all(&post.body));
        found.posts = fits.take(SHOWN).collect();
    }
    Ok(found)
}

/// What was found, in words.
pub(crate) fn shown(words: &Words<'_>, said: &str, found: &Found) -> Text {
    if found.facts.is_empty() && found.posts.is_empty() {
        let count = i64::try_from(found.searched).unwrap_or(i64::MAX);
        return words.tell("found-nothing", &[("said", Arg::Said(said)), ("count", Arg::Count(count))]);
    }
    let mut text = words.tell("found", &[("said", Arg::Said(said))]);
    for fact in &found.facts {
        let args = [("field", Arg::Said(&fact.field)), ("value", Arg::Bold(&fact.value))];
        text = text.newline().plain(words.tell("found-fact", &args));
    }
    for post in &found.posts {
        let excerpt = excerpt(&post.body, said);
        let args = [("time", Arg::Time(post.time)), ("text", Arg::Said(&excerpt))];
        text = text.newline().plain(words.tell("found-post", &args));
        if let Some(url) = &post.url {
            text = text.plain(" ").plain(Text::new().link("↗", url.as_str()));
        }
    }
    text
}

/// The part of a post around the first of the words.
fn excerpt(body: &str, said: &str) -> String {
    let line: Vec<char> = body.split_whitespace().collect::<Vec<_>>().join(" ").chars().collect();
    let word: Vec<char> = said.split_whitespace().next().unwrap_or_default().to_lowercase().chars().collect();
    let same = |at: usize| {
        word.iter().zip(&line[at..]).all(|(a, b)| b.to_lowercase().next() == Some(*a)) && at + word.len() <= line.len()
    };
    let at = (0..line.len()).find(|at| same(*at)).unwrap_or(0);
    let (from, to) = (at.saturating_sub(AROUND), (at + AROUND).min(line.len()));
    let part: String = line[from..to].iter().collect();
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
    format!("{before}{}{after}", part.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_shows_what_was_found() {
        assert_eq!(excerpt("short  and\nsweet", "sweet"), "short and sweet");
        let long = format!("{} Needle {}", "hay ".repeat(100), "straw ".repeat(100));
        let part = excerpt(&long, "needle");
        assert!(part.contains("Needle") && part.starts_with('…') && part.ends_with('…'), "{part}");
        assert!(part.chars().count() <= 2 * AROUND + 2);
        assert_eq!(excerpt("Привет, мир", "МИР"), "Привет, мир");
        assert_eq!(excerpt("", "x"), "");
    }
}
