//! Telegram's bad days, to order: which calls go wrong, how often and how.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Signal, World};

/// What happens to a call instead of the usual.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// It is refused in these words.
    Error {
        /// HTTP status and `error_code`.
        code: u16,
        /// The whole description.
        description: String,
        /// `retry_after` and the like.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parameters: Option<Value>,
    },
    /// It waits, unprocessed, until the fault is removed.
    Hold,
    /// It is carried out, and then the connection is closed without an answer.
    AcceptThenDrop,
    /// It is carried out, and then the connection is closed in the middle of the answer.
    AcceptThenCut,
    /// The connection is closed at once.
    Drop,
    /// It is carried out after so many milliseconds.
    DelayMs(u64),
    /// It is carried out, and half of the answer comes. The rest is held back until the fault is removed; then the
    /// connection is closed.
    Stall,
    /// It is carried out, and its answer comes byte by byte with so many milliseconds between two of them.
    DripMs(u64),
    /// It is not carried out, and the answer is this.
    Garbage {
        /// The HTTP status.
        status: u16,
        /// The body, of no particular kind.
        body: String,
    },
}

/// A fault to order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewFault {
    /// A method, or `*` for all. `file` is the download of a file.
    pub method: String,
    /// Only calls of this bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bot: Option<i64>,
    /// Only calls to this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<i64>,
    /// How many calls it concerns; absent: all, until it is removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// What happens to them.
    pub action: Action,
}

impl NewFault {
    /// A fault of every call of a method.
    pub fn new(method: &str, action: Action) -> Self {
        Self { method: method.into(), bot: None, chat_id: None, count: None, action }
    }

    /// The same for the next `count` calls only.
    pub fn times(self, count: u64) -> Self {
        Self { count: Some(count), ..self }
    }

    /// The same for the calls to one chat only.
    pub fn to_chat(self, chat_id: i64) -> Self {
        Self { chat_id: Some(chat_id), ..self }
    }
}

/// A fault that was ordered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fault {
    /// Names it, to remove it.
    pub id: u64,
    /// Its rule; `count` is how many are left.
    #[serde(flatten)]
    pub rule: NewFault,
}

/// The faults in force.
#[derive(Default)]
pub struct Faults {
    list: Vec<Fault>,
    last: u64,
}

impl Faults {
    /// All of them, in order; the first that fits a call counts.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }

    /// Whether a fault is still in force.
    pub fn has(&self, id: u64) -> bool {
        self.list.iter().any(|fault| fault.id == id)
    }

    /// Finds the fault for a call and counts it.
    pub fn strike(&mut self, bot: i64, method: &str, chat_id: Option<i64>) -> Option<Fault> {
        let fits = |fault: &Fault| {
            let rule = &fault.rule;
            (rule.method == "*" || rule.method.eq_ignore_ascii_case(method))
                && rule.bot.is_none_or(|only| only == bot)
                && (rule.chat_id.is_none() || rule.chat_id == chat_id)
                && rule.count != Some(0)
        };
        let index = self.list.iter().position(fits)?;
        let fault = &mut self.list[index];
        if let Some(count) = &mut fault.rule.count {
            *count -= 1;
        }
        let struck = fault.clone();
        // Calls that a used-up hold or stall caught still wait for its removal.
        if struck.rule.count == Some(0) && !matches!(struck.rule.action, Action::Hold | Action::Stall) {
            self.list.remove(index);
        }
        Some(struck)
    }
}

impl World {
    /// Orders a fault; returns its id.
    pub fn add_fault(&mut self, rule: NewFault) -> u64 {
        self.faults.last += 1;
        let id = self.faults.last;
        self.faults.list.push(Fault { id, rule });
        self.signal(Signal::Faults);
        id
    }

    /// Ends a fault; calls that it holds go on.
    pub fn remove_fault(&mut self, id: u64) -> bool {
        let before = self.faults.list.len();
        self.faults.list.retain(|fault| fault.id != id);
        self.signal(Signal::Faults);
        before != self.faults.list.len()
    }

    /// Ends all faults.
    pub fn clear_faults(&mut self) {
        self.faults.list.clear();
        self.signal(Signal::Faults);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn the_first_that_fits_counts_down() {
        let mut world = World::new(Clock::manual(0), 1);
        world.add_fault(NewFault::new("sendMessage", Action::Drop).to_chat(5).times(1));
        let hold = world.add_fault(NewFault::new("*", Action::Hold).times(1));
        assert_eq!(world.faults.strike(1, "sendmessage", Some(5)).unwrap().rule.action, Action::Drop);
        assert_eq!(world.faults.strike(1, "sendMessage", Some(5)).unwrap().id, hold);
        assert!(world.faults.strike(1, "sendMessage", Some(5)).is_none(), "both are used up");
        let other = NewFault { bot: Some(2), ..NewFault::new("*", Action::Drop) };
        world.add_fault(other.clone());
        assert!(world.faults.strike(1, "getMe", None).is_none());
        assert_eq!(world.faults.strike(2, "getMe", None).unwrap().rule, other);
        assert!(world.faults.has(hold), "the held call still waits for the removal");
        assert!(world.remove_fault(hold) && !world.remove_fault(hold));
    }

    #[test]
    fn they_are_written_like_this() {
        for (text, action) in [
            (json!("hold"), Action::Hold),
            (json!("accept_then_drop"), Action::AcceptThenDrop),
            (json!("stall"), Action::Stall),
            (json!("accept_then_cut"), Action::AcceptThenCut),
            (json!({ "delay_ms": 5 }), Action::DelayMs(5)),
            (json!({ "drip_ms": 5 }), Action::DripMs(5)),
            (
                json!({ "garbage": { "status": 502, "body": "<html>" } }),
                Action::Garbage { status: 502, body: "<html>".into() },
            ),
        ] {
            assert_eq!(serde_json::from_value::<Action>(text).unwrap(), action);
        }
    }
}
