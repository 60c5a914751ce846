//! Keyboards: what a bot may attach to a message, checked as Telegram checks it, and which button is where.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::ApiError;
use super::text::checked_url;

/// More buttons than this are refused.
const MAX_BUTTONS: usize = 100;
/// A larger keyboard is refused.
const MAX_BYTES: usize = 10 * 1024;
/// The actions an inline button can have; it has exactly one.
const ACTIONS: [&str; 9] = [
    "callback_data",
    "url",
    "login_url",
    "web_app",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "pay",
];

/// A checked `reply_markup`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Markup {
    /// Buttons under the message; shown to bots too.
    Inline(Value),
    /// A keyboard instead of the person's own, its removal, or a forced reply. Only the person sees it.
    Reply(Value),
}

impl Markup {
    /// Checks a `reply_markup`.
    pub fn read(value: &Value) -> Result<Option<Self>, ApiError> {
        let Some(markup) = value.as_object() else { return Err(ApiError::bad("object expected as reply markup")) };
        if markup.is_empty() {
            return Ok(None);
        }
        if value.to_string().len() > MAX_BYTES {
            return Err(ApiError::bad("reply markup is too long"));
        }
        if let Some(rows) = markup.get("inline_keyboard") {
            let rows = read_rows(rows, inline_button, "inline_keyboard")?;
            return Ok((!rows.is_empty()).then(|| Self::Inline(json!({ "inline_keyboard": rows }))));
        }
        if let Some(rows) = markup.get("keyboard") {
            let rows = read_rows(rows, reply_button, "keyboard")?;
            if rows.is_empty() {
                return Ok(None);
            }
            let mut markup = markup.clone();
            markup.insert("keyboard".into(), json!(rows));
            return Ok(Some(Self::Reply(Value::Object(markup))));
        }
        let asks = |name: &str| markup.get(name).and_then(Value::as_bool).unwrap_or(false);
        Ok((asks("remove_keyboard") || asks("force_reply")).then(|| Self::Reply(value.clone())))
    }

    /// The Bot API object.
    pub fn json(&self) -> &Value {
        match self {
            Self::Inline(value) | Self::Reply(value) => value,
        }
    }

    /// Whether the buttons stand under the message.
    pub fn is_inline(&self) -> bool {
        matches!(self, Self::Inline(_))
    }

