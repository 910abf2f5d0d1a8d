//! Placement: which partition holds which tenant.
//!
//! Rendezvous hashing: a tenant lives where its name and the partition's number hash highest, so that
//! nobody keeps a list of 100,000 tenants, and one partition more moves only its own share. A tenant that
//! is too hot for one partition is spread: its line events go to several, named by the operator.
//! Invariant: the home of a tenant depends on its name and the number of partitions alone, in every
//! version, because its control events are looked for there for ever. It moves no data.

use std::collections::BTreeMap;

use crate::ids::{PartitionId, TenantId};

/// Where each tenant's events go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placement {
    partitions: u16,
    spread: BTreeMap<TenantId, Vec<PartitionId>>,
}

/// Why tenants cannot be placed so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    #[error("a log needs at least one partition")]
    NoPartitions,
    #[error("tenant {tenant} cannot be spread over no partition")]
    SpreadEmpty { tenant: TenantId },
    #[error("tenant {tenant} is spread over partition {partition} twice")]
    SpreadTwice { tenant: TenantId, partition: PartitionId },
    #[error("tenant {tenant} is spread over partition {partition}, and there are only {partitions}")]
    SpreadOutside { tenant: TenantId, partition: PartitionId, partitions: u16 },
}

impl Placement {
    pub fn new(partitions: u16) -> Result<Self, PlacementError> {
        match partitions {
            0 => Err(PlacementError::NoPartitions),
            _ => Ok(Self { partitions, spread: BTreeMap::new() }),
        }
    }

    /// Sends the line events of a tenant to these partitions instead of its home.
    pub fn spread(&mut self, tenant: TenantId, over: Vec<PartitionId>) -> Result<(), PlacementError> {
        if over.is_empty() {
            return Err(PlacementError::SpreadEmpty { tenant });
        }
        for (at, &partition) in over.iter().enumerate() {
            if partition.number() >= self.partitions {
                return Err(PlacementError::SpreadOutside { tenant, partition, partitions: self.partitions });
            }
            if over[..at].contains(&partition) {
                return Err(PlacementError::SpreadTwice { tenant, partition });
            }
        }
        self.spread.insert(tenant, over);
        Ok(())
    }

    /// Where all control events of a tenant are, and its line events unless it is spread.
    pub fn home(&self, tenant: TenantId) -> PartitionId {
        let seed = seed(tenant);
        let highest = (0..self.partitions).max_by_key(|&number| weight(seed, number));
        PartitionId::new(highest.expect("there is at least one partition"))
    }

    /// Where line events of a tenant go. Senders of a spread tenant pick by their `shard`; lines that
    /// must keep their order go through the same shard.
    pub fn lines(&self, tenant: TenantId, shard: usize) -> PartitionId {
        match self.spread.get(&tenant) {
            Some(over) => over[shard % over.len()],
            None => self.home(tenant),
        }
    }

    /// Everywhere that line events of a tenant may be written now.
    pub fn all_lines(&self, tenant: TenantId) -> Vec<PartitionId> {
        self.spread.get(&tenant).cloned().unwrap_or_else(|| vec![self.home(tenant)])
    }
}

/// One BLAKE3 per tenant; the partitions are then mixed in cheaply.
fn seed(tenant: TenantId) -> u64 {
    let hash = blake3::hash(tenant.as_str().as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    u64::from_le_bytes(*first)
}

/// The finaliser of SplitMix64, which is a bijection, so two partitions never weigh the same. Written out
/// here, because a library's hash may change with its version.
fn weight(seed: u64, partition: u16) -> u64 {
    let mut mixed = seed.wrapping_add((u64::from(partition) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tenant(text: &str) -> TenantId {
        TenantId::parse(text).unwrap()
    }

    fn tenants(count: usize) -> Vec<TenantId> {
        (0..count).map(|number| tenant(&format!("t{number}"))).collect()
    }

    fn partitions(numbers: &[u16]) -> Vec<PartitionId> {
        numbers.iter().copied().map(PartitionId::new).collect()
    }

    /// A tenant that is looked for in another partition has lost its history: these never change.
    #[test]
    fn homes_are_the_same_for_ever() {
        let check = |text: &str, of_2: u16, of_16: u16, of_1000: u16| {
            let homes = [2, 16, 1000].map(|count| Placement::new(count).unwrap().home(tenant(text)).number());
            assert_eq!(homes, [of_2, of_16, of_1000], "{text}");
        };
        check("acme", 1, 12, 207);
        check("a", 1, 6, 661);
        check("0b54e2a4-63ad-4b41-b64e-2a6d3f1c7e55", 0, 8, 585);
        check("default", 1, 7, 669);
    }

    #[test]
    fn homes_are_even() {
        let placement = Placement::new(16).unwrap();
        let mut counts = [0usize; 16];
        for tenant in tenants(16_000) {
            counts[usize::from(placement.home(tenant).number())] += 1;
        }
        // Four standard deviations of a fair share.
        assert!(counts.iter().all(|count| (877..=1123).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_spread_tenant_writes_lines_to_its_partitions_and_control_events_home() {
        let mut placement = Placement::new(8).unwrap();
        let (hot, cold) = (tenant("hot"), tenant("cold"));
        let home = placement.home(hot);
        placement.spread(hot, partitions(&[5, 1, 6])).unwrap();
        let lines: Vec<_> = (0..4).map(|shard| placement.lines(hot, shard).number()).collect();
        assert_eq!(lines, [5, 1, 6, 5]);
        assert_eq!((placement.home(hot), placement.all_lines(hot)), (home, partitions(&[5, 1, 6])));
        assert_eq!(placement.lines(cold, 7), placement.home(cold));
        assert_eq!(placement.all_lines(cold), [placement.home(cold)]);
    }

    #[test]
    fn a_spread_that_cannot_be_is_refused() {
        let mut placement = Placement::new(4).unwrap();
        let mut check = |numbers: &[u16], expected: &str| {
            let error = placement.spread(tenant("hot"), partitions(numbers)).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check(&[], "tenant hot cannot be spread over no partition");
        check(&[1, 2, 1], "tenant hot is spread over partition 1 twice");
        check(&[4], "tenant hot is spread over partition 4, and there are only 4");
        assert_eq!(Placement::new(0), Err(PlacementError::NoPartitions));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn one_partition_more_moves_its_share_and_only_to_itself(count in 1u16..64) {
            let (before, after) = (Placement::new(count).unwrap(), Placement::new(count + 1).unwrap());
            let all = tenants(4_000);
            let mut moved = 0;
            for &tenant in &all {
                if before.home(tenant) != after.home(tenant) {
                    prop_assert_eq!(after.home(tenant).number(), count);
                    moved += 1;
                }
            }
            let share = all.len() as f64 / f64::from(count + 1);
            let deviation = (share * (1.0 - share / all.len() as f64)).sqrt();
            prop_assert!((f64::from(moved) - share).abs() <= 5.0 * deviation, "{} of about {}", moved, share);
        }

        #[test]
        fn a_home_exists_and_two_runs_agree(text in "[a-z0-9_-]{1,39}", count in 1u16..2000) {
            let home = Placement::new(count).unwrap().home(tenant(&text));
            prop_assert!(home.number() < count);
            prop_assert_eq!(home, Placement::new(count).unwrap().home(tenant(&text)));
        }
    }
}
