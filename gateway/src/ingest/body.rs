//! Receiving a body, and inflating it.
//!
//! Invariant: neither a body nor what is inflated from it grows beyond its bound, and all bodies together stay below
//! theirs; a sender that never ends is cut off in time. It does not look at what a body says.

use std::fmt;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use antler_config::ByteSize;
use antler_config::limits::IngestLimits;
use antler_events::ids::TenantId;
use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::shares::{Share, Shares};

/// Room for bodies is taken in steps of so many bytes.
const STEP_BYTES: usize = 64 << 10;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Zstd,
}

/// Why a body was not received.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is compressed as {encoding:?}; gzip, deflate and zstd are known")]
    UnknownEncoding { encoding: String },
    #[error("the body has more than {bytes_max} bytes; send it in smaller parts")]
    TooLarge { bytes_max: u64 },
    #[error(
        "the body becomes more than {bytes_max} bytes, or {inflation_max} times its size, when it is inflated"
    )]
    Inflates { bytes_max: u64, inflation_max: u32 },
    #[error("the body is not {encoding} as its header says: {reason}")]
    Damaged { encoding: Encoding, reason: String },
    #[error("the body was not sent within {} s", within.as_secs_f64())]
    Slow { within: Duration },
    #[error("the server receives as many bodies as it can hold; send again a little later")]
    Busy,
    #[error(
        "too many bodies are being received at once for this tenant; send again a little later, and fewer at once"
    )]
    TenantBusy,
    #[error("the body ended early: {reason}")]
    Cut { reason: String },
}

/// Room for the bodies that are being received.
#[derive(Debug, Clone)]
pub struct Bodies {
    room: Arc<Semaphore>,
    shares: Arc<Shares>,
    limits: Arc<IngestLimits>,
}

/// A body, inflated, and the room that it takes.
#[derive(Debug)]
pub struct Received {
    pub bytes: Bytes,
    room: Option<OwnedSemaphorePermit>,
    share: Share,
}

impl fmt::Display for Encoding {
    /// As the header calls it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Identity => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
        })
    }
}

impl Encoding {
    /// Of the header `Content-Encoding`.
    pub fn parse(header: Option<&str>) -> Result<Self, BodyError> {
        let text = header.unwrap_or_default().trim().to_ascii_lowercase();
        Ok(match text.as_str() {
            "" | "identity" => Self::Identity,
            "gzip" | "x-gzip" => Self::Gzip,
            "deflate" => Self::Deflate,
            "zstd" => Self::Zstd,
            _ => return Err(BodyError::UnknownEncoding { encoding: text.chars().take(60).collect() }),
        })
    }

    /// What a body becomes; none if that is more than `most` bytes. `make_room` is asked before it grows.
    pub fn inflate(
        self,
        compressed: &[u8],
        most: usize,
        mut make_room: impl FnMut(usize) -> Result<(), BodyError>,
    ) -> Result<Option<Bytes>, BodyError> {
        let damaged =
            |error: std::io::Error| BodyError::Damaged { encoding: self, reason: error.to_string() };
        let mut reader = reader(compressed, self).map_err(damaged)?;
        let mut out = Vec::new();
        loop {
            make_room(out.len() + STEP_BYTES)?;
            let read = reader.by_ref().take(STEP_BYTES as u64).read_to_end(&mut out).map_err(damaged)?;
            if out.len() > most {
                return Ok(None);
            }
            if read < STEP_BYTES {
                return Ok(Some(out.into()));
            }
        }
    }
}

impl Bodies {
    pub fn new(limits: IngestLimits) -> Self {
        let room = Arc::new(Semaphore::new(steps(as_usize(limits.bodies_bytes_max))));
        Self { room, shares: Arc::default(), limits: Arc::new(limits) }
    }

    /// Receives a body and inflates it.
    pub async fn receive(
        &self,
        tenant: TenantId,
        body: Body,
        encoding: Encoding,
    ) -> Result<Received, BodyError> {
        let within = self.limits.body_timeout;
        let received = tokio::time::timeout(within, self.collect(tenant, body)).await;
        let mut received = received.map_err(|_| BodyError::Slow { within })??;
        if encoding != Encoding::Identity {
            received.bytes = self.inflate(&mut received, encoding)?;
        }
        Ok(received)
    }

