//! The processor `merge`: brings what was said into what is known. A timer wakes it, once for a burst of statements.

use guesthouse_plugin::tables::{Row, col};
use guesthouse_plugin::{Error, Event, UserId};

use crate::merge::{self, Changes};
use crate::model::{FACTS, Fact, HISTORY, STATEMENTS, Statement};

/// So many statements are taken at a time.
const BATCH: u32 = 200;

/// So many statements of a user are kept, and so much of the history: together with all else, no more rows than one turn
/// can delete.
pub(crate) const STATEMENTS_KEPT: u32 = 400;
pub(crate) const HISTORY_KEPT: u32 = 200;

/// Merges what a timer says is to be merged.
pub(crate) fn handle(event: &Event) -> Result<(), Error> {
    let Event::Timer(timer) = event else { return Ok(()) };
    match timer.data.parse() {
        Ok(user) => merge_all(user),
        Err(_) => Ok(()),
    }
}

/// Merges all that a user has said since the last time.
fn merge_all(user: UserId) -> Result<(), Error> {
    let of_user = || col("user_id").eq(user);
    let said = STATEMENTS.find(of_user().and(col("merged").eq(false)).ascending("id").limit(BATCH))?;
    if said.is_empty() {
        return Ok(());
    }
    let known = FACTS.find(of_user().ascending("id"))?;
    let known = known.into_iter().map(|Row { id, value }| (id, value)).collect();
    for row in &said {
        STATEMENTS.set(row.id, "merged", true)?;
    }
    apply(merge::merge(known, said.into_iter().map(|row| row.value).collect()))?;
    prune(user)
}

/// Does what merging says.
pub(crate) fn apply(changes: Changes) -> Result<(), Error> {
    for id in changes.removed {
        FACTS.delete(id)?;
    }
    for (id, fact) in changes.changed {
        FACTS.update::<Fact>(id, &fact)?;
    }
    for fact in changes.added {
        FACTS.insert(&fact)?;
    }
    for past in changes.past {
        HISTORY.insert(&past)?;
    }
    Ok(())
}

/// Drops the oldest of what nobody needs any more.
fn prune(user: UserId) -> Result<(), Error> {
    let of_user = || col("user_id").eq(user);
    for row in STATEMENTS.select::<Said>().find(of_user().descending("said").offset(STATEMENTS_KEPT).limit(BATCH))? {
        STATEMENTS.delete(row.id)?;
    }
    for row in HISTORY.select::<Until>().find(of_user().descending("until").offset(HISTORY_KEPT).limit(BATCH))? {
        HISTORY.delete(row.id)?;
    }
    Ok(())
}

/// As little of a row as says which one it is.
#[derive(serde::Deserialize)]
struct Said {
    #[expect(dead_code, reason = "a query names a column")]
    said: i64,
}

#[derive(serde::Deserialize)]
struct Until {
    #[expect(dead_code, reason = "a query names a column")]
    until: i64,
}

/// Merges one statement at once: a correction is seen by who made it.
pub(crate) fn merge_now(statement: Statement) -> Result<(), Error> {
    let of_field = col("user_id").eq(statement.user_id).and(col("field").eq(statement.field.name()));
    let known = FACTS.find(of_field.ascending("id"))?;
    let known = known.into_iter().map(|Row { id, value }| (id, value)).collect();
    STATEMENTS.insert(&statement)?;
    apply(merge::merge(known, vec![statement]))
}
