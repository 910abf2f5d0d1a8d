//! Forms of times: every usual text comes back, and what would not is refused.
//!
//! Invariant: moments are those that the reader of lines makes of the same text.
//! It does not test that reader.

use antler_events::line::timestamp;
use proptest::prelude::*;

use super::*;

/// 2026-01-02T03:04:05Z.
const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);

fn written(form: TimeForm, time: Timestamp) -> String {
    let mut out = b"before ".to_vec();
    write(form, time, &mut out);
    String::from_utf8(out.split_off(7)).unwrap()
}

fn recognised(text: &str) -> Option<TimeForm> {
    let time = timestamp::parse(text.as_bytes(), ARRIVAL)?;
    let form = recognise(text.as_bytes(), time, TimeForm::default())?;
    assert_eq!(written(form, time), text);
    assert_eq!(TimeForm::from_number(form.number()), Some(form), "{text}");
    assert_eq!(recognise(text.as_bytes(), time, form), Some(form), "{text}");
    Some(form)
}

#[test]
fn every_usual_text_comes_back() {
    for text in [
        "2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00.1Z",
        "2024-05-01T12:00:00.123Z",
        "2024-05-01T12:00:00.123456Z",
        "2024-05-01T12:00:00.123456789Z",
        "2024-05-01t12:00:00z",
        "2024-05-01_12:00:00Z",
        "2024-05-01 12:00:00",
        "2024-05-01 12:00:00,123",
        "2024-05-01 12:00:00.000000 UTC",
        "2024-05-01T12:00:00 GMT",
        "2024-05-01T12:00:00UT",
        "2024-05-01T12:00:00+02:00",
        "2024-05-01T12:00:00.250-0730",
        "2024-05-01T12:00:00 +02",
        "2024-05-01T00:30:00-00:00",
        "2024-05-01T23:30:00+00:00",
        "2024-01-01T00:10:00+23:59",
        "2024/05/01 12:00:00",
        "2024/05/01T12:00:00.5",
        "1969-12-31T23:59:59.999Z",
        "1677-09-21T00:12:43.145224192Z",
        "2262-04-11T23:47:16.854775807Z",
        "2262-04-12T23:46:16.854775807+23:59",
        "2000-02-29T00:00:00Z",
        "2024-12-31T23:59:59.999999999Z",
        "1714564800",
        "1714564800.25",
        "1772352000.123456",
        "1714564800.123456789",
        "100000000",
        "1714564800123",
        "1714564800123.5",
        "1714564800123.500000",
        "1714564800123456",
        "1714564800123456.789",
        "1714564800123456789",
        "9223372036854775807",
        "10/Oct/2000:13:55:36 -0700",
        "10/Oct/2000:13:55:36.123 +0000",
        "01/Jan/2000:13:55:36 +0000",
        "Tue, 01 Jul 2003 10:52:37 +0200",
        "Tue, 1 Jul 2003 10:52:37 +0200",
        "Wed, 21 Oct 2015 07:28:00 GMT",
        "Wed, 21-Oct-2015 07:28:00 GMT",
        "01 Jul 2003 10:52:37,123",
        "1 Jul 2003 10:52:37",
        "01-Jul-2003 10:52:37.123",
        "1-Jul-2003 10:52:37",
        "01-Jul-2003T10:52:37",
        "Wed Oct 11 14:32:52.123456 2000",
        "Thu Jan  1 00:00:00 1970",
        "Thu Jan 01 00:00:00 1970",
        "Thu Jan 1 00:00:00 1970",
        "Oct 11 14:32:52 2000",
        "Oct 11 22:14:15",
        "Jan  1 00:00:00",
        "Jan 01 00:00:00.250",
        "Jan 1 00:00:00",
        "Fri Jan  2 03:04:05",
        "20240501T120000Z",
        "20240501T120000.123456+0200",
        "20240501t120000",
    ] {
        assert!(recognised(text).is_some(), "{text}");
    }
}

#[test]
fn a_text_that_would_change_has_no_form() {
    for text in [
        "2016-12-31T23:59:60Z",
        "2024-05-01T12:00:00.1234567890Z",
        " 2024-05-01T12:00:00Z",
        "2024-05-01T12:00:00Z ",
        "1.7145648e9",
        "171456480012e-2",
        "01714564800",
        "1714564800.1234567890",
        "1714564800123.1234567",
        "Wed, 01 Jul 2003 10:52:37 +0200",
        "10/oct/2000:13:55:36 -0700",
        "OCT 11 22:14:15",
        "1 Jul 2003 10:52 GMT",
        "Oct   1 22:14:15",
    ] {
        assert!(timestamp::parse(text.as_bytes(), ARRIVAL).is_some(), "{text} is no time");
        assert_eq!(recognised(text), None, "{text}");
    }
}

