//! `/api/logs/metadata/stats/`: what was uploaded in some time, in sum and by day, hour, source or environment.
//!
//! Invariant: the groups add up to the sums. It counts files; lines are counted by searches.

use std::collections::BTreeMap;

use antler_actors::uploads::KeptUpload;
use antler_events::clock::Timestamp;
use antler_events::event::upload::UploadStage;
use antler_events::query::Moment;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use super::UploadsState;
use super::shown;
use crate::http::answer::json;
use crate::http::auth::Caller;
use crate::http::error::ApiError;

const DAYS: i64 = 30;
const DAYS_MAX: i64 = 3_650;
const DAY_NANOS: i64 = 86_400_000_000_000;

#[derive(Debug, Clone, Copy)]
enum GroupBy {
    Day,
    Hour,
    Source,
    Environment,
}

#[derive(Debug)]
struct Asked {
    from: Timestamp,
    to: Timestamp,
    group_by: GroupBy,
}

#[derive(Debug, Serialize)]
struct Statistics {
    from: String,
    to: String,
    #[serde(flatten)]
    sums: Sums,
    by_status: BTreeMap<&'static str, u64>,
    /// In seconds, of the files that were read to their ends.
    average_processing_time: Option<f64>,
    groups: Vec<Group>,
}

#[derive(Debug, Default, Clone, Serialize)]
struct Sums {
    total_uploads: u64,
    total_logs: u64,
    total_failed: u64,
    total_size: u64,
}

#[derive(Debug, Serialize)]
struct Group {
    key: String,
    #[serde(flatten)]
    sums: Sums,
}

pub(super) async fn statistics(
    caller: Caller,
    State(state): State<UploadsState>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let asked = Asked::of(&uri, state.clock.now())?;
    let mut found = state.uploads.list(caller.tenant).await?;
    found.retain(|(_, kept, _)| (asked.from..=asked.to).contains(&kept.created_at));
    let (mut sums, mut by_status) = (Sums::default(), BTreeMap::new());
    let mut groups = BTreeMap::<String, Sums>::new();
    let mut times_ms = Vec::new();
    for kept_upload in &found {
        let (.., upload) = kept_upload;
        sums.add(kept_upload);
        groups.entry(asked.group_by.key(kept_upload)).or_default().add(kept_upload);
        let stage = shown::stage(upload, state.uploads.now(caller.tenant, kept_upload).as_ref());
        *by_status.entry(shown::word_of(stage)).or_default() += 1;
        if let UploadStage::Finished { took_ms } = upload.stage {
            times_ms.push(took_ms);
        }
    }
    let seconds = times_ms.iter().sum::<u64>() as f64 / 1_000.0;
    let statistics = Statistics {
        from: asked.from.to_string(),
        to: asked.to.to_string(),
        sums,
        by_status,
        average_processing_time: (!times_ms.is_empty()).then(|| seconds / times_ms.len() as f64),
        groups: groups.into_iter().map(|(key, sums)| Group { key, sums }).collect(),
    };
    Ok(json(StatusCode::OK, &statistics))
}

impl Sums {
    fn add(&mut self, (_, _, upload): &KeptUpload) {
        self.total_uploads += 1;
        self.total_logs += upload.counts.indexed;
        self.total_failed += upload.counts.failed;
        self.total_size += upload.received.file_bytes;
    }
}

impl GroupBy {
    fn key(self, (_, kept, upload): &KeptUpload) -> String {
        let at = kept.created_at.to_string();
        let or_none = |value: &Option<String>| value.clone().unwrap_or_default();
        match self {
            Self::Day => at.chars().take(10).collect(),
            Self::Hour => format!("{}:00:00Z", at.chars().take(13).collect::<String>()),
            Self::Source => or_none(&upload.received.source),
            Self::Environment => or_none(&upload.received.environment),
        }
    }
}

impl Asked {
    fn of(uri: &Uri, now: Timestamp) -> Result<Self, ApiError> {
        let back = |days: i64| Timestamp::from_nanos(now.nanos().saturating_sub(days * DAY_NANOS));
        let mut asked = Self { from: back(DAYS), to: now, group_by: GroupBy::Day };
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            let wrong =
                |reason: String| ApiError::InvalidParameter { field: name.clone().into_owned(), reason };
            let moment = || {
                let reason = || wrong("it is a time, such as 2026-03-01 or now-7d".to_owned());
                Moment::parse(&value, now).ok_or_else(reason)
            };
            match &*name {
                "days" => {
                    let days = value.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days));
                    let reason = || wrong(format!("it has to be a number from 1 to {DAYS_MAX}"));
                    asked.from = back(days.ok_or_else(reason)?);
                }
                "start" | "start_date" | "from" => asked.from = moment()?.start,
                "end" | "end_date" | "to" => asked.to = moment()?.end,
                "group_by" => {
                    asked.group_by = match &*value {
                        "day" => GroupBy::Day,
                        "hour" => GroupBy::Hour,
                        "source" => GroupBy::Source,
                        "environment" => GroupBy::Environment,
                        _ => return Err(wrong("it is day, hour, source or environment".to_owned())),
                    }
                }
                _ => {
                    let reason =
                        "there is no such parameter; there are days, start, end and group_by".to_owned();
                    return Err(wrong(reason));
                }
            }
        }
        Ok(asked)
    }
}
