//! How events become entries: what each thing is like is remembered, so that an entry says what it was like before.
//!
//! Invariant: the same events give the same entries, whether they are folded into a store or held against one. It reads
//! of a store only what it has not in memory, and writes nothing: it says what is to be written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use antler_events::event::described::{Described, Effect, Value, Values};
use antler_events::ids::{Offset, TenantId};
use bytes::Bytes;

use super::entry::{AuditEntry, EntryId, Head};
use crate::views::document::{put, read};
use crate::views::fold::{ControlViewError, Step};
use crate::views::port::{ViewError, ViewName, ViewStore, ViewWrite};

/// What the keys of all entries begin with.
pub(super) const ENTRIES: &[u8] = b"entry/";

/// The values of a thing by their names.
type Known = BTreeMap<String, Value>;

/// Values that became others: before, and after.
type Changes = (Vec<(String, Value)>, Vec<(String, Value)>);

/// Things and ends of chains as they are after the events that were taken.
#[derive(Debug, Default)]
pub(super) struct Folding {
    things: BTreeMap<Bytes, Known>,
    heads: BTreeMap<TenantId, Option<Head>>,
    /// Where tenants were erased.
    ends: BTreeMap<TenantId, Offset>,
}

pub(super) fn entry_prefix(tenant: TenantId) -> Bytes {
    format!("entry/{tenant}/").into()
}

/// Later offsets come first.
pub(super) fn entry_key(tenant: TenantId, offset: Offset) -> Bytes {
    format!("entry/{tenant}/{:016x}", !offset.number()).into()
}

pub(super) fn offset_of(tenant: TenantId, key: &[u8]) -> Option<Offset> {
    let digits = std::str::from_utf8(key.strip_prefix(&entry_prefix(tenant)[..])?).ok()?;
    u64::from_str_radix(digits, 16).ok().map(|number| Offset::new(!number))
}

pub(super) fn head_key(tenant: TenantId) -> Bytes {
    format!("head/{tenant}").into()
}

/// Where it is said at which offset the tenant was erased.
pub(super) fn end_key(tenant: TenantId) -> Bytes {
    format!("end/{tenant}").into()
}

pub(super) fn thing_prefix(tenant: TenantId) -> Bytes {
    format!("thing/{tenant}/").into()
}

fn thing_key(tenant: TenantId, Described { kind, id, .. }: &Described) -> Bytes {
    format!("thing/{tenant}/{kind}/{id}").into()
}

impl Folding {
    /// Reads what the step needs of a store, unless it is here.
    pub(super) async fn load(
        &mut self,
        tenant: TenantId,
        store: &dyn ViewStore,
        view: ViewName,
        step: &Step,
    ) -> Result<(), ViewError> {
        if let Entry::Vacant(unknown) = self.heads.entry(tenant) {
            unknown.insert(read(view, store, &head_key(tenant)).await?);
        }
        let described = step.event.described();
        if matches!(described.effect, Effect::Says(_)) {
            return Ok(());
        }
        if let Entry::Vacant(unknown) = self.things.entry(thing_key(tenant, &described)) {
            let known = read(view, store, unknown.key()).await?;
            unknown.insert(known.unwrap_or_default());
        }
        Ok(())
    }

    /// The entry of an event, as it is written.
    pub(super) fn take(
        &mut self,
        tenant: TenantId,
        view: ViewName,
        step: &Step,
    ) -> Result<ViewWrite, ControlViewError> {
        if step.ends_tenant() {
            self.forget(tenant, step.offset);
        }
        let described = step.event.described();
        let key = thing_key(tenant, &described);
        let Described { action, kind, id: object, effect } = described;
        let (before, after) = self.change(key, effect);
        let id = EntryId { partition: step.partition, offset: step.offset };
        let head = self.heads.entry(tenant).or_default();
        let entries = head.map_or(0, |head| head.entries) + 1;
        *head = Some(Head { id, at: step.at, hash: step.hash, entries });
        let entry = AuditEntry {
            id,
            at: step.at,
            cause: step.cause,
            action: action.unwrap_or(step.name).to_owned(),
            kind: kind.to_owned(),
            object,
            before,
            after,
            previous: step.previous,
            hash: step.hash,
        };
        put(view, entry_key(tenant, step.offset), &entry)
    }

    /// What a thing of an erased tenant was like is not told.
    fn forget(&mut self, tenant: TenantId, end: Offset) {
        let prefix = thing_prefix(tenant);
        self.things
            .iter_mut()
            .filter(|(key, _)| key.starts_with(&prefix))
            .for_each(|(_, known)| known.clear());
        self.ends.insert(tenant, end);
    }

    /// What is to be written beside the entries.
    pub(super) fn into_writes(self, view: ViewName) -> Result<Vec<ViewWrite>, ControlViewError> {
        let of_thing = |(key, known): (Bytes, Known)| match known.is_empty() {
            true => Ok(ViewWrite::Delete { key }),
            false => put(view, key, &known),
        };
        let things = self.things.into_iter().map(of_thing);
        let heads = self.heads.into_iter().filter_map(|(tenant, head)| Some((tenant, head?)));
        let heads = heads.map(|(tenant, head)| put(view, head_key(tenant), &head));
        let ends = self.ends.into_iter().map(|(tenant, end)| put(view, end_key(tenant), &end));
        things.chain(heads).chain(ends).collect()
    }

    pub(super) fn end(&self, tenant: TenantId) -> Option<Offset> {
        self.ends.get(&tenant).copied()
    }

    pub(super) fn heads(&self) -> impl Iterator<Item = (TenantId, Head)> {
        self.heads.iter().filter_map(|(tenant, head)| Some((*tenant, (*head)?)))
    }

    fn change(&mut self, thing: Bytes, effect: Effect) -> Changes {
        match effect {
            Effect::Says(values) => (Vec::new(), owned(values)),
            Effect::Removes => {
                let known = std::mem::take(self.things.entry(thing).or_default());
                (known.into_iter().collect(), Vec::new())
            }
            Effect::Sets(values) => set(self.things.entry(thing).or_default(), values),
        }
    }
}

fn owned(values: Values) -> Vec<(String, Value)> {
    values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Gives a thing its values. One that stays as it is, is not told.
fn set(known: &mut Known, values: Values) -> Changes {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for (name, value) in owned(values) {
        let was = match value {
            Value::Nothing => known.remove(&name),
            _ => known.insert(name.clone(), value.clone()),
        };
        if was.as_ref() == Some(&value) || was.is_none() && value == Value::Nothing {
            continue;
        }
        before.extend(was.map(|was| (name.clone(), was)));
        after.push((name, value));
    }
    (before, after)
}
