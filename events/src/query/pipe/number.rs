//! Numbers: decimals kept exactly where that is cheap, else the nearest float.
//!
//! Invariant: equal numbers are equal values of this type, whatever they were computed from: a decimal
//! without needless zeros where 18 digits hold it, a finite float only where they do not. The order is total.
//! It does not parse units: `12ms` is no number.

use std::cmp::Ordering;
use std::fmt;

/// Most digits after the point that a decimal keeps.
pub const SCALE_MAX: u8 = 18;
/// Most digits that surely fit a mantissa.
const DIGITS_MAX: usize = 18;
const MANTISSA_MAX: u64 = 10u64.pow(DIGITS_MAX as u32) - 1;
/// Integers below are exact as floats, and cheap to turn into decimals.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

/// A finite number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Number(Form);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// `mantissa × 10^-scale`; the mantissa does not end in 0 unless the scale is 0.
    Decimal { mantissa: i64, scale: u8 },
    /// Bits of a float that no decimal of 18 digits is.
    Float(u64),
}

impl Number {
    pub const ZERO: Self = Self::integer(0);

    /// A whole number. Beyond 18 digits it is rounded where it must be.
    pub const fn integer(value: i64) -> Self {
        if value.unsigned_abs() <= MANTISSA_MAX {
            Self(Form::Decimal { mantissa: value, scale: 0 })
        } else {
            Self(Form::Float((value as f64).to_bits()))
        }
    }

    /// A count; beyond 18 digits it is rounded.
    pub fn count(value: u64) -> Self {
        Self::rounded(i128::from(value), 0)
    }

    /// `mantissa × 10^-scale`, exactly if 18 digits hold it.
    pub fn decimal(mantissa: i64, scale: u8) -> Self {
        Self::rounded(i128::from(mantissa), scale)
    }

    /// The same from a wider mantissa, as a sum has.
    pub fn rounded(mut mantissa: i128, mut scale: u8) -> Self {
        while scale > 0 && mantissa % 10 == 0 {
            mantissa /= 10;
            scale -= 1;
        }
        match i64::try_from(mantissa) {
            Ok(mantissa) if scale <= SCALE_MAX && mantissa.unsigned_abs() <= MANTISSA_MAX => {
                Self(Form::Decimal { mantissa, scale })
            }
            _ => Self::of(mantissa as f64 / 10f64.powi(i32::from(scale))).unwrap_or(Self::ZERO),
        }
    }

    /// The decimal that a person reads in the float; none of an infinity or what is no number.
    pub fn of(value: f64) -> Option<Self> {
        if !value.is_finite() {
            return None;
        }
        if value.fract() == 0.0 && value.abs() < EXACT_INTEGER_MAX {
            return Some(Self(Form::Decimal { mantissa: value as i64, scale: 0 }));
        }
        let float = Self(Form::Float(value.to_bits()));
        let written =
            (1e-12..1e18).contains(&value.abs()).then(|| Self::parse_exact(value.to_string().as_bytes()));
        Some(written.flatten().unwrap_or(float))
    }