    async fn collect(&self, tenant: TenantId, mut body: Body) -> Result<Received, BodyError> {
        let bytes_max = self.limits.body_bytes_max.as_u64();
        // Said before anything has come. It is only believed in part: memory is used when bytes come.
        let announced = usize::try_from(body.size_hint().lower().min(bytes_max)).unwrap_or(0);
        let share = Shares::begin(tenant, Arc::clone(&self.shares));
        let mut received = Received { bytes: Bytes::new(), room: None, share };
        let mut gathered = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| BodyError::Cut { reason: error.to_string() })?;
            let Ok(data) = frame.into_data() else { continue };
            let length = received.bytes.len() + gathered.len() + data.len();
            if length as u64 > bytes_max {
                return Err(BodyError::TooLarge { bytes_max });
            }
            self.make_room(&mut received, length)?;
            if length == data.len() {
                // Mostly it is the whole body, which needs no copy then.
                received.bytes = data;
                continue;
            }
            if length > gathered.capacity() {
                gathered.reserve(announced.max(length) - gathered.len());
            }
            gathered.extend_from_slice(&std::mem::take(&mut received.bytes));
            gathered.extend_from_slice(&data);
        }
        if !gathered.is_empty() {
            received.bytes = gathered.freeze();
        }
        Ok(received)
    }

    fn make_room(&self, received: &mut Received, bytes: usize) -> Result<(), BodyError> {
        let held = received.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = steps(bytes).saturating_sub(held);
        if missing == 0 {
            return Ok(());
        }
        if !received.share.grow(missing, self.room.available_permits()) {
            return Err(BodyError::TenantBusy);
        }
        let more = Arc::clone(&self.room).try_acquire_many_owned(missing as u32);
        let more = more.map_err(|_| BodyError::Busy)?;
        match &mut received.room {
            Some(room) => room.merge(more),
            room => *room = Some(more),
        }
        Ok(())
    }

    fn inflate(&self, received: &mut Received, encoding: Encoding) -> Result<Bytes, BodyError> {
        let compressed = std::mem::take(&mut received.bytes);
        let inflation_max = self.limits.inflation_max;
        let by_ratio = compressed.len().saturating_mul(inflation_max as usize);
        let most = as_usize(self.limits.body_bytes_max).min(by_ratio);
        let inflated = encoding.inflate(&compressed, most, |bytes| self.make_room(received, bytes))?;
        let bytes_max = self.limits.body_bytes_max.as_u64();
        inflated.ok_or(BodyError::Inflates { bytes_max, inflation_max })
    }
}

fn reader<'a>(compressed: &'a [u8], encoding: Encoding) -> std::io::Result<Box<dyn Read + Send + 'a>> {
    Ok(match encoding {
        Encoding::Identity => Box::new(compressed),
        Encoding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(compressed)),
        // What is called so is zlib by the book, and bare in many programs.
        Encoding::Deflate if is_zlib(compressed) => Box::new(flate2::read::ZlibDecoder::new(compressed)),
        Encoding::Deflate => Box::new(flate2::read::DeflateDecoder::new(compressed)),
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(compressed)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG_MAX)?;
            Box::new(decoder)
        }
    })
}

/// The window that every decoder of zstd has to know, 8 MiB, so that a body cannot ask for more memory.
const ZSTD_WINDOW_LOG_MAX: u32 = 23;

fn is_zlib(bytes: &[u8]) -> bool {
    let [first, second, ..] = bytes else { return false };
    first & 0x0f == 8 && u16::from_be_bytes([*first, *second]).is_multiple_of(31)
}

fn steps(bytes: usize) -> usize {
    bytes.div_ceil(STEP_BYTES)
}

