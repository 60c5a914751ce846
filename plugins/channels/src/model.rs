//! The tables. All of them are plain rows that an operator can query: `channels__posts` has the posts, `channels__feed` what
//! each subscriber got of them and why, `channels__pages` the texts behind their links.

use guesthouse_plugin::tables::{Table, TableSpec};
use guesthouse_plugin::{Manifest, MessageRef, Timestamp, UserId};
use serde::{Deserialize, Serialize};

pub(crate) const SUBSCRIBERS: Table<Subscriber> = Table::new("subscribers");
pub(crate) const CHANNELS: Table<Channel> = Table::new("channels");
pub(crate) const SUBSCRIPTIONS: Table<Subscription> = Table::new("subscriptions");
pub(crate) const POSTS: Table<Post> = Table::new("posts");
pub(crate) const FEED: Table<Entry> = Table::new("feed");
pub(crate) const PAGES: Table<Page> = Table::new("pages");
pub(crate) const ROBOTS: Table<Site> = Table::new("robots");
pub(crate) const LINKS: Table<Link> = Table::new("links");
pub(crate) const RUNS: Table<Run> = Table::new("runs");
pub(crate) const ALARMS: Table<Alarm> = Table::new("alarms");

/// Somebody who has subscribed to something, or may.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscriber {
    pub(crate) user_id: UserId,
    /// The tag of the language to speak when nobody has just spoken.
    pub(crate) language: String,
    /// The rules for all channels.
    pub(crate) rules: String,
    pub(crate) created: Timestamp,
}

/// A channel or a group that somebody reads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    /// The public name, in lower case; null: it has none.
    pub(crate) name: Option<String>,
    /// Its id in the Bot API, once the bot has seen it.
    pub(crate) chat_id: Option<i64>,
    pub(crate) title: String,
    /// Whether it is a group.
    pub(crate) is_group: bool,
    /// Whether the bot is in it, so that posts come by themselves.
    pub(crate) member: bool,
    /// Who brought the bot in.
    pub(crate) added_by: Option<UserId>,
    /// How many subscriptions to it are not paused.
    pub(crate) readers: i64,
    /// How many follow it, as its page says.
    pub(crate) followers: Option<i64>,
    /// Counts each post and each change of one. Whoever has collected up to it has everything.
    pub(crate) version: i64,
    /// The largest number of a post that was read.
    pub(crate) newest: i64,
    /// How it stands; `state.rs` says with what consequences.
    pub(crate) state: State,
    /// What is wrong, for the operator.
    pub(crate) problem: Option<String>,
    /// How often in a row it could not be read.
    pub(crate) failures: i64,
    /// When it was last read, or tried to be.
    pub(crate) read_at: Option<Timestamp>,
}

impl Channel {
    /// One of which nothing more is known.
    pub(crate) fn new(name: Option<String>, title: &str) -> Self {
        Self {
            name,
            chat_id: None,
            title: title.to_owned(),
            is_group: false,
            member: false,
            added_by: None,
            readers: 0,
            followers: None,
            version: 0,
            newest: 0,
            state: State::New,
            problem: None,
            failures: 0,
            read_at: None,
        }
    }
}

/// How a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// Not read yet.
    New,
    /// All is well.
    Fine,
    /// A channel that shows no preview.
    NoPreview,
    /// A group: the bot has to be in it.
    Group,
    /// A bot.
    Bot,
    /// A person, or nobody.
    Nobody,
    /// The page is not as this program knows it.
    Changed,
    /// The page is too large.
    TooLarge,
    /// The page does not answer, or with an error.
    Unreachable,
    /// The operator does not let this address be read.
    NotAllowed,
}

/// Who reads what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) user_id: UserId,
    pub(crate) channel: i64,
    pub(crate) paused: bool,
    /// The rules for this channel.
    pub(crate) rules: String,
    /// The version of the channel up to which posts were collected.
    pub(crate) seen: i64,
    /// As what the channel was last described to the subscriber.
    pub(crate) told: State,
    /// The message that says that the channel is being read for the first time.
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) message: Option<MessageRef>,
    pub(crate) created: Timestamp,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Post {
    pub(crate) channel: i64,
    /// Its number in the channel.
    pub(crate) number: i64,
    /// The version of the channel that brought it, or its last change.
    pub(crate) version: i64,
    pub(crate) url: Option<String>,
    pub(crate) time: Timestamp,
    pub(crate) edited: bool,
    pub(crate) author: Option<String>,
    pub(crate) views: Option<i64>,
    /// The text without formatting.
    pub(crate) body: String,
    /// The formatting, as JSON.
    pub(crate) format: String,
    /// What it carries, words with commas.
    pub(crate) kinds: String,
    /// The same in full, as JSON.
    pub(crate) media: String,
    /// The addresses it leads to, as JSON.
    pub(crate) links: String,
    /// From where it was forwarded.
    pub(crate) forwarded: Option<String>,
    /// The number of the post that it answers.
    pub(crate) reply: Option<i64>,
    /// Whether Telegram wrote it.
    pub(crate) service: bool,
    /// Whether only Telegram shows all of it.
    pub(crate) hidden: bool,
    /// When it was first read.
    pub(crate) seen: Timestamp,
}

