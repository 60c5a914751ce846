//! How many messages a second go all the way: fetched, stored, handled by a sandboxed plugin, committed, answered.
//!
//! `cargo bench --bench pipeline` prints a table; nothing is asserted. Two jobs: *ping* answers a command; *verify* looks
//! a card up, counts, writes a row and answers with the exact count, in one durable transaction. The last column sets
//! each job in relation to *bare*: the same exchange with a client that does nothing but fetch and answer.
//!
//! `GUESTHOUSE_BENCH_POSTGRES_URL` measures a PostgreSQL database as well, which should be empty.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a benchmark reads the real time and prints it")]

use std::path::Path;
use std::time::{Duration, Instant};

use guesthouse::clock::Clock;
use guesthouse::config::Config;
use guesthouse::host::{self, Host};
use guesthouse::shutdown::Tasks;

mod telegram;

use telegram::{Taken, Telegram, Text};

/// Chats, and messages under way together.
const CHATS: i64 = 200;
const OUTSTANDING: usize = 64;
/// How many messages to warm up with, and how long to measure about.
const WARM: u64 = 2_000;
const SECONDS: f64 = 6.0;
const CARDS: u64 = 1_000;
const TOKEN: &str = "7000000001:bench";

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    println!("{CHATS} chats, {OUTSTANDING} messages under way, {} cores\n", cores());
    println!("{:<22}{:>10}{:>10}{:>10}{:>10}{:>9}", "", "/s", "p50 ms", "p99 ms", "max ms", "of bare");
    let bare = runtime.block_on(bare());
    let rate = print("bare", &bare, None);
    let folder = tempfile::tempdir().expect("a folder");
    let mut databases = vec![("SQLite", format!("sqlite://{}/bench.db", folder.path().display()))];
    if let Ok(url) = std::env::var("GUESTHOUSE_BENCH_POSTGRES_URL") {
        databases.push(("PostgreSQL", url));
    }
    for (name, url) in databases {
        runtime.block_on(measure(name, &url, folder.path(), rate));
        runtime.block_on(journal(name, &url, folder.path()));
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

async fn measure(name: &str, url: &str, folder: &Path, bare: f64) {
    let telegram = Telegram::start(CHATS, OUTSTANDING);
    let (host, tasks, start) = open(&telegram, url, folder).await;
    telegram.exchange(1, Box::new(|_| format!("/stock {CARDS}"))).await;
    let taken = run(&telegram, || Box::new(|_| "/ping".into())).await;
    print(&format!("{name} ping"), &taken, Some(bare));
    // A step that shares no factor with the number of cards goes through all of them.
    let taken = run(&telegram, || Box::new(|number| format!("/verify c{}", number * 7 % CARDS))).await;
    print(&format!("{name} verify"), &taken, Some(bare));
    let taken = run(&telegram, || Box::new(|_| "/verify c0".into())).await;
    print(&format!("{name} verify one"), &taken, Some(bare));
    println!("{:<22}{:>10}", format!("{name} start, ms"), start.as_millis());
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.expect("nothing crashed");
    host.close().await;
}

/// What the journal costs: turns a second without and with it, taken in turns, and bytes a turn. The cards are there.
async fn journal(name: &str, url: &str, folder: &Path) {
    const ROUNDS: u64 = 3;
    let (mut rates, mut bytes) = ([0.0_f64; 2], 0);
    for round in 0..ROUNDS {
        for (index, record) in ["off", "all"].into_iter().enumerate() {
            let telegram = Telegram::start(CHATS, OUTSTANDING);
            let more = format!("[journal]\nrecord = {record:?}\n");
            let (host, tasks, _) = open_with(&telegram, url, folder, &more).await;
            let desk = guesthouse::store::Desk::open(url).await.expect("the database");
            let before = desk.journal_size().await.expect("a size");
            let taken = run(&telegram, || Box::new(|number| format!("/verify c{}", number * 7 % CARDS))).await;
            #[expect(clippy::cast_precision_loss, reason = "a count")]
            let rate = taken.latencies.len() as f64 / taken.time.as_secs_f64();
            rates[index] += rate;
            let after = desk.journal_size().await.expect("a size");
            if round == 0 && after.turns > before.turns {
                bytes = (after.bytes - before.bytes) / (after.turns - before.turns);
            }
            desk.close().await;
            tasks.shutdown().begin();
            tasks.finish(Duration::from_secs(20)).await.expect("nothing crashed");
            host.close().await;
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a count")]
    let [off, on] = rates.map(|rate| rate / ROUNDS as f64);
    println!("{:<22}{off:>10.0}", format!("{name} journal off"));
    println!(
        "{:<22}{on:>10.0}{:>42}",
        format!("{name} journal on"),
        format!("{:.0} % of off, {bytes} bytes a turn", on / off * 100.0)
    );
}

/// Warms up, sees how fast it goes, and measures for a while.
async fn run(telegram: &Telegram, text: impl Fn() -> Text) -> Taken {
    let warm = telegram.exchange(WARM, text()).await;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a count")]
    let count = (WARM as f64 / warm.time.as_secs_f64() * SECONDS) as u64;
    telegram.exchange(count.max(WARM), text()).await
}

/// A host on the `ledger` fixture; how long a start with warm caches takes.
async fn open(telegram: &Telegram, url: &str, folder: &Path) -> (Host, Tasks, Duration) {
    open_with(telegram, url, folder, "").await
}

/// The same with more sections of the configuration.
async fn open_with(telegram: &Telegram, url: &str, folder: &Path, more: &str) -> (Host, Tasks, Duration) {
    let component = folder.join("ledger.wasm");
    std::fs::write(&component, guesthouse_fixtures::get("ledger").component).expect("the folder can be written");
    let text = format!(
        "{more}[database]\nurl = {url:?}\ncache = {:?}\n[[bot]]\nname = \"bench\"\ntoken = {TOKEN:?}\napi_url = \"http://{}\"\n\
         [bot.plugins.ledger]\nsource = {component:?}\ngrant = [\"chat\", \"tables\"]\n",
        folder.join("cache"),
        telegram.address,
    );
    let config = || Config::parse(&text, Path::new("bench.toml"), |_| None).expect("a configuration");
    // The first start compiles the plugin and makes the tables.
    let tasks = Tasks::default();
    let host = host::start(config(), &Clock::system(), &tasks).await.expect("the host starts");
    tasks.shutdown().begin();
    tasks.finish(Duration::from_secs(20)).await.expect("nothing crashed");
    host.close().await;
    let tasks = Tasks::default();
    let began = Instant::now();
    let host = host::start(config(), &Clock::system(), &tasks).await.expect("the host starts");
    (host, tasks, began.elapsed())
}

/// A client that fetches and answers, and keeps nothing: the most that this generator and this HTTP library can do.
async fn bare() -> Taken {
    let telegram = Telegram::start(CHATS, OUTSTANDING);
    let http = reqwest::Client::builder().no_proxy().http1_only().tcp_nodelay(true).build().expect("a client");
    let base = format!("http://{}/bot{TOKEN}", telegram.address);
    let client = tokio::spawn(async move {
        loop {
            let answer = http.post(format!("{base}/getUpdates")).body("{}").send().await.expect("an answer");
            let updates: serde_json::Value = answer.json().await.expect("JSON");
            for update in updates["result"].as_array().expect("updates") {
                let body = format!("{{\"chat_id\":{},\"text\":\"pong\"}}", update["message"]["chat"]["id"]);
                let request = http.post(format!("{base}/sendMessage")).body(body);
                tokio::spawn(async move { drop(request.send().await.expect("an answer").bytes().await) });
            }
        }
    });
    let taken = run(&telegram, || Box::new(|_| "/ping".into())).await;
    client.abort();
    taken
}

#[expect(clippy::cast_precision_loss, reason = "counts and microseconds")]
fn print(what: &str, taken: &Taken, bare: Option<f64>) -> f64 {
    let rate = taken.latencies.len() as f64 / taken.time.as_secs_f64();
    let at = |part: f64| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = ((taken.latencies.len() - 1) as f64 * part) as usize;
        taken.latencies[index] as f64 / 1000.0
    };
    let relation = bare.map_or(String::new(), |bare| format!("{:.0} %", rate / bare * 100.0));
    println!("{what:<22}{rate:>10.0}{:>10.1}{:>10.1}{:>10.1}{relation:>9}", at(0.5), at(0.99), at(1.0));
    rate
}
