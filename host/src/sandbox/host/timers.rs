//! `timers`: events at a later time.

use crate::sandbox::bindings::guesthouse::plugin::timers::{Error, Host, Timer};
use crate::sandbox::guest::Guest;

impl Host for Guest {
    async fn set(&mut self, _: Timer) -> wasmtime::Result<Result<(), Error>> {
        self.enter("timers")?;
        Ok(Err(Error::Other("this host has no timers yet".into())))
    }

    async fn cancel(&mut self, _: String, _: Option<i64>, _: Option<String>) -> wasmtime::Result<Result<(), Error>> {
        self.enter("timers")?;
        Ok(Err(Error::Other("this host has no timers yet".into())))
    }
}
