//! The streams of a log, as they are made and as they must be.
//!
//! Invariant: a stream is made with every setting said, or is found with the settings that it must have; one that has
//! others is told and left as it is. It reads and writes no message.

use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode};
use std::time::Duration;

use super::names::Names;
use super::{JetStreamOptions, OpenError};
use crate::ids::PartitionId;

/// The version of what lies in the streams.
const LAYOUT: &str = "1";
const LAYOUT_KEY: &str = "antler.layout";
const PARTITIONS_KEY: &str = "antler.partitions";
/// How long the server knows a message that came twice. It is a help, not what a record's place rests on.
const DUPLICATES_FOR: Duration = Duration::from_secs(120);

/// The settings of the stream of a partition.
pub(super) fn of_partition(names: &Names, options: &JetStreamOptions, partition: PartitionId) -> Config {
    let about = "events of Antler; only Antler writes here";
    Config { subjects: vec![names.records(partition)], ..stream(names.stream(partition), options, about) }
}

/// The settings of the stream of snapshots: the newest message of each subject counts.
pub(super) fn of_snapshots(names: &Names, options: &JetStreamOptions) -> Config {
    let about = "where Antler's nodes begin to read its events; only Antler writes here";
    Config {
        subjects: vec![names.snapshots()],
        max_messages_per_subject: 1,
        discard: DiscardPolicy::Old,
        ..stream(names.snapshots_stream(), options, about)
    }
}

fn stream(name: String, options: &JetStreamOptions, about: &str) -> Config {
    let said = [(LAYOUT_KEY, LAYOUT.to_owned()), (PARTITIONS_KEY, options.partitions.to_string())];
    Config {
        name,
        description: Some(about.to_owned()),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        discard: DiscardPolicy::New,
        num_replicas: options.replicas,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        max_message_size: -1,
        max_age: Duration::ZERO,
        duplicate_window: DUPLICATES_FOR,
        allow_direct: true,
        deny_delete: true,
        metadata: said.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
        ..Config::default()
    }
}

/// Makes a stream, or finds it as it must be; answers when it was made.
pub(super) async fn ensure(context: &Context, wanted: Config) -> Result<String, OpenError> {
    let name = wanted.name.clone();
    let failed = |reason: String| OpenError::Stream { name: name.clone(), reason };
    let found = match context.get_stream(&name).await {
        Ok(stream) => stream.cached_info().clone(),
        Err(error) if is_missing(&error) => match context.create_stream(&wanted).await {
            Ok(stream) => stream.cached_info().clone(),
            // Another node may have been as quick.
            Err(error) => match context.get_stream(&name).await {
                Ok(stream) => stream.cached_info().clone(),
                Err(_) => return Err(failed(error.to_string())),
            },
        },
        Err(error) => return Err(failed(error.to_string())),
    };
    let Info { config: found, created, .. } = found;
    let said = |config: &Config| config.metadata.get(PARTITIONS_KEY).cloned();
    if let (Some(recorded), Some(asked)) = (said(&found), said(&wanted))
        && recorded != asked
    {
        return Err(OpenError::Partitions { recorded, asked });
    }
    match differences(&wanted, &found) {
        differences if differences.is_empty() => Ok(created.to_string()),
        differences => Err(OpenError::OtherSettings { name, differences: differences.join("; ") }),
    }
}

fn is_missing(error: &async_nats::jetstream::context::GetStreamError) -> bool {
    use async_nats::jetstream::context::GetStreamErrorKind;
    matches!(error.kind(), GetStreamErrorKind::JetStream(error) if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// Each setting that is not as it must be.
fn differences(wanted: &Config, found: &Config) -> Vec<String> {
    let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let metadata = |config: &Config, key: &str| config.metadata.get(key).cloned().unwrap_or_default();
    let settings = |config: &Config| {
        [
            ("subjects", text(&config.subjects)),
            ("retention", text(&config.retention)),
            ("storage", text(&config.storage)),
            ("discard", text(&config.discard)),
            ("num_replicas", text(&config.num_replicas)),
            ("max_msgs", text(&config.max_messages)),
            ("max_bytes", text(&config.max_bytes)),
            ("max_msgs_per_subject", text(&config.max_messages_per_subject)),
            ("max_age", text(&config.max_age)),
            ("max_msg_size", text(&config.max_message_size)),
            ("no_ack", text(&config.no_ack)),
            ("sealed", text(&config.sealed)),
            ("deny_delete", text(&config.deny_delete)),
            ("deny_purge", text(&config.deny_purge)),
            ("allow_direct", text(&config.allow_direct)),
            ("mirror", text(&config.mirror.is_some())),
            ("sources", text(&config.sources.as_ref().is_some_and(|sources| !sources.is_empty()))),
            ("subject_transform", text(&config.subject_transform.is_some())),
            ("metadata antler.layout", metadata(config, LAYOUT_KEY)),
        ]
    };
    let pairs = settings(found).into_iter().zip(settings(wanted));
    let differ = pairs.filter(|((_, found), (_, wanted))| found != wanted);
    differ.map(|((key, found), (_, wanted))| format!("{key} is {found}, and must be {wanted}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_that_differs_is_named() {
        let (names, options) = (Names::new("antler").unwrap(), JetStreamOptions::new("nats://n1", 1));
        let wanted = of_partition(&names, &options, PartitionId::new(2));
        assert_eq!(differences(&wanted, &wanted), Vec::<String>::new());
        let found =
            Config { max_age: Duration::from_secs(5), storage: StorageType::Memory, ..wanted.clone() };
        let told = ["storage is Memory, and must be File", "max_age is 5s, and must be 0ns"];
        assert_eq!(differences(&wanted, &found), told);
    }
}
