//! What a plugin may do: the operator's answer to what a component imports.
//!
//! A grant is a list. A word grants a capability, a table grants it with a scope:
//! `["chat", "tables", { chat = ["admins"] }, { telegram = ["setMessageReaction"] }, { http = ["example.org"] }]`.

use std::collections::BTreeSet;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::sites::Sites;

/// Something that a plugin can import and that has to be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capability {
    /// Writing to people.
    Chat,
    /// Other methods of the Bot API.
    Telegram,
    /// Tables of its own.
    Tables,
    /// The state of conversations.
    Dialogue,
    /// Files that people sent.
    Files,
    /// The Web.
    Http,
    /// A language model.
    Llm,
    /// Events at a later time.
    Timers,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Chat, Self::Telegram, Self::Tables, Self::Dialogue, Self::Files, Self::Http, Self::Llm, Self::Timers];

    /// The name in a grant, and the name of the interface in `guesthouse:plugin`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Telegram => "telegram",
            Self::Tables => "tables",
            Self::Dialogue => "dialogue",
            Self::Files => "files",
            Self::Http => "http",
            Self::Llm => "llm",
            Self::Timers => "timers",
        }
    }

    /// What it means to have it, for whoever decides.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Chat => "write to the chats that it is spoken to in",
            Self::Telegram => "call other methods of the Bot API, which you name",
            Self::Tables => "keep rows in the database",
            Self::Dialogue => "remember where a conversation stands",
            Self::Files => "fetch files that people send",
            Self::Http => "ask sites of the Web, which you name",
            Self::Llm => "ask the language model, at your expense",
            Self::Timers => "be called again at times that it sets itself",
        }
    }

    /// The capability of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }
}

/// A chat that a plugin may write to without having been spoken to there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChatScope {
    /// The private chats of the bot's admins.
    Admins,
    /// Any chat.
    Any,
    /// This chat.
    Id(i64),
}

/// What a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grant {
    /// The capabilities it may import.
    pub capabilities: BTreeSet<Capability>,
    /// The chats it may write to besides the one its event came from.
    pub chats: BTreeSet<ChatScope>,
    /// The methods it may call through `telegram`.
    pub methods: BTreeSet<String>,
    /// The sites it may ask through `http`.
    pub sites: Sites,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Item {
    Word(String),
    Scoped(std::collections::BTreeMap<String, Vec<toml::Value>>),
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut grant = Self::default();
        for item in Vec::<Item>::deserialize(deserializer)? {
            match item {
                Item::Word(word) => grant.add_word(&word).map_err(D::Error::custom)?,
                Item::Scoped(scopes) => {
                    for (word, scope) in scopes {
                        grant.add_scoped(&word, &scope).map_err(D::Error::custom)?;
                    }
                }
            }
        }
        Ok(grant)
    }
}

impl Grant {
    /// All that there is, for a plugin that can do nothing with it.
    pub fn everything() -> Self {
        let mut grant = Self { capabilities: Capability::ALL.into_iter().collect(), ..Self::default() };
        grant.chats.insert(ChatScope::Any);
        grant
    }

