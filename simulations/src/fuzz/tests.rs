//! The fuzz bodies on their corpus, on large hostile lines, and on mutations.
//!
//! Invariant: the count of runs is small enough for every test run; `--bin fuzz` does as many as wanted.
//! It keeps no findings: bytes that broke a promise become a file of the corpus.

use super::*;

#[test]
fn every_promise_holds_on_the_corpus_and_its_mutations() {
    // Bodies that make groups are dear.
    for (target, runs) in TARGETS.into_iter().zip([3_000, 3_000, 300, 300, 300]) {
        let corpus = target.corpus().unwrap();
        assert!(corpus.len() >= 60, "{} has {} seeds", target.name, corpus.len());
        assert_eq!(target.search(&corpus, 1, 0, runs), None, "{}", target.name);
    }
}

#[test]
fn large_hostile_lines_break_no_promise() {
    for (_, line) in hostile::lines() {
        fuzz_line(&line);
    }
}

#[test]
fn hostile_sequences_break_no_promise() {
    for (_, sequence) in hostile::SEQUENCES {
        let lines: Vec<Vec<u8>> = (0..100).map(sequence).collect();
        fuzz_line(&lines[7]);
        fuzz_line(&lines.join(&b'\n'));
    }
}

#[test]
fn a_broken_promise_is_found_with_its_run() {
    let target =
        Target { name: "planted", body: |bytes| assert!(!bytes.contains(&0xff), "planted"), seeds: Vec::new };
    let found = target.search(&[b"abc".to_vec()], 1, 0, 10_000).unwrap();
    assert!(found.run.is_some() && found.bytes.contains(&0xff));
    let again = target.search(&[b"abc".to_vec()], 1, found.run.unwrap(), 1);
    assert_eq!(again, Some(found));
    assert_eq!(target.search(&[vec![0xff]], 1, 0, 0).unwrap().run, None);
}
