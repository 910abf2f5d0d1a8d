//! What every adapter of the search index must do, as cases that a test runs against a fresh index each.
//!
//! `given` has lines and questions, the other files have the cases; what is asked in wide variety is held against
//! the reference index, which looks at every line.
//! Invariant: a case uses the port only, so that it holds for columns, for memory and for a cluster alike. It does
//! not damage files: tests of an adapter do.

mod bounds;
mod counts;
mod feed;
mod given;
mod isolation;
mod keep;
mod lines;
mod pages;
mod patterns;
mod tables;

use std::fmt;
use std::sync::Arc;

use antler_events::log::BoxFuture;

use super::port::SearchIndex;

/// An index, fresh and empty, which has room for two partitions.
pub trait IndexUnderTest: Send + Sync + fmt::Debug {
    fn index(&self) -> Arc<dyn SearchIndex>;

    /// Ends the index as a crash does, and opens it again from what it keeps; none if it keeps nothing. Asked for
    /// when nobody holds the index any more.
    fn reopen(&self) -> Option<Arc<dyn SearchIndex>>;
}

pub type Subject = Arc<dyn IndexUnderTest>;

/// A behaviour by its name.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(Subject) -> BoxFuture<'static, ()>,
}

macro_rules! cases {
    ($($file:ident: $($name:ident),* $(,)?;)*) => {
        /// All of them; each wants an index of its own.
        pub const CASES: &[Case] = &[$($(
            Case { name: stringify!($name), run: |subject| Box::pin($file::$name(subject)) },
        )*)*];
    };
}

cases![
    feed:
        lines_come_back_as_they_came,
        an_event_is_applied_once,
        events_without_lines_are_passed,
        offsets_that_do_not_rise_are_refused,
        partitions_have_offsets_of_their_own,
        late_lines_stand_in_their_place,
        what_was_flushed_is_there_after_a_reopen,
        the_log_gives_again_what_was_not_durable;
    pages:
        pages_of_any_size_make_one_list,
        paging_goes_across_lines_of_one_time,
        lines_that_come_do_not_move_pages,
        a_cursor_survives_upkeep,
        a_cursor_survives_its_text,
        a_cursor_of_another_question_is_refused,
        the_last_page_has_no_cursor,
        a_total_counts_all_lines,
        both_ends_of_a_period_belong_to_it,
        too_large_a_page_is_refused;
    bounds:
        a_question_without_time_is_partial_and_goes_on,
        questions_with_hardly_any_time_lose_nothing,
        memory_bounds_a_page,
        a_question_that_is_dropped_harms_nothing,
        an_export_gives_everything_once;
    lines:
        a_line_is_found_by_its_id,
        an_unknown_id_finds_nothing,
        a_context_has_the_neighbours_of_a_line,
        a_context_of_nothing_in_common_has_all_neighbours,
        filters_find_what_looking_at_every_line_finds,
        lines_are_found_by_the_streams_they_are_filed_under;
    counts:
        a_histogram_counts_lines_by_level,
        a_histogram_of_too_many_buckets_is_refused,
        facets_count_values,
        values_are_looked_up_by_their_look,
        fields_are_listed_with_their_kinds,
        the_list_of_fields_is_bounded_and_says_so,
        counts_are_those_of_looking_at_every_line;
    patterns:
        patterns_have_counts_times_and_examples,
        what_was_not_there_before_is_new,
        patterns_are_bounded_and_the_rest_is_counted,
        kept_patterns_keep_what_they_cover,
        patterns_are_those_of_looking_at_every_line,
        too_much_of_patterns_is_refused,
        memory_bounds_examples_of_patterns;
    tables:
        pipes_make_tables,
        a_table_of_lines_names_them,
        a_table_says_when_it_is_not_all,
        a_pipe_that_cannot_work_is_refused;
    keep:
        erased_lines_are_gone_and_others_stay,
        erased_lines_do_not_come_again,
        erasure_reaches_pages_to_come,
        an_erasure_holds_after_a_reopen,
        old_lines_go_and_young_ones_stay,
        the_first_rule_that_a_line_meets_keeps_it,
        cooling_changes_no_answer,
        statistics_are_those_of_the_tenant,
        an_undamaged_index_is_whole;
    isolation:
        a_foreign_tenant_finds_nothing,
        an_id_of_another_tenant_is_not_found,
        hostile_lines_harm_nobody;
];

#[cfg(test)]
pub(crate) mod tests;
