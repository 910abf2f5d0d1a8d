//! Words: what counts as one, and how texts are compared without case.
//!
//! Invariant: the same text has the same tokens everywhere: in the matcher, in the filters and
//! dictionaries of an index, and in the query. A token is a run of ASCII letters, digits, `_` and bytes of
//! other scripts. It does not stem, rank or know languages.

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
pub fn token_hash(token: &[u8]) -> u64 {
    if token.is_ascii() {
        return hash_folded(token, |byte| byte.to_ascii_lowercase());
    }
    hash_folded(fold(&String::from_utf8_lossy(token)).as_bytes(), |byte| byte)
}

/// FNV-like over words of eight bytes, mixed at the end: stable, because filters are stored.
#[inline(always)]
fn hash_folded(token: &[u8], fold: impl Fn(u8) -> u8) -> u64 {
    const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut hash = (token.len() as u64).wrapping_mul(MULTIPLIER);
    for chunk in token.chunks(8) {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = fold(*from);
        }
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER);
        hash ^= hash >> 32;
    }
    hash = hash.wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 29)
}

/// The text in the case in which texts are compared: each character by its simple lower case, where that is
/// one character.
pub fn fold(text: &str) -> String {
    text.chars().map(fold_char).collect()
}

pub fn fold_char(character: char) -> char {
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
    }

    #[test]
    fn the_hash_of_a_token_is_stored_and_never_changes() {
        assert_eq!(token_hash(b"4bf92f3577b34da6"), 1_186_010_590_836_469_075);
    }

    #[test]
    fn folding_keeps_what_has_no_single_lower_case() {
        assert_eq!(fold("ÄÖ Straße İ"), "äö straße İ");
    }
}
