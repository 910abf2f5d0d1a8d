//! Headers that list what a client takes.
//!
//! Invariant: what a client refuses it does not take. Which of several it likes most is not asked.

use axum::http::HeaderValue;

/// Whether a header lists a word and does not refuse it.
pub(super) fn lists(header: Option<&HeaderValue>, word: &str) -> bool {
    let text = header.and_then(|header| header.to_str().ok()).unwrap_or_default();
    text.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        parts.next() == Some(word) && !parts.any(|part| part == "q=0" || part == "q=0.0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_refused_is_not_listed() {
        let takes = |text| lists(Some(&HeaderValue::from_static(text)), "gzip");
        assert!(["gzip", "br, gzip", "br,gzip;q=0.5", " gzip ; q=1"].into_iter().all(takes));
        assert!(!["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip", "gzip-2"].into_iter().any(takes));
        assert!(!lists(None, "gzip"));
    }
}
