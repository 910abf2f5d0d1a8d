//! Unpacking: a file as it was sent becomes one or several files of text.
//!
//! Invariant: no more bytes come out than the limits allow, whatever the headers say, and a packed file that is damaged
//! ends in an error and never early. Nothing is written anywhere. It does not look into an archive inside of another:
//! `kind` refuses it.

use std::fmt;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use antler_config::limits::UploadLimits;

use super::error::UploadError;
use super::zip::{Archive, harmless_name};

/// Below this nobody asks how much smaller a file was.
const INFLATION_FREE_BYTES: u64 = 1 << 20;
/// The window that every decoder of zstd has to know, 8 MiB, so that a file cannot ask for more memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

/// How a file was sent.
#[derive(Debug)]
enum Packing<S> {
    Plain(S),
    Gzip(S),
    Zstd(S),
    Zip(Archive<S>),
}

/// A file as it was sent, and what may still come out of it.
#[derive(Debug)]
pub struct Parts<S> {
    packing: Packing<S>,
    name: String,
    bytes_max: u64,
    left: u64,
    /// Of a file that is no archive there is one part.
    was_given: bool,
}

/// A file of text: one of an archive, or the only one.
pub struct Part<'a> {
    pub name: String,
    pub reader: Box<dyn Read + Send + 'a>,
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Part").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<S: Read + Seek + Send> Parts<S> {
    /// Looks how the file is packed; `name` is what its sender calls it.
    pub fn open(mut source: S, name: &str, limits: &UploadLimits) -> Result<Self, UploadError> {
        let packed_bytes = source.seek(SeekFrom::End(0))?;
        if packed_bytes == 0 {
            return Err(UploadError::Empty);
        }
        source.rewind()?;
        let mut first = Vec::new();
        source.by_ref().take(4).read_to_end(&mut first)?;
        source.rewind()?;
        let packing = match first[..] {
            [0x1f, 0x8b, ..] => Packing::Gzip(source),
            [0x28, 0xb5, 0x2f, 0xfd] => Packing::Zstd(source),
            [b'P', b'K', 3, 4] | [b'P', b'K', 5, 6] => {
                Packing::Zip(Archive::open(source, limits.archive_files_max)?)
            }
            _ => Packing::Plain(source),
        };
        let mut bytes_max = limits.unpacked_bytes_max.as_u64();
        if !matches!(packing, Packing::Plain(_)) {
            let by_ratio = packed_bytes.saturating_mul(u64::from(limits.inflation_max));
            bytes_max = bytes_max.min(by_ratio.max(INFLATION_FREE_BYTES));
        }
        Ok(Self { packing, name: harmless_name(name), bytes_max, left: bytes_max, was_given: false })
    }

    /// Are there several files in it?
    pub fn is_archive(&self) -> bool {
        matches!(self.packing, Packing::Zip(_))
    }

    /// Is the file the text itself?
    pub fn is_plain(&self) -> bool {
        matches!(self.packing, Packing::Plain(_))
    }

    /// The next file. After an error about one file of an archive the others can still be asked for.
    pub fn next_part(&mut self) -> Result<Option<Part<'_>>, UploadError> {
        let without = |ending: &str| self.name.strip_suffix(ending).unwrap_or(&self.name).to_owned();
        let (name, form, inner): (String, _, Box<dyn Read + Send + '_>) = match &mut self.packing {
            Packing::Zip(archive) => match archive.next_file()? {
                Some(file) => (file.name, Some("zip"), file.reader),
                None => return Ok(None),
            },
            _ if self.was_given => return Ok(None),
            Packing::Plain(source) => (without(""), None, Box::new(source)),
            Packing::Gzip(source) => {
                let decoder = flate2::bufread::MultiGzDecoder::new(BufReader::new(source));
                (without(".gz"), Some("gzip"), Box::new(decoder))
            }
            Packing::Zstd(source) => (without(".zst"), Some("zstd"), zstd_decoder(BufReader::new(source))?),
        };
        self.was_given = true;
        let metered = Metered { inner, form, bytes_max: self.bytes_max, left: &mut self.left };
        Ok(Some(Part { name, reader: Box::new(metered) }))
    }
}

