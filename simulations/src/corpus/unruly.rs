//! A seeded log that has no templates: chat, prose, base64 and random ids, as JSON and as plain lines.
//!
//! What a store gains by learning the shapes of messages it cannot gain here, so this is the corpus that
//! shows what a store loses. Invariant: the same seed gives the same bytes, and a line that begins with
//! `{` is JSON. It does not attack limits: `fuzz::hostile` does.

mod vocabulary;

use std::io::Write as _;

use antler_events::clock::Timestamp;

use super::calendar::TimeForm;
use super::template::{BASE64, HEX, write_symbols, write_uuid};
use super::{START_NANOS, STEP_NANOS_MEAN};
use crate::draw::Draw;
use vocabulary::Vocabulary;

const ROOMS: u64 = 400;
const PEOPLE: u64 = 8_000;

/// Writes the next line, without its end.
type Shape = fn(&mut Unruly, &mut Vec<u8>);

/// As often as they stand here.
const SHAPES: [Shape; 12] = [
    Unruly::chat_json,
    Unruly::chat_json,
    Unruly::chat_json,
    Unruly::chat_plain,
    Unruly::chat_plain,
    Unruly::post_json,
    Unruly::prose_plain,
    Unruly::blob_json,
    Unruly::blob_plain,
    Unruly::ids_json,
    Unruly::ids_json,
    Unruly::ids_plain,
];

/// An endless log.
#[derive(Debug)]
pub struct Unruly {
    vocabulary: Vocabulary,
    draw: Draw,
    now_nanos: i64,
}

impl Unruly {
    pub fn new(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        let vocabulary = Vocabulary::new(&mut draw);
        Self { vocabulary, draw, now_nanos: START_NANOS }
    }

    /// Appends the next record: one line with its `\n`.
    pub fn write_record(&mut self, out: &mut Vec<u8>) {
        self.now_nanos += self.draw.below(2 * STEP_NANOS_MEAN) as i64;
        let shape = SHAPES[self.draw.below(SHAPES.len() as u64) as usize];
        shape(self, out);
        out.push(b'\n');
    }

    fn chat_json(&mut self, out: &mut Vec<u8>) {
        self.open(b"{\"timestamp\":\"", TimeForm::Millis, out);
        let room = self.vocabulary.name(ROOMS, &mut self.draw);
        write(out, format_args!("\",\"service\":\"chat\",\"room\":\"{room}\",\"user\":{{\"name\":\""));
        let person = self.vocabulary.name(PEOPLE, &mut self.draw);
        write(out, format_args!("{person}\",\"id\":\""));
        write_symbols(BASE64, 11, &mut self.draw, out);
        out.extend_from_slice(b"\"},\"message\":");
        self.write_text(40, out);
        out.push(b'}');
    }

    fn chat_plain(&mut self, out: &mut Vec<u8>) {
        self.open(b"", TimeForm::Spaced, out);
        let room = self.vocabulary.name(ROOMS, &mut self.draw);
        write(out, format_args!(" #{room} <"));
        out.extend_from_slice(self.vocabulary.name(PEOPLE, &mut self.draw).as_bytes());
        out.extend_from_slice(b"> ");
        let words = 1 + self.draw.skewed(40);
        out.extend_from_slice(self.vocabulary.text(words, &mut self.draw).as_bytes());
    }

    /// A long text in JSON, with a title, tags and numbers.
    fn post_json(&mut self, out: &mut Vec<u8>) {
        self.open(b"{\"@timestamp\":\"", TimeForm::Micros, out);
        out.extend_from_slice(b"\",\"level\":\"info\",\"service\":\"forum\",\"title\":");
        self.write_text(9, out);
        let (likes, score) = (self.draw.skewed(10_000), self.draw.below(1_000_000));
        let tags = [self.vocabulary.word(&mut self.draw), self.vocabulary.word(&mut self.draw)];
        write(out, format_args!(",\"likes\":{likes},\"score\":0.{score:06},\"tags\":{tags:?},\"text\":"));
        self.write_text(200, out);
        out.push(b'}');
    }

    fn prose_plain(&mut self, out: &mut Vec<u8>) {
        let words = 20 + self.draw.below(120);
        out.extend_from_slice(self.vocabulary.text(words, &mut self.draw).as_bytes());
    }

