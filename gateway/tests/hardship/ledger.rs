//! What a tenant was promised, and how it is held against what the server shows.
//!
//! Invariant: each line has a name that no other line has. What was acknowledged is there exactly once, what was refused is
//! not there, and of what nobody knows each line is there at most once. It sends nothing.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};

use serde_json::Value;

use super::client::{make_key, register};
use super::running::{Running, wait};
use super::wire::Wire;

/// A tenant with a key that may send and read.
pub(crate) struct Tenant {
    pub(crate) name: String,
    pub(crate) key: String,
    names: Mutex<Names>,
}

/// Names of lines.
#[derive(Default)]
struct Names {
    acknowledged: BTreeSet<String>,
    /// The connection broke before the answer.
    doubtful: BTreeSet<String>,
    refused: BTreeSet<String>,
}

/// What became of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Acknowledged,
    Doubtful,
    Refused,
}

impl Fate {
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Acknowledged,
            503 => Self::Doubtful,
            _ => Self::Refused,
        }
    }
}

impl Tenant {
    pub(crate) fn register(running: &Running, name: &str) -> Self {
        let (token, _) = register(running, name);
        Self::with_token(running, name, &token)
    }

    pub(crate) fn with_token(running: &Running, name: &str, token: &str) -> Self {
        let key = make_key(running, token, &["ingest", "read"]);
        Self { name: name.to_owned(), key, names: Mutex::default() }
    }

    /// The header that says whose a request is.
    pub(crate) fn credential(&self) -> String {
        format!("\r\nAuthorization: Bearer {}", self.key)
    }

    pub(crate) fn note(&self, fate: Fate, lines: &[String]) {
        let mut names = self.names();
        let of_fate = match fate {
            Fate::Acknowledged => &mut names.acknowledged,
            Fate::Doubtful => &mut names.doubtful,
            Fate::Refused => &mut names.refused,
        };
        of_fate.extend(lines.iter().cloned());
    }

    /// What was doubtful has been answered.
    pub(crate) fn settle(&self, lines: &[String]) {
        let mut names = self.names();
        for line in lines {
            names.doubtful.remove(line);
        }
        names.acknowledged.extend(lines.iter().cloned());
    }

    /// What a socket showed: known lines, none twice, and from now on as good as acknowledged.
    pub(crate) fn heard(&self, lines: &[String], context: &str) {
        let mut names = self.names();
        let mut once = BTreeSet::new();
        for line in lines {
            let is_known = names.acknowledged.contains(line) || names.doubtful.remove(line);
            assert!(is_known, "{context}, {}: a socket showed {line}, which nobody sent for it", self.name);
            assert!(once.insert(line), "{context}, {}: a socket showed {line} twice", self.name);
            names.acknowledged.insert(line.clone());
        }
    }

    /// Sends one line more and waits until it is found: all before it are found then, too.
    pub(crate) fn catch_up(&self, running: &Running, marker: &str) {
        let line = format!("{{\"name\":\"{marker}\"}}\n");
        let headers = format!("{}\r\nContent-Type: application/x-ndjson", self.credential());
        let sent = wait(|| {
            let sent =
                Wire::open(running.http).unwrap().ask("POST /api/logs/bulk/", &headers, line.as_bytes());
            Some(sent.unwrap()).filter(|sent| sent.status != 429 && sent.status != 503)
        });
        assert_eq!(sent.status, 200, "{}", sent.body);
        self.note(Fate::Acknowledged, &[marker.to_owned()]);
        wait(|| {
            let mut wire = Wire::open(running.http).unwrap();
            let asked = format!("GET /api/logs/search/?q=name:{marker}&size=1");
            let found = wire.ask(&asked, &self.credential(), b"").unwrap();
            let page: Value = serde_json::from_str(&found.body).unwrap_or_default();
            Some(()).filter(|()| page["total"] == 1)
        });
    }

    /// Holds all lines that the server shows against what was promised. Answers how many there are.
    pub(crate) fn check(&self, running: &Running, context: &str) -> usize {
        let shown = self.export(running);
        let shown_once: BTreeSet<String> = shown.iter().cloned().collect();
        let names = self.names();
        let known = |name: &&String| names.acknowledged.contains(*name) || names.doubtful.contains(*name);
        let lost: Vec<_> = names.acknowledged.difference(&shown_once).take(20).collect();
        let foreign: Vec<_> = shown_once.iter().filter(|name| !known(name)).take(20).collect();
        let refused: Vec<_> = names.refused.intersection(&shown_once).take(20).collect();
        let mut seen = BTreeSet::new();
        let doubled: Vec<_> = shown.iter().filter(|name| !seen.insert(*name)).take(20).collect();
        assert!(
            lost.is_empty() && foreign.is_empty() && refused.is_empty() && doubled.is_empty(),
            "{context}, {}: lost {lost:?}, doubled {doubled:?}, refused and there {refused:?}, foreign {foreign:?}",
            self.name
        );
        shown.len()
    }

    /// Is all found that was acknowledged?
    pub(crate) fn has_all(&self, running: &Running) -> bool {
        let shown: BTreeSet<String> = self.export(running).into_iter().collect();
        self.names().acknowledged.is_subset(&shown)
    }

    /// The names of all lines, as an export has them.
    fn export(&self, running: &Running) -> Vec<String> {
        let asked = "GET /api/logs/export/?q=*&format=ndjson&columns=name";
        let answer = Wire::open(running.http).unwrap().ask(asked, &self.credential(), b"").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let name = |line: &str| {
            let parsed: Value = serde_json::from_str(line).unwrap();
            parsed["name"].as_str().unwrap_or_else(|| panic!("a line without a name: {line}")).to_owned()
        };
        answer.body.lines().map(name).collect()
    }

    fn names(&self) -> MutexGuard<'_, Names> {
        self.names.lock().unwrap()
    }
}
