//! CSV: the rows of a file, and which of their fields are what.
//!
//! Invariant: a row is held once, and every line of the file is in a row, in a broken one, or blank. A quote that is never
//! closed costs its own line and not the rest of the file. It does not write entries: `entries` does.

use antler_config::limits::UploadLimits;
use antler_events::line::Role;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::error::UploadError;
use super::window::{LineEnd, Window};

/// Room for the fields of a usual row.
const ROW_BYTES: usize = 4 << 10;

/// Cuts rows out of a window.
#[derive(Debug)]
pub(super) struct Rows {
    reader: Reader,
    /// Fields of the row one after the other, and where each ends.
    fields: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
    bytes_max: usize,
    columns_max: usize,
    /// Up to this byte of the file no row is looked for behind the end of its line: one was, in vain.
    lines_until: u64,
}

/// What begins with the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A row of so many bytes, its line end included.
    Whole(usize),
    /// A line that is no row, because a quote in it is not closed or it has too many fields.
    Broken(usize),
    TooLong,
    Nothing,
}

/// How reading a row has ended.
enum Read {
    Row(usize),
    /// The bytes that may be looked at have ended within it.
    Open(usize),
    TooMany,
    Nothing,
}

impl Rows {
    pub(super) fn new(delimiter: u8, limits: &UploadLimits, bytes_max: usize) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            fields: vec![0; ROW_BYTES],
            ends: vec![0; 64],
            count: 0,
            bytes_max,
            columns_max: usize::from(limits.columns_max),
            lines_until: 0,
        }
    }

    /// The fields of the row that was read last.
    pub(super) fn fields(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.count).map(|at| {
            let start = if at == 0 { 0 } else { self.ends[at - 1] };
            &self.fields[start..self.ends[at]]
        })
    }

    /// Goes to the next row and says where it ends; a row over several lines is believed only if it has the columns.
    pub(super) fn next_row(
        &mut self,
        window: &mut Window<'_>,
        columns: Option<usize>,
    ) -> Result<Row, UploadError> {
        pass_line_ends(window)?;
        let begin = window.position().byte;
        if begin >= self.lines_until {
            match self.read(window, None)? {
                Read::Nothing => return Ok(Row::Nothing),
                Read::Row(length) => {
                    let is_one_line =
                        memchr::memchr(b'\n', window.rest()[..length].trim_ascii_end()).is_none();
                    if is_one_line || columns.is_none_or(|columns| columns == self.count) {
                        return Ok(if length > self.bytes_max + 2 {
                            Row::TooLong
                        } else {
                            Row::Whole(length)
                        });
                    }
                    self.lines_until = begin + length as u64;
                }
                Read::Open(length) => self.lines_until = begin + length as u64,
                Read::TooMany => {}
            }
            self.reader.reset();
        }
        let LineEnd::At { next, .. } = window.line_end(0, self.bytes_max)? else { return Ok(Row::TooLong) };
        let read = self.read(window, Some(next))?;
        self.reader.reset();
        Ok(if matches!(read, Read::Row(_)) { Row::Whole(next) } else { Row::Broken(next) })
    }

    /// Reads a row, within so many bytes if that is said.
    fn read(&mut self, window: &mut Window<'_>, within: Option<usize>) -> Result<Read, UploadError> {
        let (mut used, mut written) = (0, 0);
        self.count = 0;
        loop {
            if used == window.rest().len() && within.is_none() {
                window.more()?;
            }
            let end = within.unwrap_or(window.rest().len());
            let input = &window.rest()[used..end];
            // A line that ends with the file, and not with a line end, ends its row too.
            if input.is_empty() && within.is_some() && window.rest()[..end].ends_with(b"\n") {
                return Ok(Read::Open(used));
            }
            let is_at_end = input.is_empty();
            let out = &mut self.fields[written..];
            let (result, read, wrote, ended) =
                self.reader.read_record(input, out, &mut self.ends[self.count..]);
            (used, written, self.count) = (used + read, written + wrote, self.count + ended);
            match result {
                ReadRecordResult::InputEmpty if used > self.bytes_max => return Ok(Read::Open(used)),
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.fields.resize(self.fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull if self.count > self.columns_max => {
                    return Ok(Read::TooMany);
                }
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record if self.count > self.columns_max => return Ok(Read::TooMany),
                ReadRecordResult::Record if is_at_end && has_open_quote(&window.rest()[..used]) => {
                    return Ok(Read::Open(used));
                }
                ReadRecordResult::Record => return Ok(Read::Row(used)),
                ReadRecordResult::End => return Ok(Read::Nothing),
            }
        }
    }
}

/// The end of a file ends a quote too, but not as it was meant.
fn has_open_quote(row: &[u8]) -> bool {
    memchr::memchr_iter(b'"', row).count() % 2 == 1
}

fn pass_line_ends(window: &mut Window<'_>) -> Result<(), UploadError> {
    loop {
        let count = window.rest().iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        window.pass(count);
        if !window.rest().is_empty() || !window.more()? {
            return Ok(());
        }
    }
}

/// The columns of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Columns {
    pub names: Vec<String>,
    /// Where the time is; the second if day and time stand apart.
    pub time: Option<(usize, Option<usize>)>,
    pub has_message: bool,
}

impl Columns {
    /// Of a header: a name that the ingest knows is known in any case of its letters.
    pub(super) fn of_header<'a>(header: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut names: Vec<String> = Vec::new();
        for (at, field) in header.enumerate() {
            let text = String::from_utf8_lossy(field).trim().to_owned();
            let mut known = Role::ALL.iter().flat_map(|role| role.synonyms());
            let name = match known.find(|synonym| synonym.eq_ignore_ascii_case(&text)) {
                Some(known) => (*known).to_owned(),
                None if text.is_empty() => format!("column_{}", at + 1),
                None => text,
            };
            let is_taken = names.contains(&name);
            names.push(if is_taken { format!("{name}_{}", at + 1) } else { name });
        }
        Self::new(names)
    }

    pub(super) fn new(names: Vec<String>) -> Self {
        let place = |name: &str| names.iter().position(|known| known == name);
        let first = |role: Role| role.synonyms().iter().find_map(|synonym| place(synonym));
        let time = match (place("date"), place("time")) {
            (Some(date), Some(time)) => Some((date, Some(time))),
            _ => first(Role::Time).map(|time| (time, None)),
        };
        let has_message = first(Role::Message).is_some();
        Self { names, time, has_message }
    }
}
