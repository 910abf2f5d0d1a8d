//! The catalogue: all groups of a store, how far the log is in them, and what must not be seen any more.
//!
//! One small file with a checksum, replaced as a whole by every change: what it names exists, and what it
//! does not name does not count. Invariant: bytes that are read as a catalogue are consistent in themselves.
//! It does not look at group files; `store` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use antler_events::codec::{self, CodecError};
use antler_events::ids::{Offset, PartitionId, TenantId};
use serde::{Deserialize, Serialize};

/// First bytes of every catalogue.
const HEAD: &[u8; 8] = b"ANTLERca";
const VERSION: u16 = 1;
/// Head, version and checksum.
const PREFIX_BYTES: usize = 14;

/// A group that was written. Frozen with version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupEntry {
    /// Its file is named by it; no other group ever has it.
    pub number: u64,
    /// Size of the file.
    pub bytes: u64,
    pub rows: u32,
    /// Bytes of the lines as they came.
    pub raw_bytes: u64,
    /// Days since 1970; all rows are of this day.
    pub day: i64,
    /// Time of the first and the last row, in nanoseconds.
    pub earliest: i64,
    pub latest: i64,
    /// How strongly it is compressed.
    pub level: i32,
}

/// A group that cannot be trusted. Its file is kept under another name. Frozen with version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedGroup {
    pub entry: GroupEntry,
    pub reason: String,
}

/// Rows of a tenant that are to go: those below these offsets. Frozen with version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EraseMark {
    pub tenant: TenantId,
    /// All rows of the tenant in groups with lower numbers are to go.
    pub below: u64,
    /// Events of the tenant up to these, if they come again from the log, are not taken.
    pub until: Vec<(PartitionId, Offset)>,
}

impl EraseMark {
    /// Whether lines of the event are to go.
    pub fn covers(&self, partition: PartitionId, offset: Offset) -> bool {
        self.until.iter().any(|(other, last)| *other == partition && offset <= *last)
    }
}

/// Everything that a store knows about what it has on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    /// Grows with every change.
    pub sequence: u64,
    /// Above the number of every group that there ever was.
    pub next_number: u64,
    pub groups: BTreeMap<u64, Arc<GroupEntry>>,
    /// Events up to these are in groups.
    pub checkpoints: BTreeMap<PartitionId, Offset>,
    pub quarantined: Vec<Arc<QuarantinedGroup>>,
    /// At most one for each tenant, sorted.
    pub marks: Arc<[EraseMark]>,
}

/// Why bytes are not a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueFault {
    #[error("it is missing")]
    Missing,
    #[error("it does not begin as a catalogue")]
    Head,
    #[error("it is of version {0}, which this program does not know")]
    Version(u16),
    #[error("it does not have its checksum")]
    Checksum,
    #[error("it contradicts itself: {0}")]
    Contradiction(&'static str),
    #[error("it cannot be decoded")]
    Undecodable,
}

#[derive(Serialize, Deserialize)]
struct CatalogueV1 {
    sequence: u64,
    next_number: u64,
    groups: Vec<Arc<GroupEntry>>,
    checkpoints: Vec<(PartitionId, Offset)>,
    quarantined: Vec<Arc<QuarantinedGroup>>,
    marks: Vec<EraseMark>,
}

