//! Jobs for several groups at once, if the caller has threads for them.
//!
//! Searching never starts a thread: whoever asks lends some, or none. Invariant: answers are the same whatever runs
//! the jobs, because results are taken in the order of the jobs. It does not say which groups are worth a job.

use std::sync::Mutex;

/// Runs jobs.
pub trait Workers: Sync {
    /// How many jobs are done at once.
    fn width(&self) -> usize;

    /// Does the job for each number below the count, in any order and perhaps at once. Ends when all are done.
    fn run(&self, count: usize, job: &(dyn Fn(usize) + Sync));
}

/// One job after the other, where the search runs.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inline;

impl Workers for Inline {
    fn width(&self) -> usize {
        1
    }

    fn run(&self, count: usize, job: &(dyn Fn(usize) + Sync)) {
        (0..count).for_each(job);
    }
}

/// What the jobs give, in their order.
pub(super) fn gather<T: Send>(
    workers: &dyn Workers,
    count: usize,
    job: impl Fn(usize) -> T + Sync,
) -> Vec<T> {
    let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
    workers.run(count, &|number| {
        let result = job(number);
        *results[number].lock().expect("nothing panics while it keeps a result") = Some(result);
    });
    let taken = results.into_iter().map(|result| {
        let result = result.into_inner().expect("nothing panics while it keeps a result");
        result.expect("workers do every job")
    });
    taken.collect()
}
