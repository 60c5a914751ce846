//! Who a bot is: its name is Telegram's to tell and can change at any time.

use std::time::Duration;

use super::{FIRST_PAUSE, Parts};
use crate::clock::Clock;
use crate::model::BotId;
use crate::store::Store;
use crate::telegram::{CallError, Client, Me};

/// Who a bot is, and who says so.
pub(super) enum Known {
    /// Telegram, just now.
    Asked(Me),
    /// The database; it may have been renamed since.
    Remembered(Me),
}

/// Who the bot is: from the database, so that a restart waits for nobody, else from Telegram, which may not answer now.
pub(super) async fn known_bot(parts: &Parts, id: BotId, telegram: &Client) -> anyhow::Result<Result<Known, CallError>> {
    if let Some(row) = parts.store.bot(id).await? {
        return Ok(Ok(Known::Remembered(Me { id: id.0, username: row.username, name: row.name })));
    }
    match telegram.get_me().await {
        Ok(me) => {
            parts.store.remember_bot(id, &me.username, &me.name).await?;
            Ok(Ok(Known::Asked(me)))
        }
        Err(error) if error.is_final() => Err(anyhow::anyhow!(
            "{error}\nhint: compare the token with the one that @BotFather shows, and api_url with where the bot lives"
        )),
        Err(error) => Ok(Err(error)),
    }
}

/// Looks in the background whether the bot still has this name.
pub(super) fn refresh(parts: &Parts, telegram: &Client, known: Me) {
    let (shutdown, clock) = (parts.tasks.shutdown().clone(), parts.clock.clone());
    let refresh = refresh_name(parts.store.clone(), telegram.clone(), known, clock);
    parts.tasks.spawn(async move {
        tokio::select! {
            () = refresh => {}
            () = shutdown.begun() => {}
        }
    });
}

/// Asks whether the bot is still called as the database has it, so that the next start knows. This one goes on with what
/// it has: plugins have seen the name when they were described.
async fn refresh_name(store: Store, telegram: Client, known: Me, clock: Clock) {
    let mut pause = FIRST_PAUSE;
    let me = loop {
        match telegram.get_me().await {
            Ok(me) => break me,
            // The polling says what is wrong.
            Err(error) if error.is_final() => return,
            Err(_) => clock.sleep(pause).await,
        }
        pause = (pause * 2).min(Duration::from_secs(60));
    };
    if me.id != known.id || me == known {
        return;
    }
    match store.remember_bot(BotId(me.id), &me.username, &me.name).await {
        Ok(()) => tracing::info!(
            bot = %me.id,
            "@{} is @{} (\"{}\") now; the next start goes by that name", known.username, me.username, me.name
        ),
        Err(error) => {
            tracing::warn!(bot = %me.id, error = %error, "the new name of bot {} was not kept: {error}", me.id)
        }
    }
}
