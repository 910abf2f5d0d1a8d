//! Threads that join in when a question has several jobs, and what they cost.
//!
//! Invariant: the CPU of everybody who did a job is counted once, whoever asks being counted by itself. Threads live as
//! long as the jobs they were woken up for: it keeps nobody waiting for work.

use std::sync::atomic::{AtomicU64, Ordering};

use antler_events::log::BoxFuture;
use antler_projections::index::port::{JobList, Work, WorkLost, Workers};

use crate::bench::cpu;

/// The one who asks, and those who join in.
#[derive(Debug)]
pub struct Crew {
    width: usize,
    joined_nanos: AtomicU64,
}

impl Crew {
    /// So many at once, the one who asks among them.
    pub fn new(width: u32) -> Self {
        Self { width: width.max(1) as usize, joined_nanos: AtomicU64::new(0) }
    }

    /// CPU seconds of the calling thread and of all that joined in so far.
    pub fn cpu_seconds(&self) -> f64 {
        cpu::of_thread() + self.joined_nanos.load(Ordering::Relaxed) as f64 / 1e9
    }

    fn join_in(&self, jobs: &JobList, job: &(dyn Fn(usize) + Sync)) {
        jobs.work_off(job);
        self.joined_nanos.fetch_add((cpu::of_thread() * 1e9) as u64, Ordering::Relaxed);
    }
}

impl Workers for Crew {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        Box::pin(async move {
            work();
            Ok(())
        })
    }

    fn width(&self) -> usize {
        self.width
    }

    fn share(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        let jobs = JobList::new(count);
        std::thread::scope(|scope| {
            for _ in 1..self.width.min(count) {
                scope.spawn(|| self.join_in(&jobs, job));
            }
            jobs.work_off(job);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_done_once_and_costs_something() {
        let crew = Crew::new(3);
        let before = crew.cpu_seconds();
        let done: Vec<AtomicU64> = (0..50).map(|_| AtomicU64::new(0)).collect();
        crew.share(done.len(), &|number| {
            done[number].fetch_add(1, Ordering::Relaxed);
            std::hint::black_box((0..50_000u64).fold(0u64, |sum, number| std::hint::black_box(sum ^ number)));
        });
        assert!(done.iter().all(|done| done.load(Ordering::Relaxed) == 1));
        assert!(crew.cpu_seconds() > before);
    }
}
