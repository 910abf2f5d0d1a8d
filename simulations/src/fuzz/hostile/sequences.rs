//! Lines that are harmless one by one and dear together: each is a little different from those before it.
//!
//! What learns from lines, such as names, dictionaries, templates, types and days, never stops learning
//! here. Invariant: the line of a number is the same at each call, and every line is taken by default.
//! No line is large: `lines` in the file above has those.

use crate::draw::mix;

/// The line of a number, without its end.
pub type Sequence = fn(u64) -> Vec<u8>;

/// Every sequence with its name.
pub const SEQUENCES: [(&str, Sequence); 18] = [
    ("a new name", new_name),
    ("a new long name", new_long_name),
    ("a new path", new_path),
    ("five hundred new names", many_new_names),
    ("names with control characters", control_names),
    ("names that mean something inside", inner_names),
    ("the same name twice", same_name_twice),
    ("one path in two ways", path_in_two_ways),
    ("a value that changes its type", changing_type),
    ("roles that change their types", changing_roles),
    ("numbers at their limits", limit_numbers),
    ("a new service, host and level", new_roles),
    ("a new template", new_template),
    ("a new template of many numbers", new_numbers),
    ("a new day", new_day),
    ("times out of all order", wild_times),
    ("no UTF-8", no_text),
    ("spaces and ends of lines", blanks),
];

fn new_name(number: u64) -> Vec<u8> {
    format!("{{\"message\":\"m\",\"name_{number}\":{number}}}").into()
}

/// As long as an indexed name may be by default.
fn new_long_name(number: u64) -> Vec<u8> {
    format!("{{\"{number:0>512}\":1,\"{number:0>513}\":2}}").into()
}

fn new_path(number: u64) -> Vec<u8> {
    format!("{{\"a\":{{\"b{}\":{{\"c{number}\":[{{\"d\":1}},{{\"d{number}\":2}}]}}}}}}", number % 7).into()
}

fn many_new_names(number: u64) -> Vec<u8> {
    let fields: Vec<String> = (0..500).map(|field| format!("\"n{number}_{field}\":\"{field}\"")).collect();
    format!("{{{}}}", fields.join(",")).into()
}

fn control_names(number: u64) -> Vec<u8> {
    const NAMES: [&str; 10] = [
        "\\u0000",
        "\\u001b[31m",
        "a\\nb",
        "a\\r\\nb\\tc",
        "\\u202e\\u200b",
        "\\u007f\\u0085\\u2028",
        "\\\"",
        "\\\\",
        "\u{feff}a",
        "\\ud83d\\ude00",
    ];
    let name = pick(&NAMES, number);
    format!("{{\"{name}\":1,\"{name}{number}\":{{\"{name}\":\"{name}\"}},\"message\":\"{name}\"}}").into()
}

/// Names that a store, a language or a renderer may use itself.
fn inner_names(number: u64) -> Vec<u8> {
    const NAMES: [&str; 24] = [
        "",
        ".",
        "..",
        "a..b",
        ".a",
        "a.",
        "*",
        "raw",
        "_raw",
        "id",
        "_id",
        "tenant",
        "tenant_id",
        "timestamp.x",
        "received_at",
        "labels",
        "__proto__",
        "constructor",
        "and",
        "a:b",
        "a|b",
        "a b",
        "a[0]",
        "\\u00e9\\u0301",
    ];
    let (name, other) = (pick(&NAMES, number), pick(&NAMES, number / 24));
    format!("{{\"{name}\":{number},\"{other}\":{{\"{name}\":\"{other}\"}}}}").into()
}

fn same_name_twice(number: u64) -> Vec<u8> {
    format!(
        "{{\"a\":{number},\"level\":\"info\",\"a\":\"{number}\",\"level\":\"error\",\"b\":[{{\"c\":1}},{{\"c\":{number}}}],\"a\":null}}"
    )
    .into()
}

fn path_in_two_ways(number: u64) -> Vec<u8> {
    match number % 3 {
        0 => format!("{{\"a.b\":{number},\"a\":{{\"b\":\"x{number}\",\"b.c\":1}}}}"),
        1 => format!("{{\"a\":{{\"b\":{{\"c\":{number}}}}},\"a.b\":1,\"a.b.c\":2}}"),
        _ => format!("{{\"a\":{number},\"a.b\":[{number},{{\"c\":3}}]}}"),
    }
    .into()
}

fn changing_type(number: u64) -> Vec<u8> {
    format!("{{\"message\":\"m {number}\",\"v\":{},\"w\":{}}}", value(number), value(mix(number))).into()
}

fn changing_roles(number: u64) -> Vec<u8> {
    const ROLES: [&str; 9] =
        ["time", "level", "message", "service", "source", "environment", "host", "trace_id", "span_id"];
    let fields: Vec<String> = ROLES
        .iter()
        .zip(0..)
        .map(|(role, place)| format!("\"{role}\":{}", value(mix(number ^ (place << 32)))))
        .collect();
    format!("{{{}}}", fields.join(",")).into()
}

/// JSON of some type.
fn value(number: u64) -> String {
    match number % 13 {
        0 => format!("{number}"),
        1 => format!("\"{number}\""),
        2 => format!("-{}.{:03}", number % 1_000, number % 997),
        3 => "true".to_owned(),
        4 => "null".to_owned(),
        5 => "{}".to_owned(),
        6 => "[]".to_owned(),
        7 => format!("{{\"a\":{number}}}"),
        8 => format!("[{number},\"x\",null,{{\"a\":[1]}}]"),
        9 => "\"\"".to_owned(),
        10 => format!("\"10.0.{}.{}\"", number % 256, number / 256 % 256),
        11 => format!("\"2026-03-{:02}T08:00:00Z\"", 1 + number % 28),
        _ => format!("\"{} ms\"", number % 10_000),
    }
}

