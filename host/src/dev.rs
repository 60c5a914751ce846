//! The dev house: the bundled plugins on an emulated Telegram, for a person with a browser and nothing else.
//!
//! It is the production wiring with another `api_url`: the host reaches the emulator over HTTP like Telegram.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::Context;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use crate::cli;
use crate::clock::Clock;
use crate::config::{ApiToken, Config};
use crate::emulator::Emulator;
use crate::emulator::memory::Memory;
use crate::emulator::world::World;
use crate::host::{self, Host};
use crate::model::hex;
use crate::sandbox::{Me, Settings};
use crate::shutdown::Tasks;
use crate::store::StoreError;

mod plugins;

mod watch;

pub use plugins::PluginArgs;

/// The configuration of the dev house; `{…}` is filled in at start. An author can copy it as a beginning.
const CONFIG: &str = include_str!("dev/guesthouse.dev.toml");
/// The dev house's bot, as the emulator and the configuration know it.
const BOT: (&str, &str) = ("7000000001:dev-house", "guesthouse_dev_bot");
/// What its configuration calls that bot.
const CALLED: &str = "dev";
/// What the emulator calls every bot.
const NAME: &str = "Guesthouse";
/// The admin of the dev house, as its configuration says.
const ADMIN: i64 = 1001;

/// The language model of the dev house; by default there is none.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LlmArgs {
    /// A language model for plugins: where an OpenAI-compatible endpoint is
    #[arg(long, env = "GUESTHOUSE_LLM_URL", requires = "llm_model", value_name = "URL")]
    llm_url: Option<String>,
    /// The endpoint's name for the model
    #[arg(long, env = "GUESTHOUSE_LLM_MODEL", value_name = "NAME")]
    llm_model: Option<String>,
    /// What the endpoint wants to be shown, if anything. Better in the environment than on the command line
    #[arg(long, env = "GUESTHOUSE_LLM_KEY", hide_env_values = true, value_name = "KEY")]
    llm_key: Option<String>,
}

impl LlmArgs {
    /// As where the command is left out and there is nothing to parse.
    pub fn from_environment() -> Self {
        // An empty variable is one that is not set.
        let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let [llm_url, llm_model, llm_key] =
            ["GUESTHOUSE_LLM_URL", "GUESTHOUSE_LLM_MODEL", "GUESTHOUSE_LLM_KEY"].map(variable);
        Self { llm_url, llm_model, llm_key }
    }

    /// The section of the configuration; empty without an address. `${…}` is filled in like the rest.
    fn section(&self) -> &'static str {
        match (&self.llm_url, &self.llm_key) {
            (None, _) => "",
            (Some(_), None) => "\n[llm]\nurl = \"${LLM_URL}\"\nmodel = \"${LLM_MODEL}\"\n",
            (Some(_), Some(_)) => "\n[llm]\nurl = \"${LLM_URL}\"\nmodel = \"${LLM_MODEL}\"\nkey = \"${LLM_KEY}\"\n",
        }
    }
}

/// Starts the emulator, the web chat and a host with the bundled plugins.
pub async fn start(
    listen: &str,
    data: &Path,
    llm: &LlmArgs,
    under_work: &PluginArgs,
    clock: &Clock,
    tasks: &Tasks,
) -> anyhow::Result<Host> {
    under_work.check()?;
    make_folder(data)?;
    let listener = cli::bind(listen).await?;
    let address = listener.local_addr()?;
    let mut memory = Memory::in_folder(data);
    let emulator = world(clock, &[format!("{}={}", BOT.0, BOT.1)], Some(&mut memory))?;
    emulator.is_called(listen);
    let text = format!("{CONFIG}{}", llm.section());
    let mut config = Config::parse(&text, Path::new("guesthouse.dev.toml"), |name| match name {
        "ADDRESS" => Some(address.to_string()),
        "DATA" => Some(data.to_string_lossy().into_owned()),
        "TOKEN" => Some(BOT.0.to_owned()),
        "LLM_URL" => llm.llm_url.clone(),
        "LLM_MODEL" => Some(llm.llm_model.clone().unwrap_or_default()),
        "LLM_KEY" => llm.llm_key.clone(),
        _ => None,
    })?;
    let mut set = BTreeMap::new();
    for bot in &mut config.bots {
        set.append(&mut under_work.set(&mut bot.plugins)?);
    }
    config.command = cli::called(&["--database", &config.database.url]);
    config.model_hint =
        "start it with --llm-url and --llm-model, or GUESTHOUSE_LLM_URL and GUESTHOUSE_LLM_MODEL".into();
    let token = api_token(data)?;
    cli::serve(emulator.clone(), listener, Some(memory), tasks);
    let host = host::start(config, clock, tasks).await.map_err(|error| match error.downcast_ref() {
        Some(StoreError::InUse { path }) => anyhow::anyhow!(
            "`{}` is in use by another guesthouse\nhint: stop that one, or name another folder with --data",
            path.display()
        ),
        _ => error,
    })?;
    emulator.shares_its_address(host.api(ApiToken::new(token.clone())));
    cli::say(&format!(
        "Open http://{address}/ and talk to @{}. You are the admin there; choose another person to be a buyer.",
        BOT.1
    ));
    plugins::load(under_work, set, &host, &emulator, clock, tasks).await?;
    cli::say(&format!("The REST API: curl -H 'Authorization: Bearer {token}' http://{address}/api/openapi.json"));
    Ok(host)
}

