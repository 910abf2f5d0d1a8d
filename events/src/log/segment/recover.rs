//! Opening a partition: from the files that a stop, a crash or a power cut left to a log that goes on.
//!
//! Invariant: only bytes that were never acknowledged are cut, and everything else that is not as it was written
//! is reported. Bytes are known to have been durable if the watermark or a later frame says so; a torn tail is what
//! neither covers. It repairs nothing: behind damage a new segment begins, and the damaged one stays as it is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::active::Active;
use super::catalogue::{self, Catalogue, Listed, WATERMARK_NAME};
use super::committer::Committer;
use super::frame::{FrameFault, Gap, Step, Walk, WalkFrom};
use super::header::{FRAMES_AT, HeaderFault, SegmentHeader};
use super::index::{Describes, Index};
use super::partition::{Partition, Segment, State};
use super::planted::Planted;
use super::tail;
use super::watermark::{self, Watermark};
use super::{Finding, OpenError, SegmentOptions};
use crate::files::{Access, File, FileSystem};
use crate::ids::{Offset, PartitionId};
use crate::log::Damage;
use crate::log::heads::{Chains, LastOf};

/// A partition that can be read, its writer, and what was found on the way.
pub(super) struct Recovered {
    pub partition: Arc<Partition>,
    pub committer: Committer,
    pub findings: Vec<Finding>,
}

pub(super) fn open(
    files: &Arc<dyn FileSystem>,
    options: &Arc<SegmentOptions>,
    partition: PartitionId,
    was_made: bool,
) -> Result<Recovered, OpenError> {
    let dir = options.partition_dir(partition);
    files.create_dir(&dir).map_err(|source| OpenError::storage("made", &dir, source))?;
    let recovery = Recovery {
        files: Arc::clone(files),
        options: Arc::clone(options),
        partition,
        was_made,
        watermark: Watermark::default(),
        segments: Vec::new(),
        chains: Chains::new(),
        last_of: LastOf::new(),
        findings: Vec::new(),
        next: Offset::FIRST,
        dir,
    };
    let dir = recovery.dir.clone();
    recovery.run().map_err(|failure| match failure {
        Failure::Io(source) => OpenError::storage("opened", &dir, source),
        Failure::Version(file, reason) => OpenError::Version { file, reason },
    })
}