    fn blob_json(&mut self, out: &mut Vec<u8>) {
        self.open(b"{\"time\":", TimeForm::EpochMillis, out);
        let file = self.vocabulary.word(&mut self.draw);
        write(out, format_args!(",\"service\":\"uploads\",\"file\":{{\"name\":\"{file}.png\",\"sha256\":\""));
        write_symbols(HEX, 64, &mut self.draw, out);
        out.extend_from_slice(b"\"},\"data\":\"");
        self.write_blob(out);
        out.extend_from_slice(b"\"}");
    }

    fn blob_plain(&mut self, out: &mut Vec<u8>) {
        self.open(b"", TimeForm::Klog, out);
        out.extend_from_slice(b" dump ");
        self.write_blob(out);
    }

    fn ids_json(&mut self, out: &mut Vec<u8>) {
        self.open(b"{\"ts\":", TimeForm::EpochSeconds, out);
        out.extend_from_slice(b",\"id\":\"");
        write_uuid(&mut self.draw, out);
        out.extend_from_slice(b"\",\"refs\":[");
        for place in 0..=self.draw.below(6) {
            out.extend_from_slice(if place == 0 { b"\"" } else { b",\"" });
            write_symbols(HEX, 40, &mut self.draw, out);
            out.push(b'"');
        }
        let (sequence, key) = (self.draw.number(), self.draw.number());
        write(out, format_args!("],\"sequence\":{sequence},\"meta\":{{\"key\":\"{key:x}\",\"token\":\""));
        write_symbols(BASE64, 43, &mut self.draw, out);
        out.extend_from_slice(b"\"}}");
    }

    fn ids_plain(&mut self, out: &mut Vec<u8>) {
        for place in 0..2 + self.draw.below(6) {
            if place > 0 {
                out.push(b" ;|/"[self.draw.below(4) as usize]);
            }
            match self.draw.below(4) {
                0 => write_uuid(&mut self.draw, out),
                1 => write_symbols(HEX, 32, &mut self.draw, out),
                2 => write_symbols(BASE64, 22, &mut self.draw, out),
                _ => write(out, format_args!("{}", self.draw.number())),
            }
        }
    }

    fn open(&self, before: &[u8], form: TimeForm, out: &mut Vec<u8>) {
        out.extend_from_slice(before);
        form.write(Timestamp::from_nanos(self.now_nanos), out);
    }

    /// As a JSON string.
    fn write_text(&mut self, words_max: u64, out: &mut Vec<u8>) {
        let words = 1 + self.draw.skewed(words_max);
        let text = self.vocabulary.text(words, &mut self.draw);
        serde_json::to_writer(out, &text).expect("a text is JSON, and a vector takes every byte");
    }

    fn write_blob(&mut self, out: &mut Vec<u8>) {
        let symbols = 100 + self.draw.skewed(4_000) as usize;
        write_symbols(BASE64, symbols, &mut self.draw, out);
    }
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use antler_events::wire::ChainHash;

    use super::*;

    fn sample(seed: u64) -> Vec<u8> {
        let (mut corpus, mut out) = (Unruly::new(seed), Vec::new());
        while out.len() < 1_000_000 {
            corpus.write_record(&mut out);
        }
        out
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let hash = |seed| ChainHash::of_body(&sample(seed)).to_string();
        assert_eq!(hash(1), "406cc228cc06ebb8713d2bd6cecb71ad3085d231570039ba5bc1cfca72c1572d");
        assert_ne!(hash(1), hash(2));
    }

    #[test]
    fn both_forms_come_often_and_json_is_json() {
        let text = String::from_utf8(sample(3)).unwrap();
        let (json, plain): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('{'));
        for line in &json {
            serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        }
        assert!(json.len() > plain.len() && plain.len() * 3 > json.len(), "{} {}", json.len(), plain.len());
    }

    #[test]
    fn it_compresses_far_worse_than_the_mixed_corpus() {
        let stored = |bytes: &[u8]| zstd::bulk::compress(bytes, 1).unwrap().len() as f64 / bytes.len() as f64;
        let (unruly, mixed) =
            (stored(&sample(4)), stored(&super::super::Corpus::new(4).write_bytes(1_000_000)));
        assert!(unruly > 0.45 && unruly > 2.0 * mixed, "{unruly} {mixed}");
    }
}
