//! Numbers of JSON as mantissa and scale, so that they compare as numbers and print as they were.
//!
//! Invariant: a text that is read is written again byte for byte; `-0`, `1e5`, `01`, `1.` and what has more
//! than 18 significant digits is not read. Comparisons never round.
//! It does not calculate: sums and averages are made of `as_f64` by those who need them.

use std::cmp::Ordering;

use super::digits;

/// Most digits after the point.
pub const SCALE_MAX: u8 = 18;
/// Largest mantissa, either side of zero: 18 digits.
pub const MANTISSA_MAX: i64 = 10i64.pow(18) - 1;

/// Longest text: sign, zero, point and 18 digits.
const TEXT_BYTES_MAX: usize = 21;
/// Integers up to here are exact in 64 bits of floating point.
const F64_EXACT_MAX: u64 = 1 << f64::MANTISSA_DIGITS;
/// A float below 1 with so many binary places is nearer to zero than every decimal but zero.
const BINARY_SCALE_MAX: i32 = 114;

/// `mantissa / 10^scale`. Equality is of the text: 1.5 and 1.50 are two decimals of one value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    mantissa: i64,
    scale: u8,
}

impl Decimal {
    /// A decimal of numbers that were stored; nothing if they are out of bounds.
    pub const fn new(mantissa: i64, scale: u8) -> Option<Self> {
        let within = -MANTISSA_MAX <= mantissa && mantissa <= MANTISSA_MAX && scale <= SCALE_MAX;
        if within { Some(Self { mantissa, scale }) } else { None }
    }

    pub const fn mantissa(self) -> i64 {
        self.mantissa
    }

    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// Reads a number that `write` gives back byte for byte.
    #[inline]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (negative, text) = match text {
            [b'-', rest @ ..] => (true, rest),
            _ => (false, text),
        };
        if text.len() >= TEXT_BYTES_MAX {
            return None;
        }
        let (mut magnitude, mut point) = (0u64, text.len());
        for (at, byte) in text.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit < 10 {
                magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit));
            } else if *byte == b'.' && point == text.len() {
                point = at;
            } else {
                return None;
            }
        }
        let scale = text.len().saturating_sub(point + 1);
        let written_so = match text {
            [] => false,
            // Twenty digits would not fit the magnitude.
            _ if point == text.len() => text.len() <= 18 && (text[0] != b'0' || text.len() == 1),
            _ => {
                (1..=usize::from(SCALE_MAX)).contains(&scale) && (point == 1 || point > 1 && text[0] != b'0')
            }
        };
        let within = magnitude <= MANTISSA_MAX as u64 && !(negative && magnitude == 0);
        let mantissa = if negative { -(magnitude as i64) } else { magnitude as i64 };
        (written_so && within).then_some(Self { mantissa, scale: scale as u8 })
    }

    /// Appends the text.
    #[inline]
    pub fn write(self, out: &mut Vec<u8>) {
        let mut buffer = [0; TEXT_BYTES_MAX];
        out.extend_from_slice(self.print(&mut buffer));
    }

    /// The nearest 64-bit floating point number, as reading the text would give it.
    #[inline]
    pub fn as_f64(self) -> f64 {
        if self.mantissa.unsigned_abs() <= F64_EXACT_MAX {
            // Both are exact, so that the only rounding is that of the division.
            return self.mantissa as f64 / power_of_ten(self.scale) as f64;
        }
        let mut buffer = [0; TEXT_BYTES_MAX];
        let text = str::from_utf8(self.print(&mut buffer)).expect("digits, sign and point are ASCII");
        text.parse().expect("what was printed is a number")
    }

    /// The order of the values, whatever the scales.
    #[inline]
    pub fn compare(self, other: Self) -> Ordering {
        if self.scale == other.scale {
            return self.mantissa.cmp(&other.mantissa);
        }
        let scaled = |one: Self, by: Self| i128::from(one.mantissa) * i128::from(power_of_ten(by.scale));
        scaled(self, other).cmp(&scaled(other, self))
    }

    /// The order of the value and that of `number`, exactly; nothing if that is not a number.
    pub fn compare_f64(self, number: f64) -> Option<Ordering> {
        if number.is_nan() {
            return None;
        }
        if number.abs() > MANTISSA_MAX as f64 {
            return Some(if number > 0.0 { Ordering::Less } else { Ordering::Greater });
        }
        // Cutting towards zero keeps the order, and both cuts are exact.
        let one = power_of_ten(self.scale) as i64;
        let (whole, rest) = (self.mantissa / one, self.mantissa % one);
        let by_whole = whole.cmp(&(number.trunc() as i64));
        Some(by_whole.then_with(|| self.compare_fraction(rest, number.fract())))
    }

    /// The order of `rest / 10^scale` and `fraction`, which lies between -1 and 1.
    fn compare_fraction(self, rest: i64, fraction: f64) -> Ordering {
        let (binary, places) = binary_fraction(fraction);
        if rest == 0 || binary == 0 {
            return rest.cmp(&binary);
        }
        if places >= BINARY_SCALE_MAX {
            return rest.cmp(&0);
        }
        // binary / 2^places against rest / 10^scale: 53 and 60 bits, so the product fits.
        let scaled = i128::from(binary) * i128::from(power_of_ten(self.scale));
        let (floor, above) = (scaled >> places, scaled & ((1 << places) - 1));
        let by_floor = i128::from(rest).cmp(&floor);
        by_floor.then(if above == 0 { Ordering::Equal } else { Ordering::Less })
    }

    #[inline]
    fn print(self, buffer: &mut [u8; TEXT_BYTES_MAX]) -> &[u8] {
        let (magnitude, scale) = (self.mantissa.unsigned_abs(), usize::from(self.scale));
        let length = digits::count(magnitude).max(scale + 1);
        // The digits first, behind the room for sign and point; then the whole part moves up.
        let (mut start, end) = (2, 2 + length);
        digits::put(magnitude, &mut buffer[start..end]);
        if scale > 0 {
            let point = end - scale - 1;
            buffer.copy_within(start..=point, 1);
            buffer[point] = b'.';
            start = 1;
        }
        if self.mantissa < 0 {
            start -= 1;
            buffer[start] = b'-';
        }
        &buffer[start..end]
    }
}

