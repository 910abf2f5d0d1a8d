//! Files of every form.
//!
//! Invariant: each form has a file that is right and one that is wrong in a usual way. Hostile files are in `hostile`.

use std::io::Cursor;

use super::super::options::Format;
use super::super::preview::preview;
use super::*;

#[test]
fn lines_without_a_form_are_messages() {
    check(
        "a.txt",
        "one\r\n\n  two\nthree",
        &[],
        &[
            r#"{"message":"one","line_number":1}"#,
            r#"{"message":"  two","line_number":3}"#,
            r#"{"message":"three","line_number":4}"#,
        ],
    );
}

#[test]
fn lines_of_a_log_say_their_parts_and_others_are_kept() {
    let log = "2024-05-01 12:00:00 INFO up\nwhat is this\n{\"msg\":\"json\"}\n2024-05-01 12:00:01 WARN low\n";
    check(
        "a.log",
        log,
        &[],
        &[
            r#"{"@timestamp":"2024-05-01T12:00:00.000Z","level":"INFO","message":"up","log_pattern":"generic","original":"2024-05-01 12:00:00 INFO up","line_number":1}"#,
            r#"{"message":"what is this","line_number":2,"parse_error":"no known pattern fits the line"} !2 no_pattern: no known pattern fits the line"#,
            r#"{"msg":"json"}"#,
            r#"{"@timestamp":"2024-05-01T12:00:01.000Z","level":"WARN","message":"low","log_pattern":"generic","original":"2024-05-01 12:00:01 WARN low","line_number":4}"#,
        ],
    );
}

/// The messages only.
fn messages(name: &str, file: &str, said: &[(&str, &str)]) -> Vec<String> {
    let message = |item: String| {
        let json = item.split(" !").next().unwrap();
        let entry: serde_json::Value = serde_json::from_str(json).unwrap();
        entry["message"].as_str().unwrap().to_owned()
    };
    read(name, file.as_bytes(), said).into_iter().map(message).collect()
}

#[test]
fn a_stack_trace_is_one_entry() {
    let java = "2024-05-01 12:00:00,123 ERROR [main] c.App - broke\njava.lang.IllegalStateException: why\n\
                \tat c.App.main(App.java:7)\nCaused by: java.io.IOException\n\t... 2 more\n\
                2024-05-01 12:00:01,000 INFO [main] c.App - up\n";
    let trace = "broke\njava.lang.IllegalStateException: why\n\tat c.App.main(App.java:7)\nCaused by: java.io.IOException\n\t... 2 more";
    assert_eq!(messages("a.log", java, &[]), [trace, "up"]);
    let python = "2024-05-01 12:00:00,123 - app - ERROR - broke\nTraceback (most recent call last):\n  File \"x\"\n\
                  KeyError: 'x'\n2024-05-01 12:00:01,000 - app - INFO - up\nKeyError: alone\n";
    let trace = "broke\nTraceback (most recent call last):\n  File \"x\"\nKeyError: 'x'";
    assert_eq!(messages("a.log", python, &[]), [trace, "up", "KeyError: alone"]);
    // At most five lines are joined.
    let long = format!("2024-05-01 12:00:00 ERROR x\n{}2024-05-01 12:00:00 INFO y\n", "\tat a\n".repeat(6));
    assert_eq!(messages("a.log", &long, &[]).len(), 3);
}

#[test]
fn joining_is_as_the_sender_says() {
    let log = "2024-05-01 12:00:00 INFO select\nfrom a\n  where b\n2024-05-01 12:00:01 INFO done\n";
    assert_eq!(messages("a.log", log, &[]), ["select", "from a\n  where b", "done"]);
    assert_eq!(messages("a.log", log, &[("multiline", "off")]), ["select", "from a", "  where b", "done"]);
    assert_eq!(messages("a.log", log, &[("multiline", "on")]), ["select\nfrom a\n  where b", "done"]);
    let begun = "BEGIN a\nb\nBEGIN c\nBEGIN d\n\ne";
    assert_eq!(
        messages("a.txt", begun, &[("multiline", "^BEGIN")]),
        ["BEGIN a\nb", "BEGIN c", "BEGIN d\n\ne"]
    );
}

