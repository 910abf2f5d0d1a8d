//! Bench `patterns`: how well the patterns of messages agree with labels that people gave them.
//!
//! A message counts as right when the messages of its pattern are exactly those of its label: the *grouping
//! accuracy* of the literature. The yardstick is what was published for Drain on the same 2,000 lines.
//! Invariant: one set of rules for all systems. It needs `--samples` with `DIR/NAME/*_structured.csv`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use antler_events::query::pattern::{Form, merge};
use anyhow::{Context as _, ensure};

use super::{Figure, Report, Setting};

/// What was published for Drain.
const DRAIN: [(&str, f64); 8] = [
    ("Apache", 1.000),
    ("HDFS", 0.998),
    ("Linux", 0.690),
    ("OpenSSH", 0.788),
    ("Proxifier", 0.527),
    ("Spark", 0.920),
    ("Windows", 0.997),
    ("Zookeeper", 0.967),
];

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let Some(samples) = &setting.samples else {
        return report.note("patterns: left out, because no --samples are given");
    };
    let (mut ours, mut drains) = (Vec::new(), Vec::new());
    for (name, drain) in DRAIN {
        let Some(path) = labelled_file(&samples.join(name))? else { continue };
        let messages = read_labelled(&path)?;
        let accuracy = grouping_accuracy(&messages);
        ours.push(accuracy);
        drains.push(drain);
        figure(report, name, accuracy, drain)?;
    }
    ensure!(!ours.is_empty(), "{} has no NAME/*_structured.csv", samples.display());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    figure(report, "mean", mean(&ours), mean(&drains))
}

fn figure(report: &mut Report<'_>, name: &str, value: f64, drain: f64) -> anyhow::Result<()> {
    let name = format!("patterns.{}.accuracy", name.to_lowercase());
    report.figure(&Figure { name, value, unit: "share", yardstick: Some(drain) })
}

fn labelled_file(folder: &Path) -> anyhow::Result<Option<PathBuf>> {
    if !folder.is_dir() {
        return Ok(None);
    }
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with("_structured.csv") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// A message and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Labelled {
    message: String,
    label: String,
}

fn read_labelled(path: &Path) -> anyhow::Result<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    labelled(&text).with_context(|| format!("cannot read {}", path.display()))
}

fn labelled(text: &str) -> anyhow::Result<Vec<Labelled>> {
    let mut rows = rows(text).into_iter();
    let names = rows.next().context("the table is empty")?;
    let column =
        |name: &str| names.iter().position(|column| column == name).context(format!("no column {name}"));
    let (message, label) = (column("Content")?, column("EventId")?);
    let field = |row: &[String], at: usize| row.get(at).cloned().context("a row is short");
    rows.map(|row| Ok(Labelled { message: field(&row, message)?, label: field(&row, label)? })).collect()
}

/// The rows of comma-separated values: a field in quotes may hold commas, newlines and doubled quotes.
fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => field.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            letter => field.push(letter),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

fn grouping_accuracy(messages: &[Labelled]) -> f64 {
    let groups = groups(messages);
    let (mut of_label, mut of_group, mut of_both) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (message, group) in messages.iter().zip(&groups) {
        *of_label.entry(&message.label).or_insert(0) += 1;
        *of_group.entry(*group).or_insert(0) += 1;
        *of_both.entry((&message.label, *group)).or_insert(0) += 1;
    }
    let is_right =
        |(label, group): &(&String, u32), both: i32| of_label[label] == both && of_group[group] == both;
    let right: i32 = of_both.iter().filter(|(key, both)| is_right(key, **both)).map(|(_, both)| both).sum();
    f64::from(right) / messages.len().max(1) as f64
}

/// For each message the index of its pattern.
fn groups(messages: &[Labelled]) -> Vec<u32> {
    let forms: Vec<Form> = messages.iter().map(|message| Form::of_text(message.message.as_bytes())).collect();
    merge(&forms).of_form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_be_quoted() {
        let text = "EventId,Content\nE1,\"a, \"\"b\"\"\nc\"\r\nE2,d\n";
        let expected = [("E1", "a, \"b\"\nc"), ("E2", "d")];
        let expected = expected
            .map(|(label, message)| Labelled { message: message.to_owned(), label: label.to_owned() });
        assert_eq!(labelled(text).unwrap(), expected);
        assert!(labelled("").is_err() && labelled("Content\na").is_err());
    }

    #[test]
    fn a_message_is_right_if_its_whole_group_is() {
        let check = |table: &[(&str, &str)], expected: f64| {
            let labelled = |(label, message): &(&str, &str)| Labelled {
                message: (*message).to_owned(),
                label: (*label).to_owned(),
            };
            let messages: Vec<Labelled> = table.iter().map(labelled).collect();
            assert_eq!(grouping_accuracy(&messages), expected, "{table:?}");
        };
        check(&[("E1", "took 5"), ("E1", "took 7"), ("E2", "gone"), ("E2", "lost")], 0.5);
        check(&[("E1", "took 5"), ("E2", "took 7")], 0.0);
        check(&[], 0.0);
    }
}
