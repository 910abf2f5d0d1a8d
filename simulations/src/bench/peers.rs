//! Bench `peers`: other engines on the same corpus and the same questions, in the same run.
//!
//! Each side takes the corpus in once and answers every question several times. Invariant: a figure is
//! printed for a right answer only, and a wrong one ends the bench with an error that names it. It does not
//! tune a peer beyond what its users do, and it measures no peer over a network.

mod antler;
mod clickhouse;
mod environment;
mod shipped;

use anyhow::ensure;

use super::questions::{Answer, Question, questions};
use super::yardstick::{self, Yardstick};
use super::{Figure, Report, Setting, median};

/// Takes the corpus in, answers the questions, and says what it cost.
type Side = fn(&Setting, &[Question], &mut Report<'_>) -> anyhow::Result<Measured>;

/// All sides by name. One more is a file below and a line here.
const SIDES: [(&str, Side); 2] = [("antler", antler::measure), ("clickhouse", clickhouse::measure)];

/// What a side needed.
#[derive(Debug, Default)]
struct Measured {
    /// Until every line can be found.
    insert_cpu_seconds_per_gb: f64,
    /// Until nothing is left to be done in the background either.
    settled_cpu_seconds_per_gb: f64,
    /// Stored bytes of one byte that went in.
    stored: f64,
    /// Of its process, if it has one of its own.
    memory_bytes_max: Option<u64>,
    answers: Vec<Answered>,
}

#[derive(Debug)]
struct Answered {
    question: String,
    /// Of the whole process, each time.
    cpu_ms: Vec<f64>,
    answer: Answer,
}

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    report.note("peers: looking for the right answers")?;
    let questions = questions(&setting.corpus)?;
    let yardstick = yardstick::measure(setting)?;
    let pass_ms = yardstick::pass_ms(&setting.corpus)?;
    figure(report, "pass", pass_ms, "ms", None)?;
    let mut wrong = Vec::new();
    for (side, measure) in SIDES {
        let measured = measure(setting, &questions, report)?;
        report_costs(report, side, &measured, &yardstick)?;
        for question in &questions {
            match judge(question, &measured.answers) {
                Ok(cpu_ms) => {
                    figure(report, &format!("{side}.{}.cpu", question.name), cpu_ms, "ms", Some(pass_ms))?;
                }
                Err(reason) => wrong.push(format!("{side} answers {} wrongly: {reason}", question.name)),
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("; "));
    Ok(())
}

fn report_costs(
    report: &mut Report<'_>,
    side: &str,
    measured: &Measured,
    yardstick: &Yardstick,
) -> anyhow::Result<()> {
    let mut line =
        |what, value, unit, yardstick| figure(report, &format!("{side}.{what}"), value, unit, yardstick);
    let cpu = Some(yardstick.cpu_seconds_per_gb);
    line("insert.cpu", measured.insert_cpu_seconds_per_gb, "cpu-s/GB", cpu)?;
    line("settled.cpu", measured.settled_cpu_seconds_per_gb, "cpu-s/GB", cpu)?;
    line("stored", measured.stored, "B/B", Some(yardstick.stored))?;
    measured.memory_bytes_max.map_or(Ok(()), |bytes| line("memory", bytes as f64 / 1e6, "MB", None))
}

/// The median cost of a right answer, or what is wrong with it.
fn judge(question: &Question, answers: &[Answered]) -> Result<f64, String> {
    let of_question = |answered: &&Answered| answered.question == question.name;
    let answered = answers.iter().find(of_question).ok_or("there is no answer")?;
    question.expected.check(&answered.answer)?;
    Ok(median(&answered.cpu_ms))
}

fn figure(
    report: &mut Report<'_>,
    name: &str,
    value: f64,
    unit: &'static str,
    yardstick: Option<f64>,
) -> anyhow::Result<()> {
    report.figure(&Figure { name: format!("peers.{name}"), value, unit, yardstick })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::questions::Expected;

    #[test]
    fn only_a_right_answer_has_a_cost() {
        let question = Question {
            name: "one",
            text: String::new(),
            lines: None,
            sql: String::new(),
            expected: Expected::Table(vec![vec!["1".to_owned()]]),
        };
        let answered = |question: &str, cell: &str| Answered {
            question: question.to_owned(),
            cpu_ms: vec![3.0, 1.0, 2.0],
            answer: [vec![cell.to_owned()]].into_iter().collect(),
        };
        assert_eq!(judge(&question, &[answered("other", "2"), answered("one", "1")]), Ok(2.0));
        assert_eq!(judge(&question, &[answered("other", "1")]), Err("there is no answer".to_owned()));
        assert_eq!(
            judge(&question, &[answered("one", "2")]),
            Err("the row [\"2\"] and not [\"1\"]".to_owned())
        );
    }
}
