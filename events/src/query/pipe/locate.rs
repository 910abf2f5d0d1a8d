//! Where in the text of a query a pipe asks for what is not there.
//!
//! Invariant: the place lies inside the pipe that is wrong. It finds one mistake: what comes behind depends on it.

use super::parse::nearest_of;
use super::{Context, Pipe, PipeError, Pipeline};
use crate::query::diagnose::{Diagnostic, Diagnostics, Span};

/// Tells why the pipes, with their places in the text, cannot work, if they cannot.
pub fn check(text: &str, pipes: &[(Pipe, Span)], context: &Context, diagnostics: &mut Diagnostics) {
    let bare: Vec<Pipe> = pipes.iter().map(|(pipe, _)| pipe.clone()).collect();
    let Err(error) = Pipeline::new(&bare, context) else { return };
    let span = pipes.get(error.pipe).map_or(Span::at(text.len()), |(_, span)| *span);
    diagnostics.push(diagnostic(text, span, &error.source));
}

fn diagnostic(text: &str, span: Span, error: &PipeError) -> Diagnostic {
    let message = sentence(error);
    match error {
        PipeError::UnknownColumn { name, known, .. } => {
            let diagnostic = Diagnostic::error(place_of(text, span, name), "unknown_column", message);
            let near = nearest_of(name, &mut known.iter().map(String::as_str));
            let diagnostic = diagnostic.expecting("the name of a column");
            near.map_or(diagnostic.clone(), |near| diagnostic.suggesting(near))
        }
        PipeError::ColumnTwice { name } => {
            Diagnostic::error(place_of(text, span, name), "name_twice", message)
        }
        PipeError::WholeLine => Diagnostic::error(span, "field_missing", message),
        PipeError::BadRegex { .. } | PipeError::NoGroup => Diagnostic::error(span, "bad_regex", message),
        PipeError::Template(_) => Diagnostic::error(span, "bad_template", message),
        PipeError::Value(_) => Diagnostic::error(span, "bad_value", message),
    }
}

/// The error, with its cause, as a sentence.
fn sentence(error: &PipeError) -> String {
    let message = error.to_string();
    let cause = match error {
        PipeError::BadRegex { source } => format!(": {source}"),
        _ => String::new(),
    };
    let mut characters = message.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(cause.chars()).chain(['.']).collect()
}

/// Where the name stands in the pipe, as a whole word; else the whole pipe.
fn place_of(text: &str, span: Span, name: &str) -> Span {
    let part_of_name = |one: char| one.is_alphanumeric() || "_.@-".contains(one);
    let inside = span.of(text);
    let whole = |(at, found): &(usize, &str)| {
        !inside[..*at].ends_with(part_of_name) && !inside[at + found.len()..].starts_with(part_of_name)
    };
    let found = inside.match_indices(name).find(whole);
    found.map_or(span, |(at, found)| Span::new(span.start + at, span.start + at + found.len()))
}
