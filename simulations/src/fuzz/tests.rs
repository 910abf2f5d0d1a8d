//! The fuzz bodies on their corpus, on large inputs that are better made than stored, and on mutations.
//!
//! Invariant: the count of runs is small enough for every test run; `--bin fuzz` does as many as wanted.
//! It keeps no findings: bytes that broke a promise become a file of the corpus.

use super::*;

#[test]
fn every_promise_holds_on_the_corpus_and_its_mutations() {
    for target in TARGETS {
        let corpus = target.corpus().unwrap();
        assert!(corpus.len() >= 60, "{} has {} seeds", target.name, corpus.len());
        assert_eq!(target.search(&corpus, 1, 0, 3_000), None, "{}", target.name);
    }
}

#[test]
fn large_hostile_lines_break_no_promise() {
    let repeated = |piece: &str, count: usize| piece.repeat(count).into_bytes();
    let wrapped =
        |before: &str, piece: &str, count, after: &str| [before, &piece.repeat(count), after].concat();
    for line in [
        repeated("{\"a\":", 10_000),
        repeated("[", 100_000),
        wrapped("{\"a\":", "[", 10_000, "").into_bytes(),
        wrapped("{\"a\":", "7", 5_000, "}").into_bytes(),
        wrapped("{\"a\":0.", "7", 5_000, "e5}").into_bytes(),
        wrapped("{", "\"a\":1,", 100_000, "\"b\":2}").into_bytes(),
        wrapped("{\"a\":[", "1,", 400_000, "1]}").into_bytes(),
        wrapped("{\"a\":\"", "\\u0041", 100_000, "\"}").into_bytes(),
        wrapped("{\"a\":\"", "x", 1 << 20, "\"}").into_bytes(),
        wrapped("{\"", "k", 100_000, "\":1}").into_bytes(),
        wrapped("{\"a\":\"", "\u{10ffff}", 100_000, "\"}").into_bytes(),
        repeated("\n", 20_000),
        repeated("x", 1 << 20),
        repeated("\0", 100_000),
        vec![0xff; 100_000],
    ] {
        fuzz_line(&line);
    }
    let names: String = (0..30_000).map(|number| format!("\"{number:x}\":{number},")).collect();
    fuzz_line(format!("{{{names}\"z\":1}}").as_bytes());
}

#[test]
fn a_broken_promise_is_found_with_its_run() {
    let target = Target { name: "planted", body: |bytes| assert!(!bytes.contains(&0xff), "planted") };
    let found = target.search(&[b"abc".to_vec()], 1, 0, 10_000).unwrap();
    assert!(found.run.is_some() && found.bytes.contains(&0xff));
    let again = target.search(&[b"abc".to_vec()], 1, found.run.unwrap(), 1);
    assert_eq!(again, Some(found));
    assert_eq!(target.search(&[vec![0xff]], 1, 0, 0).unwrap().run, None);
}
