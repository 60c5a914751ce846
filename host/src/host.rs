//! The only wiring: which parts a host has and in which order they start and end.
//!
//! Parts that meet only in the database are started here and never see each other. A bot that cannot be started does
//! not stop another one: it is reported and left out, and because nobody asks Telegram for its updates, Telegram keeps
//! them for a day.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use futures_util::future::join_all;
use tokio::sync::watch;

use crate::agenda::{Agenda, Entry};
use crate::clock::Clock;
use crate::config::{self, ApiToken, Config, Journal, Limits, Records};
use crate::delivery::Delivery;
use crate::health::{self, Board, Place, State};
use crate::http::{self, api, api::Api, health::Health};
use crate::intake::pressure::Pressure;
use crate::intake::webhook::Hooks;
use crate::intake::{self, webhook};
use crate::journal::record::settings_digest;
use crate::lane::{Guest, Guests, Lanes, Seeds, Shadow, Shadows, Ways};
use crate::llm::Llm;
use crate::model::cron::Cron;
use crate::model::manifest::{Roster, Route};
use crate::model::{BotId, Part};
use crate::sandbox::{Planned, Sandbox};
use crate::schema::Schema;
use crate::shutdown::{Shutdown, Tasks};
use crate::store::{KnownSchedule, Standing, Store, StoreError};
use crate::telegram::{Client, Me, Pool};
use crate::wake::Wake;
use crate::web::Web;

mod names;

pub(crate) mod plugins;

mod reload;

mod silence;

use names::Known;
pub(crate) use plugins::called;
pub use plugins::{check, load_for_replay};
use reload::Running;
use silence::Silent;

/// How often what is done and old is removed from the database.
const TIDY: Duration = Duration::from_secs(3_600);
/// How often to look whether the journal has become too large; a busy host writes some ten MiB meanwhile.
const JOURNAL: Duration = Duration::from_secs(5);
/// How long a database may take to say good-bye. What it does not hear, it finds out.
const CLOSING: Duration = Duration::from_secs(5);
/// How long to wait before a bot that Telegram could not tell about is tried again; it doubles up to a minute.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// A running host. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Host {
    parts: Arc<Parts>,
    address: Option<SocketAddr>,
}

impl Host {
    /// The REST API for those who bring this token, to be served by another listener than the host's own.
    pub fn api(&self, token: ApiToken) -> http::Routes {
        self.parts.api.routes(Some(token))
    }

    /// Where it listens, if it does.
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }

    /// How much there is to do just now.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        self.parts.store.standing().await
    }

    /// Closes the database and gives the host's leases back. To be called once its tasks have ended.
    pub async fn close(self) {
        if tokio::time::timeout(CLOSING, self.parts.store.close()).await.is_err() {
            tracing::warn!("the database does not answer; this host's leases will run out by themselves");
        }
    }
}

/// What starting a bot needs.
struct Parts {
    store: Store,
    pool: Pool,
    sandbox: Sandbox,
    guests: Guests,
    delivery: Delivery,
    sending: config::Sending,
    wake: Wake,
    clock: Clock,
    tasks: Tasks,
    limits: Limits,
    records: Records,
    web: Web,
    llm: Option<Llm>,
    /// What to do where it is missing.
    model_hint: String,
    hooks: Hooks,
    board: Board,
    agenda: Agenda,
    api: Api,
    lanes: Lanes,
    /// The bots that run, by what the operator calls them.
    running: tokio::sync::Mutex<BTreeMap<String, Running>>,
}

/// What a host finds around itself and does not choose.
#[derive(Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub seeds: Seeds,
    /// The Web, as plugins reach it.
    pub web: Web,
}

impl Surroundings {
    /// The machine's randomness and the Web as it is.
    pub fn real(clock: &Clock) -> anyhow::Result<Self> {
        Ok(Self { clock: clock.clone(), seeds: Seeds::unknown(), web: Web::new()? })
    }
}