/// A decoder of zstd that cannot be asked for much memory.
pub(super) fn zstd_decoder<'a>(
    source: impl io::BufRead + Send + 'a,
) -> Result<Box<dyn Read + Send + 'a>, UploadError> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

/// Counts what comes out, and says what an error means.
struct Metered<'a> {
    inner: Box<dyn Read + Send + 'a>,
    form: Option<&'static str>,
    bytes_max: u64,
    left: &'a mut u64,
}

impl Read for Metered<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out).map_err(|error| match (self.form, error.kind()) {
            (_, io::ErrorKind::Interrupted) => error,
            (Some(form), _) if !error.get_ref().is_some_and(|inner| inner.is::<UploadError>()) => {
                UploadError::Damaged { form, reason: error.to_string() }.into()
            }
            _ => error,
        })?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(UploadError::Inflates { bytes_max: self.bytes_max }.into());
        };
        *self.left = left;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use antler_config::ByteSize;

    use super::*;

    fn limits() -> UploadLimits {
        UploadLimits {
            unpacked_bytes_max: ByteSize::mib(3),
            inflation_max: 4,
            archive_files_max: 3,
            ..UploadLimits::default()
        }
    }

    /// Names and texts of the parts, or what went wrong.
    fn unpacked(file: Vec<u8>) -> Result<Vec<(String, String)>, String> {
        let mut parts =
            Parts::open(Cursor::new(file), "a.log.gz", &limits()).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        while let Some(mut part) = parts.next_part().map_err(|error| error.to_string())? {
            let mut text = Vec::new();
            let read = part.reader.read_to_end(&mut text);
            read.map_err(|error| UploadError::from(error).to_string())?;
            found.push((part.name, String::from_utf8(text).unwrap()));
        }
        Ok(found)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[test]
    fn plain_gzip_and_zstd_come_out() {
        let check = |file: Vec<u8>, name: &str, text: &str| {
            assert_eq!(unpacked(file), Ok(vec![(name.to_owned(), text.to_owned())]));
        };
        check(b"one\ntwo".to_vec(), "a.log.gz", "one\ntwo");
        check(gzip(b"one\n"), "a.log", "one\n");
        check([gzip(b"one\n"), gzip(b"two\n")].concat(), "a.log", "one\ntwo\n");
        check(zstd::encode_all(&b"one\n"[..], 1).unwrap(), "a.log.gz", "one\n");
    }

    #[test]
    fn a_bomb_ends_at_the_limit() {
        let ratio =
            "the file becomes more than 1048576 bytes when it is unpacked; send it in parts".to_owned();
        assert_eq!(unpacked(gzip(&vec![b'a'; 1_048_577])), Err(ratio.clone()));
        assert_eq!(unpacked(zstd::encode_all(&vec![b'a'; 1_048_577][..], 1).unwrap()), Err(ratio));
        assert!(unpacked(gzip(&vec![b'a'; 1_048_576])).is_ok());
        let size =
            "the file becomes more than 3145728 bytes when it is unpacked; send it in parts".to_owned();
        assert_eq!(unpacked(vec![b'a'; 3_145_729]), Err(size));
    }

    #[test]
    fn a_packed_file_that_is_cut_or_changed_is_an_error() {
        let check = |file: Vec<u8>, expected: &str| {
            let error = unpacked(file).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        };
        let text = b"a line that is long enough to be cut\n".repeat(20);
        let packed = gzip(&text);
        check(packed[..packed.len() - 4].to_vec(), "the file is not whole gzip: ");
        let mut changed = packed;
        let crc = changed.len() - 8;
        changed[crc] ^= 1;
        check(changed, "the file is not whole gzip: ");
        let zstd = zstd::encode_all(&text[..], 1).unwrap();
        check(zstd[..zstd.len() - 4].to_vec(), "the file is not whole zstd: ");
        check(Vec::new(), "the file is empty");
    }
}
