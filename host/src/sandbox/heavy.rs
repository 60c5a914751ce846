//! Threads for turns that compute long. It decides who computes next: plugins take turns, each for one tick, whatever
//! number of turns each of them has here; the turns of one plugin take turns among themselves. `pace` decides which
//! turns come here.
//!
//! The threads have a low priority: where the processor is short, the host's own work and short turns go first. A guest
//! that cannot be interrupted for a while (one instruction can fill all of its memory) holds up no thread of the runtime.
//! It takes the caches and the memory of the other cores along, though, so its plugin rests afterwards.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::threads;

/// Whose turn it is: one number for each plugin.
pub(super) type Group = u64;

/// What a guest that can be interrupted computes at once at most, some ticks.
const LONG_STEP: Duration = Duration::from_millis(4);
/// How many times as long as a longer step took its plugin rests. One turn that computes as long as it may by default still
/// ends in the time it has; of several at once some may run out of it.
const REST: u32 = 7;

/// The threads. They end with their owner, and whatever they had not finished is dropped.
pub(super) struct Heavy(Arc<Queue>);

/// Work that waits for a thread.
#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Runnable tasks; a group without any is not here.
    groups: BTreeMap<Group, VecDeque<Arc<Task>>>,
    /// Groups that rest, and until when.
    resting: BTreeMap<Group, Instant>,
    /// The group that was served last.
    last: Group,
    ended: bool,
}

/// One piece of work.
struct Task {
    group: Group,
    queue: Weak<Queue>,
    /// The runtime whose timers and sockets it uses.
    runtime: Handle,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Taken while it is polled, and once it has ended.
    work: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    state: Stage,
    /// Nobody waits for it any more.
    dropped: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Queued,
    Running,
    /// Something woke it while it ran.
    RunningAgain,
}

impl Heavy {
    /// Starts so many threads.
    pub(super) fn start(threads: usize) -> std::io::Result<Self> {
        let heavy = Self(Arc::default());
        for number in 0..threads.max(1) {
            let queue = Arc::clone(&heavy.0);
            std::thread::Builder::new().name(format!("guest-{number}")).spawn(move || {
                threads::give_way();
                while let Some(task) = queue.next() {
                    task.run(&queue);
                    // A thread of low priority that has a core may keep it for some milliseconds, and a message goes
                    // from thread to thread a dozen times: whoever waits for this core gets it once a tick.
                    std::thread::yield_now();
                }
            })?;
        }
        Ok(heavy)
    }

    /// Runs `work` here. A panic in it goes through to the caller; if the caller is dropped, so is the work.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        group: Group,
        work: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let (done, result) = oneshot::channel();
        let work = async move {
            // Whoever asked may be gone.
            let _ = done.send(AssertUnwindSafe(work).catch_unwind().await);
        };
        let inner = Inner { work: Some(Box::pin(work)), state: Stage::Waiting, dropped: false };
        let runtime = Handle::current();
        let task = Arc::new(Task { group, queue: Arc::downgrade(&self.0), runtime, inner: Mutex::new(inner) });
        let _owned = Owned(Arc::clone(&task));
        task.wake();
        match result.await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => resume_unwind(panic),
            // The threads have ended with the sandbox: nobody is left to use a result.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Drop for Heavy {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        let left = std::mem::take(&mut state.groups);
        drop(state);
        self.0.changed.notify_all();
        drop(left);
    }
}

/// The caller's hold on its task.
struct Owned(Arc<Task>);

impl Drop for Owned {
    fn drop(&mut self) {
        let mut inner = self.0.lock();
        inner.dropped = true;
        // A task that waits or is queued goes here and now, one that runs goes when it next gives way.
        let work = inner.work.take();
        drop(inner);
        drop(work);
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, task: Arc<Task>) {
        let mut state = self.lock();
        if !state.ended {
            state.groups.entry(task.group).or_default().push_back(task);
            drop(state);
            self.changed.notify_one();
        }
    }