/// Starts a host: the database, the sandbox, the loops, then every bot. Returns once every bot runs, is waiting for
/// Telegram, or was refused; it is an error if all of them were refused.
pub async fn start(config: Config, clock: &Clock, tasks: &Tasks) -> anyhow::Result<Host> {
    start_in(config, Surroundings::real(clock)?, tasks).await
}

/// The same in surroundings of one's own.
pub async fn start_in(config: Config, surroundings: Surroundings, tasks: &Tasks) -> anyhow::Result<Host> {
    let Surroundings { clock, seeds, web } = surroundings;
    let clock = &clock;
    plugins::has_a_bot(&config)?;
    // Before anything else is begun: an address that somebody else has is the operator's mistake.
    let listener = match &config.http {
        Some(http) => Some(http::bind(http).await?),
        None => None,
    };
    let (store, sandbox) = tokio::try_join!(
        async { Store::open(&config.database.url, clock).await.map_err(anyhow::Error::from) },
        async { Sandbox::new(&config.limits, &config.database.cache).map_err(anyhow::Error::from) },
    )?;
    let shutdown = tasks.shutdown().clone();
    let (alive, shutdown_alive) = (store.clone(), shutdown.clone());
    // Before anything that may take long: a host that does not renew its lease is taken for dead.
    tasks.spawn_keeper("lease", async move { alive.keep_alive(&shutdown_alive).await });
    let wake = Wake::default();
    store.ring_at(&wake);
    let guests = Guests::default();
    let delivery = Delivery::new(store.clone(), wake.clone(), clock.clone());
    let bounds = (config.limits.clone(), config.command);
    let shadows = Shadows::default();
    let lanes = Lanes::new(store.clone(), guests.clone(), wake.clone(), clock.clone(), seeds, bounds, shadows.clone());
    let board = Board::default();
    let agenda = Agenda::new(store.clone(), wake.clone(), clock.clone());
    let api = Api::new(store.clone(), board.clone(), wake.clone(), clock.clone(), tasks.clone());
    let parts = Arc::new(Parts {
        store: store.clone(),
        pool: Pool::new()?,
        sandbox,
        guests,
        delivery: delivery.clone(),
        sending: config.sending,
        wake: wake.clone(),
        clock: clock.clone(),
        tasks: tasks.clone(),
        limits: config.limits.clone(),
        records: config.journal.record,
        web,
        llm: config.llm.map(Llm::new).transpose()?,
        model_hint: config.model_hint,
        hooks: Hooks::new(&config.bots, tasks),
        board,
        agenda: agenda.clone(),
        api: api.clone(),
        lanes: lanes.clone(),
        running: tokio::sync::Mutex::default(),
    });
    let mut address = None;
    if let Some(listener) = listener {
        let local = listener.local_addr()?;
        let health = Health::new(store.clone(), parts.board.clone(), clock.clone(), tasks.clone());
        let token = config.http.as_ref().and_then(|http| http.token.clone());
        match token {
            Some(_) => tracing::info!("the REST API is at http://{local}/api/openapi.json"),
            None => tracing::info!("there is no REST API without http.token"),
        }
        http::serve(listener, local, health.routes().merge(parts.hooks.routes()).merge(api.routes(token)), tasks);
        address = Some(local);
    }

    // Before the bots: one that has to wait, or whose plugins have to be compiled, does not hold up another.
    let (hints, tidy) = (store.clone(), store.clone());
    let (shutdown_hints, tidy_clock) = (shutdown.clone(), clock.clone());
    tasks.spawn_loop("hint", async move { hints.listen(&wake, &shutdown_hints).await });
    tasks.spawn_loop("alert", lanes.clone().tell_counted_alerts(shutdown.clone()));
    tasks.spawn_loop("shadow", shadows.run(store.clone(), clock.clone(), shutdown.clone()));
    tasks.spawn_loop("journal", keep_journal_short(store.clone(), config.journal, clock.clone(), shutdown.clone()));
    tasks.spawn_loop("lane", lanes.run(tasks.clone()));
    tasks.spawn_loop("agenda", agenda.run(shutdown.clone()));
    tasks.spawn_loop("api", api.clone().answer());
    tasks.spawn_loop("delivery", delivery.run(tasks.clone()));
    tasks.spawn_loop("housekeeping", async move {
        loop {
            tokio::select! {
                () = tidy_clock.sleep(TIDY) => {}
                () = shutdown.begun() => return,
            }
            if let Err(error) = tidy.tidy().await.and(tidy.tidy_turns(config.journal.keep()).await) {
                tracing::warn!(error = %error, "old rows were not removed: {error}; trying again in an hour");
            }
        }
    });

    let is_alone = config.bots.len() == 1;
    let starts = join_all(config.bots.into_iter().map(|bot| start_bot(Arc::clone(&parts), bot, is_alone)));
    let started = tokio::select! {
        biased;
        started = starts => started,
        // Those that are there already may work: they stop like any others, and are closed.
        () = tasks.shutdown().begun() => return Ok(Host { parts, address }),
    };
    if started.iter().all(Result::is_err) {
        let only = started.into_iter().find_map(Result::err).filter(|_| is_alone);
        return Err(only.unwrap_or_else(|| {
            anyhow::anyhow!("no bot was started\nhint: what is wrong with each, and what to do, is in the log")
        }));
    }
    Ok(Host { parts, address })
}

