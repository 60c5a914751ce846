//! What the operating system says of threads, and is told of them.

use std::time::Duration;

/// How low: a thread at 10 gets a tenth of what one at 0 gets where both want all of a core, and all of it otherwise.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Lowers the priority of this thread for good: where the processor is short, the host's own work goes first. Where that is
/// not possible, it is a thread like any other.
pub fn give_way() {
    // Elsewhere it would be the priority of the whole process.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "a thread has no low priority: {error}");
    }
}

/// What this thread has computed since it began: not what it has waited for, and not while others had its core.
#[cfg(unix)]
pub fn computed() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Where the system does not tell: the time that goes by, which is more.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "a stopwatch: it bounds what is computed, and no plugin sees it")]
pub fn computed() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

#[cfg(test)]
mod tests {
    #[test]
    #[cfg(target_os = "linux")]
    fn a_thread_gives_way_alone() {
        let nice = || rustix::process::getpriority_process(None).expect("a priority");
        let before = nice();
        let thread = std::thread::spawn(move || {
            super::give_way();
            assert!(nice() >= 10);
        });
        thread.join().expect("low");
        assert_eq!(nice(), before);
    }
}
