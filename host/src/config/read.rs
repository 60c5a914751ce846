//! From a text to sections: variables are filled in, and no message repeats what they hold.
//!
//! `${NAME}` is replaced inside of TOML's texts, after TOML has been read. So a comment asks for nothing, a value needs no
//! escaping, and what is wrong with the file is said about the file as it stands, without a secret in it.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::ConfigError;

/// Reads a text; with `section`, nothing but that one. `env` tells what stands for a name.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    path: &Path,
    section: Option<&str>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<T, ConfigError> {
    let invalid = |message: String| ConfigError::Invalid { path: path.to_owned(), message };
    // As it stands in the file first: these errors quote lines, and no line may have a secret in it yet.
    toml::from_str::<T>(text).map_err(|error| invalid(explain(text, &error)))?;
    let mut table: toml::Table = toml::from_str(text).map_err(|error| invalid(error.to_string()))?;
    table.retain(|key, _| section.is_none_or(|section| section == key));
    let missing = |name: String| {
        let asked = format!("${{{name}}}");
        let line = text.lines().position(|line| line.contains(&asked)).unwrap_or(0) + 1;
        ConfigError::NoVariable { path: path.to_owned(), line, name }
    };
    table.iter_mut().try_for_each(|(_, value)| fill_in(value, &env)).map_err(missing)?;
    table.try_into().map_err(|error: toml::de::Error| invalid(error.message().to_owned()))
}

/// Replaces `${NAME}` in all texts of a value; the error is the name of a variable that is not there.
fn fill_in(value: &mut toml::Value, env: &impl Fn(&str) -> Option<String>) -> Result<(), String> {
    match value {
        toml::Value::String(text) if text.contains("${") => {
            let mut filled = String::with_capacity(text.len());
            let mut rest = text.as_str();
            while let Some((before, after)) = rest.split_once("${") {
                let Some((name, after)) = after.split_once('}') else { break };
                filled.push_str(before);
                filled.push_str(&env(name).ok_or_else(|| name.to_owned())?);
                rest = after;
            }
            filled.push_str(rest);
            *text = filled;
            Ok(())
        }
        toml::Value::Array(values) => values.iter_mut().try_for_each(|value| fill_in(value, env)),
        toml::Value::Table(table) => table.iter_mut().try_for_each(|(_, value)| fill_in(value, env)),
        _ => Ok(()),
    }
}

/// A text with what is known filled in, and as it is where something is not known.
pub(super) fn filled(text: &str, env: impl Fn(&str) -> Option<String>) -> String {
    let mut value = toml::Value::String(text.to_owned());
    match (fill_in(&mut value, &env), value) {
        (Ok(()), toml::Value::String(filled)) => filled,
        _ => text.to_owned(),
    }
}

/// What is wrong, with a hint where the reason alone does not say what to write.
fn explain(text: &str, error: &toml::de::Error) -> String {
    let hint = if text.lines().any(|line| line.trim() == "[bot]") {
        "\nhint: bots are a list: write [[bot]] with two brackets, and [bot.plugins.NAME] with one"
    } else if text.lines().any(|line| line.split('#').next().is_some_and(|code| code.contains("= ${"))) {
        "\nhint: ${NAME} stands inside of a text: write \"${NAME}\""
    } else {
        ""
    };
    format!("{error}{hint}")
}