#[test]
fn json_comes_in_every_usual_frame() {
    let both = [r#"{"a":1}"#, r#"{"b":"]},{"}"#];
    check("a.json", r#"[{"a":1}, {"b":"]},{"}]"#, &[], &both);
    check("a.json", "{\"x\":\"logs\",\n\"logs\" : [ {\"a\":1},\n{\"b\":\"]},{\"} ],\"n\":2} \n", &[], &both);
    check("a.json", r#"{"Records":[{"a":1},{"b":"]},{"}]}"#, &[], &both);
    check("a.json", r#"{"a":1}{"b":"]},{"}"#, &[], &both);
    check("a.json", "{\"a\":1}\n{\"b\":\"]},{\"}\n", &[], &both);
    check(
        "a.json",
        "{\n  \"a\": 1,\n  \"b\": [\n2]\n}\n{\n\"c\":{}\n}",
        &[],
        &[r#"{   "a": 1,   "b": [ 2] }"#, r#"{ "c":{} }"#],
    );
    check("a.json", "[]", &[], &[]);
    check(
        "a.json",
        "[[{\"a\":1}]]",
        &[("format", "json")],
        &[
            "{\"message\":\"[{\\\"a\\\":1}]\",\"line_number\":1,\"parse_error\":\"what begins here cannot be read as JSON: it is JSON, but no object\"} \
         !1 invalid_json: what begins here cannot be read as JSON: it is JSON, but no object",
        ],
    );
}

#[test]
fn broken_json_costs_its_own_line() {
    let codes = |file: &str, said: &[(&str, &str)]| -> Vec<String> {
        let code = |item: String| match item.split_once(" !") {
            Some((_, problem)) => problem.split(':').next().unwrap().to_owned(),
            None => item,
        };
        read("a.json", file.as_bytes(), said).into_iter().map(code).collect()
    };
    let json = &[("format", "json")][..];
    assert_eq!(
        codes("{\"a\":1}\n{\"b\":\"x\n{\"c\":3}\n", json),
        ["{\"a\":1}", "2 invalid_json", "{\"c\":3}"]
    );
    assert_eq!(codes("{\"a\":1}\n{\"b\":{\n{\"c\":3}\n", json), ["{\"a\":1}", "2 invalid_json", "{\"c\":3}"]);
    assert_eq!(
        codes("[{\"a\":1},\n{\"b\" 2},\n{\"c\":3}]", json),
        ["{\"a\":1}", "2 invalid_json", "{\"c\":3}"]
    );
    assert_eq!(codes("[{\"a\":1},\n{\"b\":2}", json), ["{\"a\":1}", "{\"b\":2}", "2 json_ends_early"]);
    assert_eq!(
        codes("{\"a\":1}\nnot json at all\n{\"c\":3}", json),
        ["{\"a\":1}", "2 invalid_json", "{\"c\":3}"]
    );
    let ndjson = &[("format", "ndjson")][..];
    assert_eq!(
        codes("{\"a\":1}\n\n[1]\nplain\n{\"b\":\n{\"c\":3}", ndjson),
        ["{\"a\":1}", "3 invalid_json", "4 invalid_json", "5 invalid_json", "{\"c\":3}"]
    );
}

#[test]
fn rows_of_a_table_have_the_names_of_its_header() {
    let csv = "Time,Level,Message,n\r\n2024-05-01 12:00:00,ERROR,\"broke, \"\"badly\"\"\nand more\",7\r\n,,x,007\r\n";
    check(
        "a.csv",
        csv,
        &[],
        &[
            r#"{"@timestamp":"2024-05-01T12:00:00.000Z","time":"2024-05-01 12:00:00","level":"ERROR","message":"broke, \"badly\"\nand more","n":7,"row_number":1}"#,
            r#"{"message":"x","n":"007","row_number":2}"#,
        ],
    );
    check("a.tsv", "a\tb c\n1\t2\n", &[], &[r#"{"a":1,"b c":2,"message":"1\t2","row_number":1}"#]);
    check(
        "a.csv",
        "date;time;x\n2024-05-01;12:00:00;y\n",
        &[],
        &[
            r#"{"@timestamp":"2024-05-01T12:00:00.000Z","date":"2024-05-01","time":"12:00:00","x":"y","message":"2024-05-01;12:00:00;y","row_number":1}"#,
        ],
    );
    check(
        "a.csv",
        "2024-05-01 12:00:00,info,it is up,5\n2024-05-01 12:00:01,warn,low,6\n",
        &[("timezone", "+02:00")],
        &[
            r#"{"@timestamp":"2024-05-01T10:00:00.000Z","timestamp":"2024-05-01 12:00:00","level":"info","message":"it is up","column_4":5,"row_number":1}"#,
            r#"{"@timestamp":"2024-05-01T10:00:01.000Z","timestamp":"2024-05-01 12:00:01","level":"warn","message":"low","column_4":6,"row_number":2}"#,
        ],
    );
}

#[test]
fn a_row_that_is_no_row_is_kept_with_its_text() {
    let ragged = "row 2 has 3 columns, where 2 are expected";
    check(
        "a.csv",
        "a,message\n1,x\n1,2,3\n4,y\n",
        &[],
        &[
            r#"{"a":1,"message":"x","row_number":1}"#,
            &format!(
                r#"{{"message":"1,2,3","row_number":2,"parse_error":"{ragged}"}} !3 ragged_row: {ragged}"#
            ),
            r#"{"a":4,"message":"y","row_number":3}"#,
        ],
    );
    let quote = "a quote in the row is not closed, or it has too many fields";
    check(
        "a.csv",
        "a,message\n1,\"x\n2,y\n3,z\n",
        &[],
        &[
            &format!(
                r#"{{"message":"1,\"x","row_number":1,"parse_error":"{quote}"}} !2 invalid_row: {quote}"#
            ),
            r#"{"a":2,"message":"y","row_number":2}"#,
            r#"{"a":3,"message":"z","row_number":3}"#,
        ],
    );
}

#[test]
fn times_are_read_as_the_sender_says() {
    let said = [("timestamp_format", "%d.%m.%Y %H:%M:%S"), ("timezone", "+02:00")];
    check(
        "a.log",
        "01.05.2024 12:00:00 INFO x\n",
        &said,
        &[
            r#"{"@timestamp":"2024-05-01T10:00:00.000Z","level":"INFO","message":"x","log_pattern":"generic","original":"01.05.2024 12:00:00 INFO x","line_number":1}"#,
        ],
    );
    check(
        "a.ndjson",
        "{\"time\":\"01.05.2024 12:00:00\"}\n{\"time\":7}\n",
        &said,
        &[r#"{"time":"01.05.2024 12:00:00","@timestamp":"2024-05-01T10:00:00.000Z"}"#, r#"{"time":7}"#],
    );
}

#[test]
fn a_preview_says_what_a_file_is() {
    let look = |name: &str, file: &[u8]| {
        let mut parts = Parts::open(Cursor::new(file), name, &limits()).unwrap();
        let part = parts.next_part().unwrap().unwrap();
        preview(part, &ReadOptions::default(), &limits(), LINE_BYTES_MAX, ARRIVAL).unwrap()
    };
    let log = look("x.log", "2024-05-01 12:00:00 INFO up\n".repeat(30).as_bytes());
    assert_eq!((log.found.format, log.found.pattern), (Format::Log, Some("generic")));
    assert_eq!((log.entries.len(), log.bytes_per_entry, log.problems.len()), (20, 28, 0));
    let csv = look("x", b"user;action\nada;k\xfcrzt\n");
    assert_eq!(
        (csv.found.format, csv.found.delimiter, csv.found.has_header),
        (Format::Csv, Some(';'), Some(true))
    );
    assert_eq!(csv.found.columns, ["user", "action"]);
    assert_eq!(csv.found.charset, "windows-1252");
    assert_eq!(csv.found.warnings, ["the charset was guessed to be windows-1252; name it if that is wrong"]);
    assert_eq!(csv.entries, [r#"{"user":"ada","action":"kürzt","message":"ada;kürzt","row_number":1}"#]);
    let text = look("x.log", b"a line\nanother line, with a comma\n");
    assert_eq!((text.found.format, text.found.pattern), (Format::Txt, None));
    let mixed = look("x.log", b"2024-05-01 12:00:00 INFO up\nand this\n");
    assert_eq!(mixed.found.warnings, ["1 of the first 2 entries fit no known pattern"]);
}
