//! Cuts a text into literal pieces and variables.
//!
//! A token that has a digit is a variable, and so are lower-case UUIDs and IPv4 addresses that stand alone.
//! Invariant: the key's literals and the variables, in their order, are the text again.
//! It does not bound what it is given: the column does.

use std::ops::Range;

use super::alphabet::{Marks, is_token};
use super::form::{HoleKind, push_escaped};
use super::notation::{self, DIGITS_MAX, UUID_BYTES};
use crate::index::columns::same::push_short;

const DIGITS_ABOVE_MAX: usize = DIGITS_MAX + 1;
/// A longer text between quotes is no variable.
const QUOTED_BYTES_MAX: usize = 1 << 10;

/// A text in pieces. It is used for one text after the other, so that nothing is allocated for most of them.
#[derive(Debug, Default)]
pub struct Split {
    key: Vec<u8>,
    holes: Vec<Hole>,
    marks: Marks,
}

/// A variable, and where it stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hole {
    pub kind: HoleKind,
    start: u32,
    end: u32,
    /// The value of a decimal, address or UUID.
    pub number: u128,
}

impl Hole {
    #[inline(always)]
    fn new(kind: HoleKind, range: Range<usize>, number: u128) -> Self {
        Self { kind, start: range.start as u32, end: range.end as u32, number }
    }

    #[inline(always)]
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    #[inline(always)]
    pub fn text<'a>(&self, text: &'a [u8]) -> &'a [u8] {
        &text[self.range()]
    }
}

impl Split {
    /// The key of the text's template.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    pub fn holes(&self) -> &[Hole] {
        &self.holes
    }

    /// How many quotes the text has.
    pub(super) fn quotes(&self) -> u32 {
        self.marks.quotes()
    }
}

/// Cuts the text, which has fewer bytes than 32 bits count.
pub fn split(text: &[u8], split: &mut Split) {
    mark(text, split);
    split_marked(text, split);
}

/// Reads the text before it is cut.
pub(super) fn mark(text: &[u8], split: &mut Split) {
    split.marks.read(text);
}

/// Cuts the text that was marked last.
pub(super) fn split_marked(text: &[u8], split: &mut Split) {
    let Split { key, holes, marks } = split;
    key.clear();
    holes.clear();
    let mut literal = 0;
    while let Some(hole) = next_hole(text, marks, literal) {
        push_literal(text, literal..hole.start as usize, marks, key);
        key.push(hole.kind as u8);
        literal = hole.end as usize;
        holes.push(hole);
    }
    push_literal(text, literal..text.len(), marks, key);
}

/// Cuts the text that was marked last so that what stands between quotes is one variable, whatever it is. Few templates remain of texts that quote many things, such as those of web servers.
pub(super) fn split_quoted(text: &[u8], split: &mut Split) {
    let Split { key, holes, marks } = split;
    key.clear();
    holes.clear();
    let mut literal = 0;
    let mut quoted = next_quoted(marks, 0);
    loop {
        let end = quoted.map_or(u32::MAX, |quoted| quoted.start);
        let token = next_hole(text, marks, literal).filter(|hole| hole.start < end);
        let Some(hole) = token.or(quoted) else { break };
        push_literal(text, literal..hole.start as usize, marks, key);
        key.push(hole.kind as u8);
        literal = hole.end as usize;
        holes.push(hole);
        if token.is_none() {
            quoted = next_quoted(marks, literal + 1);
        }
    }
    push_literal(text, literal..text.len(), marks, key);
}

/// Reports every token of at least so many bytes, and addresses as a whole; says whether it has a digit.
pub(super) fn for_each_token(
    text: &[u8],
    bytes_min: usize,
    split: &mut Split,
    token: &mut impl FnMut(&[u8], bool),
) {
    split.marks.read(text);
    for_each_token_again(text, bytes_min, split, token);
}

/// The same for the text that was cut last.
pub(super) fn for_each_token_again(
    text: &[u8],
    bytes_min: usize,
    split: &Split,
    token: &mut impl FnMut(&[u8], bool),
) {
    let marks = &split.marks;
    let next_digit = |at| marks.digit(at).unwrap_or(usize::MAX);
    let (mut at, mut digit) = (0, next_digit(0));
    while let Some(start) = marks.token(at) {
        at = marks.token_end(start, text);
        if digit < start {
            digit = next_digit(start);
        }
        if at - start >= bytes_min {
            token(&text[start..at], digit < at);
        }
        if at - start <= 3 && text.get(at) == Some(&b'.') && marks.digits_end(start, text) == at {
            address_at(text, start, at).iter().for_each(|hole| token(hole.text(text), true));
        }
    }
}

#[inline(always)]
fn push_literal(text: &[u8], literal: Range<usize>, marks: &Marks, key: &mut Vec<u8>) {
    if marks.has_low() { push_escaped(&text[literal], key) } else { push_short(text, literal, key) }
}

