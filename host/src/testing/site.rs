//! A site on this machine whose every byte a test decides: pages, redirects, and all that a good server never does.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;

use super::pause::Time;
use crate::shutdown::Tasks;
use crate::web::GATEWAY;

/// What a site was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The method, in capitals.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The address that a plugin has asked for. With [`HouseBuilder::web`](super::HouseBuilder::web) that is any address of
    /// the Web, else the path here.
    pub fn url(&self) -> &str {
        self.header(GATEWAY).unwrap_or(&self.path)
    }
}

/// What it does then.
pub enum Reply {
    /// Sends these bytes, head and all, and waits for the next request.
    Whole(Vec<u8>),
    /// Sends these bytes one by one, so slowly.
    Drips(Vec<u8>, Duration),
    /// Sends this again and again after a beginning.
    Floods(Vec<u8>, Vec<u8>),
    /// Sends a beginning, then what the test hands over, until the test lets go.
    Follows(Vec<u8>, UnboundedReceiver<Vec<u8>>),
    /// Sends these bytes after so much time, on the clock of the house that asks.
    Later(Vec<u8>, Duration),
    /// Says nothing.
    Hangs,
    /// Sends these bytes and closes.
    Breaks(Vec<u8>),
}

/// A site.
///
/// ```
/// use guesthouse::testing::{Site, page};
///
/// # #[tokio::main]
/// # async fn main() {
/// let site = Site::opens(|asked| match asked.path.as_str() {
///     "/rates" => page(200, &[("content-type", "application/json")], r#"{"EUR": 1}"#),
///     _ => page(404, &[], "no such page"),
/// })
/// .await;
/// assert!(site.url("/rates").starts_with("http://127.0.0.1:"));
/// assert!(site.asked().is_empty());
/// # }
/// ```
#[derive(Clone)]
pub struct Site {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    pub(super) time: Time,
}

impl Site {
    /// Opens one that answers like this. It ends with the runtime of its test.
    ///
    /// # Panics
    ///
    /// If this machine has no free port.
    pub async fn opens(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let (answer, seen) = (Arc::new(answer), Arc::clone(&asked));
        let time = Time::default();
        let times = time.clone();
        let tasks = Tasks::default();
        let each = tasks.clone();
        tasks.spawn_detached(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answer, seen, time) = (Arc::clone(&answer), Arc::clone(&seen), times.clone());
                each.spawn_detached(async move { serve(stream, &*answer, &seen, &time).await });
            }
        });
        Self { address, asked, time }
    }

    /// An address there.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// All that it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A reply with a status, headers and a body.
pub fn page(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Reply {
    let body = body.as_ref();
    let mut all = head(status, headers);
    all.truncate(all.len() - 2);
    all.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    all.extend_from_slice(body);
    Reply::Whole(all)
}

/// The beginning of a reply.
pub fn head(status: u16, headers: &[(&str, &str)]) -> Vec<u8> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status} Whatever\r\n{headers}\r\n").into_bytes()
}

async fn serve(
    mut stream: TcpStream,
    answer: &(dyn Fn(&Asked) -> Reply + Send + Sync),
    seen: &Mutex<Vec<Asked>>,
    time: &Time,
) {
    while let Some(asked) = read(&mut stream).await {
        seen.lock().unwrap_or_else(PoisonError::into_inner).push(asked.clone());
        let done = match answer(&asked) {
            Reply::Whole(bytes) => stream.write_all(&bytes).await,
            Reply::Breaks(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Drips(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    if stream.write_all(&[byte]).await.is_err() {
                        return;
                    }
                }
                Ok(())
            }
            Reply::Floods(begin, again) => {
                let mut sent = stream.write_all(&begin).await;
                while sent.is_ok() {
                    sent = stream.write_all(&again).await;
                }
                sent
            }
            Reply::Follows(begin, mut more) => {
                let mut sent = stream.write_all(&begin).await;
                while let (Ok(()), Some(bytes)) = (&sent, more.recv().await) {
                    sent = stream.write_all(&bytes).await;
                }
                return;
            }
            Reply::Later(bytes, pause) => {
                time.passes(pause).await;
                stream.write_all(&bytes).await
            }
            Reply::Hangs => {
                // Until the other side has enough of it.
                let _ = stream.read(&mut [0; 1]).await;
                return;
            }
        };
        if done.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ');
    let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = bytes.split_off(end + 4);
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.and_then(|(_, length)| length.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Asked { method, path, headers, body })
}
