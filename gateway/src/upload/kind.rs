//! What a file is that is no text: told by its first bytes, so that the refusal can name it.
//!
//! Invariant: nothing is refused here that could be lines of text in some charset. It does not go by the ending of a
//! file's name, nor by what its sender says it is.

use super::error::UploadError;

/// First bytes, and what begins with them.
const NOT_TEXT: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"%PDF-", "a PDF document"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\xca\xfe\xba\xbe", "a Java class"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"ElfFile\0", "a Windows event log (evtx)"),
    (b"PAR1", "a Parquet table"),
    (b"Obj\x01", "an Avro file"),
    (b"\xd4\xc3\xb2\xa1", "captured network packets"),
    (b"\x0a\x0d\x0d\x0a", "captured network packets"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
    (b"ID3", "a sound file"),
    (b"BZh", "packed with bzip2"),
    (b"\xfd7zXZ\0", "packed with xz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x04\x22\x4d\x18", "packed with lz4"),
];

/// What is taken, but not inside of another.
const ARCHIVES: &[(&[u8], &str)] = &[
    (b"PK\x03\x04", "a zip archive"),
    (b"PK\x05\x06", "a zip archive"),
    (b"\x1f\x8b", "a gz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
];

/// Where a tar archive says that it is one.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// Of so many bytes one may be a control character in a text.
const CONTROLS_ONE_OF: usize = 20;

/// Refuses what is no text by its first bytes.
pub(super) fn check_signature(sample: &[u8]) -> Result<(), UploadError> {
    let known = |table: &[(&[u8], &'static str)]| {
        table.iter().find(|(first, _)| sample.starts_with(first)).map(|(_, found)| *found)
    };
    if let Some(found) = known(ARCHIVES) {
        return Err(UploadError::Nested { found });
    }
    if sample.get(TAR.0..).is_some_and(|rest| rest.starts_with(TAR.1)) {
        return Err(UploadError::Nested { found: "a tar archive" });
    }
    known(NOT_TEXT).map_or(Ok(()), |found| Err(UploadError::NotText { found }))
}

/// Refuses bytes of which too many are control characters; not for UTF-16.
pub(super) fn check_controls(sample: &[u8]) -> Result<(), UploadError> {
    let usual = |byte: u8| matches!(byte, b'\t'..=b'\r' | 0x1b | 0x08);
    let controls = sample.iter().filter(|byte| **byte < b' ' && !usual(**byte)).count();
    if controls * CONTROLS_ONE_OF > sample.len() {
        return Err(UploadError::NotText { found: "binary data" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_named() {
        let check = |sample: &[u8], expected: &str| {
            let found = check_signature(sample).and_then(|()| check_controls(sample));
            assert_eq!(found.map_or_else(|error| error.to_string(), |()| "text".to_owned()), expected);
        };
        let refused = |found: &str| {
            format!("the file looks like {found}; send text, JSON or CSV, or gz, zstd or zip of these")
        };
        check(b"\x89PNG\r\n\x1a\n", &refused("an image (PNG)"));
        check(b"%PDF-1.7\n", &refused("a PDF document"));
        check(b"\xfd7zXZ\0\0", &refused("packed with xz"));
        check(&[7; 100], &refused("binary data"));
        let nested = "the file is a zip archive inside of an archive or of a packed file; send it by itself";
        check(b"PK\x03\x04\x14", nested);
        let tar = [&[b'a'; 257][..], b"ustar\0"].concat();
        let nested = "the file is a tar archive inside of an archive or of a packed file; send it by itself";
        check(&tar, nested);
        check(b"\x1b[32mINFO\x1b[0m started\r\n\0\ttabs and a NUL are text", "text");
        check(b"", "text");
    }
}
