//! The entries of a file, one after the other, whatever its form.
//!
//! Invariant: every byte of the text is in an item, or stands between two: a blank, a line end, a header, the frame of a
//! list. The same bytes, options and arrival give the same items, so that whoever has taken N of them goes on with the
//! next. It holds one entry at a time, and stores nothing.

use std::io::Read as _;

use antler_config::limits::UploadLimits;
use antler_events::clock::Timestamp;
use antler_events::line::Role;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::charset::{Charset, Text};
use super::csv::{Columns, Row, Rows};
use super::detect::{Detected, Sample};
use super::entry::{Content, EntryWriter, Item, Problem, text_of};
use super::error::UploadError;
use super::joining::Joiner;
use super::json::{Element, Elements, pass_long_value};
use super::options::{Format, ReadOptions};
use super::pattern::Patterns;
use super::time::Times;
use super::unpack::Part;
use super::window::{LineEnd, Position, Window};

/// What a file was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub format: Format,
    pub charset: String,
    pub delimiter: Option<char>,
    pub has_header: Option<bool>,
    pub columns: Vec<String>,
    /// The pattern that most entries of the sample fit.
    pub pattern: Option<&'static str>,
    pub warnings: Vec<String>,
}

/// What entries are cut by.
enum Cutter {
    Lines(Joiner),
    Objects(Joiner),
    Elements(Elements),
    Rows(Box<Rows>, Columns),
}

/// The entries of a file that have not been read.
pub struct Entries<'a> {
    window: Window<'a>,
    cutter: Cutter,
    patterns: Patterns,
    found: Found,
    writer: EntryWriter,
    line_bytes_max: usize,
    number: u64,
    /// What the item before was made of, which is passed when the next is asked for.
    to_pass: usize,
    rejected: Vec<u8>,
    /// Where an item has begun that is passed already.
    begun: Option<Position>,
}

/// What became of a piece of the file.
enum Made {
    Entry(Option<Problem>),
    Rejected(Problem),
    /// It holds nothing.
    Blank,
}

