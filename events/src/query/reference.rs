//! The reference: the page of the tree, obeyed slowly, on characters and strings.
//!
//! Invariant: it shares no searching, comparing or number code with the matcher; only the readers of times,
//! levels, durations and sizes, which have their own tests, and the compiler of regular expressions are the
//! same. It does not care what it costs.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::Bound;

use super::text::fold;
use super::tree::{Condition, FieldName, Filter, Network, Scalar, Test, Wildcard};
use super::value::{NumberUnits, units};
use crate::clock::Timestamp;
use crate::event::lines::LineDefaults;
use crate::line::{Level, Line, Role, StreamName, ValueKind, timestamp};

/// A value of a line.
#[derive(Debug, Clone)]
struct Value {
    name: String,
    text: String,
    is_number: bool,
    /// If it is the time of the line.
    time: Option<Timestamp>,
}

/// Whether a line is one that the filter asks for; with an expression that cannot be read none is.
pub fn matches(filter: &Filter, line: Line<'_>, defaults: &LineDefaults) -> bool {
    match filter {
        Filter::All => true,
        Filter::And(parts) => parts.iter().all(|part| matches(part, line, defaults)),
        Filter::Or(parts) => parts.iter().any(|part| matches(part, line, defaults)),
        Filter::Not(inner) => !matches(inner, line, defaults),
        Filter::Filed(streams) => streams.reach(StreamName::of_line(line, defaults).as_str()),
        Filter::Is(Condition { field, test }) => {
            values_of(field, line, defaults).iter().any(|value| passes(field, test, value))
        }
    }
}

fn values_of(field: &FieldName, line: Line<'_>, defaults: &LineDefaults) -> Vec<Value> {
    let all = values(line, defaults);
    let named =
        |is_it: &dyn Fn(&str) -> bool| all.iter().filter(|value| is_it(&value.name)).cloned().collect();
    match field {
        FieldName::Any => any_values(line, defaults),
        FieldName::Role(role) => vec_of_role(*role, line, defaults),
        FieldName::Named(wanted) => named(&|name| *name == **wanted),
        FieldName::Like(wildcard) => named(&|name| is_like(wildcard, name, str::to_owned)),
    }
}

/// All but the one that tells the time; of a line that is cut also its bytes.
fn any_values(line: Line<'_>, defaults: &LineDefaults) -> Vec<Value> {
    let raw = line.is_cut().then(|| text_value("", &String::from_utf8_lossy(line.raw())));
    values_but(line.index_of(Role::Time), line, defaults).into_iter().chain(raw).collect()
}

fn values(line: Line<'_>, defaults: &LineDefaults) -> Vec<Value> {
    values_but(None, line, defaults)
}

fn values_but(left_out: Option<usize>, line: Line<'_>, defaults: &LineDefaults) -> Vec<Value> {
    let fields = line.fields().enumerate().filter(|(index, _)| Some(*index) != left_out);
    let fields = fields.map(|(_, field)| field).filter(|field| field.value.kind.is_scalar());
    let own = fields.map(|field| of_line(field.name_text, field.value));
    let roles = [Role::Source, Role::Service, Role::Environment, Role::Level, Role::Host];
    let said = roles.into_iter().filter_map(|role| default_of(role, line, defaults));
    let tags = defaults.tags.iter().map(|tag| text_value("tags", tag));
    own.chain(said).chain(tags).collect()
}

fn vec_of_role(role: Role, line: Line<'_>, defaults: &LineDefaults) -> Vec<Value> {
    let own = line.role(role).map(|value| of_line(FieldName::role_name(role), value));
    if role != Role::Time {
        return own.or_else(|| default_of(role, line, defaults)).into_iter().collect();
    }
    let arrival = || text_value("timestamp", &line.timestamp().to_string());
    vec![Value { time: Some(line.timestamp()), ..own.unwrap_or_else(arrival) }]
}

fn default_of(role: Role, line: Line<'_>, defaults: &LineDefaults) -> Option<Value> {
    let said = match role {
        Role::Source => &defaults.source,
        Role::Service => &defaults.service,
        Role::Environment => &defaults.environment,
        Role::Level => &defaults.level,
        Role::Host => &defaults.host,
        _ => &None,
    };
    let said = said.as_ref().filter(|_| line.role(role).is_none())?;
    Some(text_value(FieldName::role_name(role), said))
}

fn of_line(name: &str, value: crate::line::Value<'_>) -> Value {
    Value { is_number: value.kind == ValueKind::Number, ..text_value(name, &value.text()) }
}

