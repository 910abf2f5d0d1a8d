//! The figures of what projections keep: the search index.
//!
//! Invariant: they are of all tenants together. It keeps nothing: the projections do.

use antler_projections::index::port::IndexStatistics;

use super::exposition::Family;

pub(super) fn families(of: &IndexStatistics) -> Vec<Family> {
    vec![
        Family::gauge("antler_index_lines", "Lines that the index holds.", of.lines as f64),
        Family::gauge("antler_index_raw_bytes", "Bytes of these lines as they came.", of.raw_bytes as f64),
        Family::gauge("antler_index_stored_bytes", "Bytes of the index on disk.", of.stored_bytes as f64),
        Family::gauge(
            "antler_index_memory_bytes",
            "Memory of lines that are not sealed yet, and of what was read lately.",
            of.memory_bytes as f64,
        ),
        Family::gauge("antler_index_parts", "Parts that the index consists of.", of.parts as f64),
        Family::gauge(
            "antler_index_parts_set_aside",
            "Parts that are damaged and not searched.",
            of.set_aside.len() as f64,
        ),
        Family::gauge(
            "antler_index_erasing_tenants",
            "Tenants whose erased lines are not gone yet.",
            of.erasing as f64,
        ),
    ]
}
