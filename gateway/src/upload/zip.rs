//! Archives: the files in a zip, one after the other, by its directory.
//!
//! The directory at the end is read entry by entry, so that an archive costs the same memory whatever it says of itself.
//! Invariant: a file comes out whole and with the right checksum, or in an error; its name is only shown, and can lead
//! nowhere. It does not decrypt, does not join archives of several volumes, and writes nothing.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::error::UploadError;
use super::unpack::zstd_decoder;

const END_BYTES: u64 = 22;
const COMMENT_BYTES_MAX: u64 = 65_535;
const END64_BYTES: usize = 56;
const LOCATOR_BYTES: u64 = 20;
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;
/// The extra field with the sizes that 32 bits do not hold.
const EXTRA_ZIP64: u16 = 1;
/// Longest name that is shown.
const NAME_CHARS_MAX: usize = 200;

const STORED: u16 = 0;
const DEFLATE: u16 = 8;
const ZSTD: u16 = 93;

/// An archive and the place in its directory.
#[derive(Debug)]
pub(super) struct Archive<S> {
    source: S,
    /// Bytes before the archive, such as those of a program that unpacks it.
    base: u64,
    next_entry: u64,
    entries_left: u64,
}

/// A file in an archive.
pub(super) struct File<'a> {
    pub name: String,
    pub reader: Box<dyn Read + Send + 'a>,
}

/// What the directory says of a file.
struct Entry {
    name: String,
    is_encrypted: bool,
    method: u16,
    crc: u32,
    packed_bytes: u64,
    bytes: u64,
    local: u64,
}

impl<S: Read + Seek + Send> Archive<S> {
    pub(super) fn open(mut source: S, files_max: u32) -> Result<Self, UploadError> {
        let length = source.seek(SeekFrom::End(0))?;
        let tail_at = length.saturating_sub(END_BYTES + COMMENT_BYTES_MAX);
        let tail = bytes_at(&mut source, tail_at, (length - tail_at) as usize)?;
        let is_end = |at: &usize| {
            let comment = tail.get(at + 20..at + 22).map(|length| usize::from(u16_at(length, 0)));
            comment.is_some_and(|comment| at + END_BYTES as usize + comment == tail.len())
        };
        let mut ends = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06");
        let at = ends.find(is_end).ok_or_else(|| damaged("it has no directory at its end"))?;
        let end = &tail[at..];
        let mut end_at = tail_at + at as u64;
        let mut entries = u64::from(u16_at(end, 10));
        let (mut bytes, mut begins) = (u64::from(u32_at(end, 12)), u64::from(u32_at(end, 16)));
        if let Some((at, end)) = end64(&mut source, end_at)? {
            end_at = at;
            (entries, bytes, begins) = (u64_at(&end, 32), u64_at(&end, 40), u64_at(&end, 48));
        }
        if entries == 0 {
            return Err(UploadError::NoFiles);
        }
        if entries > u64::from(files_max) {
            return Err(UploadError::TooManyFiles { count: entries, max: files_max });
        }
        let next_entry = end_at.checked_sub(bytes).ok_or_else(|| damaged("its directory is cut"))?;
        let base = next_entry.checked_sub(begins).ok_or_else(|| damaged("its beginning is missing"))?;
        Ok(Self { source, base, next_entry, entries_left: entries })
    }