fn as_usize(size: ByteSize) -> usize {
    usize::try_from(size.as_u64()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn bodies() -> Bodies {
        Bodies::new(IngestLimits {
            body_bytes_max: ByteSize::kib(256),
            bodies_bytes_max: ByteSize::kib(1_024),
            inflation_max: 100,
            ..IngestLimits::default()
        })
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    async fn received(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, String> {
        let bodies = bodies();
        let received = bodies.receive(tenant("ann"), Body::from(bytes), encoding).await;
        let bytes = received.map(|received| received.bytes.to_vec()).map_err(|error| error.to_string());
        assert_eq!(bodies.room.available_permits(), 16, "all room comes back");
        bytes
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(bytes).unwrap();
        out.finish().unwrap()
    }

    /// Text that does not compress well.
    fn text(length: usize) -> Vec<u8> {
        (0..length as u32).map(|at| b'a' + (at.wrapping_mul(2_654_435_761) >> 27) as u8 % 26).collect()
    }

    #[tokio::test]
    async fn every_encoding_comes_back() {
        let plain = text(100_000);
        let zlib = {
            let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            out.write_all(&plain).unwrap();
            out.finish().unwrap()
        };
        let bare = zlib[2..zlib.len() - 4].to_vec();
        let zstd = zstd::encode_all(&plain[..], 1).unwrap();
        for (bytes, encoding) in [
            (plain.clone(), Encoding::Identity),
            (gzip(&plain), Encoding::Gzip),
            (zlib, Encoding::Deflate),
            (bare, Encoding::Deflate),
            (zstd, Encoding::Zstd),
        ] {
            assert_eq!(received(bytes, encoding).await.as_ref(), Ok(&plain), "{encoding:?}");
        }
    }

    #[tokio::test]
    async fn bodies_that_are_or_become_too_large_are_refused() {
        let refused = received(text(300_000), Encoding::Identity).await.unwrap_err();
        assert_eq!(refused, "the body has more than 262144 bytes; send it in smaller parts");
        let expected = "the body becomes more than 262144 bytes, or 100 times its size, when it is inflated";
        assert_eq!(received(gzip(&text(1_000).repeat(300)), Encoding::Gzip).await.unwrap_err(), expected);
        assert_eq!(received(gzip(&vec![0; 20_000_000]), Encoding::Gzip).await.unwrap_err(), expected);
        let bomb = zstd::encode_all(&vec![0; 200_000][..], 1).unwrap();
        assert_eq!(received(bomb, Encoding::Zstd).await.unwrap_err(), expected);
    }

    #[tokio::test]
    async fn a_body_that_is_not_what_it_says_is_refused() {
        let check = async |bytes: Vec<u8>, encoding: Encoding| {
            let refused = received(bytes, encoding).await.unwrap_err();
            assert!(
                refused.starts_with(&format!("the body is not {encoding} as its header says")),
                "{refused}"
            );
        };
        check(b"not compressed".to_vec(), Encoding::Gzip).await;
        check(b"not compressed".to_vec(), Encoding::Zstd).await;
        check(gzip(&text(1_000))[..100].to_vec(), Encoding::Gzip).await;
        let unknown = Encoding::parse(Some("br")).unwrap_err().to_string();
        assert_eq!(unknown, "the body is compressed as \"br\"; gzip, deflate and zstd are known");
    }

    #[tokio::test]
    async fn bodies_share_their_room_and_no_tenant_takes_it_all() {
        let bodies = bodies();
        let large =
            async |name| bodies.receive(tenant(name), Body::from(text(256 << 10)), Encoding::Identity).await;
        let mut held = vec![large("ann").await.unwrap(), large("ann").await.unwrap()];
        assert_eq!(large("ann").await.unwrap_err(), BodyError::TenantBusy);
        held.push(large("bob").await.unwrap());
        let small = async |name| bodies.receive(tenant(name), Body::from("x"), Encoding::Identity).await;
        assert_eq!(small("ann").await.unwrap_err(), BodyError::TenantBusy);
        held.push(large("eve").await.unwrap());
        assert_eq!(small("zoe").await.unwrap_err(), BodyError::Busy);
        held.clear();
        assert!(small("ann").await.is_ok());
        assert_eq!(bodies.room.available_permits(), 16);
    }
}
