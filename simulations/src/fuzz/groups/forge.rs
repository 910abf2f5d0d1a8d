//! Files of groups that are not what they were: bytes are cut, flipped, spliced, or lie with right checksums.
//!
//! The first byte says what is changed, of a young file or of a cold one; each six further ones say how: what is
//! done, where, and with what.
//! Invariant: the same bytes make the same file. It knows of a file what its trailer and its table of blocks
//! say, and nothing of what they hold.

use antler_projections::index::columns::block::{
    BlockTable, BlockWriter, Blocks as _, BlocksInMemory, Restorers,
};
use antler_projections::index::columns::group::recompress::recompress;
use antler_projections::index::columns::group::trailer::{HEAD, TRAILER_BYTES, finish, finish_with_bases};
use antler_projections::index::columns::varint;

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// The file, so that checksums are wrong.
    Damage,
    /// What they are made of.
    Forgery,
}

/// Numbers that are easily taken for lengths.
const LIES: [u64; 6] = [0, 1, 0x7fff_ffff, 0xffff_ffff, 1 << 28, u64::MAX];
/// The first byte has this bit if a cold file is changed.
const COLD: u8 = 1 << 7;
const COLD_LEVEL: i32 = 9;
const EDIT_BYTES: usize = 6;
const EDITS_MAX: usize = 8;

/// The changed file; nothing if the bytes say nothing.
pub(super) fn forged(whole: &[u8], bytes: &[u8]) -> Option<(Vec<u8>, Change)> {
    let (what, edits) = bytes.split_first()?;
    let edit = |target: &mut Vec<u8>| {
        edits.chunks_exact(EDIT_BYTES).take(EDITS_MAX).for_each(|edit| apply(edit, target));
    };
    let cold = (what & COLD != 0).then(|| recompress(whole.to_vec(), COLD_LEVEL).expect("a whole file"));
    let whole = cold.as_deref().unwrap_or(whole);
    let what = what & !COLD;
    match what % 3 {
        0 => {
            let mut file = whole.to_vec();
            edit(&mut file);
            Some((file, Change::Damage))
        }
        1 => {
            let Directory { at, mut bytes, has_bases } = directory(whole);
            edit(&mut bytes);
            let finish = if has_bases { finish_with_bases } else { finish };
            Some((finish(whole[..at].to_vec(), &bytes, 1).ok()?, Change::Forgery))
        }
        _ => {
            let block = usize::from(what / 3);
            Some((with_block(whole, block, edit)?, Change::Forgery))
        }
    }
}

/// Where the directory of a whole file begins, and what it says.
struct Directory {
    at: usize,
    bytes: Vec<u8>,
    has_bases: bool,
}

fn directory(whole: &[u8]) -> Directory {
    let trailer = &whole[whole.len() - TRAILER_BYTES..];
    let number =
        |at: usize| u32::from_le_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    let (at, stored, length) = (number(0) as usize, number(8) as usize, number(12) as usize);
    let restored = Restorers::default().restore(&whole[at..at + stored], length);
    // The upper half of the version says it.
    let has_bases = number(20) >> 16 != 0;
    Directory { at, bytes: restored.expect("a whole file has a whole directory"), has_bases }
}

/// The file with another block, and the table that fits it.
fn with_block(whole: &[u8], block: usize, edit: impl Fn(&mut Vec<u8>)) -> Option<Vec<u8>> {
    let Directory { bytes, has_bases, .. } = directory(whole);
    let mut rest = &bytes[..];
    let table = BlockTable::decode(&mut rest, whole.len() as u64, has_bases);
    let table = table.expect("a whole file has a whole table");
    let (count, blocks) = (table.len(), BlocksInMemory::new(whole.to_vec(), table));
    let mut writer = BlockWriter::new(1, HEAD.to_vec()).ok()?;
    for number in 0..count {
        let mut bytes = blocks.block(number as u32).expect("a whole file has whole blocks").to_vec();
        if number == block % count {
            edit(&mut bytes);
        }
        writer.put_block(&bytes);
    }
    let (file, table) = writer.finish();
    let mut directory = Vec::new();
    table.encode(&mut directory);
    directory.extend_from_slice(rest);
    finish(file, &directory, 1).ok()
}

fn apply(edit: &[u8], target: &mut Vec<u8>) {
    let place = usize::from(u16::from_le_bytes([edit[1], edit[2]]));
    // Often near the ends, which say where everything is.
    let at = match edit[0] / 16 % 4 {
        0 => place % 64,
        1 => target.len().saturating_sub(place % 64 + 1),
        _ => place * target.len() / (1 << 16),
    };
    let (with, count) = (edit[3], usize::from(u16::from_le_bytes([edit[4], edit[5]])) % 600);
    let at = at.min(target.len());
    let end = (at + count).min(target.len());
    let lie = LIES[usize::from(with) % LIES.len()];
    match edit[0] % 8 {
        0 => target[at..].iter_mut().take(1).for_each(|byte| *byte ^= 1 << (with % 8)),
        1 => target[at..].iter_mut().take(1).for_each(|byte| *byte = with),
        2 => drop(target.drain(at..end)),
        3 => target.truncate(at),
        4 => {
            let copy = target[at..end].to_vec();
            target.splice(at..at, copy);
        }
        5 => target[at..].iter_mut().zip(lie.to_le_bytes()).take(4).for_each(|(byte, lie)| *byte = lie),
        6 => {
            let mut number = Vec::new();
            varint::push(&mut number, lie);
            drop(target.splice(at..at, number));
        }
        _ => target[at..end].reverse(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::stand::opened;
    use super::super::{exercise, whole};
    use super::*;

    #[test]
    fn a_file_that_is_written_again_is_as_good_as_the_whole_one() {
        let (lines, whole) = whole();
        for what in (0..3).chain(COLD..COLD + 3) {
            let (file, _) = forged(&whole, &[what]).unwrap();
            let found = exercise(&opened(&file).unwrap());
            assert!(found.len() > lines.len(), "{what}: {} lines", found.len());
        }
    }
}
