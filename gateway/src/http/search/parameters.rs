//! Parameters: what a question was asked with, in the address and in the body.
//!
//! Invariant: each value is taken once, by the names that it may have; what nobody took is told to the caller. A wrong one
//! is refused with its name and the reason. It does not know what parameters mean.

use std::time::Duration;

use antler_events::access::StreamPatterns;
use antler_events::clock::Timestamp;
use antler_events::query::Moment;
use antler_events::query::tree::Filter;
use antler_events::query::value::units;
use axum::extract::{FromRef, FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::SearchState;
use super::refusal::invalid;
use crate::http::auth::Caller;
use crate::http::error::ApiError;
use crate::http::slow::Told;
use crate::http::small_body;

/// What is shown of a wrong value.
const SHOWN_CHARACTERS_MAX: usize = 80;

/// Parameters that nobody took yet, in their order.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Parameters {
    entries: Vec<(String, Value)>,
    /// The streams that whoever asks is kept to.
    kept_to: Option<StreamPatterns>,
    /// For whoever answers.
    pub(super) told: Told,
}

impl<S: Send + Sync> FromRequest<S> for Parameters
where
    SearchState: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes_max = SearchState::from_ref(state).limits.body_bytes_max.as_usize();
        let (parts, body) = request.into_parts();
        let mut parameters = Self::of_form(parts.uri.query().unwrap_or_default().as_bytes());
        parameters.kept_to = parts.extensions.get::<Caller>().and_then(Caller::kept_to).cloned();
        let body = small_body::receive(&parts.headers, body, bytes_max, "ask a shorter question").await?;
        if !body.is_empty() {
            let of_body = Self::of_body(&parts.headers, &body)?;
            if let Some(told) = parts.extensions.get::<Told>() {
                told.asked_in_body(of_body.form());
            }
            parameters.entries.extend(of_body.entries);
        }
        if let Some(told) = parts.extensions.get::<Told>() {
            let text = parameters.entries.iter().find(|(name, _)| ["q", "query"].contains(&name.as_str()));
            told.asked(text.and_then(|(_, text)| text.as_str()).unwrap_or_default());
            parameters.told = told.clone();
        }
        Ok(parameters)
    }
}

impl Parameters {
    /// As in the address of a page.
    pub(in crate::http) fn of_form(text: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(text);
        Self {
            entries: pairs.map(|(name, value)| (name.into_owned(), Value::from(value.as_ref()))).collect(),
            kept_to: None,
            told: Told::default(),
        }
    }

