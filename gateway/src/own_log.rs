//! What the program says about itself, on standard error.
//!
//! Invariant: text on a terminal and JSON otherwise, unless the settings say which.
//! It has nothing to do with the logs that Antler keeps.

use std::io::IsTerminal;

use antler_config::logging::{LogFormat, LogLevel, Logging};
use tracing_subscriber::filter::LevelFilter;

/// Directs tracing to standard error. A second call changes nothing.
pub fn start(settings: &Logging) {
    let is_terminal = std::io::stderr().is_terminal();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
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