enum Failure {
    Io(io::Error),
    Version(PathBuf, String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

struct Recovery {
    files: Arc<dyn FileSystem>,
    options: Arc<SegmentOptions>,
    partition: PartitionId,
    /// The partition was whole once, so nothing of it may be missing.
    was_made: bool,
    dir: PathBuf,
    watermark: Watermark,
    segments: Vec<Segment>,
    chains: Chains,
    last_of: LastOf,
    findings: Vec<Finding>,
    /// Behind everything that was found so far.
    next: Offset,
}

impl Recovery {
    fn run(mut self) -> Result<Recovered, Failure> {
        let mut catalogue = catalogue::list(&*self.files, &self.dir, self.partition)?;
        self.remove_leftovers(&catalogue)?;
        let watermark_file = self.open_watermark(&catalogue)?;
        self.remove_unused(&mut catalogue)?;
        let last = catalogue.segments.pop();
        let mut listed = catalogue.segments.into_iter().peekable();
        while let Some(segment) = listed.next() {
            let behind = listed.peek().or(last.as_ref()).map_or(self.next, |next| next.base);
            self.take_sealed(segment, behind)?;
        }
        let active = match last {
            Some(last) => self.take_last(last)?,
            None => None,
        };
        if self.next < self.watermark.next {
            let fault = FrameFault::SegmentMissing;
            let gap = Gap { position: 0, first: self.next, last: self.watermark.next.before(), fault };
            self.report(&self.dir.clone(), &gap);
            self.next = self.watermark.next;
        }
        self.files.sync_dir(&self.dir)?;
        self.assemble(active, watermark_file)
    }

    fn open_watermark(&mut self, catalogue: &Catalogue) -> io::Result<Box<dyn File>> {
        let path = self.dir.join(WATERMARK_NAME);
        if let Some(damage) = watermark::damage(&*self.files, &path, self.partition)?
            && self.was_made
        {
            self.findings.push(Finding::Damaged(damage));
        }
        if !catalogue.has_watermark {
            Watermark::default().make(&*self.files, &path)?;
        }
        let file = self.files.open(&path, Access::Write)?;
        if !self.options.planted.is(Planted::LossTakenForTornTail) {
            self.watermark = Watermark::load(&*file)?.unwrap_or_default();
        }
        Ok(file)
    }

    /// Removes what an interrupted truncation left behind.
    fn remove_leftovers(&self, catalogue: &Catalogue) -> io::Result<()> {
        catalogue.drafts.iter().chain(&catalogue.replaced).try_for_each(|path| self.files.remove(path))
    }

    /// Removes a segment that an interrupted roll began to make.
    fn remove_unused(&self, catalogue: &mut Catalogue) -> io::Result<()> {
        if let Some(last) = catalogue.segments.last()
            && tail::was_never_used(last, self.partition, &self.watermark)?
        {
            self.files.remove(&last.path)?;
            catalogue.segments.pop();
        }
        Ok(())
    }

    /// A segment behind which another one stands.
    fn take_sealed(&mut self, listed: Listed, behind: Offset) -> Result<(), Failure> {
        self.check_place(&listed)?;
        let describes = listed.header.as_ref().ok().map(|header| describes(header, listed.size));
        let known = match describes {
            Some(describes) => Index::load(&*self.files, &listed.index_path(), describes)?,
            None => None,
        };
        let index = match known {
            Some(index) => {
                let first = listed.covered().unwrap_or(index.next);
                if first < behind {
                    let fault = FrameFault::EndsEarly;
                    let gap = Gap { position: listed.size, first, last: behind.before(), fault };
                    self.report(&listed.path, &gap);
                }
                index
            }
            None => self.index_again(&listed, behind, describes)?,
        };
        self.keep(listed, index, behind);
        Ok(())
    }

    /// Scans a segment whose index is missing or stale, and leaves one if the segment is whole.
    fn index_again(
        &mut self,
        listed: &Listed,
        behind: Offset,
        describes: Option<Describes>,
    ) -> Result<Index, Failure> {
        let (mut index, gaps) = self.scan(listed, behind)?;
        self.report_all(&listed.path, &gaps);
        if let Ok(header) = &listed.header {
            match header.carry(&*listed.file)? {
                Some(carried) => index.chains.extend(carried),
                None => self.report_nothing_lost(listed, "the carried hashes are damaged".to_owned()),
            }
        }
        if let Some(describes) = describes.filter(|_| gaps.is_empty())
            && let Err(error) = index.save(&*self.files, &listed.index_path(), describes)
        {
            tracing::warn!(partition = %self.partition, %error, "the index of a segment is not written");
        }
        Ok(index)
    }

    /// The segment that was being written. Answers it if it can be written on.
    fn take_last(&mut self, listed: Listed) -> Result<Option<Active>, Failure> {
        let header = match &listed.header {
            Ok(header) if header.compacted.is_none() => *header,
            _ => {
                let behind = listed.covered().unwrap_or_default();
                self.take_sealed(listed, behind)?;
                return Ok(None);
            }
        };
        self.check_place(&listed)?;
        let proven = self.watermark.proves(listed.base);
        let tail = match tail::find(self.walk_from(&listed, listed.size, Offset::ZERO), proven)? {
            Ok(tail) => tail,
            Err(reason) => return Err(Failure::Version(listed.path, reason)),
        };
        let keep = if self.options.planted.is(Planted::TailCutTooFar) { tail.last_frame } else { tail.keep };
        if keep < listed.size {
            self.findings.push(Finding::TornTail {
                partition: self.partition,
                file: listed.path.display().to_string(),
                position: keep,
                bytes: listed.size - keep,
            });
        }
        let file = self.make_durable(&listed, keep)?;
        let listed = Listed { size: keep, file: Arc::clone(&file), ..listed };
        let behind = if proven > 0 { self.watermark.next } else { Offset::ZERO };
        let (index, gaps) = self.scan(&listed, behind)?;
        let whole = gaps.is_empty();
        self.report_all(&listed.path, &gaps);
        let active = Active { file, header, length: keep, index: index.clone() };
        self.keep(listed, index, behind);
        Ok(whole.then_some(active))
    }

    /// Writes the bytes again that no sync is known to have covered: after a sync that failed, the kernel may show
    /// pages that it will never write.
    fn make_durable(&self, listed: &Listed, keep: u64) -> io::Result<Arc<dyn File>> {
        let file: Arc<dyn File> = self.files.open(&listed.path, Access::Write)?.into();
        if keep < listed.size {
            file.set_size(keep)?;
        }
        if !self.options.planted.is(Planted::TailNotWrittenAgain) {
            tail::write_again(&*file, self.watermark.proves(listed.base), keep)?;
        }
        file.sync()?;
        Ok(file)
    }

    fn scan(&self, listed: &Listed, until: Offset) -> Result<(Index, Vec<Gap>), Failure> {
        let mut index = Index::new(listed.base);
        let mut gaps = Vec::new();
        let mut walk = Walk::new(self.walk_from(listed, listed.frames_end(), until));
        loop {
            match walk.next()? {
                Step::Event(frame) => {
                    index.note_frame(&frame, self.options.index_every_bytes, self.options.planted);
                }
                Step::Gap(gap) => match gap.fault.other_version() {
                    Some(reason) => return Err(Failure::Version(listed.path.clone(), reason)),
                    None => gaps.push(gap),
                },
                Step::End => break,
            }
        }
        index.next = index.next.max(listed.covered().unwrap_or_default());
        Ok((index, gaps))
    }

    fn walk_from(&self, listed: &Listed, end: u64, until: Offset) -> WalkFrom {
        WalkFrom {
            partition: self.partition,
            file: Arc::clone(&listed.file),
            position: FRAMES_AT,
            end,
            expected: listed.base,
            until,
            covered: listed.covered(),
            planted: self.options.planted,
        }
    }

    /// The segment must begin where the one before it ended, and with a header.
    fn check_place(&mut self, listed: &Listed) -> Result<(), Failure> {
        if listed.base > self.next {
            let fault = FrameFault::SegmentMissing;
            let gap = Gap { position: 0, first: self.next, last: listed.base.before(), fault };
            self.report(&listed.path, &gap);
        }
        match &listed.header {
            Ok(_) => Ok(()),
            Err(fault @ HeaderFault::Layout(_)) => {
                Err(Failure::Version(listed.path.clone(), fault.to_string()))
            }
            Err(fault) => {
                self.report_nothing_lost(listed, fault.to_string());
                Ok(())
            }
        }
    }

    fn report_all(&mut self, path: &Path, gaps: &[Gap]) {
        gaps.iter().for_each(|gap| self.report(path, gap));
    }

    fn report(&mut self, path: &Path, gap: &Gap) {
        self.findings.push(Finding::Damaged(gap.damage(self.partition, path)));
    }

    fn report_nothing_lost(&mut self, listed: &Listed, reason: String) {
        let file = listed.path.display().to_string();
        let (first, last) = (listed.base, listed.base.before());
        let damage = Damage { partition: self.partition, file, position: 0, first, last, reason };
        self.findings.push(Finding::Damaged(damage));
    }

    fn keep(&mut self, listed: Listed, index: Index, behind: Offset) {
        self.next = self.next.max(index.next).max(behind);
        self.chains.extend(index.chains);
        self.last_of.extend(index.last_of);
        self.segments.push(Segment {
            base: listed.base,
            covered: listed.covered(),
            frames_end: listed.frames_end(),
            path: listed.path,
            file: listed.file,
            entries: index.entries,
        });
    }

    fn assemble(self, active: Option<Active>, watermark: Box<dyn File>) -> Result<Recovered, Failure> {
        let state = State {
            segments: self.segments,
            next: self.next,
            last_of: self.last_of,
            stopped: None,
            disk_full: false,
        };
        let partition = Arc::new(Partition::new(self.partition, self.dir, self.files, self.options, state));
        let active = match active {
            Some(active) => active,
            None => {
                let active = Active::create(&partition, self.next).map_err(|(_, error)| error)?;
                partition.state().segments.push(active.as_segment(&partition));
                active
            }
        };
        let committer = Committer::new(Arc::clone(&partition), active, self.chains, watermark);
        // All that was kept is on stable storage now, also an empty segment.
        committer.mark();
        Ok(Recovered { partition, committer, findings: self.findings })
    }
}

fn describes(header: &SegmentHeader, size: u64) -> Describes {
    Describes { header: header.fingerprint(), size }
}
