//! Reads stored files for the jobs of uploads: items become lines in batches, and dead letters.
//!
//! Invariant: each item of a file is one line or one dead letter, in the order of the file, and a line names its file. A
//! file of an archive that cannot be read is a dead letter, and the others are read. It waits for nothing but the file.

use std::sync::Arc;

use antler_actors::ingest_shard::Arrived;
use antler_actors::uploads::reader::{ReadBatch, ReadFailure, ReadRequest, UploadReader};
use antler_config::limits::UploadLimits;
use antler_events::clock::Clock;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::event::note::LinesRejected;
use antler_events::event::upload::UploadProblem;
use antler_events::line::{KnownNames, LineBatch, LineBatchBuilder, LineError, LineNumbers};

use super::entries::Entries;
use super::entry::{Content, EntryWriter, Item, Problem};
use super::error::UploadError;
use super::options::ReadOptions;
use super::store::UploadStore;
use super::unpack::{Part, Parts};
use crate::allocator::Frugality;

/// A batch is closed when it has so many bytes of lines, or of what was rejected.
const BATCH_BYTES: usize = 512 << 10;

/// Reads stored files.
#[derive(Debug)]
pub struct FileReader {
    pub store: Arc<UploadStore>,
    pub names: Arc<KnownNames>,
    pub clock: Arc<dyn Clock>,
    pub limits: UploadLimits,
    pub frugality: Frugality,
}

/// Why the reading of a part ended before the part did.
enum Stop {
    /// Nobody wants further batches.
    Unwanted,
    Failed(UploadError),
}

/// Items on their way into a batch.
struct Batching<'a> {
    reader: &'a FileReader,
    request: &'a ReadRequest,
    give: &'a mut dyn FnMut(ReadBatch) -> bool,
    arrival: Arc<Arrival>,
    /// Items of the file so far, and entries among them.
    items: u64,
    entries: u64,
    builder: LineBatchBuilder,
    /// Where the lines of the builder stand in the file.
    numbers: LineNumbers,
    letters: LinesRejected,
    problems: Vec<UploadProblem>,
    /// What the lines of a part begin with.
    prefix: Vec<u8>,
    line: Vec<u8>,
}

impl UploadReader for FileReader {
    fn read(
        &self,
        request: &ReadRequest,
        give: &mut dyn FnMut(ReadBatch) -> bool,
    ) -> Result<(), ReadFailure> {
        let _frugal = self.frugality.begin();
        match self.read_parts(request, give) {
            Ok(()) | Err(Stop::Unwanted) => Ok(()),
            Err(Stop::Failed(error)) => {
                let passes = matches!(error, UploadError::Read { .. });
                Err(ReadFailure { code: error.code(), message: error.to_string(), passes })
            }
        }
    }
}

impl FileReader {
    fn read_parts(&self, request: &ReadRequest, give: &mut dyn FnMut(ReadBatch) -> bool) -> Result<(), Stop> {
        let file = self.store.read(request.tenant, request.upload, Arc::clone(&request.bytes_read));
        let file = file.map_err(UploadError::from)?;
        let options = ReadOptions::of(&request.received.options)?;
        let mut parts = Parts::open(file, &request.received.file_name, &self.limits)?;
        let is_archive = parts.is_archive();
        let mut batching = Batching::new(self, request, give);
        let mut first_error = None;
        loop {
            let read = match parts.next_part() {
                Ok(None) => break,
                Ok(Some(part)) => self.read_part(part, &options, is_archive, &mut batching),
                Err(error) => Err(error.into()),
            };
            match read {
                Err(Stop::Failed(error)) if is_archive => {
                    batching.broken(&error)?;
                    first_error.get_or_insert(error);
                }
                read => read?,
            }
        }
        batching.flush()?;
        match first_error {
            Some(error) if batching.entries == 0 => Err(error.into()),
            _ => Ok(()),
        }
    }

    fn read_part(
        &self,
        part: Part<'_>,
        options: &ReadOptions,
        is_archive: bool,
        batching: &mut Batching<'_>,
    ) -> Result<(), Stop> {
        batching.begin_part(is_archive.then_some(part.name.as_str()));
        let own_bytes = u32::try_from(batching.prefix.len() + 1).unwrap_or(u32::MAX);
        let line_bytes_max = self.names.limits().line_bytes_max.saturating_sub(own_bytes);
        let opened = Entries::open(part, options, &self.limits, line_bytes_max, batching.request.arrival);
        let mut entries = match opened {
            // A file without a line among others is no fault.
            Err(UploadError::Empty) if is_archive => return Ok(()),
            opened => opened?,
        };
        loop {
            match entries.next_item() {
                Ok(Some(item)) => batching.take(item)?,
                Ok(None) => return Ok(()),
                Err(error) => {
                    // What was read before is kept, whatever becomes of the rest.
                    batching.flush()?;
                    return Err(error.into());
                }
            }
        }
    }
}

