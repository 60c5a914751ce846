//! Persons, and the people that the dev house starts with.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Refusal, Signal, World};

/// Ids of people who were not given one start here, well away from any bot's id.
const FIRST_PERSON: i64 = 1001;

/// Somebody who writes to bots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The Telegram user id.
    pub id: i64,
    /// The name shown first.
    pub first_name: String,
    /// The rest of the name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    /// Without the `@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// IETF tag of the language of this person's Telegram.
    pub language_code: String,
    /// A hint for the page: this one is meant to be the bots' admin. It gives no right.
    pub admin: bool,
    /// Whether the account is deleted: nothing can be written to it and it says nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deactivated: bool,
}

/// What it takes to make a [`Person`].
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPerson {
    /// Chosen by the world if absent.
    pub id: Option<i64>,
    /// The name shown first.
    #[serde(default)]
    pub first_name: String,
    /// The rest of the name.
    pub last_name: Option<String>,
    /// With or without the `@`.
    pub username: Option<String>,
    /// `en` if absent.
    pub language_code: Option<String>,
    /// The page's hint.
    #[serde(default)]
    pub admin: bool,
}

impl NewPerson {
    /// A person known by one name and a language.
    pub fn named(first_name: &str, language_code: &str) -> Self {
        Self { first_name: first_name.into(), language_code: Some(language_code.into()), ..Self::default() }
    }
}

impl Person {
    /// The Bot API's `User`.
    pub(super) fn user_json(&self) -> Value {
        let mut user = self.name_json();
        user.insert("is_bot".into(), json!(false));
        user.insert("language_code".into(), json!(self.language_code));
        Value::Object(user)
    }

    /// What a `User` and a private `Chat` have in common.
    pub(super) fn name_json(&self) -> Map<String, Value> {
        let mut name = Map::new();
        name.insert("id".into(), json!(self.id));
        name.insert("first_name".into(), json!(self.first_name));
        if let Some(last) = &self.last_name {
            name.insert("last_name".into(), json!(last));
        }
        if let Some(username) = &self.username {
            name.insert("username".into(), json!(username));
        }
        name
    }
}

impl World {
    /// Fills the world with the people of the dev house: an admin and three others, who speak English, Russian and
    /// Hebrew. Returns their ids in this order.
    pub fn dev_house(&mut self) -> Vec<i64> {
        let people = [
            ("Admin", "admin", "en", true),
            ("Buyer", "buyer", "en", false),
            ("Покупатель", "pokupatel", "ru", false),
            ("קונה", "kone", "he", false),
        ];
        let mut ids = Vec::new();
        for (first_name, username, language, admin) in people {
            let person = NewPerson { username: Some(username.into()), admin, ..NewPerson::named(first_name, language) };
            // The names are fine, and a second dev house in one world would only repeat the first.
            ids.extend(self.add_person(person).map(|person| person.id));
        }
        ids
    }

    /// Adds a person.
    pub fn add_person(&mut self, new: NewPerson) -> Result<Person, Refusal> {
        if new.first_name.trim().is_empty() {
            return Err(Refusal::wrong("give the person a `first_name`"));
        }
        let username = new.username.map(|name| name.trim_start_matches('@').to_owned()).filter(|name| !name.is_empty());
        if let Some(username) = &username
            && self.user_by_name(username).is_some()
        {
            return Err(Refusal::wrong(format!("the username `{username}` is taken; choose another or none")));
        }
        let id = match new.id {
            Some(id) if id <= 0 => return Err(Refusal::wrong("a person's `id` is above zero")),
            Some(id) if self.people.contains_key(&id) || self.bots.contains_key(&id) => {
                return Err(Refusal::wrong(format!("the id {id} is taken; leave `id` out")));
            }
            Some(id) => id,
            None => {
                let last = self.people.keys().next_back().copied().unwrap_or(0);
                (FIRST_PERSON.max(last + 1)..).find(|id| !self.bots.contains_key(id)).unwrap_or(FIRST_PERSON)
            }
        };
        let person = Person {
            id,
            first_name: new.first_name.trim().into(),
            last_name: new.last_name.filter(|name| !name.trim().is_empty()),
            username,
            language_code: new.language_code.filter(|code| !code.is_empty()).unwrap_or_else(|| "en".into()),
            admin: new.admin,
            deactivated: false,
        };
        self.people.insert(id, person.clone());
        self.signal(Signal::People);
        Ok(person)
    }

    /// Changes the names or the language of a person; bots see it with the next message.
    pub fn change_person(&mut self, id: i64, change: impl FnOnce(&mut Person)) -> Result<(), Refusal> {
        let person = self.people.get_mut(&id).ok_or_else(|| no_person(id))?;
        change(person);
        person.id = id;
        self.signal(Signal::People);
        Ok(())
    }

    /// A person deletes the account, or has it back.
    pub fn deactivate(&mut self, id: i64, deactivated: bool) -> Result<(), Refusal> {
        self.change_person(id, |person| person.deactivated = deactivated)
    }

    /// A person by id.
    pub fn person(&self, id: i64) -> Result<&Person, Refusal> {
        self.people.get(&id).ok_or_else(|| no_person(id))
    }

    /// Everybody, by id.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values()
    }

    /// The id of the person or bot with this username.
    pub(super) fn user_by_name(&self, username: &str) -> Option<i64> {
        let same = |name: &str| name.eq_ignore_ascii_case(username);
        let person = self.people.values().find(|person| person.username.as_deref().is_some_and(same));
        person.map(|person| person.id).or_else(|| self.bot_by_name(username).map(|bot| bot.id))
    }

    /// The `User` of a person or bot. Somebody who is gone is shown as Telegram shows a deleted account.
    pub(super) fn user_json(&self, id: i64) -> Value {
        if let Some(person) = self.people.get(&id) {
            return person.user_json();
        }
        match self.bots.get(&id) {
            Some(bot) => bot.user_json(),
            None => json!({ "id": id, "is_bot": false, "first_name": "" }),
        }
    }
}

fn no_person(id: i64) -> Refusal {
    Refusal::missing(format!("there is no person {id}; GET /emulator/state lists the people"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn ids_follow_one_another_and_names_are_unique() {
        let mut world = World::new(Clock::manual(0), 1);
        assert_eq!(world.dev_house(), [1001, 1002, 1003, 1004]);
        assert_eq!(world.add_person(NewPerson::named("Eve", "fr")).unwrap().id, 1005);
        let taken = NewPerson { username: Some("@Admin".into()), ..NewPerson::named("Mallory", "en") };
        assert!(world.add_person(taken).unwrap_err().text.contains("taken"));
        assert!(world.add_person(NewPerson::default()).is_err());
    }
}
