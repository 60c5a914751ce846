//! Link enrichment: the pages behind the first links of a post. Each page is fetched once for all posts; each domain has a
//! lane of its own, so it is asked for one page at a time and never faster than the operator says, and a domain that does
//! not answer keeps no other one waiting. What a site's `robots.txt` forbids is not read; it is asked for once a day. The host
//! follows redirects by itself, so where one leads to is known only with the page: its site is asked then, and what that one
//! forbids is not kept.

use guesthouse_plugin::http::{self, HttpError};
use guesthouse_plugin::tables::col;
use guesthouse_plugin::{ChatId, Error, Failure, TimerFired, Timestamp, clock, timers};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::article;
use crate::model::{LINKS, Link, PAGES, Page, PageStatus, ROBOTS, Site};
use crate::robots::{self, Robots};
use crate::turn::Shared;

/// A page that does not answer is tried so often.
const ATTEMPTS: i64 = 3;
/// For how long a `robots.txt` holds.
const ROBOTS_AGE: Timestamp = clock::DAY;

#[derive(Deserialize)]
struct Waiting {
    url: String,
    attempts: i64,
}

#[derive(Deserialize)]
struct Age {
    status: PageStatus,
    fetched: Option<Timestamp>,
}

#[derive(Deserialize)]
struct LastFetch {
    fetched: Option<Timestamp>,
}

#[derive(Serialize)]
struct Fetched {
    status: PageStatus,
    title: Option<String>,
    body: Option<String>,
    length: Option<i64>,
    problem: Option<String>,
    attempts: i64,
    fetched: Timestamp,
}

/// Notes the first links of a new post, and has their pages fetched.
pub(crate) fn follow(shared: &Shared, post: i64, links: &str, now: Timestamp) -> Result<(), Failure> {
    let links: Vec<String> = serde_json::from_str(links).unwrap_or_default();
    let pages = links.iter().filter_map(|link| page(link));
    let mut noted: Vec<i64> = Vec::new();
    for (url, domain) in pages.take(shared.settings.links as usize) {
        let known = PAGES.select::<Age>().first(col("url").eq(url.as_str()))?;
        let is_old = |age: &Age| {
            age.status != PageStatus::Due && age.fetched.is_none_or(|at| now - at > shared.settings.link_age)
        };
        let (id, is_due) = match known {
            None => (PAGES.insert(&waiting(url, &domain))?, true),
            Some(row) => {
                let again = is_old(&row);
                if again {
                    PAGES.set(row.id, "status", "Due")?;
                    PAGES.set(row.id, "attempts", 0)?;
                }
                (row.id, again)
            }
        };
        if noted.contains(&id) {
            continue;
        }
        noted.push(id);
        LINKS.insert(&Link { post, page: id })?;
        if is_due {
            timers::at(domain.as_str(), now)
                .data(domain.as_str())
                .chat(lane(&domain))
                .processor(crate::PAGES_READER)
                .set()?;
        }
    }
    Ok(())
}

/// Fetches the next page of a domain, if it may be asked again already; before the first one what its site lets programs
/// read.
pub(crate) fn fetch(shared: &Shared, timer: &TimerFired) -> Result<(), Failure> {
    let (now, gap) = (clock::now(), shared.settings.link_gap);
    let domain = timer.data.as_str();
    let again =
        |at: Timestamp| timers::at(domain, at).data(domain).chat(lane(domain)).processor(crate::PAGES_READER).set();
    let asked = || col("domain").eq(domain).and(col("fetched").gt(now - gap)).descending("fetched");
    let page = PAGES.select::<LastFetch>().first(asked())?.and_then(|row| row.value.fetched);
    let site = ROBOTS.select::<LastFetch>().first(asked())?.and_then(|row| row.value.fetched);
    if let Some(last) = page.max(site) {
        return Ok(again(last + gap)?);
    }
    let due = col("domain").eq(domain).and(col("status").eq("Due")).ascending("attempts").ascending("id").limit(2);
    let mut waiting = PAGES.select::<Waiting>().find(due)?.into_iter();
    let Some(page) = waiting.next() else { return Ok(()) };
    let Ok(url) = Url::parse(&page.url) else { return Ok(()) };
    let row = match robots_of(shared, &url, now)? {
        Asked::Before(robots) if robots.allows(&url[url::Position::BeforePath..]) => read(shared, &page, &url, now)?,
        Asked::Before(_) => failed(&page, "its robots.txt does not let it be read".into(), true, now),
        Asked::Now(_) => return Ok(again(now + gap)?),
        // Whoever does not know what is forbidden reads nothing.
        Asked::InVain(problem) => failed(&page, format!("its {problem}"), false, now),
    };
    let is_due = row.status == PageStatus::Due;
    PAGES.update(page.id, &row)?;
    // One that did not answer is given more time, unless another page of the domain waits.
    if waiting.next().is_some() {
        again(now + gap)?;
    } else if is_due {
        again(now + 10 * gap.max(clock::SECOND))?;
    }
    Ok(())
}

