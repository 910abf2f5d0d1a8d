//! Detection: what a file is, by a sample of its beginning and the ending of its name.
//!
//! Invariant: the same sample, name and options give the same finding, and what the sender said is not doubted. It reads
//! no further than the sample: a file that changes its form later is read as what it began with.

use antler_config::limits::UploadLimits;
use antler_events::line::Level;
use serde::de::IgnoredAny;

use super::charset::{Charset, Text};
use super::csv::{Columns, Row, Rows};
use super::error::UploadError;
use super::joining::Joiner;
use super::json::list_within;
use super::options::{Format, ReadOptions};
use super::pattern::Patterns;
use super::window::{LineEnd, Window};

/// What may part the fields of a row, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows and entries of the sample that are looked at.
const ROWS_MAX: usize = 200;
/// Longest name of a column in a header that nobody announced.
const COLUMN_CHARS_MAX: usize = 64;

/// The beginning of a file.
#[derive(Debug)]
pub(super) struct Sample<'a> {
    pub text: &'a str,
    /// Of the file, in lower case.
    pub name: String,
    pub limits: &'a UploadLimits,
}

/// What a file was found to be.
#[derive(Debug)]
pub(super) struct Detected {
    pub format: Format,
    pub delimiter: Option<u8>,
    pub columns: Option<Columns>,
    pub has_header: bool,
    pub pattern: Option<&'static str>,
    pub warnings: Vec<String>,
}

impl Sample<'_> {
    /// Finds out what was not said, and puts the patterns in the order of the file.
    pub(super) fn detect(
        &self,
        options: &ReadOptions,
        patterns: &mut Patterns,
    ) -> Result<Detected, UploadError> {
        let mut detected = Detected {
            format: Format::Txt,
            delimiter: None,
            columns: None,
            has_header: false,
            pattern: None,
            warnings: Vec::new(),
        };
        match options.format.or_else(|| self.json()) {
            Some(format @ (Format::Json | Format::Ndjson | Format::Txt)) => detected.format = format,
            Some(Format::Csv) => self.csv(options, patterns, &mut detected)?,
            Some(Format::Log) => {
                self.log(options, patterns, &mut detected)?;
            }
            None => {
                let is_named_csv = self.name.ends_with(".csv") || self.name.ends_with(".tsv");
                if is_named_csv || (!self.log(options, patterns, &mut detected)? && self.is_table(options)?) {
                    self.csv(options, patterns, &mut detected)?;
                }
            }
        }
        Ok(detected)
    }

    /// Whether it is JSON, and of which kind.
    fn json(&self) -> Option<Format> {
        let text = self.text.trim_start();
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let is_object =
            |line: &str| line.starts_with('{') && serde_json::from_str::<IgnoredAny>(line).is_ok();
        if text.starts_with('{') {
            if list_within(text.as_bytes()).is_some() {
                return Some(Format::Json);
            }
            let is_by_lines = lines.next().is_some_and(is_object) || lines.next().is_some_and(is_object);
            return Some(if is_by_lines { Format::Ndjson } else { Format::Json });
        }
        let first = text.strip_prefix('[')?.trim_start();
        // Otherwise a bracket begins a time or a level.
        (first.starts_with('{') || first.starts_with(']')).then_some(Format::Json)
    }

    /// Takes it for a log if a pattern fits most of it, or if it is said to be one.
    fn log(
        &self,
        options: &ReadOptions,
        patterns: &mut Patterns,
        detected: &mut Detected,
    ) -> Result<bool, UploadError> {
        let joiner = Joiner::new(&options.joining, Format::Log, self.limits, self.text.len());
        let mut window = self.window();
        let mut entries = Vec::new();
        while entries.len() < ROWS_MAX {
            let LineEnd::At { text, next } = joiner.entry_end(&mut window, patterns)? else { break };
            let entry = String::from_utf8_lossy(&window.rest()[..text]).into_owned();
            if !entry.trim().is_empty() {
                entries.push(entry);
            }
            window.pass(next);
        }
        let (fitting, pattern) = patterns.prefer_those_of(entries.iter().map(String::as_str));
        let is_log = fitting > 0 && fitting * 2 >= entries.len();
        if options.format == Some(Format::Log) || is_log {
            detected.format = Format::Log;
            detected.pattern = pattern;
            if fitting < entries.len() {
                let (rest, all) = (entries.len() - fitting, entries.len());
                detected.warnings.push(format!("{rest} of the first {all} entries fit no known pattern"));
            }
        }
        Ok(detected.format == Format::Log)
    }

    /// Whether the rows look like a table with a header.
    fn is_table(&self, options: &ReadOptions) -> Result<bool, UploadError> {
        let Some(delimiter) = self.delimiter(options)? else { return Ok(false) };
        let rows = self.rows(delimiter)?;
        // A text may well have a comma in each line.
        let is_named_text = self.name.ends_with(".log") || self.name.ends_with(".txt");
        Ok(rows.len() > 1 && rows[0].len() >= if is_named_text { 3 } else { 2 } && is_header(&rows[0]))
    }

    fn csv(
        &self,
        options: &ReadOptions,
        patterns: &Patterns,
        detected: &mut Detected,
    ) -> Result<(), UploadError> {
        let by_name = if self.name.ends_with(".tsv") { b'\t' } else { b',' };
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter,
            None => self.delimiter(options)?.unwrap_or(by_name),
        };
        let rows = self.rows(delimiter)?;
        let first = rows.first().cloned().unwrap_or_default();
        detected.has_header = options.has_header.unwrap_or_else(|| is_header(&first));
        let columns = if detected.has_header {
            Columns::of_header(first.iter().map(Vec::as_slice))
        } else {
            named_by_values(&rows, first.len(), patterns)
        };
        if columns.names.len() == 1 {
            detected
                .warnings
                .push("the rows have one column; name the delimiter if that is wrong".to_owned());
        }
        (detected.format, detected.delimiter) = (Format::Csv, Some(delimiter));
        detected.columns = Some(columns);
        Ok(())
    }

    /// The delimiter by which most rows have the same columns, at least two.
    fn delimiter(&self, options: &ReadOptions) -> Result<Option<u8>, UploadError> {
        if options.delimiter.is_some() {
            return Ok(options.delimiter);
        }
        let mut best = (0, 0, None);
        for delimiter in DELIMITERS {
            let rows = self.rows(delimiter)?;
            let columns = rows.first().map_or(0, Vec::len);
            let alike = rows.iter().filter(|row| row.len() == columns).count();
            // Nine of ten rows; the last one of a sample may be cut.
            if columns >= 2 && alike * 10 + 10 >= rows.len() * 9 && (alike, columns) > (best.0, best.1) {
                best = (alike, columns, Some(delimiter));
            }
        }
        Ok(best.2)
    }

    fn rows(&self, delimiter: u8) -> Result<Vec<Vec<Vec<u8>>>, UploadError> {
        let mut window = self.window();
        let mut rows = Rows::new(delimiter, self.limits, self.text.len());
        let mut found: Vec<Vec<Vec<u8>>> = Vec::new();
        while found.len() < ROWS_MAX {
            match rows.next_row(&mut window, found.first().map(Vec::len))? {
                Row::Whole(length) => {
                    found.push(rows.fields().map(<[u8]>::to_vec).collect());
                    window.pass(length);
                }
                Row::Broken(length) => window.pass(length),
                Row::TooLong | Row::Nothing => break,
            }
        }
        Ok(found)
    }

    fn window(&self) -> Window<'_> {
        let charset = Charset::of_sample(b"", None).expect("an empty sample is UTF-8");
        Window::new(Text::new(Vec::new(), Box::new(self.text.as_bytes()), charset))
    }
}