/// The next text between quotes from `at` on.
fn next_quoted(marks: &Marks, mut at: usize) -> Option<Hole> {
    loop {
        let start = marks.quote(at)? + 1;
        let end = marks.quote(start)?;
        if (1..=QUOTED_BYTES_MAX).contains(&(end - start)) {
            return Some(Hole::new(HoleKind::Text, start..end, 0));
        }
        // An empty text has no variable; a long one is rather what stands between two quoted ones.
        at = if end == start { end + 1 } else { end };
    }
}

/// The next variable from `at` on, which is no byte within a token but its first.
#[inline(always)]
fn next_hole(text: &[u8], marks: &Marks, at: usize) -> Option<Hole> {
    let digit = marks.digit(at)?;
    if digit > at && is_token(text[digit - 1]) {
        let start = marks.token_start(digit);
        return Some(word_at(text, marks, at, start, marks.token_end(digit, text)));
    }
    let end = marks.digits_end(digit, text);
    if end < text.len() && is_token(text[end]) {
        return Some(word_at(text, marks, at, digit, marks.token_end(end, text)));
    }
    match end - digit {
        1..=3 => Some(address_at(text, digit, end).unwrap_or_else(|| decimal_at(text, digit, end))),
        4 | 8 | DIGITS_ABOVE_MAX.. => Some(word_at(text, marks, at, digit, end)),
        _ => Some(decimal_at(text, digit, end)),
    }
}

#[inline(always)]
fn decimal_at(text: &[u8], start: usize, end: usize) -> Hole {
    Hole::new(HoleKind::Decimal, start..end, u128::from(notation::decimal(&text[start..end])))
}

/// A token that is no short decimal: perhaps part of a UUID, perhaps a decimal after all.
#[inline(always)]
fn word_at(text: &[u8], marks: &Marks, from: usize, start: usize, end: usize) -> Hole {
    if let Some(hole) = uuid_at(text, marks, from, start, end) {
        return hole;
    }
    if matches!(end - start, 4 | 8) && text[start..end].iter().all(u8::is_ascii_digit) {
        return decimal_at(text, start, end);
    }
    Hole::new(HoleKind::Word, start..end, 0)
}

/// A UUID that the token begins, or whose second part it is because the first had only letters.
#[inline(always)]
fn uuid_at(text: &[u8], marks: &Marks, from: usize, start: usize, end: usize) -> Option<Hole> {
    let start = match end - start {
        8 => start,
        4 if start >= from + 9 && text[start - 1] == b'-' && marks.token_start(start - 2) == start - 9 => {
            start - 9
        }
        _ => return None,
    };
    let end = start + UUID_BYTES;
    if text.get(start + 8) != Some(&b'-') || text.get(end).is_some_and(|byte| is_token(*byte)) {
        return None;
    }
    let uuid = notation::uuid(text[start..].first_chunk::<UUID_BYTES>()?)?;
    Some(Hole::new(HoleKind::Uuid, start..end, u128::from_be_bytes(uuid)))
}

