//! The view of uploaded files: each by tenant and id.
//!
//! Invariant: a file that was deleted keeps its document, so that it is known that its lines are not to be found. It does
//! not hold the bytes of files.

use antler_events::event::ControlEvent;
use antler_events::event::upload::{
    self, Upload, UploadCounts, UploadEvent, UploadLabels, UploadReceived, UploadStage,
};
use antler_events::ids::UploadId;
use serde::{Deserialize, Serialize};

use super::fold::Folded;
use super::port::ViewName;

#[derive(Debug)]
pub(super) struct Uploads;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct UploadDocument {
    received: UploadReceived,
    labels: UploadLabels,
    counts: UploadCounts,
    stage: UploadStage,
}

impl Folded for Uploads {
    const VIEW: ViewName = ViewName::in_form("uploads", 2);
    type Id = UploadId;
    type State = Upload;
    type Event = UploadEvent;
    type Document = UploadDocument;

    fn id(text: &str) -> Option<UploadId> {
        UploadId::parse(text).ok()
    }

    fn event(event: &ControlEvent) -> Option<(UploadId, &UploadEvent)> {
        match event {
            ControlEvent::Upload(upload, event) => Some((*upload, event)),
            _ => None,
        }
    }

    fn evolve(state: &mut Option<Upload>, event: &UploadEvent) {
        upload::evolve(state, event);
    }

    fn store(upload: &Upload) -> UploadDocument {
        let Upload { received, labels, counts, stage } = upload.clone();
        UploadDocument { received, labels, counts, stage }
    }

    fn restore(document: UploadDocument) -> Upload {
        let UploadDocument { received, labels, counts, stage } = document;
        Upload { received, labels, counts, stage }
    }
}
