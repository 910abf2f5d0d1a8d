//! The body of a saved search: what is to be saved or changed, and whether it can be.
//!
//! Invariant: nothing is overlooked: a field that is unknown is refused by its name. It does not look up anything.

use std::collections::BTreeMap;

use antler_config::limits::{AccountLimits, SearchesLimits};
use antler_events::clock::Timestamp;
use antler_events::event::asked::Asked;
use antler_events::event::search::{SearchChange, SearchContent};
use antler_events::identity::DisplayName;
use serde_json::Value;

use super::super::asked;
use super::super::parameters::{Parameters, scalar};
use super::super::question::QUERY;
use super::super::refusal::invalid;
use super::super::template;
use crate::http::error::ApiError;

/// What an answer says beside; it may come back and changes nothing.
const SAID_BY_ANSWERS: &[&str] = &["id", "owner", "created_at", "updated_at", "permalink", "parameters"];
/// A value of the right form for each place of a template.
const SAMPLE: &str = "1";

/// How a body is read.
#[derive(Debug)]
pub(super) struct Body<'a> {
    pub limits: &'a SearchesLimits,
    pub account_limits: &'a AccountLimits,
    pub now: Timestamp,
}

impl Body<'_> {
    /// A search that is new.
    pub(super) fn content(&self, parameters: Parameters) -> Result<SearchContent, ApiError> {
        let change = self.change(parameters, true)?;
        let name = change.name.clone().expect("a whole body has a name");
        let content = change.over(&SearchContent {
            name,
            description: String::new(),
            asked: Asked::default(),
            columns: Vec::new(),
            is_shared: false,
            is_template: false,
        });
        self.check(&content).map(|()| content)
    }

    /// A whole body says everything, and what it leaves out by being silent.
    pub(super) fn change(
        &self,
        mut parameters: Parameters,
        is_whole: bool,
    ) -> Result<SearchChange, ApiError> {
        let says = |parameters: &Parameters, names: &[&str]| is_whole || parameters.has(names);
        let (says_name, says_description) =
            (says(&parameters, &["name"]), says(&parameters, &["description"]));
        let (says_query, says_syntax) = (says(&parameters, QUERY), says(&parameters, &["syntax"]));
        let (says_filters, says_columns) =
            (is_whole || asked::has_filters(&parameters), says(&parameters, &["columns"]));
        let name = parameters.text(&["name"])?.map(|text| self.name(&text)).transpose()?;
        if says_name && name.is_none() {
            return Err(invalid("name", "it is missing: say what the search is called"));
        }
        let description = parameters.text(&["description"])?.unwrap_or_default();
        let Asked { query, syntax, filters } = asked::take_from_body(&mut parameters)?;
        let columns = parameters.list(&["columns"])?;
        let is_shared = parameters.flag("shared")?.or(is_whole.then_some(false));
        let is_template = parameters.flag("template")?.or(is_whole.then_some(false));
        parameters.values(SAID_BY_ANSWERS);
        parameters.refuse_unknown()?;
        Ok(SearchChange {
            name,
            description: says_description.then_some(description),
            query: says_query.then_some(query),
            syntax: says_syntax.then_some(syntax),
            filters: says_filters.then_some(filters),
            columns: says_columns.then_some(columns),
            is_shared,
            is_template,
        })
    }

    /// May it be saved like that?
    pub(super) fn check(&self, content: &SearchContent) -> Result<(), ApiError> {
        let limits = self.limits;
        let too_long = |field: &str, max: u64| invalid(field, format!("it may have {max} bytes; shorten it"));
        if content.asked.is_empty() {
            return Err(invalid(
                "query",
                "it is missing: a search has a query, or a filter other than a time",
            ));
        }
        if content.asked.bytes() > limits.question_bytes_max.as_usize() {
            return Err(too_long("query", limits.question_bytes_max.as_u64()));
        }
        if content.description.len() > limits.description_bytes_max as usize {
            return Err(too_long("description", limits.description_bytes_max.into()));
        }
        if content.columns.len() > limits.columns_max as usize {
            return Err(invalid("columns", format!("there may be {} of them", limits.columns_max)));
        }
        if content.columns.iter().any(|column| column.len() > limits.column_bytes_max as usize) {
            return Err(too_long("columns", limits.column_bytes_max.into()));
        }
        let mut asked = content.asked.clone();
        if content.is_template {
            asked.query = sample(&asked.query).map_err(|reason| invalid("query", reason))?;
        }
        asked::check(&asked, self.now)
    }

    fn name(&self, text: &str) -> Result<DisplayName, ApiError> {
        DisplayName::parse(text, self.account_limits).map_err(|error| invalid("name", error.to_string()))
    }
}

/// The values that a template is to be asked with.
pub(super) fn values(parameters: &mut Parameters) -> Result<BTreeMap<String, String>, ApiError> {
    let mut values = BTreeMap::new();
    for (_, value) in parameters.values(&["parameters"]) {
        let Value::Object(fields) = value else {
            return Err(invalid("parameters", "it is an object, such as {\"service\":\"web\"}"));
        };
        for (name, value) in fields {
            let text = scalar("parameters", value)?;
            values.insert(name, text);
        }
    }
    Ok(values)
}

fn sample(query: &str) -> Result<String, String> {
    let places = template::places(query)?;
    let values = places.iter().map(|place| (place.name.to_owned(), SAMPLE.to_owned())).collect();
    template::filled(query, &places, &values)
}
