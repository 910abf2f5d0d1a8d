//! Words: what counts as one, and how texts are compared without case.
//!
//! Invariant: the same text has the same tokens everywhere: in the matcher, in the filters and
//! dictionaries of an index, and in the query. A token is a run of ASCII letters, digits, `_` and bytes of
//! other scripts. A dot between two digits parts tokens but not words: a version, an address, a decimal is one
//! word. It does not stem, rank or know languages.

/// Whether a byte is part of a token.
#[inline(always)]
pub const fn is_token_byte(byte: u8) -> bool {
    CLASSES[byte as usize] != 0
}

/// What a byte is to a token: 0 nothing, 1 a digit of it, 2 another part of it.
#[inline(always)]
pub const fn class(byte: u8) -> u8 {
    CLASSES[byte as usize]
}

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let this = byte as u8;
        if this.is_ascii_digit() {
            classes[byte] = 1;
        } else if this.is_ascii_alphabetic() || this == b'_' || this >= 0x80 {
            classes[byte] = 2;
        }
        byte += 1;
    }
    classes
};

/// Whether a word goes on beyond one of its ends: `inner` is its byte there, `outer` are the two bytes that follow
/// outwards.
#[inline]
pub fn goes_on(inner: u8, outer: [Option<u8>; 2]) -> bool {
    match outer {
        [Some(next), _] if is_token_byte(next) => is_token_byte(inner),
        [Some(b'.'), Some(beyond)] => inner.is_ascii_digit() && beyond.is_ascii_digit(),
        _ => false,
    }
}

/// The tokens of a text, in order.
pub fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| !is_token_byte(*byte)).filter(|token| !token.is_empty())
}

/// Whether filters of an index keep the token. Short numbers are everywhere, so they are not worth it.
pub fn is_filtered(token: &[u8]) -> bool {
    token.len() >= FILTERED_NUMBER_BYTES_MIN
        || (token.len() >= FILTERED_WORD_BYTES_MIN && !token.iter().any(u8::is_ascii_digit))
}

/// Shortest token with a digit that filters keep.
pub const FILTERED_NUMBER_BYTES_MIN: usize = 5;
/// Shortest token without a digit that filters keep.
pub const FILTERED_WORD_BYTES_MIN: usize = 2;

/// Hash of a token, the same for tokens that differ in the case of ASCII letters only, and for all
/// tokens with bytes of other scripts that fold to each other.
#[inline]
pub fn token_hash(token: &[u8]) -> u64 {
    let (hash, is_ascii) = hash_lower(token);
    if is_ascii || is_folded(token) { hash } else { hash_of_other_script(token) }
}

/// Whether folding would change nothing but the case of ASCII letters, which the hash does not tell apart.
/// So it is with most words: they are written small, and many scripts have no cases.
fn is_folded(token: &[u8]) -> bool {
    let mut rest = token;
    loop {
        rest = match rest {
            [] => return true,
            [0..=0x7f, rest @ ..] => rest,
            // The small letters of Latin-1, then ideographs, then pictures: `fold_char` leaves them.
            [0xc3, 0x9f..=0xbf, rest @ ..] => rest,
            [0xe3..=0xe9, 0x80..=0xbf, 0x80..=0xbf, rest @ ..] => rest,
            [0xf0, 0x9f, 0x80..=0xbf, 0x80..=0xbf, rest @ ..] => rest,
            _ => break,
        };
    }
    let is_folded = |character: char| character.is_ascii() || fold_char(character) == character;
    str::from_utf8(rest).is_ok_and(|text| text.chars().all(is_folded))
}

#[cold]
fn hash_of_other_script(token: &[u8]) -> u64 {
    hash_lower(fold(&String::from_utf8_lossy(token)).as_bytes()).0
}

const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
/// The highest bit of each byte: set in what is not ASCII.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// FNV-like over words of eight bytes in lower case, mixed at the end: stable, because filters are stored.
/// Also says whether all bytes are ASCII. The last word may overlap the one before, and a short token is one
/// word: its length, with which the hash begins, tells what was repeated, and no byte is copied by itself.
#[inline]
fn hash_lower(token: &[u8]) -> (u64, bool) {
    let mut hash = (token.len() as u64).wrapping_mul(MULTIPLIER);
    let mut all = 0;
    let mut mix = |word: u64| {
        all |= word;
        hash = (hash ^ lower(word)).wrapping_mul(MULTIPLIER);
        hash ^= hash >> 32;
    };
    if let Some(last) = token.last_chunk() {
        let (words, rest) = token.as_chunks();
        words.iter().for_each(|word| mix(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            mix(u64::from_le_bytes(*last));
        }
    } else {
        mix(short_word(token));
    }
    hash = hash.wrapping_mul(MULTIPLIER);
    (hash ^ (hash >> 29), all & HIGH_BITS == 0)
}

/// All bytes of a token of at most seven in one word.
#[inline]
fn short_word(token: &[u8]) -> u64 {
    match (token.first_chunk(), token.last_chunk()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32
        }
        _ => match token {
            [] => 0,
            [first, .., last] => {
                u64::from(*first) | u64::from(token[token.len() / 2]) << 8 | u64::from(*last) << 16
            }
            [only] => u64::from(*only),
        },
    }
}