/// What is known of a site's `robots.txt`.
enum Asked {
    /// The site was asked within a day.
    Before(Robots),
    /// It was asked just now.
    Now(Robots),
    /// It was, and nobody knows; why.
    InVain(String),
}

/// What the site of an address lets programs read; it is asked if it has not been for a day.
fn robots_of(shared: &Shared, url: &Url, now: Timestamp) -> Result<Asked, Failure> {
    let origin = url.origin().ascii_serialization();
    let known = ROBOTS.first(col("origin").eq(origin.as_str()))?;
    if let Some(site) = known.as_ref().filter(|site| now - site.fetched < ROBOTS_AGE) {
        return Ok(Asked::Before(serde_json::from_str(&site.rules).unwrap_or_default()));
    }
    let robots = match ask_robots(shared, &origin) {
        Ok(robots) => robots,
        Err(problem) => return Ok(Asked::InVain(problem)),
    };
    let rules = serde_json::to_string(&robots).unwrap_or_default();
    let site = Site { origin, domain: domain(url).unwrap_or_default(), rules, fetched: now };
    match known {
        Some(known) => ROBOTS.update(known.id, &site)?,
        None => drop(ROBOTS.insert(&site)?),
    }
    Ok(Asked::Now(robots))
}

/// What a site lets programs read, or why nobody knows. One that has no such file lets everything be read.
fn ask_robots(shared: &Shared, origin: &str) -> Result<Robots, String> {
    let request = http::get(format!("{origin}/robots.txt")).timeout_ms(shared.settings.timeout);
    let largest = u32::try_from(robots::LARGEST).unwrap_or(u32::MAX);
    match request.max_bytes(largest).header("accept", "text/plain,*/*;q=0.1").send() {
        Ok(response) if response.is_success() => Ok(Robots::read(response.text().unwrap_or_default())),
        Ok(response) if response.status == 429 || response.status >= 500 => {
            Err(format!("robots.txt answered {}", response.status))
        }
        // It leads somewhere else; what does not let itself be reached at all says so for the page, too.
        Ok(_) | Err(Error::Http(HttpError::NotAllowed(_) | HttpError::BadRequest(_))) => Ok(Robots::default()),
        Err(error) => Err(format!("robots.txt: {error}")),
    }
}

/// Why nothing of what was read may be kept, and whether that is final, if a redirect has led from `asked` to a place that
/// does not let itself be read.
fn forbidden(shared: &Shared, asked: &Url, answered: &str, now: Timestamp) -> Result<Option<(String, bool)>, Failure> {
    let Ok(url) = Url::parse(answered) else { return Ok(None) };
    let parts = |url: &Url| url[..url::Position::AfterQuery].to_owned();
    if parts(&url) == parts(asked) {
        return Ok(None);
    }
    let there = url.origin().ascii_serialization();
    Ok(match robots_of(shared, &url, now)? {
        Asked::Before(robots) | Asked::Now(robots) if robots.allows(&url[url::Position::BeforePath..]) => None,
        Asked::Before(_) | Asked::Now(_) => {
            Some((format!("it leads to `{there}`, whose robots.txt does not let it be read"), true))
        }
        Asked::InVain(problem) => Some((format!("it leads to `{there}`, whose {problem}"), false)),
    })
}

