//! How exports are written: CSV, JSON, a JSON object per line, text for people, and lines as they came.
//!
//! Invariant: a value cannot end its cell, nor become a formula of a program that opens the file: what begins like one has
//! an apostrophe before it. Text for people has no control characters. It does not ask for lines.

use std::borrow::Cow;
use std::fmt::Write as _;

use antler_events::line::Line;
use antler_projections::index::port::{FoundLine, TableAnswer};
use bytes::Bytes;
use serde::{Serialize, Serializer};

use crate::http::search::columns::{ShownCell, USUAL, json_of, text_of};
use crate::http::search::line::{Extras, ShownLine};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Csv,
    Json,
    JsonLines,
    Text,
    Raw,
}

pub(super) const FORMATS: [(&str, Format); 6] = [
    ("csv", Format::Csv),
    ("json", Format::Json),
    ("ndjson", Format::JsonLines),
    ("jsonl", Format::JsonLines),
    ("txt", Format::Text),
    ("raw", Format::Raw),
];

impl Format {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Json => "application/json",
            Self::JsonLines => "application/x-ndjson",
            Self::Text => "text/plain; charset=utf-8",
            Self::Raw => "application/octet-stream",
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
            Self::JsonLines => "ndjson",
            Self::Text => "txt",
            Self::Raw => "log",
        }
    }

    fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::JsonLines)
    }
}

/// Writes lines, piece by piece.
#[derive(Debug)]
pub(super) struct Writer {
    format: Format,
    columns: Vec<String>,
    /// Whether somebody has asked for these columns and no others.
    is_chosen: bool,
    extras: Extras,
    /// Whether something stands in the list of JSON already.
    has_items: bool,
}

impl Writer {
    pub(super) fn new(format: Format, columns: Option<Vec<String>>, extras: Extras) -> Self {
        let is_chosen = columns.is_some();
        let usual = || USUAL.iter().map(|name| (*name).to_owned()).collect();
        Self { format, columns: columns.unwrap_or_else(usual), is_chosen, extras, has_items: false }
    }

    pub(super) fn begin(&self) -> Bytes {
        match self.format {
            Format::Csv => {
                let mut out = String::new();
                csv_row(self.columns.iter().map(|name| Cow::Borrowed(name.as_str())), &mut out);
                out.into()
            }
            Format::Json => Bytes::from_static(b"["),
            Format::JsonLines | Format::Text | Format::Raw => Bytes::new(),
        }
    }

    pub(super) fn lines(&mut self, lines: &[FoundLine]) -> Bytes {
        let mut out = Vec::new();
        for line in lines {
            self.line(line, &mut out);
        }
        out.into()
    }

    /// The end, and what lacks.
    pub(super) fn end(&mut self, lacking: &[String]) -> Bytes {
        let mut out = Vec::new();
        for sentence in lacking {
            self.remark("warning", sentence, &mut out);
        }
        if self.format == Format::Json {
            out.extend_from_slice(b"\n]\n");
        }
        out.into()
    }

    /// The last line of an export that failed. A list of JSON stays open, so that nobody reads it as whole.
    pub(super) fn broken(&mut self, sentence: &str) -> Bytes {
        let mut out = Vec::new();
        self.remark("error", sentence, &mut out);
        out.into()
    }

    fn line(&mut self, found: &FoundLine, out: &mut Vec<u8>) {
        if self.format == Format::Raw {
            let raw = found.raw.strip_suffix(b"\n").unwrap_or(&found.raw);
            out.extend_from_slice(raw);
            out.push(b'\n');
            return;
        }
        let Self { format, columns, extras, has_items, .. } = self;
        if format.is_json() && !self.is_chosen {
            return item(*format, has_items, &ShownLine { line: found, extras }, out);
        }
        // A line that was taken can be read again: whoever stored it has read it.
        let Ok(batch) = found.parsed() else { return };
        let Some(line) = batch.line(0) else { return };
        match format {
            Format::Csv => {
                let mut row = String::new();
                csv_row(columns.iter().map(|name| text_of(found, line, name)), &mut row);
                out.extend_from_slice(row.as_bytes());
            }
            Format::Text => out.extend_from_slice(self.text(found, line).as_bytes()),
            Format::Json | Format::JsonLines | Format::Raw => {
                item(*format, has_items, &Chosen { found, line, columns }, out);
            }
        }
    }

    /// Time, level, service and message, or the columns that were asked for.
    fn text(&self, found: &FoundLine, line: Line<'_>) -> String {
        const USUAL: [&str; 4] = ["timestamp", "level", "service", "message"];
        let mut out = String::new();
        let mut push = |name: &str| {
            let text = text_of(found, line, name);
            if !out.is_empty() {
                out.push(' ');
            }
            push_visible(if text.is_empty() { "-" } else { &text }, &mut out);
        };
        match self.is_chosen {
            true => self.columns.iter().for_each(|name| push(name)),
            false => USUAL.iter().for_each(|name| push(name)),
        }
        out.push('\n');
        out
    }