/// Each byte that is an upper-case letter of ASCII in lower case, the others as they are.
#[inline]
const fn lower(word: u64) -> u64 {
    const EACH: u64 = HIGH_BITS >> 7;
    let low_bits = word & !HIGH_BITS;
    let from_a = low_bits + EACH * (0x80 - b'A' as u64);
    let after_z = low_bits + EACH * (0x7f - b'Z' as u64);
    let upper = (from_a ^ after_z) & !word & HIGH_BITS;
    // The bit that tells the cases apart is two below the highest.
    word | upper >> 2
}

/// The text in the case in which texts are compared: each character by its simple lower case, where that is
/// one character.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

pub fn fold_char(character: char) -> char {
    match character {
        // The small letters of Latin-1, and ideographs; signs and pictures behind the last letters with cases.
        '\u{df}'..='\u{ff}' | '\u{3000}'..='\u{a63f}' | '\u{1f000}'.. => return character,
        _ => {}
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_without_cases_are_left_alone() {
        for character in '\0'..=char::MAX {
            let mut lower = character.to_lowercase();
            let expected = lower.next().filter(|_| lower.next().is_none()).unwrap_or(character);
            assert_eq!(fold_char(character), expected, "{:x}", u32::from(character));
        }
    }

    #[test]
    fn folded_characters_are_known_by_their_bytes() {
        for character in '\0'..=char::MAX {
            let word = format!("a{character}b");
            let expected = character.is_ascii() || fold_char(character) == character;
            assert_eq!(is_folded(word.as_bytes()), expected, "{:x}", u32::from(character));
            // Cut short it is no text.
            let (cut, is_whole) = (&word.as_bytes()[..word.len() - 2], character.is_ascii());
            assert_eq!(is_folded(cut), is_whole, "{:x}", u32::from(character));
        }
    }

    #[test]
    fn words_of_other_scripts_hash_like_their_folded_text() {
        for token in ["größe", "GRÖßE", "Größe", "日本", "🙂", "ÀÉ", "àé", "ИМЯ", "имя", "İ", "ſ", "Ⱥb"]
        {
            let folded = hash_lower(fold(token).as_bytes()).0;
            assert_eq!(
                (token_hash(token.as_bytes()), hash_of_other_script(token.as_bytes())),
                (folded, folded)
            );
        }
        let broken = [0xc3, b'A', 0xff];
        assert_eq!(token_hash(&broken), hash_of_other_script(&broken));
    }

    #[test]
    fn tokens_are_runs_of_letters_digits_underscores_and_other_scripts() {
        let check = |text: &str, expected: &[&str]| {
            let found: Vec<_> = tokens(text.as_bytes()).map(|token| str::from_utf8(token).unwrap()).collect();
            assert_eq!(found, expected, "{text}");
        };
        check(
            "read_timeout after 30s, host=web-1.eu",
            &["read_timeout", "after", "30s", "host", "web", "1", "eu"],
        );
        check("größe → 5", &["größe", "→", "5"]);
        check("", &[]);
        check(" ..", &[]);
    }

    #[test]
    fn the_hash_of_a_token_knows_no_case() {
        assert_eq!(token_hash(b"Timeout"), token_hash(b"tIMEOUT"));
        assert_eq!(token_hash("Größe".as_bytes()), token_hash("GRÖSSE".replace("SS", "ß").as_bytes()));
        assert_ne!(token_hash(b"timeout"), token_hash(b"timeouts"));
        assert_ne!(token_hash(b"a"), token_hash(b"a\0"));
        for byte in 0..128u8 {
            assert_eq!(lower(u64::from(byte) << 56), u64::from(byte.to_ascii_lowercase()) << 56);
            assert_eq!(
                lower(u64::from(byte) << 56 | 0xdf),
                u64::from(byte.to_ascii_lowercase()) << 56 | 0xdf
            );
        }
    }

    #[test]
    fn every_byte_of_a_token_changes_its_hash() {
        let token = b"0123456789abcdefghijklmnop";
        for length in 1..token.len() {
            let hash = token_hash(&token[..length]);
            for at in 0..length {
                let mut other = token[..length].to_vec();
                other[at] ^= 1;
                assert_ne!(token_hash(&other), hash, "byte {at} of {length}");
            }
        }
    }

    #[test]
    fn the_hash_of_a_token_is_stored_and_never_changes() {
        let check = |token: &[u8], hash: u64| assert_eq!(token_hash(token), hash);
        check(b"4bf92f3577b34da6", 1_186_010_590_836_469_075);
        check(b"ab", 12_731_910_025_275_050_151);
        check(b"timeout", 13_634_752_022_188_173_365);
        check(b"connection", 10_011_825_828_261_263_951);
    }

    #[test]
    fn folding_keeps_what_has_no_single_lower_case() {
        assert_eq!(fold("ÄÖ Straße İ"), "äö straße İ");
    }
}