/// A number as integer and binary places: `integer / 2^places`, exactly. It must be below 1.
fn binary_fraction(number: f64) -> (i64, i32) {
    const STORED_BITS: u32 = f64::MANTISSA_DIGITS - 1;
    let bits = number.to_bits();
    let (exponent, stored) = ((bits >> STORED_BITS) as i32 & 0x7ff, (bits & ((1 << STORED_BITS) - 1)) as i64);
    // Below the smallest normal number there is no leading one, and the exponent stays.
    let magnitude = if exponent == 0 { stored } else { stored | 1 << STORED_BITS };
    let integer = if number.is_sign_negative() { -magnitude } else { magnitude };
    (integer, 1_075 - exponent.max(1))
}

#[inline]
fn power_of_ten(scale: u8) -> u64 {
    const POWERS: [u64; SCALE_MAX as usize + 1] = {
        let mut powers = [1; SCALE_MAX as usize + 1];
        let mut at = 1;
        while at < powers.len() {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };
    POWERS[usize::from(scale)]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, expected: Option<(i64, u8)>) {
        let found = Decimal::parse(text.as_bytes());
        assert_eq!(found.map(|found| (found.mantissa(), found.scale())), expected, "{text:?}");
        if let Some(found) = found {
            assert_eq!(written(found), text);
        }
    }

    fn written(decimal: Decimal) -> String {
        let mut out = b"before ".to_vec();
        decimal.write(&mut out);
        String::from_utf8(out.split_off(7)).unwrap()
    }

    #[test]
    fn a_number_is_read_if_it_comes_back() {
        check("0", Some((0, 0)));
        check("7", Some((7, 0)));
        check("-7", Some((-7, 0)));
        check("0.0", Some((0, 1)));
        check("0.5", Some((5, 1)));
        check("-0.05", Some((-5, 2)));
        check("1.50", Some((150, 2)));
        check("1772352000.123456", Some((1_772_352_000_123_456, 6)));
        check("999999999999999999", Some((MANTISSA_MAX, 0)));
        check("-9.99999999999999999", Some((-MANTISSA_MAX, 17)));
        check("0.000000000000000001", Some((1, 18)));
        check("-0.999999999999999999", Some((-MANTISSA_MAX, 18)));
    }

    #[test]
    fn a_number_that_would_change_is_not_read() {
        for text in [
            "",
            "-",
            ".",
            "-.",
            "-0",
            "-0.0",
            "00",
            "01",
            "-01",
            "00.5",
            "1.",
            ".5",
            "-.5",
            "1.5.5",
            "1e5",
            "1E5",
            "1e-5",
            "+1",
            "0x1",
            " 1",
            "1 ",
            "1,5",
            "١",
            "1000000000000000000",
            "9223372036854775808",
            "18446744073709551616",
            "99999999999999999999",
            "1.000000000000000000",
            "0.0000000000000000001",
            "36893488147419103232.5",
            "184467440737095516160",
            "1-",
            "--1",
            "NaN",
            "1/2",
            "1:2",
        ] {
            check(text, None);
        }
        check(&"1".repeat(500), None);
    }

    #[test]
    fn stored_numbers_are_bounded() {
        assert!(Decimal::new(MANTISSA_MAX, SCALE_MAX).is_some());
        for (mantissa, scale) in
            [(MANTISSA_MAX + 1, 0), (-MANTISSA_MAX - 1, 0), (i64::MIN, 0), (0, 19), (0, 255)]
        {
            assert_eq!(Decimal::new(mantissa, scale), None);
        }
    }

    #[test]
    fn floats_are_compared_without_rounding() {
        use Ordering::{Equal, Greater, Less};
        for (text, number, expected) in [
            // The nearest float to 0.1 is a little more than 0.1, and that to 0.3 a little less.
            ("0.1", 0.1, Less),
            ("0.3", 0.3, Greater),
            ("-0.1", -0.1, Greater),
            ("0.5", 0.5, Equal),
            ("-2.250", -2.25, Equal),
            ("0", -0.0, Equal),
            ("0.0", f64::from_bits(1), Less),
            ("0.000000000000000001", f64::from_bits(1), Greater),
            ("-0.000000000000000001", -f64::MIN_POSITIVE, Less),
            ("9007199254740993", 9_007_199_254_740_992.0, Greater),
            ("999999999999999999", 1e18, Less),
            ("-999999999999999999", -1e18, Greater),
            ("5", f64::INFINITY, Less),
            ("5", f64::NEG_INFINITY, Greater),
            ("5", f64::MAX, Less),
            ("-1.5", -1.25, Less),
        ] {
            assert_eq!(
                Decimal::parse(text.as_bytes()).unwrap().compare_f64(number),
                Some(expected),
                "{text}"
            );
        }
        assert_eq!(Decimal::parse(b"1").unwrap().compare_f64(f64::NAN), None);
    }

    /// Mantissas of every length.
    fn decimals() -> impl Strategy<Value = Decimal> {
        let mantissa =
            (-MANTISSA_MAX..=MANTISSA_MAX, 0..18u32).prop_map(|(number, cut)| number / 10i64.pow(cut));
        (mantissa, 0..=SCALE_MAX).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale).unwrap())
    }

    /// The value of a float that has a short binary fraction, in units of 2^-60.
    fn exact(number: f64) -> i128 {
        (number * 2f64.powi(30)) as i128 * (1 << 30)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_048))]

        #[test]
        fn every_decimal_comes_back(decimal in decimals()) {
            prop_assert_eq!(Decimal::parse(written(decimal).as_bytes()), Some(decimal));
        }

        #[test]
        fn whatever_is_read_comes_back(text in "-?[0-9]{0,20}(\\.[0-9]{0,20})?") {
            if let Some(decimal) = Decimal::parse(text.as_bytes()) {
                prop_assert_eq!(written(decimal), text);
            }
        }

        #[test]
        fn as_f64_is_what_reading_the_text_gives(decimal in decimals()) {
            prop_assert_eq!(decimal.as_f64(), written(decimal).parse::<f64>().unwrap());
        }

        #[test]
        fn values_are_ordered_whatever_the_scale(left in decimals(), right in decimals(), zeros in 0..6u8) {
            let unit = |one: Decimal| i128::from(one.mantissa()) * 10i128.pow(u32::from(18 - one.scale()));
            prop_assert_eq!(left.compare(right), unit(left).cmp(&unit(right)));
            let longer = left.mantissa().checked_mul(10i64.pow(u32::from(zeros)));
            if let Some(same) = longer.and_then(|mantissa| Decimal::new(mantissa, left.scale() + zeros)) {
                prop_assert_eq!(left.compare(same), Ordering::Equal);
            }
        }

        #[test]
        fn decimals_are_ordered_among_floats(mantissa in -(1i64 << 40)..1 << 40, scale in 0..=9u8, near in -2..3i64) {
            let decimal = Decimal::new(mantissa, scale).unwrap();
            // A float beside the decimal whose fraction has at most 30 binary places.
            let number = ((decimal.as_f64() * 2f64.powi(30)).trunc() + near as f64) / 2f64.powi(30);
            let left = i128::from(mantissa) * (1 << 60);
            let right = exact(number) * 10i128.pow(u32::from(scale));
            prop_assert_eq!(decimal.compare_f64(number), Some(left.cmp(&right)));
        }

        #[test]
        fn any_float_is_compared_as_its_rounded_value(decimal in decimals(), bits: u64) {
            let number = f64::from_bits(bits);
            let rounded = decimal.as_f64();
            if rounded != number {
                prop_assert_eq!(decimal.compare_f64(number), rounded.partial_cmp(&number));
            }
        }
    }
}
