//! As much of WASI 0.2 as ordinary toolchains need to start: no arguments, no environment, no folder, no socket, no
//! outgoing HTTP. Clocks and randomness are those of the turn; what a guest prints is logged.
//!
//! Filesystem and sockets are linked because Python and JavaScript guests import them whether they use them or not. A
//! guest has no descriptor to begin with and gets none: nothing is opened, and every socket is refused.

use async_trait::async_trait;
use bytes::Bytes;
use rand::RngCore;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::AsyncWrite;
use wasmtime::component::{HasSelf, Linker};
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView};

use crate::clock::Millis;
use crate::sandbox::guest::{Guest, Stop};
use crate::sandbox::lines::{Lines, Stream};

/// Most random bytes of one call. WASI's users draw seeds.
const RANDOM_BYTES: u64 = 64 << 10;
/// What one write to a stream may carry.
const WRITE: usize = 4 << 10;
/// How far the monotonic clock moves with each look at it: forward, as it must, and by nothing that could be measured.
const STEP_NANOS: u64 = 1_000;

/// Links WASI, with the turn's own randomness in place of the system's.
pub(super) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    random::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    insecure::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    insecure_seed::add_to_linker::<_, HasSelf<Guest>>(linker, |guest| guest)?;
    linker.allow_shadowing(false);
    Ok(())
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (lines, now) = (&self.lines, self.now);
        WasiCtxView { ctx: self.wasi.get_or_insert_with(|| context(lines, now)), table: &mut self.handles }
    }
}

fn context(lines: &Lines, now: Millis) -> WasiCtx {
    WasiCtx::builder()
        .stdout(Printed { lines: lines.clone(), stream: Stream::Out })
        .stderr(Printed { lines: lines.clone(), stream: Stream::Err })
        .wall_clock(Frozen(now))
        .monotonic_clock(Stepping(AtomicU64::new(0)))
        .allow_tcp(false)
        .allow_udp(false)
        .allow_ip_name_lookup(false)
        .build()
}

/// The wall clock stands at the beginning of the turn.
struct Frozen(Millis);

impl HostWallClock for Frozen {
    fn resolution(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.0.max(0).unsigned_abs())
    }
}

/// The monotonic clock shows how often it was looked at.
struct Stepping(AtomicU64);

impl HostMonotonicClock for Stepping {
    fn resolution(&self) -> u64 {
        STEP_NANOS
    }

    fn now(&self) -> u64 {
        self.0.fetch_add(STEP_NANOS, Ordering::Relaxed)
    }
}

/// A stream whose lines are logged.
#[derive(Clone)]
struct Printed {
    lines: Lines,
    stream: Stream,
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this one, and it is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lines.stream(self.stream, &bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE)
    }
}

fn random_bytes(guest: &mut Guest, count: u64) -> wasmtime::Result<Vec<u8>> {
    guest.called()?;
    if count > RANDOM_BYTES {
        return Err(Stop::Limit(format!("{count} random bytes at once; at most {RANDOM_BYTES} are given")).into());
    }
    let mut bytes = vec![0; usize::try_from(count)?];
    guest.ids.guest().fill_bytes(&mut bytes);
    Ok(bytes)
}

fn random_number(guest: &mut Guest) -> wasmtime::Result<u64> {
    guest.called()?;
    Ok(guest.ids.guest().next_u64())
}

impl random::Host for Guest {
    fn get_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        random_bytes(self, count)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        random_number(self)
    }
}

impl insecure::Host for Guest {
    fn get_insecure_random_bytes(&mut self, count: u64) -> wasmtime::Result<Vec<u8>> {
        random_bytes(self, count)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        random_number(self)
    }
}

impl insecure_seed::Host for Guest {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((random_number(self)?, random_number(self)?))
    }
}
