//! Texts of times: how a time was written, so that the moment alone gives the text again.
//!
//! Invariant: a form that was recognised prints the time as exactly the text it was recognised in. A text
//! that no form prints (`2016-12-31T23:59:60Z`, ten digits of fraction, `1.7e9`) has none and stays text.
//! It does not read times: `antler_events::line::timestamp` does.

use antler_events::clock::Timestamp;

use self::print::TEXT_BYTES_MAX;

pub use self::form::TimeForm;

mod candidate;
mod form;
mod print;

#[cfg(test)]
mod tests;

/// The form that prints `time` as `text`. `hint` is tried first: the form of the line before.
#[inline]
pub fn recognise(text: &[u8], time: Timestamp, hint: TimeForm) -> Option<TimeForm> {
    if prints(hint, time, text) {
        return Some(hint);
    }
    let form = candidate::form_of(text)?;
    prints(form, time, text).then_some(form)
}

/// Appends `time` as `form` writes it.
#[inline]
pub fn write(form: TimeForm, time: Timestamp, out: &mut Vec<u8>) {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let length = print::print(form, time, &mut buffer);
    out.extend_from_slice(&buffer[..length]);
}

#[inline]
fn prints(form: TimeForm, time: Timestamp, text: &[u8]) -> bool {
    let mut buffer = [0; TEXT_BYTES_MAX];
    let length = print::print(form, time, &mut buffer);
    buffer[..length] == *text
}
