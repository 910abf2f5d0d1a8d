//! What senders of lines are answered.
//!
//! Invariant: a repeat gets the same status and the same bytes as the first request, because both are made here of the
//! same facts. It does not decide what is answered.

use antler_events::event::note::{AnswerForm, NamedError};
use antler_events::wire::Receipt;
use antler_projections::index::port::LineId;
use antler_projections::views::answers::Remembered;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;

use super::super::answer;

#[derive(Debug, Serialize)]
struct One<'a> {
    id: String,
    receipt: &'a Receipt,
}

#[derive(Debug, Serialize)]
struct Many<'a> {
    accepted: u64,
    rejected: u64,
    errors: Vec<RejectedLine<'a>>,
    receipt: Option<&'a Receipt>,
}

#[derive(Debug, Serialize)]
struct RejectedLine<'a> {
    line: u64,
    code: &'a str,
    message: &'a str,
}

/// There was no line.
pub(super) fn nothing() -> Response {
    answer::json(StatusCode::OK, &Many { accepted: 0, rejected: 0, errors: Vec::new(), receipt: None })
}

pub(super) fn repeated(known: &Remembered) -> Response {
    let answered = &known.answered;
    first(answered.form, (answered.accepted, answered.rejected), &answered.errors, &known.receipt)
}

pub(super) fn first(
    form: AnswerForm,
    (accepted, rejected): (u64, u64),
    errors: &[NamedError],
    receipt: &Receipt,
) -> Response {
    if form == AnswerForm::One {
        let id = LineId { partition: receipt.partition, offset: receipt.first, line: 0 }.to_string();
        return answer::json(StatusCode::CREATED, &One { id, receipt });
    }
    let status = if rejected == 0 { StatusCode::OK } else { StatusCode::MULTI_STATUS };
    let errors = errors.iter().map(RejectedLine::from).collect();
    answer::json(status, &Many { accepted, rejected, errors, receipt: Some(receipt) })
}

impl<'a> From<&'a NamedError> for RejectedLine<'a> {
    fn from(error: &'a NamedError) -> Self {
        let NamedError { line, code, message } = error;
        Self { line: *line, code, message }
    }
}
