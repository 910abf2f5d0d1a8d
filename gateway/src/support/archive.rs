//! A tar archive, compressed with gzip: what every machine can open.
//!
//! Invariant: names are short and plain, so that the oldest form of the format holds them. It reads no files.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

const BLOCK: usize = 512;
/// What stands in front of every name.
const FOLDER: &str = "antler-support";

pub(super) fn packed(files: &[(&'static str, Vec<u8>)], now_s: u64) -> io::Result<Vec<u8>> {
    let mut archive = GzEncoder::new(Vec::new(), Compression::default());
    for (name, content) in files {
        archive.write_all(&header(name, content.len(), now_s))?;
        archive.write_all(content)?;
        archive.write_all(&vec![0; content.len().next_multiple_of(BLOCK) - content.len()])?;
    }
    // Two empty blocks end it.
    archive.write_all(&[0; 2 * BLOCK])?;
    archive.finish()
}

/// The block before a file: name, mode, owner, size, time, sum, kind, and the mark of the form.
fn header(name: &str, bytes: usize, now_s: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, text: &str| block[at..at + text.len()].copy_from_slice(text.as_bytes());
    put(0, &format!("{FOLDER}/{name}"));
    put(100, "0000600\0");
    put(108, "0000000\0");
    put(116, "0000000\0");
    put(124, &format!("{bytes:011o}\0"));
    put(136, &format!("{now_s:011o}\0"));
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn an_archive_holds_its_files_in_whole_blocks() {
        let packed = packed(&[("a.txt", b"one".to_vec()), ("b.txt", vec![7; BLOCK])], 1_000).unwrap();
        let mut tar = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut tar).unwrap();
        assert_eq!(tar.len(), (2 + 2 + 2) * BLOCK);
        assert!(tar.starts_with(b"antler-support/a.txt\0"));
        assert_eq!(&tar[124..136], b"00000000003\0");
        assert_eq!(&tar[257..265], b"ustar\x0000");
        assert_eq!(&tar[BLOCK..BLOCK + 4], b"one\0");
        let told = std::str::from_utf8(&tar[148..154]).unwrap();
        let mut block = tar[..BLOCK].to_vec();
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        assert_eq!(u32::from_str_radix(told, 8).unwrap(), sum);
    }
}
