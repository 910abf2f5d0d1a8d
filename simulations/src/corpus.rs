//! A seeded generator of logs as they come from many systems at once: the corpus of benches and tests.
//!
//! JSON and plain lines of ten families of programs, skewed names and numbers, ids shared between the
//! lines of a request, bursts of errors, and sources whose clocks disagree by up to two seconds.
//! Invariant: the same seed gives the same bytes, on every machine. It does not imitate any real company.

mod calendar;
pub mod samples;
mod scene;
mod shapes;
pub mod source;
mod template;
pub mod tenants;
pub mod unruly;

use antler_events::clock::Timestamp;

use crate::draw::Draw;
use samples::Samples;
use scene::Scenes;
use shapes::Shapes;

/// 2026-03-01T08:00:00Z.
const START_NANOS: i64 = 1_772_352_000_000_000_000;
/// About 2,000 records a second.
const STEP_NANOS_MEAN: u64 = 500_000;
/// How wrong the clock of a source, or late its record, may be, both ways.
const DISORDER_NANOS: u64 = 2_000_000_000;
/// Calm records between two incidents, about.
const RECORDS_BETWEEN_INCIDENTS: u64 = 20_000;
const INCIDENT_RECORDS_MAX: u64 = 4_000;
/// One record in so many is a sample, if there are samples.
const SAMPLE_ONE_IN: u64 = 6;

/// An endless log. Reads like an iterator that writes into a buffer of the caller.
#[derive(Debug)]
pub struct Corpus {
    shapes: Shapes,
    samples: Option<Samples>,
    scenes: Scenes,
    draw: Draw,
    now_nanos: i64,
    incident: Option<Incident>,
}

/// One deployment fails: most of what is heard is its errors, and there is more of it.
#[derive(Debug, Clone, Copy)]
struct Incident {
    family: usize,
    instance: u64,
    records_left: u64,
}

impl Corpus {
    pub fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let scenes = Scenes::new(&mut draw);
        let shapes = Shapes::built_in();
        Self { shapes, samples: None, scenes, draw, now_nanos: START_NANOS, incident: None }
    }

    /// Mixes real lines in.
    #[must_use]
    pub fn with_samples(mut self, samples: Samples) -> Self {
        self.samples = Some(samples);
        self
    }

    /// Appends the next record and answers its time. A record is a line with its `\n`;
    /// a stack trace in plain text is several.
    pub fn write_record(&mut self, out: &mut Vec<u8>) -> Timestamp {
        let step = self.draw.below(2 * STEP_NANOS_MEAN) / if self.incident.is_some() { 4 } else { 1 };
        self.now_nanos += step as i64;
        let lateness = self.draw.below(2 * DISORDER_NANOS + 1) as i64 - DISORDER_NANOS as i64;
        let mut scene = self.scenes.next(Timestamp::from_nanos(self.now_nanos + lateness), &mut self.draw);
        self.advance_incident(scene.instance);
        if let Some(samples) = self.samples.as_mut().filter(|_| self.draw.one_in(SAMPLE_ONE_IN)) {
            samples.write(&scene, &mut self.draw, out);
        } else {
            let template = match self.incident.filter(|_| self.draw.one_in(2)) {
                Some(incident) => {
                    scene.instance = incident.instance;
                    self.shapes.error_record(incident.family, &mut self.draw)
                }
                None => self.shapes.any_record(&mut self.draw),
            };
            template.write(&scene, &self.shapes.lists, &mut self.draw, out);
        }
        out.push(b'\n');
        scene.at
    }

    /// Whole records of at least so many bytes together.
    pub fn write_bytes(&mut self, bytes: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes + (64 << 10));
        while out.len() < bytes {
            self.write_record(&mut out);
        }
        out
    }

    fn advance_incident(&mut self, instance: u64) {
        match &mut self.incident {
            Some(incident) if incident.records_left == 0 => self.incident = None,
            Some(incident) => incident.records_left -= 1,
            None if self.draw.one_in(RECORDS_BETWEEN_INCIDENTS) => {
                let family = self.draw.below(self.shapes.families.len() as u64) as usize;
                let records_left = self.draw.below(INCIDENT_RECORDS_MAX);
                self.incident = Some(Incident { family, instance, records_left });
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests;
