//! Limits of the settings, as the actors take them.
//!
//! Invariant: nothing is bounded here that the settings do not bound. It starts nothing.

use antler_actors::live::frame::FrameBounds;
use antler_actors::live::inbox::TailBounds;
use antler_actors::system::SystemLimits;
use antler_config::ByteSize;
use antler_config::limits::{IngestLimits, LineLimits, LiveLimits, UploadLimits};

pub(super) fn tail_bounds(limits: &LiveLimits, lines: &LineLimits) -> TailBounds {
    TailBounds {
        tails_max: limits.filters_per_tenant_max as usize,
        inbox_bytes_max: limits.inbox_bytes_max.as_usize(),
        waiting_bytes_max: limits.waiting_bytes_max.as_u64(),
        linger: limits.linger,
        frames: FrameBounds {
            lines_max: limits.frame_lines_max as usize,
            bytes_max: limits.frame_bytes_max.as_usize(),
        },
        lines: lines.clone(),
    }
}

pub(super) fn system_limits(limits: &IngestLimits, of_uploads: &UploadLimits) -> SystemLimits {
    let bytes = |size: ByteSize| u32::try_from(size.as_u64()).unwrap_or(u32::MAX);
    SystemLimits {
        tenant_bytes_max: bytes(limits.tenant_bytes_max),
        bytes_max: bytes(limits.bytes_max),
        writing_bytes_max: limits.writing_bytes_max.as_u64(),
        handover_bytes_max: limits.handover_bytes_max.as_usize(),
        jobs_max: of_uploads.jobs_max as usize,
        jobs_per_tenant_max: of_uploads.jobs_per_tenant_max as usize,
    }
}