    fn remark(&mut self, kind: &str, sentence: &str, out: &mut Vec<u8>) {
        if self.format.is_json() {
            let remark = serde_json::Map::from_iter([(kind.to_owned(), sentence.into())]);
            return item(self.format, &mut self.has_items, &remark, out);
        }
        let mut line = String::new();
        match self.format {
            Format::Csv => csv_row([Cow::Owned(format!("# {kind}: {sentence}"))].into_iter(), &mut line),
            _ => {
                push_visible(&format!("# {kind}: {sentence}"), &mut line);
                line.push('\n');
            }
        }
        out.extend_from_slice(line.as_bytes());
    }
}

/// The table of pipes as one file.
pub(super) fn table(format: Format, table: &TableAnswer, lacking: &[String]) -> Bytes {
    let columns = table.columns.iter().map(ToString::to_string).collect();
    let mut writer = Writer::new(format, Some(columns), Extras::default());
    let mut out = writer.begin().to_vec();
    if matches!(format, Format::Text | Format::Raw) {
        let mut head = String::new();
        push_visible(&table.columns.join("\t"), &mut head);
        out.extend_from_slice((head + "\n").as_bytes());
    }
    for row in &table.rows {
        let texts = row.iter().map(|cell| Cow::Owned(cell.to_string()));
        let mut line = String::new();
        match format {
            Format::Csv => csv_row(texts, &mut line),
            Format::Text | Format::Raw => {
                let texts: Vec<Cow<'_, str>> = texts.collect();
                push_visible(&texts.join("\t"), &mut line);
                line.push('\n');
            }
            Format::Json | Format::JsonLines => {
                let cells = table.columns.iter().map(|name| name.to_string()).zip(row.iter().map(ShownCell));
                item(format, &mut writer.has_items, &InOrder(cells.collect()), &mut out);
            }
        }
        out.extend_from_slice(line.as_bytes());
    }
    out.extend_from_slice(&writer.end(lacking));
    out.into()
}

/// Columns of a line that were asked for.
struct Chosen<'a> {
    found: &'a FoundLine,
    line: Line<'a>,
    columns: &'a [String],
}

impl Serialize for Chosen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.columns.iter().map(|name| (name, json_of(self.found, self.line, name)));
        serializer.collect_map(values)
    }
}

struct InOrder<'a>(Vec<(String, ShownCell<'a>)>);

impl Serialize for InOrder<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, cell)| (name, cell)))
    }
}

/// Writes an item of a list, or an object in a line of its own.
fn item(format: Format, has_items: &mut bool, item: &impl Serialize, out: &mut Vec<u8>) {
    match (format, *has_items) {
        (Format::Json, true) => out.extend_from_slice(b",\n"),
        (Format::Json, false) => out.push(b'\n'),
        _ => {}
    }
    *has_items = true;
    serde_json::to_writer(&mut *out, item).expect("lines are maps with text keys, and memory takes all");
    if format == Format::JsonLines {
        out.push(b'\n');
    }
}

/// Cells in their order, and the end of the line.
pub(crate) fn csv_row<'a>(cells: impl Iterator<Item = Cow<'a, str>>, out: &mut String) {
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            out.push(',');
        }
        push_cell(&cell, out);
    }
    out.push_str("\r\n");
}

/// One cell of CSV.
pub(crate) fn push_cell(text: &str, out: &mut String) {
    let is_like_a_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let needs_quotes = text.contains(['"', ',', ';', '\n', '\r', '\t']) || text.starts_with([' ', '\'']);
    if needs_quotes {
        out.push('"');
    }
    if is_like_a_formula {
        out.push('\'');
    }
    match needs_quotes {
        true => {
            out.push_str(&text.replace('"', "\"\""));
            out.push('"');
        }
        false => out.push_str(text),
    }
}

/// Text that stays in its line and does nothing to a terminal.
fn push_visible(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push('\t'),
            other if other.is_control() => {
                write!(out, "\\u{:04x}", u32::from(other)).expect("a text takes all that is written");
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_a_cell_and_no_formula() {
        let check = |text: &str, expected: &str| {
            let mut out = String::new();
            push_cell(text, &mut out);
            assert_eq!(out, expected, "{text:?}");
        };
        check("plain", "plain");
        check("a,b", "\"a,b\"");
        check("say \"hi\"", "\"say \"\"hi\"\"\"");
        check("=1+1", "'=1+1");
        check("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "\"'\t=1\"");
        check("\r=1", "\"'\r=1\"");
        check("two\nlines", "\"two\nlines\"");
        check("", "");
    }

    #[test]
    fn text_for_people_has_no_control_characters() {
        let mut out = String::new();
        push_visible("a\x1b[31mred\nb\u{9b}", &mut out);
        assert_eq!(out, "a\\u001b[31mred\\nb\\u009b");
    }
}
