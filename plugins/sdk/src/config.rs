//! What the operator has set for this plugin and bot. Answers during [`describe`](crate::Plugin::describe) too.

use std::fmt::Display;
use std::ops::RangeBounds;
use std::str::FromStr;

use crate::bindings::guesthouse::plugin::config as raw;
pub use crate::bindings::guesthouse::plugin::config::Bot;
use crate::{Error, UserId, log};

/// The value of a setting: the operator's, or the default of the manifest.
pub fn get(key: &str) -> Option<String> {
    raw::get(key)
}

/// The value of a setting as a number or anything else that can be parsed; `None` if it is not set.
///
/// # Errors
///
/// [`Error::Config`] if it cannot be parsed.
pub fn parse<T: FromStr<Err: Display>>(key: &str) -> Result<Option<T>, Error> {
    let parse = |value: String| {
        let reason = |error: T::Err| format!("`{value}`: {error}");
        value.parse().map_err(|error| Error::Config { key: key.to_owned(), reason: reason(error) })
    };
    get(key).map(parse).transpose()
}

/// The value of a setting that has to lie within a range, such as `1..=10` or `..`; what does not, or is no such value at
/// all, is replaced by the default, with a warning in the log.
///
/// ```no_run
/// use guesthouse_plugin::config;
///
/// let pages: u32 = config::within("pages", 3, 1..=10);
/// let images: bool = config::within("images", true, ..);
/// ```
pub fn within<T>(key: &str, default: T, range: impl RangeBounds<T>) -> T
where
    T: FromStr<Err: Display> + PartialOrd + Display,
{
    match parse::<T>(key) {
        Ok(None) => default,
        Ok(Some(value)) if range.contains(&value) => value,
        Ok(Some(value)) => {
            log::warn(format_args!("the setting `{key}` cannot be {value}; it is {default}"));
            default
        }
        Err(error) => {
            log::warn(format_args!("{error}; it is {default}"));
            default
        }
    }
}

/// The users who run this bot.
pub fn admins() -> Vec<UserId> {
    raw::admins()
}

/// Whether this user runs the bot.
pub fn is_admin(user: UserId) -> bool {
    admins().contains(&user)
}

/// The bot that the plugin works for.
pub fn me() -> Bot {
    raw::me()
}

/// The address that opens the bot with this payload: 1 to 64 of `A-Z a-z 0-9 _ -`.
pub fn deep_link(payload: &str) -> String {
    format!("https://t.me/{}?start={payload}", me().username)
}