fn limit_numbers(number: u64) -> Vec<u8> {
    const NUMBERS: [&str; 16] = [
        "0",
        "-0",
        "-0.0",
        "1.0",
        "1e0",
        "10E-1",
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1e308",
        "-1e400",
        "1e-400",
        "0.10000000000000000000000000000000000000001",
        "1234567890123456789012345678901234567890.5",
    ];
    let (one, other) = (pick(&NUMBERS, number), pick(&NUMBERS, number / 16));
    format!("{{\"n\":{one},\"m\":[{other},{number}e{}]}}", number % 300).into()
}

fn new_roles(number: u64) -> Vec<u8> {
    format!(
        "{{\"level\":\"level-{number}\",\"service\":\"s{number}\",\"host\":\"h{number}\",\"environment\":\"e{number}\",\"message\":\"same\"}}"
    )
    .into()
}

/// Words without a digit, in an order that does not come again.
fn new_template(number: u64) -> Vec<u8> {
    (0..8).map(|place| word(mix(number * 8 + place))).collect::<Vec<_>>().join(" ").into()
}

/// More runs of digits than words, between signs that differ from line to line.
fn new_numbers(number: u64) -> Vec<u8> {
    const SIGNS: [&str; 8] = ["=", ":", "/", "-", " ", "][", ",", "%"];
    let run = |place| mix(number * 64 + place);
    (0..64)
        .map(|place| format!("{}{}", run(place) % 10_000, pick(&SIGNS, run(place) >> 32)))
        .collect::<String>()
        .into()
}

/// From the year 2000 to 2246 within 90,000 lines.
fn new_day(number: u64) -> Vec<u8> {
    let seconds = 946_684_800 + number % 90_000 * 86_400;
    format!("{{\"time\":{seconds},\"message\":\"a day\"}}").into()
}

fn wild_times(number: u64) -> Vec<u8> {
    const TIMES: [&str; 10] = [
        "\"0001-01-01T00:00:00Z\"",
        "\"9999-12-31T23:59:59.999999999Z\"",
        "\"1969-12-31T23:59:59Z\"",
        "\"2026-02-29T08:00:00Z\"",
        "\"2026-03-01T23:59:60Z\"",
        "\"2026-03-01T08:00:00+23:59\"",
        "-1",
        "1e400",
        "99999999999999999999",
        "\"yesterday\"",
    ];
    let time = if number.is_multiple_of(3) {
        pick(&TIMES, number / 3).to_owned()
    } else {
        (mix(number) >> 20).to_string()
    };
    format!("{{\"time\":{time},\"message\":\"m {number}\"}}").into()
}

fn no_text(number: u64) -> Vec<u8> {
    let mut line = mix(number).to_le_bytes().map(|byte| byte | 0x80).to_vec();
    line.extend_from_slice(b" \x00\x1b[0m\xed\xa0\x80 ");
    line.extend_from_slice(&number.to_le_bytes());
    line.retain(|byte| *byte != b'\n');
    line
}

fn blanks(number: u64) -> Vec<u8> {
    const BLANKS: [&str; 6] = ["", " ", "\t", "\r", "\u{a0}", " \r \t"];
    pick(&BLANKS, number).repeat((number % 5) as usize).into()
}

fn pick<'a>(list: &[&'a str], number: u64) -> &'a str {
    list[(number % list.len() as u64) as usize]
}

/// Letters for all bits of a number.
fn word(number: u64) -> String {
    (0..8).map(|place| char::from(b'a' + (number >> (place * 8) & 0xff) as u8 % 26)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use antler_config::limits::LineLimits;
    use antler_events::clock::Timestamp;
    use antler_events::line::LineBatchBuilder;

    use super::*;

    #[test]
    fn every_line_is_taken_the_same_at_each_call() {
        for (name, sequence) in SEQUENCES {
            let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(0));
            for number in (0..500).chain([u64::from(u32::MAX)]) {
                let line = sequence(number);
                let shown = String::from_utf8_lossy(&line);
                assert_eq!(builder.push(&line), Ok(()), "{name}: {shown}");
                assert!(!line.contains(&b'\n'), "{name}: {shown}");
                assert_eq!(line, sequence(number), "{name}");
            }
            let is_json = |line: &Vec<u8>| line.starts_with(b"{");
            let plain = builder.finish().lines().filter(|line| line.is_plain()).count();
            assert_eq!(plain == 0, (0..500).map(sequence).all(|line| is_json(&line)), "{name}");
        }
    }

    #[test]
    fn every_new_day_is_read_as_one() {
        let mut builder = LineBatchBuilder::new(LineLimits::default(), Timestamp::from_nanos(0));
        (0..90_000).step_by(90).for_each(|number| builder.push(&new_day(number)).unwrap());
        let batch = builder.finish();
        let days = batch.lines().map(|line| line.own_timestamp().unwrap().nanos() / 86_400_000_000_000);
        assert_eq!(days.collect::<BTreeSet<_>>().len(), 1_000);
    }

    #[test]
    fn what_claims_to_be_new_is_new() {
        for (name, sequence) in SEQUENCES.into_iter().filter(|(name, _)| name.contains("new")) {
            let lines: BTreeSet<Vec<u8>> = (0..3_000).map(sequence).collect();
            assert_eq!(lines.len(), 3_000, "{name}");
        }
    }
}