fn text_value(name: &str, text: &str) -> Value {
    Value { name: name.to_owned(), text: text.to_owned(), is_number: false, time: None }
}

fn passes(field: &FieldName, test: &Test, value: &Value) -> bool {
    let in_parts = matches!(field, FieldName::Any | FieldName::Role(Role::Message));
    match test {
        Test::Exists => true,
        Test::Text(wanted) if value.is_number => {
            plain(wanted).is_some_and(|wanted| plain(&value.text) == Some(wanted))
        }
        Test::Text(wanted) if in_parts => has_words(&value.text, wanted),
        Test::Text(wanted) => {
            fold(&value.text) == fold(wanted)
                || value.text.contains(is_white_space) && has_words(&value.text, wanted)
        }
        Test::Like(wildcard) => {
            is_like(wildcard, &value.text, fold)
                || in_parts
                    && !wildcard.source.contains(is_white_space)
                    && (value.text.split(is_white_space))
                        .chain(value.text.split(|found| !is_of_word(found)))
                        .any(|part| !part.is_empty() && is_like(wildcard, part, fold))
        }
        Test::Regex(source) => regex::Regex::new(source).is_ok_and(|regex| regex.is_match(&value.text)),
        Test::Range(lower, upper) => {
            meets(value, lower, Ordering::Less) && meets(value, upper, Ordering::Greater)
        }
        Test::Network(network) => !value.is_number && is_in(&value.text, *network),
    }
}

fn is_white_space(character: char) -> bool {
    character.is_ascii() && character.is_whitespace()
}

fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || !character.is_ascii()
}

/// Whether a text contains another so that no word goes on at an end.
fn has_words(text: &str, wanted: &str) -> bool {
    let text: Vec<char> = fold(text).chars().collect();
    let wanted: Vec<char> = fold(wanted).chars().collect();
    if wanted.is_empty() {
        return text.is_empty();
    }
    (0..text.len()).any(|start| {
        let end = start + wanted.len();
        let is_here = text.get(start..end) == Some(&wanted[..]);
        let is_number = start > 0 && is_inner_dot(&text, start - 1) || is_inner_dot(&text, end);
        is_here && !is_number && !is_joined(&text, start) && !is_joined(&text, end)
    })
}

/// Whether the characters on both sides of a place are of one word.
fn is_joined(text: &[char], at: usize) -> bool {
    0 < at && at < text.len() && is_of_word(text[at - 1]) && is_of_word(text[at])
}

/// Whether there is a dot between two digits.
fn is_inner_dot(text: &[char], at: usize) -> bool {
    at > 0
        && matches!(text.get(at - 1..at + 2), Some([before, '.', behind]) if before.is_ascii_digit() && behind.is_ascii_digit())
}

/// Fills a table: whether the first so many characters of the text are as the first so many of the pattern.
fn is_like(wildcard: &Wildcard, text: &str, case: fn(&str) -> String) -> bool {
    let text: Vec<char> = case(text).chars().collect();
    let mut fits = vec![false; text.len() + 1];
    fits[0] = true;
    let mut source = wildcard.source.chars();
    while let Some(character) = source.next() {
        let before = fits.clone();
        let literal = if character == '\\' { source.next().unwrap_or('\\') } else { character };
        let literal = case(&literal.to_string());
        for end in 0..=text.len() {
            fits[end] = match character {
                '*' => before[end] || end > 0 && fits[end - 1],
                '?' => end > 0 && before[end - 1],
                _ => end > 0 && before[end - 1] && literal == text[end - 1].to_string(),
            };
        }
    }
    fits[text.len()]
}

/// Whether a value lies inside an end of a range; `outside` is how it compares where it does not.
fn meets(value: &Value, bound: &Bound<Scalar>, outside: Ordering) -> bool {
    match bound {
        Bound::Unbounded => true,
        Bound::Included(limit) => compare(value, limit).is_some_and(|found| found != outside),
        Bound::Excluded(limit) => compare(value, limit) == Some(outside.reverse()),
    }
}

