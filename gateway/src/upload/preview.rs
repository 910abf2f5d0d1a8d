//! A look at a file before it is taken: what it is found to be, and its first entries as they would be taken.
//!
//! Invariant: what is shown is made by the code that takes the file. It reads no more than it needs for the entries.

use antler_config::limits::UploadLimits;
use antler_events::clock::Timestamp;

use super::entries::{Entries, Found};
use super::entry::{Content, Problem};
use super::error::UploadError;
use super::options::ReadOptions;
use super::unpack::Part;

/// Entries that are shown.
const ENTRIES_MAX: usize = 20;

/// The beginning of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    pub name: String,
    pub found: Found,
    /// JSON objects.
    pub entries: Vec<String>,
    pub problems: Vec<Problem>,
    /// Bytes of text from one entry to the next on the average, to estimate how many a file has; 0 if there is one.
    pub bytes_per_entry: u64,
}

impl Preview {
    /// How many entries a file of text has, about; exactly if it was seen whole.
    pub fn estimated_entries(&self, file_bytes: u64) -> u64 {
        let seen = self.entries.len();
        match file_bytes.checked_div(self.bytes_per_entry) {
            Some(estimated) if seen >= ENTRIES_MAX => estimated,
            _ => seen as u64,
        }
    }
}

/// Shows the beginning of a file as it would be taken.
pub fn preview(
    part: Part<'_>,
    options: &ReadOptions,
    limits: &UploadLimits,
    line_bytes_max: u32,
    arrival: Timestamp,
) -> Result<Preview, UploadError> {
    let name = part.name.clone();
    let mut entries = Entries::open(part, options, limits, line_bytes_max, arrival)?;
    let mut preview = Preview {
        name,
        found: entries.found().clone(),
        entries: Vec::new(),
        problems: Vec::new(),
        bytes_per_entry: 0,
    };
    let mut first = 0;
    for _ in 0..ENTRIES_MAX {
        let Some(item) = entries.next_item()? else { break };
        if item.number == 1 {
            first = item.position.byte;
        }
        if let Content::Entry(json) = item.content {
            preview.entries.push(String::from_utf8_lossy(json).into_owned());
        }
        let bytes = item.position.byte - first;
        preview.bytes_per_entry = bytes / (item.number - 1).max(1);
        preview.problems.extend(item.problem);
    }
    Ok(preview)
}
