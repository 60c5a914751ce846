//! `guesthouse plugin test`: finds scenario files, runs them one after another, and says what was wrong.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::CACHE;
use crate::cli::{complain, say, say_in_colours};
use crate::scenario::{self, Colours, File, Runner};

/// What can be said on the command line.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Scenario files, or folders: all `*.toml` in them and in folders below
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The component to test, before what the files say
    #[arg(long, value_name = "FILE")]
    plugin: Option<PathBuf>,
    /// Only files with this in their path
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// Write down what is seen where it is not what was expected
    #[arg(long)]
    update: bool,
    /// A PostgreSQL server to run on, in a database of its own for each file; without it SQLite in a temporary folder
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where compiled code is kept; without it data/cache, if the dev house or `plugin build` has made it here, else a folder
    /// of the user's
    #[arg(long, value_name = "DIR", env = "GUESTHOUSE_TEST_CACHE")]
    cache: Option<PathBuf>,
}

/// How the files did.
#[derive(Default)]
struct Tally {
    right: usize,
    wrong: usize,
    updated: usize,
}

pub(super) async fn run(args: Args) -> anyhow::Result<()> {
    if let Some(url) = &args.database {
        anyhow::ensure!(
            url.starts_with("postgres"),
            "--database names no PostgreSQL server\nhint: leave it out for SQLite, or write \
             --database postgres://user:password@host/postgres"
        );
    }
    let mut files = Vec::new();
    for path in &args.files {
        find(path, &mut files)?;
    }
    let is_wanted = |path: &PathBuf| args.filter.as_ref().is_none_or(|part| path.to_string_lossy().contains(part));
    files.retain(is_wanted);
    anyhow::ensure!(
        !files.is_empty(),
        "there is no scenario\nhint: name files that end with .toml, or folders of them"
    );
    let has_colours =
        std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let colours = if has_colours { Colours::On } else { Colours::Off };
    let mut runner = Runner::new().plugin(args.plugin.clone()).database(args.database.clone());
    // Compiling a Python or JavaScript plugin takes a minute: not again what the dev house has compiled.
    let here = || Some(PathBuf::from(CACHE)).filter(|folder| folder.is_dir());
    if let Some(cache) = args.cache.clone().or_else(here) {
        runner = runner.keeps_compiled_in(cache);
    }
    let mut tally = Tally::default();
    for path in &files {
        one(path, &args, &mut runner, colours, &mut tally).await?;
    }
    let Tally { right, wrong, updated } = tally;
    let updated = if updated > 0 { format!(", {updated} updated") } else { String::new() };
    say(&format!("{right} right, {wrong} wrong{updated}"));
    anyhow::ensure!(wrong == 0, "{wrong} of {} scenario(s) failed", files.len());
    Ok(())
}

async fn one(path: &Path, args: &Args, runner: &mut Runner, colours: Colours, tally: &mut Tally) -> anyhow::Result<()> {
    let file = match File::load(path) {
        Ok(file) => file,
        Err(problem) => {
            tally.wrong += 1;
            complain(&problem.to_string());
            return Ok(());
        }
    };
    let report = match runner.run(&file).await {
        Ok(report) => report,
        Err(problem) => {
            tally.wrong += 1;
            complain(&format!("{}: {problem}", path.display()));
            return Ok(());
        }
    };
    if report.is_right() {
        tally.right += 1;
        say(&format!("ok    {}", path.display()));
        return Ok(());
    }
    if args.update {
        let text = scenario::update(file.text(), &report).map_err(|problem| anyhow::anyhow!(problem))?;
        if let Some(text) = text {
            std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
            tally.updated += 1;
        }
        // What could not be done is not made right by writing down what was seen until then.
        if report.steps.len() == report.planned && report.steps.iter().all(|step| step.problems.is_empty()) {
            tally.right += 1;
            say(&format!("wrote {}", path.display()));
            return Ok(());
        }
    }
    tally.wrong += 1;
    say_in_colours(&format!("WRONG {}\n{}", path.display(), scenario::explain(&report, colours).trim_end()));
    Ok(())
}

/// The scenario files that a path means, in their order.
fn find(path: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let unreadable = || format!("cannot read the folder `{}`", path.display());
    let entries = std::fs::read_dir(path).with_context(unreadable)?;
    let mut inside =
        entries.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>().with_context(unreadable)?;
    inside.sort();
    for path in inside {
        let is_scenario = path.extension().is_some_and(|ending| ending == "toml");
        if path.is_dir() || is_scenario {
            find(&path, found)?;
        }
    }
    Ok(())
}
