//! Rules on giving up and on printing: what a library never does.
//!
//! Invariant: outside tests a panic is a broken invariant with a sentence that says why it cannot happen.
//! It leaves `assert!` and `unreachable!` alone: they are such sentences.

use super::rule::{Check, Finding, Place, Rule};
use super::source::{Source, TokenKind};

pub fn rules() -> Vec<Rule> {
    vec![unwrap(), expect(), macros(), print(), unsafe_code()]
}

fn unwrap() -> Rule {
    Rule {
        name: "unwrap",
        reason: "an unwrap stops the program without saying which invariant broke",
        way_out: "return the error, or `expect(\"why it cannot happen\")`",
        check: product_tokens(&[], |source, at| {
            let method = at > 0 && source.tokens[at - 1].text == ".";
            method && ["unwrap", "unwrap_err", "unwrap_unchecked"].contains(&source.tokens[at].text.as_str())
        }),
        offending: &[
            &[("events/src/a.rs", "fn f() { g().unwrap(); }")],
            &[("simulations/src/a.rs", "fn f() { h!(g().unwrap()); }")],
        ],
        innocent: &[
            &[("events/src/a.rs", "#[test]\nfn f() { g().unwrap(); }\nfn h() { g().unwrap_or_default(); }")],
            &[("simulations/tests/a.rs", "fn f() { g().unwrap(); }")],
        ],
    }
}

fn expect() -> Rule {
    Rule {
        name: "expect",
        reason: "an expect that does not say why it cannot happen is an unwrap",
        way_out: "write the invariant as a few words, or return the error",
        check: product_tokens(&[], |source, at| {
            let text = |index: usize| source.tokens.get(index).map_or("", |token| token.text.as_str());
            let call = at > 0 && text(at - 1) == "." && text(at) == "expect" && text(at + 1) == "(";
            call && text(at + 2).starts_with('"') && text(at + 2).split(' ').count() < 3
        }),
        offending: &[&[("events/src/a.rs", "fn f() { g().expect(\"ok\"); }")]],
        innocent: &[
            &[("events/src/a.rs", "fn f() { g().expect(\"only ASCII passes parse\"); }")],
            &[("events/src/a.rs", "fn f(p: P) { p.expect(Token::Comma); }")],
        ],
    }
}

fn macros() -> Rule {
    Rule {
        name: "unfinished",
        reason: "a placeholder that ships is a promise that nobody keeps",
        way_out: "finish it or leave it out; for a broken invariant use `expect` or `unreachable!` with the reason",
        check: product_tokens(&[], |source, at| {
            is_macro(source, at, &["todo", "unimplemented", "dbg", "panic"])
        }),
        offending: &[
            &[("events/src/a.rs", "fn f() { todo!() }")],
            &[("gateway/src/main.rs", "fn main() { panic!(\"no\") }")],
        ],
        innocent: &[&[("events/src/a.rs", "fn todo() { assert!(true); }\n#[test]\nfn a() { panic!() }")]],
    }
}

const PRINTING_PLACES: &[Place] = &[
    ("simulations/src/bin/", "tools that people run in a terminal"),
    ("gateway/build.rs", "cargo reads what a build script prints"),
];

fn print() -> Rule {
    Rule {
        name: "print",
        reason: "a server's words go to its log, a command's answer to the writer it was given",
        way_out: "log with `tracing`, or take a `&mut dyn Write`",
        check: product_tokens(PRINTING_PLACES, |source, at| {
            is_macro(source, at, &["print", "println", "eprint", "eprintln"])
        }),
        offending: &[&[("actors/src/a.rs", "fn f() { println!(\"x\"); }")]],
        innocent: &[
            &[("simulations/src/bin/bench.rs", "fn main() { println!(\"x\"); }")],
            &[("actors/src/a.rs", "fn f() { writeln!(out, \"println!\"); }")],
        ],
    }
}

/// With it, and with words in pieces, an upload of 100 MB takes 54 MiB above idle instead of 65 (bench `uploads`).
const UNSAFE: &str = "gateway/src/allocator.rs";

fn unsafe_code() -> Rule {
    Rule {
        name: "unsafe",
        reason: "what it breaks is found late",
        way_out: "write it safely; a measured gain may have one reviewed file, and that is taken",
        check: Box::new(|repository| {
            let found = |source: &Source| -> Vec<Finding> {
                let words = source.tokens.iter().filter(|token| token.kind == TokenKind::Word);
                let found = words.filter(|token| token.text == "unsafe");
                found.map(|token| Finding::new(&source.path, token.line, "`unsafe`")).collect()
            };
            let others = repository.sources.iter().filter(|source| source.path != UNSAFE);
            others.flat_map(found).collect()
        }),
        offending: &[
            &[("events/src/a.rs", "fn f() { unsafe { g() } }")],
            &[("events/src/a.rs", "m! { unsafe fn g() {} }")],
        ],
        innocent: &[
            &[("events/src/a.rs", "//! No unsafe here.\n#![forbid(unsafe_code)]")],
            &[("gateway/src/allocator.rs", "fn f() { unsafe { g() } }")],
        ],
    }
}

/// Every token outside tests and outside the places that `offends` points at.
fn product_tokens(places: &'static [Place], offends: fn(&Source, usize) -> bool) -> Check {
    Box::new(move |repository| {
        let mut findings = Vec::new();
        for source in &repository.sources {
            if places.iter().any(|(place, _)| source.path.starts_with(place)) {
                continue;
            }
            for (at, token) in source.tokens.iter().enumerate() {
                if token.kind == TokenKind::Word && !source.is_test(token.line) && offends(source, at) {
                    findings.push(Finding::new(&source.path, token.line, format!("`{}`", token.text)));
                }
            }
        }
        findings
    })
}

fn is_macro(source: &Source, at: usize, names: &[&str]) -> bool {
    let bang = source.tokens.get(at + 1).is_some_and(|next| next.text == "!");
    let called = source.tokens.get(at + 2).is_some_and(|next| ["(", "[", "{"].contains(&next.text.as_str()));
    bang && called && names.contains(&source.tokens[at].text.as_str())
}
