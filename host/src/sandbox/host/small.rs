//! The interfaces that need no grant: `config`, `update`, `log`, `clock`, `random`, and those that only name types.

use rand::RngCore;

use crate::sandbox::bindings::guesthouse::plugin::{clock, config, events, log, manifests, random, types, update};
use crate::sandbox::guest::{Guest, Stop};
use crate::sandbox::lines::Level;
use crate::sandbox::plugin::Settings;

/// Most random bytes of one call.
const RANDOM_BYTES: u32 = 4_096;

impl types::Host for Guest {}
impl events::Host for Guest {}
impl manifests::Host for Guest {}

impl config::Host for Guest {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        Ok(self.settings()?.config.get(&key).cloned())
    }

    fn admins(&mut self) -> wasmtime::Result<Vec<i64>> {
        Ok(self.settings()?.admins.clone())
    }

    fn me(&mut self) -> wasmtime::Result<config::Bot> {
        let me = &self.settings()?.me;
        Ok(config::Bot { id: me.id, username: me.username.clone(), name: me.name.clone() })
    }
}

impl Guest {
    /// What the operator has set, to be told to the guest.
    fn settings(&mut self) -> wasmtime::Result<&Settings> {
        self.called()?;
        self.asked_settings = true;
        Ok(&self.rules.settings)
    }
}

impl update::Host for Guest {
    fn json(&mut self) -> wasmtime::Result<String> {
        Ok((*self.enter("update")?.turn.raw).to_owned())
    }

    fn processor(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(self.enter("update")?.turn.processor.as_deref().map(str::to_owned))
    }

    fn pass(&mut self, reason: String) -> wasmtime::Result<bool> {
        let entered = self.enter("update")?;
        entered.turn.effects.pass(reason);
        Ok(entered.turn.has_next)
    }
}

impl log::Host for Guest {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.called()?;
        let level = match level {
            log::Level::Debug => Level::Debug,
            log::Level::Info => Level::Info,
            log::Level::Warn => Level::Warn,
            log::Level::Error => Level::Error,
        };
        self.lines.write(level, &message);
        Ok(())
    }
}

impl clock::Host for Guest {
    fn now(&mut self) -> wasmtime::Result<i64> {
        Ok(self.enter("clock")?.now)
    }
}

impl random::Host for Guest {
    fn bytes(&mut self, count: u32) -> wasmtime::Result<Vec<u8>> {
        let entered = self.enter("random")?;
        if count > RANDOM_BYTES {
            return Err(Stop::Limit(format!("{count} random bytes at once; at most {RANDOM_BYTES} are given")).into());
        }
        let mut bytes = vec![0; count as usize];
        entered.ids.guest().fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn number(&mut self) -> wasmtime::Result<u64> {
        Ok(self.enter("random")?.ids.guest().next_u64())
    }
}
