//! Tests of plugins, for `cargo test`: a house with its plugins, a database and an emulated Telegram, and people who talk to
//! its bot. `guesthouse plugin test` runs scenario files on the same ground (`scenario`).
//!
//! A test speaks as a person does. The host is the real one, on a real database; it reaches the emulator over HTTP as it
//! reaches Telegram, and the people act through the emulator's HTTP interface, as the web chat does. What a test may decide
//! is the time, the seed of everything random, what sites answer and what the language model says.
//!
//! ```
//! use guesthouse::testing::{House, Plugin};
//!
//! # #[tokio::main]
//! # async fn main() {
//! let house = House::with(Plugin::bundled("cards")).opens().await;
//! let (admin, buyer) = (house.admin(), house.person(1002));
//! buyer.says("/stats").await;
//! assert!(buyer.sees().await.starts_with("To check a card, send me its code"));
//! admin.sees_nothing().await;
//! // Fails if somebody was told something that the test has not looked at.
//! house.closes([admin, buyer]).await;
//! # }
//! ```
//!
//! # Time
//!
//! The clock of a house that [`House::with`] opens stands still. Whatever a person does takes a second of it, and
//! [`House::waits`] lets more go by: timers and schedules come in their time, one after another. So a test of a day takes
//! milliseconds, and that nothing comes is certain as soon as nothing is left to do ([`Person::sees_nothing`]).
//!
//! # The outside
//!
//! [`Site`] is a server whose every byte the test decides, and [`HouseBuilder::web`] puts it in place of the whole Web.
//! [`Model`] is a language model of that sort. An answer that takes its time, [`Reply::Later`] and [`Says::Later`], takes it
//! on the house's clock.
//!
//! # Bad days
//!
//! [`Town::suffers`] lets Telegram fail as it fails at times: refusals, lost connections, floods.

mod house;

mod model;

mod pause;

mod person;

mod picture;

mod plugin;

mod quiet;

mod see;

mod site;

mod street;

mod town;

pub use house::{House, HouseBuilder, start};
pub use model::{COST, Model, Says};
pub use person::{Person, Press};
pub use picture::png;
pub use plugin::Plugin;
pub use see::render;
pub use site::{Asked, Reply, Site, head, page};
pub use street::Street;
pub(crate) use street::cache;
pub use town::Town;

/// The bot's token, as host and emulator know it.
pub const TOKEN: &str = "7000000001:test-house";
/// The bot's user name.
pub const BOT: &str = "test_house_bot";
/// The person whom the configuration calls an admin.
pub const ADMIN: i64 = 1001;

/// Waits until something is so, a minute at least: a machine may be slow.
///
/// # Panics
///
/// If it does not come to that.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    for _ in 0..3_000 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("{what}: it never came to that");
}
