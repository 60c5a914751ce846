//! The commands: what they are called, what they say, and with which code they end.
//!
//! Codes: 0 it was done, 1 it failed (the reason stands on standard error), 2 the command line was wrong.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::clock::Clock;
use crate::config::{self, CommandLine, Config};
use crate::dev;
use crate::emulator::Emulator;
use crate::emulator::memory::Memory;
use crate::host::{self, Host};
use crate::shutdown::Tasks;
use crate::store::{Desk, Whose};

mod dead;

mod journal;

mod plugin;

mod print;

mod replay;

mod shadow;

mod usage;

mod why;

/// How long a soft shutdown may take before what is left is dropped.
const PATIENCE: Duration = Duration::from_secs(25);

/// Where a configuration is looked for.
const CONFIG: &str = config::file::USUAL;

/// A Telegram bot host where every plugin is a sandboxed WebAssembly guest
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Without a command it is `guesthouse dev`.\nGUESTHOUSE_LOG says what is logged: error, warn, info, \
                  debug, or for example guesthouse=debug,sqlx=warn."
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bots of a configuration file
    Run {
        /// The configuration file; guesthouse.example.toml shows every key
        #[arg(long, short, default_value = CONFIG, env = "GUESTHOUSE_CONFIG")]
        config: PathBuf,
    },
    /// Run the bundled plugins on an emulated Telegram with a web chat; needs no token and no network
    Dev(DevArgs),
    /// Run only the emulated Telegram, for bots of any make
    Emulator {
        /// Where to listen; port 0 takes a free one
        #[arg(long, default_value = "127.0.0.1:8081")]
        listen: String,
        /// A bot that it knows, as `token=username`; may be given several times
        #[arg(long = "bot", value_name = "TOKEN=USERNAME", required = true)]
        bots: Vec<String>,
        /// A folder where it keeps its people, chats and files; without one it forgets them when it ends
        #[arg(long)]
        data: Option<PathBuf>,
    },
    /// Load a configuration and its plugins and say what is wrong, without asking Telegram for anything
    Check {
        /// The configuration file
        #[arg(long, short, default_value = CONFIG, env = "GUESTHOUSE_CONFIG")]
        config: PathBuf,
    },
    Dead(dead::Dead),
    Plugin(plugin::Plugin),
    Why(why::Why),
    Replay(replay::Replay),
    Journal(journal::Journal),
    Shadow(shadow::Shadow),
}

#[derive(Debug, clap::Args)]
struct DevArgs {
    /// Where the web chat listens; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the database, the cache and the emulated Telegram are kept
    #[arg(long, default_value = "data")]
    data: PathBuf,
    #[command(flatten)]
    llm: dev::LlmArgs,
    #[command(flatten)]
    plugins: dev::PluginArgs,
}

impl Default for DevArgs {
    fn default() -> Self {
        let (llm, plugins) = (dev::LlmArgs::from_environment(), dev::PluginArgs::default());
        Self { listen: "127.0.0.1:8080".into(), data: "data".into(), llm, plugins }
    }
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::try_parse().unwrap_or_else(|error| usage::refuse(&error));
    // A house that runs for a moment says nothing besides what its author asked for.
    let usual = match &cli.command {
        Some(Command::Plugin(plugin)) if plugin.is_quiet() => "off",
        _ => "info",
    };
    let filter = EnvFilter::try_from_env("GUESTHOUSE_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    // Its finer levels show the tokens that registries hand out.
    let filter = match "oci_client=info".parse() {
        Ok(quiet) => filter.add_directive(quiet),
        Err(_) => filter,
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()))
        // Whoever read the log may be gone. To say so on the same standard error would be a panic in every task.
        .log_internal_errors(false)
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::from(error).context("the runtime could not be started")),
    };
    match runtime.block_on(run(cli.command.unwrap_or(Command::Dev(DevArgs::default())))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    complain(&format!("error: {error:#}"));
    ExitCode::FAILURE
}

/// Says on standard error what is wrong, if anybody still reads it.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", harmless(text));
}

/// A text without what would make a terminal do something: a component that nobody knows yet may say anything.
fn harmless(text: &str) -> String {
    // Isolates belong to texts of two directions, overrides to none.
    let turns = |char: char| matches!(char, '\u{202a}'..='\u{202e}');
    let is_harmless = |char: char| matches!(char, '\n' | '\t') || !(char.is_control() || turns(char));
    text.chars().map(|char| if is_harmless(char) { char } else { '\u{fffd}' }).collect()
}