    /// Reads a text that is a number as a whole: sign, digits, point, exponent.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (first, last) = (text.first()?, text.last()?);
        if !(first.is_ascii_digit() || b"+-.".contains(first)) || !(last.is_ascii_digit() || *last == b'.') {
            return None;
        }
        Self::parse_exact(text).or_else(|| {
            let numeric = text.iter().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(byte));
            numeric.then(|| str::from_utf8(text).ok()?.parse().ok()).flatten().and_then(Self::of)
        })
    }

    /// Reads digits with perhaps a point and a minus, if a decimal holds them.
    fn parse_exact(text: &[u8]) -> Option<Self> {
        let (negative, digits) = match text {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (mut mantissa, mut count, mut scale, mut seen_point) = (0i64, 0usize, 0u8, false);
        for byte in digits {
            match byte {
                b'0'..=b'9' if count < DIGITS_MAX => {
                    mantissa = mantissa * 10 + i64::from(byte - b'0');
                    count += usize::from(count > 0 || *byte != b'0');
                    scale = scale.checked_add(u8::from(seen_point))?;
                }
                b'.' if !seen_point => seen_point = true,
                _ => return None,
            }
        }
        let some_digit = digits.iter().any(u8::is_ascii_digit);
        let mantissa = if negative { -mantissa } else { mantissa };
        (some_digit && scale <= SCALE_MAX).then(|| Self::decimal(mantissa, scale))
    }

    pub fn as_f64(self) -> f64 {
        match self.0 {
            // Both are exact up to 2^53 and 10^22, so the quotient is the nearest float.
            Form::Decimal { mantissa, scale: 0 } => mantissa as f64,
            Form::Decimal { mantissa, scale } => mantissa as f64 / 10f64.powi(i32::from(scale)),
            Form::Float(bits) => f64::from_bits(bits),
        }
    }

    /// Mantissa and scale, if it is a decimal.
    pub fn as_decimal(self) -> Option<(i64, u8)> {
        match self.0 {
            Form::Decimal { mantissa, scale } => Some((mantissa, scale)),
            Form::Float(_) => None,
        }
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        self.exactly(other, |a, b| a + b).or_else(|| Self::of(self.as_f64() + other.as_f64()))
    }

    pub fn minus(self, other: Self) -> Option<Self> {
        self.plus(other.negated())
    }

    pub fn times(self, other: Self) -> Option<Self> {
        match (self.0, other.0) {
            (Form::Decimal { mantissa: a, scale: x }, Form::Decimal { mantissa: b, scale: y }) => {
                Some(Self::rounded(i128::from(a) * i128::from(b), x + y))
            }
            _ => Self::of(self.as_f64() * other.as_f64()),
        }
    }

    /// None by zero.
    pub fn divided_by(self, other: Self) -> Option<Self> {
        Self::of(self.as_f64() / other.as_f64())
    }

    /// What a division leaves, with the sign of the dividend; none by zero.
    pub fn remainder(self, other: Self) -> Option<Self> {
        if other == Self::ZERO {
            return None;
        }
        self.exactly(other, |a, b| a % b).or_else(|| Self::of(self.as_f64() % other.as_f64()))
    }

    #[must_use]
    pub fn negated(self) -> Self {
        match self.0 {
            Form::Decimal { mantissa, scale } => Self(Form::Decimal { mantissa: -mantissa, scale }),
            Form::Float(bits) => Self(Form::Float((-f64::from_bits(bits)).to_bits())),
        }
    }

    #[must_use]
    pub fn absolute(self) -> Self {
        if self < Self::ZERO { self.negated() } else { self }
    }

    /// Rounded to so many digits after the point, halves away from zero.
    #[must_use]
    pub fn rounded_to(self, digits: u8) -> Self {
        let half = |power: i128, mantissa: i128| (mantissa.abs() + power / 2) / power * mantissa.signum();
        self.cut_to(digits, half)
    }

    /// The whole number below, or itself.
    #[must_use]
    pub fn floor(self) -> Self {
        self.cut_to(0, |power, mantissa| mantissa.div_euclid(power))
    }

    /// Leaves `digits` after the point; `divide(10^n, mantissa)` says what becomes of the mantissa.
    /// A float has no digits that could be cut, or too many to matter.
    fn cut_to(self, digits: u8, divide: impl Fn(i128, i128) -> i128) -> Self {
        match self.0 {
            Form::Decimal { mantissa, scale } if scale > digits => {
                let power = 10i128.pow(u32::from(scale - digits));
                Self::rounded(divide(power, i128::from(mantissa)), digits)
            }
            Form::Float(bits) if f64::from_bits(bits).abs() < 1e-12 => {
                Self::rounded(divide(1 << 60, -i128::from(f64::from_bits(bits) < 0.0)), digits)
            }
            _ => self,
        }
    }

    /// Joins both mantissas at one scale, where that does not overflow.
    fn exactly(self, other: Self, join: impl Fn(i128, i128) -> i128) -> Option<Self> {
        let ((a, x), (b, y)) = (self.as_decimal()?, other.as_decimal()?);
        let (a, b, scale) = at_one_scale((a, x), (b, y));
        Some(Self::rounded(join(a, b), scale))
    }
}

/// Both mantissas at the larger scale. 18 digits moved by 18 places stay within 128 bits.
fn at_one_scale((a, x): (i64, u8), (b, y): (i64, u8)) -> (i128, i128, u8) {
    let scale = x.max(y);
    let moved = |mantissa: i64, from: u8| i128::from(mantissa) * 10i128.pow(u32::from(scale - from));
    (moved(a, x), moved(b, y), scale)
}

