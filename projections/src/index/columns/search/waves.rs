//! Groups that are searched several at once, if others join in.
//!
//! Groups are taken in waves. As long as a search is quick it is not worth anybody's while, so the first groups are
//! searched alone. Invariant: answers are the same whoever does the jobs, because results are taken in the order of the
//! groups. It starts no thread: whoever asked lends some, or none.

use std::cell::OnceCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::budget::{Budget, Stop};
use super::counts::Gaps;
use super::select::SearchGroup;
use crate::index::columns::block::ReadError;
use crate::index::columns::view::GroupView;

/// A search that takes longer is shared. Waking somebody up costs a small part of it.
const ALONE_FOR: Duration = Duration::from_micros(500);
/// Groups of a wave for each who works, so that nobody waits long for the last.
const GROUPS_EACH: usize = 4;

/// The pace of one search.
pub(super) struct Waves<'a> {
    budget: &'a Budget<'a>,
    /// When it was first asked how wide a wave is.
    begun: OnceCell<Duration>,
}

impl<'a> Waves<'a> {
    pub(super) fn new(budget: &'a Budget<'a>) -> Self {
        Self { budget, begun: OnceCell::new() }
    }

    /// How many jobs are done at once by now.
    pub(super) fn width(&self) -> usize {
        let Budget { clock, workers, .. } = self.budget;
        let width = workers.width().max(1);
        let begun = *self.begun.get_or_init(|| clock.elapsed());
        let is_quick = width == 1 || clock.elapsed().saturating_sub(begun) < ALONE_FOR;
        if is_quick { 1 } else { width }
    }

    /// How many of the groups that are left the next wave takes.
    pub(super) fn groups(&self, left: usize) -> usize {
        let width = self.width();
        if width == 1 { left.min(1) } else { left.min(width * GROUPS_EACH) }
    }

    pub(super) fn budget(&self) -> &'a Budget<'a> {
        self.budget
    }

    /// What the jobs give, in their order.
    pub(super) fn gather<T: Send>(&self, count: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
        if count <= 1 {
            return (0..count).map(job).collect();
        }
        let results: Vec<Mutex<Option<T>>> = (0..count).map(|_| Mutex::new(None)).collect();
        self.budget.workers.share(count, &|number| {
            let result = job(number);
            *results[number].lock().expect("nothing panics while it keeps a result") = Some(result);
        });
        let taken = results.into_iter().map(|result| {
            let result = result.into_inner().expect("nothing panics while it keeps a result");
            result.expect("workers do every job")
        });
        taken.collect()
    }

    /// What the first of some jobs give, in their order: not all of them if the search has to end, or if what others
    /// give holds too much.
    pub(super) fn gather_first<T: Send>(
        &self,
        count: usize,
        bytes_max: u64,
        job: impl Fn(usize) -> T + Sync,
        bytes_held: impl Fn(&T) -> u64 + Sync,
    ) -> Vec<T> {
        let (bytes, budget) = (AtomicU64::new(0), self.budget);
        let results = self.gather(count, |at| {
            let is_full = at > 0 && bytes.load(Ordering::Relaxed) > bytes_max;
            if is_full || budget.stop().is_some() {
                return None;
            }
            let result = job(at);
            bytes.fetch_add(bytes_held(&result), Ordering::Relaxed);
            Some(result)
        });
        results.into_iter().map_while(|result| result).collect()
    }
}

/// Adds what groups give to a sum, as long as the search may go on. A group that is read alone adds to the sum itself,
/// and others to an empty one that is added then.
pub(super) fn sum_groups<S: SearchGroup + Sync, T: Sum>(
    groups: &[&S],
    budget: &Budget<'_>,
    sum: &mut T,
    add_group: impl Fn(&dyn GroupView, &mut T) -> Result<(), ReadError> + Sync,
) -> Gaps {
    let (waves, mut gaps, mut rest) = (Waves::new(budget), Gaps::default(), groups);
    while !rest.is_empty() {
        gaps.stopped = gaps.stopped.or_else(|| budget.stop());
        if gaps.stopped.is_some() {
            break;
        }
        let wave = waves.groups(rest.len());
        let (now, later) = rest.split_at(wave);
        rest = later;
        if let [group] = now {
            gaps.note(group.with(|view| add_group(view, sum)));
            continue;
        }
        let empty: Vec<Mutex<T>> = now.iter().map(|_| Mutex::new(sum.empty())).collect();
        let job = |at: usize| {
            let mut sum = empty[at].lock().expect("each job has its sum");
            match budget.stop() {
                None => Ok(now[at].with(|view| add_group(view, &mut sum))),
                Some(stop) => Err(stop),
            }
        };
        let ends: Vec<Result<_, Stop>> = waves.gather(wave, job);
        for (end, of_group) in ends.into_iter().zip(empty) {
            match end {
                Ok(read) => gaps.note(read),
                Err(stop) => gaps.stopped = Some(stop),
            }
            sum.add(of_group.into_inner().expect("each job has its sum"));
        }
    }
    gaps
}

/// What adds up over groups.
pub(super) trait Sum: Send {
    /// The same question with nothing counted.
    fn empty(&self) -> Self;

    fn add(&mut self, other: Self);
}

impl Sum for u64 {
    fn empty(&self) -> Self {
        0
    }

    fn add(&mut self, other: Self) {
        *self += other;
    }
}

impl Gaps {
    fn note(&mut self, read: Result<Result<(), ReadError>, ReadError>) {
        if let Ok(Err(error)) | Err(error) = read {
            self.damaged.push(error);
        }
    }
}
