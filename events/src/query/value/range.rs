//! A value held against the ends of a range, by its kind.
//!
//! Invariant: each end is compared by itself, and an end that cannot be compared with the value is not met.
//! A time of a field other than the time of the line is read from its own text alone: a form without a year
//! is no time there, because what it means would depend on when it arrived.
//! It does not know fields: a value comes with its text, its kind and the unit of its name.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Bound;

use super::number::{Parts, nearest};
use super::units::{self, NumberUnits};
use crate::clock::Timestamp;
use crate::line::{Level, timestamp};
use crate::query::text::fold;
use crate::query::tree::{Network, Scalar};

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub text: &'a [u8],
    /// For numbers.
    pub units: Option<NumberUnits>,
    /// If it is the time of a line.
    pub time: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct Interval {
    lower: Bound<Scalar>,
    upper: Bound<Scalar>,
}

/// In the middle of leap years, so that every day exists in them.
const ARRIVALS: [Timestamp; 2] =
    [Timestamp::from_nanos(962_409_600_000_000_000), Timestamp::from_nanos(1_088_640_000_000_000_000)];

impl Interval {
    pub(super) fn new(lower: &Bound<Scalar>, upper: &Bound<Scalar>) -> Self {
        let prepared = |scalar: Scalar| match scalar {
            Scalar::Text(text) => Scalar::Text(fold(&text).into()),
            other => other,
        };
        Self { lower: lower.clone().map(prepared), upper: upper.clone().map(prepared) }
    }

    pub(super) fn contains(&self, subject: Subject<'_>) -> bool {
        let compare = |limit: &Scalar| compare(subject, limit);
        let above = match &self.lower {
            Bound::Unbounded => true,
            Bound::Included(limit) => compare(limit).is_some_and(Ordering::is_ge),
            Bound::Excluded(limit) => compare(limit).is_some_and(Ordering::is_gt),
        };
        above
            && match &self.upper {
                Bound::Unbounded => true,
                Bound::Included(limit) => compare(limit).is_some_and(Ordering::is_le),
                Bound::Excluded(limit) => compare(limit).is_some_and(Ordering::is_lt),
            }
    }

    /// The ends, if both are times or open.
    pub(super) fn times(&self) -> Option<(Bound<Timestamp>, Bound<Timestamp>)> {
        let time = |scalar: &Scalar| match scalar {
            Scalar::Time(time) => Some(*time),
            _ => None,
        };
        Some((only(&self.lower, time)?, only(&self.upper, time)?))
    }

    /// The ends, if both are levels or open.
    pub(super) fn levels(&self) -> Option<(Bound<Level>, Bound<Level>)> {
        let level = |scalar: &Scalar| match scalar {
            Scalar::Level(level) => Some(*level),
            _ => None,
        };
        Some((only(&self.lower, level)?, only(&self.upper, level)?))
    }

    /// Whether greater numbers of one unit lie further to the same side of both ends.
    pub(super) fn is_monotone(&self) -> bool {
        !self.limits().any(|limit| matches!(limit, Scalar::Time(_) | Scalar::Level(_)))
    }

    /// Whether what numbers count matters.
    pub(super) fn has_units(&self) -> bool {
        self.limits().any(|limit| matches!(limit, Scalar::Duration(_) | Scalar::Size(_)))
    }

    fn limits(&self) -> impl Iterator<Item = &Scalar> {
        [&self.lower, &self.upper].into_iter().filter_map(|bound| match bound {
            Bound::Unbounded => None,
            Bound::Included(limit) | Bound::Excluded(limit) => Some(limit),
        })
    }

    pub(super) fn lower(&self) -> Self {
        Self { lower: self.lower.clone(), upper: Bound::Unbounded }
    }
}

fn only<T>(bound: &Bound<Scalar>, kind: impl Fn(&Scalar) -> Option<T>) -> Option<Bound<T>> {
    Some(match bound {
        Bound::Unbounded => Bound::Unbounded,
        Bound::Included(limit) => Bound::Included(kind(limit)?),
        Bound::Excluded(limit) => Bound::Excluded(kind(limit)?),
    })
}

fn compare(subject: Subject<'_>, limit: &Scalar) -> Option<Ordering> {
    let text = subject.text;
    match limit {
        Scalar::Number(limit) => nearest(text)?.partial_cmp(limit),
        Scalar::Time(limit) => Some(subject.time.or_else(|| time_of(text))?.cmp(limit)),
        Scalar::Duration(limit) => match subject.units {
            Some(units) => compare_product(text, units.nanos, *limit),
            None => Some(units::duration(str::from_utf8(text).ok()?)?.cmp(limit)),
        },
        Scalar::Size(limit) => match subject.units {
            Some(units) => (nearest(text)? * units.bytes as f64).partial_cmp(limit),
            None => units::size(str::from_utf8(text).ok()?)?.partial_cmp(limit),
        },
        Scalar::Level(limit) => Some(Level::parse(text)?.cmp(limit)),
        Scalar::Address(limit) => match (address_of(text)?, limit) {
            (IpAddr::V4(address), IpAddr::V4(limit)) => Some(address.cmp(limit)),
            (IpAddr::V6(address), IpAddr::V6(limit)) => Some(address.cmp(limit)),
            _ => None,
        },
        Scalar::Text(_) if subject.units.is_some() => None,
        Scalar::Text(limit) => Some(fold(&String::from_utf8_lossy(text)).as_str().cmp(limit)),
    }
}

/// A time that does not depend on when it arrived.
fn time_of(text: &[u8]) -> Option<Timestamp> {
    let [one, other] = ARRIVALS.map(|arrival| timestamp::parse(text, arrival));
    one.filter(|_| one == other)
}

