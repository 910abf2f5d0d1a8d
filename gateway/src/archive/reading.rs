//! Archives that are read again: first proved from end to end, then taken member by member.
//!
//! Invariant: what comes out of a proof was whole, of a known form, and summed up right; anything else is a sentence that
//! says what is wrong, and where. Whatever an archive holds, memory stays bounded. It takes nothing into a tenant.

use std::collections::BTreeSet;
use std::io::{self, Read as _};

use antler_events::files::{File, read_full};
use antler_events::ids::UploadId;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::form::{
    END, End, FileRecord, KIND, LineRecord, MANIFEST, Manifest, Member, SETTINGS, Setting, VERSION,
};
use super::tar::{BLOCK, padding, read_header};
use super::writing::CHUNK_BYTES;
use crate::credentials::secret::hex;

/// A member that is read at once: settings, what is known of a file, and a page of lines as it is packed.
const WHOLE_BYTES_MAX: u64 = 64 << 20;
/// A page of lines as it is unpacked.
const PAGE_BYTES_MAX: u64 = 128 << 20;
/// What a page may make its decoder remember.
const WINDOW_LOG_MAX: u32 = 23;

/// Why an archive is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveFault {
    #[error(
        "this is no archive of a tenant: it does not begin with {MANIFEST}; send the file as it was downloaded"
    )]
    NoArchive,
    #[error("the archive is torn: it ends after {bytes} bytes, before {END}; download it again")]
    Torn { bytes: u64 },
    #[error("there is something behind the end of the archive, at byte {at}; download it again")]
    Behind { at: u64 },
    #[error("the archive is damaged at byte {at}: there is no header of a file; download it again")]
    Header { at: u64 },
    #[error("the archive has a member called {name:?}, which is in no archive of a tenant")]
    Name { name: String },
    #[error("the archive has the member {name} in the wrong place; it is not as it was written")]
    Order { name: String },
    #[error("the member {name} has {bytes} bytes, and at most {max} are read")]
    TooLarge { name: String, bytes: u64, max: u64 },
    #[error("the member {name} becomes more than {max} bytes when it is unpacked")]
    Inflates { name: String, max: u64 },
    #[error("the member {name} cannot be unpacked: {reason}")]
    Packed { name: String, reason: String },
    #[error("line {line} of the member {name} cannot be read: {reason}")]
    Form { name: String, line: usize, reason: String },
    #[error("the archive is of version {version}, and this server reads version {VERSION}; use a newer one")]
    Version { version: u32 },
    #[error("the member {name} is not what {END} says of it; the archive is damaged, download it again")]
    Sum { name: String },
    #[error("the disk does not give the archive")]
    Disk(#[from] io::Error),
}

/// What a member is, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Manifest,
    Settings,
    /// What is known of a file.
    About(UploadId),
    File(UploadId),
    Lines(u64),
    End,
}

/// A member and where its bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub name: String,
    pub kind: Kind,
    pub at: u64,
    pub bytes: u64,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        let number = |name: &str| {
            let digits = name.strip_suffix(".ndjson.zst")?;
            let is_number = digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| digits.parse().ok()).flatten()
        };
        Some(match name {
            MANIFEST => Self::Manifest,
            SETTINGS => Self::Settings,
            END => Self::End,
            _ => match (name.strip_prefix("files/"), name.strip_prefix("lines/")) {
                (Some(file), _) => match file.strip_suffix(".json") {
                    Some(id) => Self::About(UploadId::parse(id).ok()?),
                    None => Self::File(UploadId::parse(file).ok()?),
                },
                (_, Some(lines)) => Self::Lines(number(lines)?),
                _ => return None,
            },
        })
    }

    /// Whether it may stand behind another.
    fn follows(self, before: Option<Self>) -> bool {
        match (before, self) {
            (None, kind) => kind == Self::Manifest,
            (Some(Self::About(about)), kind) => kind == Self::File(about),
            (Some(_), Self::File(_)) => false,
            (Some(Self::File(before)), Self::About(id)) => before < id,
            (Some(Self::Lines(before)), kind) => kind == Self::Lines(before + 1) || kind == Self::End,
            (Some(_), Self::Lines(number)) => number == 1,
            (Some(before), kind) => before < kind,
        }
    }
}

