//! A site of preview pages that a test writes: made of the fixture pages of the plugin, so that they are built as Telegram's
//! are, with posts of the test's own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use guesthouse::clock::Clock;

use crate::support::{House, Person, Plugin, channels};
use guesthouse::testing::{Asked, Reply, Site, page};

const PAGE: &str = include_str!("../../../plugins/channels/fixtures/town.html");
const ARTICLE: &str = include_str!("../../../plugins/channels/fixtures/article.html");

/// What stands at an address.
#[derive(Debug, Clone)]
pub(super) enum Stands {
    /// A page.
    Html(String),
    /// A page that is never sent.
    Slow,
    /// A page without end.
    Endless,
    /// An error.
    Status(u16),
    /// A redirect to this address.
    Leads(String),
}

/// The site.
#[derive(Clone)]
pub(super) struct Previews {
    pub(super) site: Site,
    stands: Arc<Mutex<BTreeMap<String, Stands>>>,
}

impl Previews {
    /// Opens one without any page but the article `/article/mill`.
    pub(super) async fn open() -> Self {
        let stands = Arc::<Mutex<BTreeMap<String, Stands>>>::default();
        let found = Arc::clone(&stands);
        let site = Site::opens(move |asked: &Asked| {
            let stands = found.lock().unwrap_or_else(PoisonError::into_inner);
            match stands.get(&asked.path) {
                Some(Stands::Html(html)) => page(200, &[("content-type", "text/html; charset=utf-8")], html),
                Some(Stands::Slow) => Reply::Hangs,
                Some(Stands::Endless) => {
                    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>";
                    Reply::Floods(head.to_vec(), vec![b' '; 64 << 10])
                }
                Some(Stands::Status(status)) => page(*status, &[], ""),
                Some(Stands::Leads(to)) => page(302, &[("location", to)], ""),
                None => page(404, &[], ""),
            }
        })
        .await;
        let previews = Self { site, stands };
        previews.puts("/article/mill", Stands::Html(ARTICLE.into()));
        previews
    }

    /// Puts something at an address.
    pub(super) fn puts(&self, path: &str, stands: Stands) {
        self.stands.lock().unwrap_or_else(PoisonError::into_inner).insert(path.into(), stands);
    }

    /// Puts the preview page of a channel there, with these posts.
    pub(super) fn shows(&self, channel: &str, posts: &[Post]) {
        self.puts(&format!("/s/{channel}"), Stands::Html(html(channel, posts, None)));
    }

    /// The plugin that reads from here, with more settings as lines of TOML.
    pub(super) fn plugin(&self, settings: &str) -> Plugin {
        self.plugin_that_reads("off", settings)
    }

    /// The same, which reads by itself at these times.
    pub(super) fn plugin_that_reads(&self, when: &str, settings: &str) -> Plugin {
        let address = self.site.url("");
        let settings = format!(
            "page_url = \"{address}/s/\"\nread = \"{when}\"\npage_gap_ms = \"0\"\nlink_gap_ms = \"1\"\n{settings}"
        );
        channels(&address).with(&settings)
    }

    /// How often an address was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        self.site.asked().iter().filter(|asked| asked.path == path).count()
    }
}

/// A post on a page.
#[derive(Debug, Clone)]
pub(super) struct Post {
    number: i64,
    text: String,
    time: i64,
    edited: bool,
}

/// A post that is older than any subscription of a test.
pub(super) fn old(number: i64, text: &str) -> Post {
    Post { number, text: text.into(), time: Clock::system().now() - 86_400_000, edited: false }
}

/// A post that comes after the subscription, whatever clock the house has.
pub(super) fn new(number: i64, text: &str) -> Post {
    Post { time: Clock::system().now() + 2 * 3_600_000, ..old(number, text) }
}

impl Post {
    /// The same with another text.
    pub(super) fn becomes(&self, text: &str) -> Self {
        Self { text: text.into(), edited: true, ..self.clone() }
    }
}

/// A page with these posts, built as the fixture is.
pub(super) fn html(channel: &str, posts: &[Post], before: Option<i64>) -> String {
    let begin = "<section class=\"tgme_channel_history js-message_history\">";
    let (head, rest) = PAGE.split_once(begin).expect("the list of posts");
    let (_, tail) = rest.split_once("</section>").expect("its end");
    // The one post of the fixture that has nothing but a text.
    let wrap = "<div class=\"tgme_widget_message_wrap";
    let block = rest.split(wrap).find(|block| block.contains("town/106\"")).expect("the post");
    let mut page =
        format!("{head}{begin}").replace("town", channel).replace("Town News", &format!("News of {channel}"));
    if let Some(before) = before {
        page += &format!("<a href=\"?before={before}\" class=\"tme_messages_more\" data-before=\"{before}\"></a>");
    }
    for post in posts {
        let time = jiff::Timestamp::from_millisecond(post.time).expect("a time").strftime("%Y-%m-%dT%H:%M:%S+00:00");
        let edited = if post.edited {
            "<span class=\"tgme_widget_message_meta\">edited &nbsp;"
        } else {
            "<span class=\"tgme_widget_message_meta\">"
        };
        let block = block
            .replace("town/106", &format!("{channel}/{}", post.number))
            .replace("2026-11-20T10:00:00+00:00", &time.to_string())
            .replace("<span class=\"tgme_widget_message_meta\">", edited)
            .replace("Advertisement: the best shoes", &post.text);
        page += &format!("{wrap}{block}");
    }
    format!("{page}</section>{tail}")
}

/// Looks at what the bot says until something with these words is among it.
pub(super) async fn sees(person: &Person, words: &str) -> String {
    loop {
        let seen = person.sees().await;
        if seen.contains(words) {
            return seen;
        }
    }
}

/// Subscribes to a channel that has posts already.
pub(super) async fn adds(person: &Person, channel: &str) {
    person.says(&format!("/add @{channel}")).await;
    sees(person, "read so far").await;
}

/// Has all channels read, and waits until that is done.
pub(super) async fn parses(person: &Person) {
    person.says("/parse").await;
    sees(person, "Channels read").await;
}

/// Waits until the bot has nothing more to do or to say just now, and lets somebody look away from what it said.
pub(super) async fn rests(house: &House, person: &Person) {
    let busy = "SELECT -(SELECT COUNT(*) FROM inbox WHERE state = 0) - (SELECT COUNT(*) FROM outbox WHERE state = 0) \
        - (SELECT COUNT(*) FROM timers WHERE name IN ('alarm', 'collect', 'read', 'run', 'tell'))";
    house.database.comes_to(busy, 0).await;
    person.skips().await;
}

/// Closes a house of which the rest is of no interest.
pub(super) async fn close(house: House, person: Person) {
    rests(&house, &person).await;
    house.closes([person]).await;
}
