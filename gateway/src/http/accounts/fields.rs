//! The fields of a small JSON body.
//!
//! Invariant: no body is read beyond its limit, and a field that is wrong is named. It keeps no secret longer than the
//! request. It does not read bodies of logs.

use antler_config::limits::AccountLimits;
use antler_events::identity::DisplayName;
use axum::extract::Request;
use axum::http::{Extensions, HeaderValue, header};
use serde_json::{Map, Value};

use super::super::error::ApiError;
use super::super::small_body;

/// What the program that asks calls itself, as the request says.
#[derive(Debug, Clone)]
pub(super) struct ClientAgent(HeaderValue);

impl ClientAgent {
    /// None for one that no name can hold. A long one is cut.
    pub(super) fn of(extensions: &Extensions, limits: &AccountLimits) -> Option<DisplayName> {
        let text = extensions.get::<Self>()?.0.to_str().ok()?;
        let max = usize::from(limits.display_name_bytes_max);
        DisplayName::parse(&text[..text.len().min(max)], limits).ok()
    }
}

/// A JSON object.
pub(in crate::http) struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of a request, and what the layers said of it. No body at all has no fields.
    pub(in crate::http) async fn read(
        request: Request,
        bytes_max: u32,
    ) -> Result<(Self, Extensions), ApiError> {
        let (mut parts, body) = request.into_parts();
        if let Some(agent) = parts.headers.get(header::USER_AGENT) {
            parts.extensions.insert(ClientAgent(agent.clone()));
        }
        let bytes = small_body::receive(&parts.headers, body, bytes_max as usize, "send less").await?;
        Ok((Self::parse(&bytes)?, parts.extensions))
    }

    fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        if bytes.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            Ok(_) => Err(ApiError::BadBody { reason: "the body must be a JSON object".to_owned() }),
            Err(error) => {
                let reason =
                    format!("the body is not JSON at line {}, column {}", error.line(), error.column());
                Err(ApiError::BadBody { reason })
            }
        }
    }

    /// Is it there, even as null?
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    pub(in crate::http) fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// A text that must be there.
    pub(in crate::http) fn text(&self, field: &'static str) -> Result<&str, ApiError> {
        let missing = || ApiError::Field { field, reason: "it is missing".to_owned() };
        self.optional_text(field)?.ok_or_else(missing)
    }

    /// The first of these fields that is there; all name the same.
    pub(super) fn text_of(&self, fields: &[&'static str]) -> Result<&str, ApiError> {
        let found = fields.iter().find(|field| self.0.contains_key(**field));
        self.text(found.copied().unwrap_or(fields[0]))
    }

    pub(in crate::http) fn optional_text(&self, field: &'static str) -> Result<Option<&str>, ApiError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::Field { field, reason: "it must be a text".to_owned() }),
        }
    }

    /// Whatever it is.
    pub(super) fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// False if it is not there.
    pub(super) fn flag(&self, field: &'static str) -> Result<bool, ApiError> {
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(ApiError::Field { field, reason: "it must be true or false".to_owned() }),
        }
    }

    /// A whole number from 0 to `most`.
    pub(in crate::http) fn optional_whole(
        &self,
        field: &'static str,
        most: u64,
    ) -> Result<Option<u64>, ApiError> {
        let wrong = || ApiError::Field { field, reason: format!("it must be a whole number up to {most}") };
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_u64().filter(|number| *number <= most).map(Some).ok_or_else(wrong),
        }
    }

    pub(in crate::http) fn optional_texts(&self, field: &'static str) -> Result<Option<Vec<&str>>, ApiError> {
        let wrong = || ApiError::Field { field, reason: "it must be a list of texts".to_owned() };
        match self.0.get(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Array(list)) => {
                list.iter().map(Value::as_str).collect::<Option<_>>().map(Some).ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
        }
    }
}