/// What became of a post for a subscriber: one row for each, however often it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) user_id: UserId,
    pub(crate) channel: i64,
    pub(crate) number: i64,
    pub(crate) post: i64,
    pub(crate) status: Status,
    /// Whether it goes out together with others.
    pub(crate) digest: bool,
    /// When it goes out.
    pub(crate) due: Option<Timestamp>,
    /// The line of the rules that left it out.
    pub(crate) reason: Option<String>,
    /// The first price found, its currency and so on, where the rules say `take`.
    pub(crate) price: Option<f64>,
    pub(crate) currency: Option<String>,
    pub(crate) day: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) link: Option<String>,
    /// Everything that was found, as JSON.
    pub(crate) fields: String,
    /// The message that it went out as.
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) message: Option<MessageRef>,
    pub(crate) added: Timestamp,
    pub(crate) sent: Option<Timestamp>,
}

/// How it stands with a post for a subscriber.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    /// It is older than the subscription.
    Old,
    /// A rule left it out.
    Left,
    /// It waits for its time.
    Due,
    /// It went out.
    Sent,
    /// It is kept and never goes out.
    Kept,
}

/// A page that posts lead to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Page {
    pub(crate) url: String,
    pub(crate) domain: String,
    pub(crate) status: PageStatus,
    pub(crate) title: Option<String>,
    /// The main text.
    pub(crate) body: Option<String>,
    /// How many characters it has.
    pub(crate) length: Option<i64>,
    /// Why there is none.
    pub(crate) problem: Option<String>,
    pub(crate) attempts: i64,
    pub(crate) fetched: Option<Timestamp>,
}

/// How it stands with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PageStatus {
    /// It waits for its domain's turn.
    Due,
    /// It was read.
    Done,
    /// It has no text, or does not answer.
    Failed,
}

/// What a site lets programs read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Site {
    /// The beginning of its addresses.
    pub(crate) origin: String,
    pub(crate) domain: String,
    /// Of its `robots.txt` what concerns this program, as JSON.
    pub(crate) rules: String,
    pub(crate) fetched: Timestamp,
}

/// Which post leads to which page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Link {
    pub(crate) post: i64,
    pub(crate) page: i64,
}

/// A reading that somebody asked for and waits for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) user_id: UserId,
    /// The message that says how far it is.
    #[serde(with = "guesthouse_plugin::tables::json")]
    pub(crate) message: Option<MessageRef>,
    /// How many channels.
    pub(crate) total: i64,
    /// How many have been tried. Changed by `increment` alone.
    pub(crate) done: i64,
    /// How many of these could not be read. Changed by `increment` alone.
    pub(crate) failed: i64,
    pub(crate) begun: Timestamp,
}

/// What the admins were told, so that they are not told again within a day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Alarm {
    pub(crate) reason: String,
    pub(crate) told: Timestamp,
}

/// Declares the tables.
pub(crate) fn with_tables(manifest: Manifest) -> Manifest {
    let subscribers =
        TableSpec::new("subscribers").integer("user_id").text("language").text("rules").timestamp("created");
    let channels = TableSpec::new("channels").text("name").nullable().integer("chat_id").nullable().text("title");
    let channels = channels.boolean("is_group").boolean("member").integer("added_by").nullable().integer("readers");
    let channels = channels.integer("followers").nullable().integer("version").integer("newest").text("state");
    let channels = channels.text("problem").nullable().integer("failures").timestamp("read_at").nullable();
    let subscriptions = TableSpec::new("subscriptions").integer("user_id").integer("channel").boolean("paused");
    let subscriptions = subscriptions.text("rules").integer("seen").text("told").text("message").timestamp("created");
    let posts = TableSpec::new("posts").integer("channel").integer("number").integer("version").text("url").nullable();
    let posts = posts.timestamp("time").boolean("edited").text("author").nullable().integer("views").nullable();
    let posts = posts.text("body").text("format").text("kinds").text("media").text("links");
    let posts = posts.text("forwarded").nullable().integer("reply").nullable().boolean("service").boolean("hidden");
    let feed = TableSpec::new("feed").integer("user_id").integer("channel").integer("number").integer("post");
    let feed = feed.text("status").boolean("digest").timestamp("due").nullable().text("reason").nullable();
    let feed =
        feed.real("price").nullable().text("currency").nullable().text("day").nullable().text("phone").nullable();
    let feed = feed.text("email").nullable().text("link").nullable().text("fields").text("message");
    let pages = TableSpec::new("pages").text("url").text("domain").text("status").text("title").nullable();
    let pages = pages.text("body").nullable().integer("length").nullable().text("problem").nullable();
    let robots = TableSpec::new("robots").text("origin").text("domain").text("rules");
    let runs =
        TableSpec::new("runs").integer("user_id").text("message").integer("total").integer("done").integer("failed");
    manifest
        .table(subscribers.unique(&["user_id"]))
        .table(channels.unique(&["name"]).unique(&["chat_id"]).index(&["readers"]))
        .table(subscriptions.unique(&["user_id", "channel"]).index(&["channel"]))
        .table(posts.timestamp("seen").unique(&["channel", "number"]).index(&["channel", "version"]).index(&["time"]))
        .table(
            feed.timestamp("added")
                .timestamp("sent")
                .nullable()
                .unique(&["user_id", "channel", "number"])
                .index(&["user_id", "status", "due"])
                .index(&["user_id", "added"]),
        )
        .table(pages.integer("attempts").timestamp("fetched").nullable().unique(&["url"]).index(&["domain", "status"]))
        .table(robots.timestamp("fetched").unique(&["origin"]).index(&["domain"]))
        .table(TableSpec::new("links").integer("post").integer("page").unique(&["post", "page"]).index(&["page"]))
        .table(runs.timestamp("begun"))
        .table(TableSpec::new("alarms").text("reason").timestamp("told").unique(&["reason"]))
}
