//! What the corpus promises: the same bytes, valid JSON, realistic sizes, skew and disorder.
//!
//! Invariant: a changed hash here means that figures of other versions are not comparable any more.
//! It does not measure speed.

use std::collections::BTreeMap;

use antler_events::wire::ChainHash;

use super::*;

const SAMPLE_BYTES: usize = 2_000_000;

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let hash = |seed| ChainHash::of_body(&Corpus::new(seed).write_bytes(SAMPLE_BYTES)).to_string();
    assert_eq!(hash(1), "5bddec8cf6f8b63d5ef6f763ee9ab3678710a530c680802169a77d277f4e98f9");
    assert_ne!(hash(1), hash(2));
}

#[test]
fn a_line_that_looks_like_json_is_json() {
    let text = String::from_utf8(Corpus::new(3).write_bytes(SAMPLE_BYTES)).unwrap();
    let (json, plain): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('{'));
    for line in &json {
        if let Err(error) = serde_json::from_str::<serde_json::Value>(line) {
            panic!("{error}: {line}");
        }
    }
    assert!(json.len() * 3 > plain.len() && plain.len() * 3 > json.len(), "{} {}", json.len(), plain.len());
    assert!(!text.contains("{{") && !text.contains("}}\""));
}

#[test]
fn records_have_the_size_of_real_ones() {
    let mut corpus = Corpus::new(4);
    let sizes: Vec<usize> = (0..20_000)
        .map(|_| {
            let mut record = Vec::new();
            corpus.write_record(&mut record);
            record.len()
        })
        .collect();
    let mean = sizes.iter().sum::<usize>() / sizes.len();
    assert!((360..=440).contains(&mean), "{mean}");
    assert!(*sizes.iter().min().unwrap() < 130 && *sizes.iter().max().unwrap() > 1_000);
}

#[test]
fn times_advance_within_the_disorder() {
    let mut corpus = Corpus::new(5);
    let mut latest = i64::MIN;
    let mut backwards = 0;
    for _ in 0..20_000 {
        let at = corpus.write_record(&mut Vec::new()).nanos();
        assert!(at > latest.saturating_sub(2 * DISORDER_NANOS as i64));
        backwards += u32::from(at < latest);
        latest = latest.max(at);
    }
    assert!(backwards > 1_000);
    assert!(latest - START_NANOS > 5_000_000_000);
}

#[test]
fn services_are_skewed_and_traces_are_shared() {
    let text = String::from_utf8(Corpus::new(6).write_bytes(SAMPLE_BYTES)).unwrap();
    let mut services = BTreeMap::<String, u32>::new();
    let mut traces = BTreeMap::<String, u32>::new();
    for line in text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()) {
        let count = |counts: &mut BTreeMap<String, u32>, key: &str| {
            if let Some(value) = line[key].as_str() {
                *counts.entry(value.to_owned()).or_default() += 1;
            }
        };
        count(&mut services, "service");
        count(&mut traces, "trace_id");
    }
    let (most, least) = (services.values().max().unwrap(), services.values().min().unwrap());
    assert!(services.len() >= 8 && *most > 5 * least, "{services:?}");
    assert!(traces.values().filter(|count| **count > 1).count() * 5 > traces.len());
}

#[test]
fn every_family_has_its_records_and_its_incidents() {
    let mut corpus = Corpus::new(7);
    assert_eq!(corpus.shapes.families.len(), 10);
    for family in 0..corpus.shapes.families.len() {
        corpus.incident = Some(Incident { family, instance: 3, records_left: 200 });
        let mut out = Vec::new();
        for _ in 0..100 {
            corpus.write_record(&mut out);
        }
        assert!(corpus.incident.is_some(), "{family}");
    }
}
