//! Encryption: the certificate and its key, read again when their files change.
//!
//! Invariant: there is always a pair that works in force; a new one replaces it only if it does, too, and connections keep
//! the one that they began with. It accepts no connection and opens no port.

mod validity;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use antler_events::clock::{Clock, Timestamp};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// A client that has not agreed on keys after this time is let go.
const AGREE_MAX: Duration = Duration::from_secs(10);
/// A file that is larger is no certificate.
const FILE_BYTES_MAX: u64 = 1 << 20;
const DAY_NANOS: i64 = 86_400_000_000_000;

/// What is spoken inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    Http,
    Lines,
}

/// A pair of files, and what they gave.
#[derive(Debug)]
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    pair: Pair,
    /// Of newer files that cannot be used, and why not.
    refused: Option<(Fingerprint, String)>,
}

/// A certificate with its key, ready for use.
#[derive(Debug, Clone)]
struct Pair {
    fingerprint: Fingerprint,
    http: Arc<ServerConfig>,
    lines: Arc<ServerConfig>,
    ends: Timestamp,
}

/// Of the bytes of both files.
type Fingerprint = [u8; 32];

/// Why there is no pair.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("the file {} ({setting}) cannot be read", path.display())]
    Unreadable { path: PathBuf, setting: &'static str, source: std::io::Error },
    #[error("the file {} ({setting}) has more than {FILE_BYTES_MAX} bytes", path.display())]
    TooLarge { path: PathBuf, setting: &'static str },
    #[error("the file {} ({setting}) has no {what} in PEM", path.display())]
    Missing { path: PathBuf, setting: &'static str, what: &'static str, source: pem::Error },
    #[error("the certificate {} has no end that can be read", path.display())]
    NoEnd { path: PathBuf },
    #[error("the certificate {} ended on {ends}", path.display())]
    Ended { path: PathBuf, ends: Timestamp },
    #[error("the certificate {} and the key {} cannot be used together", certificate.display(), key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
}

/// How the certificate is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub ends: Timestamp,
    /// Whole days; negative if it has ended.
    pub days_left: i64,
    /// Why newer files are not used.
    pub refused: Option<String>,
}

impl Tls {
    /// Reads the pair of the settings; none if they have none. One that has ended is better than no server, and told.
    pub fn open(
        settings: &antler_config::Tls,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Arc<Self>>, TlsError> {
        if !settings.is_set() {
            return Ok(None);
        }
        let (certificate, key) = (settings.certificate.clone(), settings.key.clone());
        let pair = Files::read(&certificate, &key)?.pair(&certificate, &key)?;
        if pair.ends < clock.now() {
            let error = TlsError::Ended { path: certificate.clone(), ends: pair.ends };
            tracing::error!(%error, "clients will refuse the certificate; put a new one in its place");
        }
        let state = Mutex::new(State { pair, refused: None });
        Ok(Some(Arc::new(Self { certificate, key, clock: Arc::clone(clock), state })))
    }

    /// Agrees on keys with a client, for a bounded time.
    pub async fn accept<S>(&self, stream: S, inside: Inside) -> std::io::Result<TlsStream<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let config = {
            let pair = &self.state().pair;
            Arc::clone(if inside == Inside::Http { &pair.http } else { &pair.lines })
        };
        let agreed = tokio::time::timeout(AGREE_MAX, TlsAcceptor::from(config).accept(stream)).await;
        agreed.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
    }

    pub fn standing(&self) -> Standing {
        let state = self.state();
        let ends = state.pair.ends;
        let days_left = (ends.nanos() - self.clock.now().nanos()).div_euclid(DAY_NANOS);
        Standing { ends, days_left, refused: state.refused.as_ref().map(|(_, why)| why.clone()) }
    }

    /// Looks at the files again and again, and at once at SIGHUP, until the stop.
    pub async fn keep_up(self: Arc<Self>, mut stopping: watch::Receiver<bool>) {
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => return tracing::error!(%error, "certificates are not read again"),
        };
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stops| *stops) => return,
                Some(()) = hangup.recv() => {}
                _ = look.tick() => {}
            }
            let this = Arc::clone(&self);
            if let Err(panic) = tokio::task::spawn_blocking(move || this.look_again()).await {
                tracing::error!(%panic, "certificates could not be looked at");
            }
        }
    }

    /// Takes a new pair over if it can be used. One that cannot be is told once.
    fn look_again(&self) {
        let read = Files::read(&self.certificate, &self.key);
        // What cannot be read has no bytes of its own.
        let fingerprint = read.as_ref().map_or([0; 32], Files::fingerprint);
        let known = {
            let state = self.state();
            let refused = state.refused.as_ref().map(|(fingerprint, _)| *fingerprint);
            [Some(state.pair.fingerprint), refused].contains(&Some(fingerprint))
        };
        if known {
            return self.forget_refusal(fingerprint);
        }
        match read
            .and_then(|files| files.pair(&self.certificate, &self.key))
            .and_then(|pair| self.current(pair))
        {
            Ok(pair) => {
                tracing::info!(ends = %pair.ends, "a new certificate is in force");
                *self.state() = State { pair, refused: None };
            }
            Err(error) => {
                let why = crate::cli::with_causes(&error);
                tracing::error!(why, "the new certificate is not used, and the old one stays in force");
                self.state().refused = Some((fingerprint, why));
            }
        }
    }

    /// The old files are back.
    fn forget_refusal(&self, fingerprint: Fingerprint) {
        let mut state = self.state();
        if state.pair.fingerprint == fingerprint {
            state.refused = None;
        }
    }

    fn current(&self, pair: Pair) -> Result<Pair, TlsError> {
        match pair.ends < self.clock.now() {
            true => Err(TlsError::Ended { path: self.certificate.clone(), ends: pair.ends }),
            false => Ok(pair),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bytes of both files.
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Files {
    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self { certificate: read(certificate, "tls.certificate")?, key: read(key, "tls.key")? })
    }

    fn fingerprint(&self) -> Fingerprint {
        let mut hash = Sha256::new();
        hash.update((self.certificate.len() as u64).to_be_bytes());
        hash.update(&self.certificate);
        hash.update(&self.key);
        hash.finalize().into()
    }

    fn pair(&self, certificate: &Path, key: &Path) -> Result<Pair, TlsError> {
        let missing = |path: &Path, setting, what| {
            let path = path.to_owned();
            move |source| TlsError::Missing { path, setting, what, source }
        };
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let chain =
            chain.and_then(|chain| if chain.is_empty() { Err(pem::Error::NoItemsFound) } else { Ok(chain) });
        let chain = chain.map_err(missing(certificate, "tls.certificate", "certificate"))?;
        let private =
            PrivateKeyDer::from_pem_slice(&self.key).map_err(missing(key, "tls.key", "private key"))?;
        let ends =
            validity::end(&chain[0]).ok_or_else(|| TlsError::NoEnd { path: certificate.to_owned() })?;
        let lines = config(chain, private).map_err(|source| TlsError::Unusable {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        })?;
        let mut http = lines.clone();
        http.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Pair { fingerprint: self.fingerprint(), http: Arc::new(http), lines: Arc::new(lines), ends })
    }
}

fn read(path: &Path, setting: &'static str) -> Result<Vec<u8>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), setting, source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        return Err(TlsError::TooLarge { path: path.to_owned(), setting });
    }
    std::fs::read(path).map_err(unreadable)
}

/// Refuses a key that is not that of the certificate.
fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
}

#[cfg(test)]
mod tests;