    /// As an address has them.
    fn form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.entries {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            form.append_pair(name, &text);
        }
        form.finish()
    }

    fn of_body(headers: &HeaderMap, body: &[u8]) -> Result<Self, ApiError> {
        let given = headers.get(header::CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let given = given.as_deref().unwrap_or("application/json");
        let media_type = given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => Ok(Self::of_form(body)),
            json if json == "application/json" || json.ends_with("+json") => {
                let object: Map<String, Value> =
                    serde_json::from_slice(body).map_err(|error| ApiError::BadBody {
                        reason: format!("the body cannot be read: it has to be one JSON object; {error}"),
                    })?;
                let entries = object.into_iter().filter(|(_, value)| !value.is_null()).collect();
                Ok(Self { entries, ..Self::default() })
            }
            _ => Err(ApiError::UnsupportedBody {
                reason: format!(
                    "a question is sent as application/json or as a form, and not as {}",
                    shown(given)
                ),
            }),
        }
    }

    /// What a line has to be for whoever asks to see it.
    pub(super) fn reach(&self) -> Filter {
        self.kept_to.clone().map_or(Filter::All, Filter::Filed)
    }

    /// The same parameters of somebody who is kept to streams.
    pub(super) fn within(self, kept_to: Option<&StreamPatterns>) -> Self {
        Self { kept_to: kept_to.cloned(), ..self }
    }

    /// Adds a value that was found inside another one.
    pub(super) fn put(&mut self, name: &str, value: Option<Value>) {
        self.entries.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// All values under some names.
    pub(super) fn values(&mut self, names: &[&str]) -> Vec<(String, Value)> {
        self.entries.extract_if(.., |(name, _)| names.contains(&name.as_str())).collect()
    }

    /// The one text under some names; none if it is empty.
    pub(in crate::http) fn text(&mut self, names: &[&str]) -> Result<Option<String>, ApiError> {
        let mut found: Option<String> = None;
        for (name, value) in self.values(names) {
            let text = scalar(&name, value)?;
            if found.as_ref().is_some_and(|known| *known != text) {
                return Err(invalid(&name, "it is given twice, and says two things; leave one out"));
            }
            found = Some(text);
        }
        Ok(found.filter(|text| !text.is_empty()))
    }

    /// All texts under some names: a list of JSON, or separated by commas.
    pub(super) fn list(&mut self, names: &[&str]) -> Result<Vec<String>, ApiError> {
        let mut list = Vec::new();
        for (name, value) in self.values(names) {
            match value {
                Value::Array(items) => {
                    for item in items {
                        list.push(scalar(&name, item)?);
                    }
                }
                value => list.extend(scalar(&name, value)?.split(',').map(|text| text.trim().to_owned())),
            }
        }
        list.retain(|text| !text.is_empty());
        Ok(list)
    }

    /// A whole number between two.
    pub(in crate::http) fn number(
        &mut self,
        names: &[&str],
        least: u32,
        most: u32,
    ) -> Result<Option<u32>, ApiError> {
        let name = self.name_of(names);
        let Some(text) = self.text(names)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let reason = || format!("it is a whole number from {least} to {most}, and not {}", shown(&text));
        number.map(Some).ok_or_else(|| invalid(&name, reason()))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<Option<bool>, ApiError> {
        let Some((_, value)) = self.values(&[name]).pop() else { return Ok(None) };
        match scalar(name, value)?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "" => Ok(Some(true)),
            "false" | "0" | "no" | "off" => Ok(Some(false)),
            other => Err(invalid(name, format!("it is true or false, and not {}", shown(other)))),
        }
    }

    /// A time, such as `2026-03-01`, `1772352000000` or `now-15m`.
    pub(in crate::http) fn moment(
        &mut self,
        names: &[&str],
        now: Timestamp,
    ) -> Result<Option<Moment>, ApiError> {
        let name = self.name_of(names);
        let Some(text) = self.text(names)? else { return Ok(None) };
        // A plus sign that was not escaped in an address has become a space.
        let moment = Moment::parse(&text, now).or_else(|| Moment::parse(&text.replace(' ', "+"), now));
        let reason = || {
            format!(
                "{} is no time; write it as 2026-03-01T08:00:00Z, as milliseconds since 1970, or as now-15m",
                shown(&text)
            )
        };
        moment.map(Some).ok_or_else(|| invalid(&name, reason()))
    }

    /// A stretch of time such as `30s` or `1h`; a plain number counts seconds.
    pub(super) fn duration(&mut self, name: &str) -> Result<Option<Duration>, ApiError> {
        let Some(text) = self.text(&[name])? else { return Ok(None) };
        let of_seconds = || text.parse().ok().map(Duration::from_secs);
        let of_text = || Some(Duration::from_nanos(units::duration(&text)?.try_into().ok()?));
        let found = of_seconds().or_else(of_text).filter(|found| *found >= Duration::from_millis(1));
        let reason = || format!("{} is no stretch of time; write it as 30s, 5m or 1h", shown(&text));
        found.map(Some).ok_or_else(|| invalid(name, reason()))
    }

    /// Takes a parameter if it says just this word.
    pub(super) fn take_word(&mut self, name: &str, word: &str) -> bool {
        let is_it = |(of, value): &mut (String, Value)| of == name && value.as_str() == Some(word);
        self.entries.extract_if(.., is_it).count() > 0
    }

    /// One of some words, with what each means.
    pub(in crate::http) fn choice<T: Copy>(
        &mut self,
        names: &[&str],
        choices: &[(&str, T)],
    ) -> Result<Option<T>, ApiError> {
        let name = self.name_of(names);
        let Some(text) = self.text(names)? else { return Ok(None) };
        let chosen = choices.iter().find(|(word, _)| *word == text);
        let words = || choices.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        chosen
            .map(|(_, meaning)| Some(*meaning))
            .ok_or_else(|| invalid(&name, format!("it is one of {}, and not {}", words(), shown(&text))))
    }

    /// Is there a value under one of these names?
    pub(super) fn has(&self, names: &[&str]) -> bool {
        self.entries.iter().any(|(name, _)| names.contains(&name.as_str()))
    }

    /// Where something is to be kept, nothing may be overlooked.
    pub(in crate::http) fn refuse_unknown(&self) -> Result<(), ApiError> {
        match self.entries.first() {
            None => Ok(()),
            Some((name, _)) => Err(invalid(name, "it is not known here; leave it out")),
        }
    }

    /// A sentence for each parameter that nobody took.
    pub(super) fn unknown(&self) -> Vec<String> {
        let sentence =
            |name: &String| format!("The parameter {} is not known here and was ignored.", shown(name));
        let mut sentences: Vec<String> = self.entries.iter().map(|(name, _)| sentence(name)).collect();
        sentences.dedup();
        sentences.truncate(10);
        sentences
    }

    /// The one of the names that was used.
    fn name_of(&self, names: &[&str]) -> String {
        let used = self.entries.iter().find(|(name, _)| names.contains(&name.as_str()));
        used.map_or_else(|| names[0].to_owned(), |(name, _)| name.clone())
    }
}

pub(super) fn scalar(name: &str, value: Value) -> Result<String, ApiError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        Value::Null => Ok(String::new()),
        Value::Array(_) | Value::Object(_) => Err(invalid(name, "it is one value, and no list or object")),
    }
}

/// As much of a text from outside as a message needs.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS_MAX) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}
