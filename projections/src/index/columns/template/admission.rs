//! Who may bring new templates into a column.
//!
//! A tenant pays for a template that it brings; it earns by the texts that it sends from then on. Once there are
//! many templates, a new one must be seen twice.
//! Invariant: the templates of a column are bounded, and while others take the first half of the room, each
//! tenant still finds its start share. It does not forget who brought a template as long as its column grows.

use std::collections::HashMap;

use foldhash::fast::FixedState;

/// What all templates of a column may cost.
pub(super) const COST_MAX: u32 = 16_384;
/// What a tenant may spend before it has sent anything.
const START: u32 = 64;
/// The same for templates of texts whose quoted parts are variables.
const QUOTED: u32 = 512;
/// So many texts earn one more.
const TEXTS_PER_UNIT: u32 = 8;
/// From here on a tenant has its start share only.
const COST_SCARCE: u32 = COST_MAX / 2;
/// So many bytes of a template cost one unit more.
const BYTES_PER_UNIT: usize = 256;
/// So many bytes the keys of all templates have at most: what they cost pays for them.
pub(super) const KEYS_BYTES_MAX: usize = COST_MAX as usize * BYTES_PER_UNIT;
/// So many keys that were seen once are remembered.
const SIGHTS: usize = 4_096;
/// Those of one tenant, so that it makes few of others forgotten.
const SIGHTS_OF_TENANT: u32 = SIGHTS as u32 / 4;
/// What a hole needs beside its variables.
const BYTES_PER_HOLE: usize = 64;

#[derive(Debug, Default, Clone, Copy)]
struct Account {
    /// Since its first template.
    texts: u32,
    spent: u32,
    /// For templates of texts whose quoted parts are variables.
    spent_quoted: u32,
    /// Keys that were seen once.
    sights: u32,
}

/// The accounts of all tenants that brought templates. Of many tenants most bring none: their texts have the
/// templates of others, and they cost nothing here.
#[derive(Debug, Default)]
pub(super) struct Admission {
    accounts: HashMap<u32, Account, FixedState>,
    /// The tenant of the last text, whose account is kept at hand: texts come in batches.
    tenant: u32,
    account: Account,
    spent: u32,
    /// Keys that were seen once; nothing as long as none was asked for.
    sights: Vec<u32>,
}

impl Account {
    fn has_paid(self) -> bool {
        self.spent + self.spent_quoted > 0
    }
}

/// Whether the cost can be paid; if so, it is.
fn pay(cost: u32, allowed: u32, spent: &mut u32, spent_by_all: &mut u32) -> bool {
    let may = *spent + cost <= allowed && *spent_by_all + cost <= COST_MAX;
    if may {
        *spent += cost;
        *spent_by_all += cost;
    }
    may
}

/// What a template costs.
pub(super) fn cost(key: &[u8], holes: usize) -> u32 {
    1 + ((key.len() + holes * BYTES_PER_HOLE) / BYTES_PER_UNIT) as u32
}

impl Admission {
    /// Fresh accounts for a column that begins with templates which nobody pays for any more.
    pub(super) fn of_cost(spent: u32) -> Self {
        Self { spent, ..Self::default() }
    }

    /// Counts a text of the tenant.
    #[inline]
    pub(super) fn count(&mut self, tenant: u32) {
        if tenant != self.tenant {
            if self.account.has_paid() || self.account.sights > 0 {
                self.accounts.insert(self.tenant, self.account);
            }
            self.account = self.accounts.get(&tenant).copied().unwrap_or_default();
            self.tenant = tenant;
        }
        self.account.texts = self.account.texts.saturating_add(u32::from(self.account.has_paid()));
    }

    /// Whether a key without a template was seen before; if not, it has been now.
    pub(super) fn is_second_sight(&mut self, hash: u64) -> bool {
        self.sights.resize(SIGHTS, 0);
        let (sight, tag) = (&mut self.sights[hash as usize % SIGHTS], (hash >> 32) as u32);
        if *sight != tag && self.account.sights < SIGHTS_OF_TENANT {
            self.account.sights += 1;
            *sight = tag;
            return false;
        }
        *sight == tag
    }

    /// Whether the tenant of the last text may bring a template; if so, it has paid.
    pub(super) fn admit(&mut self, key: &[u8], holes: usize) -> bool {
        let earned = if self.spent < COST_SCARCE { self.account.texts / TEXTS_PER_UNIT } else { 0 };
        pay(cost(key, holes), START.saturating_add(earned), &mut self.account.spent, &mut self.spent)
    }

    /// The same for a template of a text whose quoted parts are variables. There are few of those, and they
    /// are asked for when the tenant has spent all that it may on others.
    pub(super) fn admit_quoted(&mut self, key: &[u8], holes: usize) -> bool {
        let allowed = if self.spent < COST_SCARCE { QUOTED } else { START };
        pay(cost(key, holes), allowed, &mut self.account.spent_quoted, &mut self.spent)
    }

    pub(super) fn bytes_held(&self) -> usize {
        self.accounts.capacity() * (size_of::<(u32, Account)>() + 1)
            + self.sights.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(admission: &mut Admission, tenant: u32, texts: u32) -> u32 {
        let mut brings = || {
            admission.count(tenant);
            u32::from(admission.admit(b"a key", 2))
        };
        (0..texts).map(|_| brings()).sum()
    }

    #[test]
    fn a_tenant_earns_by_its_texts() {
        let mut admission = Admission::default();
        assert_eq!(admitted(&mut admission, 7, 800), 64 + 99);
        assert_eq!(admitted(&mut admission, 8, 10), 10);
        assert_eq!(admitted(&mut admission, 7, 80), 10);
    }

    #[test]
    fn a_flood_leaves_the_start_share_of_others() {
        let mut admission = Admission::default();
        let flood = admitted(&mut admission, 1, 1_000_000);
        assert_eq!(flood, COST_SCARCE);
        for tenant in 2..130 {
            assert_eq!(admitted(&mut admission, tenant, 1000), START, "tenant {tenant}");
        }
        assert_eq!(admitted(&mut admission, 130, 1000), 0);
    }

    #[test]
    fn those_who_bring_nothing_have_no_account() {
        let mut admission = Admission::default();
        (0..10_000).for_each(|tenant| admission.count(tenant));
        assert_eq!(admission.accounts.len(), 0);
        admitted(&mut admission, 3, 1);
        admission.count(4);
        assert_eq!(admission.accounts.len(), 1);
    }

    #[test]
    fn one_tenant_makes_few_sights_of_others_forgotten() {
        let mut admission = Admission::default();
        let hash = |number: u64| (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut seen = |tenant: u32, number: u64| {
            admission.count(tenant);
            admission.is_second_sight(hash(number))
        };
        (0..1_000).for_each(|number| assert!(!seen(number as u32 % 10, number)));
        (1_000..100_000).for_each(|number| assert!(!seen(66, number)));
        let again = (0..1_000).filter(|number| seen(*number as u32 % 10, *number)).count();
        assert!(again > 500, "{again}");
    }

    #[test]
    fn large_templates_cost_more() {
        let mut admission = Admission::default();
        admission.count(0);
        assert!(!admission.admit(&[b'a'; 64 * 256], 0));
        assert!(admission.admit(&[b'a'; 8000], 0));
        assert!(!admission.admit(&[b'a'; 8000], 250));
        let mut all = Admission::default();
        let count = (0..1_000_000u32).filter(|_| {
            all.count(0);
            all.admit(&[b'a'; 8 * 256 - 1], 0)
        });
        assert!(count.count() * (8 * 256 - 1) <= KEYS_BYTES_MAX);
    }
}
