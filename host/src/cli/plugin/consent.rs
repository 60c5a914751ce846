//! Whether the operator grants what a component asks for: said on the command line, or asked for on a terminal. What was said
//! on neither is not granted.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{Context, bail, ensure};
use toml_edit::Array;

use super::document;
use super::grants::{self, Given};
use crate::author::summary;
use crate::config::grant::Capability;

/// What is granted
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Consent {
    /// Grant this: `chat`, `tables`, `chat=admins`, `http=example.org`, `telegram=METHOD`. Several are parted by commas, or the
    /// option is given several times
    #[arg(long, value_name = "WHAT")]
    grant: Vec<String>,
    /// Grant all that is asked for, without asking back; sites and methods still have to be named with --grant
    #[arg(long, short)]
    yes: bool,
}

/// What is added to a grant so that it includes what is asked for. `before` is what is granted already.
pub(super) fn obtain(consent: &Consent, asked: &[Capability], before: &Array) -> anyhow::Result<Array> {
    let missing = grants::missing(asked, &document::meaning(before)?);
    let mut given = Given::parse(&consent.grant)?;
    if let Some(unasked) = given.unasked(asked) {
        bail!("it does not ask for `{0}`\nhint: leave {0} out of --grant", unasked.name());
    }
    let left: Vec<_> = missing.iter().copied().filter(|capability| !given.has(*capability)).collect();
    if consent.yes {
        for capability in &left {
            ensure!(
                !grants::needs_scope(*capability),
                "it asks for `{}`, and --yes does not say for what\nhint: add --grant {}",
                capability.name(),
                grants::example(*capability)
            );
            given.add(*capability, None);
        }
    } else if !left.is_empty() {
        let is_said = !given.is_empty();
        ensure!(!is_said, "{}", not_granted(&left, "it asks for more than is granted"));
        ensure!(is_terminal(), "{}", not_granted(&left, "nobody can be asked here whether to grant what it asks for"));
        ask(&left, &mut given)?;
    }
    let mut grant = before.clone();
    given.append_to(&mut grant);
    // What was typed may be no grant at all.
    document::meaning(&grant)?;
    Ok(grant)
}

fn not_granted(left: &[Capability], problem: &str) -> String {
    let names: Vec<_> = left.iter().map(|capability| format!("`{}`", capability.name())).collect();
    let examples: Vec<_> = left.iter().map(|capability| grants::example(*capability)).collect();
    let yes = if left.iter().any(|capability| grants::needs_scope(*capability)) { "" } else { ", or --yes" };
    format!("{problem}: {}\nhint: add --grant {}{yes}", names.join(", "), examples.join(","))
}

/// Asks on the terminal.
fn ask(left: &[Capability], given: &mut Given) -> anyhow::Result<()> {
    for capability in left {
        if !grants::needs_scope(*capability) {
            given.add(*capability, None);
            continue;
        }
        let answer = prompt(&format!("{} Several are parted by spaces.\n> ", grants::question(*capability)))?;
        let scopes: Vec<_> = answer.split([' ', ',']).filter(|scope| !scope.is_empty()).collect();
        ensure!(!scopes.is_empty(), "nothing was named for `{}`, and nothing was changed", capability.name());
        for scope in scopes {
            given.add(*capability, Some(scope));
        }
    }
    let mut line = Array::new();
    given.append_to(&mut line);
    let question = format!("Grant {}? [y/N] ", summary::plain(&document::in_one_line(&line)));
    let answer = prompt(&question)?;
    ensure!(
        matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"),
        "it was not granted, and nothing was changed"
    );
    Ok(())
}

fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

fn prompt(question: &str) -> anyhow::Result<String> {
    let mut line = String::new();
    let asked = io::stdout().write_all(question.as_bytes()).and_then(|()| io::stdout().flush());
    asked.and_then(|()| io::stdin().lock().read_line(&mut line)).context("the terminal does not answer")?;
    Ok(line.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(words: &[&str], yes: bool, asked: &[Capability], before: &str) -> String {
        let consent = Consent { grant: words.iter().map(|word| (*word).to_owned()).collect(), yes };
        let before = document::from_line(before).unwrap();
        match obtain(&consent, asked, &before) {
            Ok(grant) => document::in_one_line(&grant),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_was_not_said_is_not_granted() {
        use Capability::{Chat, Http, Tables};
        assert_eq!(granted(&[], true, &[Chat, Tables], "[]"), r#"["chat", "tables"]"#);
        assert_eq!(granted(&["chat", "tables"], false, &[Chat, Tables], "[]"), r#"["chat", "tables"]"#);
        assert_eq!(
            granted(&["http=example.org"], true, &[Chat, Http], "[]"),
            r#"["chat", { http = ["example.org"] }]"#
        );
        assert_eq!(granted(&[], false, &[Chat], r#"["chat"]"#), r#"["chat"]"#);
        assert_eq!(
            granted(&[], true, &[Chat, Http], "[]"),
            "it asks for `http`, and --yes does not say for what\nhint: add --grant http=example.org"
        );
        assert_eq!(
            granted(&["chat"], false, &[Chat, Tables], "[]"),
            "it asks for more than is granted: `tables`\nhint: add --grant tables, or --yes"
        );
        assert_eq!(
            granted(&["chat,llm"], false, &[Chat], "[]"),
            "it does not ask for `llm`\nhint: leave llm out of --grant"
        );
        assert!(granted(&["http"], false, &[Http], "[]").starts_with("`http` is granted host by host\nhint: "));
        assert_eq!(granted(&["chat=admins"], false, &[Chat], r#"["chat"]"#), r#"["chat", { chat = ["admins"] }]"#);
    }
}