impl<'a> Batching<'a> {
    fn new(
        reader: &'a FileReader,
        request: &'a ReadRequest,
        give: &'a mut dyn FnMut(ReadBatch) -> bool,
    ) -> Self {
        let received = &request.received;
        let defaults = LineDefaults {
            source: received.source.clone(),
            service: received.service.clone(),
            environment: received.environment.clone(),
            tags: received.labels.tags.clone(),
            ..LineDefaults::default()
        };
        let (protocol, origin) = ("upload".to_owned(), received.file_name.clone());
        let arrival = Arc::new(Arrival { protocol, origin, defaults });
        let letters = LinesRejected::new(reader.clock.now(), &arrival);
        Self {
            reader,
            request,
            give,
            arrival,
            items: 0,
            entries: 0,
            builder: reader.builder(),
            numbers: LineNumbers::default(),
            letters,
            problems: Vec::new(),
            prefix: Vec::new(),
            line: Vec::new(),
        }
    }

    /// `name`: of a file in an archive.
    fn begin_part(&mut self, name: Option<&str>) {
        let mut writer = EntryWriter::default();
        let id = self.request.upload.as_str();
        writer.begin();
        writer.text("upload_id", id);
        writer.text("task_id", id);
        writer.text("file_name", &self.request.received.file_name);
        if let Some(name) = name {
            writer.text("archive_file", name);
        }
        self.prefix = writer.bytes().to_vec();
    }

    fn take(&mut self, item: Item<'_>) -> Result<(), Stop> {
        self.items += 1;
        let Item { position, content, problem, .. } = item;
        if matches!(content, Content::Entry(_)) {
            self.entries += 1;
        }
        if self.items <= self.request.skip {
            return Ok(());
        }
        match (content, problem) {
            (Content::Entry(json), problem) => self.entry(json, position.line, problem),
            (Content::Rejected(raw), Some(problem)) => self.reject(raw, problem),
            (Content::Rejected(raw), None) => {
                let message = "the entry cannot be read".to_owned();
                self.reject(raw, Problem { line: position.line, code: "unreadable", message })
            }
        }
    }

    fn entry(&mut self, json: &[u8], line: u64, problem: Option<Problem>) -> Result<(), Stop> {
        self.line.clear();
        self.line.extend_from_slice(&self.prefix);
        let fields = json.trim_ascii().strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
        if !fields.starts_with(b"}") {
            self.line.push(b',');
        }
        self.line.extend_from_slice(fields);
        if self.builder.bytes() + self.line.len() > BATCH_BYTES {
            self.flush()?;
        }
        let mut pushed = self.builder.push_json(&self.line);
        if matches!(pushed, Err(LineError::BatchFull { .. })) {
            self.flush()?;
            pushed = self.builder.push_json(&self.line);
        }
        match pushed {
            Ok(()) => {
                self.numbers.push(line);
                self.problems.extend(problem.map(noted));
                Ok(())
            }
            Err(error) => self.reject(json, Problem { line, code: error.code(), message: error.to_string() }),
        }
    }

    fn reject(&mut self, raw: &[u8], problem: Problem) -> Result<(), Stop> {
        let Problem { line, code, message } = &problem;
        self.letters.push_raw(*line, code, message, raw, raw.len() as u64);
        self.problems.push(noted(problem));
        if self.letters.is_full(BATCH_BYTES) { self.flush() } else { Ok(()) }
    }

    /// A file of an archive that cannot be read is an item, too.
    fn broken(&mut self, error: &UploadError) -> Result<(), Stop> {
        self.items += 1;
        if self.items <= self.request.skip {
            return Ok(());
        }
        self.reject(b"", Problem { line: 1, code: error.code(), message: error.to_string() })
    }

    fn flush(&mut self) -> Result<(), Stop> {
        let rejected = self.letters.count();
        if self.builder.is_empty() && rejected == 0 {
            return Ok(());
        }
        let builder = std::mem::replace(&mut self.builder, self.reader.builder());
        let next = LinesRejected::new(self.reader.clock.now(), &self.arrival);
        let letters = std::mem::replace(&mut self.letters, next);
        let batches = if builder.is_empty() { vec![] } else { vec![Arc::new(self.reader.finish(builder))] };
        let arrived = Arrived {
            batches,
            arrival: Arc::clone(&self.arrival),
            numbers: std::mem::take(&mut self.numbers),
            rejected: (rejected > 0).then_some(letters),
            ..Arrived::default()
        };
        let batch = ReadBatch { arrived, rejected, problems: std::mem::take(&mut self.problems) };
        if (self.give)(batch) { Ok(()) } else { Err(Stop::Unwanted) }
    }
}

impl FileReader {
    fn builder(&self) -> LineBatchBuilder {
        let mut builder = LineBatchBuilder::knowing(&self.names, self.clock.now());
        builder.reserve(BATCH_BYTES);
        builder
    }

    /// A batch in which what was known came in the way of a name is built again without.
    fn finish(&self, builder: LineBatchBuilder) -> LineBatch {
        let is_crowded = builder.is_crowded();
        let batch = builder.finish_knowing(&self.names);
        if !is_crowded {
            return batch;
        }
        let mut again = LineBatchBuilder::new(self.names.limits().clone(), batch.received_at());
        for line in batch.lines() {
            let pushed = again.push_again(line.raw(), line.is_plain());
            pushed.expect("a line that was taken is taken again");
        }
        again.finish()
    }
}

fn noted(Problem { line, code, message }: Problem) -> UploadProblem {
    UploadProblem { line, code: code.to_owned(), message }
}

impl From<UploadError> for Stop {
    fn from(error: UploadError) -> Self {
        Self::Failed(error)
    }
}