/// Starts one bot. An error means that it was refused and will stay so; a Telegram that does not answer is waited for
/// in the background. That of the only bot ends the host and is said there, any other one is logged here.
async fn start_bot(parts: Arc<Parts>, bot: config::Bot, is_alone: bool) -> anyhow::Result<()> {
    let id = bot.token.bot().context("the configuration has been checked")?;
    let telegram = Client::new(&parts.pool, &bot.api_url, &bot.token);
    let place = parts.board.add(&bot.name);
    match try_bot(&parts, id, &bot, &telegram, &place).await {
        Ok(None) => Ok(()),
        Ok(Some(silent)) => {
            tracing::warn!(bot = %bot.name, "{}", silent.told(&bot.name, &bot.api_url));
            let (waiting, mut told) = (Arc::clone(&parts), silence::Told::first(&silent));
            parts.tasks.spawn(async move {
                let mut pause = FIRST_PAUSE;
                loop {
                    tokio::select! {
                        () = waiting.clock.sleep(pause) => pause = (pause * 2).min(Duration::from_secs(60)),
                        () = waiting.tasks.shutdown().begun() => return,
                    }
                    match try_bot(&waiting, id, &bot, &telegram, &place).await {
                        Ok(None) => return,
                        Ok(Some(now)) if told.is_news(&now) => {
                            tracing::warn!(bot = %bot.name, "{}", now.told(&bot.name, &bot.api_url));
                        }
                        Ok(Some(_)) => {}
                        Err(error) => return refused(&bot.name, &place, &error),
                    }
                }
            });
            Ok(())
        }
        Err(error) => {
            if is_alone {
                place.is(State::Refused);
            } else {
                refused(&bot.name, &place, &error);
            }
            Err(error.context(format!("bot `{}` was not started", bot.name)))
        }
    }
}

/// Starts a bot, or says who does not answer now, which is no reason to refuse it.
async fn try_bot(
    parts: &Parts,
    id: BotId,
    bot: &config::Bot,
    telegram: &Client,
    place: &Place,
) -> anyhow::Result<Option<Silent>> {
    let started = async {
        match names::known_bot(parts, id, telegram).await? {
            Ok(Known::Asked(me)) => run_bot(parts, bot, telegram, me, place).await?,
            Ok(Known::Remembered(me)) => {
                run_bot(parts, bot, telegram, me.clone(), place).await?;
                // Once it runs, so that a start that has to be tried again asks no more often.
                names::refresh(parts, telegram, me);
            }
            Err(silent) => return Ok(Some(Silent::Telegram(silent))),
        }
        anyhow::Ok(None)
    };
    match started.await {
        Err(error) => match error.downcast::<StoreError>() {
            Ok(silent) if silent.is_transient() => Ok(Some(Silent::Database(silent))),
            Ok(error) => Err(error.into()),
            Err(error) => Err(error),
        },
        other => other,
    }
}

