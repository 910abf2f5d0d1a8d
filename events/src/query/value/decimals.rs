//! Which whole numbers pass a test if they count tenths, hundredths and so on: for columns of numbers.
//!
//! Invariant: a mantissa lies in the answer exactly if its number passes, because the ends are found by
//! asking the test itself. It does not answer for tests that jump to and fro as numbers grow: those are
//! asked number by number.

use super::number::{self, Parts, Written};
use super::range::{Interval, Subject};
use super::{Check, NumberUnits};

/// Mantissas that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decimals {
    None,
    All,
    /// From the first to the last.
    Between(i64, i64),
    /// To be asked one by one.
    Each,
}

pub(super) fn passing(check: &Check, scale: u8, units: NumberUnits) -> Decimals {
    match check {
        Check::Exists => Decimals::All,
        Check::Network(_) | Check::Text { number: None, .. } => Decimals::None,
        Check::Text { number: Some(number), .. } => equal(number, scale),
        Check::Range(interval) if interval.is_monotone() => between(interval, scale, units),
        Check::Range(_) | Check::Like(_) | Check::Regex(_) => Decimals::Each,
    }
}

fn equal(number: &str, scale: u8) -> Decimals {
    let Some(parts) = Parts::of(number.as_bytes()) else { return Decimals::None };
    let Some((mantissa, exponent)) = parts.as_small() else { return Decimals::Each };
    let Ok(power) = u32::try_from(exponent + i64::from(scale)) else { return Decimals::None };
    let mantissa = 10i128.checked_pow(power).and_then(|power| mantissa.checked_mul(power));
    match mantissa.map(i64::try_from) {
        Some(Ok(mantissa)) => Decimals::Between(mantissa, mantissa),
        Some(Err(_)) => Decimals::None,
        None if mantissa.is_none() && parts.as_small().is_some_and(|(digits, _)| digits == 0) => {
            Decimals::Between(0, 0)
        }
        None => Decimals::None,
    }
}

fn between(interval: &Interval, scale: u8, units: NumberUnits) -> Decimals {
    let passes = |interval: &Interval, mantissa: i64| {
        let mut room: Written = [0; size_of::<Written>()];
        let text = number::write(mantissa, scale, &mut room);
        interval.contains(Subject { text, units: Some(units), time: None })
    };
    // Above the lower end all pass it; of those, below the upper end all pass both.
    let lower = interval.lower();
    let Some(first) = first_that(i64::MIN, |mantissa| passes(&lower, mantissa)) else {
        return Decimals::None;
    };
    if !passes(interval, first) {
        return Decimals::None;
    }
    let beyond = first_that(first, |mantissa| !passes(interval, mantissa));
    let last = beyond.map_or(i64::MAX, |beyond| beyond - 1);
    if (first, last) == (i64::MIN, i64::MAX) { Decimals::All } else { Decimals::Between(first, last) }
}

/// The first number from `from` on of which it is true, if it stays true once it is.
fn first_that(from: i64, is_true: impl Fn(i64) -> bool) -> Option<i64> {
    let (mut below, mut found) = (i128::from(from), i128::from(i64::MAX) + 1);
    while below < found {
        let middle = below + (found - below) / 2;
        let holds = i64::try_from(middle).is_ok_and(&is_true);
        (below, found) = if holds { (below, middle) } else { (middle + 1, found) };
    }
    i64::try_from(found).ok()
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use proptest::prelude::*;

    use super::*;
    use crate::query::tree::{Scalar, Test};
    use crate::query::value::{FieldKind, ValueTest};

    fn test(test: &Test) -> ValueTest {
        ValueTest::new(test, FieldKind::Other).unwrap()
    }

    #[test]
    fn a_number_is_one_mantissa() {
        let check = |text: &str, scale: u8, expected: Decimals| {
            assert_eq!(
                test(&Test::Text(text.into())).decimals(scale, NumberUnits::DEFAULT),
                expected,
                "{text}"
            );
        };
        check("1.5", 1, Decimals::Between(15, 15));
        check("1.5", 3, Decimals::Between(1500, 1500));
        check("1.5", 0, Decimals::None);
        check("-0", 255, Decimals::Between(0, 0));
        check("9e18", 0, Decimals::Between(9_000_000_000_000_000_000, 9_000_000_000_000_000_000));
        check("9e18", 1, Decimals::None);
        check("9e18", 200, Decimals::None);
        check("abc", 1, Decimals::None);
        check(&"1".repeat(30), 1, Decimals::Each);
    }

    #[test]
    fn what_is_no_order_is_asked_one_by_one() {
        let range = |lower: Bound<Scalar>| test(&Test::Range(lower, Bound::Unbounded));
        let decimals = |test: ValueTest| test.decimals(0, NumberUnits::DEFAULT);
        assert_eq!(decimals(range(Bound::Included(Scalar::Level(crate::line::Level::Info)))), Decimals::Each);
        assert_eq!(decimals(range(Bound::Included(Scalar::Text("a".into())))), Decimals::None);
        assert_eq!(decimals(range(Bound::Included(Scalar::Number(f64::NAN)))), Decimals::None);
        assert_eq!(decimals(range(Bound::Unbounded)), Decimals::All);
        assert_eq!(decimals(range(Bound::Excluded(Scalar::Number(1e300)))), Decimals::None);
        assert_eq!(
            decimals(range(Bound::Excluded(Scalar::Duration(5_000_000)))),
            Decimals::Between(6, i64::MAX)
        );
    }

    proptest! {
        #[test]
        fn the_ends_are_those_of_the_test(
            (lower, upper) in (-50i32..50, -50i32..50), how in 0..6u8, scale in 0..3u8, mantissa in -6000i64..6000
        ) {
            let scalar = |value: i32| match how {
                0..3 => Scalar::Number(f64::from(value) / 4.0),
                3 => Scalar::Duration(i64::from(value) * 250_000),
                _ => Scalar::Size(f64::from(value) / 4.0),
            };
            let bound = if how % 2 == 0 { Bound::Included } else { Bound::Excluded };
            let test = test(&Test::Range(bound(scalar(lower)), Bound::Included(scalar(upper))));
            let expected = test.matches_decimal(mantissa, scale, NumberUnits::DEFAULT);
            let passes = match test.decimals(scale, NumberUnits::DEFAULT) {
                Decimals::None => false,
                Decimals::All => true,
                Decimals::Between(first, last) => (first..=last).contains(&mantissa),
                Decimals::Each => return Err(TestCaseError::fail("an order has ends")),
            };
            prop_assert_eq!(passes, expected);
        }
    }
}
