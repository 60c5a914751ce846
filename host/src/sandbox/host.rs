//! What a guest can call: the interfaces of `wit/`, one file each, and as much of WASI as ordinary toolchains need. The
//! files turn the guest's values into the host's and ask `guest` whether the call is answered at all.

use wasmtime::component::{HasSelf, Linker};

use super::bindings::Plugin;
use super::guest::Guest;

mod chat;

mod dialogue;

mod files;

mod http;

mod llm;

mod routes;

mod small;

mod tables;

mod telegram;

mod timers;

mod wasi;

/// Links everything. What a plugin is granted is checked when it is loaded, by what it imports.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasi::add_to_linker(linker)?;
    Plugin::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)
}