#[test]
fn texts_that_are_no_times_have_no_form() {
    for text in ["", "-", "2024", "2024-", "Jan", "2024-05-01T12:00:0\u{e9}Z", "\u{0}\u{0}\u{0}\u{0}-"] {
        assert_eq!(recognise(text.as_bytes(), ARRIVAL, TimeForm::default()), None, "{text}");
    }
    for byte in [b'0', b'.', b'-', b' ', b'J', 0xff] {
        assert_eq!(recognise(&vec![byte; 1 << 16], ARRIVAL, TimeForm::default()), None);
    }
    let fraction = format!("2024-05-01T12:00:00.{}Z", "1".repeat(1 << 16));
    assert_eq!(recognise(fraction.as_bytes(), ARRIVAL, TimeForm::default()), None);
}

#[test]
fn a_day_of_two_digits_keeps_the_form_of_its_neighbours() {
    let times = ["Oct  9 22:14:15", "Oct 10 22:14:15"];
    assert_eq!(recognised(times[0]), recognised(times[1]));
    assert_ne!(recognised("Oct 09 22:14:15"), recognised(times[0]));
}

#[test]
fn stored_numbers_do_not_change() {
    for (text, number) in [
        ("1714564800", 0),
        ("1714564800123", 1),
        ("1714564800.123456", 0x180),
        ("2024-05-01T12:00:00.123Z", 0x8c4),
        ("2024-05-01 12:00:00,123", 0x4c5),
        ("2024-05-01T12:00:00-07:30", 0x385_1004),
        ("Oct  9 22:14:15", 12),
        ("10/Oct/2000:13:55:36 +0200", 0xf0_980f),
        ("20240501T120000Z", 0x81b),
    ] {
        assert_eq!(recognised(text).map(TimeForm::number), Some(number), "{text}");
    }
}

/// Numbers that a form may have: any, and those near to valid ones.
fn numbers() -> impl Strategy<Value = u32> {
    let near = (0..34u32, 0..11u32, 0..2u32, 0..10u32, 0..2u32, 0..2u32, 0..1_500u32, 0..3u32);
    let near = near.prop_map(|(layout, digits, comma, zone, space, west, minutes, offset)| {
        let (west, minutes) = if offset == 0 { (west, minutes) } else { (0, 0) };
        layout | digits << 6 | comma << 10 | zone << 11 | space << 15 | west << 16 | minutes << 17
    });
    prop_oneof![1 => any::<u32>(), 9 => near]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_096))]

    #[test]
    fn every_form_prints_every_moment(number in numbers(), nanos: i64) {
        if let Some(form) = TimeForm::from_number(number) {
            prop_assert_eq!(form.number(), number);
            let time = Timestamp::from_nanos(nanos);
            let text = written(form, time);
            prop_assert_eq!(recognise(text.as_bytes(), time, form), Some(form));
        }
    }

    #[test]
    fn what_a_form_prints_is_recognised_without_a_hint(number in numbers(), nanos in 100_000_000_000_000_000..i64::MAX) {
        if let Some(form) = TimeForm::from_number(number) {
            let time = Timestamp::from_nanos(nanos);
            let text = written(form, time);
            let found = recognise(text.as_bytes(), time, TimeForm::default());
            prop_assert!(found.is_some(), "{}", text);
            prop_assert_eq!(written(found.unwrap(), time), text);
        }
    }

    #[test]
    fn the_calendar_is_that_of_the_reader(nanos: i64) {
        let time = Timestamp::from_nanos(nanos);
        let expected = time.to_string();
        let digits = match expected.len() { 24 => 3, 27 => 6, _ => 9 };
        let form = TimeForm::from_number(4 | digits << 6 | 1 << 11).unwrap();
        prop_assert_eq!(written(form, time), expected);
    }

    #[test]
    fn whatever_is_recognised_comes_back(
        text in "20[0-9]{2}[-/][01][0-9][-/][0-3][0-9][Tt _][0-2][0-9]:[0-5][0-9]:[0-6][0-9]([.,][0-9]{1,10})?( ?(Z|z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?|(Mon|Tue)?,? ?(Jan|Oct|feb) [ 0-3]?[0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]( 20[0-9]{2})?|[0-9]{9,19}(\\.[0-9]{0,10})?"
    ) {
        recognised(&text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[0-9TtZz:./, +-]{0,40}|(Jan|Wed,|Oct)[0-9: .+-]{0,24}", nanos: i64) {
        let time = Timestamp::from_nanos(nanos);
        if let Some(form) = recognise(text.as_bytes(), time, TimeForm::default()) {
            prop_assert_eq!(written(form, time), text);
        }
    }
}
