//! The reference: a slow and obvious reader of lines, and the comparison with the fast one.
//!
//! Invariant: it shares no code with the scanner, the names or the escapes; only the readers of times
//! and levels, which have their own tests, are used by both. It does not model limits of a whole batch.

use antler_config::limits::LineLimits;
use proptest::prelude::*;

use super::role::Role;
use super::{Level, LineBatch, LineBatchBuilder, ValueKind, timestamp};
use crate::clock::Timestamp;

const ARRIVAL: Timestamp = Timestamp::from_nanos(1_767_323_045_000_000_000);

enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Scalar(ValueKind, String),
}

struct Parser<'a> {
    rest: &'a str,
    limits: &'a LineLimits,
}

impl Parser<'_> {
    fn line(mut self) -> Option<Json> {
        self.spaces();
        let value = if self.rest.starts_with('{') { self.value(1)? } else { return None };
        self.spaces();
        self.rest.is_empty().then_some(value)
    }

    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    fn eat(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self, depth: u16) -> Option<Json> {
        for (word, kind) in
            [("true", ValueKind::True), ("false", ValueKind::False), ("null", ValueKind::Null)]
        {
            if self.eat(word) {
                return Some(Json::Scalar(kind, word.to_owned()));
            }
        }
        match self.rest.chars().next()? {
            '{' | '[' if depth > self.limits.depth_max => None,
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' => self.string().map(|(text, kind)| Json::Scalar(kind, text)),
            _ => self.number(),
        }
    }

    fn object(&mut self, depth: u16) -> Option<Json> {
        self.eat("{");
        self.spaces();
        let mut members = Vec::new();
        while members.is_empty() && !self.eat("}") || !members.is_empty() {
            let (key, _) = self.string()?;
            self.spaces();
            if !self.eat(":") {
                return None;
            }
            self.spaces();
            members.push((key, self.value(depth + 1)?));
            self.spaces();
            if self.eat("}") {
                break;
            }
            if !self.eat(",") {
                return None;
            }
            self.spaces();
        }
        Some(Json::Object(members))
    }

    fn array(&mut self, depth: u16) -> Option<Json> {
        self.eat("[");
        self.spaces();
        let mut items = Vec::new();
        while items.is_empty() && !self.eat("]") || !items.is_empty() {
            items.push(self.value(depth + 1)?);
            self.spaces();
            if self.eat("]") {
                break;
            }
            if !self.eat(",") {
                return None;
            }
            self.spaces();
        }
        Some(Json::Array(items))
    }

    fn string(&mut self) -> Option<(String, ValueKind)> {
        if !self.eat("\"") {
            return None;
        }
        let (mut units, mut kind) = (Vec::new(), ValueKind::String);
        loop {
            let character = self.rest.chars().next()?;
            self.rest = &self.rest[character.len_utf8()..];
            match character {
                '"' => return Some((String::from_utf16(&units).ok()?, kind)),
                '\\' => {
                    kind = ValueKind::EscapedString;
                    units.push(self.escape()?);
                }
                '\0'..='\u{1f}' => return None,
                _ => units.extend_from_slice(character.encode_utf16(&mut [0; 2])),
            }
        }
    }

    fn escape(&mut self) -> Option<u16> {
        let character = self.rest.chars().next()?;
        self.rest = &self.rest[character.len_utf8()..];
        Some(match character {
            '"' | '\\' | '/' => character as u16,
            'b' => 8,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'u' => {
                let digits = self
                    .rest
                    .get(..4)
                    .filter(|digits| digits.chars().all(|digit| digit.is_ascii_hexdigit()))?;
                self.rest = &self.rest[4..];
                u16::from_str_radix(digits, 16).ok()?
            }
            _ => return None,
        })
    }

    fn number(&mut self) -> Option<Json> {
        let length = self.rest.find(|character: char| !"+-.eE0123456789".contains(character));
        let (text, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        self.rest = rest;
        (is_number(text) && text.len() <= usize::from(self.limits.number_bytes_max))
            .then(|| Json::Scalar(ValueKind::Number, text.to_owned()))
    }
}

/// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
fn is_number(text: &str) -> bool {
    let all_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let (mantissa, power) =
        text.split_once(['e', 'E']).map_or((text, None), |(before, after)| (before, Some(after)));
    let (whole, fraction) =
        mantissa.split_once('.').map_or((mantissa, None), |(before, after)| (before, Some(after)));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(all_digits)
        && power.is_none_or(|power| all_digits(power.strip_prefix(['+', '-']).unwrap_or(power)))
}

