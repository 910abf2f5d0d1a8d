//! What begins and ends with a whole tenant: its archives and its erasure.
//!
//! Invariant: both work on the same files and the same log as all others. It starts nothing.

use std::sync::Arc;

use antler_actors::erasure::Erasures;
use antler_actors::notes::Notes;
use antler_actors::search_history::SearchHistory;
use antler_config::Config;
use antler_events::files::RealFiles;
use antler_events::log::EventLog;
use antler_events::randomness::SystemRandomness;
use antler_projections::index::port::SearchIndex;
use antler_projections::views::arrivals::ArrivalViews;

use super::ComposeError;
use crate::archive::store::ArchiveStore;
use crate::archive::{ArchiveParts, Archives};
use crate::credentials::receipt_key::ReceiptKey;
use crate::data_folder::DataFolder;
use crate::erased_files::ErasedFiles;
use crate::http::auth::Gate;
use crate::http::logs::IngestState;
use crate::http::uploads::UploadsState;

pub(super) fn erasures(
    folder: &DataFolder,
    (index, arrivals, history, gate, uploads): (
        &Arc<dyn SearchIndex>,
        &ArrivalViews,
        &SearchHistory,
        &Gate,
        &UploadsState,
    ),
    (notes, archives): (&Notes, &Arc<Archives>),
) -> Result<Arc<Erasures>, ComposeError> {
    Ok(Arc::new(Erasures {
        system: Arc::clone(uploads.uploads.system()),
        uploads: Arc::clone(&uploads.uploads),
        index: Arc::clone(index),
        arrivals: arrivals.clone(),
        notes: notes.clone(),
        history: history.clone(),
        key_use: Arc::clone(&gate.key_use),
        files: Arc::new(ErasedFiles { uploads: Arc::clone(&uploads.store), archives: Arc::clone(archives) }),
        notary: Arc::new(ReceiptKey::open_or_create(&folder.credentials_dir(), &SystemRandomness)?),
    }))
}

pub(super) fn archive_store(folder: &DataFolder) -> Result<Arc<ArchiveStore>, ComposeError> {
    let store = ArchiveStore::open(Arc::new(RealFiles), folder.archives_dir());
    store.map(Arc::new).map_err(ComposeError::Archives)
}

pub(super) fn archives(
    config: &Config,
    store: Arc<ArchiveStore>,
    (index, log): (&Arc<dyn SearchIndex>, &Arc<dyn EventLog>),
    (ingest, uploads): (&IngestState, &UploadsState),
) -> Arc<Archives> {
    Arc::new(Archives::new(ArchiveParts {
        system: Arc::clone(&ingest.system),
        log: Arc::clone(log),
        index: Arc::clone(index),
        uploads: Arc::clone(&uploads.uploads),
        files: Arc::clone(&uploads.store),
        requests: ingest.requests.clone(),
        store,
        clock: Arc::clone(&ingest.clock),
        limits: config.limits.archives.clone(),
    }))
}
