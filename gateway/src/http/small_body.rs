//! A small body: what a question or a change is sent with, plain or compressed.
//!
//! Invariant: neither the body nor what it becomes when it is inflated has more bytes than its route takes, so no ratio has
//! to be watched. It does not look at what a body says; bodies of lines and files have readers of their own.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, header};

use super::error::ApiError;
use crate::ingest::body::{BodyError, Encoding};

/// `advice`: what to do about a body that is too large.
pub(super) async fn receive(
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
    advice: &'static str,
) -> Result<Bytes, ApiError> {
    let too_large = |advice| ApiError::BodyTooLarge { bytes_max, advice };
    let bytes = to_bytes(body, bytes_max).await.map_err(|_| too_large(advice))?;
    // No body is none in any encoding.
    let encoding = if bytes.is_empty() { Encoding::Identity } else { encoding(headers)? };
    if encoding == Encoding::Identity {
        return Ok(bytes);
    }
    match encoding.inflate(&bytes, bytes_max, |_| Ok(())) {
        Ok(Some(inflated)) => Ok(inflated),
        Ok(None) => Err(too_large("it becomes so large when it is inflated, so send less")),
        Err(error) => Err(ApiError::BadBody { reason: error.to_string() }),
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, ApiError> {
    let given = headers.get(header::CONTENT_ENCODING).map(|value| value.to_str().unwrap_or("bytes"));
    Encoding::parse(given).map_err(|error: BodyError| ApiError::UnsupportedBody { reason: error.to_string() })
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use axum::http::HeaderValue;

    use super::*;

    async fn received(encoding: Option<&'static str>, body: Vec<u8>) -> Result<Bytes, ApiError> {
        let encoding =
            encoding.map(|encoding| (header::CONTENT_ENCODING, HeaderValue::from_static(encoding)));
        receive(&encoding.into_iter().collect(), Body::from(body), 1_000, "send less").await
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    #[tokio::test]
    async fn a_body_comes_plain_or_in_every_encoding() {
        let zstd = zstd::encode_all(&b"{}"[..], 1).unwrap();
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(b"{}").unwrap();
        for (encoding, body) in [
            (None, b"{}".to_vec()),
            (Some("identity"), b"{}".to_vec()),
            (Some("gzip"), gzip(b"{}")),
            (Some("deflate"), zlib.finish().unwrap()),
            (Some("zstd"), zstd),
        ] {
            assert_eq!(received(encoding, body).await.unwrap(), "{}", "{encoding:?}");
        }
        assert_eq!(received(Some("gzip"), Vec::new()).await.unwrap(), "", "no body is none in any encoding");
    }

    #[tokio::test]
    async fn what_is_too_large_damaged_or_unknown_is_told() {
        let check = async |encoding, body, words: &str| {
            let refused = received(encoding, body).await.unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
        };
        check(None, vec![0; 1_001], "more than 1000 bytes; send less").await;
        check(Some("gzip"), gzip(&[0; 1_001]), "becomes so large when it is inflated").await;
        let bomb = zstd::encode_all(&vec![0; 50_000_000][..], 1).unwrap();
        check(Some("zstd"), bomb[..bomb.len().min(1_000)].to_vec(), "becomes so large").await;
        check(Some("gzip"), b"{}".to_vec(), "the body is not gzip as its header says").await;
        check(Some("br"), b"{}".to_vec(), "gzip, deflate and zstd are known").await;
    }
}