/// A page that was not read; to be tried again, unless that is of no use.
fn failed(page: &Waiting, problem: String, is_final: bool, now: Timestamp) -> Fetched {
    let attempts = page.attempts + 1;
    Fetched {
        status: if is_final || attempts >= ATTEMPTS { PageStatus::Failed } else { PageStatus::Due },
        title: None,
        body: None,
        length: None,
        problem: Some(problem),
        attempts,
        fetched: now,
    }
}

fn read(shared: &Shared, page: &Waiting, url: &Url, now: Timestamp) -> Result<Fetched, Failure> {
    let settings = &shared.settings;
    let failed = |problem: String, is_final: bool| Ok(failed(page, problem, is_final, now));
    let request = http::get(&page.url).timeout_ms(settings.timeout).max_bytes(settings.link_bytes);
    let response = match request.header("accept", "text/html,text/plain;q=0.9,*/*;q=0.1").send() {
        Ok(response) => response,
        Err(error) => {
            let may_pass = matches!(error, Error::Http(HttpError::Timeout | HttpError::Unreachable(_)));
            return failed(error.to_string(), !may_pass);
        }
    };
    if !response.is_success() {
        let may_pass = response.status == 429 || response.status >= 500;
        return failed(format!("it answered {}", response.status), !may_pass);
    }
    if let Some((problem, is_final)) = forbidden(shared, url, &response.url, now)? {
        return failed(problem, is_final);
    }
    let kind = response.header("content-type").unwrap_or_default().to_lowercase();
    let max = settings.link_chars as usize;
    let article = match response.text() {
        Some(text) if kind.contains("html") || kind.is_empty() => article::extract(text, &response.url, max),
        Some(text) if kind.starts_with("text/plain") => article::plain(text, max),
        _ => None,
    };
    let Some(article) = article else { return failed(format!("no text ({kind})"), true) };
    Ok(Fetched {
        status: PageStatus::Done,
        title: (!article.title.is_empty()).then(|| article.title.replace('\0', "")),
        length: i64::try_from(article.text.chars().count()).ok(),
        body: Some(article.text.replace('\0', "")),
        problem: None,
        attempts: page.attempts + 1,
        fetched: now,
    })
}

fn waiting(url: String, domain: &str) -> Page {
    Page {
        url,
        domain: domain.to_owned(),
        status: PageStatus::Due,
        title: None,
        body: None,
        length: None,
        problem: None,
        attempts: 0,
        fetched: None,
    }
}

/// The page that a link leads to and its domain. What lies within Telegram has no page worth reading; parts of a page are
/// the page.
fn page(link: &str) -> Option<(String, String)> {
    let mut url = Url::parse(link).ok()?;
    if !matches!(url.scheme(), "http" | "https") || link.len() > 1_000 {
        return None;
    }
    url.set_fragment(None);
    let domain = domain(&url)?;
    let is_telegram = ["t.me", "telegram.me", "telegram.dog"].contains(&domain.as_str());
    (!is_telegram && domain.len() <= 100).then(|| (url.to_string(), domain))
}

/// Whose sites are asked for one page at a time.
fn domain(url: &Url) -> Option<String> {
    Some(url.host_str()?.trim_start_matches("www.").to_lowercase())
}

/// The lane of a domain: a number of its own (FNV-1a), below what JSON can count to.
fn lane(domain: &str) -> ChatId {
    let hash = domain
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    i64::try_from(hash >> 12).unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_are_followed() {
        let page = |link| page(link).map(|(url, domain)| format!("{domain} {url}"));
        assert_eq!(page("https://www.Example.org/a#part").as_deref(), Some("example.org https://www.example.org/a"));
        assert_eq!(page("https://t.me/town/1"), None);
        assert_eq!(page("mailto:ada@example.org"), None);
        assert_eq!(page("tg://resolve?domain=x"), None);
    }

    #[test]
    fn domains_have_lanes_of_their_own() {
        assert_eq!(lane("example.org"), lane("example.org"));
        assert_ne!(lane("example.org"), lane("example.com"));
        assert!(lane("") > 0 && lane("example.org") < 1 << 53);
    }
}
