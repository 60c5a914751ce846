//! From a text to sections: variables are filled in, and no message repeats what they hold.
//!
//! `${NAME}` is replaced inside of TOML's texts, after TOML has been read. So a comment asks for nothing, a value needs no
//! escaping, and what is wrong with the file is said about the file as it stands, without a secret in it.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::ConfigError;

/// Words in the names of keys that hold secrets.
const SECRETS: [&str; 2] = ["token", "key"];
/// What follows a number and a colon is a secret from this length on; a time of the day is shorter.
const SECRET: usize = 6;

/// A `${NAME}` in a text.
pub(super) struct Variable<'a> {
    /// The key whose value has it, such as `bot.token`.
    pub(super) key: &'a str,
    /// Its name.
    pub(super) name: &'a str,
    /// Whether the value begins with it.
    is_first: bool,
    /// Whether the value is nothing else.
    is_all: bool,
}

/// Reads a text; with `section`, nothing but that one. `env` tells what stands for a variable.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    path: &Path,
    section: Option<&str>,
    env: impl Fn(&Variable<'_>) -> Option<String>,
) -> Result<T, ConfigError> {
    let invalid = |message: String| ConfigError::Invalid { path: path.to_owned(), message };
    // As it stands in the file first: these errors quote lines, and no line may have a secret in it yet.
    toml::from_str::<T>(text).map_err(|error| invalid(explain(text, &error)))?;
    let mut table: toml::Table = toml::from_str(text).map_err(|error| invalid(explain(text, &error)))?;
    table.retain(|key, _| section.is_none_or(|section| section == key));
    let missing = |name: String| {
        let asked = format!("${{{name}}}");
        let line = text.lines().position(|line| line.contains(&asked)).unwrap_or(0) + 1;
        ConfigError::NoVariable { path: path.to_owned(), line, name }
    };
    table.iter_mut().try_for_each(|(key, value)| fill_in(key, value, &env)).map_err(missing)?;
    table.try_into().map_err(|error: toml::de::Error| {
        invalid(with_hint(error.message(), "look at what the environment has for the ${NAME} that stand there"))
    })
}

/// Replaces `${NAME}` in all texts of a value; the error is the name of a variable that is not there.
fn fill_in(key: &str, value: &mut toml::Value, env: &impl Fn(&Variable<'_>) -> Option<String>) -> Result<(), String> {
    match value {
        toml::Value::String(text) if text.contains("${") => {
            let mut filled = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let Some((name, after)) = after.split_once('}') else { break };
                filled.push_str(before);
                let is_first = filled.is_empty();
                let variable = Variable { key, name, is_first, is_all: is_first && after.is_empty() };
                filled.push_str(&env(&variable).ok_or_else(|| name.to_owned())?);
                rest = after;
            }
            filled.push_str(rest);
            *text = filled;
            Ok(())
        }
        toml::Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(key, value, env)),
        toml::Value::Table(table) => {
            table.iter_mut().try_for_each(|(inner, value)| fill_in(&format!("{key}.{inner}"), value, env))
        }
        _ => Ok(()),
    }
}

/// A text with what is known filled in, and as it is where something is not known.
pub(super) fn filled(text: &str, env: impl Fn(&str) -> Option<String>) -> String {
    let mut value = toml::Value::String(text.to_owned());
    match (fill_in("", &mut value, &|variable| env(variable.name)), value) {
        (Ok(()), toml::Value::String(filled)) => filled,
        _ => text.to_owned(),
    }
}

/// What stands for a variable that is not there, for those who start no bot: something that has the form of what the key
/// means, and inside of a longer value a number, which will do as a word anywhere.
pub(super) fn made_up(Variable { key, name, is_first, is_all }: &Variable<'_>) -> String {
    // Another one for each name.
    let number = name.bytes().fold(1_u32, |number, byte| number.wrapping_mul(31) % 1_000_003 + u32::from(byte));
    let is_address = key.ends_with("url") || key.ends_with("webhook");
    match *key {
        "database.url" if *is_first => format!("sqlite://made-up-{name}"),
        "http.listen" if *is_all => "127.0.0.1:0".into(),
        _ if is_address && *is_first => format!("https://made-up.invalid/{name}"),
        // It may be the port.
        _ if is_address => (number % 65_535 + 1).to_string(),
        // In the form of a token.
        _ if *is_all => format!("{number}:made-up-instead-of-{name}"),
        // Long enough for a secret.
        _ => format!("{}", 1_000_000_000_000_000 + u64::from(number)),
    }
}

