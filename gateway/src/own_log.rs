//! What the program says about itself, on standard error.
//!
//! Invariant: text on a terminal and JSON otherwise, unless the settings say which.
//! It has nothing to do with the logs that Antler keeps.

use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use antler_config::logging::{LogFormat, LogLevel, Logging};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

/// Lines that are kept, and what is kept of one.
const LINES_MAX: usize = 1_000;
const LINE_BYTES_MAX: usize = 4 << 10;

/// The latest lines, for a support bundle.
#[derive(Debug, Clone, Default)]
pub struct RecentLines(Arc<Mutex<VecDeque<String>>>);

impl RecentLines {
    pub fn text(&self) -> String {
        self.lines().iter().map(String::as_str).collect()
    }

    fn lines(&self) -> MutexGuard<'_, VecDeque<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tracing writes a whole line at once.
impl Write for RecentLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut kept = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]).into_owned();
        if !kept.ends_with('\n') {
            kept.push('\n');
        }
        let mut lines = self.lines();
        lines.push_back(kept);
        while lines.len() > LINES_MAX {
            lines.pop_front();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for RecentLines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Directs tracing to standard error, and keeps the latest lines. A second call changes nothing.
pub fn start(settings: &Logging) -> RecentLines {
    let recent = RecentLines::default();
    let is_terminal = io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(io::stderr.and(recent.clone()))
        .with_max_level(level(settings.level))
        .with_ansi(is_terminal);
    let json = match settings.format {
        LogFormat::Auto => !is_terminal,
        LogFormat::Text => false,
        LogFormat::Json => true,
    };
    // An error means that a subscriber is there already, as in a test that runs two servers.
    let _ = match json {
        true => subscriber.json().flatten_event(true).try_init(),
        false => subscriber.try_init(),
    };
    recent
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_lines_are_kept() {
        let mut recent = RecentLines::default();
        for number in 0..LINES_MAX + 5 {
            recent.write_all(format!("line {number}\n").as_bytes()).unwrap();
        }
        let text = recent.text();
        assert_eq!(text.lines().count(), LINES_MAX);
        assert!(text.starts_with("line 5\n"), "{}", &text[..20]);
    }
}
