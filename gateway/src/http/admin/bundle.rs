//! `GET /api/admin/support-bundle/`: what somebody has to know who is to help, as one file.
//!
//! Invariant: only operators come here; what goes in is masked by the bundle itself. It keeps nothing.

use std::sync::Arc;

use antler_actors::platform::Depth;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use super::jobs;
use crate::http::Shared;
use crate::http::error::ApiError;
use crate::http::{health, metrics};
use crate::support::Bundle;

pub(super) async fn bundle(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let config = shared.config.clone();
    let of_machine = tokio::task::spawn_blocking(move || Bundle::of_machine(&config));
    let mut bundle = of_machine.await.map_err(|_| ApiError::Internal)?;
    bundle.add_json("health.json", &health::examined(&shared).await);
    bundle.add_text("metrics.txt", &metrics::exposition(&shared).await);
    match super::tree_of(&shared, Depth::Everything).await {
        Ok(tree) => bundle.add_json("actors.json", &tree),
        Err(error) => bundle.add_text("actors.txt", &error.to_string()),
    }
    bundle.add_json("upkeep.json", &jobs::all(&shared));
    bundle.add_json("slow-queries.json", &shared.slow.latest(None));
    bundle.add_text("own-log.txt", &shared.own_log.text());
    let now_s = u64::try_from(shared.clock.now().nanos() / 1_000_000_000).unwrap_or_default();
    let packed = bundle.packed(now_s).map_err(|error| {
        tracing::error!(%error, "a support bundle cannot be made");
        ApiError::Internal
    })?;
    let name = "attachment; filename=\"antler-support.tar.gz\"";
    Ok(([(CONTENT_TYPE, "application/gzip"), (CONTENT_DISPOSITION, name)], packed).into_response())
}