impl Catalogue {
    pub fn encode(&self) -> Result<Vec<u8>, CodecError> {
        let body = codec::encode(&CatalogueV1 {
            sequence: self.sequence,
            next_number: self.next_number,
            groups: self.groups.values().cloned().collect(),
            checkpoints: self.checkpoints.iter().map(|(partition, offset)| (*partition, *offset)).collect(),
            quarantined: self.quarantined.clone(),
            marks: self.marks.to_vec(),
        })?;
        let mut bytes = Vec::with_capacity(PREFIX_BYTES + body.len());
        bytes.extend_from_slice(HEAD);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    pub fn decode(bytes: &[u8]) -> Result<Self, CatalogueFault> {
        let rest = bytes.strip_prefix(HEAD).ok_or(CatalogueFault::Head)?;
        let (version, rest) = rest.split_first_chunk().ok_or(CatalogueFault::Head)?;
        let (checksum, body) = rest.split_first_chunk::<4>().ok_or(CatalogueFault::Head)?;
        if u16::from_le_bytes(*version) != VERSION {
            return Err(CatalogueFault::Version(u16::from_le_bytes(*version)));
        }
        if crc32fast::hash(body).to_le_bytes() != *checksum {
            return Err(CatalogueFault::Checksum);
        }
        let stored: CatalogueV1 = codec::decode(body).map_err(|_| CatalogueFault::Undecodable)?;
        stored.check()?;
        Ok(Self {
            sequence: stored.sequence,
            next_number: stored.next_number,
            groups: stored.groups.into_iter().map(|entry| (entry.number, entry)).collect(),
            checkpoints: stored.checkpoints.into_iter().collect(),
            quarantined: stored.quarantined,
            marks: stored.marks.into(),
        })
    }

    /// Whether rows of the tenant in the group are to go.
    pub fn hides(&self, tenant: TenantId, group: u64) -> bool {
        self.mark_of(tenant).is_some_and(|mark| group < mark.below)
    }

    pub fn mark_of(&self, tenant: TenantId) -> Option<&EraseMark> {
        let found = self.marks.binary_search_by_key(&tenant, |mark| mark.tenant);
        found.ok().map(|at| &self.marks[at])
    }

    /// Puts a mark in the place of an earlier one of the same tenant.
    pub fn mark(&mut self, mark: EraseMark) {
        let mut marks = self.marks.to_vec();
        match marks.binary_search_by_key(&mark.tenant, |other| other.tenant) {
            Ok(at) => marks[at] = mark,
            Err(at) => marks.insert(at, mark),
        }
        self.marks = marks.into();
    }
}

impl CatalogueV1 {
    fn check(&self) -> Result<(), CatalogueFault> {
        let entries = self.groups.iter().map(|entry| &**entry);
        let all = entries.clone().chain(self.quarantined.iter().map(|group| &group.entry));
        let mut numbers = all.clone().map(|entry| entry.number);
        let rising = |numbers: &mut dyn Iterator<Item = u64>| numbers.is_sorted_by(|a, b| a < b);
        let holds = [
            ("a group has a number that is not given yet", numbers.all(|number| number < self.next_number)),
            ("groups are out of order", rising(&mut entries.map(|entry| entry.number))),
            ("a group has no rows or no time", all.clone().all(|g| g.rows > 0 && g.earliest <= g.latest)),
            ("checkpoints are out of order", self.checkpoints.is_sorted_by(|a, b| a.0 < b.0)),
            ("marks are out of order", self.marks.is_sorted_by(|a, b| a.tenant < b.tenant)),
        ];
        match holds.iter().find(|(_, holds)| !holds) {
            Some((what, _)) => Err(CatalogueFault::Contradiction(what)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOLDEN: &[u8] = include_bytes!("golden/catalogue_1.bin");

    fn entry(number: u64) -> GroupEntry {
        GroupEntry {
            number,
            bytes: 900_000 + number,
            rows: 131_072,
            raw_bytes: 57_000_000,
            day: 20_513,
            earliest: 1_772_352_000_000_000_000,
            latest: 1_772_352_000_000_000_999,
            level: 1,
        }
    }

    fn catalogue() -> Catalogue {
        let mut catalogue = Catalogue {
            sequence: 70,
            next_number: 9,
            groups: [2, 5, 7].map(|number| (number, Arc::new(entry(number)))).into(),
            checkpoints: [(PartitionId::new(0), Offset::new(17)), (PartitionId::new(3), Offset::new(400))]
                .into(),
            quarantined: vec![Arc::new(QuarantinedGroup { entry: entry(3), reason: "it is cut".to_owned() })],
            marks: Arc::default(),
        };
        for (name, below) in [("zebra", 4), ("acme", 5), ("acme", 8)] {
            let until = vec![(PartitionId::new(0), Offset::new(11))];
            catalogue.mark(EraseMark { tenant: TenantId::parse(name).unwrap(), below, until });
        }
        catalogue
    }

    #[test]
    fn version_1_has_its_golden_bytes_and_is_read() {
        let bytes = catalogue().encode().unwrap();
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(bytes == GOLDEN, "catalogue_1.bin is missing or differs from {hex}");
        assert_eq!(Catalogue::decode(GOLDEN).unwrap(), catalogue());
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let mut bytes = GOLDEN.to_vec();
        for cut in 0..bytes.len() {
            assert!(Catalogue::decode(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(Catalogue::decode(&bytes).is_err(), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        bytes[8] = 2;
        assert_eq!(Catalogue::decode(&bytes).unwrap_err(), CatalogueFault::Version(2));
    }

    #[test]
    fn a_catalogue_that_contradicts_itself_is_refused() {
        let wrong = |change: fn(&mut Catalogue)| {
            let mut catalogue = catalogue();
            change(&mut catalogue);
            Catalogue::decode(&catalogue.encode().unwrap()).unwrap_err().to_string()
        };
        assert!(wrong(|catalogue| catalogue.next_number = 7).contains("not given yet"));
        assert!(
            wrong(|catalogue| catalogue.marks = catalogue.marks.iter().rev().cloned().collect())
                .contains("marks")
        );
        let empty = |catalogue: &mut Catalogue| {
            catalogue.groups.insert(1, Arc::new(GroupEntry { rows: 0, ..entry(1) }));
        };
        assert!(wrong(empty).contains("no rows"));
    }

    #[test]
    fn a_mark_hides_groups_written_before_it_and_events_up_to_it() {
        let catalogue = catalogue();
        let acme = TenantId::parse("acme").unwrap();
        assert_eq!((catalogue.hides(acme, 7), catalogue.hides(acme, 8)), (true, false));
        assert!(!catalogue.hides(TenantId::parse("other").unwrap(), 0));
        let mark = catalogue.mark_of(acme).unwrap();
        assert!(mark.covers(PartitionId::new(0), Offset::new(11)));
        assert!(!mark.covers(PartitionId::new(0), Offset::new(12)));
        assert!(!mark.covers(PartitionId::new(1), Offset::new(1)));
    }
}