async fn run(command: Command) -> anyhow::Result<()> {
    let clock = Clock::system();
    let tasks = Tasks::default();
    match command {
        Command::Run { config: path } => {
            let mut config = Config::load(&path)?;
            let path = path.to_string_lossy();
            listen_for_signals(&tasks);
            config.command = if path == CONFIG { called(&[]) } else { called(&["--config", &*path]) };
            return until_stopped(host::start(config, &clock, &tasks), &tasks).await;
        }
        Command::Dev(args) => {
            listen_for_signals(&tasks);
            let starts = dev::start(&args.listen, &args.data, &args.llm, &args.plugins, &clock, &tasks);
            return until_stopped(starts, &tasks).await;
        }
        Command::Emulator { listen, bots, data } => {
            listen_for_signals(&tasks);
            data.as_deref().map(dev::make_folder).transpose()?;
            let mut memory = data.as_deref().map(Memory::in_folder);
            let emulator = dev::world(&clock, &bots, memory.as_mut())?;
            let listener = bind(&listen).await?;
            say(&format!(
                "An emulated Telegram is at http://{0}; talk to the bots at http://{0}/",
                listener.local_addr()?
            ));
            emulator.is_called(&listen);
            serve(emulator, listener, memory, &tasks);
        }
        // These wait for files, sites and people, and leave nothing half-done: a signal may end them at once.
        Command::Plugin(plugin) => return plugin::run(plugin, &clock).await,
        Command::Dead(dead) => return dead::run(dead, &clock).await,
        Command::Why(why) => return why::run(why).await,
        Command::Replay(replay) => return replay::run(replay).await,
        Command::Journal(journal) => return journal::run(journal).await,
        Command::Shadow(shadow) => return shadow::run(shadow).await,
        Command::Check { config } => return host::check(Config::load(&config)?).await,
    }
    tasks.finish(PATIENCE).await.map_err(|crash| anyhow::anyhow!(crash))
}

/// Where the database is, for commands that are no host.
#[derive(Debug, clap::Args)]
struct At {
    /// The configuration file; of most commands only its [database] is read
    #[arg(long, short, default_value = CONFIG, env = "GUESTHOUSE_CONFIG", global = true)]
    config: PathBuf,
    /// The database instead, as in database.url
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
}

impl At {
    /// Opens it beside the hosts that use it.
    async fn open(&self) -> anyhow::Result<Desk> {
        let url = match &self.database {
            Some(url) => url.clone(),
            None => config::Database::load(&self.config)?.url,
        };
        Ok(Desk::open(&url).await?)
    }
}

/// Which of many
#[derive(Debug, clap::Args)]
struct Of {
    /// Only those of this bot: its name without @, or its id
    #[arg(long)]
    bot: Option<String>,
    /// Only those of this plugin
    #[arg(long)]
    plugin: Option<String>,
}

impl From<Of> for Whose {
    fn from(of: Of) -> Self {
        Self { bot: of.bot, plugin: of.plugin }
    }
}

/// That nothing was found, and why it could not be.
async fn nothing(desk: &Desk, what: &str, whose: &Whose) -> anyhow::Result<String> {
    Ok(match desk.unknown(whose).await? {
        Some(why) => format!("{what}: {why}."),
        None => format!("{what}."),
    })
}

/// This program as it was called, for those who are told what to type.
pub(crate) fn called(options: &[&str]) -> CommandLine {
    let program = std::env::args_os().next().unwrap_or_else(|| "guesthouse".into());
    CommandLine::new(&program.to_string_lossy(), options)
}

/// Waits for the end of a started host and closes it, or stops what was begun when it could not be started.
async fn until_stopped(starts: impl Future<Output = anyhow::Result<Host>>, tasks: &Tasks) -> anyhow::Result<()> {
    let shutdown = tasks.shutdown();
    let started = tokio::select! {
        // First: a host that is there has to be closed.
        biased;
        started = starts => Some(started).transpose(),
        // Plugins may have to be compiled, and a database to be waited for: nobody who asks for the end waits for that.
        () = shutdown.begun() => Ok(None),
    };
    if started.is_err() {
        shutdown.force();
        shutdown.begin();
    }
    let finished = tasks.clone().finish(PATIENCE).await;
    if let Some(host) = started? {
        host.close().await;
    }
    finished.map_err(|crash| anyhow::anyhow!(crash))
}

/// Takes an address, or says why not.
pub(crate) async fn bind(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AddrInUse => {
                "end the program that has it, or name another: `guesthouse dev --listen 127.0.0.1:9000`"
            }
            std::io::ErrorKind::PermissionDenied => "name a port above 1023 with --listen",
            _ => "write an address of this machine and a port, such as 127.0.0.1:9000",
        };
        anyhow::anyhow!("cannot listen on `{address}`: {error}\nhint: {hint}")
    })
}

/// Serves an emulator until the shutdown, and keeps what happens in it if there is a place for that.
pub(crate) fn serve(emulator: Emulator, listener: TcpListener, memory: Option<Memory>, tasks: &Tasks) {
    let shutdown = tasks.shutdown().clone();
    tasks.spawn_loop("emulator", async move {
        let serving = emulator.clone().serve(listener, async move { shutdown.begun().await });
        let served = match memory {
            Some(memory) => memory.keep_while(&emulator, serving).await,
            None => serving.await,
        };
        if let Err(error) = served {
            tracing::error!(error = %error, "the emulator stopped: {error}");
        }
    });
}

/// Says something to the person at the terminal, if anybody reads it.
pub(crate) fn say(text: &str) {
    say_in_colours(&harmless(text));
}

/// The same, with whatever colours are in it.
pub(crate) fn say_in_colours(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The first signal ends softly, the second at once. Not one of the tracked tasks: they are waited for, and it waits for
/// a signal that may never come.
fn listen_for_signals(tasks: &Tasks) {
    use tokio::signal::unix::{SignalKind, signal};
    let shutdown = tasks.shutdown().clone();
    // Here and now, and not once a thread has time for it: until then a signal kills.
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tasks.spawn_detached(async move {
        for first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if first {
                shutdown.begin();
                tracing::info!("finishing what is under way; once more to stop at once");
            }
        }
        shutdown.force();
    });
}
