//! A corpus that many tenants share: each batch is of one tenant, as senders send them.
//!
//! Most tenants send about as much as each other, the first of them up to three times as much as the last:
//! what makes many tenants dear is their count, and a few large ones would hide it. Invariant: together
//! the batches are the corpus, in its order, with nothing lost. It does not cut a record in two.

use antler_events::ids::TenantId;

use super::source::Source;
use crate::draw::Draw;

/// Deals a corpus over tenants.
#[derive(Debug)]
pub struct Tenants {
    source: Source,
    ids: Vec<TenantId>,
    draw: Draw,
}

impl Tenants {
    /// At least one tenant; the first is `tenant-00000`.
    pub fn new(source: Source, count: u32, seed: u64) -> Self {
        let id = |number: u32| {
            TenantId::parse(&format!("tenant-{number:05}")).expect("letters, digits and a dash are an id")
        };
        Self { source, ids: (0..count.max(1)).map(id).collect(), draw: Draw::new(seed) }
    }

    pub fn ids(&self) -> &[TenantId] {
        &self.ids
    }

    /// Whole records of at least so many bytes and whose they are; none if the corpus has ended.
    pub fn next_batch(&mut self, bytes: usize) -> Option<(TenantId, Vec<u8>)> {
        let mut lines = self.source.write_bytes(bytes.max(1));
        // Callers keep many.
        lines.shrink_to_fit();
        if lines.is_empty() {
            return None;
        }
        let count = self.ids.len() as u64;
        let mut number = self.draw.below(count);
        if self.draw.one_in(2) {
            number = number.min(self.draw.below(count));
        }
        Some((self.ids[number as usize], lines))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::source::Kind;
    use super::*;

    fn dealt(count: u32, batches: usize) -> Vec<(TenantId, Vec<u8>)> {
        let source = Source::open(Kind::Mixed, 1, None).unwrap();
        let mut tenants = Tenants::new(source, count, 2);
        (0..batches).map(|_| tenants.next_batch(400).unwrap()).collect()
    }

    #[test]
    fn the_batches_together_are_the_corpus() {
        let dealt = dealt(50, 200);
        let all: Vec<u8> = dealt.iter().flat_map(|(_, lines)| lines.clone()).collect();
        assert_eq!(all, super::super::Corpus::new(1).write_bytes(all.len()));
        assert!(dealt.iter().all(|(_, lines)| lines.ends_with(b"\n")));
        assert_eq!(dealt, self::dealt(50, 200));
    }

    #[test]
    fn every_tenant_has_its_share_and_the_first_a_larger_one() {
        let mut batches = BTreeMap::<TenantId, u32>::new();
        dealt(20, 8_000).iter().for_each(|(tenant, _)| *batches.entry(*tenant).or_default() += 1);
        let shares: Vec<u32> = batches.values().copied().collect();
        assert_eq!(shares.len(), 20);
        assert!(shares[0] > 480 && shares[0] < 720, "{shares:?}");
        assert!(shares[19] > 130 && shares[19] < 300, "{shares:?}");
    }

    #[test]
    fn an_ended_corpus_gives_no_batch() {
        let source = Source::Unrepeated { text: b"a\nb\n".to_vec(), written: 0 };
        let mut tenants = Tenants::new(source, 1, 1);
        let only = TenantId::parse("tenant-00000").unwrap();
        assert_eq!(tenants.next_batch(1), Some((only, b"a\n".to_vec())));
        assert_eq!(tenants.next_batch(100), Some((only, b"b\n".to_vec())));
        assert_eq!(tenants.next_batch(100), None);
        assert_eq!(tenants.ids(), [only]);
    }
}
