//! Connections that a fault can close without an answer.
//!
//! A handler can only answer; to hang up it needs a hand on the socket itself. Each connection carries a switch that
//! its handlers find among the request's extensions.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use futures_util::task::AtomicWaker;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Closes a connection.
#[derive(Clone, Default)]
pub(super) struct Switch(Arc<State>);

#[derive(Default)]
struct State {
    off: AtomicBool,
    waker: AtomicWaker,
}

impl Switch {
    /// Closes the connection; nothing more is read from it or written to it.
    pub(super) fn hang_up(&self) {
        self.0.off.store(true, Ordering::Release);
        self.0.waker.wake();
    }

    fn check(&self, context: &Context<'_>) -> io::Result<()> {
        self.0.waker.register(context.waker());
        if self.0.off.load(Ordering::Acquire) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }
}

/// A listener whose connections have a switch.
pub(super) struct Doors(TcpListener);

impl Doors {
    pub(super) fn new(listener: TcpListener) -> Self {
        Self(listener)
    }
}

impl Listener for Doors {
    type Io = Door;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Door, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => {
                    // Answers are small and wanted at once.
                    let _ = stream.set_nodelay(true);
                    return (Door { stream, switch: Switch::default() }, address);
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    // Usually there are no file handles left; some will be free soon.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Doors>> for Switch {
    fn connect_info(stream: IncomingStream<'_, Doors>) -> Self {
        stream.io().switch.clone()
    }
}

/// A connection with a switch.
pub(super) struct Door {
    stream: TcpStream,
    switch: Switch,
}

impl AsyncRead for Door {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.switch.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Door {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.switch.check(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.switch.check(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
