//! Percentiles: the values themselves while they are few, then buckets of a bounded relative width.
//!
//! A value is held as the bits of a float in an order like its own, with its count. When there are too many different
//! values their lower bits are cut off: with 8 bits of fraction left an estimate is off by at most 1/512 of the
//! value (0.2 %), and should even those buckets be too many, with 4 bits by at most 1/32 (3.2 %).
//! Invariant: the state is a function of the values alone, not of their order or of how they were divided
//! among states that were merged. It does not interpolate: a percentile is the smallest value that so many percent
//! of the values do not exceed.

/// Bits of fraction that a float has.
const FRACTION_BITS: u32 = 52;
/// Bits of fraction that are kept, from exact to coarse.
const KEPT: [u32; 3] = [FRACTION_BITS, 8, 4];
/// Values that are collected before they are sorted in, if there are not more sorted ones.
const UNSORTED_MIN: usize = 64;
/// Single values may be collected up to so many times the bound of different ones.
const COLLECTED_FACTOR: usize = 2;

/// Values, counted, in their order.
#[derive(Debug, Clone)]
pub struct Quantiles {
    /// Which of `KEPT` holds.
    coarseness: usize,
    values_max: usize,
    /// Ordered bits with their counts; the first `sorted` ascend, and each stands there once.
    counts: Vec<(u64, u64)>,
    sorted: usize,
    /// Ordered bits that came once each, in any order.
    single: Vec<u64>,
}

impl Quantiles {
    /// Exact up to so many different values.
    pub fn new(values_max: usize) -> Self {
        let values_max = values_max.max(1);
        Self { coarseness: 0, values_max, counts: Vec::new(), sorted: 0, single: Vec::new() }
    }

    pub fn add(&mut self, value: f64, times: u64) {
        let bits = cut(ordered(value), self.coarseness);
        if times == 1 {
            self.single.push(bits);
            self.settle_if_many();
            return;
        }
        self.counts.push((bits, times));
        // As many as are sorted, so that sorting costs little for each value.
        if self.counts.len() >= self.sorted * 2 + UNSORTED_MIN {
            self.settle();
        }
    }

    /// Values that came once each.
    pub fn add_all(&mut self, values: impl Iterator<Item = f64>) {
        let coarseness = self.coarseness;
        self.single.extend(values.map(|value| cut(ordered(value), coarseness)));
        self.settle_if_many();
    }

    pub fn merge(&mut self, other: &Self) {
        while self.coarseness < other.coarseness {
            self.coarsen();
        }
        let coarseness = self.coarseness;
        self.single.extend(other.single.iter().map(|bits| cut(*bits, coarseness)));
        self.settle_if_many();
        if !other.counts.is_empty() {
            let coarseness = self.coarseness;
            let theirs = other.counts.iter();
            self.counts.extend(theirs.map(|(bits, times)| (cut(*bits, coarseness), *times)));
            self.settle();
        }
    }

    /// Whether every percentile is one of the values.
    pub fn is_exact(&mut self) -> bool {
        // Fewer than the bound cannot be too many different ones.
        if self.counts.len() + self.single.len() > self.values_max {
            self.settle();
        }
        self.coarseness == 0
    }

    /// Gives up exactness for memory, one step.
    pub fn coarsen(&mut self) {
        self.count_single();
        self.coarseness = (self.coarseness + 1).min(KEPT.len() - 1);
        let coarseness = self.coarseness;
        for (bits, _) in &mut self.counts {
            *bits = cut(*bits, coarseness);
        }
        self.sorted = 0;
        self.compact();
        self.counts.shrink_to_fit();
    }

    /// The smallest value that `percent` of the values do not exceed; for 0 the smallest of all.
    pub fn percentile(&mut self, percent: f64) -> Option<f64> {
        if self.counts.is_empty() && (1..=self.values_max).contains(&self.single.len()) {
            let rank = rank(self.single.len() as u64, percent) as usize;
            let (_, bits, _) = self.single.select_nth_unstable(rank - 1);
            return Some(middle(*bits, self.coarseness));
        }
        self.settle();
        let total: u64 = self.counts.iter().map(|(_, times)| times).sum();
        let rank = rank(total, percent);
        let mut seen = 0;
        let at = self.counts.iter().find(|(_, times)| {
            seen += times;
            seen >= rank
        });
        at.map(|(bits, _)| middle(*bits, self.coarseness))
    }

    pub fn bytes_held(&self) -> usize {
        self.counts.capacity() * size_of::<(u64, u64)>() + self.single.capacity() * size_of::<u64>()
    }

    /// Sorts in what is not sorted, and coarsens while there are too many.
    pub fn settle(&mut self) {
        self.count_single();
        self.compact();
        while self.counts.len() > self.values_max && self.coarseness + 1 < KEPT.len() {
            self.coarsen();
        }
    }

