//! `files`: what people sent to the bot.

use crate::sandbox::bindings::guesthouse::plugin::files::{Error, Host};
use crate::sandbox::effects::Exceeded;
use crate::sandbox::guest::Guest;
use crate::sandbox::view::FileError;

impl Host for Guest {
    async fn fetch(&mut self, file_id: String) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        let mut entered = self.enter("files")?;
        let most = match entered.turn.effects.may_fetch() {
            Ok(most) => most,
            Err(Exceeded(limit)) => return Ok(Err(Error::Other(limit))),
        };
        Ok(match entered.turn.view.file(&file_id, most).await {
            Ok(bytes) => {
                entered.turn.effects.fetched(bytes.len() as u64);
                Ok(bytes.into())
            }
            Err(FileError::NotFound) => Err(Error::NotFound),
            Err(FileError::TooLarge) => Err(Error::TooLarge(most)),
            Err(FileError::Unavailable(reason)) => {
                entered.note_unavailable(&reason);
                Err(Error::Unavailable(reason))
            }
        })
    }
}
