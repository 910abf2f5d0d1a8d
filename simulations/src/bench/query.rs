//! Bench `query`: what the usual questions cost the column store, once it holds the corpus.
//!
//! Each question is asked several times of a warm store, by one thread or several; the yardstick is one pass over the raw
//! bytes in memory that looks for a text. Of many tenants the first is asked about its own lines, which lie in
//! the groups of all. Then the groups are made cold and everything is asked again; there the yardstick is the
//! first answer. Invariant: a figure is printed for a right answer only. Questions and answers are those of
//! `peers`, but for those of patterns.

pub mod ask;
mod patterns;

use antler_events::line::LineBatch;
use anyhow::{anyhow, ensure};

use self::ask::ask_often;
use super::crew::Crew;
use super::questions::{Question, questions_of};
use super::store::aged::make_cold;
use super::store::filled::{Filled, dealt};
use super::{Figure, Report, Setting, median, yardstick};

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    report.note("query: looking for the right answers")?;
    let mut questions = questions_of(&|| Box::new(lines_of_first(setting)))?;
    for name in &setting.questions {
        ensure!(questions.iter().any(|question| question.name == name), "there is no question {name:?}");
    }
    let is_asked =
        |name: &str| setting.questions.is_empty() || setting.questions.iter().any(|one| one == name);
    questions.retain(|question| is_asked(question.name));
    let pass_ms = yardstick::pass_ms(&setting.corpus)?;
    report.note("query: filling the store")?;
    let filled = Filled::new(setting)?;
    let crew = Crew::new(setting.workers);
    report.note("query: asking")?;
    let tenants = if setting.tenants > 1 { ".one_of_many" } else { "" };
    let mut warm = Vec::with_capacity(questions.len());
    for question in &questions {
        let cost = cost(&filled, question, &crew)?;
        warm.push(cost.cpu_ms);
        let figure = |measure: &str, value, yardstick| {
            let name = format!("query{tenants}.{}.{measure}", question.name);
            Figure { name, value, unit: "ms", yardstick }
        };
        report.figure(&figure("cpu", cost.cpu_ms, Some(pass_ms)))?;
        if setting.workers > 1 {
            report.figure(&figure("wall", cost.wall_ms, Some(cost.cpu_ms)))?;
        }
    }
    if setting.questions.is_empty() {
        patterns::run(&filled, &crew, pass_ms, report)?;
    }
    if !setting.is_aged {
        return Ok(());
    }
    report.note("query: asking again when all groups are cold")?;
    make_cold(&filled.store)?;
    for (question, warm) in questions.iter().zip(warm) {
        let name = format!("query{tenants}.cold.{}.cpu", question.name);
        let value = cost(&filled, question, &crew)?.cpu_ms;
        report.figure(&Figure { name, value, unit: "ms", yardstick: Some(warm) })?;
    }
    Ok(())
}

/// All lines of the tenant that is asked, as the store takes them.
fn lines_of_first(setting: &Setting) -> impl Iterator<Item = anyhow::Result<LineBatch>> {
    dealt(setting).filter(|(tenant, _)| *tenant == 0).map(|(_, batch)| batch)
}

/// Of all who work on a question, and as long as it takes.
struct Cost {
    cpu_ms: f64,
    wall_ms: f64,
}

/// What a question costs that is answered rightly.
fn cost(filled: &Filled, question: &Question, crew: &Crew) -> anyhow::Result<Cost> {
    let asked = ask_often(filled, question, crew)?;
    let judged = question.expected.check(&asked.answer);
    judged.map_err(|reason| anyhow!("{} is answered wrongly: {reason}", question.name))?;
    Ok(Cost { cpu_ms: median(&asked.cpu_ms), wall_ms: median(&asked.wall_ms) })
}
