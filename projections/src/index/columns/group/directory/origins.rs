//! Where rows came from: which event of the log, and which line of it.
//!
//! Rows are sorted by time, and nearly sorted by arrival, so a row's place in the order of arrival is kept
//! as the difference to its place in the group. Invariant: every row names its event and line exactly, so
//! that history can be replayed as it arrived.

use antler_events::clock::Timestamp;
use antler_events::codec;
use antler_events::event::lines::{Arrival, LineDefaults};
use antler_events::ids::{Offset, PartitionId};

use crate::index::columns::block::{BLOCK_BYTES_MAX, BlockWriter, Blocks, Extent, ReadError};
use crate::index::columns::plane::{PlaneWriter, Planes};
use crate::index::columns::varint::{unzigzag, zigzag};
use crate::index::columns::view::Origin;

/// An event with lines in the group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRow {
    /// Place of its first line in the order of arrival.
    pub first: u64,
    pub partition: PartitionId,
    pub offset: Offset,
    pub received_at: Timestamp,
    /// Which of the arrivals.
    pub arrival: u32,
}

/// The events of a group and the place of each row among their lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// For each row its place in the order of arrival, less its place in the group.
    places: Planes,
    firsts: Planes,
    partitions: Planes,
    offsets: Planes,
    received: Planes,
    arrival_of: Planes,
    arrivals: Extent,
}

impl Events {
    /// `places` are those of the rows in the order of arrival; `events` rise by `first`.
    pub fn write(
        places: &[u64],
        events: &[EventRow],
        arrivals: &[Arrival],
        planes: &mut PlaneWriter,
        blocks: &mut BlockWriter,
    ) -> Self {
        let moved: Vec<u64> =
            places.iter().zip(0u64..).map(|(place, row)| zigzag(place.wrapping_sub(row) as i64)).collect();
        let mut column = |number: fn(&EventRow) -> u64| {
            let numbers: Vec<u64> = events.iter().map(number).collect();
            planes.write(&numbers, blocks)
        };
        let firsts = column(|event| event.first);
        let partitions = column(|event| u64::from(event.partition.number()));
        let offsets = column(|event| event.offset.number());
        let received = column(|event| event.received_at.nanos() as u64 ^ 1 << 63);
        let arrival_of = column(|event| u64::from(event.arrival));
        let places = planes.write(&moved, blocks);
        Self {
            places,
            firsts,
            partitions,
            offsets,
            received,
            arrival_of,
            arrivals: write_arrivals(arrivals, blocks),
        }
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All events.
    pub fn events(&self, blocks: &impl Blocks) -> Result<Vec<EventRow>, ReadError> {
        let all = |planes: &Planes| {
            let mut numbers = Vec::with_capacity(planes.len());
            planes.read(blocks, 0..planes.len(), &mut numbers).map(|()| numbers)
        };
        let (firsts, partitions, offsets) = (all(&self.firsts)?, all(&self.partitions)?, all(&self.offsets)?);
        let (received, arrival_of) = (all(&self.received)?, all(&self.arrival_of)?);
        let mut events = Vec::with_capacity(firsts.len());
        for (at, first) in firsts.into_iter().enumerate() {
            events.push(EventRow {
                first,
                partition: PartitionId::new(partitions[at] as u16),
                offset: Offset::new(offsets[at]),
                received_at: timestamp(received[at]),
                arrival: arrival_of[at] as u32,
            });
        }
        Ok(events)
    }

    /// When the last of the lines arrived.
    pub fn latest_received(&self, blocks: &impl Blocks) -> Result<Timestamp, ReadError> {
        let mut received = Vec::with_capacity(self.received.len());
        self.received.read(blocks, 0..self.received.len(), &mut received)?;
        Ok(received.into_iter().max().map_or(Timestamp::from_nanos(i64::MIN), timestamp))
    }

    /// Places of a range of rows in the order of arrival.
    pub fn places(
        &self,
        blocks: &impl Blocks,
        rows: std::ops::Range<usize>,
        out: &mut Vec<u64>,
    ) -> Result<(), ReadError> {
        let (start, first) = (out.len(), rows.start as u64);
        self.places.read(blocks, rows, out)?;
        for (place, row) in out[start..].iter_mut().zip(first..) {
            *place = row.wrapping_add(unzigzag(*place) as u64);
        }
        Ok(())
    }

    /// Where rows came from.
    pub fn origins(&self, blocks: &impl Blocks, rows: &[u32]) -> Result<Vec<Origin>, ReadError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let (mut moved, mut firsts) = (Vec::with_capacity(rows.len()), Vec::new());
        self.places.pick(blocks, rows, &mut moved)?;
        self.firsts.read(blocks, 0..self.firsts.len(), &mut firsts)?;
        let place = |(moved, row): (u64, &u32)| u64::from(*row).wrapping_add(unzigzag(moved) as u64);
        let places: Vec<u64> = moved.into_iter().zip(rows).map(place).collect();
        let event = |place: &u64| firsts.partition_point(|first| first <= place).checked_sub(1);
        let found: Option<Vec<u32>> = places.iter().map(|place| event(place).map(|at| at as u32)).collect();
        let found = found.ok_or(ReadError::directory("the event of a row"))?;
        let pick = |planes: &Planes| {
            let mut numbers = Vec::with_capacity(found.len());
            planes.pick(blocks, &found, &mut numbers).map(|()| numbers)
        };
        let (partitions, offsets) = (pick(&self.partitions)?, pick(&self.offsets)?);
        let (received, arrivals) = (pick(&self.received)?, pick(&self.arrival_of)?);
        let mut origins = Vec::with_capacity(rows.len());
        for (at, place) in places.into_iter().enumerate() {
            let line = u32::try_from(place - firsts[found[at] as usize]);
            origins.push(Origin {
                partition: PartitionId::new(partitions[at] as u16),
                offset: Offset::new(offsets[at]),
                line: line.map_err(|_| ReadError::directory("the event of a row"))?,
                received_at: timestamp(received[at]),
                arrival: arrivals[at] as u32,
            });
        }
        Ok(origins)
    }

