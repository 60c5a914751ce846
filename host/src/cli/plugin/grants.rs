//! What an operator grants, in the words of the command line: `chat`, `chat=admins`, `http=example.org`. Pure rules about what
//! a plugin asks for, what it is given, and what is still to be said.

use std::collections::BTreeMap;

use anyhow::bail;
use toml_edit::{Array, InlineTable, Value};

use crate::config::Grant;
use crate::config::grant::Capability;

/// What is granted: capabilities, each with its scopes. `chat` may have some, `http` and `telegram` have to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Given(BTreeMap<Capability, Vec<String>>);

impl Given {
    /// Reads words of the command line; commas part them like spaces.
    pub(super) fn parse(words: &[String]) -> anyhow::Result<Self> {
        let mut given = Self::default();
        for word in words.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
            let (name, scope) = word.split_once('=').map_or((word, None), |(name, scope)| (name, Some(scope)));
            let Some(capability) = Capability::named(name) else {
                let known: Vec<_> = Capability::ALL.iter().map(|capability| capability.name()).collect();
                bail!("there is no capability `{name}` to grant\nhint: choose from {}", known.join(", "));
            };
            given.add(capability, scope);
        }
        Ok(given)
    }

    /// Adds a capability, with a scope or without.
    pub(super) fn add(&mut self, capability: Capability, scope: Option<&str>) {
        let scopes = self.0.entry(capability).or_default();
        scopes.extend(scope.map(str::to_owned));
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this capability is in it.
    pub(super) fn has(&self, capability: Capability) -> bool {
        self.0.contains_key(&capability)
    }

    /// What is in it and was never asked for: a plugin cannot use it, so it was meant for another one.
    pub(super) fn unasked(&self, asked: &[Capability]) -> Option<Capability> {
        self.0.keys().find(|capability| !asked.contains(capability)).copied()
    }

    /// Appends it to a grant, in the form that the configuration has.
    pub(super) fn append_to(&self, grant: &mut Array) {
        for (capability, scopes) in &self.0 {
            // A word for what needs a scope is no grant, and the configuration's own reader says how it is written.
            let word = scopes.is_empty() || !needs_scope(*capability);
            if word && !grant.iter().any(|known| known.as_str() == Some(capability.name())) {
                grant.push(capability.name());
            }
            if scopes.is_empty() {
                continue;
            }
            let scopes: Array = scopes.iter().map(|scope| scope_value(*capability, scope)).collect();
            let mut item = InlineTable::new();
            item.insert(capability.name(), Value::Array(scopes));
            grant.push(Value::InlineTable(item));
        }
    }
}

/// Whether it is granted place by place, method by method, and never as a whole.
pub(super) fn needs_scope(capability: Capability) -> bool {
    matches!(capability, Capability::Http | Capability::Telegram)
}

/// What is asked for and not granted.
pub(super) fn missing(asked: &[Capability], grant: &Grant) -> Vec<Capability> {
    asked.iter().filter(|capability| !grant.includes(**capability)).copied().collect()
}

/// What to ask for where a scope is needed, with examples.
pub(super) fn question(capability: Capability) -> &'static str {
    match capability {
        Capability::Telegram => "Which methods of the Bot API may it call, such as setMessageReaction?",
        _ => "Which sites may it ask, such as example.org or *.example.org? * is the whole Web.",
    }
}

/// How the command line grants it.
pub(super) fn example(capability: Capability) -> &'static str {
    match capability {
        Capability::Telegram => "telegram=setMessageReaction",
        Capability::Http => "http=example.org",
        other => other.name(),
    }
}

/// A chat by its number is a number; all else is a text.
fn scope_value(capability: Capability, scope: &str) -> Value {
    match scope.parse::<i64>() {
        Ok(number) if capability == Capability::Chat => number.into(),
        _ => scope.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    fn line(words: &[&str]) -> String {
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut grant = Array::new();
        Given::parse(&words).unwrap_or_else(|error| panic!("{error}")).append_to(&mut grant);
        document::in_one_line(&grant)
    }

    #[test]
    fn words_become_a_grant_as_the_configuration_has_it() {
        assert_eq!(line(&[]), "[]");
        assert_eq!(line(&["tables", "chat"]), r#"["chat", "tables"]"#);
        assert_eq!(line(&["chat,tables"]), r#"["chat", "tables"]"#);
        assert_eq!(line(&["chat=admins", "chat=-100123"]), r#"["chat", { chat = ["admins", -100123] }]"#);
        assert_eq!(
            line(&["http=example.org", "http=*.example.org", "telegram=setMessageReaction"]),
            r#"[{ telegram = ["setMessageReaction"] }, { http = ["example.org", "*.example.org"] }]"#
        );
    }

    #[test]
    fn what_is_granted_means_what_it_says() {
        let means = |words: &[&str]| {
            let grant = document::from_line(&line(words)).unwrap();
            document::meaning(&grant).map(|grant| grant.words()).map_err(|error| error.to_string())
        };
        assert_eq!(
            means(&["chat=admins", "llm", "http=example.org"]).unwrap(),
            ["chat", "http", "llm", "chat: admins", "http: example.org"]
        );
        assert!(means(&["telegram=getUpdates"]).unwrap_err().contains("for the host alone"));
        assert!(means(&["tables=notes"]).unwrap_err().contains("granted as a whole"));
        assert!(means(&["chat=everybody"]).unwrap_err().contains("a chat cannot be granted"));
    }

    #[test]
    fn words_that_are_none_and_grants_for_nobody() {
        let given = |words: &[&str]| Given::parse(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(given(&["everything"]).unwrap_err().to_string().starts_with("there is no capability `everything`"));
        let chat = given(&["chat", "llm"]).unwrap();
        assert_eq!(chat.unasked(&[Capability::Chat]), Some(Capability::Llm));
        assert_eq!(chat.unasked(&[Capability::Llm, Capability::Chat]), None);
        let grant = Grant { capabilities: [Capability::Chat].into(), ..Grant::default() };
        assert_eq!(missing(&[Capability::Chat, Capability::Http], &grant), [Capability::Http]);
    }
}
