//! The side of ClickHouse: its engine in a process of its own, driven by `peers/clickhouse.py`.
//!
//! Invariant: the process is given every line of the corpus and says how many it holds; a process that
//! fails or says less than it should gives no figures. Durability is not asked of it, nor measured.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail, ensure};
use serde::{Deserialize, Serialize};

use super::environment::{clickhouse, last_words};
use super::shipped::Inserts;
use super::{Answered, Measured};
use crate::bench::query::ask::QUESTION_ROUNDS;
use crate::bench::questions::{Question, Row};
use crate::bench::{Report, Setting};

/// What the program is told.
#[derive(Serialize)]
struct Job<'a> {
    schema: &'a Path,
    inserts: &'a [PathBuf],
    store: &'a Path,
    rounds: usize,
    questions: Vec<Asked<'a>>,
}

#[derive(Serialize)]
struct Asked<'a> {
    name: &'a str,
    sql: &'a str,
}

/// What the program says, one a line.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Said {
    Version(String),
    Inserted { insert_cpu_seconds: f64, merge_cpu_seconds: f64, stored_bytes: u64, lines: u64, parts: u64 },
    Asked { name: String, cpu_ms: Vec<f64>, rows: Vec<Row> },
    MemoryBytesMax(u64),
}

pub(super) fn measure(
    setting: &Setting,
    questions: &[Question],
    report: &mut Report<'_>,
) -> anyhow::Result<Measured> {
    let python = clickhouse(report)?;
    let dir = tempfile::tempdir_in(&setting.dir)?;
    let inserts = Inserts::write(&setting.corpus, dir.path())?;
    report.note(&format!("peers: ClickHouse takes in {} lines and answers", inserts.lines))?;
    let said = run(&python, dir.path(), &inserts, questions)?;
    let measured = read(&said, setting.corpus.len(), inserts.lines, report)?;
    ensure!(measured.answers.len() == questions.len(), "ClickHouse did not answer every question");
    Ok(measured)
}

fn run(python: &Path, dir: &Path, inserts: &Inserts, questions: &[Question]) -> anyhow::Result<String> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
    let job = Job {
        schema: &programs.join("clickhouse.sql"),
        inserts: &inserts.paths,
        store: &dir.join("store"),
        rounds: QUESTION_ROUNDS,
        questions: questions
            .iter()
            .map(|question| Asked { name: question.name, sql: &question.sql })
            .collect(),
    };
    let path = dir.join("job.json");
    std::fs::write(&path, serde_json::to_vec(&job)?)?;
    let output =
        Command::new(python).arg(programs.join("clickhouse.py")).arg(&path).current_dir(dir).output();
    let output = output.with_context(|| format!("cannot start {}", python.display()))?;
    if !output.status.success() {
        bail!("the side of ClickHouse failed: {}", last_words(&output));
    }
    String::from_utf8(output.stdout).context("the side of ClickHouse said what is no text")
}

fn read(
    said: &str,
    corpus_bytes: usize,
    lines_sent: u64,
    report: &mut Report<'_>,
) -> anyhow::Result<Measured> {
    let mut measured = Measured::default();
    for line in said.lines() {
        let said = serde_json::from_str(line).with_context(|| format!("ClickHouse said {line:?}"))?;
        match said {
            Said::Version(version) => report.note(&format!("peers: ClickHouse {version}"))?,
            Said::Inserted { insert_cpu_seconds, merge_cpu_seconds, stored_bytes, lines, parts } => {
                report.note(&format!("peers: ClickHouse keeps {parts} parts"))?;
                ensure!(lines == lines_sent, "ClickHouse holds {lines} lines of {lines_sent}");
                let bytes = corpus_bytes as f64;
                measured.insert_cpu_seconds_per_gb = insert_cpu_seconds / bytes * 1e9;
                measured.settled_cpu_seconds_per_gb = (insert_cpu_seconds + merge_cpu_seconds) / bytes * 1e9;
                measured.stored = stored_bytes as f64 / bytes;
            }
            Said::Asked { name, cpu_ms, rows } => {
                measured.answers.push(Answered {
                    question: name,
                    cpu_ms,
                    answer: rows.into_iter().collect(),
                });
            }
            Said::MemoryBytesMax(bytes) => measured.memory_bytes_max = Some(bytes),
        }
    }
    Ok(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(said: &str) -> anyhow::Result<Measured> {
        read(said, 1_000_000_000, 7, &mut Report { figures: &mut Vec::new(), notes: &mut Vec::new() })
    }

    #[test]
    fn what_the_program_says_becomes_figures() {
        let said = r#"{"version": "26.9"}
{"inserted": {"insert_cpu_seconds": 2.0, "merge_cpu_seconds": 1.5, "stored_bytes": 100000000, "lines": 7, "parts": 2}}
{"asked": {"name": "needle", "cpu_ms": [1.0, 2.0], "rows": [["5", "a"]]}}
{"memory_bytes_max": 4096}"#;
        let measured = read_all(said).unwrap();
        assert_eq!((measured.insert_cpu_seconds_per_gb, measured.settled_cpu_seconds_per_gb), (2.0, 3.5));
        assert_eq!((measured.stored, measured.memory_bytes_max), (0.1, Some(4096)));
        assert_eq!(measured.answers[0].answer.rows, [["5", "a"]]);
    }

    #[test]
    fn a_lost_line_and_an_unknown_word_are_errors() {
        let inserted = r#"{"inserted": {"insert_cpu_seconds": 2, "merge_cpu_seconds": 1, "stored_bytes": 1, "lines": 6, "parts": 2}}"#;
        let check = |said: &str, message: &str| {
            assert_eq!(read_all(said).unwrap_err().to_string(), message);
        };
        check(inserted, "ClickHouse holds 6 lines of 7");
        check("hello", "ClickHouse said \"hello\"");
    }
}
