//! Antler's side: the column store in this process, filled and asked by one thread.
//!
//! Invariant: taking lines apart counts as insertion, as it does for the peers; making them durable does not,
//! as it does not for them. What `query` measures is measured the same way here.

use super::{Answered, Measured};
use crate::bench::crew::Crew;
use crate::bench::query::ask::{QUESTION_ROUNDS, ask_often};
use crate::bench::questions::Question;
use crate::bench::store::filled::Filled;
use crate::bench::{Report, Setting};

pub(super) fn measure(
    setting: &Setting,
    questions: &[Question],
    report: &mut Report<'_>,
) -> anyhow::Result<Measured> {
    report.note("peers: filling the column store")?;
    let filled = Filled::new(setting)?;
    let cost = filled.cost;
    let insert = cost.read + cost.apply + cost.seal;
    let alone = Crew::new(1);
    let mut answers = Vec::with_capacity(questions.len());
    for question in questions {
        let asked = ask_often(&filled, question, &alone)?;
        let mut cpu_ms = asked.cpu_ms;
        // As many as others are asked.
        cpu_ms.truncate(QUESTION_ROUNDS);
        answers.push(Answered { question: question.name.to_owned(), cpu_ms, answer: asked.answer });
    }
    Ok(Measured {
        insert_cpu_seconds_per_gb: insert,
        settled_cpu_seconds_per_gb: insert,
        stored: filled.store.statistics().stored_bytes as f64 / filled.bytes,
        memory_bytes_max: None,
        answers,
    })
}
