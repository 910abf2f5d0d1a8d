//! `antler config`: settings checked, printed, explained.
//!
//! Invariant: no secret is printed. It does not touch the data folder.

use std::io::Write;

use antler_config::DEFAULTS_TOML;
use clap::Subcommand;

use super::{CommandError, Outcome, SettingFlags};

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Says whether the settings are valid, and lists everything that is wrong
    Check,
    /// Prints every setting in force and where it came from
    Print,
    /// Prints every setting with its default and what it means, as a file to start from
    Defaults,
}

pub(super) fn run(
    settings: &SettingFlags,
    command: &ConfigCommand,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    match command {
        ConfigCommand::Check => {
            let set = settings.load()?.settings();
            let changed =
                set.iter().filter(|setting| setting.origin != antler_config::Origin::Default).count();
            writeln!(
                out,
                "the configuration is valid: {} settings, {changed} not at their default",
                set.len()
            )?;
        }
        ConfigCommand::Print => {
            for setting in settings.load()?.settings() {
                let line = format!("{} = {}", setting.key, setting.value);
                writeln!(out, "{line:<56} # {}", setting.origin)?;
            }
        }
        ConfigCommand::Defaults => out.write_all(DEFAULTS_TOML.as_bytes())?,
    }
    Ok(Outcome::Done)
}