/// What a plugin of the dev house sees of its bot, without settings of its own: what was compiled for it elsewhere is found
/// there.
pub(crate) fn settings() -> Settings {
    let id = BOT.0.split(':').next().and_then(|id| id.parse().ok()).unwrap_or_default();
    let me = Me { id, username: BOT.1.into(), name: NAME.into() };
    Settings { config: BTreeMap::new(), admins: vec![ADMIN], me }
}

/// The configuration of the dev house for those who do not start it.
pub fn configuration() -> anyhow::Result<Config> {
    let config = Config::parse(CONFIG, Path::new("guesthouse.dev.toml"), |name| match name {
        "ADDRESS" => Some("127.0.0.1:8080".into()),
        "DATA" => Some("data".into()),
        _ => Some(BOT.0.into()),
    })?;
    Ok(config)
}

/// The token of the dev house's API: what the environment says, else one that stays with the folder.
fn api_token(data: &Path) -> anyhow::Result<String> {
    if let Ok(token) = std::env::var("GUESTHOUSE_API_TOKEN")
        && !token.is_empty()
    {
        return Ok(token);
    }
    let file = data.join("api-token");
    if let Ok(kept) = std::fs::read_to_string(&file)
        && !kept.trim().is_empty()
    {
        return Ok(kept.trim().to_owned());
    }
    let mut bytes = [0; 16];
    StdRng::from_os_rng().fill_bytes(&mut bytes);
    let token = hex(&bytes);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let written = options.open(&file).and_then(|mut file| file.write_all(token.as_bytes()));
    written.with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(token)
}

/// Makes the folder where things are kept, if it is not there.
pub fn make_folder(data: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(data).map_err(|error| {
        anyhow::anyhow!("cannot create `{}`: {error}\nhint: name another folder with --data", data.display())
    })
}

/// An emulated Telegram as its memory has it, or else with the dev house's people; and these bots, each
/// `token=username`.
pub fn world(clock: &Clock, bots: &[String], memory: Option<&mut Memory>) -> anyhow::Result<Emulator> {
    // Update ids begin where a former run cannot have been, as the host remembers those it has seen.
    let seed = clock.now().unsigned_abs();
    let recalled = memory.map(|memory| memory.recall(clock, seed)).transpose();
    let recalled = recalled.map_err(|error| {
        anyhow::anyhow!(
            "the emulated Telegram cannot be read from its folder: {error}\nhint: name another folder with --data"
        )
    })?;
    let recalled = recalled.flatten();
    let is_new = recalled.is_none();
    let emulator = Emulator::of(recalled.unwrap_or_else(|| World::new(clock.clone(), seed)), clock.clone());
    for bot in bots {
        let (token, username) = bot
            .split_once('=')
            .with_context(|| format!("`{bot}` is not a bot\nhint: write --bot 123456789:secret=my_bot"))?;
        let known_or_new = |world: &mut World| match world.bot_by_token(token) {
            Some(known) => world.rename_bot(known, username),
            None => world.add_bot(token, username, NAME).map(drop),
        };
        emulator.world(known_or_new).map_err(|refusal| anyhow::anyhow!("`{bot}` is not a bot: {}", refusal.text))?;
    }
    if is_new {
        emulator.world(World::dev_house);
    }
    Ok(emulator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_on_the_command_line_is_in_the_configuration() {
        let filled_in = |llm: &LlmArgs| {
            let text = format!("{CONFIG}{}", llm.section());
            let config = Config::parse(&text, Path::new("test.toml"), |name| match name {
                "LLM_URL" => llm.llm_url.clone(),
                "LLM_MODEL" => llm.llm_model.clone(),
                "LLM_KEY" => llm.llm_key.clone(),
                _ => Some(BOT.0.into()),
            });
            config.unwrap_or_else(|error| panic!("{error}")).llm
        };
        assert_eq!(filled_in(&LlmArgs::default()), None);
        let some = |text: &str| Some(text.to_owned());
        let mut llm = LlmArgs { llm_url: some("http://127.0.0.1:1/v1"), llm_model: some("m"), llm_key: None };
        assert_eq!(filled_in(&llm), Some(crate::config::Llm::new("http://127.0.0.1:1/v1", "m")));
        llm.llm_key = some("sk-1");
        assert!(filled_in(&llm).is_some_and(|llm| llm.key.is_some()));
    }

    #[test]
    fn what_is_compiled_elsewhere_is_compiled_for_this_house() {
        let config = Config::parse(CONFIG, Path::new("test.toml"), |name| match name {
            "TOKEN" => Some(BOT.0.into()),
            _ => Some("x".into()),
        });
        let bot = config.unwrap_or_else(|error| panic!("{error}")).bots.remove(0);
        assert_eq!((bot.admins, bot.token.bot().map(|id| id.0)), (settings().admins, Some(settings().me.id)));
    }

    #[test]
    fn a_bot_that_is_known_takes_the_name_on_the_command_line() {
        let (clock, folder) = (Clock::manual(0), tempfile::tempdir().unwrap());
        let named = |name: &str, memory: &mut Memory| {
            let emulator =
                world(&clock, &[format!("7:x={name}")], Some(memory)).unwrap_or_else(|error| panic!("{error:#}"));
            (emulator.world(|world| world.bot(7).map(|bot| bot.username.clone())), emulator)
        };
        let mut memory = Memory::in_folder(folder.path());
        let (name, emulator) = named("one_bot", &mut memory);
        assert_eq!(name.as_deref(), Some("one_bot"));
        let saved = emulator.world(|world| world.saved());
        std::fs::write(folder.path().join("telegram.json"), saved).unwrap();
        let (name, emulator) = named("two_bot", &mut Memory::in_folder(folder.path()));
        assert_eq!((name.as_deref(), emulator.world(|world| world.people().count())), (Some("two_bot"), 4));
    }
}