/// What is wrong, with what to write instead.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let hint = if text.lines().any(|line| line.trim() == "[bot]") {
        "bots are a list: write [[bot]] with two brackets, and [bot.plugins.NAME] with one"
    } else if text.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains("= ${"))) {
        "${NAME} stands inside of a text: write \"${NAME}\""
    } else {
        "guesthouse.example.toml shows every key, where it stands and how it is written"
    };
    let said: Vec<_> = error.to_string().lines().map(without_secrets).collect();
    with_hint(&said.join("\n"), hint)
}

/// A text that ends with a hint: its own, if it has one.
fn with_hint(text: &str, hint: &str) -> String {
    let text = text.trim_end();
    if text.contains("\nhint: ") { text.to_owned() } else { format!("{text}\nhint: {hint}") }
}

/// A line of an error, which may quote one of the file or a value, without what somebody has written there instead of
/// `${NAME}`: whatever follows the name of a key that holds a secret, and wherever they stand, words in the form of a bot's
/// token.
fn without_secrets(line: &str) -> String {
    let quoted = line.split_once('|').filter(|(number, _)| number.trim().parse::<usize>().is_ok());
    if let Some((before, code)) = quoted
        && let Some(end) = secret_from(code)
    {
        return format!("{before}|{} …", code[..end].trim_end());
    }
    // What is wrong may be the type of a secret, and where nothing is, its line is quoted above.
    if let Some((value, expected)) = line.strip_prefix("invalid ").and_then(|rest| rest.rsplit_once(", expected "))
        && let Some(start) = value.find(['`', '"'])
    {
        return format!("invalid {}…, expected {expected}", &value[..start]);
    }
    let is_of_token = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | ':');
    let is_token = |word: &str| {
        let (id, secret) = word.split_once(':').unwrap_or_default();
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) && secret.len() >= SECRET
    };
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(start) = rest.find(is_of_token) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|char| !is_of_token(char)).unwrap_or(from.len()));
        plain.push_str(before);
        plain.push_str(if is_token(word) { "…" } else { word });
        rest = after;
    }
    plain + rest
}

/// Where something begins in a line of the file that may be a secret. It is not valid TOML, so what is a key and what is a
/// value cannot be relied upon: a word that names a secret makes one of all that follows.
fn secret_from(code: &str) -> Option<usize> {
    let lower = code.to_ascii_lowercase();
    let word = SECRETS.iter().filter_map(|word| lower.find(word).map(|at| at + word.len())).min();
    let address = code.contains('@').then(|| code.find(['=', ':', '"', '\'']).unwrap_or(0));
    word.into_iter().chain(address).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_line_ends_where_a_secret_may_begin() {
        for (line, expected) in [
            ("3 | token = \"s\"", "3 | token …"),
            ("3 | token =", "3 | token …"),
            ("3 | token = ", "3 | token …"),
            ("3 | \"token\" = \"s\"x", "3 | \"token …"),
            ("3 | token: \"s\"", "3 | token …"),
            ("3 | token \"s\"", "3 | token …"),
            ("3 | API_KEY = s", "3 | API_KEY …"),
            ("12 | llm = { url = \"u\", key = \"s\", modle = \"m\" }", "12 | llm = { url = \"u\", key …"),
            ("3 | url = \"postgres://me:s@x\" # the key", "3 | url …"),
            ("3 | postgres//me-s@x", "3 | …"),
            ("3 | admin = [7]", "3 | admin = [7]"),
            ("  | ^^^", "  | ^^^"),
            (
                "unknown field `tokn`, expected one of `token`, `key`",
                "unknown field `tokn`, expected one of `token`, `key`",
            ),
            ("invalid type: integer `123`, expected a string", "invalid type: integer …, expected a string"),
            ("invalid type: string \"s, expected s\", expected u64", "invalid type: string …, expected u64"),
            ("invalid type: sequence, expected a string", "invalid type: sequence, expected a string"),
        ] {
            assert_eq!(without_secrets(line), expected);
        }
    }
}
