//! Albums: updates with one `media_group_id` become one event of their lane.
//!
//! 1. Telegram sends each message of an album by itself and never says that it was the last. So the event waits until
//!    [`GATHER`] after its latest part, or until it has as many as an album can have.
//! 2. A part joins the event of its album in its lane while that event is *gathering*. Claiming it for a turn ends that,
//!    in the transaction of the claim. A part that comes later begins an event of its own.
//! 3. Both are done under the lock of the lane (rule 3 of `lanes`): the accept has inserted or updated the lane's row
//!    before it looks for the event, and the claim has updated it before it reads events. So no part is added to an event
//!    whose parts a turn has been given already, on whichever host.
//! 4. The parts are rows like the event itself: a host that dies leaves them to the next one. What comes after the album
//!    in its lane waits behind it as behind any event that is not due yet.

use std::collections::HashMap;

use super::super::dialect::Sql;
use super::super::error::StoreError;
use super::super::rows;
use super::super::session::{Param, Session, Step, params};
use super::Waiting;
use crate::clock::Millis;

/// How long after its latest part an album is taken to be whole. Telegram hands the parts of one album out together or
/// within some 200 ms of each other, also while it uploads the last; a person does not notice twice that and a bit.
const GATHER: Millis = 700;
/// What Telegram puts into one album at most.
const MOST: i64 = 10;

/// An event to insert: its lane, its update, and its album if its lane gathers that.
pub(super) struct NewEvent<'a> {
    pub(super) lane: i64,
    pub(super) update: i64,
    pub(super) album: Option<&'a str>,
    /// Who is asked after its lane, if it passes.
    pub(super) chain: Option<String>,
}

static GATHERING: Sql = Sql::new(
    "WITH item (lane_id, album) AS ({rows})
     SELECT i.lane_id, i.album, i.seq, i.due_at, (SELECT COUNT(*) FROM parts p WHERE p.inbox_seq = i.seq)
     FROM item JOIN inbox i ON i.lane_id = item.lane_id AND i.album = item.album AND i.gathering = 1 AND i.state = 0
     ORDER BY i.seq",
);
static WAIT: Sql = Sql::new("UPDATE inbox SET due_at = $2 WHERE seq = $1");
/// Sets a free lane right whose head may be an album. What was postponed on purpose stays so: it has another time.
static LANE_WAITS: Sql = Sql::new(
    "UPDATE lanes SET due_at =
         (SELECT i.due_at FROM inbox i WHERE i.lane_id = lanes.id AND i.state = 0 ORDER BY i.seq LIMIT 1)
     WHERE id = $1 AND due_at = $2 AND host_id IS NULL",
);
static CLOSE: Sql = Sql::new(
    "WITH item (seq) AS ({rows}) UPDATE inbox SET gathering = 2 WHERE seq IN (SELECT seq FROM item) AND gathering = 1",
);
static PARTS: Sql = Sql::new(
    "WITH item (seq) AS ({rows})
     SELECT p.inbox_seq, u.raw FROM item JOIN parts p ON p.inbox_seq = item.seq JOIN updates u ON u.seq = p.update_seq
     ORDER BY p.inbox_seq, p.update_seq",
);

/// An event that parts may join.
struct Gathering {
    /// Its number, or its place among the events to be inserted.
    event: Event,
    /// When it was due so far.
    before: Millis,
    parts: Vec<i64>,
    /// Updates of it in all.
    count: i64,
}

enum Event {
    Stored(i64),
    New(usize),
}

