//! The form that a text seems to have, by its shape alone.
//!
//! Invariant: if some form prints the text, the form that is found prints it too. It may find a form for a
//! text that is no time, or another moment: whoever asks prints the form and compares.

use super::form::{Ending, PATTERNS, TimeForm, Zone};

pub(super) fn form_of(text: &[u8]) -> Option<TimeForm> {
    match text {
        [_, _, _, _, b'-' | b'/', ..] => year_first(text),
        [b'0'..=b'9', ..] => epoch(text).or_else(|| pattern(text)),
        _ => pattern(text),
    }
}

fn year_first(text: &[u8]) -> Option<TimeForm> {
    let (fixed, rest) = text.split_first_chunk::<19>()?;
    TimeForm::year_first([fixed[4], fixed[10]], ending_to_the_end(rest)?)
}

/// The unit follows from the magnitude, as it does where the number is read.
fn epoch(text: &[u8]) -> Option<TimeForm> {
    let whole_digits = count_digits(text);
    let unit_digits = match whole_digits {
        9..=11 => 0,
        12..=14 => 3,
        15..=17 => 6,
        18..=19 => 9,
        _ => return None,
    };
    match &text[whole_digits..] {
        [] => TimeForm::epoch(unit_digits, 0),
        [b'.', fraction @ ..] if count_digits(fraction) == fraction.len() => {
            TimeForm::epoch(unit_digits, u32::try_from(fraction.len()).ok()?)
        }
        _ => None,
    }
}

fn pattern(text: &[u8]) -> Option<TimeForm> {
    PATTERNS.iter().enumerate().find_map(|(place, pattern)| matched(text, pattern, place))
}

/// Two ways to write a day may match one text; both print it.
fn matched(text: &[u8], pattern: &[u8], place: usize) -> Option<TimeForm> {
    let (mut rest, mut ending) = (text, Ending::default());
    for part in pattern {
        let length = match part {
            b'Y' => 4,
            b'm' | b'd' | b'e' | b'H' | b'M' | b'S' => 2,
            b'j' => count_digits(rest).clamp(1, 2),
            b'a' | b'b' => 3,
            b'f' => {
                (ending, rest) = fraction(rest)?;
                continue;
            }
            literal => {
                rest = rest.strip_prefix(&[*literal])?;
                continue;
            }
        };
        let (taken, after) = rest.split_at_checked(length)?;
        let fits = match part {
            b'a' | b'b' => taken.iter().all(u8::is_ascii_alphabetic),
            b'e' => (taken[0] == b' ' || taken[0] != b'0') && taken[1].is_ascii_digit(),
            _ => taken.iter().all(u8::is_ascii_digit),
        };
        if !fits {
            return None;
        }
        rest = after;
    }
    TimeForm::pattern(place, zone_to_the_end(rest, ending)?)
}

fn ending_to_the_end(text: &[u8]) -> Option<Ending> {
    let (ending, rest) = fraction(text)?;
    zone_to_the_end(rest, ending)
}

fn fraction(text: &[u8]) -> Option<(Ending, &[u8])> {
    let [mark @ (b'.' | b','), digits @ ..] = text else { return Some((Ending::default(), text)) };
    let fraction_digits = count_digits(digits);
    let ending = Ending {
        fraction_digits: u32::try_from(fraction_digits).ok()?,
        comma: *mark == b',',
        ..Ending::default()
    };
    Some((ending, &digits[fraction_digits..]))
}

fn zone_to_the_end(text: &[u8], ending: Ending) -> Option<Ending> {
    let (space_before_zone, text) = match text {
        [b' ', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (zone, minutes) = match *text {
        [] => (Zone::Nothing, 0),
        [_, a, b] if is_signed(text) => (Zone::Hours, number([a, b])? * 60),
        [_, a, b, c, d] if is_signed(text) => (Zone::Digits, number([a, b])? * 60 + number([c, d])?),
        [_, a, b, b':', c, d] if is_signed(text) => (Zone::Colon, number([a, b])? * 60 + number([c, d])?),
        _ => (named(text)?, 0),
    };
    Some(Ending { zone, space_before_zone, west: text.starts_with(b"-"), minutes, ..ending })
}

fn named(text: &[u8]) -> Option<Zone> {
    const NAMES: [&[u8]; 5] = [b"Z", b"z", b"UTC", b"GMT", b"UT"];
    NAMES.into_iter().find(|name| *name == text).map(Zone::Name)
}

fn is_signed(text: &[u8]) -> bool {
    matches!(text, [b'+' | b'-', ..])
}

fn number(digits: [u8; 2]) -> Option<u32> {
    let [tens, ones] = digits.map(|digit| digit.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then_some(u32::from(tens) * 10 + u32::from(ones))
}

fn count_digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}