impl std::fmt::Debug for Entries<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Entries")
            .field("found", &self.found)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl<'a> Entries<'a> {
    /// Finds out what a file is. An entry has at most `line_bytes_max` bytes; times without a year are near `arrival`.
    pub fn open(
        mut part: Part<'a>,
        options: &ReadOptions,
        limits: &UploadLimits,
        line_bytes_max: u32,
        arrival: Timestamp,
    ) -> Result<Self, UploadError> {
        let sample_bytes = limits.sample_bytes.as_usize();
        let mut sample = Vec::new();
        part.reader.by_ref().take(sample_bytes as u64).read_to_end(&mut sample)?;
        let is_whole = sample.len() < sample_bytes;
        let charset = Charset::of_sample(&sample, options.charset)?;
        let decoded = charset.decode_sample(&sample, is_whole);
        // The last line of a sample may be cut.
        let whole_lines = if is_whole { None } else { decoded.rfind('\n') };
        let text = &decoded[..whole_lines.map_or(decoded.len(), |end| end + 1)];
        if is_whole && text.trim().is_empty() {
            return Err(UploadError::Empty);
        }
        let times = Times::new(options.timestamp_format.clone(), options.offset_seconds, arrival);
        let mut patterns = Patterns::new(times, options.preset, &part.name);
        let detected =
            Sample { text, name: part.name.to_ascii_lowercase(), limits }.detect(options, &mut patterns)?;
        let line_bytes_max = line_bytes_max as usize;
        let cutter = Cutter::new(&detected, options, limits, line_bytes_max);
        let mut entries = Self {
            window: Window::new(Text::new(sample, part.reader, charset)),
            cutter,
            patterns,
            found: found(detected, charset, options),
            writer: EntryWriter::default(),
            line_bytes_max,
            number: 0,
            to_pass: 0,
            rejected: Vec::new(),
            begun: None,
        };
        entries.pass_header()?;
        Ok(entries)
    }

    pub fn found(&self) -> &Found {
        &self.found
    }

    /// The next item; none at the end of the file. After an error there is none either.
    pub fn next_item(&mut self) -> Result<Option<Item<'_>>, UploadError> {
        loop {
            self.window.pass(std::mem::take(&mut self.to_pass));
            let Some(made) = self.cut()? else { return Ok(None) };
            let (is_entry, problem) = match made {
                Made::Blank => continue,
                Made::Entry(problem) => (true, problem),
                Made::Rejected(problem) => (false, Some(problem)),
            };
            self.number += 1;
            let content = if is_entry {
                Content::Entry(self.writer.bytes())
            } else {
                Content::Rejected(&self.rejected)
            };
            let position = self.begun.take().unwrap_or(self.window.position());
            return Ok(Some(Item { number: self.number, position, content, problem }));
        }
    }

    /// Bytes of the file and of what is made of it that are held.
    pub fn held_bytes(&self) -> usize {
        self.window.held_bytes() + self.writer.bytes().len() + self.rejected.len()
    }

    /// Goes to the next piece and makes something of it.
    fn cut(&mut self) -> Result<Option<Made>, UploadError> {
        match &mut self.cutter {
            Cutter::Lines(joiner) | Cutter::Objects(joiner) => {
                let end = joiner.entry_end(&mut self.window, &self.patterns)?;
                match end {
                    LineEnd::Nothing => Ok(None),
                    LineEnd::TooLong => self.too_long(false).map(Some),
                    LineEnd::At { text, next } => {
                        self.to_pass = next;
                        let is_object = matches!(self.cutter, Cutter::Objects(_));
                        let made = if is_object { self.value(text, true) } else { self.text(text) };
                        Ok(Some(made))
                    }
                }
            }
            Cutter::Elements(elements) => match elements.next_element(&mut self.window)? {
                Element::Nothing => Ok(None),
                Element::Value(length) | Element::Broken(length) => {
                    self.to_pass = length;
                    Ok(Some(self.value(length, false)))
                }
                Element::TooLong => self.too_long(true).map(Some),
                Element::Unclosed => {
                    self.rejected.clear();
                    let what = "the list is not closed; the file may have been cut".to_owned();
                    Ok(Some(Made::Rejected(self.problem("json_ends_early", what))))
                }
            },
            Cutter::Rows(rows, columns) => {
                match rows.next_row(&mut self.window, Some(columns.names.len()))? {
                    Row::Nothing => Ok(None),
                    Row::TooLong => self.too_long(false).map(Some),
                    Row::Whole(length) => {
                        self.to_pass = length;
                        Ok(Some(self.row(length)))
                    }
                    Row::Broken(length) => {
                        self.to_pass = length;
                        let what = "a quote in the row is not closed, or it has too many fields".to_owned();
                        Ok(Some(self.unread(length, "invalid_row", what, "row_number")))
                    }
                }
            }
        }
    }

    fn pass_header(&mut self) -> Result<(), UploadError> {
        let Cutter::Rows(rows, columns) = &mut self.cutter else { return Ok(()) };
        if self.found.has_header == Some(true)
            && let Row::Whole(length) | Row::Broken(length) =
                rows.next_row(&mut self.window, Some(columns.names.len()))?
        {
            self.window.pass(length);
        }
        Ok(())
    }

    /// Lines of text: what a pattern says of them, else a message.
    fn text(&mut self, length: usize) -> Made {
        let raw = self.window.rest()[..length].trim_ascii_end();
        if raw.is_empty() {
            return Made::Blank;
        }
        if raw.starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(raw).is_ok() {
            return self.value(length, true);
        }
        let (text, is_broken) = text_of(raw);
        let is_log = self.found.format == Format::Log;
        let found = if is_log { self.patterns.read(&text) } else { None };
        let mut problem = is_broken.then(|| invalid_text(self.window.position().line));
        self.writer.begin();
        match &found {
            Some(found) => {
                if let Some(time) = found.time {
                    self.writer.time(time);
                }
                if let Some(level) = found.level {
                    self.writer.text("level", level);
                }
                // Both would not fit into one entry.
                let is_long = text.len() * 3 > self.line_bytes_max;
                let message = if is_long { &text } else { found.message };
                self.writer.text("message", message);
                for (name, value) in &found.fields {
                    self.writer.scalar(name, value);
                }
                self.writer.text("log_pattern", found.pattern);
                if message.len() < text.len() {
                    self.writer.text("original", &text);
                }
            }
            None => {
                self.writer.text("message", &text);
                if is_log && problem.is_none() {
                    let message = "no known pattern fits the line".to_owned();
                    problem = Some(self.problem("no_pattern", message));
                }
            }
        }
        self.end("line_number", problem)
    }

    /// What should be an object.
    fn value(&mut self, length: usize, is_line: bool) -> Made {
        let raw = self.window.rest()[..length].trim_ascii();
        if raw.is_empty() {
            return Made::Blank;
        }
        let whole = serde_json::from_slice::<IgnoredAny>(raw);
        let problem = match whole {
            Ok(_) if raw.starts_with(b"{") => {
                self.writer.object(raw);
                if !self.patterns.times().are_usual() {
                    self.add_time(length);
                }
                return self.fitting(None);
            }
            Ok(_) => "it is JSON, but no object".to_owned(),
            Err(error) => error.to_string(),
        };
        if is_line && !raw.starts_with(b"{") && !raw.starts_with(b"[") {
            return self.unread(
                length,
                "invalid_json",
                "the line is no JSON object".to_owned(),
                "line_number",
            );
        }
        self.unread(
            length,
            "invalid_json",
            format!("what begins here cannot be read as JSON: {problem}"),
            "line_number",
        )
    }

    /// Reads the time of an object as the sender said that times are, and adds it.
    fn add_time(&mut self, length: usize) {
        let raw = self.window.rest()[..length].trim_ascii();
        let Ok(Value::Object(object)) = serde_json::from_slice::<Value>(raw) else { return };
        let said = Role::Time.synonyms().iter().find_map(|name| object.get(*name)?.as_str());
        if let Some(time) = said.and_then(|said| self.patterns.times().whole(said)) {
            self.writer.reopen();
            self.writer.time(time);
            self.writer.end();
        }
    }

    fn row(&mut self, length: usize) -> Made {
        let Cutter::Rows(rows, columns) = &self.cutter else { return Made::Blank };
        let raw = &self.window.rest()[..length];
        let (expected, found) = (columns.names.len(), rows.fields().len());
        if expected != found {
            let what = format!("row {} has {found} columns, where {expected} are expected", self.number + 1);
            return self.unread(length, "ragged_row", what, "row_number");
        }
        let (raw, is_broken) = text_of(raw.trim_ascii_end());
        let problem = is_broken.then(|| invalid_text(self.window.position().line));
        let texts: Vec<_> = rows.fields().map(|field| text_of(field).0).collect();
        self.writer.begin();
        let time = columns.time.and_then(|(first, second)| {
            let times = self.patterns.times();
            match second {
                Some(second) => {
                    let both = format!("{} {}", texts[first].trim(), texts[second].trim());
                    times.whole(&both).or_else(|| times.whole(&texts[first]))
                }
                None => times.whole(&texts[first]),
            }
        });
        let says_time = columns.names.iter().any(|name| name == "@timestamp");
        if let Some(time) = time.filter(|_| !says_time || !self.patterns.times().are_usual()) {
            self.writer.time(time);
        }
        for (name, value) in columns.names.iter().zip(&texts) {
            // Said already, and better.
            let is_said = name == "@timestamp" && time.is_some() && !self.patterns.times().are_usual();
            if !value.is_empty() && !is_said {
                self.writer.scalar(name, value);
            }
        }
        if !columns.has_message {
            self.writer.text("message", &raw);
        }
        self.end("row_number", problem)
    }

    /// Keeps what cannot be read as a message that says so.
    fn unread(&mut self, length: usize, code: &'static str, message: String, counted: &str) -> Made {
        let (text, _) = text_of(self.window.rest()[..length].trim_ascii_end());
        self.writer.begin();
        self.writer.text("message", &text);
        let problem = self.problem(code, message);
        self.end(counted, Some(problem))
    }

    fn end(&mut self, counted: &str, problem: Option<Problem>) -> Made {
        let number = if counted == "row_number" { self.number + 1 } else { self.window.position().line };
        self.writer.number(counted, number);
        if let Some(problem) = &problem {
            self.writer.text("parse_error", &problem.message);
        }
        self.writer.end();
        self.fitting(problem)
    }

    /// An entry has to fit as JSON too.
    fn fitting(&mut self, problem: Option<Problem>) -> Made {
        let (length, max) = (self.writer.bytes().len(), self.line_bytes_max);
        if length <= max {
            return Made::Entry(problem);
        }
        self.rejected.clear();
        self.rejected.extend_from_slice(&self.window.rest()[..self.to_pass.min(max)]);
        let line = self.window.position().line;
        let message = format!("line {line} has {length} bytes as an entry; at most {max} are taken");
        Made::Rejected(self.problem("line_too_long", message))
    }

    /// Keeps the beginning of what is too long, a value or a line, and goes to its end.
    fn too_long(&mut self, is_value: bool) -> Result<Made, UploadError> {
        let begun = self.window.position();
        let (line, max) = (begun.line, self.line_bytes_max);
        self.begun = Some(begun);
        self.rejected.clear();
        self.rejected.extend_from_slice(&self.window.rest()[..self.window.rest().len().min(max)]);
        let length = if is_value { pass_long_value(&mut self.window)? } else { self.window.pass_line()? };
        let message = format!("line {line} has {length} bytes; at most {max} are taken");
        Ok(Made::Rejected(Problem { line, code: "line_too_long", message }))
    }

    fn problem(&self, code: &'static str, message: String) -> Problem {
        Problem { line: self.window.position().line, code, message }
    }
}

