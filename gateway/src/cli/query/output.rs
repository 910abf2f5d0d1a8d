//! Lines and tables as text, as JSON objects line by line, and as CSV.
//!
//! Invariant: each line is one line of output, and a cell of CSV stays a cell and no formula. It asks for nothing.

use std::collections::VecDeque;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::Format;
use crate::cli::line_text::{self, Colours, ShownLine, plain_value};
use crate::http::search::export::format::push_cell;

/// The columns of CSV; other fields of a line are in its JSON.
const COLUMNS: [&str; 9] =
    ["timestamp", "level", "service", "source", "environment", "host", "message", "id", "received_at"];

pub(super) fn lines(lines: &VecDeque<ShownLine>, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let colours = Colours::of_output();
    if format == Format::Csv {
        csv_row(COLUMNS.iter().map(|name| (*name).to_owned()), out)?;
    }
    for line in lines {
        match format {
            Format::Text => writeln!(out, "{}", line_text::text(line, colours))?,
            Format::Json => writeln!(out, "{}", json(line))?,
            Format::Csv => csv_row(COLUMNS.iter().map(|name| cell(line.get(*name))), out)?,
        }
    }
    Ok(())
}

pub(super) fn table(
    columns: &[String],
    rows: &[Vec<Value>],
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Text => aligned(columns, rows, out),
        Format::Json => rows.iter().try_for_each(|row| {
            let object = columns.iter().cloned().zip(row.iter().cloned()).collect();
            writeln!(out, "{}", json(&object))
        }),
        Format::Csv => {
            csv_row(columns.iter().cloned(), out)?;
            rows.iter().try_for_each(|row| csv_row(row.iter().map(|value| cell(Some(value))), out))
        }
    }
}

/// Columns as wide as their widest value; numbers stand right.
fn aligned(columns: &[String], rows: &[Vec<Value>], out: &mut dyn Write) -> io::Result<()> {
    let texts: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|value| plain_value(Some(value))).collect()).collect();
    let width = |at: usize, name: &str| {
        let widest = texts.iter().filter_map(|row| row.get(at)).map(|text| text.chars().count()).max();
        widest.unwrap_or(0).max(name.chars().count())
    };
    let widths: Vec<usize> = columns.iter().enumerate().map(|(at, name)| width(at, name)).collect();
    let is_number: Vec<bool> = (0..columns.len())
        .map(|at| !rows.is_empty() && rows.iter().all(|row| row.get(at).is_some_and(Value::is_number)))
        .collect();
    for row in std::iter::once(columns).chain(texts.iter().map(Vec::as_slice)) {
        let cells =
            row.iter().zip(&widths).zip(&is_number).map(|((text, width), is_number)| match is_number {
                true => format!("{text:>width$}"),
                false => format!("{text:<width$}"),
            });
        writeln!(out, "{}", cells.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

fn json(object: &Map<String, Value>) -> String {
    serde_json::to_string(object).expect("an object that was read can be written")
}

/// A value as it is, for a file.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn csv_row(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    let mut row = String::new();
    for (place, cell) in cells.enumerate() {
        if place > 0 {
            row.push(',');
        }
        push_cell(&cell, &mut row);
    }
    write!(out, "{row}\r\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(columns: &[&str], rows: &[Value], format: Format) -> String {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let rows: Vec<Vec<Value>> = rows.iter().map(|row| row.as_array().unwrap().clone()).collect();
        let mut out = Vec::new();
        table(&columns, &rows, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_is_aligned_and_numbers_stand_right() {
        let rows = [json!(["pay", 7]), json!(["checkout", 1234]), json!([null, 0])];
        let expected = "service   count\npay           7\ncheckout   1234\n              0\n";
        assert_eq!(shown(&["service", "count"], &rows, Format::Text), expected);
        assert_eq!(shown(&["a"], &[], Format::Text), "a\n");
    }

    #[test]
    fn a_table_is_objects_or_cells_too() {
        let rows = [json!(["=1+1", 7])];
        assert_eq!(shown(&["service", "n"], &rows, Format::Json), "{\"service\":\"=1+1\",\"n\":7}\n");
        assert_eq!(shown(&["service", "n"], &rows, Format::Csv), "service,n\r\n'=1+1,7\r\n");
    }
}
