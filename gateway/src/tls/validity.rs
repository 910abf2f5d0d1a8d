//! How long a certificate is good: two moments in the DER of X.509 (RFC 5280, section 4.1).
//!
//! Invariant: no byte behind the end is read, and what is no certificate has no validity. It checks no signature and no
//! name: clients do.

use antler_events::clock::Timestamp;
use antler_events::line::timestamp;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which the first one leaves out.
const VERSION: u8 = 0xa0;

/// The last moment at which it is good.
pub(super) fn end(certificate: &[u8]) -> Option<Timestamp> {
    let mut outer = Elements(certificate);
    let mut fields = Elements(Elements(outer.of(SEQUENCE)?).of(SEQUENCE)?);
    if fields.0.first() == Some(&VERSION) {
        fields.of(VERSION)?;
    }
    // Serial number, algorithm, issuer.
    fields.of(INTEGER)?;
    fields.of(SEQUENCE)?;
    fields.of(SEQUENCE)?;
    let mut validity = Elements(fields.of(SEQUENCE)?);
    validity.next()?;
    let (kind, text) = validity.next()?;
    moment(kind, std::str::from_utf8(text).ok()?)
}

/// Elements that stand behind each other.
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// Kind and content of the next.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (kind, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        // A length of up to 127 stands there itself, else its bytes do.
        let bytes = if *first < 0x80 { 0 } else { usize::from(first & 0x7f) };
        if bytes > 4 {
            return None;
        }
        let (length, rest) = rest.split_at_checked(bytes)?;
        let length = match bytes {
            0 => usize::from(*first),
            _ => length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((*kind, content))
    }

    fn of(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(kind, _)| *kind == wanted).map(|(_, content)| content)
    }
}

/// `YYMMDDHHMMSSZ`, from 1950 to 2049, or with four digits of the year. What is beyond all moments is the last of them.
fn moment(kind: u8, text: &str) -> Option<Timestamp> {
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let digits = match (kind, digits.len()) {
        (UTC_TIME, 12) if digits < "5" => format!("20{digits}"),
        (UTC_TIME, 12) => format!("19{digits}"),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let part = |from: usize, to: usize| &digits[from..to];
    let (date, time) = ([part(0, 4), part(4, 6), part(6, 8)], [part(8, 10), part(10, 12), part(12, 14)]);
    let text = format!("{}T{}Z", date.join("-"), time.join(":"));
    let never = digits.as_str() >= "2262";
    let at = timestamp::parse(text.as_bytes(), Timestamp::from_nanos(0));
    if never { Some(Timestamp::from_nanos(i64::MAX)) } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_both_forms() {
        let check = |kind, text: &str, expected: Option<&str>| {
            assert_eq!(moment(kind, text).map(|at| at.to_string()).as_deref(), expected, "{text}");
        };
        check(UTC_TIME, "270220103000Z", Some("2027-02-20T10:30:00.000Z"));
        check(UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59.000Z"));
        check(UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00.000Z"));
        check(GENERALIZED_TIME, "21260101000000Z", Some("2126-01-01T00:00:00.000Z"));
        check(GENERALIZED_TIME, "99991231235959Z", Some("2262-04-11T23:47:16.854775807Z"));
        check(GENERALIZED_TIME, "270220103000Z", None);
        check(UTC_TIME, "270220103000+0100", None);
        check(UTC_TIME, "27022010300äZ", None);
        check(SEQUENCE, "270220103000Z", None);
    }

    #[test]
    fn the_end_of_a_certificate_is_found_and_no_part_of_one_is_one() {
        let pem = include_bytes!("../../tests/program/certificates/one.crt");
        let der = rustls::pki_types::pem::PemObject::from_pem_slice(pem).unwrap();
        let der: rustls::pki_types::CertificateDer<'_> = der;
        assert_eq!(end(&der).unwrap().to_string()[..4], *"2126");
        for cut in 0..der.len() {
            let _no_panic = end(&der[..cut]);
        }
        assert_eq!((end(&[]), end(&der[..40]), end(b"\x30\x84\xff\xff\xff\xff")), (None, None, None));
    }
}
