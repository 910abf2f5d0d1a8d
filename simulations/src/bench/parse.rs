//! Bench `parse`: what it costs to take lines into a batch, beside two JSON libraries on the same lines.
//!
//! A round reads all lines once with each reader, one after the other; medians of the rounds are compared.
//! Invariant: all readers of JSON find the same leaves, so that none is fast by leaving work out. Ours
//! reads times, levels and names too, which the others do not. It measures one thread and no memory.

use antler_config::limits::LineLimits;
use antler_events::clock::Timestamp;
use antler_events::line::LineBatchBuilder;
use anyhow::{Context as _, ensure};
use sonic_rs::{JsonContainerTrait as _, LazyValue};

use super::yardstick;
use super::{Figure, ROUNDS, Report, Setting, batches, cpu, median};

const BATCH_BYTES: usize = 1_000_000;
/// 2026-03-01T08:00:00Z.
const ARRIVAL: Timestamp = Timestamp::from_nanos(1_772_352_000_000_000_000);

/// Reads lines and answers how many leaves they have.
type Reader = fn(&[&[u8]]) -> anyhow::Result<usize>;

/// The first reads every line of the corpus; all read the JSON lines.
const READERS: [(&str, Reader); 4] = [
    ("antler", antler),
    ("sonic_rs_value", sonic_value),
    ("sonic_rs_lazy", sonic_lazy),
    ("serde_json_value", serde),
];

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let batches = batches(&setting.corpus, BATCH_BYTES);
    let all: Vec<Vec<&[u8]>> = batches.iter().map(|batch| lines(batch)).collect();
    let is_json = |line: &&[u8]| line.first() == Some(&b'{');
    let json: Vec<Vec<&[u8]>> =
        all.iter().map(|lines| lines.iter().copied().filter(is_json).collect()).collect();
    let mut costs: [Vec<f64>; READERS.len() + 1] = Default::default();
    let mut yardsticks = Vec::new();
    for round in 1..=ROUNDS {
        report.note(&format!("parse: round {round} of {ROUNDS}"))?;
        yardsticks.push(yardstick::measure(setting)?.cpu_seconds_per_gb);
        costs[0].push(measure(antler, &all)?.0);
        let mut leaves = None;
        for (cost, (name, reader)) in costs[1..].iter_mut().zip(READERS) {
            let (cpu_seconds_per_gb, found) = measure(reader, &json)?;
            let expected = *leaves.get_or_insert(found);
            ensure!(found == expected, "{name} finds {found} leaves, and others {expected}");
            cost.push(cpu_seconds_per_gb);
        }
    }
    let yardstick = median(&yardsticks);
    figure(report, "lines", median(&costs[0]), yardstick)?;
    for (cost, (name, _)) in costs[1..].iter().zip(READERS) {
        figure(report, &format!("json_{name}"), median(cost), yardstick)?;
    }
    Ok(())
}

fn figure(report: &mut Report<'_>, name: &str, value: f64, yardstick: f64) -> anyhow::Result<()> {
    let name = format!("parse.{name}.cpu");
    report.figure(&Figure { name, value, unit: "cpu-s/GB", yardstick: Some(yardstick) })
}

fn lines(batch: &[u8]) -> Vec<&[u8]> {
    batch.split_inclusive(|byte| *byte == b'\n').collect()
}

/// CPU seconds per gigabyte, and the leaves that were found.
fn measure(reader: Reader, batches: &[Vec<&[u8]>]) -> anyhow::Result<(f64, usize)> {
    let bytes: usize = batches.iter().flatten().map(|line| line.len()).sum();
    let before = cpu::of_thread();
    let leaves = batches.iter().map(|lines| reader(lines)).sum::<anyhow::Result<usize>>()?;
    Ok(((cpu::of_thread() - before) / bytes as f64 * 1e9, leaves))
}

fn antler(lines: &[&[u8]]) -> anyhow::Result<usize> {
    let mut builder = LineBatchBuilder::new(LineLimits::default(), ARRIVAL);
    builder.reserve(BATCH_BYTES);
    for line in lines {
        builder.push(line).with_context(|| shown(line))?;
    }
    Ok(std::hint::black_box(builder.finish()).field_count())
}

fn sonic_value(lines: &[&[u8]]) -> anyhow::Result<usize> {
    fn leaves(value: &sonic_rs::Value) -> usize {
        match (value.as_object(), value.as_array()) {
            (Some(object), _) => object.iter().map(|(_, value)| leaves(value)).sum::<usize>().max(1),
            (_, Some(array)) => array.iter().map(leaves).sum::<usize>().max(1),
            _ => 1,
        }
    }
    let read = |line: &&[u8]| Ok(leaves(&sonic_rs::from_slice(line).with_context(|| shown(line))?));
    lines.iter().map(read).sum()
}

fn sonic_lazy(lines: &[&[u8]]) -> anyhow::Result<usize> {
    fn leaves(value: &LazyValue<'_>) -> anyhow::Result<usize> {
        let text = value.as_raw_str();
        let found: anyhow::Result<usize> = match text.as_bytes().first() {
            Some(b'{') => sonic_rs::to_object_iter(text).map(|member| leaves(&member?.1)).sum(),
            Some(b'[') => sonic_rs::to_array_iter(text).map(|item| leaves(&item?)).sum(),
            _ => Ok(1),
        };
        Ok(found?.max(1))
    }
    let read = |line: &&[u8]| {
        sonic_rs::to_object_iter(*line).map(|member| leaves(&member?.1)).sum::<anyhow::Result<usize>>()
    };
    lines.iter().map(read).sum()
}

fn serde(lines: &[&[u8]]) -> anyhow::Result<usize> {
    fn leaves(value: &serde_json::Value) -> usize {
        match value {
            serde_json::Value::Object(members) => members.values().map(leaves).sum::<usize>().max(1),
            serde_json::Value::Array(items) => items.iter().map(leaves).sum::<usize>().max(1),
            _ => 1,
        }
    }
    let read = |line: &&[u8]| Ok(leaves(&serde_json::from_slice(line).with_context(|| shown(line))?));
    lines.iter().map(read).sum()
}

fn shown(line: &[u8]) -> String {
    format!("cannot read the line {:?}", String::from_utf8_lossy(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reader_finds_every_leaf() {
        let lines: [&[u8]; 2] = [
            br#"{"a":1,"b":{"c":[1,"x",{"d":null}],"e":{}},"f":[]}"#,
            b" { \"a\" : true , \"b\" : [ [ 2 ] ] }\n",
        ];
        for (name, reader) in READERS {
            assert_eq!(reader(&lines).unwrap(), 8, "{name}");
            assert!(reader(&[b"{\"a\":"]).is_err(), "{name}");
        }
    }
}
