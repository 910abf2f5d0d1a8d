//! The events that the rows of a file came with, and how these arrived.
//!
//! Invariant: every row keeps its event. Events without rows in the file are left out with their arrivals:
//! what was erased or is of another day is not named here either.

use antler_events::event::lines::Arrival;

use crate::index::columns::group::directory::EventRow;
use crate::index::columns::open::OpenGroup;

pub(super) struct UsedEvents {
    pub(super) events: Vec<EventRow>,
    pub(super) arrivals: Vec<Arrival>,
}

impl UsedEvents {
    pub(super) fn of(group: &OpenGroup, rows: &[u32]) -> Self {
        if rows.len() == group.rows() {
            return Self { events: group.events.clone(), arrivals: group.arrivals.clone() };
        }
        let mut is_used = vec![false; group.events.len()];
        rows.iter().for_each(|row| is_used[group.event_index(*row)] = true);
        let used = group.events.iter().zip(is_used).filter(|(_, is_used)| *is_used);
        let mut numbers: Vec<Option<u32>> = vec![None; group.arrivals.len()];
        let mut arrivals = Vec::new();
        let mut renumber = |event: &EventRow| {
            let arrival = *numbers[event.arrival as usize].get_or_insert_with(|| {
                arrivals.push(group.arrivals[event.arrival as usize].clone());
                arrivals.len() as u32 - 1
            });
            EventRow { arrival, ..*event }
        };
        let events = used.map(|(event, _)| renumber(event)).collect();
        Self { events, arrivals }
    }
}
