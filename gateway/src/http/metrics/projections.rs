//! The figures of what projections keep: the search index, the views and the cache.
//!
//! Invariant: they are of all tenants together. A figure that cannot be read is left out. It keeps nothing: the projections
//! do.

use antler_projections::cache::port::CacheStatistics;
use antler_projections::index::port::IndexStatistics;
use antler_projections::views::port::ViewStore;
use antler_projections::views::{arrivals, rebuild};

use super::exposition::{Family, Kind};

pub(super) fn of_index(of: &IndexStatistics) -> Vec<Family> {
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

pub(super) async fn of_views(store: &dyn ViewStore) -> Family {
    let mut family = Family::new(Kind::Gauge, "antler_view_documents", "Documents that a view holds.");
    for view in rebuild::VIEWS.into_iter().chain(arrivals::VIEWS) {
        match store.count(view).await {
            Ok(count) => family = family.sample(&[("view", view.as_str())], count as f64),
            Err(error) => tracing::warn!(%error, %view, "the documents of a view cannot be counted"),
        }
    }
    family
}

pub(super) fn of_cache(of: &CacheStatistics) -> Vec<Family> {
    vec![
        Family::counter("antler_cache_hits_total", "Times that the cache had what was asked for.", of.hits),
        Family::counter("antler_cache_misses_total", "Times that it had not.", of.misses),
        Family::gauge("antler_cache_entries", "Entries in the cache.", of.entries as f64),
        Family::gauge("antler_cache_bytes", "Bytes of memory that the cache takes.", of.bytes as f64),
        Family::gauge("antler_cache_bytes_limit", "Most bytes that it takes.", of.bytes_max as f64),
    ]
}
