//! A field of any type in a text column, as JSON. Nullable through `Option` inside: `None` is the text `null`.
//!
//! ```
//! use guesthouse_plugin::MessageRef;
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Poll {
//!     question: String,
//!     #[serde(with = "guesthouse_plugin::tables::json")]
//!     message: MessageRef,
//! }
//! ```

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the value as JSON text.
///
/// # Errors
///
/// If the type cannot be written as JSON.
pub fn serialize<T: Serialize, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&serde_json::to_string(value).map_err(S::Error::custom)?)
}

/// Reads the value from JSON text.
///
/// # Errors
///
/// If the column holds no text or another value.
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}
