//! The Prometheus text format.
//!
//! Invariant: every family has HELP and TYPE, and label values are escaped. It measures nothing.

use std::fmt;

use antler_events::durations::{BOUNDS, DurationCounts};

/// What kind of figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Samples of one name.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    samples: Vec<Sample>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    suffix: &'static str,
    labels: Vec<(&'static str, String)>,
    value: f64,
}

impl Family {
    pub fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    /// A counter with one sample.
    #[expect(clippy::cast_precision_loss, reason = "the format knows only floating point")]
    pub fn counter(name: &'static str, help: &'static str, value: u64) -> Self {
        Self::new(Kind::Counter, name, help).sample(&[], value as f64)
    }

    /// A gauge with one sample.
    pub fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self::new(Kind::Gauge, name, help).sample(&[], value)
    }

    pub fn sample(self, labels: &[(&'static str, &str)], value: f64) -> Self {
        self.part("", labels, value)
    }

    /// A sample with a longer name, such as `_sum` of a histogram.
    pub fn part(mut self, suffix: &'static str, labels: &[(&'static str, &str)], value: f64) -> Self {
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.samples.push(Sample { suffix, labels, value });
        self
    }

    /// The samples of a histogram.
    pub fn durations(self, labels: &[(&'static str, &str)], of: &DurationCounts) -> Self {
        let bounds = BOUNDS.iter().map(|bound| bound.as_secs_f64().to_string()).zip(of.within);
        let bounds = bounds.chain([("+Inf".to_owned(), of.count)]);
        let with_buckets = bounds.fold(self, |family, (bound, count)| {
            family.part("_bucket", &[labels, &[("le", &bound)]].concat(), count as f64)
        });
        with_buckets.part("_sum", labels, of.total.as_secs_f64()).part("_count", labels, of.count as f64)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        writeln!(out, "# HELP {} {}\n# TYPE {} {kind}", self.name, self.help, self.name)?;
        for Sample { suffix, labels, value } in &self.samples {
            write!(out, "{}{suffix}", self.name)?;
            for (at, (name, value)) in labels.iter().enumerate() {
                write!(out, "{}{name}=\"{}\"", if at == 0 { "{" } else { "," }, escaped(value))?;
            }
            writeln!(out, "{} {value}", if labels.is_empty() { "" } else { "}" })?;
        }
        Ok(())
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_help_type_and_samples() {
        let family = Family::new(Kind::Counter, "antler_x_total", "What x is.")
            .sample(&[("a", "1"), ("b", "say \"\\\n")], 3.0)
            .part("_sum", &[], 0.25);
        assert_eq!(
            family.to_string(),
            "# HELP antler_x_total What x is.\n# TYPE antler_x_total counter\n\
             antler_x_total{a=\"1\",b=\"say \\\"\\\\\\n\"} 3\nantler_x_total_sum 0.25\n"
        );
    }
}
