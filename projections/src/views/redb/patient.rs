//! A file that keeps what its disk has no room for until there is room again.
//!
//! The B-tree trusts its file: after one error it answers nothing any more. A full disk is no reason for that, so what does
//! not fit waits here, in the order in which it was written, and whoever reads sees it already.
//! Invariant: what is on the disk is what the writer had written at some moment, and all before a sync is on it before
//! anything after that sync; so a crash leaves a file that the B-tree knows to open. It bounds nothing: whoever writes asks
//! `catch_up` first and does not begin while it fails. Other errors are told: after a failed sync nothing is known.

use std::collections::VecDeque;
use std::io;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use antler_events::files::{self, File, is_full};

/// The file and what waits for it.
#[derive(Debug)]
pub(super) struct PatientFile {
    file: Box<dyn File>,
    waiting: RwLock<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    steps: VecDeque<Step>,
    /// A sync failed while the file caught up: what it had written may be gone.
    is_lost: bool,
}

#[derive(Debug)]
enum Step {
    Write { at: u64, bytes: Vec<u8> },
    Resize(u64),
    Sync,
}

impl PatientFile {
    pub(super) fn new(file: Box<dyn File>) -> Self {
        Self { file, waiting: RwLock::default() }
    }

    /// Writes all that waits; the error says why some of it waits still.
    pub(super) fn catch_up(&self) -> io::Result<()> {
        if self.waiting().steps.is_empty() {
            return Ok(());
        }
        self.waiting_mut().catch_up(&*self.file)
    }

    pub(super) fn size(&self) -> io::Result<u64> {
        let waiting = self.waiting();
        Ok(waiting.steps.iter().fold(self.file.size()?, |size, step| step.size_after(size)))
    }

    pub(super) fn read_exact(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let waiting = self.waiting();
        let mut filled = files::read_full(&*self.file, at, into)?;
        into[filled..].fill(0);
        for step in &waiting.steps {
            step.show(at, into);
            let size = step.size_after(at + filled as u64).saturating_sub(at);
            filled = into.len().min(usize::try_from(size).unwrap_or(usize::MAX));
        }
        if filled < into.len() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.change(|file| file.write_at(at, bytes), || Step::Write { at, bytes: bytes.to_vec() })
    }

    pub(super) fn resize(&self, size: u64) -> io::Result<()> {
        self.change(|file| file.set_size(size), || Step::Resize(size))
    }

    /// Does not say that anything is durable while something waits: `catch_up` does.
    pub(super) fn sync(&self) -> io::Result<()> {
        if self.waiting().steps.is_empty() {
            return self.file.sync();
        }
        let mut waiting = self.waiting_mut();
        match waiting.catch_up(&*self.file) {
            Ok(()) => self.file.sync(),
            Err(error) => waiting.put_off(error, || Step::Sync),
        }
    }

    fn change(
        &self,
        now: impl FnOnce(&dyn File) -> io::Result<()>,
        later: impl FnOnce() -> Step,
    ) -> io::Result<()> {
        let mut waiting = self.waiting_mut();
        let done = waiting.catch_up(&*self.file).and_then(|()| now(&*self.file));
        done.or_else(|error| waiting.put_off(error, later))
    }

    fn waiting(&self) -> RwLockReadGuard<'_, Waiting> {
        self.waiting.read().expect("no change of the file panics")
    }

    fn waiting_mut(&self) -> RwLockWriteGuard<'_, Waiting> {
        self.waiting.write().expect("no change of the file panics")
    }
}

impl Waiting {
    fn catch_up(&mut self, file: &dyn File) -> io::Result<()> {
        if self.is_lost {
            return Err(io::Error::other("a sync of the file failed, and what it had written may be gone"));
        }
        while let Some(step) = self.steps.front() {
            match step {
                Step::Write { at, bytes } => file.write_at(*at, bytes)?,
                Step::Resize(size) => file.set_size(*size)?,
                Step::Sync => file.sync().inspect_err(|_| self.is_lost = true)?,
            }
            self.steps.pop_front();
        }
        Ok(())
    }

    /// A step that the full disk has refused waits; every other error stays one.
    fn put_off(&mut self, error: io::Error, step: impl FnOnce() -> Step) -> io::Result<()> {
        if self.is_lost || !is_full(&error) {
            return Err(error);
        }
        self.steps.push_back(step());
        Ok(())
    }
}

impl Step {
    /// How long the file is after the step, if it was as long as `size` before.
    fn size_after(&self, size: u64) -> u64 {
        match self {
            Self::Write { at, bytes } => size.max(at + bytes.len() as u64),
            Self::Resize(size) => *size,
            Self::Sync => size,
        }
    }

    /// Changes what was read at a place into what is there after the step.
    fn show(&self, at: u64, into: &mut [u8]) {
        let end = at + into.len() as u64;
        let place = |position: u64| usize::try_from(position - at).expect("within what is read");
        match self {
            Self::Write { at: start, bytes } => {
                let (from, to) = (at.max(*start), end.min(start + bytes.len() as u64));
                if from < to {
                    let skipped = usize::try_from(from - start).expect("within the bytes");
                    let target = &mut into[place(from)..place(to)];
                    target.copy_from_slice(&bytes[skipped..][..target.len()]);
                }
            }
            Self::Resize(size) if *size < end => into[place(at.max(*size))..].fill(0),
            Self::Resize(_) | Self::Sync => {}
        }
    }
}

#[cfg(test)]
mod tests;