impl Ord for Number {
    /// By value; rounding to floats keeps the order of decimals, so a tie of floats is decided exactly or by
    /// the form.
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.as_decimal(), other.as_decimal()) {
            (Some((a, x)), Some((b, y))) if x == y => a.cmp(&b),
            (Some(a), Some(b)) => {
                let (a, b, _) = at_one_scale(a, b);
                a.cmp(&b)
            }
            (mine, theirs) => {
                self.as_f64().total_cmp(&other.as_f64()).then(theirs.is_some().cmp(&mine.is_some()))
            }
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Decimal { mantissa, scale: 0 } => write!(out, "{mantissa}"),
            Form::Decimal { mantissa, scale } => {
                let power = 10u64.pow(u32::from(scale));
                let (whole, rest) = (mantissa.unsigned_abs() / power, mantissa.unsigned_abs() % power);
                let sign = if mantissa < 0 { "-" } else { "" };
                write!(out, "{sign}{whole}.{rest:0width$}", width = usize::from(scale))
            }
            // As JSON writes it: no point, an exponent.
            Form::Float(bits) => write!(out, "{:e}", f64::from_bits(bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number {
        Number::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn texts_that_are_numbers_are_read_exactly() {
        let check = |text: &str, expected: &str| assert_eq!(number(text).to_string(), expected, "{text}");
        check("0", "0");
        check("-0", "0");
        check("1.50", "1.5");
        check("-0.001", "-0.001");
        check("1e3", "1000");
        check(".5", "0.5");
        check("+7", "7");
        check("0.000000000000000001", "0.000000000000000001");
        check("999999999999999999", "999999999999999999");
        check("1e300", "1e300");
        check("1234567890123456789012", "1.2345678901234568e21");
        for text in ["", "-", ".", "1s", "0x10", "1 2", "nan", "inf", "1e999", "--1", "1.2.3", "e5"] {
            assert_eq!(Number::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_is_exact_where_decimals_are() {
        assert_eq!(number("0.1").plus(number("0.2")), Some(number("0.3")));
        assert_eq!(number("1.1").times(number("1.1")), Some(number("1.21")));
        assert_eq!(number("1").minus(number("0.9")), Some(number("0.1")));
        assert_eq!(number("6").divided_by(number("4")), Some(number("1.5")));
        assert_eq!(number("5.5").remainder(number("2")), Some(number("1.5")));
        assert_eq!(number("1").divided_by(Number::ZERO), None);
        assert_eq!(number("1").remainder(Number::ZERO), None);
        assert_eq!(number("1e308").times(number("10")), None);
    }

    #[test]
    fn rounding_goes_away_from_zero_and_floor_below() {
        let rounded = |text: &str, digits: u8| number(text).rounded_to(digits).to_string();
        assert_eq!(rounded("2.5", 0), "3");
        assert_eq!(rounded("-2.5", 0), "-3");
        assert_eq!(rounded("1.2345", 2), "1.23");
        assert_eq!(rounded("7", 2), "7");
        assert_eq!(rounded("1e-20", 2), "0");
        assert_eq!(number("-1.5").floor(), number("-2"));
        assert_eq!(number("1.5").floor(), number("1"));
        assert_eq!(number("-1e-20").floor(), number("-1"));
    }

    fn numbers() -> impl Strategy<Value = Number> {
        prop_oneof![
            any::<i64>().prop_map(Number::integer),
            (any::<i64>(), 0u8..=18).prop_map(|(mantissa, scale)| Number::decimal(mantissa, scale)),
            any::<f64>().prop_filter_map("finite", Number::of),
            (-50i64..50, 0u8..3).prop_map(|(mantissa, scale)| Number::decimal(mantissa, scale)),
            (-50i32..50).prop_map(|value| Number::of(f64::from(value) / 10.0).unwrap()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]

        #[test]
        fn what_is_printed_reads_as_the_same(number in numbers()) {
            prop_assert_eq!(Number::parse(number.to_string().as_bytes()), Some(number));
        }

        #[test]
        fn the_order_is_total(a in numbers(), b in numbers(), c in numbers()) {
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
            if a <= b && b <= c {
                prop_assert!(a <= c);
            }
        }
    }
}
