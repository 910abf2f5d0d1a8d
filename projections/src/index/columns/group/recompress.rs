//! The file of a group with its blocks compressed more strongly, for groups that are seldom read.
//!
//! Blocks stay what they are under their numbers, so the directory is the same to the byte. What is gained:
//! a higher level, and blocks that lean on an earlier one that is much like them, such as an id that stands
//! in two columns. Invariant: the new file gives every block as the old one does. It reads no line and no row.

use std::io::{self, Read as _};

use antler_events::files::File;

use super::trailer;
use crate::index::columns::block::{BlockTable, BlockWriter, Blocks, BlocksInMemory, ReadError, Restorers};

/// Bytes that are compared at once: half of the shortest id.
const WINDOW: usize = 8;
/// One window of so many is looked at, chosen by what is in it.
const SAMPLED: u64 = 8;
/// Windows that are remembered; a later one does not push out an earlier.
const PLACES: usize = 1 << 19;
/// A base must have a window in so many bytes of its block.
const BYTES_PER_HIT_MAX: usize = 256;

/// The bytes of the new file for those of the old one.
pub fn recompress(bytes: Vec<u8>, level: i32) -> Result<Vec<u8>, ReadError> {
    let storage = |error: io::Error| ReadError::storage(&error);
    let size = bytes.len() as u64;
    let stored = trailer::read_directory(&Whole(&bytes), size, &Restorers::default())?;
    let mut rest = &stored.bytes[..];
    let table = BlockTable::decode(&mut rest, size, stored.has_bases)?;
    let count = table.len() as u32;
    let blocks = BlocksInMemory::new(bytes, table);
    let mut writer = BlockWriter::new(level, trailer::HEAD.to_vec()).map_err(storage)?;
    let mut seen = Resemblance::default();
    for block in 0..count {
        put(&blocks, block, &mut writer, &mut seen)?;
    }
    let (file, table) = writer.finish();
    let mut directory = Vec::with_capacity(stored.bytes.len() + table.len());
    table.encode(&mut directory);
    directory.extend_from_slice(rest);
    let finish = if table.has_bases() { trailer::finish_with_bases } else { trailer::finish };
    finish(file, &directory, level).map_err(storage)
}

fn put(
    blocks: &BlocksInMemory,
    block: u32,
    writer: &mut BlockWriter,
    seen: &mut Resemblance,
) -> Result<(), ReadError> {
    let bytes = blocks.block(block)?;
    let is_based = match seen.most_like(&bytes) {
        Some(base) => writer.put_block_on(&bytes, (base, &blocks.block(base)?)),
        None => {
            writer.put_block(&bytes);
            false
        }
    };
    if !is_based {
        seen.add(block, &bytes);
    }
    Ok(())
}

/// A file in memory that is read only.
#[derive(Debug)]
struct Whole<'a>(&'a [u8]);