/// What a line says, however it was read.
#[derive(Debug, Default, PartialEq)]
struct Said {
    fields: Vec<(String, ValueKind, String)>,
    roles: Vec<Option<String>>,
    time: Option<Timestamp>,
    level: Option<Level>,
    is_cut: bool,
}

fn flatten(path: &str, value: Json, fields: &mut Vec<(String, ValueKind, String)>) {
    match value {
        Json::Scalar(kind, text) => fields.push((path.to_owned(), kind, text)),
        Json::Array(items) if items.is_empty() => {
            fields.push((path.to_owned(), ValueKind::EmptyArray, String::new()));
        }
        Json::Object(members) if members.is_empty() => {
            fields.push((path.to_owned(), ValueKind::EmptyObject, String::new()));
        }
        Json::Array(items) => items.into_iter().for_each(|item| flatten(path, item, fields)),
        Json::Object(members) => members.into_iter().for_each(|(key, member)| {
            flatten(&format!("{path}.{key}"), member, fields);
        }),
    }
}

fn reference(line: &[u8], limits: &LineLimits) -> Option<Said> {
    let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= limits.line_bytes_max as usize)?;
    let Json::Object(members) = (Parser { rest: text, limits }).line()? else { return None };
    let mut leaves = Vec::new();
    members.into_iter().for_each(|(key, value)| flatten(&key, value, &mut leaves));
    let room = (line.len() / 6).max(8).min(usize::from(limits.fields_per_line_max));
    let mut said = Said { roles: vec![None; Role::ALL.len()], ..Said::default() };
    let mut ranks = [usize::MAX; Role::ALL.len()];
    for (name, kind, text) in leaves {
        let full = said.fields.len() >= room;
        let wins = Role::ALL.iter().enumerate().find(|(index, role)| {
            let rank = role.synonyms().iter().position(|synonym| *synonym == name);
            rank.is_some_and(|rank| rank < ranks[*index] || rank == ranks[*index] && !full)
        });
        let readable = kind.is_scalar()
            && wins.is_some_and(|(_, role)| match role {
                Role::Time => timestamp::parse(text.as_bytes(), ARRIVAL).is_some(),
                Role::Level => Level::parse(text.as_bytes()).is_some(),
                _ => true,
            });
        if let Some((index, role)) = wins.filter(|_| readable) {
            ranks[index] = role.synonyms().iter().position(|synonym| *synonym == name).unwrap();
            said.roles[index] = Some(text.clone());
            match role {
                Role::Time => said.time = timestamp::parse(text.as_bytes(), ARRIVAL),
                Role::Level => said.level = Level::parse(text.as_bytes()),
                _ => {}
            }
        }
        if name.len() > usize::from(limits.name_bytes_max) || (full && !readable) {
            said.is_cut = true;
        } else {
            said.fields.push((name, kind, text));
        }
    }
    Some(said)
}

fn said_by(batch: &LineBatch, index: usize) -> Said {
    let line = batch.line(index).unwrap();
    let fields = line.fields().map(|field| {
        let container = matches!(field.value.kind, ValueKind::EmptyArray | ValueKind::EmptyObject);
        let text = if container { String::new() } else { field.value.text().into_owned() };
        (field.name_text.to_owned(), field.value.kind, text)
    });
    Said {
        fields: fields.collect(),
        roles: Role::ALL.map(|role| line.role(role).map(|value| value.text().into_owned())).to_vec(),
        time: line.own_timestamp(),
        level: line.level(),
        is_cut: line.is_cut(),
    }
}

/// Both readers say the same of every line of a batch, and every line comes back as it was.
fn check(lines: &[Vec<u8>], limits: &LineLimits) {
    let mut builder = LineBatchBuilder::new(limits.clone(), ARRIVAL);
    let mut expected = Vec::new();
    for line in lines {
        let said = reference(line, limits);
        let pushed = builder.push_json(line);
        let shown = String::from_utf8_lossy(line);
        assert_eq!(pushed.is_ok(), said.is_some(), "{shown}: {pushed:?}");
        expected.extend(said.map(|said| (line, said)));
    }
    let batch = builder.finish();
    assert_eq!(batch.len(), expected.len());
    for (index, (line, said)) in expected.into_iter().enumerate() {
        assert_eq!(batch.line(index).unwrap().raw(), line);
        assert_eq!(said_by(&batch, index), said, "{}", String::from_utf8_lossy(line));
    }
}