impl Cutter {
    fn new(detected: &Detected, options: &ReadOptions, limits: &UploadLimits, bytes_max: usize) -> Self {
        let joiner = |format| Joiner::new(&options.joining, format, limits, bytes_max);
        match (detected.format, detected.delimiter, &detected.columns) {
            (Format::Csv, Some(delimiter), Some(columns)) => {
                Self::Rows(Box::new(Rows::new(delimiter, limits, bytes_max)), columns.clone())
            }
            (Format::Json, ..) => Self::Elements(Elements::new(bytes_max)),
            (Format::Ndjson, ..) => {
                Self::Objects(Joiner::new(&super::options::Joining::Never, Format::Ndjson, limits, bytes_max))
            }
            (format, ..) => Self::Lines(joiner(format)),
        }
    }
}

fn found(detected: Detected, charset: Charset, options: &ReadOptions) -> Found {
    let mut warnings = detected.warnings;
    if options.charset.is_none() && !charset.is_utf8() {
        warnings.push(format!("the charset was guessed to be {}; name it if that is wrong", charset.name()));
    }
    let is_table = detected.columns.is_some();
    Found {
        format: detected.format,
        charset: charset.name(),
        delimiter: detected.delimiter.map(char::from),
        has_header: is_table.then_some(detected.has_header),
        columns: detected.columns.map(|columns| columns.names).unwrap_or_default(),
        pattern: detected.pattern,
        warnings,
    }
}

fn invalid_text(line: u64) -> Problem {
    let message = "some bytes are no characters of the charset; they are shown as \u{fffd}".to_owned();
    Problem { line, code: "invalid_text", message }
}
