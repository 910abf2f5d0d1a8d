//! Threads that do what takes long: answers to questions, and changes of the index.
//!
//! Invariant: work is done once or reported lost, also if it panics; threads are joined when this is stopped. Work of
//! one kind never takes the threads of another: each kind has its own `WorkerThreads`. It knows no work.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use antler_events::log::BoxFuture;
use antler_projections::index::port::{JobList, Work, WorkLost, Workers};
use tokio::sync::oneshot;

/// The share of a core that such a thread has beside a busy one: about a tenth.
const NICENESS_BEHIND: i32 = 10;

/// A fixed number of threads.
pub struct WorkerThreads {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    width: usize,
    /// How many more may join in when work is shared.
    free: AtomicUsize,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Task>,
    is_stopped: bool,
}

struct Task {
    work: Work,
    done: oneshot::Sender<()>,
}

impl WorkerThreads {
    pub fn start(kind: &str, threads: usize) -> io::Result<Self> {
        Self::start_each(kind, threads, || ())
    }

    /// Threads that let all others go first: what they do is heavy, and nobody's lines are to wait for it.
    pub fn start_behind(kind: &str, threads: usize) -> io::Result<Self> {
        Self::start_each(kind, threads, give_way)
    }

    fn start_each(kind: &str, threads: usize, at_first: fn()) -> io::Result<Self> {
        let width = threads.max(1);
        let shared = Arc::<Shared>::default();
        let workers = Self {
            shared,
            threads: Mutex::default(),
            width,
            free: AtomicUsize::new(width.saturating_sub(1)),
        };
        for number in 0..width {
            let shared = Arc::clone(&workers.shared);
            let thread = std::thread::Builder::new().name(format!("{kind}-{number}"));
            let work_off = move || {
                at_first();
                shared.work_off();
            };
            workers.threads().push(thread.spawn(work_off)?);
        }
        Ok(workers)
    }

    /// Lets what has begun end, loses the rest, and joins the threads. A second call does nothing.
    pub fn stop(&self) {
        let lost = {
            let mut queue = self.shared.lock();
            queue.is_stopped = true;
            std::mem::take(&mut queue.tasks)
        };
        drop(lost);
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads());
        threads.into_iter().for_each(|thread| thread.join().expect("work that panics is caught"));
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up to so many of the free places.
    fn take_free(&self, wanted: usize) -> usize {
        let left = |free: usize| Some(free - free.min(wanted));
        let before = self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, left);
        before.unwrap_or_default().min(wanted)
    }
}

/// On Linux niceness is of a thread, not of its process.
fn give_way() {
    let give_way = || {
        let own = rustix::process::getpriority_process(None)?;
        rustix::process::setpriority_process(None, own.max(NICENESS_BEHIND))
    };
    if let Err(error) = give_way() {
        tracing::debug!(%error, "a thread cannot let others go first");
    }
}

impl Workers for WorkerThreads {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        let (done, ended) = oneshot::channel();
        let mut queue = self.shared.lock();
        if !queue.is_stopped {
            queue.tasks.push_back(Task { work, done });
        }
        drop(queue);
        self.shared.changed.notify_one();
        Box::pin(async move { ended.await.map_err(|_| WorkLost) })
    }

    fn width(&self) -> usize {
        self.width
    }

    fn share(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let jobs = JobList::new(count);
        let joining = self.take_free(self.width.min(count).saturating_sub(1));
        std::thread::scope(|scope| {
            (0..joining).for_each(|_| drop(scope.spawn(|| jobs.work_off(job))));
            jobs.work_off(job);
        });
        self.free.fetch_add(joining, Ordering::AcqRel);
    }
}

impl Shared {
    fn work_off(&self) {
        while let Some(Task { work, done }) = self.next() {
            if catch_unwind(AssertUnwindSafe(work)).is_ok() {
                let _nobody_waits = done.send(());
            }
        }
    }

    fn next(&self) -> Option<Task> {
        let mut queue = self.lock();
        loop {
            if let Some(task) = queue.tasks.pop_front() {
                return Some(task);
            }
            if queue.is_stopped {
                return None;
            }
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for WorkerThreads {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.shared.lock().tasks.len();
        write!(out, "WorkerThreads({} threads, {waiting} waiting)", self.width)
    }
}

impl Drop for WorkerThreads {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_is_done_and_a_panic_is_lost_work() {
        let workers = WorkerThreads::start("test", 2).unwrap();
        let done = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&done);
        let work = move || {
            counted.fetch_add(1, Ordering::Relaxed);
        };
        assert_eq!(workers.run(Box::new(work.clone())).await, Ok(()));
        assert_eq!(workers.run(Box::new(|| panic!("on purpose"))).await, Err(WorkLost));
        assert_eq!(workers.run(Box::new(work.clone())).await, Ok(()));
        assert_eq!(done.load(Ordering::Relaxed), 2);
        workers.stop();
        assert_eq!(workers.run(Box::new(work)).await, Err(WorkLost));
    }

    #[tokio::test]
    async fn only_threads_that_are_to_do_so_let_others_go_first() {
        let niceness = async |workers: WorkerThreads| {
            let (giver, given) = oneshot::channel();
            let look = move || giver.send(rustix::process::getpriority_process(None).unwrap()).unwrap();
            workers.run(Box::new(look)).await.unwrap();
            given.await.unwrap()
        };
        let usual = niceness(WorkerThreads::start("test", 1).unwrap()).await;
        let behind = niceness(WorkerThreads::start_behind("test", 1).unwrap()).await;
        assert_eq!(usual, rustix::process::getpriority_process(None).unwrap());
        assert_eq!(behind, NICENESS_BEHIND.max(usual));
    }

    #[test]
    fn shared_jobs_are_each_done_once() {
        let workers = WorkerThreads::start("test", 3).unwrap();
        let done: Vec<AtomicUsize> = (0..50).map(|_| AtomicUsize::new(0)).collect();
        for _ in 0..3 {
            workers.share(done.len(), &|number| {
                done[number].fetch_add(1, Ordering::Relaxed);
            });
        }
        assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 3));
        assert_eq!(workers.free.load(Ordering::Relaxed), 2);
    }
}