    /// The next task: that of the next group after the one served last. `None` once it is over.
    fn next(&self) -> Option<Arc<Task>> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = now();
            state.resting.retain(|_, until| *until > now);
            if let Some(task) = state.take() {
                return Some(task);
            }
            state = match state.resting.values().min().map(|until| *until - now) {
                Some(rest) => self.changed.wait_timeout(state, rest).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// A task of this group has computed so long at once.
    fn ran(&self, group: Group, step: Duration) {
        if step > LONG_STEP {
            let until = now() + step * REST;
            let mut state = self.lock();
            // Another thread may have come to the end of a longer one.
            let rests = state.resting.entry(group).or_insert(until);
            *rests = until.max(*rests);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch, like the meter: no turn ever sees it")]
fn now() -> Instant {
    Instant::now()
}

impl State {
    fn take(&mut self) -> Option<Arc<Task>> {
        let is_ready = |group: &&Group| !self.resting.contains_key(group);
        let next = self.last.saturating_add(1);
        let after = self.groups.range(next..).map(|(group, _)| group).find(is_ready);
        let group = *after.or_else(|| self.groups.keys().find(is_ready))?;
        self.last = group;
        let tasks = self.groups.get_mut(&group)?;
        let task = tasks.pop_front();
        if tasks.is_empty() {
            self.groups.remove(&group);
        }
        task
    }
}

impl Task {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs it until it gives way.
    fn run(self: Arc<Self>, queue: &Queue) {
        let mut inner = self.lock();
        let Some(mut work) = inner.work.take() else { return };
        inner.state = Stage::Running;
        drop(inner);

        let waker = Waker::from(Arc::clone(&self));
        // Timers and connections made in here belong to the runtime, whose threads are not slow.
        let context = self.runtime.enter();
        let before = threads::computed();
        let poll = work.as_mut().poll(&mut Context::from_waker(&waker));
        // Before it waits for a thread again.
        queue.ran(self.group, threads::computed().saturating_sub(before));

        let mut inner = self.lock();
        if poll == Poll::Ready(()) || inner.dropped {
            drop(inner);
            // Unmapping a guest's memory takes a while: here, not on the runtime.
            drop(work);
            drop(context);
            return;
        }
        inner.work = Some(work);
        let again = inner.state == Stage::RunningAgain;
        inner.state = if again { Stage::Queued } else { Stage::Waiting };
        drop(inner);
        drop(context);
        if again {
            queue.push(self);
        }
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let mut inner = self.lock();
        match inner.state {
            Stage::Running => inner.state = Stage::RunningAgain,
            Stage::Waiting => {
                inner.state = Stage::Queued;
                drop(inner);
                if let Some(queue) = self.queue.upgrade() {
                    queue.push(self);
                }
            }
            Stage::Queued | Stage::RunningAgain => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Gives way so often, and notes each time who it is.
    async fn steps(who: Group, count: usize, seen: Arc<Mutex<Vec<Group>>>) {
        for _ in 0..count {
            seen.lock().unwrap().push(who);
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn plugins_take_turns_however_many_turns_each_has() {
        let heavy = Heavy::start(1).unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        // Until all have come, the thread waits.
        let (open, gate) = oneshot::channel::<()>();
        let first = heavy.run(0, async move { gate.await.is_ok() });
        let many = (0..8).map(|_| heavy.run(1, steps(1, 10, Arc::clone(&seen))));
        let few = heavy.run(2, steps(2, 10, Arc::clone(&seen)));
        let all = async { tokio::join!(futures_util::future::join_all(many), few) };
        let begin = async {
            tokio::task::yield_now().await;
            open.send(()).unwrap();
        };
        tokio::join!(first, all, begin);
        let seen = seen.lock().unwrap();
        let last = seen.iter().rposition(|who| *who == 2).unwrap();
        let others = seen[..last].iter().filter(|who| **who == 1).count();
        assert!((8..=20).contains(&others), "the one turn of the second plugin had to wait for {others} steps");
        assert_eq!(seen.len(), 90);
    }

    #[tokio::test]
    async fn who_cannot_be_interrupted_rests_and_others_do_not() {
        let heavy = Heavy::start(1).unwrap();
        // Its rest is long enough for the other one to be let on by a machine that is busy.
        let long = LONG_STEP + Duration::from_millis(40);
        let bulk = heavy.run(1, async move {
            let mut begun = Vec::new();
            for _ in 0..3 {
                begun.push(now());
                let before = threads::computed();
                while threads::computed() - before < long {}
                tokio::task::yield_now().await;
            }
            begun
        });
        let other = heavy.run(2, async {
            let mut times = Vec::new();
            for _ in 0..100 {
                times.push(now());
                tokio::task::yield_now().await;
            }
            times
        });
        let (begun, times) = tokio::join!(bulk, other);
        for two in begun.windows(2) {
            assert!(two[1] - two[0] >= long * (1 + REST), "{:?}", two[1] - two[0]);
        }
        // Taking turns, without a rest of the other one, would be one or two.
        let meanwhile = times.iter().filter(|time| **time < begun[1]).count();
        assert!(meanwhile > 2, "{meanwhile} steps of the other one");
    }

    #[tokio::test]
    async fn it_waits_for_the_runtime_it_came_from() {
        let heavy = Heavy::start(2).unwrap();
        let slept = heavy.run(1, async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            std::thread::current().name().map(str::to_owned)
        });
        assert!(slept.await.unwrap().starts_with("guest-"));
    }

    #[tokio::test]
    async fn a_panic_goes_through_and_the_thread_goes_on() {
        let heavy = Heavy::start(1).unwrap();
        let panics = heavy.run(1, async { panic!("as it must") });
        assert!(AssertUnwindSafe(panics).catch_unwind().await.is_err());
        assert_eq!(heavy.run(1, async { 5 }).await, 5);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_dropped() {
        let heavy = Heavy::start(1).unwrap();
        let held = Arc::new(());
        let hold = Arc::clone(&held);
        let run = heavy.run(1, async move {
            let _hold = hold;
            loop {
                tokio::task::yield_now().await;
            }
        });
        tokio::time::timeout(Duration::from_millis(20), run).await.unwrap_err();
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
        drop(heavy);
    }
}
