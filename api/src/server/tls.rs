//! Certificates, and what a connection under TLS begins with.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig, crypto::ring};
use tokio_rustls::server::TlsStream;

/// The first byte of every handshake.
const HANDSHAKE: u8 = 0x16;
/// The answer to whoever speaks HTTP where TLS is spoken.
const WRONG_PROTOCOL: &[u8] = b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\
content-type: application/problem+json\r\n\r\n\
{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"detail\":\"this port speaks HTTPS; ask with https:// here\"}";

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("{path}: expected {expected} in PEM")]
    Pem {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
    /// A file has no certificate.
    #[error("{path}: there is no certificate in it")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The key is not the certificate's, or of a kind that nobody knows.
    #[error("{cert} and {key} do not go together")]
    Pair {
        /// The file of certificates.
        cert: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// A certificate with its chain, and its private key: read once, and again when the server is told to.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: RwLock<Arc<ServerConfig>>,
}

impl Tls {
    /// What the files `cert` (with the chain) and `key` hold, both PEM.
    ///
    /// # Errors
    /// When one cannot be read, or they do not go together.
    pub fn open(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            cert: cert.to_owned(),
            key: key.to_owned(),
            config: RwLock::new(Arc::new(read(cert, key)?)),
        })
    }

    /// Reads the files again; where that fails, what was read before stays.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let config = Arc::new(read(&self.cert, &self.key)?);
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
        Ok(())
    }

    /// Shakes hands, in `limit`.
    pub(super) async fn accept(
        &self,
        mut tcp: TcpStream,
        limit: Duration,
    ) -> io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner));
        let shaken = tokio::time::timeout(limit, async {
            let mut first = [0];
            if tcp.peek(&mut first).await? == 1 && first[0] != HANDSHAKE {
                tcp.write_all(WRONG_PROTOCOL).await?;
                tcp.shutdown().await?;
                // Closed with something unread, the answer might be lost.
                let mut space = [0; 1 << 10];
                while tcp.try_read(&mut space).is_ok_and(|n| n > 0) {}
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no TLS"));
            }
            TlsAcceptor::from(config).accept(tcp).await
        });
        shaken.await.unwrap_or_else(|late| Err(late.into()))
    }
}

fn read(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let pem = |path: &Path, expected| {
        let path = path.to_owned();
        move |source| TlsError::Pem {
            path,
            expected,
            source,
        }
    };
    let certs = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(pem(cert, "certificates"))?;
    if certs.is_empty() {
        return Err(TlsError::Empty { path: cert.into() });
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(pem(key, "a private key"))?;
    let pair = |source| TlsError::Pair {
        cert: cert.into(),
        key: key.into(),
        source,
    };
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(pair)?
        .with_no_client_auth()
        .with_single_cert(certs, private)
        .map_err(pair)
}
