//! Lines that cost a careless reader much: large ones, which are better made than stored.
//!
//! Invariant: they are the same at each call. They are not all refused: some are just dear.

mod sequences;

pub use sequences::{SEQUENCES, Sequence};

/// Bytes of a line that is as long as it may be by default.
const LONG: usize = 1 << 20;

/// Every line with its name.
pub fn lines() -> Vec<(&'static str, Vec<u8>)> {
    let names: String = (0..30_000).map(|number| format!("\"{number:x}\":{number},")).collect();
    let short_names: String = (0..100_000).map(|number| format!("\"{number:x}\":0,")).collect();
    let kilobyte = format!("{{\"{}\":", "k".repeat(1 << 10));
    let long_names: String = (0..10).map(|number| format!("\"{number:k>65535}\":1,")).collect();
    vec![
        ("objects in objects", "{\"a\":".repeat(10_000).into()),
        ("whole objects in objects", wrapped("", "{\"a\":", 10_000, &("0".to_owned() + &"}".repeat(10_000)))),
        ("arrays", "[".repeat(100_000).into()),
        ("arrays in an object", wrapped("{\"a\":", "[", 10_000, "")),
        ("a long number", wrapped("{\"a\":", "7", 5_000, "}")),
        ("a long fraction", wrapped("{\"a\":0.", "7", 5_000, "e5}")),
        ("a name again and again", wrapped("{", "\"a\":1,", 100_000, "\"b\":2}")),
        ("empty fields", wrapped("{", "\"\":0,", 200_000, "\"\":0}")),
        ("a million empty fields", wrapped("{", "\"\":0,", 1_000_000, "\"\":0}")),
        ("a long array", wrapped("{\"a\":[", "1,", 400_000, "1]}")),
        ("escapes", wrapped("{\"a\":\"", "\\u0041", 100_000, "\"}")),
        ("a value over the limit", wrapped("{\"a\":\"", "x", LONG, "\"}")),
        ("a long name", wrapped("{\"", "k", 100_000, "\":1}")),
        ("long characters", wrapped("{\"a\":\"", "\u{10ffff}", 100_000, "\"}")),
        ("many names", format!("{{{names}\"z\":1}}").into()),
        ("a hundred thousand names", format!("{{{short_names}\"z\":1}}").into()),
        ("ten names of 64 KiB", format!("{{{long_names}\"z\":1}}").into()),
        ("a path of 64 KiB", wrapped("", &kilobyte, 63, &("1".to_owned() + &"}".repeat(63)))),
        ("escapes in a name", wrapped("{\"", "\\u0000\\u001b", 10_000, "\":1}")),
        ("line ends", "\n".repeat(20_000).into()),
        ("a long text", "x".repeat(LONG).into()),
        ("a text over the limit", "x".repeat(LONG + 1).into()),
        ("zeros", vec![0; 100_000]),
        ("no UTF-8", vec![0xff; 100_000]),
    ]
}

fn wrapped(before: &str, piece: &str, count: usize, after: &str) -> Vec<u8> {
    [before, &piece.repeat(count), after].concat().into()
}
