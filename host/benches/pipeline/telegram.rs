//! The smallest Telegram that keeps a host busy: it hands out updates and takes answers, and does nothing else.
//!
//! The emulator would be measured along with the host; this costs some 20 µs for a message there and back. It runs on a
//! thread of its own. A chat has one message under way; `outstanding` of them are under way together.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The number of the next update and message. A host knows those that its database has seen and does not answer them
/// again, so one Telegram goes on where the one before it ended.
static NEXT: AtomicU64 = AtomicU64::new(1);

/// What people write: the text of the message with this number.
pub(crate) type Text = Box<dyn Fn(u64) -> String + Send>;

/// What came back while a measurement went on.
pub(crate) struct Taken {
    /// From the hand-out of an update to the call that answers it, in microseconds, sorted.
    pub(crate) latencies: Vec<u64>,
    /// How long it went on.
    pub(crate) time: Duration,
}

struct State {
    text: Option<Text>,
    left: u64,
    idle: VecDeque<i64>,
    asked: HashMap<i64, Instant>,
    outstanding: usize,
    latencies: Vec<u64>,
}

/// The server.
#[derive(Clone)]
pub(crate) struct Telegram {
    pub(crate) address: std::net::SocketAddr,
    state: Arc<Mutex<State>>,
    more: Arc<Notify>,
    done: Arc<Notify>,
}

impl Telegram {
    /// Starts it on a thread of its own.
    pub(crate) fn start(chats: i64, outstanding: usize) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let state = State {
            text: None,
            left: 0,
            idle: (1..=chats).collect(),
            asked: HashMap::new(),
            outstanding,
            latencies: Vec::new(),
        };
        let this = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::new(Mutex::new(state)),
            more: Arc::default(),
            done: Arc::default(),
        };
        let server = this.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async move {
                let listener = TcpListener::from_std(listener).expect("a listener");
                while let Ok((stream, _)) = listener.accept().await {
                    let server = server.clone();
                    tokio::spawn(server.serve(stream));
                }
            });
        });
        this
    }

    /// Lets people write `count` messages and waits until all are answered.
    pub(crate) async fn exchange(&self, count: u64, text: Text) -> Taken {
        let began = Instant::now();
        {
            let mut state = self.state();
            (state.text, state.left) = (Some(text), count);
            state.latencies.clear();
        }
        self.more.notify_one();
        self.done.notified().await;
        let time = began.elapsed();
        let mut latencies = std::mem::take(&mut self.state().latencies);
        latencies.sort_unstable();
        Taken { latencies, time }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let mut buffer = Vec::with_capacity(8192);
        while let Some((method, body)) = read_request(&mut stream, &mut buffer).await {
            let result = match method.as_str() {
                "getUpdates" => self.updates().await,
                "getMe" => r#"{"id":7000000001,"is_bot":true,"first_name":"Bench","username":"bench_bot"}"#.into(),
                "sendMessage" => self.take(&body),
                _ => "true".into(),
            };
            let json = format!("{{\"ok\":true,\"result\":{result}}}");
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{json}",
                json.len()
            );
            if stream.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }

    /// As many updates as may be under way, at least one unless nobody writes for a while.
    async fn updates(&self) -> String {
        for _ in 0..60 {
            let batch = self.batch();
            if batch.len() > 2 {
                return batch;
            }
            let _ = tokio::time::timeout(Duration::from_millis(500), self.more.notified()).await;
        }
        "[]".into()
    }

    fn batch(&self) -> String {
        let mut state = self.state();
        let state = &mut *state;
        let mut batch = String::from("[");
        let Some(text) = &state.text else { return "[]".into() };
        for _ in 0..100 {
            if state.left == 0 || state.asked.len() >= state.outstanding {
                break;
            }
            let Some(chat) = state.idle.pop_front() else { break };
            state.left -= 1;
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let text = text(number);
            let command = text.split(' ').next().map_or(0, str::len);
            let comma = if batch.len() > 1 { "," } else { "" };
            let _ = write!(
                batch,
                "{comma}{{\"update_id\":{number},\"message\":{{\"message_id\":{number},\"date\":1700000000,\
                 \"chat\":{{\"id\":{chat},\"type\":\"private\",\"first_name\":\"Guest\"}},\
                 \"from\":{{\"id\":{chat},\"is_bot\":false,\"first_name\":\"Guest\",\"language_code\":\"en\"}},\
                 \"text\":\"{text}\",\"entities\":[{{\"type\":\"bot_command\",\"offset\":0,\"length\":{command}}}]}}}}"
            );
            state.asked.insert(chat, Instant::now());
        }
        batch.push(']');
        batch
    }

    /// Takes an answer and returns the message as sent.
    fn take(&self, body: &[u8]) -> String {
        #[derive(serde::Deserialize)]
        struct Sent {
            chat_id: i64,
        }
        let Ok(Sent { chat_id }) = serde_json::from_slice(body) else { return "true".into() };
        let mut state = self.state();
        if let Some(asked) = state.asked.remove(&chat_id) {
            state.latencies.push(u64::try_from(asked.elapsed().as_micros()).unwrap_or(u64::MAX));
            state.idle.push_back(chat_id);
            if state.left > 0 {
                self.more.notify_one();
            } else if state.asked.is_empty() {
                state.text = None;
                self.done.notify_one();
            }
        }
        format!(
            "{{\"message_id\":{},\"date\":1700000000,\"chat\":{{\"id\":{chat_id},\"type\":\"private\"}}}}",
            NEXT.load(Ordering::Relaxed)
        )
    }
}

/// The method and the body of the next request; none at the end of the connection.
async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next()?.parse().ok());
            let length: usize = length.unwrap_or(0);
            if buffer.len() >= end + 4 + length {
                let line = String::from_utf8_lossy(&buffer[..end]).lines().next().unwrap_or_default().to_owned();
                let method = line.split(' ').nth(1)?.rsplit('/').next()?.to_owned();
                let body = buffer[end + 4..end + 4 + length].to_vec();
                buffer.drain(..end + 4 + length);
                return Some((method, body));
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}