fn refused(bot: &str, place: &Place, error: &anyhow::Error) {
    place.is(State::Refused);
    // The reason ends with a hint, so it stands in the message alone.
    tracing::error!(bot, "bot `{bot}` was not started: {error:#}");
}

/// Loads a bot's plugins and starts asking for its updates.
async fn run_bot(parts: &Parts, bot: &config::Bot, telegram: &Client, me: Me, place: &Place) -> anyhow::Result<()> {
    let id = BotId(me.id);
    let me = Arc::new(me);
    let loads = bot.plugins.iter().map(|(name, plugin)| load_plugin(parts, bot, name, plugin, &me, telegram));
    let guests = join_all(loads).await.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    plugins::miss_a_model(bot, &guests, &parts.model_hint);
    let pressure = Arc::new(Pressure::new(&parts.limits));
    let roster = put_guests(parts, bot, &me, (place, &pressure), guests).await?;
    parts.delivery.add(id, telegram.clone(), parts.sending.pace(&bot.api_url), place.clone());
    let intake = intake::Bot {
        me: Arc::clone(&me),
        name: bot.name.clone(),
        telegram: telegram.clone(),
        admins: bot.admins.clone(),
        plugins: roster,
        store: parts.store.clone(),
        clock: parts.clock.clone(),
        pressure,
        place: place.clone(),
    };
    tracing::info!(bot = %bot.name, "bot `{}` runs as @{} with {} plugin(s)", bot.name, me.username, bot.plugins.len());
    let shutdown = parts.tasks.shutdown().clone();
    parts.tasks.spawn(intake::commands::keep_menu(intake.clone(), shutdown.clone()));
    let running = Running { config: bot.clone(), intake: intake.clone() };
    parts.running.lock().await.insert(bot.name.clone(), running);
    match parts.hooks.of(bot) {
        Some(hook) => {
            hook.serves(intake.clone());
            parts.tasks.spawn_loop("webhook", webhook::keep_registered(intake, hook, shutdown));
        }
        None => parts.tasks.spawn_loop("polling", intake::polling::run(intake, shutdown)),
    }
    Ok(())
}

/// Lets these plugins of a bot run from now on, and no others. Nothing has changed if it fails before the first of them
/// was put on the agenda, which takes a database that goes away just then.
async fn put_guests(
    parts: &Parts,
    bot: &config::Bot,
    me: &Me,
    (place, pressure): (&Place, &Arc<Pressure>),
    mut guests: Vec<Guest>,
) -> anyhow::Result<watch::Receiver<Roster>> {
    let id = BotId(me.id);
    plugins::share_tables(bot, &mut guests)?;
    plugins::put_in_order(bot, &mut guests);
    let mut plugins = Vec::with_capacity(guests.len());
    for guest in &guests {
        plugins.push(serve_plugin(parts, bot, id, guest).await?);
    }
    place.has(guests.iter().map(shown).collect());
    let roster = parts.guests.put(id, guests);
    parts.wake.lanes.ring();
    let served = api::Served { id, username: me.username.clone(), plugins, pressure: Arc::clone(pressure) };
    parts.api.serves(&bot.name, served);
    Ok(roster)
}

