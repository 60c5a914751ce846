//! What is wrong with a command line, said like every other error: with a hint as its last line. Which words are right is
//! clap's to say, and what it advises becomes the hint.

use std::ffi::OsString;

use clap::CommandFactory;
use clap::error::ErrorKind;

/// What clap writes last; the hint takes its place.
const LAST: &str = "For more information, try";
/// How clap begins a piece of advice.
const TIP: &str = "tip: ";

/// Ends the program as clap would: help is help, and what is wrong has the code 2.
pub(super) fn refuse(error: &clap::Error) -> ! {
    let is_help = !error.use_stderr() || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if is_help {
        error.exit();
    }
    super::complain(&explained(error, std::env::args_os()));
    std::process::exit(error.exit_code());
}

/// The error, with its hint. `words` are those of the command line.
fn explained(error: &clap::Error, words: impl Iterator<Item = OsString>) -> String {
    let text = error.to_string();
    let (mut said, mut hints) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with(LAST)) {
        match line.trim_start().strip_prefix(TIP) {
            Some(tip) => hints.push(tip.to_owned()),
            None => said.push(line),
        }
    }
    hints.push(format!("`{} --help` shows what can be written", command(words)));
    // Where advice stood, there are two empty lines now.
    said.dedup_by(|line, before| line.is_empty() && before.is_empty());
    format!("{}\nhint: {}", said.join("\n").trim_end(), hints.join("; "))
}

/// The command whose words are wrong, as its help is asked for.
fn command(words: impl Iterator<Item = OsString>) -> String {
    let cli = super::Cli::command();
    let (mut at, mut names) = (&cli, vec!["guesthouse"]);
    for word in words.skip(1) {
        if let Some(inner) = at.find_subcommand(&word) {
            names.push(inner.get_name());
            at = inner;
        }
    }
    names.join(" ")
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::*;

    fn said(words: &str) -> String {
        said_of(words.split(' ').map(OsString::from).collect())
    }

    fn said_of(words: Vec<OsString>) -> String {
        let error = Cli::try_parse_from(&words).expect_err("it is wrong");
        explained(&error, words.into_iter())
    }

    #[cfg(unix)]
    #[test]
    fn a_word_that_is_no_text_is_refused_like_any_other() {
        use std::os::unix::ffi::OsStringExt;

        let said = said_of(vec!["guesthouse".into(), "dead".into(), OsString::from_vec(vec![0xff])]);
        assert!(said.ends_with("`guesthouse dead --help` shows what can be written"), "{said}");
    }

    #[test]
    fn what_is_wrong_ends_with_a_hint() {
        assert_eq!(
            said("guesthouse run --confg a.toml"),
            "error: unexpected argument '--confg' found\n\nUsage: guesthouse run --config <CONFIG>\n\
             hint: a similar argument exists: '--config'; `guesthouse run --help` shows what can be written"
        );
        assert_eq!(
            said("guesthouse plugin chek a.wasm"),
            "error: unrecognized subcommand 'chek'\n\nUsage: guesthouse plugin <COMMAND>\n\
             hint: a similar subcommand exists: 'check'; `guesthouse plugin --help` shows what can be written"
        );
        assert!(
            said("guesthouse dead show x").ends_with("\nhint: `guesthouse dead show --help` shows what can be written")
        );
        for words in
            ["guesthouse replay", "guesthouse dead retry x", "guesthouse dev --set a --plugin b", "guesthouse emulator"]
        {
            let said = said(words);
            let last = said.lines().last().unwrap_or_default();
            assert!(last.starts_with("hint: ") && last.ends_with("--help` shows what can be written"), "{said}");
            assert!(!said.contains(LAST), "{said}");
        }
    }
}