/// Whether a row holds names: each different, none empty, a number, a time or a level in capitals.
fn is_header(row: &[Vec<u8>]) -> bool {
    let is_name = |field: &Vec<u8>| {
        let text = String::from_utf8_lossy(field);
        let text = text.trim();
        let begins = text.starts_with(|char: char| char.is_alphabetic() || matches!(char, '@' | '_' | '#'));
        let is_level = text.chars().all(char::is_uppercase) && Level::parse(text.as_bytes()).is_some();
        begins && text.chars().count() <= COLUMN_CHARS_MAX && !is_level
    };
    let is_new = |(at, field): (usize, &Vec<u8>)| !row[..at].contains(field);
    !row.is_empty() && row.iter().all(is_name) && row.iter().enumerate().all(is_new)
}

/// Names of columns without a header: what is a time or a level in every row, and the longest of the others.
fn named_by_values(rows: &[Vec<Vec<u8>>], columns: usize, patterns: &Patterns) -> Columns {
    let text = |field: &Vec<u8>| String::from_utf8_lossy(field).trim().to_owned();
    let all = |at: usize, fits: &dyn Fn(&str) -> bool| {
        let mut values =
            rows.iter().filter_map(|row| row.get(at)).map(text).filter(|text| !text.is_empty()).peekable();
        values.peek().is_some() && values.all(|text| fits(&text))
    };
    let bytes = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(Vec::len).sum::<usize>();
    let is_time = |text: &str| patterns.times().whole(text).is_some();
    let is_level = |text: &str| text.len() >= 3 && Level::parse(text.as_bytes()).is_some();
    let time = (0..columns).find(|at| all(*at, &is_time));
    let level = (0..columns).find(|at| all(*at, &is_level));
    let others = (0..columns).filter(|at| Some(*at) != time && Some(*at) != level);
    let message =
        others.filter(|at| !all(*at, &|text| text.parse::<f64>().is_ok())).max_by_key(|at| bytes(*at));
    let name = |at: usize| match Some(at) {
        at if at == time => "timestamp".to_owned(),
        at if at == level => "level".to_owned(),
        at if at == message => "message".to_owned(),
        _ => format!("column_{}", at + 1),
    };
    Columns::new((0..columns).map(name).collect())
}
