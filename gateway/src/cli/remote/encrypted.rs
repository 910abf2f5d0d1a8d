//! A connection through TLS to a server whose certificate somebody vouches for.
//!
//! Invariant: a certificate that no authority has signed for this name, of the system or of the file that was named, ends
//! the connection, and nothing was sent on it. There is no way to do without.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::client::ClientError;
use super::server::Server;

/// `authorities`: certificates in PEM that are trusted beside those of the system.
pub(super) async fn agree(
    server: &Server,
    authorities: Option<&Path>,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, ClientError> {
    let untrusted = |reason: String| ClientError::Untrusted { server: server.to_string(), reason };
    let name = ServerName::try_from(server.address.host().to_owned());
    let name = name.map_err(|error| untrusted(error.to_string()))?;
    let provider = Arc::new(ring::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| untrusted(error.to_string()))?;
    let mut config = versions.with_root_certificates(roots(authorities)?).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let agreed = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    agreed.map_err(|error| untrusted(error.to_string()))
}

fn roots(authorities: Option<&Path>) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    // What the system cannot read of its own is not trusted, and the handshake says so.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = authorities {
        let unreadable = |reason: String| ClientError::Authorities { path: path.to_owned(), reason };
        let certificates =
            CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))?;
        let certificates: Vec<_> =
            certificates.collect::<Result<_, _>>().map_err(|error| unreadable(error.to_string()))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(unreadable("it has no certificate in PEM".to_owned()));
        }
    }
    Ok(roots)
}
