//! What a request with files says: the files, which go to the disk as they come, and what is said of their lines.
//!
//! Invariant: of a file at most a megabyte is in memory; a request that is refused, or ends early, leaves nothing behind.
//! It does not look into files.

use antler_events::event::upload::UploadLabels;
use antler_events::ids::TenantId;
use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts as Head;
use bytes::BytesMut;
use multer::{Field, Multipart};

use super::UploadsState;
use super::receiving::Room;
use crate::disk::on_disk;
use crate::http::error::{ApiError, LinesProblem};
use crate::upload::options::ReadOptions;
use crate::upload::store::NewFile;

/// What is written to the disk at once.
const WRITE_BYTES: usize = 1 << 20;
/// Bytes of a field that is no file, and how many of those there may be.
const FIELD_BYTES_MAX: usize = 16 << 10;
const FIELDS_MAX: usize = 100;
/// Bytes of a name, and how many tags there may be.
const NAME_BYTES_MAX: usize = 200;
const TAGS_MAX: usize = 50;
const DESCRIPTION_BYTES_MAX: usize = 2_000;

/// A request that was received.
#[derive(Debug)]
pub(super) struct Form {
    pub files: Vec<ReceivedFile>,
    pub said: Said,
    _room: Room,
}

#[derive(Debug)]
pub(super) struct ReceivedFile {
    pub name: String,
    pub file: NewFile,
}

/// What is said of the lines of all files.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub source: Option<String>,
    pub service: Option<String>,
    pub environment: Option<String>,
    pub labels: UploadLabels,
    /// How the files are to be read.
    pub options: Vec<(String, String)>,
}

impl Form {
    pub(super) async fn receive(
        tenant: TenantId,
        state: &UploadsState,
        head: &Head,
        body: Body,
    ) -> Result<Self, ApiError> {
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
            let reason = "files are sent as multipart/form-data, each as a part with the name \"file\"";
            ApiError::Lines { problem: LinesProblem::Form, reason: reason.to_owned() }
        })?;
        if head.headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            let reason = "a form with files is sent plain; the files in it may be gz, zstd or zip";
            return Err(ApiError::Lines { problem: LinesProblem::Form, reason: reason.to_owned() });
        }
        let stored = state.uploads.list(tenant).await?;
        let mut room = state.receiving.begin(tenant, &stored, state.uploads.limits())?;
        let mut parts = Multipart::new(body.into_data_stream(), boundary);
        let (mut files, mut said, mut fields) = (Vec::new(), Said::default(), 0);
        while let Some(field) = state.in_time(parts.next_field()).await? {
            let name = field.name().unwrap_or_default().to_owned();
            if matches!(name.as_str(), "file" | "files" | "file[]" | "files[]") {
                room.file()?;
                files.push(state.store_file(tenant, field, &mut room).await?);
                continue;
            }
            fields += 1;
            if fields > FIELDS_MAX {
                return Err(unreadable(format!("the form has more than {FIELDS_MAX} fields")));
            }
            let value = state.text(field).await?;
            said.take(&name, value)?;
        }
        if files.is_empty() {
            return Err(unreadable(
                "the form has no file: send one as a part with the name \"file\"".to_owned(),
            ));
        }
        Ok(Self { files, said, _room: room })
    }
}

impl UploadsState {
    /// Waits for the next bytes as long as a body may keep waiting.
    async fn in_time<T>(&self, next: impl Future<Output = multer::Result<T>>) -> Result<T, ApiError> {
        let within = self.ingest_limits.body_timeout;
        match tokio::time::timeout(within, next).await {
            Ok(Ok(next)) => Ok(next),
            Ok(Err(error)) => Err(unreadable(format!("the form cannot be read: {error}"))),
            Err(_) => {
                let reason = format!("nothing more came within {} s", within.as_secs_f64());
                Err(ApiError::Lines { problem: LinesProblem::Slow, reason })
            }
        }
    }

    async fn store_file(
        &self,
        tenant: TenantId,
        mut field: Field<'_>,
        room: &mut Room,
    ) -> Result<ReceivedFile, ApiError> {
        let name = harmless_name(field.file_name().unwrap_or_default());
        let bytes_max = self.uploads.limits().file_bytes_max;
        let id = self.uploads.accounts().new_upload_id()?;
        let store = std::sync::Arc::clone(&self.store);
        let mut file = on_disk(move || store.create(tenant, id)).await?;
        let (mut waiting, mut bytes) = (BytesMut::new(), 0);
        loop {
            let chunk = self.in_time(field.chunk()).await?;
            let is_end = chunk.is_none();
            let chunk = chunk.unwrap_or_default();
            bytes += chunk.len() as u64;
            if bytes > bytes_max.as_u64() {
                let reason = format!("{name} has more than {bytes_max}; pack it, or send it in parts");
                return Err(ApiError::Lines { problem: LinesProblem::TooLarge, reason });
            }
            room.bytes(chunk.len() as u64)?;
            waiting.extend_from_slice(&chunk);
            if waiting.len() >= WRITE_BYTES || is_end {
                let written = waiting.split().freeze();
                file = on_disk(move || file.append(&written).map(|()| file)).await?;
            }
            if is_end {
                return Ok(ReceivedFile { name, file });
            }
        }
    }