/// Inserts events of which some belong to albums. Their lanes are locked.
pub(super) async fn insert(events: &[NewEvent<'_>], now: Millis, session: &mut Session<'_>) -> Result<(), StoreError> {
    let mut gathering = find(events, session).await?;
    let mut done: Vec<(i64, Gathering)> = Vec::new();
    let mut new: Vec<&NewEvent<'_>> = Vec::new();
    for event in events {
        let Some(album) = event.album else {
            new.push(event);
            continue;
        };
        let key = (event.lane, album.to_owned());
        match gathering.get_mut(&key) {
            Some(open) if open.count < MOST => {
                open.parts.push(event.update);
                open.count += 1;
            }
            _ => {
                let begun = Gathering { event: Event::New(new.len()), before: now, parts: vec![], count: 1 };
                done.extend(gathering.insert(key, begun).map(|full| (event.lane, full)));
                new.push(event);
            }
        }
    }
    done.extend(gathering.into_iter().map(|((lane, _), open)| (lane, open)));

    let steps: Vec<_> = rows::in_chunks(&new, 5).map(|some| insert_rows(some, now)).collect();
    let mut numbers = HashMap::new();
    for row in session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows) {
        numbers.insert((row.integer(1)?, row.integer(2)?), row.integer(0)?);
    }
    let mut parts = Vec::new();
    let (mut waits, mut lanes) = (Vec::new(), Vec::new());
    for (lane, open) in done {
        let seq = match open.event {
            Event::Stored(_) if open.parts.is_empty() => continue,
            Event::Stored(seq) => seq,
            Event::New(index) => *numbers
                .get(&(new[index].lane, new[index].update))
                .ok_or_else(|| StoreError::unexpected("an album without an event"))?,
        };
        parts.extend(open.parts.iter().map(|update| (seq, *update)));
        let due = if open.count < MOST { now + GATHER } else { now };
        waits.push(WAIT.with(params![seq, due]));
        lanes.push(LANE_WAITS.with(params![lane, open.before]));
    }
    let mut steps: Vec<_> = rows::in_chunks(&parts, 2).map(insert_parts).collect();
    // The lanes last: they look at what the events have become.
    steps.extend(waits.into_iter().chain(lanes));
    session.run(&steps).await?;
    Ok(())
}

/// The events that parts of these albums may join.
async fn find(
    events: &[NewEvent<'_>],
    session: &mut Session<'_>,
) -> Result<HashMap<(i64, String), Gathering>, StoreError> {
    let mut albums: Vec<_> = events.iter().filter_map(|event| Some((event.lane, event.album?))).collect();
    albums.sort_unstable();
    albums.dedup();
    let items = albums.into_iter().map(|(lane, album)| [lane.into(), album.into()]).collect();
    let steps: Vec<_> = GATHERING.with_rows(&[], items).collect();
    let mut found = HashMap::new();
    for mut row in session.run(&steps).await?.into_iter().flat_map(|answer| answer.rows) {
        let key = (row.integer(0)?, row.text(1)?);
        let event = Event::Stored(row.integer(2)?);
        // Of several, which takes more than ten parts, the latest.
        found.insert(key, Gathering { event, before: row.integer(3)?, parts: vec![], count: row.integer(4)? + 1 });
    }
    Ok(found)
}

fn insert_rows(events: &[&NewEvent<'_>], now: Millis) -> Step {
    let columns = "due_at, created_at, lane_id, update_seq, state, attempt, album, gathering, chain";
    let values = rows::values(events.len(), &["$1", "$1", "?", "?", "0", "0", "?", "?", "?"], 1);
    let mut params = params![now];
    for event in events {
        params.extend(params![
            event.lane,
            event.update,
            event.album,
            i64::from(event.album.is_some()),
            event.chain.clone()
        ]);
    }
    Step::made(format!("INSERT INTO inbox ({columns}) {values} RETURNING seq, lane_id, update_seq"), params)
}

fn insert_parts(parts: &[(i64, i64)]) -> Step {
    let values = rows::values(parts.len(), &["?", "?"], 0);
    let params = parts.iter().flat_map(|(event, update)| params![*event, *update]).collect();
    Step::made(format!("INSERT INTO parts (inbox_seq, update_seq) {values}"), params)
}

/// Ends the gathering of events that are handed to a turn, and gives them their parts.
pub(super) async fn hand_out<'a>(
    events: impl Iterator<Item = &'a mut Waiting>,
    session: &mut Session<'_>,
) -> Result<(), StoreError> {
    let mut albums: HashMap<i64, &mut Vec<String>> =
        events.filter_map(|event| Some((event.seq, event.parts.as_mut()?))).collect();
    if albums.is_empty() {
        return Ok(());
    }
    let items = || albums.keys().map(|seq| [Param::from(*seq)]).collect();
    let close: Vec<_> = CLOSE.with_rows(&[], items()).collect();
    let parts: Vec<_> = PARTS.with_rows(&[], items()).collect();
    session.run(&close).await?;
    for mut row in session.run(&parts).await?.into_iter().flat_map(|answer| answer.rows) {
        let raw = row.text(1)?;
        if let Some(parts) = albums.get_mut(&row.integer(0)?) {
            parts.push(raw);
        }
    }
    Ok(())
}
