//! Files that nobody should send, and what comes of them.
//!
//! Invariant: each ends in entries, in problems, or in one sentence; memory stays bounded. How much time it takes is
//! measured elsewhere.

use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[test]
fn what_is_no_log_is_refused_with_a_sentence() {
    let check = |file: &[u8], expected: &str| assert_eq!(read("a.log", file, &[]), [expected]);
    check(b"", "the file is empty");
    check(b" \n\n ", "the file is empty");
    check(&gzip(b""), "the file is empty");
    let refused = "send text, JSON or CSV, or gz, zstd or zip of these";
    check(b"\x89PNG\r\n\x1a\n", &format!("the file looks like an image (PNG); {refused}"));
    check(&gzip(b"%PDF-1.4"), &format!("the file looks like a PDF document; {refused}"));
    check(&[1, 2, 3, 4].repeat(50), &format!("the file looks like binary data; {refused}"));
    check(
        &gzip(&gzip(b"x")),
        "the file is a gz file inside of an archive or of a packed file; send it by itself",
    );
}

#[test]
fn a_line_that_is_too_long_is_cut_and_told() {
    let long = "x".repeat(1_200);
    let told = |line: u64, length: usize| {
        format!(
            "rejected {} !{line} line_too_long: line {line} has {length} bytes; at most 1000 are taken",
            &long[..1_000]
        )
    };
    let one = r#"{"message":"one","line_number":1}"#;
    check(
        "a.txt",
        &format!("one\n{long}\ntwo"),
        &[],
        &[one, &told(2, 1_200), r#"{"message":"two","line_number":3}"#],
    );
    check("a.txt", &long, &[], &[&told(1, 1_200)]);
    let quotes = "\"".repeat(990);
    let message = "line 1 has 2010 bytes as an entry; at most 1000 are taken";
    check("a.txt", &quotes, &[], &[&format!("rejected {quotes} !1 line_too_long: {message}")]);
    let found = read("a.json", format!("[{{\"a\":\"{long}\"}},{{\"b\":1}}]").as_bytes(), &[]);
    assert_eq!(found.len(), 2);
    assert!(found[0].contains("line_too_long: line 1 has 1208 bytes"), "{}", found[0]);
    assert_eq!(found[1], "{\"b\":1}");
}

#[test]
fn wrong_characters_are_replaced_and_told() {
    let told = "some bytes are no characters of the charset; they are shown as \u{fffd}";
    let expected = [
        r#"{"message":"grüße, grüße","line_number":1}"#.to_owned(),
        format!(
            "{{\"message\":\"gr\u{fffd}\u{fffd}e\",\"line_number\":2,\"parse_error\":\"{told}\"}} !2 invalid_text: {told}"
        ),
        r#"{"message":"end","line_number":3}"#.to_owned(),
    ];
    assert_eq!(read("a.txt", b"gr\xc3\xbc\xc3\x9fe, gr\xc3\xbc\xc3\x9fe\ngr\xfc\xdfe\nend", &[]), expected);
}

/// A file of so many bytes that repeats itself and is nowhere held.
struct Endless {
    unit: &'static [u8],
    at: u64,
    length: u64,
}

impl Read for Endless {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let count = out.len().min(usize::try_from(self.length - self.at).unwrap());
        for byte in &mut out[..count] {
            *byte = self.unit[(self.at % self.unit.len() as u64) as usize];
            self.at += 1;
        }
        Ok(count)
    }
}

#[test]
fn a_large_file_is_read_without_being_held() {
    for (name, unit, is_lines) in [
        ("a.txt", &b"x"[..], false),
        ("a.txt", b"a line\n", true),
        ("a.json", b"[{\"a\":[", false),
        ("a.json", b"{\"a\":\"", false),
        ("a.csv", b"a,\"b", false),
        ("a.csv", b"a,b\n\"", true),
    ] {
        let reader = Box::new(Endless { unit, at: 0, length: 8 << 20 });
        let part = Part { name: name.to_owned(), reader };
        let mut entries = Entries::open(part, &ReadOptions::default(), &limits(), 4_000, ARRIVAL).unwrap();
        let mut count = 0;
        while let Some(item) = entries.next_item().unwrap() {
            count = item.number;
            assert!(entries.held_bytes() < 512 << 10, "{name} holds {}", entries.held_bytes());
        }
        assert_eq!(count > 1_000, is_lines, "{name} {count}");
    }
}

