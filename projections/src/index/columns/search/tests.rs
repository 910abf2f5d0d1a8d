//! Filters asked of groups, open and sealed, against the slow reader of filters on the lines themselves.
//!
//! Invariant: the same rows pass. The grammar of lines and filters is that of the query language's own tests.

use std::sync::Arc;

use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::files::{Access, FileSystem, RealFiles};
use antler_events::ids::{Offset, PartitionId, TenantId};
use antler_events::query::tree::Filter;
use antler_events::query::{generate, reference};
use proptest::prelude::*;

use super::evaluate::find;
use super::plan::Plan;
use super::rows::RowSet;
use crate::index::columns::block::Restorers;
use crate::index::columns::group::cache::BlockCache;
use crate::index::columns::group::{SealedGroup, Shared};
use crate::index::columns::open::OpenGroup;
use crate::index::columns::seal::{days, seal};
use crate::index::columns::view::{GroupView, TenantRows};

/// A batch of a tenant, with its defaults.
type Batch = (u8, Vec<Vec<u8>>, LineDefaults);

fn tenant(number: u8) -> TenantId {
    TenantId::parse(&format!("tenant-{number}")).unwrap()
}

fn open(batches: &[Batch]) -> OpenGroup {
    let mut group = OpenGroup::new(PartitionId::new(0));
    for ((number, lines, defaults), offset) in batches.iter().zip(1..) {
        let arrival = Arrival { defaults: defaults.clone(), ..Arrival::default() };
        group.apply(tenant(*number), Offset::new(offset), &generate::batch(lines), &arrival);
    }
    group
}

fn sealed(group: &OpenGroup) -> Vec<SealedGroup> {
    let dir = tempfile::tempdir().unwrap();
    let shared = Arc::new(Shared { restorers: Restorers::default(), cache: BlockCache::new(1 << 20) });
    let open = |(number, bytes): (u64, Vec<u8>)| {
        let file = RealFiles.open(&dir.path().join(number.to_string()), Access::Create).unwrap();
        file.write_at(0, &bytes).unwrap();
        SealedGroup::open(file, number, Arc::clone(&shared)).unwrap()
    };
    let files = days(group).into_iter().map(|day| seal(group, &day.rows, 1).unwrap());
    (0..).zip(files).map(open).collect()
}

/// Offset and line of the rows of a tenant that pass.
fn found(group: &impl GroupView, tenant: TenantId, plan: &Plan) -> Vec<(u64, u32)> {
    let (rows, candidates) = match group.tenant_rows(tenant) {
        TenantRows::Range(range) => (range.clone(), RowSet::all(range.end - range.start)),
        TenantRows::List(list) => {
            let mut set = RowSet::none(group.rows());
            list.iter().for_each(|row| set.insert(*row));
            (0..group.rows(), set)
        }
    };
    let start = rows.start;
    let passing: Vec<u32> =
        find(group, rows, &candidates, plan).unwrap().iter().map(|row| row + start).collect();
    let origins = group.origins(&passing).unwrap();
    origins.iter().map(|origin| (origin.offset.number(), origin.line)).collect()
}

fn check(batches: &[Batch], filter: &Filter) {
    let plan = Plan::new(filter).unwrap();
    let group = open(batches);
    let groups = sealed(&group);
    for number in 0..3 {
        let mut expected = Vec::new();
        for ((_, lines, defaults), offset) in batches.iter().zip(1u64..).filter(|((of, ..), _)| *of == number)
        {
            let batch = generate::batch(lines);
            let passing =
                batch.lines().zip(0u32..).filter(|(line, _)| reference::matches(filter, *line, defaults));
            expected.extend(passing.map(|(_, at)| (offset, at)));
        }
        let sort = |mut rows: Vec<(u64, u32)>| {
            rows.sort_unstable();
            rows
        };
        assert_eq!(sort(found(&group, tenant(number), &plan)), expected, "open, tenant {number}");
        let all = groups.iter().flat_map(|group| found(group, tenant(number), &plan)).collect();
        assert_eq!(sort(all), expected, "sealed, tenant {number}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn groups_find_what_the_slow_reader_finds(
        batches in proptest::collection::vec((0u8..3, generate::lines(4), generate::defaults()), 1..4),
        filter in generate::filter(),
    ) {
        check(&batches, &filter);
    }
}
