//! A tar archive, compressed with gzip: what every machine can open.
//!
//! Invariant: names are short and plain, so that the oldest form of the format holds them. It reads no files.

use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::archive::tar::{BLOCK, header, padding};

/// What stands in front of every name.
const FOLDER: &str = "antler-support";

pub(super) fn packed(files: &[(&'static str, Vec<u8>)], now_s: u64) -> io::Result<Vec<u8>> {
    let mut archive = GzEncoder::new(Vec::new(), Compression::default());
    for (name, content) in files {
        archive.write_all(&header(&format!("{FOLDER}/{name}"), content.len() as u64, now_s))?;
        archive.write_all(content)?;
        archive.write_all(&vec![0; padding(content.len() as u64) as usize])?;
    }
    // Two empty blocks end it.
    archive.write_all(&[0; 2 * BLOCK])?;
    archive.finish()
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
        assert_eq!(&tar[BLOCK..BLOCK + 4], b"one\0");
    }
}
