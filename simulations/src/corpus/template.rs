//! Templates: a record as text with `{{…}}` where values go.
//!
//! A value is `{{[scope] form arguments}}`. Without a scope it is drawn anew; with one (`record`, `trace`,
//! `account`, `instance`, `deployment`) it is the same wherever that thing appears, so that an account keeps
//! its address and a pod its name. Invariant: the same scene and draw give the same bytes.
//! It does not know JSON: whoever writes a template writes valid JSON.

use std::io::Write as _;

use anyhow::{Context as _, bail};

use super::calendar::TimeForm;
use super::scene::{Scene, Scope};
use super::shapes::Lists;
use crate::draw::{Draw, mix};

/// A parsed template.
#[derive(Debug, Clone)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
enum Piece {
    Literal(Vec<u8>),
    /// The salt makes two forms of one scope differ.
    Value {
        scope: Option<Scope>,
        salt: u64,
        form: Form,
    },
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// An element of a list, the first ones most often.
    Pick {
        list: usize,
    },
    Time(TimeForm),
    /// A whole number, the smaller the likelier.
    Number {
        low: u64,
        high: u64,
    },
    /// A whole number, all as likely.
    Even {
        low: u64,
        high: u64,
    },
    Decimal {
        low: u64,
        high: u64,
        digits: u32,
    },
    Symbols {
        alphabet: &'static [u8],
        count: usize,
    },
    Uuid,
    Address,
    PrivateAddress,
    Newline,
}

pub(super) const HEX: &[u8] = b"0123456789abcdef";
const DIGITS: &[u8] = b"0123456789";
/// What Kubernetes makes the suffixes of its names from.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
pub(super) const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Template {
    /// Parses a template that may pick from the `lists` known so far.
    pub(super) fn parse(text: &str, lists: &Lists) -> anyhow::Result<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, opened)) = rest.split_once("{{") {
            let (value, after) =
                opened.split_once("}}").with_context(|| format!("unclosed {{{{ in {text:?}"))?;
            pieces.push(Piece::Literal(literal.as_bytes().to_vec()));
            pieces.push(parse_value(value, lists).with_context(|| format!("value {value:?} in {text:?}"))?);
            rest = after;
        }
        pieces.push(Piece::Literal(rest.as_bytes().to_vec()));
        Ok(Self { pieces })
    }

    pub(super) fn write(&self, scene: &Scene, lists: &Lists, draw: &mut Draw, out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => out.extend_from_slice(text),
                Piece::Value { scope: None, form, .. } => form.write(scene, lists, draw, out),
                Piece::Value { scope: Some(scope), salt, form } => {
                    let mut scoped = Draw::new(mix(scene.seed(*scope) ^ salt));
                    form.write(scene, lists, &mut scoped, out);
                }
            }
        }
    }
}

fn parse_value(text: &str, lists: &Lists) -> anyhow::Result<Piece> {
    let mut words = text.split(' ').peekable();
    let scope = words.peek().and_then(|word| Scope::parse(word));
    if scope.is_some() {
        words.next();
    }
    let form = words.next().unwrap_or_default();
    let arguments: Vec<&str> = words.collect();
    // FNV-1a.
    let salt = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok(Piece::Value { scope, salt, form: Form::parse(form, &arguments, lists)? })
}

impl Form {
    fn parse(form: &str, arguments: &[&str], lists: &Lists) -> anyhow::Result<Self> {
        let symbols = |alphabet, count: &str| -> anyhow::Result<Self> {
            Ok(Self::Symbols { alphabet, count: count.parse()? })
        };
        Ok(match (form, arguments) {
            ("pick", [name]) => Self::Pick { list: lists.position(name)? },
            ("time", [name]) => Self::Time(TimeForm::parse(name).context("unknown form of time")?),
            ("number", [low, high]) => Self::Number { low: low.parse()?, high: high.parse()? },
            ("even", [low, high]) => Self::Even { low: low.parse()?, high: high.parse()? },
            ("decimal", [low, high, digits]) => {
                Self::Decimal { low: low.parse()?, high: high.parse()?, digits: digits.parse()? }
            }
            ("hex", [count]) => symbols(HEX, count)?,
            ("digits", [count]) => symbols(DIGITS, count)?,
            ("letters", [count]) => symbols(LETTERS, count)?,
            ("base64", [count]) => symbols(BASE64, count)?,
            ("uuid", []) => Self::Uuid,
            ("address", []) => Self::Address,
            ("private_address", []) => Self::PrivateAddress,
            ("newline", []) => Self::Newline,
            _ => bail!("unknown form, or wrong number of arguments"),
        })
    }