fn address_of(text: &[u8]) -> Option<IpAddr> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// A number times a unit against a whole number, exactly where there is room for it.
fn compare_product(number: &[u8], unit: u64, limit: i64) -> Option<Ordering> {
    let exact = Parts::of(number)?.as_small().and_then(|(mantissa, exponent)| {
        let power = 10i128.checked_pow(u32::try_from(exponent.abs()).ok()?)?;
        let product = mantissa.checked_mul(i128::from(unit))?;
        let limit = i128::from(limit);
        Some(match exponent {
            0.. => product.checked_mul(power)?.cmp(&limit),
            _ => product.cmp(&limit.checked_mul(power)?),
        })
    });
    exact.or_else(|| (nearest(number)? * unit as f64).partial_cmp(&(limit as f64)))
}

/// Whether the text is an address in the network.
pub(super) fn is_in_network(text: &[u8], network: Network) -> bool {
    let prefix_of = |bits: u128, width: u32| {
        let host_bits = width.saturating_sub(u32::from(network.prefix_bits));
        bits.checked_shr(host_bits).unwrap_or(0)
    };
    match (address_of(text), network.address) {
        (Some(IpAddr::V4(address)), IpAddr::V4(first)) => {
            prefix_of(address.to_bits().into(), 32) == prefix_of(first.to_bits().into(), 32)
        }
        (Some(IpAddr::V6(address)), IpAddr::V6(first)) => {
            prefix_of(address.to_bits(), 128) == prefix_of(first.to_bits(), 128)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    fn text(text: &str) -> Subject<'_> {
        Subject { text: text.as_bytes(), units: None, time: None }
    }

    fn number(text: &str) -> Subject<'_> {
        Subject { text: text.as_bytes(), units: Some(NumberUnits::DEFAULT), time: None }
    }

    #[test]
    fn values_are_compared_by_their_kind() {
        let check = |subject: Subject<'_>, limit: Scalar, expected: Option<Ordering>| {
            assert_eq!(compare(subject, &limit), expected, "{subject:?} {limit:?}");
        };
        check(number("5"), Scalar::Number(4.5), Some(Ordering::Greater));
        check(text("5"), Scalar::Number(5.0), Some(Ordering::Equal));
        check(text("5 apples"), Scalar::Number(5.0), None);
        check(number("5"), Scalar::Number(f64::NAN), None);
        let noon = Scalar::Time(Timestamp::from_nanos(1_772_366_400_000_000_000));
        check(text("2026-03-01T12:00:00Z"), noon.clone(), Some(Ordering::Equal));
        check(number("1772366400001"), noon.clone(), Some(Ordering::Greater));
        check(text("Mar  1 12:00:00"), noon.clone(), None);
        check(Subject { time: Some(Timestamp::default()), ..text("x") }, noon, Some(Ordering::Less));
        check(text("1.5ms"), Scalar::Duration(MS), Some(Ordering::Greater));
        check(text("1"), Scalar::Duration(MS), None);
        check(number("1.1"), Scalar::Duration(1_100_000), Some(Ordering::Equal));
        check(number("1e300"), Scalar::Duration(i64::MAX), Some(Ordering::Greater));
        check(number("0.0000001"), Scalar::Duration(0), Some(Ordering::Greater));
        check(number("1000000000000000000000000000000"), Scalar::Duration(5), Some(Ordering::Greater));
        check(text("4KiB"), Scalar::Size(4000.0), Some(Ordering::Greater));
        check(number("4000"), Scalar::Size(4000.0), Some(Ordering::Equal));
        check(text("ERR"), Scalar::Level(Level::Warning), Some(Ordering::Greater));
        check(text("fine weather"), Scalar::Level(Level::Warning), None);
        check(text("10.0.0.9"), Scalar::Address([10, 0, 0, 10].into()), Some(Ordering::Less));
        check(text("::1"), Scalar::Address([10, 0, 0, 10].into()), None);
        check(text("Straße"), Scalar::Text("strasse".into()), Some(Ordering::Greater));
        check(number("5"), Scalar::Text("4".into()), None);
    }

    #[test]
    fn both_ends_must_be_met() {
        let interval =
            Interval::new(&Bound::Excluded(Scalar::Number(1.0)), &Bound::Included(Scalar::Text("B".into())));
        assert!(interval.contains(text("2")) && !interval.contains(text("1")));
        assert!(!interval.contains(number("2")) && !interval.contains(text("a")));
        let open = Interval::new(&Bound::Unbounded, &Bound::Unbounded);
        assert!(open.contains(text("")) && open.times().is_some() && open.levels().is_some());
    }

    #[test]
    fn addresses_lie_in_networks_of_their_family() {
        let check = |text: &str, address: &str, prefix_bits: u8, expected: bool| {
            let network = Network { address: address.parse().unwrap(), prefix_bits };
            assert_eq!(is_in_network(text.as_bytes(), network), expected, "{text} {network:?}");
        };
        check("10.1.2.3", "10.0.0.0", 8, true);
        check("11.1.2.3", "10.0.0.0", 8, false);
        check("10.1.2.3", "10.1.2.3", 32, true);
        check("1.2.3.4", "0.0.0.0", 0, true);
        check("::1", "0.0.0.0", 0, false);
        check("fe80::1", "fe80::", 10, true);
        check("fe80::1", "::", 0, true);
        check("10.1.2.3:80", "10.0.0.0", 8, false);
        check("10.1.2.3", "10.1.2.3", 200, true);
    }
}