#[test]
fn the_same_file_gives_the_same_items_however_it_comes() {
    let files: [(&str, &[u8]); 6] = [
        (
            "a.log",
            "2024-05-01 12:00:00 INFO grüße\r\n\tat x\r\nwhat\r\n2024-05-01 12:00:00 INFO 🦌\r\n".as_bytes(),
        ),
        ("a.json", b"{\"logs\":[{\"a\":\"\\\\\\\"]\"},\n\n{\"b\":[1,{}]} , 7,{\"c\":\"x\n{}],\"n\":\"]\"}"),
        ("a.ndjson", b"{\"a\":1}\r\n{\"a\":\r\n"),
        ("a.csv", b"a,b\r\n1,\"x\r\ny\"\r\n\r\n1,2,3\r\n4,\"z\r\n5,6\r\n"),
        ("a.txt", b"\xff\xfeg\0r\0\xfc\0\n\0x\0"),
        ("a.txt", b"gr\xfc\xdfe\nk\xfcrzer\n"),
    ];
    for (name, file) in files {
        let whole = read(name, file, &[]);
        assert!(!whole.is_empty());
        for piece in 1..20 {
            let pieces = read_in_pieces(name, file, &[], piece).unwrap();
            assert_eq!(pieces, whole, "{name} in pieces of {piece}");
        }
    }
}

/// The object that an item begins with; a problem may stand behind it.
fn entry_of(item: &str) -> Option<serde_json::Value> {
    serde_json::Deserializer::from_str(item).into_iter().next()?.ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_file_makes_it_panic(
        name in "a\\.(log|json|csv|ndjson|txt)",
        file in prop::collection::vec(prop_oneof![
            Just("{\"a\":".to_owned()), Just("[".to_owned()), Just("]}".to_owned()), Just("\"".to_owned()), Just("\n".to_owned()),
            Just(",".to_owned()), Just("2024-05-01 12:00:00".to_owned()), Just(" INFO ".to_owned()), Just("\\".to_owned()),
            Just("[1/May/2024:12:00:00 +0000] \"".to_owned()), Just("<14>1 - ".to_owned()), "\\PC{0,5}", Just("\r\n ".to_owned()),
        ], 0..40),
        piece in 1..50usize,
    ) {
        let file = file.concat();
        let whole = read_in_pieces(&name, file.as_bytes(), &[], usize::MAX);
        prop_assert_eq!(read_in_pieces(&name, file.as_bytes(), &[], piece), whole);
        for format in ["json", "csv", "log", "ndjson"] {
            let _ = read_in_pieces("a", file.as_bytes(), &[("format", format), ("multiline", "on")], piece);
        }
    }

    #[test]
    fn lines_of_text_come_back_whole(lines in prop::collection::vec("[^\\n\\r\\t{\u{feff}]{0,40}", 1..20)) {
        let file = lines.join("\n");
        let kept: Vec<&str> = lines.iter().map(|line| line.trim_ascii_end()).filter(|line| !line.is_empty()).collect();
        if kept.iter().any(|line| !line.trim().is_empty()) && read("a.txt", file.as_bytes(), &[("format", "txt")])[0].starts_with('{') {
            let mut entries = Vec::new();
            for item in read("a.txt", file.as_bytes(), &[("format", "txt"), ("encoding", "utf-8")]) {
                let entry: serde_json::Value = entry_of(&item).unwrap();
                entries.push(entry["message"].as_str().unwrap().to_owned());
            }
            prop_assert_eq!(entries, kept);
        }
    }

    #[test]
    fn rows_come_back_whole(rows in prop::collection::vec(("[^\r]{1,20}", "[^\r]{1,20}"), 1..10)) {
        let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
        let lines: Vec<String> = rows.iter().map(|(a, b)| format!("{},{}\n", quoted(a), quoted(b))).collect();
        let file = format!("first,second\n{}", lines.concat());
        let said = [("format", "csv"), ("header", "yes"), ("delimiter", ","), ("encoding", "utf-8")];
        let items = read("a.csv", file.as_bytes(), &said);
        prop_assert_eq!(items.len(), rows.len());
        for (item, (a, b)) in items.iter().zip(&rows) {
            if let Some(entry) = entry_of(item) {
                let text = |name: &str| entry[name].as_str().map_or(entry[name].to_string(), str::to_owned);
                prop_assert_eq!((text("first"), text("second")), (a.clone(), b.clone()));
            }
        }
    }
}
