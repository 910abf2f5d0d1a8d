//! The tenants of an open group and how much of what is shared each has used.
//!
//! Invariant: what one tenant may add to the columns and shapes of a group does not depend on what others
//! did, until the group as a whole is full. It does not count lines for quotas.

use antler_events::ids::TenantId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Columns that a tenant may add to one group.
const COLUMNS_MAX: u32 = 2_048;
/// Columns of a group; a group that has them is full and is sealed soon.
const GROUP_COLUMNS_MAX: usize = 65_536;
/// Shapes that a tenant may add to one group, beside one for each so many of its rows.
const SHAPES_FREE: u32 = 128;
const ROWS_PER_SHAPE: u32 = 16;
const GROUP_SHAPES_MAX: usize = 65_536;

/// What a tenant has used of a group.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    pub rows: u32,
    columns: u32,
    shapes: u32,
}

impl Usage {
    pub(super) fn admit_column(&mut self, columns: usize) -> bool {
        let admitted = self.columns < COLUMNS_MAX && columns < GROUP_COLUMNS_MAX;
        self.columns += u32::from(admitted);
        admitted
    }

    pub(super) fn admit_shape(&mut self, shapes: usize) -> bool {
        let admitted = self.shapes < SHAPES_FREE + self.rows / ROWS_PER_SHAPE && shapes < GROUP_SHAPES_MAX;
        self.shapes += u32::from(admitted);
        admitted
    }
}

/// Tenants by the numbers that they have in one group.
#[derive(Debug, Default)]
pub struct OpenTenants {
    ids: Vec<TenantId>,
    usage: Vec<Usage>,
    numbers: HashMap<TenantId, u32, FixedState>,
}

impl OpenTenants {
    pub fn number(&mut self, tenant: TenantId) -> u32 {
        let next = self.ids.len() as u32;
        let number = *self.numbers.entry(tenant).or_insert(next);
        if number == next {
            self.ids.push(tenant);
            self.usage.push(Usage::default());
        }
        number
    }

    pub fn clear(&mut self) {
        self.ids.clear();
        self.usage.clear();
        self.numbers.clear();
    }

    pub fn find(&self, tenant: TenantId) -> Option<u32> {
        self.numbers.get(&tenant).copied()
    }

    pub fn ids(&self) -> &[TenantId] {
        &self.ids
    }

    pub fn usage(&self, number: u32) -> Usage {
        self.usage[number as usize]
    }

    pub(super) fn usage_mut(&mut self, number: u32) -> &mut Usage {
        &mut self.usage[number as usize]
    }

    pub fn bytes_held(&self) -> usize {
        let entry = size_of::<TenantId>() + size_of::<u32>() + 1;
        self.ids.capacity() * (size_of::<TenantId>() + size_of::<Usage>()) + self.numbers.capacity() * entry
    }
}
