//! What is wrong with a command line, said like every other error: with a hint as its last line. Which words are right is
//! clap's to say, and what it advises becomes the hint.

use clap::error::{ContextKind, ErrorKind};

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
    super::complain(&explained(error));
    std::process::exit(error.exit_code());
}

/// The error, with its hint.
fn explained(error: &clap::Error) -> String {
    let text = error.to_string();
    let (mut said, mut hints) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.starts_with(LAST)) {
        match line.trim_start().strip_prefix(TIP) {
            Some(tip) => hints.push(tip.to_owned()),
            None => said.push(line),
        }
    }
    hints.push(format!("`{} --help` shows what can be written", command(error)));
    // Where advice stood, there are two empty lines now.
    said.dedup_by(|line, before| line.is_empty() && before.is_empty());
    format!("{}\nhint: {}", said.join("\n").trim_end(), hints.join("; "))
}

/// The command whose words are wrong, as its help is asked for.
fn command(error: &clap::Error) -> String {
    let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
    let words = usage.split_whitespace().skip_while(|word| *word == "Usage:");
    let is_name = |word: &&str| word.starts_with(|char: char| char.is_ascii_lowercase());
    let words: Vec<_> = words.take_while(is_name).collect();
    if words.is_empty() { "guesthouse".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::Cli;
    use super::*;

    fn said(words: &str) -> String {
        explained(&Cli::try_parse_from(words.split(' ')).expect_err("it is wrong"))
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