/// Puts a plugin's timers and schedules on the agenda, and says what the API tells of it.
async fn serve_plugin(parts: &Parts, bot: &config::Bot, id: BotId, guest: &Guest) -> anyhow::Result<api::ServedPlugin> {
    let (plugin, zone) = (&guest.plugin, &bot.timezone);
    let (name, manifest) = (plugin.name(), plugin.manifest());
    let entry = |planned: &Planned| Entry {
        part: Part::of(name, planned.processor.as_deref()),
        name: planned.name.clone(),
        cron: planned.cron.clone(),
    };
    let entries: Vec<_> = plugin.schedules().iter().map(entry).collect();
    let known = |entry: &Entry| {
        let cron = Cron::new(entry.cron.as_ref()?, zone).ok()?.spec();
        Some(KnownSchedule { bot: id, part: entry.part.clone(), name: entry.name.clone(), cron })
    };
    let schedules = entries.iter().filter_map(known).collect();
    parts.agenda.put((id, name), manifest.parts(name), entries, zone).await?;
    let reads = guest.others.iter().map(|table| format!("read: {}", table.name));
    // One that says `true` takes anything; any other was read when the plugin was loaded.
    let schema = |route: &Route| Some((route.name.clone(), Schema::read(route.request.as_deref()?).ok()?));
    let requests = manifest.routes.iter().filter_map(schema).collect();
    Ok(api::ServedPlugin {
        name: name.clone(),
        manifest: manifest.clone(),
        digest: plugin.digest().to_owned(),
        capabilities: plugin.capabilities().iter().map(|capability| capability.name()).collect(),
        grant: plugin.grant().words().into_iter().chain(reads).collect(),
        schedules,
        requests,
    })
}

fn shown(guest: &Guest) -> health::Plugin {
    let plugin = &guest.plugin;
    health::Plugin {
        name: plugin.name().to_string(),
        version: plugin.manifest().version.clone(),
        digest: plugin.digest().to_owned(),
    }
}

/// The other build of a plugin. One that does not load is reported, and hurts nobody.
async fn load_shadow(parts: &Parts, bot: &config::Bot, name: &str, plugin: &config::Plugin, me: &Me) -> Option<Shadow> {
    let other = config::Plugin { source: plugin.shadow.clone()?, pin: None, ..plugin.clone() };
    match plugins::load(&parts.sandbox.for_shadows(), bot, name, &other, me).await {
        Ok(plugin) => Some(Shadow { bot: BotId(me.id), plugin }),
        Err(error) => {
            tracing::error!(
                bot = %bot.name, plugin = name, error = %error,
                "the shadow of plugin `{name}` of bot `{}` is not run: {error:#}", bot.name
            );
            None
        }
    }
}

/// Takes the oldest turns out of the journal when it has become too large.
async fn keep_journal_short(store: Store, journal: Journal, clock: Clock, shutdown: Shutdown) {
    // What an earlier host has left is not known.
    store.doubt_journal();
    loop {
        if let Err(error) = store.trim_journal(journal.max_mib << 20).await {
            store.doubt_journal();
            tracing::warn!(error = %error, "old turns were not taken out of the journal: {error}; trying again");
        }
        tokio::select! {
            () = clock.sleep(JOURNAL) => {}
            () = shutdown.begun() => return,
        }
    }
}

async fn load_plugin(
    parts: &Parts,
    bot: &config::Bot,
    name: &str,
    plugin: &config::Plugin,
    me: &Arc<Me>,
    telegram: &Client,
) -> anyhow::Result<Guest> {
    let records = plugin.journal.unwrap_or(parts.records);
    let shadow = load_shadow(parts, bot, name, plugin, me).await;
    let plugin = plugins::load(&parts.sandbox, bot, name, plugin, me).await?;
    let tables = parts.store.declare(plugin.name(), &plugin.manifest().tables).await?;
    let ways = Ways { web: parts.web.fetcher(), llm: parts.llm.as_ref().map(Llm::asker) };
    let (me, telegram) = (Arc::clone(me), telegram.clone());
    let (others, settings) = ([].into(), settings_digest(&plugin).into());
    Ok(Guest {
        plugin,
        tables,
        others,
        me,
        telegram,
        ways,
        records,
        settings,
        shadow,
        bot: bot.name.as_str().into(),
        zone: bot.timezone.clone(),
        admins: bot.admins.as_slice().into(),
    })
}
