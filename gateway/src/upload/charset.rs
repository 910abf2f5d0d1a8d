//! Charsets: which one a file is written in, and its bytes as UTF-8.
//!
//! Invariant: what is decoded does not depend on how the bytes came in pieces; bytes that are no character of their
//! charset become U+FFFD, here or in `entry`, and are told there. UTF-8 passes through unchanged, wrong bytes included.
//! It looks at the sample only: a file that changes its charset later has wrong characters, each of them told.

use std::io::{self, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};

use super::error::UploadError;
use super::kind;

/// Bytes that are read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The charset of a file, and how many bytes at its beginning only say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Charset {
    encoding: &'static Encoding,
    mark_bytes: usize,
}

impl Charset {
    /// By a name that the sender gives.
    pub(super) fn named(name: &str) -> Result<Self, UploadError> {
        let encoding = Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != REPLACEMENT);
        let encoding = encoding.ok_or_else(|| {
            UploadError::option("encoding", name, "use a name such as utf-8, utf-16le or windows-1252")
        })?;
        Ok(Self { encoding, mark_bytes: 0 })
    }

    /// By the beginning of the file; refuses what is no text in any.
    pub(super) fn of_sample(sample: &[u8], named: Option<Self>) -> Result<Self, UploadError> {
        kind::check_signature(sample)?;
        let marked = Encoding::for_bom(sample).map(|(encoding, mark_bytes)| Self { encoding, mark_bytes });
        if let Some(named) = named {
            return Ok(marked.filter(|marked| marked.encoding == named.encoding).unwrap_or(named));
        }
        if let Some(marked) = marked {
            return Ok(marked);
        }
        if let Some(encoding) = wide(sample) {
            return Ok(Self { encoding, mark_bytes: 0 });
        }
        kind::check_controls(sample)?;
        let encoding = if is_rather_utf8(sample) { UTF_8 } else { guess(sample) };
        Ok(Self { encoding, mark_bytes: 0 })
    }

    pub(super) fn name(self) -> String {
        self.encoding.name().to_ascii_lowercase()
    }

    pub(super) fn is_utf8(self) -> bool {
        self.encoding == UTF_8
    }

    /// What the sample says; `is_whole` if it is the whole file.
    pub(super) fn decode_sample(self, sample: &[u8], is_whole: bool) -> String {
        let bytes = sample.get(self.mark_bytes..).unwrap_or_default();
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        // There is room for all of it, so that one call decodes it.
        let mut text = vec![0; decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(0)];
        let (_, _, written, _) = decoder.decode_to_utf8(bytes, &mut text, is_whole);
        text.truncate(written);
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// UTF-16 that does not say so: every other byte is zero where the letters are of the Latin alphabet.
fn wide(sample: &[u8]) -> Option<&'static Encoding> {
    let zeros = |first: usize| sample.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, enough) = (zeros(0), zeros(1), sample.len() / 5);
    match (even > enough, odd > enough) {
        (false, true) if even * 10 < odd => Some(UTF_16LE),
        (true, false) if odd * 10 < even => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether most of what is not ASCII is well-formed UTF-8: one broken line makes no other charset.
fn is_rather_utf8(sample: &[u8]) -> bool {
    let (mut right, mut wrong) = (0, 0);
    for chunk in sample.utf8_chunks() {
        right += chunk.valid().chars().filter(|char| !char.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    // The sample may end within a character.
    let is_cut = std::str::from_utf8(sample).is_err_and(|error| error.error_len().is_none());
    wrong <= usize::from(is_cut) || right > wrong
}

fn guess(sample: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, false);
    detector.guess(None, Utf8Detection::Deny)
}

/// The bytes of a file as UTF-8.
pub(super) struct Text<'a> {
    source: Box<dyn Read + Send + 'a>,
    /// None for UTF-8.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    is_at_end: bool,
}

impl<'a> Text<'a> {
    /// `sample` has been read from the source already.
    pub(super) fn new(sample: Vec<u8>, source: Box<dyn Read + Send + 'a>, charset: Charset) -> Self {
        let mut sample = io::Cursor::new(sample);
        sample.set_position(charset.mark_bytes as u64);
        let decoder = (!charset.is_utf8()).then(|| charset.encoding.new_decoder_without_bom_handling());
        Self { source: Box::new(sample.chain(source)), decoder, raw: Vec::new(), is_at_end: false }
    }

    /// Appends some more; says whether there may be more behind it.
    pub(super) fn append_to(&mut self, out: &mut Vec<u8>) -> Result<bool, UploadError> {
        if self.is_at_end {
            return Ok(false);
        }
        let Some(decoder) = &mut self.decoder else {
            self.is_at_end = read_some(&mut self.source, out)? == 0;
            return Ok(!self.is_at_end);
        };
        self.raw.clear();
        self.is_at_end = read_some(&mut self.source, &mut self.raw)? == 0;
        let before = out.len();
        // What 64 KiB may become can always be counted.
        let room = decoder.max_utf8_buffer_length(self.raw.len()).unwrap_or(usize::MAX);
        out.resize(before + room, 0);
        let (_, _, written, _) = decoder.decode_to_utf8(&self.raw, &mut out[before..], self.is_at_end);
        out.truncate(before + written);
        Ok(!self.is_at_end)
    }
}

fn read_some(source: &mut dyn Read, out: &mut Vec<u8>) -> io::Result<usize> {
    let before = out.len();
    out.resize(before + CHUNK_BYTES, 0);
    let read = loop {
        match source.read(&mut out[before..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    out.truncate(before + read.as_ref().map_or(0, |read| *read));
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], named: Option<&str>) -> (String, String) {
        let named = named.map(|name| Charset::named(name).unwrap());
        let charset = Charset::of_sample(bytes, named).unwrap();
        let mut text = Text::new(bytes.to_vec(), Box::new(io::empty()), charset);
        let mut out = Vec::new();
        while text.append_to(&mut out).unwrap() {}
        (charset.name(), String::from_utf8_lossy(&out).into_owned())
    }

    fn check(bytes: &[u8], named: Option<&str>, charset: &str, expected: &str) {
        assert_eq!(decoded(bytes, named), (charset.to_owned(), expected.to_owned()), "{bytes:?}");
    }

    fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(to_bytes).collect()
    }

    #[test]
    fn marks_tell_the_charset() {
        check(b"\xef\xbb\xbfgr\xc3\xbc\xc3\x9fe", None, "utf-8", "grüße");
        check(&utf16("\u{feff}grüße 🦌\n", u16::to_le_bytes), None, "utf-16le", "grüße 🦌\n");
        check(&utf16("\u{feff}grüße\n", u16::to_be_bytes), None, "utf-16be", "grüße\n");
    }

    #[test]
    fn without_a_mark_the_bytes_tell_it() {
        check(b"plain", None, "utf-8", "plain");
        check("grüße".as_bytes(), None, "utf-8", "grüße");
        check(
            b"Die Datei wurde nicht gel\xf6scht, T\xfcr zu\n",
            None,
            "windows-1252",
            "Die Datei wurde nicht gelöscht, Tür zu\n",
        );
        check(&utf16("started\nstopped\n", u16::to_le_bytes), None, "utf-16le", "started\nstopped\n");
        check(&utf16("started\nstopped\n", u16::to_be_bytes), None, "utf-16be", "started\nstopped\n");
        for (encoding, name, text) in [
            (encoding_rs::SHIFT_JIS, "shift_jis", "接続に失敗しました。もう一度試してください。"),
            (encoding_rs::WINDOWS_1251, "windows-1251", "Ошибка соединения с сервером"),
        ] {
            let mut bytes = vec![0; 1_000];
            let (_, _, written, _) = encoding.new_encoder().encode_from_utf8(text, &mut bytes, true);
            check(&bytes[..written], None, name, text);
        }
    }

    #[test]
    fn one_broken_line_makes_no_other_charset() {
        check("grüße, grüße, gr\u{fc}".as_bytes(), None, "utf-8", "grüße, grüße, grü");
        check(b"gr\xc3\xbc\xc3\x9fe\nbroken \xff line\n", None, "utf-8", "grüße\nbroken \u{fffd} line\n");
        check(b"cut within gr\xc3", None, "utf-8", "cut within gr\u{fffd}");
    }

    #[test]
    fn a_named_charset_is_taken_as_it_is() {
        check(b"\xe9t\xe9", Some("latin1"), "windows-1252", "été");
        check(b"\xef\xbb\xbfa", Some("utf-8"), "utf-8", "a");
        check(b"\xffa", Some("UTF-8"), "utf-8", "\u{fffd}a");
        let unknown = Charset::named("klingon").unwrap_err().to_string();
        assert_eq!(
            unknown,
            "encoding \"klingon\" is not possible: use a name such as utf-8, utf-16le or windows-1252"
        );
    }

    #[test]
    fn pieces_of_any_size_give_the_same_text() {
        struct Dribble(Vec<u8>, usize);
        impl Read for Dribble {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                let count = self.1.min(self.0.len()).min(out.len());
                out[..count].copy_from_slice(&self.0[..count]);
                self.0.drain(..count);
                Ok(count)
            }
        }
        let text = "grüße 🦌 接続\n".repeat(20);
        let bytes = utf16(&text, u16::to_le_bytes);
        for size in [1, 2, 3, 5, 7] {
            let charset = Charset::named("utf-16le").unwrap();
            let mut read = Text::new(Vec::new(), Box::new(Dribble(bytes.clone(), size)), charset);
            let mut out = Vec::new();
            while read.append_to(&mut out).unwrap() {}
            assert_eq!(String::from_utf8(out).unwrap(), text, "{size}");
        }
    }
}
