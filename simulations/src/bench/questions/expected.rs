//! Answers that are right: all that a question admits, for ties and freedoms leave more than one.
//!
//! Invariant: an answer passes only if a plain scan could have given it. Order never matters, because no
//! question here is about order but by what it takes. It does not say how an answer was found.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use antler_events::query::pipe::aggregate::Distinct;

/// Cells as text.
pub type Row = Vec<String>;

/// What a side answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    pub rows: Vec<Row>,
    /// It says that its distinct counts are estimates.
    pub is_estimate: bool,
}

impl FromIterator<Row> for Answer {
    fn from_iter<Rows: IntoIterator<Item = Row>>(rows: Rows) -> Self {
        Self { rows: rows.into_iter().collect(), is_estimate: false }
    }
}

/// The answers that are right.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// So many of these rows, each as often as it is here at most; the counts of their times too, if it must
    /// be the newest.
    Lines { rows: BTreeMap<Row, u64>, wanted: usize, newest_nanos: Option<Vec<i64>> },
    /// These rows.
    Table(Vec<Row>),
    /// The largest of these counts.
    Top { counts: BTreeMap<String, u64>, wanted: usize },
    /// A number for each of these groups, with its bounds.
    Between(BTreeMap<Row, (f64, f64)>),
    /// How many different values each of these groups has; less exactly in an answer that says so.
    Distinct(BTreeMap<Row, u64>),
}

impl Expected {
    /// From all lines that match.
    pub(super) fn lines(mut found: Vec<(i64, Row)>, wanted: usize, newest: bool) -> Self {
        found.sort_unstable_by_key(|(nanos, _)| Reverse(*nanos));
        let wanted = wanted.min(found.len());
        let newest_nanos = newest.then(|| found[..wanted].iter().map(|(nanos, _)| *nanos).collect());
        let mut rows = BTreeMap::new();
        for (_, row) in found {
            *rows.entry(row).or_default() += 1;
        }
        Self::Lines { rows, wanted, newest_nanos }
    }

    /// Rows that a right answer has.
    pub fn row_count(&self) -> usize {
        match self {
            Self::Lines { wanted, .. } => *wanted,
            Self::Table(rows) => rows.len(),
            Self::Top { counts, wanted } => counts.len().min(*wanted),
            Self::Between(groups) => groups.len(),
            Self::Distinct(groups) => groups.len(),
        }
    }

    /// Says what is wrong with an answer.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let answered = &answer.rows[..];
        if answered.len() != self.row_count() {
            return Err(format!("{} rows and not {}", answered.len(), self.row_count()));
        }
        match self {
            Self::Lines { rows, newest_nanos, .. } => check_lines(rows, newest_nanos.as_ref(), answered),
            Self::Table(rows) => check_table(rows, answered),
            Self::Top { counts, .. } => check_top(counts, answered),
            Self::Between(groups) => check_between(groups, answered),
            Self::Distinct(counts) => check_between(&around(counts, answer.is_estimate), answered),
        }
    }
}

fn check_lines(
    rows: &BTreeMap<Row, u64>,
    newest_nanos: Option<&Vec<i64>>,
    answer: &[Row],
) -> Result<(), String> {
    let mut seen = BTreeMap::<&Row, u64>::new();
    for row in answer {
        let times = seen.entry(row).or_default();
        *times += 1;
        if *times > rows.get(row).copied().unwrap_or_default() {
            return Err(format!("the line {row:?} does not match, or not so often"));
        }
    }
    let Some(newest) = newest_nanos else { return Ok(()) };
    let mut times: Vec<i64> = answer.iter().filter_map(|row| row.first()?.parse().ok()).collect();
    times.sort_unstable_by(|one, other| other.cmp(one));
    if times == *newest { Ok(()) } else { Err("the lines match but are not the newest".to_owned()) }
}

fn check_table(rows: &[Row], answer: &[Row]) -> Result<(), String> {
    let (mut rows, mut answer) = (rows.to_vec(), answer.to_vec());
    rows.sort_unstable();
    answer.sort_unstable();
    match rows.iter().zip(&answer).find(|(row, answered)| row != answered) {
        Some((row, answered)) => Err(format!("the row {answered:?} and not {row:?}")),
        None => Ok(()),
    }
}

fn check_top(counts: &BTreeMap<String, u64>, answer: &[Row]) -> Result<(), String> {
    let mut answered = BTreeMap::new();
    for row in answer {
        let [name, count] = row.as_slice() else { return Err(format!("the row {row:?}")) };
        let right = counts.get(name).copied().unwrap_or_default();
        if right.to_string() != *count {
            return Err(format!("{count} of {name:?} and not {right}"));
        }
        answered.insert(name, right);
    }
    let mut largest: Vec<u64> = counts.values().copied().collect();
    largest.sort_unstable_by(|one, other| other.cmp(one));
    largest.truncate(answer.len());
    let mut found: Vec<u64> = answered.into_values().collect();
    found.sort_unstable_by(|one, other| other.cmp(one));
    if found == largest { Ok(()) } else { Err("the counts are right but not the largest".to_owned()) }
}

fn check_between(groups: &BTreeMap<Row, (f64, f64)>, answer: &[Row]) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for row in answer {
        let Some((value, key)) = row.split_last() else { return Err("an empty row".to_owned()) };
        let Some((low, high)) = groups.get(key) else { return Err(format!("the group {key:?}")) };
        if !value.parse::<f64>().is_ok_and(|value| (*low..=*high).contains(&value)) {
            return Err(format!("{value} for {key:?}, which is not from {low} to {high}"));
        }
        seen.insert(key, ());
    }
    if seen.len() == groups.len() { Ok(()) } else { Err("a group comes twice".to_owned()) }
}

/// What counts may be: an estimate is hardly ever off by more than three standard errors.
fn around(counts: &BTreeMap<Row, u64>, is_estimate: bool) -> BTreeMap<Row, (f64, f64)> {
    let off = if is_estimate { 3.0 * Distinct::STANDARD_ERROR } else { 0.0 };
    let bounds = |count: &u64| (*count as f64 * (1.0 - off), *count as f64 * (1.0 + off));
    counts.iter().map(|(key, count)| (key.clone(), bounds(count))).collect()
}

/// From the 94th to the 96th percentile, each rounded away from the middle: what definitions and sketches
/// of the 95th may differ by.
pub(super) fn span_of_percentile_95(numbers: Vec<f64>) -> (f64, f64) {
    let mut sorted = numbers;
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let at = |index: usize| sorted.get(index.min(last)).copied().unwrap_or_default();
    (at(last * 94 / 100), at((last * 96).div_ceil(100)))
}