    /// The buttons, row by row.
    pub fn rows(&self) -> &[Value] {
        let field = if self.is_inline() { "inline_keyboard" } else { "keyboard" };
        self.json().get(field).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The button in a row and column, from zero.
    pub fn button(&self, row: usize, col: usize) -> Option<&Value> {
        self.rows().get(row)?.get(col)
    }

    /// Where the button with this label is.
    pub fn find(&self, label: &str) -> Option<(usize, usize)> {
        let rows = self.rows().iter().enumerate();
        rows.filter_map(|(row, buttons)| Some((row, buttons.as_array()?))).find_map(|(row, buttons)| {
            let col = buttons.iter().position(|button| button.get("text").and_then(Value::as_str) == Some(label))?;
            Some((row, col))
        })
    }
}

fn read_rows(rows: &Value, read: fn(&Value) -> Result<Value, ApiError>, field: &str) -> Result<Vec<Value>, ApiError> {
    let wrong = |text: String| ApiError::bad(format!("can't parse {field} reply markup JSON object: {text}"));
    let rows = rows.as_array().ok_or_else(|| wrong(format!("Field \"{field}\" must be of type Array")))?;
    let mut list = Vec::with_capacity(rows.len());
    let mut count = 0;
    for row in rows {
        let row = row.as_array().ok_or_else(|| wrong("expected an Array of Button".into()))?;
        count += row.len();
        if count > MAX_BUTTONS {
            return Err(ApiError::bad("reply markup is too long"));
        }
        let buttons = row.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        if !buttons.is_empty() {
            list.push(Value::Array(buttons));
        }
    }
    Ok(list)
}

fn inline_button(value: &Value) -> Result<Value, ApiError> {
    let wrong = |text: &str| ApiError::bad(format!("can't parse inline keyboard button: {text}"));
    let button = value.as_object().ok_or_else(|| wrong("InlineKeyboardButton must be an Object"))?;
    let text = label(button).ok_or_else(|| wrong("Field \"text\" must be of type String"))?;
    let mut clean = Map::new();
    clean.insert("text".into(), json!(text));
    for extra in ["style", "icon_custom_emoji_id"] {
        if let Some(value) = button.get(extra) {
            clean.insert(extra.into(), value.clone());
        }
    }
    let mut actions = ACTIONS.iter().filter(|action| button.get(**action).is_some_and(|value| !value.is_null()));
    let Some(action) = actions.next() else {
        return Err(wrong("Text buttons are unallowed in the inline keyboard"));
    };
    let mut value = button[*action].clone();
    let text = value.as_str().unwrap_or_default();
    match *action {
        "callback_data" if !(1..=64).contains(&text.len()) => return Err(ApiError::bad("BUTTON_DATA_INVALID")),
        "url" => {
            let url = checked_url(text).ok_or_else(|| ApiError::bad("BUTTON_URL_INVALID"))?;
            value = json!(url);
        }
        "copy_text" => {
            let units = value.get("text").and_then(Value::as_str).map_or(0, |text| text.encode_utf16().count());
            if !(1..=256).contains(&units) {
                return Err(ApiError::bad("BUTTON_COPY_TEXT_INVALID"));
            }
        }
        _ => {}
    }
    clean.insert((*action).into(), value);
    Ok(Value::Object(clean))
}

fn reply_button(value: &Value) -> Result<Value, ApiError> {
    let wrong = |text: &str| ApiError::bad(format!("can't parse keyboard button: {text}"));
    if let Some(text) = value.as_str() {
        return if text.is_empty() { Err(wrong("text must be non-empty")) } else { Ok(json!({ "text": text })) };
    }
    let button = value.as_object().ok_or_else(|| wrong("KeyboardButton must be an Object"))?;
    label(button).ok_or_else(|| wrong("Field \"text\" must be of type String"))?;
    Ok(value.clone())
}

fn label(button: &Map<String, Value>) -> Option<&str> {
    button.get("text").and_then(Value::as_str).filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(markup: Value) -> String {
        Markup::read(&markup).unwrap_err().description
    }

    #[test]
    fn inline_buttons_are_checked() {
        let button = |button: Value| json!({ "inline_keyboard": [[button]] });
        let text = "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard";
        assert_eq!(error(button(json!({ "text": "a" }))), text);
        let long = json!({ "text": "a", "callback_data": "я".repeat(33) });
        assert_eq!(error(button(long)), "Bad Request: BUTTON_DATA_INVALID");
        assert_eq!(error(button(json!({ "text": "a", "callback_data": "" }))), "Bad Request: BUTTON_DATA_INVALID");
        assert_eq!(error(button(json!({ "text": "a", "url": "nowhere" }))), "Bad Request: BUTTON_URL_INVALID");
        assert_eq!(error(json!("x")), "Bad Request: object expected as reply markup");

        let good = Markup::read(&button(json!({ "text": "a", "url": "https://example.org" }))).unwrap().unwrap();
        assert_eq!(good.find("a"), Some((0, 0)));
        assert_eq!(good.button(0, 0).unwrap()["url"], "https://example.org/");
    }

    #[test]
    fn too_many_buttons_and_none() {
        let row = vec![json!({ "text": "a", "callback_data": "b" }); 101];
        assert_eq!(error(json!({ "inline_keyboard": [row] })), "Bad Request: reply markup is too long");
        assert_eq!(Markup::read(&json!({ "inline_keyboard": [] })), Ok(None));
        assert_eq!(Markup::read(&json!({ "inline_keyboard": [[]] })), Ok(None));
    }

    #[test]
    fn reply_keyboards_take_strings() {
        let markup = Markup::read(&json!({ "keyboard": [["yes", { "text": "no" }]] })).unwrap().unwrap();
        assert_eq!(markup.find("no"), Some((0, 1)));
        assert!(matches!(Markup::read(&json!({ "remove_keyboard": true })), Ok(Some(Markup::Reply(_)))));
    }
}
