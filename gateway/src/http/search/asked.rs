//! Questions that are kept: taken out of parameters as they were written, put back to be asked again, and shown.
//!
//! Invariant: what was taken and is put back asks the same. It does not keep anything.

use std::collections::BTreeMap;

use antler_events::clock::Timestamp;
use antler_events::event::asked::{self, Asked, Syntax};
use serde::Serialize;
use serde_json::{Map, Value};

use super::parameters::{Parameters, shown};
use super::question::{FROM, QUERY, Question, TO, filters};
use super::refusal::invalid;
use crate::http::error::ApiError;

const SYNTAXES: [(&str, Syntax); 2] = [("kql", Syntax::Kql), ("lucene", Syntax::Lucene)];

/// Takes the question out of the parameters of a search.
pub(super) fn take(parameters: &mut Parameters) -> Result<Asked, ApiError> {
    let query = parameters.text(QUERY)?.unwrap_or_default();
    let syntax = parameters.choice(&["syntax"], &SYNTAXES)?.unwrap_or_default();
    let mut taken = BTreeMap::new();
    for names in filters() {
        taken.insert(names[0].to_owned(), parameters.list(names)?);
    }
    for names in [FROM, TO] {
        taken.insert(names[0].to_owned(), parameters.text(names)?.into_iter().collect());
    }
    taken.retain(|_, values| !values.is_empty());
    Ok(Asked { query, syntax, filters: taken })
}

/// Takes it out of a body, where filters may stand in an object of their own.
pub(super) fn take_from_body(parameters: &mut Parameters) -> Result<Asked, ApiError> {
    for (_, value) in parameters.values(&["filters"]) {
        let Value::Object(fields) = value else {
            let reason = "it is an object, such as {\"level\":[\"error\"],\"from\":\"now-1h\"}";
            return Err(invalid("filters", reason));
        };
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
            if !all_filters().any(|names| names.contains(&name.as_str())) {
                let names: Vec<&str> = all_filters().map(|names| names[0]).collect();
                let reason = format!("there is no filter {}; there are {}", shown(&name), names.join(", "));
                return Err(invalid("filters", reason));
            }
            parameters.put(&name, Some(value));
        }
    }
    take(parameters)
}

/// Does a body say anything of filters?
pub(super) fn has_filters(parameters: &Parameters) -> bool {
    parameters.has(&["filters"]) || all_filters().any(|names| parameters.has(names))
}

/// Can it be asked?
pub(super) fn check(asked: &Asked, now: Timestamp) -> Result<(), ApiError> {
    Question::read(&mut again(asked, Parameters::default()), now).map(|_| ())
}

fn all_filters() -> impl Iterator<Item = &'static [&'static str]> {
    filters().chain([FROM, TO])
}

/// The parameters that ask it again. What is said anew takes the place of what was kept.
pub(super) fn again(asked: &Asked, anew: Parameters) -> Parameters {
    let mut parameters = anew;
    let names_of = |name: &str| all_filters().find(|names| names[0] == name);
    if !parameters.has(QUERY) {
        parameters.put(QUERY[0], Some(Value::from(asked.query.as_str())));
        parameters.values(&["syntax"]);
        parameters.put("syntax", Some(Value::from(asked.syntax.as_str())));
    }
    for (name, values) in &asked.filters {
        if names_of(name).is_some_and(|names| !parameters.has(names)) {
            parameters.put(name, Some(as_json(name, values)));
        }
    }
    parameters
}

/// A question as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct ShownQuestion {
    query: String,
    syntax: &'static str,
    filters: Map<String, Value>,
}

impl From<&Asked> for ShownQuestion {
    fn from(asked: &Asked) -> Self {
        let filter = |(name, values): (&String, &Vec<String>)| (name.clone(), as_json(name, values));
        let filters = asked.filters.iter().map(filter).collect();
        Self { query: asked.query.clone(), syntax: asked.syntax.as_str(), filters }
    }
}

/// A time is one text, and everything else a list.
fn as_json(name: &str, values: &[String]) -> Value {
    match (name, values) {
        (asked::FROM | asked::TO, [time]) => Value::from(time.as_str()),
        _ => Value::from(values),
    }
}
