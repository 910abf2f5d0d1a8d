//! Levels: six names for what a hundred senders write.
//!
//! Invariant: a text that is not known gives no level, never a guess.
//! It does not replace what the sender wrote: the original stays in its field.

use std::fmt;

/// How bad it is; later is worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    Trace = 1,
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

/// Longest text that can be a level, decoration included.
const TEXT_BYTES_MAX: usize = 24;

impl Level {
    pub const ALL: [Self; 6] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warning, Self::Error, Self::Critical];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Reads a level name in any case, perhaps in brackets, or a number: 0 to 7 as syslog counts,
    /// 10 to 60 as pino and bunyan do.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let mut lower = [0; TEXT_BYTES_MAX];
        for (to, from) in lower.iter_mut().zip(text) {
            *to = from.to_ascii_lowercase();
        }
        let lower = &lower[..text.len()];
        Self::from_lower_case(lower).or_else(|| Self::from_lower_case(undecorated(lower)))
    }

    fn from_lower_case(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"info" | b"information" | b"informational" | b"inf" | b"i" | b"notice" | b"n" | b"log"
            | b"default" | b"success" | b"5" | b"6" | b"30" => Self::Info,
            b"error" | b"err" | b"e" | b"severe" | b"failure" | b"3" | b"50" => Self::Error,
            b"warn" | b"warning" | b"wrn" | b"w" | b"4" | b"40" => Self::Warning,
            b"debug" | b"dbg" | b"d" | b"fine" | b"config" | b"7" | b"20" => Self::Debug,
            b"trace" | b"trc" | b"t" | b"verbose" | b"v" | b"finer" | b"finest" | b"silly" | b"10" => {
                Self::Trace
            }
            b"critical" | b"crit" | b"c" | b"fatal" | b"ftl" | b"f" | b"panic" | b"dpanic" | b"emerg"
            | b"emergency" | b"alert" | b"0" | b"1" | b"2" | b"60" => Self::Critical,
            _ => return None,
        })
    }
}

/// `[info]`, `<info>`, `info:` and ` info ` without what is around the name.
fn undecorated(text: &[u8]) -> &[u8] {
    let part_of_name = |byte: &u8| byte.is_ascii_alphanumeric();
    let Some(start) = text.iter().position(part_of_name) else { return b"" };
    let end = text.iter().rposition(part_of_name).map_or(start, |last| last + 1);
    let around = text[..start].iter().chain(&text[end..]);
    let decoration = |byte: &u8| b" \t[]<>():".contains(byte);
    if around.copied().all(|byte| decoration(&byte)) { &text[start..end] } else { b"" }
}

impl fmt::Display for Level {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(level: Option<Level>, texts: &[&str]) {
        for text in texts {
            assert_eq!(Level::parse(text.as_bytes()), level, "{text:?}");
        }
    }

    #[test]
    fn every_usual_name_has_its_level() {
        check(Some(Level::Trace), &["trace", "TRACE", "finest", "finer", "Verbose", "v", "T", "10"]);
        check(Some(Level::Debug), &["debug", "DBG", "fine", "D", "7", "20"]);
        check(Some(Level::Info), &["info", "Information", "INFORMATIONAL", "notice", "I", "5", "6", "30"]);
        check(Some(Level::Warning), &["warn", "WARNING", "wrn", "W", "4", "40"]);
        check(Some(Level::Error), &["error", "Err", "SEVERE", "E", "3", "50"]);
        check(Some(Level::Critical), &["critical", "CRIT", "fatal", "panic", "emerg", "emergency", "alert"]);
        check(Some(Level::Critical), &["F", "C", "0", "1", "2", "60"]);
        check(Some(Level::Warning), &["[WARN]", " warn ", "warning:", "<warn>", "(WARN)"]);
    }

    #[test]
    fn what_is_not_known_has_no_level() {
        check(None, &["", " ", "x", "8", "-1", "3.0", "70", "informations", "info!", "not an error", "[]"]);
        check(None, &["an error that is longer than any level may be"]);
    }

    #[test]
    fn a_level_reads_its_own_name() {
        for level in Level::ALL {
            assert_eq!(Level::parse(level.to_string().as_bytes()), Some(level));
        }
        assert!(Level::Critical > Level::Trace);
    }
}