impl File for Whole<'_> {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.0.get(at as usize..).unwrap_or_default();
        rest.read(into)
    }

    fn write_at(&self, _: u64, _: &[u8]) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn set_size(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Which earlier block has most in common with a new one, as far as samples tell.
#[derive(Debug, Default)]
struct Resemblance {
    /// By hash: the window and its block. Empty before the first block.
    windows: Vec<(u64, u32)>,
}

impl Resemblance {
    fn add(&mut self, block: u32, bytes: &[u8]) {
        self.windows.resize(PLACES, (0, 0));
        for window in samples(bytes) {
            let place = &mut self.windows[place(window)];
            if place.0 == 0 {
                *place = (window, block);
            }
        }
    }

    fn most_like(&self, bytes: &[u8]) -> Option<u32> {
        if self.windows.is_empty() {
            return None;
        }
        let known = |window: u64| Some(self.windows[place(window)]).filter(|known| known.0 == window);
        let mut hits: Vec<u32> = samples(bytes).filter_map(known).map(|known| known.1).collect();
        hits.sort_unstable();
        let runs = hits.chunk_by(|a, b| a == b).map(|run| (run.len(), std::cmp::Reverse(run[0])));
        let (count, block) = runs.max()?;
        (count * SAMPLED as usize * BYTES_PER_HIT_MAX >= bytes.len()).then_some(block.0)
    }
}

/// Windows of the bytes, the same ones wherever they stand. Runs of one byte are everywhere and say nothing.
fn samples(bytes: &[u8]) -> impl Iterator<Item = u64> {
    let windows = bytes.array_windows::<WINDOW>().map(|window| u64::from_le_bytes(*window));
    windows.filter(|window| hash(*window) >> 61 == 0 && *window != window.rotate_left(8))
}

fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn place(window: u64) -> usize {
    (hash(window) >> 32) as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seed: u64, length: usize) -> Vec<u8> {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(1);
            (state >> 56) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn the_block_that_shares_most_is_found() {
        let blocks: Vec<Vec<u8>> = (1..5).map(|seed| noise(seed, 8_000)).collect();
        let mut seen = Resemblance::default();
        assert_eq!(seen.most_like(&blocks[0]), None);
        for (number, block) in (0..).zip(&blocks[..3]) {
            assert_eq!(seen.most_like(block), None);
            seen.add(number, block);
        }
        let mixed = [&blocks[3][..3_000], &blocks[1][2_000..3_500], &blocks[2][17..3_000]].concat();
        assert_eq!((seen.most_like(&mixed), seen.most_like(&blocks[3])), (Some(2), None));
        assert_eq!((seen.most_like(&[0; 100]), seen.most_like(&[])), (None, None));
    }

    /// A file of some blocks with something of a directory behind its table.
    fn file_of(blocks: &[Vec<u8>]) -> Vec<u8> {
        let mut writer = BlockWriter::new(1, trailer::HEAD.to_vec()).unwrap();
        for block in blocks {
            writer.put_block(block);
        }
        let (file, table) = writer.finish();
        let mut directory = Vec::new();
        table.encode(&mut directory);
        directory.extend_from_slice(b"the rest");
        trailer::finish(file, &directory, 1).unwrap()
    }

    fn read(file: &[u8]) -> Result<(Vec<Vec<u8>>, bool), ReadError> {
        let size = file.len() as u64;
        let stored = trailer::read_directory(&Whole(file), size, &Restorers::default())?;
        let mut rest = &stored.bytes[..];
        let table = BlockTable::decode(&mut rest, size, stored.has_bases)?;
        assert_eq!(rest, b"the rest");
        let numbers = 0..table.len() as u32;
        let blocks = BlocksInMemory::new(file.to_vec(), table);
        let read: Result<_, ReadError> = numbers.map(|number| Ok(blocks.block(number)?.to_vec())).collect();
        Ok((read?, stored.has_bases))
    }

    #[test]
    fn every_block_stays_what_it_is_and_damage_is_noticed() {
        let ids = noise(7, 2_000);
        let text = b"a line like many others, number 7 of 9; ".repeat(40);
        let blocks =
            vec![ids.clone(), text.clone(), [&ids[300..], &text].concat(), vec![], ids, vec![3; 500]];
        let old = file_of(&blocks);
        let new = recompress(old.clone(), 15).unwrap();
        assert!(new.len() + 3_000 < old.len(), "{} of {}", new.len(), old.len());
        assert_eq!(
            (read(&old).unwrap(), read(&new).unwrap()),
            ((blocks.clone(), false), (blocks.clone(), true))
        );
        assert_eq!(read(&recompress(new.clone(), 15).unwrap()).unwrap(), (blocks, true), "once more");
        for at in trailer::HEAD.len()..new.len() {
            let mut damaged = new.clone();
            damaged[at] ^= 4;
            assert!(read(&damaged).is_err() && recompress(damaged, 1).is_err(), "byte {at}");
        }
        assert_eq!(read(&recompress(file_of(&[]), 15).unwrap()).unwrap(), (vec![], false));
    }
}