/// An address that the decimal begins and that is not part of a longer run of decimals and dots.
#[inline(always)]
fn address_at(text: &[u8], start: usize, end: usize) -> Option<Hole> {
    let may_be = text.get(end) == Some(&b'.') && (start == 0 || text[start - 1] != b'.');
    if !may_be {
        return None;
    }
    let (address, length) = notation::address(&text[start..])?;
    let end = start + length;
    let goes_on = text.get(end).is_some_and(|byte| is_token(*byte))
        || (text.get(end) == Some(&b'.') && text.get(end + 1).is_some_and(u8::is_ascii_digit));
    (!goes_on).then_some(Hole::new(HoleKind::Address, start..end, u128::from(address)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::form::Piece;
    use super::super::samples::any_text;
    use super::super::templates::Templates;
    use super::*;

    fn parts(text: &[u8]) -> Split {
        let mut parts = Split::default();
        split(text, &mut parts);
        parts
    }

    /// The text with its variables in brackets.
    fn shown(text: &str) -> String {
        shown_parts(text, &parts(text.as_bytes()))
    }

    fn shown_parts(text: &str, parts: &Split) -> String {
        let (mut shown, mut at) = (String::new(), 0);
        for hole in parts.holes() {
            let open = [' ', '[', '{', '<', '(', '«'][hole.kind as usize];
            shown.push_str(&text[at..hole.range().start]);
            shown.extend([&open.to_string(), &text[hole.range()], "|"]);
            at = hole.range().end;
        }
        shown + &text[at..]
    }

    #[test]
    fn tokens_with_digits_are_variables() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected);
        check("user 4711 logged in", "user [4711| logged in");
        check("blk_-17 of x9", "blk_-[17| of {x9|");
        check("0001 35ms é7", "[0001| {35ms| {é7|");
        check("1234567890123456789", "{1234567890123456789|");
        check("12.50 v1.2.3", "[12|.[50| {v1|.[2|.[3|");
        check("nothing here", "nothing here");
        check("", "");
    }

    #[test]
    fn addresses_stand_alone() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected);
        check("from 10.0.0.9:80", "from (10.0.0.9|:[80|");
        check("10.0.0.9.", "(10.0.0.9|.");
        check("1.2.3.4.5", "[1|.[2|.[3|.[4|.[5|");
        check("10.0.0.256 10.0.0.1x", "[10|.[0|.[0|.[256| [10|.[0|.[0|.{1x|");
    }

    #[test]
    fn uuids_are_found_whatever_they_begin_with() {
        let check = |text: &str, expected: &str| assert_eq!(shown(text), expected);
        let uuid = "123e4567-e89b-12d3-a456-42661417400f";
        check(&format!("id {uuid}!"), &format!("id <{uuid}|!"));
        let letters = "abcdefab-e89b-12d3-a456-42661417400f";
        check(letters, &format!("<{letters}|"));
        check(&format!("x{letters}"), "xabcdefab-{e89b|-{12d3|-{a456|-{42661417400f|");
        check(&format!("{uuid}0"), "{123e4567|-{e89b|-{12d3|-{a456|-{42661417400f0|");
        check("12345678-e89b", "[12345678|-{e89b|");
    }

    #[test]
    fn quoted_texts_are_variables_if_asked_for() {
        let check = |text: &str, expected: &str| {
            let mut parts = parts(text.as_bytes());
            split_quoted(text.as_bytes(), &mut parts);
            assert_eq!(shown_parts(text, &parts), expected);
        };
        check(r#"7 "GET /a9" 200 "" "x y""#, r#"[7| "«GET /a9|" [200| "" "«x y|""#);
        check(r#"a 1 "open 2"#, r#"a [1| "open [2|"#);
        check("none", "none");
        let long = format!("\"{}\"", "a".repeat(QUOTED_BYTES_MAX + 1));
        check(&format!("{long} 5 \"b"), &format!("{long}« 5 |\"b"));
    }

    #[test]
    fn all_tokens_are_reported() {
        let mut tokens = Vec::new();
        let text = b"at 10.0.0.9: a b12 cd_ef";
        let report = &mut |token: &[u8], has_digit| {
            assert_eq!(has_digit, token.iter().any(u8::is_ascii_digit));
            tokens.push(String::from_utf8(token.to_vec()).unwrap());
        };
        for_each_token(text, 2, &mut Split::default(), report);
        assert_eq!(tokens, ["at", "10", "10.0.0.9", "b12", "cd_ef"]);
    }

    /// Tokens and the addresses among the variables, sorted.
    fn tokens_slowly(text: &[u8]) -> Vec<Vec<u8>> {
        let tokens = text.split(|byte| !is_token(*byte)).filter(|token| token.len() >= 2);
        let parts = parts(text);
        let addresses = parts.holes().iter().filter(|hole| hole.kind == HoleKind::Address);
        let mut all: Vec<_> = tokens.chain(addresses.map(|hole| hole.text(text))).map(Vec::from).collect();
        all.sort();
        all
    }

    /// The literals and the variables are the text, and the key is that of its template.
    fn check_parts(text: &[u8], parts: &Split) {
        let templates = Templates::of_key(parts.key()).unwrap();
        let template = templates.template(1);
        assert_eq!(template.key(), parts.key());
        let (mut again, mut holes) = (Vec::new(), parts.holes().iter());
        for piece in template.pieces() {
            match piece {
                Piece::Literal(literal) => again.extend_from_slice(literal),
                Piece::Hole(kind) => {
                    let hole = holes.next().unwrap();
                    assert_eq!(hole.kind, kind);
                    again.extend_from_slice(hole.text(text));
                }
            }
        }
        assert_eq!(again, text);
        assert_eq!(holes.next(), None);
    }

    proptest! {
        #[test]
        fn tokens_are_those_of_the_text(text in prop_oneof![
            any_text(),
            "([0-9]{1,4}[.]{1,2}|[a-c]|-| ){0,14}".prop_map(String::into_bytes),
        ]) {
            let mut found = Vec::new();
            for_each_token(&text, 2, &mut Split::default(), &mut |token: &[u8], has_digit| {
                assert_eq!(has_digit, token.iter().any(u8::is_ascii_digit));
                found.push(token.to_vec());
            });
            found.sort();
            prop_assert_eq!(found, tokens_slowly(&text));
        }

        #[test]
        fn literals_and_variables_are_the_text(text in any_text()) {
            check_parts(&text, &parts(&text));
            let mut quoted = parts(&text);
            split_quoted(&text, &mut quoted);
            check_parts(&text, &quoted);
            let templates = Templates::of_key(parts(&text).key()).unwrap();
            prop_assert!(!templates.literals().bytes().iter().any(u8::is_ascii_digit));
        }
    }
}
