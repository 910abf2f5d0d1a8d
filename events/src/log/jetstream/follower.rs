//! The follower of a partition: brings what any node has written.
//!
//! Invariant: it goes on behind the last message that this node has seen, whatever the server remembers of it; and a
//! stream that ends before that message is an alarm that stops the partition, because something that was acknowledged
//! is lost there. It answers nobody.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use futures_util::StreamExt as _;

use super::partition::Partition;
use super::pieces::piece_of;
use super::record::Assembly;

/// A server that says nothing for so long is asked anew: after a restart it has forgotten what it was asked.
const ASKED_EVERY: Duration = Duration::from_secs(2);
/// What the server may send ahead.
const BATCH_MESSAGES: i64 = 256;

/// Follows until the writer has ended.
pub(super) async fn follow(partition: Arc<Partition>) {
    let mut ended = partition.progress.subscribe();
    let following = async {
        loop {
            let Err(reason) = follow_once(&partition).await else { continue };
            tracing::warn!(partition = %partition.id, %reason, "the log is not followed; it is tried again");
            partition.pause().await;
        }
    };
    tokio::select! {
        () = following => {}
        _ = ended.wait_for(|progress| progress.ended) => {}
    }
}

/// Until the messages stop coming.
async fn follow_once(partition: &Partition) -> Result<(), String> {
    let (sequence, settled) = {
        let state = partition.state();
        (state.sequence, state.settled)
    };
    look_back(partition, sequence).await?;
    let config = pull::OrderedConfig {
        deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: settled + 1 },
        max_batch: BATCH_MESSAGES,
        max_expires: ASKED_EVERY,
        ..pull::OrderedConfig::default()
    };
    let consumer = partition.stream.create_consumer(config).await.map_err(|error| error.to_string())?;
    let mut messages = consumer.messages().await.map_err(|error| error.to_string())?;
    let mut assembly = Assembly::default();
    while let Some(message) = messages.next().await {
        let message = message.map_err(|error| error.to_string())?;
        let sequence = message.info().map_err(|error| error.to_string())?.stream_sequence;
        let piece = piece_of(message.headers.as_ref());
        partition.see(&mut assembly, sequence, piece, message.payload.clone());
    }
    Ok(())
}

/// A stream never goes backwards: if it has, what this node saw acknowledged is not there any more.
pub(super) async fn look_back(partition: &Partition, seen: u64) -> Result<(), String> {
    let info = partition.stream.get_info().await.map_err(|error| error.to_string())?;
    let last = info.state.last_sequence;
    if last >= seen {
        return Ok(());
    }
    let name = info.config.name;
    let reason = format!(
        "stream {name} ends at message {last}, and message {seen} had been stored: NATS has lost what it had \
         acknowledged, or was restored from a copy; look at its disks, then start again"
    );
    let mut state = partition.state();
    if state.stopped.is_none() {
        tracing::error!(partition = %partition.id, %reason, "the log goes backwards");
        state.counters.alarms += 1;
        state.stopped = Some(reason.as_str().into());
    }
    Err(reason)
}
