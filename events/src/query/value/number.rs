//! Numbers as they are written: what is one, and which are the same.
//!
//! Invariant: two numbers are the same if they are so digit by digit, however long they are: ids of
//! nineteen digits do not run into their neighbours. Their order against a machine number is that of the
//! machine number nearest to them. It does not know units.

/// Digits that the exact product with a unit has room for.
const DIGITS_MAX: usize = 19;
const EXPONENT_MAX: i64 = 18;

/// A number taken apart: `±digits × 10^exponent`, without zeros at either end. Zero has no digits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts<'a> {
    negative: bool,
    /// From the first digit that is not zero to the last; perhaps with the point.
    digits: &'a [u8],
    exponent: i64,
}

impl<'a> Parts<'a> {
    /// Takes a text apart that is a number as a whole: a sign, digits with a point, a power of ten.
    pub(super) fn of(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mantissa, power) = match rest.iter().position(|byte| matches!(byte, b'e' | b'E')) {
            Some(at) => (&rest[..at], read_power(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.');
        let digit_count = mantissa.iter().filter(|byte| byte.is_ascii_digit()).count();
        if digit_count == 0 || digit_count + usize::from(point.is_some()) != mantissa.len() {
            return None;
        }
        let is_significant = |byte: &u8| (b'1'..=b'9').contains(byte);
        let Some(first) = mantissa.iter().position(is_significant) else {
            return Some(Self { negative: false, digits: b"", exponent: 0 });
        };
        let last = mantissa.iter().rposition(is_significant).unwrap_or(first);
        let point = point.unwrap_or(mantissa.len());
        let behind_last = if last < point { point - last - 1 } else { 0 } as i64;
        let behind_point = last.saturating_sub(point) as i64;
        let exponent = power.saturating_add(behind_last).saturating_sub(behind_point);
        Some(Self { negative, digits: &mantissa[first..=last], exponent })
    }

    pub(super) fn is_same(self, other: Parts<'_>) -> bool {
        self.negative == other.negative && self.exponent == other.exponent && self.digits().eq(other.digits())
    }

    /// `mantissa × 10^exponent`, if that is short.
    pub(super) fn as_small(self) -> Option<(i128, i64)> {
        let short = self.digits().count() <= DIGITS_MAX && self.exponent.abs() <= EXPONENT_MAX;
        let digits = self.digits().fold(0i128, |sum, digit| sum.wrapping_mul(10) + i128::from(digit - b'0'));
        short.then_some((if self.negative { -digits } else { digits }, self.exponent))
    }

    fn digits(self) -> impl Iterator<Item = u8> {
        self.digits.iter().copied().filter(u8::is_ascii_digit)
    }
}

/// The power of ten behind an `e`; what is beyond any machine number is cut.
fn read_power(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let power = digits.iter().fold(0i64, |power, digit| (power * 10 + i64::from(digit - b'0')).min(1 << 40));
    Some(if negative { -power } else { power })
}

/// The nearest machine number to a text that is a number as a whole.
pub(super) fn nearest(text: &[u8]) -> Option<f64> {
    Parts::of(text)?;
    str::from_utf8(text).ok()?.parse().ok()
}

/// The digits before the point of a number without sign and power, as other writings of the same number
/// without power have them too.
pub(super) fn whole_digits(text: &str) -> Option<&str> {
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let canonical = whole == "0" || !whole.starts_with('0');
    (canonical && !whole.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'))
        .then_some(whole)
}

/// Room for any number with 64 bits of mantissa and 255 digits behind the point.
pub(super) type Written = [u8; 280];

/// Writes `mantissa / 10^scale` without a power.
pub(super) fn write(mantissa: i64, scale: u8, room: &mut Written) -> &[u8] {
    let mut at = room.len();
    let (mut rest, mut behind_point) = (mantissa.unsigned_abs(), 0u16);
    let mut put = |byte: u8| {
        at -= 1;
        room[at] = byte;
    };
    while rest > 0 || behind_point <= u16::from(scale) {
        put(b'0' + (rest % 10) as u8);
        rest /= 10;
        behind_point += 1;
        if behind_point == u16::from(scale) {
            put(b'.');
        }
    }
    if mantissa < 0 {
        put(b'-');
    }
    &room[at..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_number_is_written_in_many_ways() {
        let check = |one: &str, other: &str, expected: bool| {
            let same = Parts::of(one.as_bytes()).unwrap().is_same(Parts::of(other.as_bytes()).unwrap());
            assert_eq!(same, expected, "{one} {other}");
        };
        for other in ["500", "+500", "500.0", "5e2", "0.5E+3", "5000e-1", "0500", "500."] {
            check("500", other, true);
        }
        for other in ["-500", "50", "5000", "500.1", "0"] {
            check("500", other, false);
        }
        check("0", "-0.000e7", true);
        check("0.0120", "12e-3", true);
        check("1.02", "12e-1", false);
        check("9007199254740993", "9007199254740992", false);
        check("10.5", "1.05e1", true);
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", ".", "1e", "1e+", "1.2.3", "0x1", "1 ", "inf", "nan", "1e2.5", "1,5", "--1"] {
            assert!(Parts::of(text.as_bytes()).is_none() && nearest(text.as_bytes()).is_none(), "{text}");
        }
        assert_eq!(nearest(b".5"), Some(0.5));
        assert_eq!(nearest(b"1e999"), Some(f64::INFINITY));
        assert_eq!(
            [whole_digits("12.5"), whole_digits("007"), whole_digits("1e5")],
            [Some("12"), None, None]
        );
    }

    proptest! {
        #[test]
        fn a_number_is_written_and_read(mantissa: i64, scale in 0..30u8) {
            let mut room = [0; 280];
            let text = write(mantissa, scale, &mut room);
            let expected = format!("{mantissa}e-{scale}");
            prop_assert!(Parts::of(text).unwrap().is_same(Parts::of(expected.as_bytes()).unwrap()));
            prop_assert!(serde_json::from_slice::<f64>(text).is_ok());
            prop_assert!(!text.contains(&b'e') && text.len() <= 22 + usize::from(scale));
        }
    }

    #[test]
    fn the_longest_number_has_room() {
        let mut room = [0; 280];
        assert_eq!(write(i64::MIN, u8::MAX, &mut room).len(), 258);
        assert_eq!(write(-5, 1, &mut [0; 280]), b"-0.5");
        assert_eq!(write(0, 0, &mut [0; 280]), b"0");
    }
}