/// The member that begins at a place; none where the archive ends.
pub fn member_at(file: &dyn File, at: u64, size: u64) -> Result<Option<Placed>, ArchiveFault> {
    let mut block = [0; BLOCK];
    let count = read_full(file, at, &mut block)?;
    let is_first = at == 0;
    match count {
        BLOCK if block == [0; BLOCK] && !is_first => return Ok(None),
        BLOCK => {}
        _ if is_first => return Err(ArchiveFault::NoArchive),
        _ => return Err(ArchiveFault::Torn { bytes: size }),
    }
    let header = read_header(&block);
    let wrong = || if is_first { ArchiveFault::NoArchive } else { ArchiveFault::Header { at } };
    let (name, bytes) = header.ok_or_else(wrong)?;
    let shown: String = name.chars().take(100).collect();
    let kind = Kind::of(&name).ok_or(ArchiveFault::Name { name: shown })?;
    if is_first && kind != Kind::Manifest {
        return Err(ArchiveFault::NoArchive);
    }
    let at = at + BLOCK as u64;
    if at + bytes > size {
        return Err(ArchiveFault::Torn { bytes: size });
    }
    if !matches!(kind, Kind::File(_)) && bytes > WHOLE_BYTES_MAX {
        return Err(ArchiveFault::TooLarge { name, bytes, max: WHOLE_BYTES_MAX });
    }
    Ok(Some(Placed { name, kind, at, bytes }))
}

impl Placed {
    /// Where the next member begins.
    pub fn end(&self) -> u64 {
        self.at + self.bytes + padding(self.bytes)
    }

    pub fn whole(&self, file: &dyn File) -> Result<Vec<u8>, ArchiveFault> {
        let mut bytes = vec![0; usize::try_from(self.bytes.min(WHOLE_BYTES_MAX)).unwrap_or_default()];
        read_full(file, self.at, &mut bytes)?;
        Ok(bytes)
    }

    /// The values of NDJSON, or of JSON in one line.
    pub fn values<T: DeserializeOwned>(&self, bytes: &[u8]) -> Result<Vec<T>, ArchiveFault> {
        let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
        let value = |(at, line): (usize, &[u8])| {
            serde_json::from_slice(line).map_err(|error| ArchiveFault::Form {
                name: self.name.clone(),
                line: at + 1,
                reason: error.to_string(),
            })
        };
        lines.map(value).collect()
    }

    pub fn lines(&self, file: &dyn File) -> Result<Vec<LineRecord>, ArchiveFault> {
        let packed =
            |error: io::Error| ArchiveFault::Packed { name: self.name.clone(), reason: error.to_string() };
        let bytes = self.whole(file)?;
        let mut decoder = zstd::stream::read::Decoder::with_buffer(&bytes[..]).map_err(packed)?;
        decoder.window_log_max(WINDOW_LOG_MAX).map_err(packed)?;
        let mut lines = Vec::new();
        decoder.take(PAGE_BYTES_MAX + 1).read_to_end(&mut lines).map_err(packed)?;
        if lines.len() as u64 > PAGE_BYTES_MAX {
            return Err(ArchiveFault::Inflates { name: self.name.clone(), max: PAGE_BYTES_MAX });
        }
        let records: Vec<LineRecord> = self.values(&lines)?;
        match records.iter().position(|record| record.raw().is_none()) {
            Some(at) => {
                let reason = "it has not one of raw and raw_base64".to_owned();
                Err(ArchiveFault::Form { name: self.name.clone(), line: at + 1, reason })
            }
            None => Ok(records),
        }
    }

    fn one<T: DeserializeOwned>(&self, file: &dyn File) -> Result<T, ArchiveFault> {
        let mut values = self.values(&self.whole(file)?)?;
        let reason = "one object has to stand here".to_owned();
        let nothing = || ArchiveFault::Form { name: self.name.clone(), line: 1, reason };
        values.pop().filter(|_| values.is_empty()).ok_or_else(nothing)
    }