    /// Whether it includes this capability.
    pub fn includes(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// All that can be granted, for whoever tries a plugin out.
    pub fn unlimited() -> Self {
        let mut sites = Sites::default();
        // A star is a site.
        let _ = sites.add("*");
        let (chats, methods) = (BTreeSet::from([ChatScope::Any]), BTreeSet::from([ANY.to_owned()]));
        Self { capabilities: Capability::ALL.into(), chats, methods, sites }
    }

    /// Whether the plugin may call this method of the Bot API.
    pub fn may_call(&self, method: &str) -> bool {
        self.methods.contains(method) || (self.methods.contains(ANY) && !is_the_hosts(method))
    }

    /// Whether the plugin may write to this chat when its event came from `origin`.
    pub fn may_write(&self, chat: i64, origin: Option<i64>, admins: &[i64]) -> bool {
        origin == Some(chat)
            || self.chats.contains(&ChatScope::Any)
            || self.chats.contains(&ChatScope::Id(chat))
            || (self.chats.contains(&ChatScope::Admins) && admins.contains(&chat))
    }

    /// What it says, a line for each thing that is granted.
    pub fn words(&self) -> Vec<String> {
        let whole = |capability: &&Capability| **capability != Capability::Telegram;
        let capabilities = self.capabilities.iter().filter(whole).map(|capability| capability.name().to_owned());
        let chats = self.chats.iter().map(|chat| match chat {
            ChatScope::Admins => "chat: admins".to_owned(),
            ChatScope::Any => "chat: *".to_owned(),
            ChatScope::Id(id) => format!("chat: {id}"),
        });
        let sites = self.sites.words().map(|site| format!("http: {site}"));
        capabilities
            .chain(chats)
            .chain(sites)
            .chain(self.methods.iter().map(|method| format!("telegram: {method}")))
            .collect()
    }

    fn add_word(&mut self, word: &str) -> Result<(), String> {
        let capability = Capability::named(word).ok_or_else(|| unknown(word))?;
        if capability == Capability::Telegram {
            return Err(
                "`telegram` is granted method by method\nhint: write { telegram = [\"setMessageReaction\"] }".into()
            );
        }
        if capability == Capability::Http {
            return Err(
                "`http` is granted host by host\nhint: write { http = [\"example.org\", \"*.example.org\"] }, or \
                        { http = [\"*\"] } for the whole Web"
                    .into(),
            );
        }
        self.capabilities.insert(capability);
        Ok(())
    }

    fn add_scoped(&mut self, word: &str, scope: &[toml::Value]) -> Result<(), String> {
        let capability = Capability::named(word).ok_or_else(|| unknown(word))?;
        self.capabilities.insert(capability);
        for value in scope {
            match (capability, value) {
                (Capability::Http, toml::Value::String(site)) => self.sites.add(site).map(|()| true)?,
                (Capability::Http, other) => {
                    return Err(format!(
                        "`{other}` is no site\nhint: write hosts in quotes: {{ http = [\"example.org\"] }}"
                    ));
                }
                (Capability::Chat, toml::Value::String(word)) if word == "admins" => {
                    self.chats.insert(ChatScope::Admins)
                }
                (Capability::Chat, toml::Value::String(word)) if word == "*" => self.chats.insert(ChatScope::Any),
                (Capability::Chat, toml::Value::Integer(id)) => self.chats.insert(ChatScope::Id(*id)),
                (Capability::Telegram, toml::Value::String(method)) if is_the_hosts(method) => {
                    return Err(format!(
                        "`{method}` is for the host alone: it decides who receives the bot's updates\nhint: leave it out"
                    ));
                }
                (Capability::Telegram, toml::Value::String(method)) => self.methods.insert(method.clone()),
                (Capability::Chat, other) => {
                    return Err(format!(
                        "a chat cannot be granted as `{other}`\nhint: write \"admins\", \"*\" or the number of a chat"
                    ));
                }
                (Capability::Telegram, other) => {
                    return Err(format!("`{other}` is not the name of a Bot API method\nhint: write it in quotes"));
                }
                _ => return Err(format!("`{word}` is granted as a whole\nhint: write just \"{word}\"")),
            };
        }
        Ok(())
    }
}

/// Stands for every method but the host's.
const ANY: &str = "*";

/// Methods by which a plugin could take the updates away from the host, or confirm what is not stored.
fn is_the_hosts(method: &str) -> bool {
    const HOSTS: [&str; 5] = ["getUpdates", "setWebhook", "deleteWebhook", "logOut", "close"];
    HOSTS.iter().any(|other| other.eq_ignore_ascii_case(method))
}

fn unknown(word: &str) -> String {
    let known: Vec<_> = Capability::ALL.iter().map(|capability| capability.name()).collect();
    format!("there is no capability `{word}` to grant\nhint: choose from {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_every_method_but_the_hosts() {
        let grant = Grant::unlimited();
        assert!(grant.may_call("setMessageReaction") && !grant.may_call("getUpdates") && !grant.may_call("LogOut"));
        assert!(Capability::ALL.into_iter().all(|capability| grant.includes(capability)));
        assert!(grant.may_write(5, None, &[]));
        let written: Grant =
            toml::from_str::<std::collections::BTreeMap<String, Grant>>("grant = [{ telegram = [\"*\"] }]")
                .unwrap()
                .remove("grant")
                .unwrap();
        assert!(written.may_call("setMessageReaction") && !written.may_call("getUpdates"));
        assert!(!Grant::default().may_call("setMessageReaction"));
    }
}
