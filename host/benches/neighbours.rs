//! What a hostile plugin costs its neighbours: the latency of another one in many chats, alone and while an attacker runs
//! in as many other chats as it likes.
//!
//! One process holds an emulated Telegram and a host; for each attacker there are some fresh houses, in which the other
//! one is measured alone and then under attack, so that the two can be compared. The latency is that of a person: from
//! the moment a message is written to the moment its answer stands in the chat, through polling, inbox, lane, turn,
//! commit, outbox and delivery, with a durable database. The promise is a 99th percentile of at most twice that without
//! the attacker.
//!
//! `cargo bench -p guesthouse --bench neighbours` takes about seven minutes; a name behind `--` runs one attacker only.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a benchmark reads the real time and prints it")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use guesthouse::clock::Clock;
use guesthouse::config::Config;
use guesthouse::emulator::Emulator;
use guesthouse::emulator::world::{Action, ChatRef, NewFault, NewPerson};
use guesthouse::host::{self, Host};
use guesthouse::shutdown::Tasks;
use sqlx::{Connection, Row, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

/// The bot of `echo`, and that of the attackers.
const TOKENS: [&str; 2] = ["7000000001:neighbours", "7000000002:attackers"];
const NEIGHBOUR: i64 = 7_000_000_001;
const ATTACKER: i64 = 7_000_000_002;
/// Chats in which somebody talks to `echo`, and how long each pauses after an answer.
const NEIGHBOURS: usize = 16;
const PAUSE: Duration = Duration::from_millis(40);
/// Chats in which an attack is always under way and another one waits. Somebody looks every so often whether that still
/// holds in one of so many parts of them: what ends at once comes again after half a second, or the messages that ask for
/// it would be the attack.
const VICTIMS: usize = 64;
const REFILL: Duration = Duration::from_millis(25);
const PARTS: usize = 20;
/// Houses for each attacker. When the disk holds everybody up for once, each chat waits for one answer, and those must
/// be fewer than one in a hundred of all houses together, or they would be what is measured.
const HOUSES: usize = 3;
/// How long each half is measured, and how long an attack runs before it is.
const MEASURED: Duration = Duration::from_secs(4);
const RAMP: Duration = Duration::from_millis(1_500);
/// The promise.
const PROMISED: f64 = 2.0;

/// Rows of the large table.
const ROWS: i64 = 300_000;

/// An attack on neighbours.
struct Attack {
    name: &'static str,
    /// What is said to the attacking plugin.
    text: &'static str,
    /// The plugin of the neighbours, and what the one with this number says to it.
    neighbour: (&'static str, fn(usize) -> String),
    /// Further lines of the configuration.
    configuration: &'static str,
    /// Whether the attacker has a large table.
    has_rows: bool,
}

const fn against_echo(name: &'static str, text: &'static str) -> Attack {
    Attack { name, text, neighbour: ("echo", |_| "hello".into()), configuration: "", has_rows: false }
}

const ATTACKS: &[Attack] = &[
    against_echo("none, but pings", "/ping"),
    against_echo("endless loop", "/spin"),
    against_echo("bulk memory", "/fill"),
    against_echo("memory growth", "/oom"),
    against_echo("recursion", "/recurse"),
    against_echo("host-call flood", "/calls 1000000"),
    against_echo("log flood", "/logs 9000"),
    against_echo("effect flood", "/messages 100"),
    // More than the neighbours need and the attacker would like.
    Attack { configuration: "[sending]\nper_second = 400\n", ..against_echo("paced effects", "/messages 100") },
    against_echo("row writes", "/rows 1000"),
    against_echo("row reads", "/count"),
    Attack {
        neighbour: ("ledger", |number| format!("/verify c{number}")),
        has_rows: true,
        ..against_echo("large table", "/scan")
    },
    against_echo("slow host call", "/files nothing"),
];

/// A host in a house of its own, with Telegram outside of its runtime as it is in life.
struct House {
    emulator: Emulator,
    telegram: Tasks,
    tasks: Tasks,
    host: Host,
    runtime: Runtime,
    database: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl House {
    async fn opens(components: &Path, attack: &Attack) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let emulator = Emulator::new(Clock::system(), 7);
        for (token, name) in TOKENS.into_iter().zip(["neighbours_bot", "attackers_bot"]) {
            let added = emulator.world(|world| {
                world.keep_messages(20);
                world.add_bot(token, name, name).map(drop)
            });
            added.map_err(|refusal| anyhow::anyhow!(refusal.text))?;
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let telegram = Tasks::default();
        let (serving, shutdown) = (emulator.clone(), telegram.shutdown().clone());
        telegram.spawn(async move {
            let _ = serving.serve(listener, async move { shutdown.begun().await }).await;
        });
        let database = folder.path().join("house.db");
        let bot = |token: &str, plugins: &[&str]| {
            let section = |name: &&str| {
                let source = components.join(format!("{name}.wasm"));
                let grant = r#"["chat", "tables", "dialogue", "files", { telegram = ["setMessageReaction"] }]"#;
                format!("[bot.plugins.{name}]\nsource = {source:?}\ngrant = {grant}\n")
            };
            let plugins: String = plugins.iter().map(section).collect();
            let name = token.rsplit(':').next().unwrap_or_default();
            format!("[[bot]]\nname = {name:?}\ntoken = {token:?}\napi_url = \"http://{address}\"\n{plugins}")
        };
        let text = format!(
            "[database]\nurl = \"sqlite://{}\"\ncache = {:?}\n[limits]\nattempts = 1\n{}{}{}",
            database.display(),
            components.join("cache"),
            attack.configuration,
            bot(TOKENS[0], &[attack.neighbour.0]),
            bot(TOKENS[1], &["flood", "hostile", "memory", "recurse", "spin"]),
        );
        let config = Config::parse(&text, Path::new("neighbours.toml"), |_| None)?;
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let tasks = Tasks::default();
        let starting = tasks.clone();
        let host = runtime.spawn(async move { host::start(config, &Clock::system(), &starting).await });
        let host = host.await??;
        if attack.has_rows {
            let mut writer = SqliteConnection::connect(&format!("sqlite://{}", database.display())).await?;
            let fill = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < $2)
                        INSERT INTO flood__drops (bot_id, id, number) SELECT $1, n, n FROM n";
            sqlx::query(fill).bind(ATTACKER).bind(ROWS).execute(&mut writer).await?;
        }
        Ok(Self { emulator, telegram, tasks, host, runtime, database, _folder: folder })
    }

    fn newcomers(&self, bot: i64, count: usize) -> Vec<(i64, ChatRef)> {
        let arrive = |number| {
            let person = self.emulator.world(|world| world.add_person(NewPerson::named(&format!("P{number}"), "en")));
            let person = person.unwrap_or_else(|refusal| panic!("{}", refusal.text)).id;
            (person, ChatRef::private(bot, person))
        };
        (0..count).map(arrive).collect()
    }

    async fn closes(self) {
        // Attacks that are still under way need not end well.
        self.tasks.shutdown().force();
        let _ = self.tasks.finish(Duration::from_secs(10)).await;
        let host = self.host;
        let _ = self.runtime.spawn(async move { host.close().await }).await;
        self.runtime.shutdown_background();
        self.telegram.shutdown().begin();
        let _ = self.telegram.finish(Duration::from_secs(5)).await;
    }
}

/// A person writes and waits for the answer.
async fn talk(emulator: &Emulator, (person, chat): (i64, ChatRef), text: &str) -> Duration {
    let start = now();
    let said = emulator
        .world(|world| world.say(person, chat, text).map(|_| world.chat(chat).map_or(0, |chat| chat.version())));
    let version = said.unwrap_or_else(|refusal| panic!("{}", refusal.text));
    emulator.chat_change(chat, version, Duration::from_secs(60)).await;
    start.elapsed()
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
fn now() -> Instant {
    Instant::now()
}

/// The latencies of all neighbours who talk to their plugin for a while.
async fn measure(emulator: &Emulator, neighbours: &[(i64, ChatRef)], text: fn(usize) -> String) -> Vec<Duration> {
    let end = now() + MEASURED;
    let talks = neighbours.iter().enumerate().map(|(index, neighbour)| async move {
        // Not all at the same moment.
        tokio::time::sleep(PAUSE * u32::try_from(index).unwrap_or(0) / u32::try_from(NEIGHBOURS).unwrap_or(1)).await;
        let mut seen = Vec::new();
        while now() < end {
            seen.push(talk(emulator, *neighbour, &text(index)).await);
            tokio::time::sleep(PAUSE).await;
        }
        seen
    });
    futures_util::future::join_all(talks).await.concat()
}

/// Keeps two attacks waiting in every chat until told to stop; answers how many were begun.
async fn keep_attacking(
    emulator: Emulator,
    database: std::path::PathBuf,
    victims: Vec<(i64, ChatRef)>,
    text: &'static str,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<usize> {
    let mut reader = SqliteConnection::connect(&format!("sqlite://{}?mode=ro", database.display())).await?;
    let (mut begun, mut part) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let waiting = sqlx::query(
            "SELECT lanes.chat_id, COUNT(*) FROM inbox JOIN lanes ON lanes.id = inbox.lane_id
             WHERE inbox.state = 0 GROUP BY lanes.chat_id",
        );
        let waiting = waiting.fetch_all(&mut reader).await?;
        let count = |person: i64| {
            let row = waiting.iter().find(|row| row.get::<i64, _>(0) == person);
            row.map_or(0, |row| row.get::<i64, _>(1))
        };
        let looked_at = victims.iter().skip(part).step_by(PARTS);
        let missing = looked_at.flat_map(|victim| {
            let missing = usize::try_from(2 - count(victim.0)).unwrap_or(0);
            std::iter::repeat_n(*victim, missing)
        });
        let missing: Vec<_> = missing.collect();
        part = (part + 1) % PARTS;
        begun += missing.len();
        emulator.world(|world| {
            for (person, chat) in missing {
                world.say(person, chat, text).unwrap_or_else(|refusal| panic!("{}", refusal.text));
            }
        });
        tokio::time::sleep(REFILL).await;
    }
    Ok(begun)
}

fn percentile(sorted: &[Duration], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
}

/// What was measured in some houses.
#[derive(Default)]
struct Measured {
    alone: Vec<Duration>,
    attacked: Vec<Duration>,
    /// How many attacks were begun.
    begun: usize,
}

/// Measures in one more house.
async fn compare(components: &Path, attack: &Attack, measured: &mut Measured) -> anyhow::Result<()> {
    let (text, say) = (attack.text, attack.neighbour.1);
    let house = House::opens(components, attack).await?;
    let neighbours = house.newcomers(NEIGHBOUR, NEIGHBOURS);
    for (number, neighbour) in neighbours.iter().enumerate() {
        talk(&house.emulator, *neighbour, &say(number)).await;
    }
    measured.alone.extend(measure(&house.emulator, &neighbours, say).await);

    house.emulator.world(|world| world.add_fault(NewFault::new("getFile", Action::Hold)));
    let stop = Arc::new(AtomicBool::new(false));
    let victims = house.newcomers(ATTACKER, VICTIMS);
    let attack = keep_attacking(house.emulator.clone(), house.database.clone(), victims, text, Arc::clone(&stop));
    let watch = async {
        tokio::time::sleep(RAMP).await;
        let attacked = measure(&house.emulator, &neighbours, say).await;
        stop.store(true, Ordering::Relaxed);
        attacked
    };
    let (begun, attacked) = tokio::join!(attack, watch);
    measured.attacked.extend(attacked);
    measured.begun += begun?;
    house.closes().await;
    Ok(())
}

/// Prints a line of the table; answers the ratio that is promised.
#[expect(clippy::print_stdout, reason = "a table for a person")]
fn print(name: &str, Measured { mut alone, mut attacked, begun }: Measured) -> f64 {
    alone.sort_unstable();
    attacked.sort_unstable();
    let ratio = |percent| percentile(&attacked, percent) / percentile(&alone, percent);
    println!(
        "{name:<16} {:>8.1} {:>8.1} {:>8.1} {:>8.1} {:>8.2} {:>8.2} {:>8} {begun:>8}",
        percentile(&alone, 50),
        percentile(&alone, 99),
        percentile(&attacked, 50),
        percentile(&attacked, 99),
        ratio(50),
        ratio(99),
        attacked.len(),
    );
    ratio(99)
}

#[expect(clippy::print_stdout, reason = "a table for a person")]
fn main() -> anyhow::Result<()> {
    // Written as they are in life, and thrown away.
    tracing_subscriber::fmt().with_max_level(tracing::Level::INFO).with_writer(std::io::sink).init();
    let components = tempfile::tempdir()?;
    for fixture in guesthouse_fixtures::all() {
        std::fs::write(components.path().join(format!("{}.wasm", fixture.name)), fixture.component)?;
    }
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| name.contains(wanted.as_str()));
    // Telegram and the people have a thread of their own.
    let outside = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    println!(
        "latency of a plugin in {NEIGHBOURS} chats in ms, alone and with an attack in each of {VICTIMS} other chats"
    );
    println!(
        "{:<16} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}",
        "attacker", "p50", "p99", "p50", "p99", "ratio50", "ratio99", "answers", "attacks"
    );
    let mut broken = Vec::new();
    for attack in ATTACKS.iter().filter(|attack| chosen(attack.name)) {
        let mut measured = Measured::default();
        for _ in 0..HOUSES {
            outside.block_on(compare(components.path(), attack, &mut measured))?;
        }
        if print(attack.name, measured) > PROMISED {
            broken.push(attack.name);
        }
    }
    match broken.as_slice() {
        [] => println!("promised: a 99th percentile of at most {PROMISED} times that without the attacker; kept"),
        broken => println!("more than {PROMISED} times as slow beside: {}", broken.join(", ")),
    }
    Ok(())
}