fn compare(value: &Value, limit: &Scalar) -> Option<Ordering> {
    let number = || plain(&value.text)?.to_string().parse::<f64>().ok();
    let unit = NumberUnits::of_name(&value.name);
    match limit {
        Scalar::Number(limit) => number()?.partial_cmp(limit),
        Scalar::Time(limit) => Some(value.time.or_else(|| time_of(&value.text))?.cmp(limit)),
        Scalar::Duration(limit) if value.is_number => plain(&value.text)?.compare_product(unit.nanos, *limit),
        Scalar::Duration(limit) => Some(units::duration(&value.text)?.cmp(limit)),
        Scalar::Size(limit) if value.is_number => (number()? * unit.bytes as f64).partial_cmp(limit),
        Scalar::Size(limit) => units::size(&value.text)?.partial_cmp(limit),
        Scalar::Level(limit) => Some(Level::parse(value.text.as_bytes())?.cmp(limit)),
        Scalar::Address(limit) => {
            let address: IpAddr = value.text.parse().ok()?;
            (address.is_ipv4() == limit.is_ipv4()).then(|| address.cmp(limit))
        }
        Scalar::Text(limit) => (!value.is_number).then(|| fold(&value.text).cmp(&fold(limit))),
    }
}

/// A time that a text tells whichever year it is.
fn time_of(text: &str) -> Option<Timestamp> {
    let year_nanos = 365 * 86_400_000_000_000;
    let told = |years: i64| timestamp::parse(text.as_bytes(), Timestamp::from_nanos(years * year_nanos));
    told(30).filter(|time| told(40) == Some(*time))
}

fn is_in(text: &str, network: Network) -> bool {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => format!("4{:032b}", address.to_bits()),
        IpAddr::V6(address) => format!("6{:0128b}", address.to_bits()),
    };
    let prefix = |address: IpAddr| {
        bits(address).chars().take(1 + usize::from(network.prefix_bits)).collect::<String>()
    };
    text.parse().is_ok_and(|address| prefix(address) == prefix(network.address))
}

/// A number without a power, without zeros at either end: `-12.5` is (true, "12", "5").
#[derive(Debug, PartialEq, Eq)]
struct Plain {
    negative: bool,
    whole: String,
    fraction: String,
}

fn plain(text: &str) -> Option<Plain> {
    let digits_of = |text: &str| text.chars().all(|found| found.is_ascii_digit());
    let (sign, unsigned) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let (mantissa, power) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let power_digits = power.strip_prefix(['-', '+']).unwrap_or(power);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = digits_of(whole) && digits_of(fraction) && whole.len() + fraction.len() > 0;
    if !is_number || !digits_of(power_digits) || power_digits.is_empty() {
        return None;
    }
    let (mut whole, mut fraction) = (whole.to_owned(), fraction.to_owned());
    let power: i32 = power.parse().ok()?;
    for _ in 0..power.min(1_000) {
        whole.push(if fraction.is_empty() { '0' } else { fraction.remove(0) });
    }
    for _ in power.max(-1_000)..0 {
        fraction.insert(0, whole.pop().unwrap_or('0'));
    }
    let whole = whole.trim_start_matches('0').to_owned();
    let fraction = fraction.trim_end_matches('0').to_owned();
    let negative = sign && !(whole.is_empty() && fraction.is_empty());
    Some(Plain { negative, whole, fraction })
}

impl Plain {
    fn compare_product(&self, unit: u64, limit: i64) -> Option<Ordering> {
        let sign = if self.negative { "-" } else { "" };
        let exact = || {
            let digits: i128 = format!("{sign}{}{}0", self.whole, self.fraction).parse().ok()?;
            let power = 10i128.checked_pow(u32::try_from(self.fraction.len() + 1).ok()?)?;
            Some(digits.checked_mul(unit.into())?.cmp(&i128::from(limit).checked_mul(power)?))
        };
        let nearest: f64 = self.to_string().parse().ok()?;
        exact().or_else(|| (nearest * unit as f64).partial_cmp(&(limit as f64)))
    }
}

impl std::fmt::Display for Plain {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        write!(out, "{sign}0{}.{}0", self.whole, self.fraction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(plain(text).map(|plain| plain.to_string()), expected.map(str::to_owned), "{text}");
        };
        check("500", Some("0500.0"));
        check("+5.00e2", Some("0500.0"));
        check("-0.0", Some("0.0"));
        check("-12.50", Some("-012.50"));
        check("1e-3", Some("0.0010"));
        check("1e", None);
        check("5 ", None);
        check(".", None);
    }

    #[test]
    fn words_and_patterns_are_taken_literally() {
        let like = |source: &str, text: &str| is_like(&Wildcard { source: source.into() }, text, fold);
        assert!(has_words("a read Timeout.", "READ timeout") && !has_words("timeouts", "timeout"));
        assert!(has_words("asp.net", ".net") && !has_words("x", "") && has_words("", ""));
        assert!(like("a*B?", "A-xxbc") && !like("a?", "a") && like(r"\*", "*") && !like(r"\*", "x"));
    }
}