    async fn text(&self, mut field: Field<'_>) -> Result<String, ApiError> {
        let mut text = Vec::new();
        while let Some(chunk) = self.in_time(field.chunk()).await? {
            text.extend_from_slice(&chunk);
            if text.len() > FIELD_BYTES_MAX {
                return Err(unreadable(format!("a field of the form has more than {FIELD_BYTES_MAX} bytes")));
            }
        }
        String::from_utf8(text).map_err(|_| unreadable("a field of the form is no UTF-8".to_owned()))
    }
}

impl Said {
    fn take(&mut self, name: &str, value: String) -> Result<(), ApiError> {
        let said = || Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match name {
            "source" => {
                self.source = named("source", said())?;
                self.options.push((name.to_owned(), value));
            }
            "service_name" | "service" => self.service = named("service_name", said())?,
            "environment" | "env" => self.environment = named("environment", said())?,
            "description" => self.labels.description = description(&value)?,
            "tags" => self.labels.tags = tags(&value)?,
            _ => {
                let known =
                    ReadOptions::default().set(name, &value).map_err(|error| super::not_read(&error))?;
                if !known {
                    let shown: String = name.chars().take(60).collect();
                    let reason = "there is no such field; there are file, source, environment, service_name, tags, \
                                  description, format, delimiter, header, timestamp_format, timezone, multiline and \
                                  encoding";
                    return Err(ApiError::InvalidParameter { field: shown, reason: reason.to_owned() });
                }
                self.options.push((name.to_owned(), value));
            }
        }
        Ok(())
    }
}

fn named(field: &'static str, value: Option<String>) -> Result<Option<String>, ApiError> {
    match value {
        Some(value) if value.len() > NAME_BYTES_MAX => {
            Err(ApiError::Field { field, reason: format!("it may have {NAME_BYTES_MAX} bytes") })
        }
        value => Ok(value),
    }
}

pub(super) fn description(value: &str) -> Result<String, ApiError> {
    if value.len() > DESCRIPTION_BYTES_MAX {
        let reason = format!("it may have {DESCRIPTION_BYTES_MAX} bytes");
        return Err(ApiError::Field { field: "description", reason });
    }
    Ok(value.trim().to_owned())
}

/// A JSON array of texts, or texts between commas.
pub(super) fn tags(value: &str) -> Result<Vec<String>, ApiError> {
    let wrong = |reason: String| ApiError::Field { field: "tags", reason };
    let tags: Vec<String> = match value.trim_start().starts_with('[') {
        true => serde_json::from_str(value)
            .map_err(|_| wrong("it is a JSON array of texts, or texts between commas".to_owned()))?,
        false => value.split(',').map(str::to_owned).collect(),
    };
    let tags: Vec<String> =
        tags.iter().map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty()).collect();
    if tags.len() > TAGS_MAX || tags.iter().any(|tag| tag.len() > NAME_BYTES_MAX) {
        return Err(wrong(format!("there may be {TAGS_MAX} tags of {NAME_BYTES_MAX} bytes")));
    }
    Ok(tags)
}

/// The last part of a path, without characters that steer a terminal or a header.
fn harmless_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|character| !character.is_control());
    let mut name: String = plain.take(NAME_BYTES_MAX / 4).collect::<String>().trim().to_owned();
    if matches!(name.as_str(), "" | "." | "..") {
        "upload".clone_into(&mut name);
    }
    name
}

fn unreadable(reason: String) -> ApiError {
    ApiError::Lines { problem: LinesProblem::Unreadable, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_lead_nowhere() {
        for (given, name) in [
            ("app.log", "app.log"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\a b.log", "a b.log"),
            ("a\r\nX: y\".log", "aX: y\".log"),
            ("..", "upload"),
            ("", "upload"),
        ] {
            assert_eq!(harmless_name(given), name, "{given:?}");
        }
        assert_eq!(harmless_name(&"x".repeat(1_000)).len(), 50);
    }

    #[test]
    fn tags_are_a_list_in_either_form() {
        assert_eq!(tags("a, b,,").unwrap(), ["a", "b"]);
        assert_eq!(tags("[\"a\",\" b \"]").unwrap(), ["a", "b"]);
        assert_eq!(tags("").unwrap(), [] as [String; 0]);
        assert!(tags("[1]").unwrap_err().to_string().contains("a JSON array of texts"));
        assert!(tags(&"x,".repeat(51)).unwrap_err().to_string().contains("50 tags"));
    }

    #[test]
    fn a_field_that_is_unknown_or_wrong_is_named() {
        let take =
            |name: &str, value: &str| Said::default().take(name, value.to_owned()).unwrap_err().to_string();
        assert!(take("colour", "red").contains("the parameter colour cannot be used"));
        assert!(take("format", "xml").contains("choose auto, json, ndjson, csv, txt or log"));
        assert!(take("environment", &"x".repeat(201)).contains("200 bytes"));
    }
}
