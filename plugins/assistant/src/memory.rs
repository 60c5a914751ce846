//! The talk so far: what one person and the bot have said to each other in one chat. In a group everybody has a talk of
//! their own, so that nothing is told on.

use guesthouse_plugin::tables::{Filter, Table, TableSpec, col};
use guesthouse_plugin::{Error, Manifest, Timestamp, clock};
use serde::{Deserialize, Serialize};

use crate::hears::Heard;

/// What is kept of one message, in bytes.
const LONGEST: usize = 4_000;
/// Rows that are removed in one turn at most.
const AT_ONCE: u32 = 200;

/// Something that was said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) chat_id: i64,
    pub(crate) user_id: i64,
    /// Whether the bot said it.
    pub(crate) by_bot: bool,
    pub(crate) body: String,
    pub(crate) said: Timestamp,
}

const LINES: Table<Line> = Table::new("lines");

pub(crate) fn with_table(manifest: Manifest) -> Manifest {
    manifest.table(
        TableSpec::new("lines")
            .integer("chat_id")
            .integer("user_id")
            .boolean("by_bot")
            .text("body")
            .timestamp("said")
            .index(&["chat_id", "user_id"]),
    )
}

fn talk(heard: &Heard<'_>) -> Filter {
    col("chat_id").eq(heard.message.chat.id).and(col("user_id").eq(heard.user.id))
}

/// The last so many lines, oldest first.
pub(crate) fn lines(heard: &Heard<'_>, most: u32) -> Result<Vec<Line>, Error> {
    if most == 0 {
        return Ok(Vec::new());
    }
    let mut lines: Vec<_> = LINES.find(talk(heard).descending("id").limit(most))?;
    lines.reverse();
    Ok(lines.into_iter().map(|row| row.value).collect())
}

/// Remembers a question and its answer, and forgets what is older than `most` lines.
pub(crate) fn remember(heard: &Heard<'_>, answer: &str, most: u32) -> Result<(), Error> {
    if most == 0 {
        return Ok(());
    }
    for (by_bot, body) in [(false, heard.said.as_str()), (true, answer)] {
        let (chat_id, user_id, body) = (heard.message.chat.id, heard.user.id, cut(body).replace('\0', ""));
        LINES.insert(&Line { chat_id, user_id, by_bot, body, said: clock::now() })?;
    }
    for old in LINES.find(talk(heard).descending("id").offset(most).limit(AT_ONCE))? {
        LINES.delete(old.id)?;
    }
    Ok(())
}

/// Forgets the talk; says how many lines it had.
pub(crate) fn forget(heard: &Heard<'_>) -> Result<i64, Error> {
    let lines = LINES.find(talk(heard).ascending("id").limit(AT_ONCE))?;
    for line in &lines {
        LINES.delete(line.id)?;
    }
    Ok(i64::try_from(lines.len()).unwrap_or(i64::MAX))
}

fn cut(body: &str) -> &str {
    &body[..body.floor_char_boundary(LONGEST)]
}
