//! Tar, as far as it is needed: plain files with short plain names, in whole blocks, in the form that every machine opens.
//!
//! Invariant: what is read was written like this, or is refused: no folder, no link, no path that leads elsewhere. It reads
//! and writes no files.

pub const BLOCK: usize = 512;
/// Longest name, with the zero behind it.
const NAME_BYTES: usize = 100;
/// The largest file that the form can say: eleven octal digits.
pub const FILE_BYTES_MAX: u64 = (1 << 33) - 1;

/// The block before a file: name, mode, owner, size, time, sum, kind, and the mark of the form.
pub fn header(name: &str, bytes: u64, at_s: u64) -> [u8; BLOCK] {
    debug_assert!(name.len() < NAME_BYTES && bytes <= FILE_BYTES_MAX);
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, name);
    put(100, "0000600\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{bytes:011o}\0"));
    put(136, &format!("{at_s:011o}\0"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum = sum(&block);
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Bytes behind a file up to the next block.
pub fn padding(bytes: u64) -> u64 {
    bytes.next_multiple_of(BLOCK as u64) - bytes
}

/// Name and size of the file behind a header.
pub fn read_header(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let octal = |from: usize, to: usize| -> Option<u64> {
        let text = std::str::from_utf8(&block[from..to]).ok()?;
        u64::from_str_radix(text.trim_matches(['\0', ' ']), 8).ok()
    };
    let mut unsummed = *block;
    unsummed[148..156].fill(b' ');
    let is_file = block[156] == b'0' && block[257..262] == *b"ustar" && block[345] == 0;
    if !is_file || octal(148, 156)? != u64::from(sum(&unsummed)) {
        return None;
    }
    let name = block[..NAME_BYTES].split(|byte| *byte == 0).next()?;
    Some((std::str::from_utf8(name).ok()?.to_owned(), octal(124, 136)?))
}

fn sum(block: &[u8; BLOCK]) -> u32 {
    block.iter().map(|byte| u32::from(*byte)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written_and_any_other_byte_is_noticed() {
        for (name, bytes) in [("manifest.json", 0), ("lines/000001.ndjson.zst", 8_589_934_591), ("a", 511)] {
            let block = header(name, bytes, 1_700_000_000);
            assert_eq!(read_header(&block), Some((name.to_owned(), bytes)));
            for at in 0..BLOCK {
                let mut other = block;
                other[at] ^= 4;
                assert_ne!(read_header(&other), Some((name.to_owned(), bytes)), "byte {at}");
            }
        }
        assert_eq!(read_header(&[0; BLOCK]), None);
    }

    #[test]
    fn a_link_or_a_folder_is_no_file() {
        let mut block = header("a", 0, 0);
        block[156] = b'2';
        block[148..156].fill(b' ');
        let sum = sum(&block);
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        assert_eq!(read_header(&block), None);
    }

    #[test]
    fn files_end_at_whole_blocks() {
        assert_eq!([0, 1, 511, 512, 513].map(padding), [0, 511, 1, 0, 511]);
    }
}