    /// The row of a line of an event.
    pub fn row_of(
        &self,
        blocks: &impl Blocks,
        (partition, offset, line): (PartitionId, Offset, u32),
    ) -> Result<Option<u32>, ReadError> {
        let Some(place) = place_of(&self.events(blocks)?, partition, offset, line) else { return Ok(None) };
        let mut places = Vec::with_capacity(self.len());
        self.places(blocks, 0..self.len(), &mut places)?;
        Ok(places.iter().position(|other| *other == place).map(|row| row as u32))
    }

    pub fn read_arrivals(&self, blocks: &impl Blocks) -> Result<Vec<Arrival>, ReadError> {
        let bytes = blocks.stream(self.arrivals)?;
        let stored: Vec<(String, String, LineDefaults)> =
            codec::decode(&bytes).map_err(|_| ReadError::directory("the arrivals"))?;
        let arrival = |(protocol, origin, defaults)| Arrival { protocol, origin, defaults };
        Ok(stored.into_iter().map(arrival).collect())
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        for planes in self.columns() {
            planes.encode(out);
        }
        self.arrivals.encode(out);
    }

    pub fn decode(bytes: &mut &[u8]) -> Result<Self, ReadError> {
        let mut planes = || Planes::decode(bytes);
        let (places, firsts, partitions) = (planes()?, planes()?, planes()?);
        let (offsets, received, arrival_of) = (planes()?, planes()?, planes()?);
        let arrivals = Extent::decode(bytes)?;
        let events = firsts.len();
        if [&partitions, &offsets, &received, &arrival_of].iter().any(|planes| planes.len() != events) {
            return Err(ReadError::directory("the events"));
        }
        Ok(Self { places, firsts, partitions, offsets, received, arrival_of, arrivals })
    }

    fn columns(&self) -> [&Planes; 6] {
        [&self.places, &self.firsts, &self.partitions, &self.offsets, &self.received, &self.arrival_of]
    }

    pub fn bytes_held(&self) -> usize {
        self.columns().iter().map(|planes| planes.bytes_held()).sum()
    }
}

/// The origin of the line at a place in the order of arrival.
pub fn origin(events: &[EventRow], place: u64) -> Option<Origin> {
    let event = events[..events.partition_point(|event| event.first <= place)].last()?;
    Some(Origin {
        partition: event.partition,
        offset: event.offset,
        line: u32::try_from(place - event.first).ok()?,
        received_at: event.received_at,
        arrival: event.arrival,
    })
}

/// The place of a line of an event, if the event is one of these and has a line there.
pub fn place_of(events: &[EventRow], partition: PartitionId, offset: Offset, line: u32) -> Option<u64> {
    let at = events.iter().position(|event| (event.partition, event.offset) == (partition, offset))?;
    let place = events[at].first.checked_add(u64::from(line))?;
    let is_its = events.get(at + 1).is_none_or(|next| place < next.first);
    is_its.then_some(place)
}

/// A time as its column has it: numbers there have no sign.
fn timestamp(stored: u64) -> Timestamp {
    Timestamp::from_nanos((stored ^ 1 << 63) as i64)
}

fn write_arrivals(arrivals: &[Arrival], blocks: &mut BlockWriter) -> Extent {
    let stored: Vec<_> =
        arrivals.iter().map(|arrival| (&arrival.protocol, &arrival.origin, &arrival.defaults)).collect();
    let bytes = codec::encode(&stored).expect("texts are encoded whatever they are");
    assert!(bytes.len() <= BLOCK_BYTES_MAX, "a group has few arrivals of short texts");
    blocks.put(&bytes)
}