    fn write(self, scene: &Scene, lists: &Lists, draw: &mut Draw, out: &mut Vec<u8>) {
        match self {
            Self::Pick { list } => lists.pick(list, draw).write(scene, lists, draw, out),
            Self::Time(form) => form.write(scene.at, out),
            Self::Number { low, high } => write_number(low + draw.skewed(high - low + 1), out),
            Self::Even { low, high } => write_number(low + draw.below(high - low + 1), out),
            Self::Decimal { low, high, digits } => {
                write_number(low + draw.skewed(high - low + 1), out);
                out.push(b'.');
                write_symbols(DIGITS, digits as usize, draw, out);
            }
            Self::Symbols { alphabet, count } => write_symbols(alphabet, count, draw, out),
            Self::Uuid => write_uuid(draw, out),
            Self::Address => write_address(mix(draw.skewed(30_000) + 1) | 0x2000_0000, out),
            Self::PrivateAddress => {
                write_address(0x0a00_0000 | (draw.below(16) << 8) | draw.below(250), out);
            }
            Self::Newline => out.push(b'\n'),
        }
    }
}

fn write_number(number: u64, out: &mut Vec<u8>) {
    write!(out, "{number}").expect("a vector takes every byte");
}

pub(super) fn write_symbols(alphabet: &[u8], count: usize, draw: &mut Draw, out: &mut Vec<u8>) {
    let mut bits = 0;
    for place in 0..count {
        if place % 8 == 0 {
            bits = draw.number();
        }
        out.push(alphabet[(bits & 0xff) as usize * alphabet.len() / 256]);
        bits >>= 8;
    }
}

pub(super) fn write_uuid(draw: &mut Draw, out: &mut Vec<u8>) {
    for (place, count) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        out.extend_from_slice(if place == 0 { b"" } else { b"-" });
        write_symbols(HEX, count, draw, out);
    }
}

fn write_address(number: u64, out: &mut Vec<u8>) {
    let [.., a, b, c, d] = number.to_be_bytes();
    write!(out, "{a}.{b}.{c}.{d}").expect("a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::scene::Scene;

    fn written(text: &str, seed: u64) -> String {
        let lists = Lists::default();
        let mut out = Vec::new();
        let scene = Scene::sample(7);
        Template::parse(text, &lists).unwrap().write(&scene, &lists, &mut Draw::new(seed), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_has_the_form_it_asks_for() {
        let check = |text: &str, good: fn(&str) -> bool| {
            let value = written(text, 3);
            assert!(good(&value), "{text}: {value}");
        };
        check("a {{newline}}b", |value| value == "a \nb");
        check("{{hex 5}}", |value| value.len() == 5 && value.bytes().all(|byte| HEX.contains(&byte)));
        check("{{decimal 1 9 3}}", |value| value.parse::<f64>().unwrap() < 10.0 && value.len() == 5);
        check("{{even 5 6}}", |value| ["5", "6"].contains(&value));
        check("{{uuid}}", |value| value.len() == 36 && value.matches('-').count() == 4);
        check("{{address}}", |value| value.parse::<std::net::Ipv4Addr>().is_ok());
        check("{{private_address}}", |value| value.starts_with("10.0."));
    }

    #[test]
    fn a_scoped_value_repeats_and_a_fresh_one_does_not() {
        let halves = |text: &str| {
            let both = written(text, 4);
            let (left, right) = both.split_once(' ').unwrap();
            left == right
        };
        assert!(halves("{{account uuid}} {{account uuid}}"));
        assert!(!halves("{{account uuid}} {{instance uuid}}"));
        assert!(!halves("{{uuid}} {{uuid}}"));
        assert_eq!(written("{{trace hex 32}}", 1), written("{{trace hex 32}}", 2));
    }

    #[test]
    fn a_wrong_template_is_refused_with_its_text() {
        let check = |text: &str, message: &str| {
            let error = Template::parse(text, &Lists::default()).unwrap_err();
            assert!(format!("{error:#}").contains(message), "{error:#}");
        };
        check("x {{hex", "unclosed {{ in \"x {{hex\"");
        check("{{hex}}", "value \"hex\" in \"{{hex}}\": unknown form, or wrong number of arguments");
        check("{{pick colours}}", "no list colours");
    }
}