    fn settle_if_many(&mut self) {
        if self.single.len() > self.values_max.saturating_mul(COLLECTED_FACTOR) {
            self.settle();
        }
    }

    fn count_single(&mut self) {
        let mut single = std::mem::take(&mut self.single);
        single.sort_unstable();
        let runs = single.chunk_by(|one, other| one == other);
        self.counts.extend(runs.map(|run| (run[0], run.len() as u64)));
    }

    fn compact(&mut self) {
        if self.sorted == self.counts.len() {
            return;
        }
        // A stable sort finds the run that is sorted already.
        self.counts.sort_by_key(|(bits, _)| *bits);
        self.counts.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            kept.1 += if same { next.1 } else { 0 };
            same
        });
        self.sorted = self.counts.len();
    }
}

/// The place of a percentile among so many values, from 1.
fn rank(total: u64, percent: f64) -> u64 {
    ((total as f64 * percent / 100.0).ceil() as u64).clamp(1, total.max(1))
}

/// Bits in the order of the floats: negatives turned around below the positives.
fn ordered(value: f64) -> u64 {
    // Minus zero is zero.
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(ordered: u64) -> f64 {
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !ordered })
}

/// The bucket of ordered bits: its lower end.
fn cut(ordered: u64, coarseness: usize) -> u64 {
    let dropped = FRACTION_BITS - KEPT[coarseness];
    ordered >> dropped << dropped
}

/// The middle of a bucket. Zero has a bucket with the smallest numbers there are; it is taken for zero.
fn middle(bucket: u64, coarseness: usize) -> f64 {
    let dropped = FRACTION_BITS - KEPT[coarseness];
    if dropped == 0 {
        return value_of(bucket);
    }
    let (low, high) = (value_of(bucket), value_of(bucket | ((1 << dropped) - 1)));
    let middle = low + (high - low) / 2.0;
    if middle.abs() < f64::MIN_POSITIVE { 0.0 } else { middle }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quantiles(values: &[f64], values_max: usize) -> Quantiles {
        let mut quantiles = Quantiles::new(values_max);
        for value in values {
            quantiles.add(*value, 1);
        }
        quantiles
    }

    fn by_sorting(values: &[f64], percent: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() as f64 * percent / 100.0).ceil() as usize;
        sorted[rank.clamp(1, sorted.len()) - 1]
    }

    fn settled(mut quantiles: Quantiles) -> (usize, Vec<(u64, u64)>) {
        quantiles.settle();
        (quantiles.coarseness, quantiles.counts)
    }

    #[test]
    fn a_percentile_of_nothing_is_nothing() {
        assert_eq!(Quantiles::new(10).percentile(50.0), None);
    }

    #[test]
    fn a_value_counts_as_often_as_it_came() {
        let mut quantiles = Quantiles::new(10);
        quantiles.add(1.0, 98);
        quantiles.add(2.0, 2);
        assert_eq!(quantiles.percentile(98.0), Some(1.0));
        assert_eq!(quantiles.percentile(99.0), Some(2.0));
    }

    fn values() -> impl Strategy<Value = Vec<f64>> {
        let value = prop_oneof![
            -1e6..1e6f64,
            (-20i32..20).prop_map(f64::from),
            Just(0.0),
            Just(-0.0),
            prop::num::f64::NORMAL,
        ];
        prop::collection::vec(value, 1..300)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn percentiles_of_few_values_are_those_of_the_sorted_values(values in values(), percent in 0.0..=100.0) {
            let found = quantiles(&values, 1_000).percentile(percent).unwrap();
            prop_assert_eq!(found, by_sorting(&values, percent));
        }

        #[test]
        fn percentiles_of_many_values_are_near(values in values(), percent in 0.0..=100.0) {
            let mut estimate = quantiles(&values, 20);
            estimate.settle();
            prop_assert!(estimate.coarseness > 0 || estimate.counts.len() <= 20);
            let bound = [0.0, 1.0 / 512.0, 1.0 / 32.0][estimate.coarseness];
            let (found, exact) = (estimate.percentile(percent).unwrap(), by_sorting(&values, percent));
            prop_assert!((found - exact).abs() <= exact.abs() * bound + f64::MIN_POSITIVE, "{} {}", found, exact);
        }

        #[test]
        fn merged_parts_are_the_whole(values in values(), cuts in prop::collection::vec(0usize..4, 300), values_max in 1usize..400) {
            let mut parts = vec![Quantiles::new(values_max); 4];
            for (value, part) in values.iter().zip(cuts) {
                parts[part].add(*value, 1);
            }
            let mut merged = Quantiles::new(values_max);
            for part in &parts {
                merged.merge(part);
            }
            prop_assert_eq!(settled(merged), settled(quantiles(&values, values_max)));
        }
    }
}
