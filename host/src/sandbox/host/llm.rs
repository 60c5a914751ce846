//! `llm`: the operator's language model.

use crate::sandbox::bindings::guesthouse::plugin::llm::{Answer, Error, Host, Prompt};
use crate::sandbox::guest::Guest;

impl Host for Guest {
    async fn complete(&mut self, _: Prompt) -> wasmtime::Result<Result<Answer, Error>> {
        self.enter("llm")?;
        Ok(Err(Error::Unavailable("this host has no language model yet".into())))
    }
}
