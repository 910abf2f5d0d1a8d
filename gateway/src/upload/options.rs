//! What a sender may say about a file, instead of letting it be found out.
//!
//! Invariant: an option that is set can be followed; a wrong one is refused with the values that are possible. It does not
//! know how options come: as parts of a form, or otherwise.

use regex::bytes::{Regex, RegexBuilder};

use super::charset::Charset;
use super::error::UploadError;
use super::time::format::TimeFormat;
use super::time::offset_seconds;

/// Longest expression for the beginning of an entry, and what it may take in memory.
const START_BYTES_MAX: usize = 1_000;
const START_COMPILED_BYTES_MAX: usize = 1 << 20;

/// What the text of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An array, objects one after the other, or an object with an array `logs`.
    Json,
    /// An object in each line.
    Ndjson,
    Csv,
    /// Lines without a known form.
    Txt,
    /// Lines of the usual forms.
    Log,
}

/// What kind of log it is said to be; it steers which patterns are tried first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preset {
    Application,
    System,
    Security,
    Access,
    Error,
    Audit,
    Custom,
}

/// Whether lines are joined to one entry.
#[derive(Debug, Clone, Default)]
pub enum Joining {
    /// In logs: lines that are marked as belonging to the one before, such as those of a stack trace.
    #[default]
    Auto,
    Never,
    /// Also lines that no pattern fits.
    Always,
    /// Every line that this expression does not find.
    Start(Regex),
}

/// How a file is to be read; what is not said is found out.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    pub format: Option<Format>,
    pub preset: Option<Preset>,
    pub delimiter: Option<u8>,
    pub has_header: Option<bool>,
    pub timestamp_format: Option<TimeFormat>,
    /// Of times that name no zone: seconds east of Greenwich.
    pub offset_seconds: i64,
    pub joining: Joining,
    pub(super) charset: Option<Charset>,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::Json, Self::Ndjson, Self::Csv, Self::Txt, Self::Log];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Txt => "txt",
            Self::Log => "log",
        }
    }
}

impl ReadOptions {
    /// What some names and values say, of which others are passed over.
    pub fn of(said: &[(String, String)]) -> Result<Self, UploadError> {
        let mut options = Self::default();
        for (name, value) in said {
            options.set(name, value)?;
        }
        Ok(options)
    }

    /// Sets an option by its name; false if there is none of this name. An empty value says nothing.
    pub fn set(&mut self, name: &str, value: &str) -> Result<bool, UploadError> {
        let value = if name == "delimiter" { value } else { value.trim() };
        match name {
            "format" | "delimiter" | "header" | "timestamp_format" | "timezone" | "multiline"
            | "encoding"
                if value.is_empty() => {}
            "format" => self.format = format(value)?,
            "source" => self.preset = preset(value),
            "delimiter" => self.delimiter = Some(delimiter(value)?),
            "header" => self.has_header = header(value)?,
            "timestamp_format" => self.timestamp_format = Some(TimeFormat::parse(value)?),
            "timezone" => self.offset_seconds = offset_seconds(value)?,
            "multiline" => self.joining = joining(value)?,
            "encoding" if value.eq_ignore_ascii_case("auto") => self.charset = None,
            "encoding" => self.charset = Some(Charset::named(value)?),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn format(value: &str) -> Result<Option<Format>, UploadError> {
    let lower = value.to_ascii_lowercase();
    if lower == "auto" {
        return Ok(None);
    }
    let found = Format::ALL.into_iter().find(|format| format.as_str() == lower);
    found
        .map(Some)
        .ok_or_else(|| UploadError::option("format", value, "choose auto, json, ndjson, csv, txt or log"))
}

/// A source may have any name; some say what to expect.
fn preset(value: &str) -> Option<Preset> {
    Some(match value.to_ascii_lowercase().as_str() {
        "application" => Preset::Application,
        "system" => Preset::System,
        "security" => Preset::Security,
        "access" => Preset::Access,
        "error" => Preset::Error,
        "audit" => Preset::Audit,
        "custom" => Preset::Custom,
        _ => return None,
    })
}

fn delimiter(value: &str) -> Result<u8, UploadError> {
    match value.to_ascii_lowercase().as_str() {
        "tab" | "\\t" => return Ok(b'\t'),
        "comma" => return Ok(b','),
        "semicolon" => return Ok(b';'),
        "pipe" => return Ok(b'|'),
        "space" => return Ok(b' '),
        _ => {}
    }
    match value.as_bytes() {
        [byte]
            if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') && !byte.is_ascii_alphanumeric() =>
        {
            Ok(*byte)
        }
        _ => Err(UploadError::option(
            "delimiter",
            value,
            "write one character that is no letter, digit, quote or line end, or \"tab\"",
        )),
    }
}

fn header(value: &str) -> Result<Option<bool>, UploadError> {
    match value.to_ascii_lowercase().as_str() {
        "auto" => Ok(None),
        "yes" | "true" | "1" | "on" => Ok(Some(true)),
        "no" | "false" | "0" | "off" => Ok(Some(false)),
        _ => Err(UploadError::option("header", value, "choose auto, yes or no")),
    }
}

fn joining(value: &str) -> Result<Joining, UploadError> {
    match value.to_ascii_lowercase().as_str() {
        "auto" => return Ok(Joining::Auto),
        "on" | "yes" | "true" | "1" => return Ok(Joining::Always),
        "off" | "no" | "false" | "0" => return Ok(Joining::Never),
        _ => {}
    }
    let wrong = |reason: String| UploadError::option("multiline", value, reason);
    if value.len() > START_BYTES_MAX {
        return Err(wrong(format!("an expression has at most {START_BYTES_MAX} bytes")));
    }
    let expression = RegexBuilder::new(value).size_limit(START_COMPILED_BYTES_MAX).build();
    expression.map(Joining::Start).map_err(|_| {
        wrong(
            "choose auto, on or off, or write a regular expression that finds the beginning of an entry"
                .into(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_taken_or_refused_with_what_is_possible() {
        let check = |name: &str, value: &str, expected: &str| {
            let set = ReadOptions::default().set(name, value);
            let shown = set.map_or_else(|error| error.to_string(), |known| known.to_string());
            assert_eq!(shown, expected, "{name}={value}");
        };
        for (name, value) in [
            ("format", "NDJSON"),
            ("format", "auto"),
            ("format", ""),
            ("source", "access"),
            ("source", "whatever I like"),
            ("delimiter", ";"),
            ("delimiter", "\t"),
            ("delimiter", "tab"),
            ("header", "no"),
            ("timestamp_format", "%Y-%m-%d"),
            ("timezone", "+02:00"),
            ("multiline", "^\\d{4}-"),
            ("encoding", "latin1"),
        ] {
            check(name, value, "true");
        }
        check("description", "x", "false");
        check("format", "xml", "format \"xml\" is not possible: choose auto, json, ndjson, csv, txt or log");
        check("header", "maybe", "header \"maybe\" is not possible: choose auto, yes or no");
        check(
            "timezone",
            "Mars",
            "timezone \"Mars\" is not possible: write an offset such as +02:00, or UTC",
        );
        let expression =
            "choose auto, on or off, or write a regular expression that finds the beginning of an entry";
        check("multiline", "(", &format!("multiline \"(\" is not possible: {expression}"));
        check(
            "multiline",
            "\\w{1000}{1000}",
            &format!("multiline \"\\\\w{{1000}}{{1000}}\" is not possible: {expression}"),
        );
        let one = "write one character that is no letter, digit, quote or line end, or \"tab\"";
        check("delimiter", "ab", &format!("delimiter \"ab\" is not possible: {one}"));
    }
}
