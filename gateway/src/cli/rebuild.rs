//! `antler rebuild VIEW`: folds a view anew from the event log, and says whether the old one was right.
//!
//! Invariant: the old view stays until the new one is whole; a folder that a server uses is refused. It changes no event.

use std::io::Write;
use std::sync::Arc;

use antler_events::files::RealFiles;
use antler_projections::index::port::InlineWorkers;
use antler_projections::views::port::{ViewError, ViewStore};
use antler_projections::views::rebuild::{RebuildError, Rebuilt, rebuild};
use antler_projections::views::redb::{RedbViews, ViewOpenError};
use clap::Args;

use super::{CommandError, Outcome, SettingFlags};
use crate::compose::{self, ComposeError};
use crate::data_folder::{DataFolder, DataFolderError};

/// Why a view was not folded anew.
#[derive(Debug, thiserror::Error)]
pub enum RebuildCommandError {
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    Open(#[from] ViewOpenError),
    #[error(transparent)]
    Rebuild(#[from] RebuildError),
    #[error(transparent)]
    Views(#[from] ViewError),
    #[error("the system refused what every program needs")]
    System(#[from] std::io::Error),
}

impl RebuildCommandError {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::Folder(DataFolderError::NotAFolder { .. })
            | Self::Rebuild(RebuildError::UnknownView { .. }) => Outcome::WrongUsage,
            _ => Outcome::FoundProblem,
        }
    }
}

/// Flags of `rebuild`.
#[derive(Debug, Args)]
pub(super) struct RebuildFlags {
    /// The view: tenants, members, keys, names, sessions, searches, uploads or audit
    #[arg(value_name = "VIEW")]
    view: String,
}

pub(super) fn run(
    settings: &SettingFlags,
    flags: &RebuildFlags,
    out: &mut dyn Write,
) -> Result<Outcome, CommandError> {
    let config = settings.load()?.config;
    let rebuilt = rebuild_view(&config, &flags.view)?;
    let Rebuilt { view, after, events, .. } = rebuilt;
    writeln!(out, "view {view}: folded {events} control events; hash {after}")?;
    if rebuilt.was_right() {
        writeln!(out, "the view was right")?;
        return Ok(Outcome::Done);
    }
    writeln!(out, "the view was wrong and has been replaced")?;
    Ok(Outcome::FoundProblem)
}

fn rebuild_view(config: &antler_config::Config, view: &str) -> Result<Rebuilt, RebuildCommandError> {
    let folder = DataFolder::open(&RealFiles, &config.storage.data)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let log = compose::open_log(&folder, config).await?;
        let views = RedbViews::open(&RealFiles, &folder.views_file(), Arc::new(InlineWorkers))?;
        let rebuilt = rebuild(&views, &*log.log, view).await?;
        views.flush().await?;
        Ok(rebuilt)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuilt(dir: &std::path::Path, view: &str) -> Result<(Outcome, String), CommandError> {
        let settings = SettingFlags { data: Some(dir.display().to_string()), ..SettingFlags::default() };
        let mut out = Vec::new();
        let outcome = run(&settings, &RebuildFlags { view: view.to_owned() }, &mut out)?;
        Ok((outcome, String::from_utf8(out).unwrap()))
    }

    #[test]
    fn a_view_that_is_right_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataFolder::open_or_create(&RealFiles, dir.path()).unwrap());
        for _ in 0..2 {
            let (outcome, text) = rebuilt(dir.path(), "keys").unwrap();
            assert_eq!(outcome, Outcome::Done, "{text}");
            assert!(
                text.contains("folded 0 control events") && text.contains("the view was right"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_view_with_a_foreign_document_is_replaced() {
        use antler_events::ids::{Offset, PartitionId};
        use antler_projections::views::port::{Fold, ViewName, ViewWrite};
        let dir = tempfile::tempdir().unwrap();
        let folder = DataFolder::open_or_create(&RealFiles, dir.path()).unwrap();
        let views = RedbViews::open(&RealFiles, &folder.views_file(), Arc::new(InlineWorkers)).unwrap();
        let write = ViewWrite::Put { key: "foreign".into(), document: "x".into() };
        let fold = Fold { partition: PartitionId::new(0), next: Offset::new(2), writes: vec![write] };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(views.apply(ViewName::in_form("keys", 2), fold)).unwrap();
        runtime.block_on(views.flush()).unwrap();
        drop((views, folder));
        let (outcome, text) = rebuilt(dir.path(), "keys").unwrap();
        assert_eq!(outcome, Outcome::FoundProblem, "{text}");
        assert!(text.contains("was wrong and has been replaced"), "{text}");
        assert_eq!(rebuilt(dir.path(), "keys").unwrap().0, Outcome::Done);
    }

    #[test]
    fn an_unknown_view_is_wrong_usage() {
        let dir = tempfile::tempdir().unwrap();
        drop(DataFolder::open_or_create(&RealFiles, dir.path()).unwrap());
        let error = rebuilt(dir.path(), "things").unwrap_err();
        assert_eq!(error.outcome(), Outcome::WrongUsage);
        assert!(error.to_string().contains("the views are tenants, members"), "{error}");
    }
}
