CREATE TABLE logs
(
    timestamp DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1)),
    level LowCardinality(String) CODEC(ZSTD(1)),
    service LowCardinality(String) CODEC(ZSTD(1)),
    host LowCardinality(String) CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    body String CODEC(ZSTD(1)),
    attributes JSON CODEC(ZSTD(1)),
    INDEX trace_ids trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX body_tokens body TYPE tokenbf_v1(32768, 3, 0) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(timestamp)
ORDER BY (service, toStartOfMinute(timestamp), timestamp)
-- A small part is one file; a large one is files for each path of the attributes, so that a question reads little.
-- Merging many of those at once would need more open files than a process may have.
SETTINGS min_bytes_for_wide_part = 500000000
