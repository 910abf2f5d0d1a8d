//! Seeds that come from the tables of the language, and from a small grammar of changes.
//!
//! Invariant: they are the same at each call, and new entries of the tables are seeds at once. They find nothing
//! by themselves: mutations of them do.

use antler_events::query::language::EXAMPLES;
use antler_events::query::pipe::PIPES;

use crate::draw::Draw;

/// Regexes of every kind that a parser of them knows.
const REGEXES: [&str; 27] = [
    "time",
    "(?i)time",
    "^read",
    "out$",
    "[0-9]+",
    r"\d+ms",
    "größe|api",
    "a.b",
    r"\btimeout\b",
    "x*",
    "(?s)r.*t",
    "^$",
    "(a|b|ab)+c",
    "(a+)+$",
    "(?:read|write) timeout after [0-9]{1,5}",
    "[^ ]+ [^ ]+",
    r"\p{Lu}\w*",
    r"17$|^17| 1[78] ",
    "user [0-9]+ failed",
    "(?x) us er # said",
    "[a-f0-9]{8}-[a-f0-9]{4}",
    ".{3,10}?x",
    "a{0}b",
    r"\x41|\u{1F600}",
    "(?-u:a)",
    "K|\u{212a}",
    "s.*s.*s.*s",
];

const TEXTS: &str = "read timeout after 17ms\nuser 7 failed\nus er\nGRÖẞE api\naaaaaaaaaaaaaaaaaaaaaaaa!\n\n4f2a91bc-77aa id=18\nK8S k8s 17";

/// Every example of the language, alone and with every pipe.
pub(super) fn queries() -> Vec<Vec<u8>> {
    let examples = EXAMPLES.iter().map(|example| example.text.to_owned());
    let piped = PIPES.iter().zip(EXAMPLES.iter().cycle());
    let piped = piped.map(|(pipe, example)| format!("{} | {}", example.text, pipe.example));
    examples.chain(piped).map(String::into_bytes).collect()
}

/// The example of every pipe with its lines, behind different filters.
pub(super) fn pipelines() -> Vec<Vec<u8>> {
    let pairs =
        (0..3).flat_map(|round| PIPES.iter().zip(EXAMPLES.iter().skip(round * 11).step_by(1 + round)));
    let all = pairs.enumerate().map(|(at, (pipe, example))| {
        let filter = if at % 2 == 0 { "*" } else { example.text };
        let pipes = pipe.example.trim_start_matches(|one: char| one == '|' || one.is_whitespace());
        format!("{filter} | {pipes}\n{}", pipe.lines.join("\n"))
    });
    all.chain((0..40).map(|at| format!("{}\n{}", EXAMPLES[at % EXAMPLES.len()].text, lines_of_all())))
        .map(String::into_bytes)
        .collect()
}

fn lines_of_all() -> String {
    PIPES.iter().flat_map(|pipe| pipe.lines.iter().take(2)).copied().collect::<Vec<_>>().join("\n")
}

/// Up to eight changes of every kind.
pub(super) fn groups() -> Vec<Vec<u8>> {
    let seed = |number: u64| {
        let mut draw = Draw::new(number);
        let length = 1 + 6 * (1 + draw.below(8));
        (0..length).map(|_| draw.below(256) as u8).collect()
    };
    (0..120).map(seed).collect()
}

/// Every regex on the same texts, and on itself.
pub(super) fn regexes() -> Vec<Vec<u8>> {
    let on_texts = REGEXES.iter().map(|source| format!("{source}\n{TEXTS}"));
    let on_itself = REGEXES.iter().map(|source| format!("{source}\n{source}\nx{source}"));
    on_texts.chain(on_itself).map(String::into_bytes).collect()
}
