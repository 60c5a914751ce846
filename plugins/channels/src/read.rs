//! Reading public channels from their preview pages. Each channel has a lane of its own in the processor `reader`: its
//! lane's number is its row's. So a slow channel keeps no other one waiting, and answers wait for none.

use guesthouse_plugin::http::{self, HttpError};
use guesthouse_plugin::tables::{col, every_row};
use guesthouse_plugin::{Error, Failure, TimerFired, Timestamp, clock, timers};
use serde::{Deserialize, Serialize};

use crate::alarm;
use crate::courier;
use crate::model::{CHANNELS, RUNS, State};
use crate::page::{self, Reading};
use crate::state::{self, Outcome};
use crate::store::{self, Fresh, Stored};
use crate::turn::Shared;

/// Channels whose timers are set in one turn; the rest is left to another one.
const AT_ONCE: u32 = 50;

/// What a reading needs to know of a channel.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) name: Option<String>,
    pub(crate) version: i64,
    pub(crate) newest: i64,
    pub(crate) state: State,
    pub(crate) failures: i64,
}

#[derive(Serialize)]
struct After {
    version: i64,
    newest: i64,
    state: State,
    failures: i64,
    problem: Option<String>,
    read_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    followers: Option<i64>,
}

/// No more than the id, which comes with every row: what changes often is not read.
#[derive(Deserialize)]
struct Which {
    #[expect(dead_code, reason = "a row has to name a column")]
    is_group: bool,
}

/// What came of reading a channel.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Read {
    pub(crate) outcome: Outcome,
    pub(crate) stored: Stored,
    title: Option<String>,
    followers: Option<i64>,
}

/// Has a channel read soon. `run`: somebody waits for it.
pub(crate) fn soon(channel: i64, at: Timestamp, run: Option<i64>) -> Result<(), Failure> {
    let data = run.map(|run| run.to_string()).unwrap_or_default();
    // A reading that somebody waits for is not to be moved by the schedule.
    let key = if run.is_some() { "run" } else { "read" };
    Ok(timers::at(key, at).data(data).chat(channel).processor(crate::READER).set()?)
}

/// Has all channels read that anybody reads and that have a page, the longest unread first, one after the other.
pub(crate) fn all(shared: &Shared, after: u32, begin: Timestamp) -> Result<u32, Failure> {
    let wanted = col("readers").gt(0).and(col("is_group").eq(false)).and(col("member").eq(false));
    let wanted = wanted.and(guesthouse_plugin::tables::not(col("name").is_null()));
    let page = wanted.ascending("id").limit(AT_ONCE).offset(after);
    let channels = CHANNELS.select::<Which>().find(page)?;
    let mut at = begin;
    for channel in &channels {
        soon(channel.id, at, None)?;
        at += shared.settings.page_gap;
    }
    let count = u32::try_from(channels.len()).unwrap_or(AT_ONCE);
    if count == AT_ONCE {
        // Not before these are under way, so that the timers of a turn stay few.
        let data = (after + count).to_string();
        timers::at("more", at).data(data).processor(crate::READER).chat(crate::ALL_LANE).set()?;
    }
    Ok(count)
}

/// A timer of the processor `reader`.
pub(crate) fn timer(shared: &Shared, timer: &TimerFired) -> Result<(), Failure> {
    match timer.key.as_str() {
        "tell" => store::tell(timer.chat, timer.data.parse().unwrap_or(0), clock::now()),
        "more" => all(shared, timer.data.parse().unwrap_or(0), clock::now()).map(drop),
        _ => {
            let read = channel(shared, timer.chat, shared.settings.timeout)?;
            match timer.data.parse() {
                Ok(run) => count(run, read),
                Err(_) => Ok(()),
            }
        }
    }
}

/// Counts a reading for the one who waits, and wakes the courier after the last one.
fn count(run: i64, read: Option<Read>) -> Result<(), Failure> {
    #[derive(Deserialize)]
    struct Waits {
        user_id: i64,
        total: i64,
    }
    let Some(waits) = RUNS.select::<Waits>().get(run)? else { return Ok(()) };
    if read.is_none_or(|read| read.outcome.state != State::Fine) {
        RUNS.increment(run, "failed", 1)?;
    }
    if RUNS.increment(run, "done", 1)? >= waits.total {
        courier::finish(waits.user_id, run, clock::now())?;
    }
    Ok(())
}

