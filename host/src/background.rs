//! Threads of low priority, for what may take its time: where the processor is short, the host's own work goes first.

use std::io;
use std::thread::{Builder, JoinHandle};

/// How low: a thread at 10 gets a tenth of what one at 0 gets where both want all of a core, and all of it otherwise.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Starts a thread that gives way to the others of this process. Its name has at most 15 bytes.
pub fn spawn(name: String, work: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    Builder::new().name(name).spawn(|| {
        give_way();
        work();
    })
}

/// Lowers the priority of this thread. Where that is not possible, it is a thread like any other.
fn give_way() {
    // Elsewhere it would be the priority of the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread has no low priority: {error}");
    }
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn it_gives_way_alone() {
        let nice = || rustix::process::getpriority_process(None).expect("a priority");
        let before = nice();
        let thread = super::spawn("quiet".into(), move || assert!(nice() >= 10)).expect("started");
        thread.join().expect("low");
        assert_eq!(nice(), before);
    }
}
