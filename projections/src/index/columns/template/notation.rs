//! How the variables of texts are written: decimals, addresses, ids, hex digits.
//!
//! Invariant: what a reader here takes, its writer writes again byte for byte.
//! It does not look for variables: `split.rs` does.

/// More digits could be more than fits into 60 bits.
pub(super) const DIGITS_MAX: usize = 18;
pub(super) const UUID_BYTES: usize = 36;
/// A byte that is no hex digit.
const NO_DIGIT: u8 = 0xff;
const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";
const LOWER_VALUES: [u8; 256] = values(LOWER);
const UPPER_VALUES: [u8; 256] = values(UPPER);

const fn values(digits: &[u8; 16]) -> [u8; 256] {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values
}

/// The value of at most `DIGITS_MAX` digits.
#[inline]
pub(super) fn decimal(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// How many digits the number has.
#[inline]
pub(super) fn digit_count(number: u64) -> u8 {
    number.checked_ilog10().map_or(1, |power| power as u8 + 1)
}

/// Writes the number with zeros before it, so that it has at least so many digits.
#[inline]
pub(super) fn write_decimal(mut number: u64, digits_min: u8, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    let start = at.min(digits.len().saturating_sub(usize::from(digits_min)));
    out.extend_from_slice(&digits[start..]);
}

/// The IPv4 address at the start of the text, and how many bytes it has.
pub(super) fn address(text: &[u8]) -> Option<(u32, usize)> {
    let (mut address, mut at) = (0, 0);
    for part in 0..4 {
        if part > 0 {
            text.get(at).filter(|byte| **byte == b'.')?;
            at += 1;
        }
        let start = at;
        let mut number = 0;
        while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit() && at < start + 4) {
            number = number * 10 + u32::from(digit - b'0');
            at += 1;
        }
        let has_zero = at - start > 1 && text[start] == b'0';
        if !(1..=3).contains(&(at - start)) || number > 255 || has_zero {
            return None;
        }
        address = address << 8 | number;
    }
    Some((address, at))
}

pub(super) fn write_address(address: u32, out: &mut Vec<u8>) {
    for (index, part) in address.to_be_bytes().into_iter().enumerate() {
        if index > 0 {
            out.push(b'.');
        }
        write_decimal(u64::from(part), 1, out);
    }
}

/// The lower-case UUID that the text is.
pub(super) fn uuid(text: &[u8; UUID_BYTES]) -> Option<[u8; 16]> {
    let mut uuid = [0; 16];
    let (mut at, mut bad) = (0, 0);
    for (index, byte) in uuid.iter_mut().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            bad |= text[at] ^ b'-';
            at += 1;
        }
        let high = LOWER_VALUES[usize::from(text[at])];
        let low = LOWER_VALUES[usize::from(text[at + 1])];
        bad |= (high | low) & 0xf0;
        *byte = high << 4 | low;
        at += 2;
    }
    (bad == 0).then_some(uuid)
}

pub(super) fn write_uuid(uuid: [u8; 16], out: &mut Vec<u8>) {
    let mut text = [b'-'; UUID_BYTES];
    let mut at = 0;
    for (index, byte) in uuid.into_iter().enumerate() {
        at += usize::from(matches!(index, 4 | 6 | 8 | 10));
        text[at] = LOWER[usize::from(byte >> 4)];
        text[at + 1] = LOWER[usize::from(byte & 15)];
        at += 2;
    }
    out.extend_from_slice(&text);
}

/// The letters that hex digits above 9 are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HexCase {
    Lower,
    Upper,
}

impl HexCase {
    pub(super) fn is_digits(self, text: &[u8]) -> bool {
        let values = self.values();
        text.iter().fold(0, |all, byte| all | values[usize::from(*byte)]) != NO_DIGIT
    }

    /// Two digits in a byte; an odd number of digits begins with half a byte.
    pub(super) fn read(self, digits: &[u8], out: &mut Vec<u8>) {
        let values = self.values();
        let (first, pairs) = digits.split_at(digits.len() % 2);
        out.extend(first.iter().map(|digit| values[usize::from(*digit)]));
        let (pairs, _) = pairs.as_chunks::<2>();
        out.extend(
            pairs.iter().map(|[high, low]| values[usize::from(*high)] << 4 | values[usize::from(*low)]),
        );
    }

    /// The last so many digits of the bytes.
    pub(super) fn write(self, bytes: impl Iterator<Item = u8>, digits: usize, out: &mut Vec<u8>) {
        let letters = if self == Self::Lower { LOWER } else { UPPER };
        let mut odd = digits % 2 == 1;
        for byte in bytes {
            if !odd {
                out.push(letters[usize::from(byte >> 4)]);
            }
            out.push(letters[usize::from(byte & 15)]);
            odd = false;
        }
    }

    fn values(self) -> &'static [u8; 256] {
        if self == Self::Lower { &LOWER_VALUES } else { &UPPER_VALUES }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn only_whole_addresses_are_taken() {
        let check = |text: &str, expected: Option<usize>| {
            let found = address(text.as_bytes());
            assert_eq!(found.map(|(_, length)| length), expected, "{text}");
            if let Some((address, length)) = found {
                assert_eq!(written(|out| write_address(address, out)), text[..length]);
            }
        };
        check("10.0.0.9", Some(8));
        check("255.255.255.255:80", Some(15));
        check("1.2.3.4.5", Some(7));
        for text in ["1.2.3", "1.2.3.", "1..3.4", "256.1.1.1", "01.2.3.4", "1.2.3.1234", ""] {
            check(text, None);
        }
    }

    #[test]
    fn only_lower_case_uuids_are_taken() {
        let text = b"123e4567-e89b-12d3-a456-42661417400f";
        let bytes = uuid(text).unwrap();
        assert_eq!(written(|out| write_uuid(bytes, out)).as_bytes(), text);
        for at in 0..text.len() {
            for wrong in [b'A', b'g', b'-', b'0'] {
                let mut wrong_text = *text;
                wrong_text[at] = wrong;
                let same = uuid(&wrong_text)
                    .is_none_or(|bytes| written(|out| write_uuid(bytes, out)).as_bytes() == wrong_text);
                assert!(same, "{}", String::from_utf8_lossy(&wrong_text));
            }
        }
    }

    proptest! {
        #[test]
        fn digits_come_back(digits in "[0-9]{1,18}") {
            let number = decimal(digits.as_bytes());
            prop_assert_eq!(written(|out| write_decimal(number, digits.len() as u8, out)), digits);
            prop_assert_eq!(usize::from(digit_count(number)), number.to_string().len());
        }

        #[test]
        fn hex_digits_come_back(digits in "[0-9a-f]{1,41}") {
            for (case, digits) in [(HexCase::Lower, digits.clone()), (HexCase::Upper, digits.to_uppercase())] {
                prop_assert!(case.is_digits(digits.as_bytes()));
                let mut bytes = Vec::new();
                case.read(digits.as_bytes(), &mut bytes);
                prop_assert_eq!(bytes.len(), digits.len().div_ceil(2));
                prop_assert_eq!(written(|out| case.write(bytes.iter().copied(), digits.len(), out)), digits);
            }
        }
    }

    #[test]
    fn other_bytes_are_no_hex_digits() {
        assert!(!HexCase::Lower.is_digits(b"12AB") && !HexCase::Upper.is_digits(b"12ab"));
        assert!(!HexCase::Lower.is_digits(b"12g4") && HexCase::Lower.is_digits(b"1234"));
    }
}
