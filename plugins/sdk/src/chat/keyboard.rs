//! What hangs under a message.

use serde::Serialize;

use super::{Button, ButtonAction, Key, Keyboard, ReplyKeyboard};
use crate::UserId;

/// Building.
impl Button {
    /// A button that calls the plugin with these data, of at most 4 KiB. Telegram sees only a token that stands for them.
    pub fn callback(label: impl Into<String>, data: impl Into<String>) -> Self {
        Self::new(label, ButtonAction::Callback(data.into()))
    }

    /// A button that calls the plugin with a value, which [`Callback::parse`](crate::Callback::parse) gives back; at most
    /// 4 KiB as JSON.
    ///
    /// # Panics
    ///
    /// If the type cannot be written as JSON at all, such as a map whose keys are not strings.
    pub fn call<T: Serialize + ?Sized>(label: impl Into<String>, value: &T) -> Self {
        Self::callback(label, serde_json::to_string(value).expect("a button's value can be written as JSON"))
    }

    /// A button that opens an address.
    pub fn url(label: impl Into<String>, url: impl Into<String>) -> Self {
        Self::new(label, ButtonAction::Url(url.into()))
    }

    /// A button that lets the user choose a chat and send this text there.
    pub fn share(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(label, ButtonAction::Share(text.into()))
    }

    /// A button that puts this text into the clipboard; 1 to 256 characters.
    pub fn copy(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self::new(label, ButtonAction::Copy(text.into()))
    }

    /// Lets nobody but this user press it. Only for callbacks.
    pub fn only_for(mut self, user: UserId) -> Self {
        self.only_for = Some(user);
        self
    }

    fn new(label: impl Into<String>, action: ButtonAction) -> Self {
        Self { label: label.into(), action, only_for: None }
    }
}

/// Building.
impl Key {
    /// A key that sends its label.
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), request_contact: false, request_location: false }
    }

    /// A key that sends the user's telephone number, after asking; only in private chats.
    pub fn contact(label: impl Into<String>) -> Self {
        Self { request_contact: true, ..Self::text(label) }
    }

    /// A key that sends where the user is, after asking; only in private chats.
    pub fn location(label: impl Into<String>) -> Self {
        Self { request_location: true, ..Self::text(label) }
    }
}

/// Building.
impl Keyboard {
    /// Buttons attached to the message, in rows.
    pub fn buttons<R: IntoIterator<Item = Button>>(rows: impl IntoIterator<Item = R>) -> Self {
        Self::Inline(rows.into_iter().map(|row| row.into_iter().collect()).collect())
    }

    /// Keys that replace the user's own keyboard until they are [removed](Keyboard::Remove).
    pub fn keys<R: IntoIterator<Item = Key>>(rows: impl IntoIterator<Item = R>) -> Self {
        let rows = rows.into_iter().map(|row| row.into_iter().collect()).collect();
        Self::Reply(ReplyKeyboard { rows, one_time: false, placeholder: None })
    }

    /// Hides a reply keyboard after one use. Other keyboards stay as they are.
    pub fn one_time(mut self) -> Self {
        if let Self::Reply(keyboard) = &mut self {
            keyboard.one_time = true;
        }
        self
    }

    /// What stands in the empty input field while a reply keyboard is shown, 1 to 64 characters. Other keyboards stay as
    /// they are.
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        if let Self::Reply(keyboard) = &mut self {
            keyboard.placeholder = Some(text.into());
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::{Callback, Chat, ChatKind, Error, User};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Press {
        Menu,
        Show { card: i64, page: u32 },
    }

    fn press(button: &Button) -> Callback {
        let ButtonAction::Callback(data) = &button.action else { panic!("not a callback: {button:?}") };
        let sender = User {
            id: 7,
            is_bot: false,
            first_name: "Ada".into(),
            last_name: None,
            username: None,
            language_code: None,
        };
        let chat = Chat { id: 7, kind: ChatKind::Private, title: "Ada".into(), username: None };
        Callback { id: "1".into(), sender, chat, message_id: 1, topic: None, data: data.clone() }
    }

    #[test]
    fn a_value_comes_back_from_its_button() {
        let show = Press::Show { card: 12, page: 0 };
        assert_eq!(press(&Button::call("Show", &show)).parse::<Press>(), Ok(show));
        assert_eq!(press(&Button::call("Menu", &Press::Menu)).data, "\"Menu\"");
        let stranger = press(&Button::callback("Old", "show:12")).parse::<Press>();
        assert!(matches!(stranger, Err(Error::Decoding(_))), "{stranger:?}");
    }

    #[test]
    fn keyboards_keep_their_rows() {
        let keyboard = Keyboard::keys([vec![Key::text("a"), Key::contact("b")], vec![Key::location("c")]])
            .one_time()
            .placeholder("choose");
        let Keyboard::Reply(reply) = keyboard else { panic!("not a reply keyboard") };
        assert_eq!(reply.rows.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1]);
        assert!(reply.one_time && reply.rows[0][1].request_contact && reply.rows[1][0].request_location);
        assert_eq!(reply.placeholder.as_deref(), Some("choose"));
    }
}
