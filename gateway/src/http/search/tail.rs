//! What a live tail watches: the same query and parameters as those of a search, made into the same filter.
//!
//! Invariant: what a tail shows is what a search for the same words finds. It knows no time but that in which it may begin,
//! and no pipes: they need all lines before they answer.

use antler_events::clock::Timestamp;
use antler_events::query::tree::Filter;
use antler_projections::index::port::Period;
use serde_json::{Map, Value};

use super::parameters::Parameters;
use super::question::Question;
use super::refusal::invalid;
use crate::http::auth::Caller;
use crate::http::error::ApiError;

/// Which lines are watched, and since when.
#[derive(Debug)]
pub(crate) struct Watched {
    pub filter: Filter,
    /// None: from now on.
    pub from: Option<Timestamp>,
    /// What whoever asks may want to know.
    pub notes: Vec<String>,
}

impl Watched {
    /// As in the address of a socket; `others` are parameters that mean something else there.
    pub(crate) fn of_address(
        caller: &Caller,
        text: &str,
        others: &[&str],
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let mut parameters = Parameters::of_form(text.as_bytes()).within(caller.kept_to());
        parameters.values(others);
        Self::read(&mut parameters, now)
    }

    /// As in a message.
    pub(crate) fn of_filters(
        caller: &Caller,
        filters: Map<String, Value>,
        now: Timestamp,
    ) -> Result<Self, ApiError> {
        let mut parameters = Parameters::default().within(caller.kept_to());
        let said = filters.into_iter().filter(|(_, value)| !value.is_null());
        said.for_each(|(name, value)| parameters.put(&name, Some(value)));
        Self::read(&mut parameters, now)
    }

    fn read(parameters: &mut Parameters, now: Timestamp) -> Result<Self, ApiError> {
        let question = Question::read(parameters, now)?;
        if !question.pipes.is_empty() {
            let message =
                "a live tail shows lines as they come, so its query has no pipes; leave out what follows |";
            return Err(ApiError::InvalidQuery { message: message.to_owned(), details: Map::new() });
        }
        if question.period.last != Period::ALWAYS.last {
            return Err(invalid("to", "a live tail has no end; leave it out, or search"));
        }
        let first = question.period.first;
        let from = (first != Period::ALWAYS.first).then_some(first);
        let notes = question.notes.into_iter().chain(parameters.unknown());
        Ok(Self { filter: question.filter, from, notes: notes.collect() })
    }
}