    pub fn about(&self, file: &dyn File) -> Result<FileRecord, ArchiveFault> {
        self.one(file)
    }

    /// With the SHA-256 of its bytes.
    fn summed(&self, file: &dyn File) -> Result<Member, ArchiveFault> {
        let (mut sum, mut at, mut left) = (Sha256::new(), self.at, self.bytes);
        let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES))];
        while left > 0 {
            let most = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            let count = read_full(file, at, &mut chunk[..most])?;
            sum.update(&chunk[..count]);
            (at, left) = (at + most as u64, left - most as u64);
        }
        Ok(Member { name: self.name.clone(), bytes: self.bytes, sha256: hex(&sum.finalize()) })
    }

    /// Reads what can be wrong in it.
    fn check(&self, file: &dyn File) -> Result<(), ArchiveFault> {
        match self.kind {
            Kind::Settings => self.values::<Setting>(&self.whole(file)?).map(drop),
            Kind::About(_) => self.about(file).map(drop),
            Kind::Lines(_) => self.lines(file).map(drop),
            Kind::Manifest | Kind::File(_) | Kind::End => Ok(()),
        }
    }
}

/// Reads the whole archive, and says what is wrong with it.
pub fn prove(file: &dyn File) -> Result<Manifest, ArchiveFault> {
    let size = file.size()?;
    let (mut at, mut before, mut members) = (0, None, Vec::new());
    let mut manifest = None;
    let mut names = BTreeSet::new();
    loop {
        let Some(placed) = member_at(file, at, size)? else { return Err(ArchiveFault::Torn { bytes: at }) };
        if !placed.kind.follows(before) || !names.insert(placed.name.clone()) {
            return Err(ArchiveFault::Order { name: placed.name });
        }
        if placed.kind == Kind::Manifest {
            manifest = Some(manifest_of(&placed, file)?);
        }
        if placed.kind == Kind::End {
            check_sums(&placed.one(file)?, &members)?;
            check_end(file, placed.end(), size)?;
            return manifest.ok_or(ArchiveFault::NoArchive);
        }
        members.push((placed.summed(file)?, placed.clone()));
        (at, before) = (placed.end(), Some(placed.kind));
    }
}

fn manifest_of(placed: &Placed, file: &dyn File) -> Result<Manifest, ArchiveFault> {
    #[derive(serde::Deserialize)]
    struct Versioned {
        kind: String,
        version: u32,
    }
    let Versioned { kind, version } = placed.one(file)?;
    match (kind.as_str(), version) {
        (KIND, VERSION) => placed.one(file),
        (KIND, version) => Err(ArchiveFault::Version { version }),
        _ => Err(ArchiveFault::NoArchive),
    }
}

/// Sums first, so that damage is called damage; then what stands in the members.
fn check_sums(end: &End, members: &[(Member, Placed)]) -> Result<(), ArchiveFault> {
    let wrong = members.iter().zip(&end.members).find(|((found, _), said)| found != *said);
    if let Some(((found, _), _)) = wrong {
        return Err(ArchiveFault::Sum { name: found.name.clone() });
    }
    match members.len() == end.members.len() && *end == end.clone().sealed() {
        true => Ok(()),
        false => Err(ArchiveFault::Sum { name: END.to_owned() }),
    }
}

fn check_end(file: &dyn File, at: u64, size: u64) -> Result<(), ArchiveFault> {
    let mut blocks = [0; 2 * BLOCK];
    let count = read_full(file, at, &mut blocks)?;
    match (count == blocks.len(), blocks == [0; 2 * BLOCK]) {
        (false, _) => Err(ArchiveFault::Torn { bytes: size }),
        (true, true) if size == at + blocks.len() as u64 => Ok(()),
        _ => Err(ArchiveFault::Behind { at }),
    }
}

/// The same, and everything in it can be read: then it can be taken.
pub fn prove_readable(file: &dyn File) -> Result<Manifest, ArchiveFault> {
    let manifest = prove(file)?;
    let (size, mut at) = (file.size()?, 0);
    while let Some(placed) = member_at(file, at, size)? {
        placed.check(file)?;
        at = placed.end();
    }
    Ok(manifest)
}