    /// The next file; folders, and what macOS adds of its own, are passed over.
    pub(super) fn next_file(&mut self) -> Result<Option<File<'_>>, UploadError> {
        while self.entries_left > 0 {
            self.entries_left -= 1;
            let Some(entry) = self.entry().inspect_err(|_| self.entries_left = 0)? else { continue };
            return self.file(entry).map(Some);
        }
        Ok(None)
    }

    /// Reads an entry of the directory; nothing for a folder.
    fn entry(&mut self) -> Result<Option<Entry>, UploadError> {
        let fixed = bytes_at(&mut self.source, self.next_entry, ENTRY_BYTES)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            return Err(damaged("an entry of its directory is broken"));
        }
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
        let rest = bytes_at(&mut self.source, self.next_entry + ENTRY_BYTES as u64, name + extra)?;
        self.next_entry += (ENTRY_BYTES + name + extra + comment) as u64;
        let (name, extra) = rest.split_at(name);
        if name.ends_with(b"/") || name.starts_with(b"__MACOSX/") || name.ends_with(b".DS_Store") {
            return Ok(None);
        }
        let mut sizes = [24, 20, 42].map(|at| u64::from(u32_at(&fixed, at)));
        let mut large = zip64_sizes(extra);
        for size in sizes.iter_mut().filter(|size| **size == u64::from(u32::MAX)) {
            *size = large.next().ok_or_else(|| damaged("a size in its directory is missing"))?;
        }
        let [bytes, packed_bytes, local] = sizes;
        Ok(Some(Entry {
            name: harmless_name(&String::from_utf8_lossy(name)),
            is_encrypted: u16_at(&fixed, 8) & 1 == 1,
            method: u16_at(&fixed, 10),
            crc: u32_at(&fixed, 16),
            packed_bytes,
            bytes,
            local,
        }))
    }

    fn file(&mut self, entry: Entry) -> Result<File<'_>, UploadError> {
        let Entry { name, method, .. } = entry;
        if entry.is_encrypted {
            return Err(UploadError::Encrypted { name });
        }
        let at = self.base.saturating_add(entry.local);
        let local = bytes_at(&mut self.source, at, LOCAL_BYTES)?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(damaged("a file is not where its directory says"));
        }
        let names = u64::from(u16_at(&local, 26)) + u64::from(u16_at(&local, 28));
        self.source.seek(SeekFrom::Start(at + LOCAL_BYTES as u64 + names))?;
        let packed = BufReader::new(self.source.by_ref().take(entry.packed_bytes));
        let inner: Box<dyn Read + Send + '_> = match method {
            STORED => Box::new(packed),
            DEFLATE => Box::new(flate2::bufread::DeflateDecoder::new(packed)),
            ZSTD => zstd_decoder(packed)?,
            _ => return Err(UploadError::Method { name, method }),
        };
        let checked =
            Checked { inner, left: entry.bytes, crc: crc32fast::Hasher::new(), expected: entry.crc };
        Ok(File { name, reader: Box::new(checked) })
    }
}

/// A file that has to have its size and its checksum.
struct Checked<'a> {
    inner: Box<dyn Read + Send + 'a>,
    left: u64,
    crc: crc32fast::Hasher,
    expected: u32,
}

impl Read for Checked<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.crc.update(&out[..read]);
        let left = self.left.checked_sub(read as u64);
        self.left = left.ok_or_else(|| damaged("a file is longer than its directory says"))?;
        if read == 0 && !out.is_empty() {
            if self.left > 0 {
                return Err(damaged("a file is shorter than its directory says").into());
            }
            if self.crc.clone().finalize() != self.expected {
                return Err(damaged("the checksum of a file is wrong").into());
            }
        }
        Ok(read)
    }
}

/// A name that is only shown: no folders above, no root, no control characters.
pub(super) fn harmless_name(name: &str) -> String {
    let is_drive = |part: &str| part.len() == 2 && part.ends_with(':');
    let parts = name.split(['/', '\\']).filter(|part| !matches!(*part, "" | "." | "..") && !is_drive(part));
    let joined = parts.collect::<Vec<&str>>().join("/");
    let shown: Vec<char> = joined.chars().map(|char| if char.is_control() { '_' } else { char }).collect();
    if shown.is_empty() {
        return "file".to_owned();
    }
    shown[shown.len().saturating_sub(NAME_CHARS_MAX)..].iter().collect()
}

/// The end of an archive that 32 bits do not describe, and where it stands.
fn end64<S: Read + Seek>(source: &mut S, end_at: u64) -> Result<Option<(u64, Vec<u8>)>, UploadError> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
    let locator = bytes_at(source, locator_at, LOCATOR_BYTES as usize)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let at = u64_at(&locator, 8);
    let end = bytes_at(source, at, END64_BYTES)?;
    if !end.starts_with(b"PK\x06\x06") {
        return Err(damaged("its directory is not where its end says"));
    }
    Ok(Some((at, end)))
}

/// The sizes that stand in an extra field, because 32 bits do not hold them.
fn zip64_sizes(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut found: &[u8] = &[];
    while let [a, b, c, d, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        let Some((field, rest)) = rest.split_at_checked(length) else { break };
        if u16::from_le_bytes([*a, *b]) == EXTRA_ZIP64 {
            found = field;
        }
        extra = rest;
    }
    found.chunks_exact(8).map(|size| u64_at(size, 0))
}

fn bytes_at<S: Read + Seek>(source: &mut S, at: u64, length: usize) -> Result<Vec<u8>, UploadError> {
    source.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    source.by_ref().take(length as u64).read_to_end(&mut bytes)?;
    if bytes.len() < length { Err(damaged("it ends early")) } else { Ok(bytes) }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

fn damaged(reason: &str) -> UploadError {
    UploadError::Damaged { form: "zip", reason: reason.to_owned() }
}

#[cfg(test)]
mod tests;