/// Reads a channel now, stores its posts and has its readers told; `None` if it is gone or has no page.
pub(crate) fn channel(shared: &Shared, id: i64, timeout: u32) -> Result<Option<Read>, Failure> {
    let Some(target) = CHANNELS.select::<Target>().get(id)? else { return Ok(None) };
    let Some(name) = &target.name else { return Ok(None) };
    let now = clock::now();
    let read = pages(shared, id, name, &target, timeout, now)?;
    if let Some(reason) = read.outcome.alarm() {
        alarm::raise(&format!("@{name}"), read.outcome.state, reason, now)?;
    }
    let (state, failures) = state::next(target.state, target.failures, read.outcome.state);
    let after = After {
        version: read.stored.version,
        newest: target.newest.max(read.stored.newest),
        state,
        failures,
        problem: read.outcome.problem.clone(),
        read_at: now,
        title: read.title.clone(),
        followers: read.followers,
    };
    CHANNELS.update(id, &after)?;
    if read.stored.version != target.version || state != target.state {
        store::tell(id, 0, now)?;
    }
    Ok(Some(read))
}

/// Reads pages, from the newest back to what is known.
fn pages(shared: &Shared, id: i64, name: &str, target: &Target, timeout: u32, now: Timestamp) -> Result<Read, Failure> {
    let mut fresh: Vec<Fresh> = Vec::new();
    let mut read = Read { outcome: Outcome::fine(), stored: Stored::default(), title: None, followers: None };
    let mut before = None;
    // A channel that is read for the first time is read as far as its first page goes.
    let pages = if target.newest == 0 { 1 } else { shared.settings.pages_per_read };
    for number in 0..pages {
        let page = match fetch(shared, name, before, timeout) {
            Ok(Reading::Page(page)) => page,
            // What older pages say is of no consequence for how the channel stands.
            _ if number > 0 => break,
            Ok(Reading::NoPreview(landing)) => {
                read.outcome = Outcome::landing(landing);
                break;
            }
            Ok(Reading::Changed(drift)) => {
                read.outcome = Outcome::changed(drift);
                break;
            }
            Err(outcome) => {
                read.outcome = outcome;
                break;
            }
        };
        if number == 0 {
            (read.title, read.followers) = (page.channel.title, page.channel.subscribers);
        }
        let oldest = page.posts.iter().map(|post| post.number).min();
        let mut older: Vec<Fresh> = page.posts.into_iter().map(Fresh::from).collect();
        older.append(&mut fresh);
        fresh = older;
        before = page.before;
        if before.is_none() || oldest.is_none_or(|oldest| oldest <= target.newest + 1) {
            break;
        }
    }
    read.stored = store::posts(shared, id, target.version, now, fresh)?;
    Ok(read)
}

fn fetch(shared: &Shared, name: &str, before: Option<i64>, timeout: u32) -> Result<Reading, Outcome> {
    let settings = &shared.settings;
    let query = before.map(|before| format!("?before={before}")).unwrap_or_default();
    let url = format!("{}{name}{query}", settings.page_url);
    let request = http::get(url).timeout_ms(timeout).max_bytes(settings.page_bytes);
    // The words that tell a group from a channel are asked for in English.
    let response = match request.header("accept-language", "en").header("accept", "text/html").send() {
        Ok(response) => response,
        Err(error) => {
            let state = match &error {
                Error::Http(HttpError::NotAllowed(_) | HttpError::BadRequest(_)) => State::NotAllowed,
                Error::Http(HttpError::TooLarge(_)) => State::TooLarge,
                _ => State::Unreachable,
            };
            return Err(Outcome::bad(state, error.to_string()));
        }
    };
    match response.status {
        404 => Err(Outcome::bad(State::Nobody, "there is no such page")),
        status if !response.is_success() => {
            Err(Outcome::bad(State::Unreachable, format!("the preview page answered {status}")))
        }
        _ => Ok(page::read(response.text().unwrap_or_default())),
    }
}

/// How many channels anybody reads.
pub(crate) fn readable() -> Result<u64, Failure> {
    Ok(CHANNELS.count(every_row().and(col("readers").gt(0)))?)
}
