//! Bench `query`: what the usual questions cost the column store, once it holds the corpus.
//!
//! Each question is asked several times of a warm store, one thread; the yardstick is one pass over the raw
//! bytes in memory that looks for a text. Invariant: a figure is printed for a right answer only. Questions
//! and answers are those of `peers`.

pub mod ask;

use anyhow::{anyhow, ensure};

use self::ask::ask_often;
use super::questions::questions;
use super::store::filled::Filled;
use super::{Figure, Report, Setting, median, yardstick};

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    ensure!(setting.tenants == 1, "the questions are about the corpus of one tenant");
    report.note("query: looking for the right answers")?;
    let questions = questions(&setting.corpus)?;
    let pass_ms = yardstick::pass_ms(&setting.corpus)?;
    report.note("query: filling the store")?;
    let filled = Filled::new(setting)?;
    for question in &questions {
        let (cpu_ms, answer) = ask_often(&filled, question)?;
        let judged = question.expected.check(&answer);
        judged.map_err(|reason| anyhow!("{} is answered wrongly: {reason}", question.name))?;
        let name = format!("query.{}.cpu", question.name);
        report.figure(&Figure { name, value: median(&cpu_ms), unit: "ms", yardstick: Some(pass_ms) })?;
    }
    Ok(())
}
