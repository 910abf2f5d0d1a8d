//! Bench `query`: what the usual questions cost the column store, once it holds the corpus.
//!
//! Each question is asked several times of a warm store, one thread; the yardstick is one pass over the raw
//! bytes in memory that looks for a text. Of many tenants the first is asked about its own lines, which lie in
//! the groups of all. Then the groups are made cold and everything is asked again; there the yardstick is the
//! first answer. Invariant: a figure is printed for a right answer only. Questions and answers are those of
//! `peers`, but for those of patterns.

pub mod ask;
mod patterns;

use antler_events::line::LineBatch;
use anyhow::{anyhow, ensure};

use self::ask::ask_often;
use super::questions::{Question, questions_of};
use super::store::aged::make_cold;
use super::store::filled::{Filled, dealt};
use super::{Figure, Report, Setting, median, yardstick};

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    report.note("query: looking for the right answers")?;
    let mut questions = questions_of(&|| Box::new(lines_of_first(setting)))?;
    if let Some(name) = &setting.question {
        questions.retain(|question| question.name == name);
        ensure!(!questions.is_empty(), "there is no question {name:?}");
    }
    let pass_ms = yardstick::pass_ms(&setting.corpus)?;
    report.note("query: filling the store")?;
    let filled = Filled::new(setting)?;
    report.note("query: asking")?;
    let tenants = if setting.tenants > 1 { ".one_of_many" } else { "" };
    let mut warm = Vec::with_capacity(questions.len());
    for question in &questions {
        let value = cost_ms(&filled, question)?;
        warm.push(value);
        let name = format!("query{tenants}.{}.cpu", question.name);
        report.figure(&Figure { name, value, unit: "ms", yardstick: Some(pass_ms) })?;
    }
    if setting.question.is_none() {
        patterns::run(&filled, pass_ms, report)?;
    }
    report.note("query: asking again when all groups are cold")?;
    make_cold(&filled.store)?;
    for (question, warm) in questions.iter().zip(warm) {
        let name = format!("query{tenants}.cold.{}.cpu", question.name);
        let value = cost_ms(&filled, question)?;
        report.figure(&Figure { name, value, unit: "ms", yardstick: Some(warm) })?;
    }
    Ok(())
}

/// All lines of the tenant that is asked, as the store takes them.
fn lines_of_first(setting: &Setting) -> impl Iterator<Item = anyhow::Result<LineBatch>> {
    dealt(setting).filter(|(tenant, _)| *tenant == 0).map(|(_, batch)| batch)
}

/// What a question costs that is answered rightly.
fn cost_ms(filled: &Filled, question: &Question) -> anyhow::Result<f64> {
    let (cpu_ms, answer) = ask_often(filled, question)?;
    let judged = question.expected.check(&answer);
    judged.map_err(|reason| anyhow!("{} is answered wrongly: {reason}", question.name))?;
    Ok(median(&cpu_ms))
}