/// Keys that come again, so that prediction, roles and repeated keys are met.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "@timestamp", "timestamp", "ts", "time", "level", "severity", "message", "msg", "log", "service",
            "name", "host", "a", "b", "", "a.b", "log.level", "k\\u0065y", "key", "l\\u0065vel", "ä", "\\ud83d\\ude00",
            "a key that is longer than sixteen bytes", "a key that is longer than sixteen bits!",
        ]).prop_map(str::to_owned),
        1 => "[a-z]{1,20}",
    ]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "\"\"",
            "\"info\"",
            "\"ERR\"",
            "\"2024-05-01T12:00:00Z\"",
            "\"2024-05-01T12:00:00.25+02:00\"",
            "\"10\\/Oct\\/2000:13:55:36 -0700\"",
            "1714564800",
            "1714564800123",
            "3",
            "-0",
            "0.5e-7",
            "true",
            "false",
            "null",
            "{}",
            "[]",
            "[ ]",
            "\"\\ud83d\\ude00\"",
            "\"\\\\\\\"\"",
            "\"\\u0000\"",
            "\"漢字 and ä\"",
        ])
        .prop_map(str::to_owned),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,5})?([eE][+-]?[0-9]{1,3})?",
        "\"[ -!#-\\[\\]-~]{0,40}\"",
        "\"([a-z]{0,9}|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-f]{2}|[ä漢😀]){0,6}\"",
    ]
}

fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\t\r\n ")]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            object(inner.clone()),
            (prop::collection::vec(inner, 1..5), space()).prop_map(|(items, space)| format!(
                "[{space}{}{space}]",
                items.join(&format!("{space},{space}"))
            )),
        ]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (prop::collection::vec((key(), value), 1..7), space()).prop_map(|(members, space)| {
        let members: Vec<_> =
            members.into_iter().map(|(key, value)| format!("\"{key}\"{space}:{space}{value}")).collect();
        format!("{{{space}{}{space}}}", members.join(&format!("{space},{space}")))
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    (object(value()), space()).prop_map(|(object, space)| format!("{space}{object}{space}").into_bytes())
}

/// Bytes that matter to a scanner, put anywhere in place of one or between two.
fn mutated_line() -> impl Strategy<Value = Vec<u8>> {
    let change = (
        any::<prop::sample::Index>(),
        0..3u8,
        prop::sample::select(b"\"\\{}[],:0-.eEtun \0\x1f\x80\xff\n".to_vec()),
    );
    (line(), prop::collection::vec(change, 1..4)).prop_map(|(mut line, changes)| {
        for (place, how, byte) in changes {
            let at = place.index(line.len().max(1)).min(line.len().saturating_sub(1));
            match how {
                0 if !line.is_empty() => line[at] = byte,
                1 if !line.is_empty() => drop(line.remove(at)),
                _ => line.insert(at, byte),
            }
        }
        line
    })
}

fn tight_limits() -> LineLimits {
    LineLimits {
        depth_max: 3,
        fields_per_line_max: 9,
        name_bytes_max: 24,
        number_bytes_max: 9,
        ..LineLimits::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]

    #[test]
    fn generated_lines_read_alike(lines in prop::collection::vec(line(), 1..8)) {
        check(&lines, &LineLimits::default());
        check(&lines, &tight_limits());
        for line in &lines {
            let text = std::str::from_utf8(line).unwrap();
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn damaged_lines_read_alike(lines in prop::collection::vec(mutated_line(), 1..8)) {
        check(&lines, &LineLimits::default());
    }

    #[test]
    fn pieces_of_json_read_alike(pieces in prop::collection::vec(
        prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"a\"", "1", "null", "\"\\u", "d800", "\"", " ", "\\"]), 0..14)
    ) {
        check(&[pieces.concat().into_bytes(), format!("{{\"a\":{}}}", pieces.concat()).into_bytes()], &LineLimits::default());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 1..6)) {
        check(&lines, &LineLimits::default());
        let mut builder = LineBatchBuilder::new(LineLimits::default(), ARRIVAL);
        let taken: Vec<_> = lines.iter().filter(|line| builder.push(line).is_ok()).collect();
        let batch = builder.finish();
        prop_assert!(batch.lines().map(|line| line.raw()).eq(taken.iter().map(|line| line.as_slice())));
    }
}
