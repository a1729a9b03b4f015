//! TLS: a local certificate authority, or a certificate that somebody brought.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, date_time_ymd,
};
use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use serde::{Deserialize, Serialize};
use stepup_protocol::time::UnixTime;
use tokio_rustls::TlsAcceptor;

use crate::data_dir::{DataDir, DataDirError};

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// PEM files.
    Files {
        /// The certificate, and its chain.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// An authority of this machine's own, kept in the data folder; clients must be told to trust it.
    LocalCa,
}

/// A certificate in use.
pub(crate) struct Ready {
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate that clients must trust, PEM; none where the certificate was brought.
    pub(crate) authority: Option<Authority>,
}

/// The local authority's certificate.
#[derive(Clone, Debug)]
pub(crate) struct Authority {
    pub(crate) pem: String,
    pub(crate) path: Option<PathBuf>,
}

/// Prepares TLS for `host`.
pub(crate) fn prepare(tls: &Tls, host: &str, data: &DataDir, now: UnixTime) -> Result<Ready, TlsError> {
    match tls {
        Tls::Files { cert, key } => {
            let chain = read_chain(cert)?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|source| TlsError::File { path: key.clone(), source })?;
            Ok(Ready { acceptor: acceptor(chain, key)?, authority: None })
        }
        Tls::LocalCa => {
            let authority = LocalCa::open(data, now)?;
            let (certificate, key) = authority.issue(host, now)?;
            data.keep(CERTIFICATE, authority.certificate.clone().into_bytes())?;
            Ok(Ready {
                acceptor: acceptor(vec![certificate], key)?,
                authority: Some(Authority { pem: authority.certificate, path: data.path(CERTIFICATE) }),
            })
        }
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|source| TlsError::File { path: path.to_owned(), source })
}

fn acceptor(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, TlsError> {
    // The provider is named here, so that another one in the same program never comes into play.
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Rejected)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(TlsError::Rejected)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The authority as it lies in the data folder: PEM both.
#[derive(Serialize, Deserialize)]
struct LocalCa {
    certificate: String,
    private_key: String,
}

impl LocalCa {
    fn open(data: &DataDir, now: UnixTime) -> Result<Self, TlsError> {
        if let Some(kept) = data.read(AUTHORITY)? {
            return serde_json::from_slice(&kept).map_err(TlsError::Damaged);
        }
        let made = serde_json::to_vec(&Self::make(now)?).map_err(TlsError::Damaged)?;
        serde_json::from_slice(&data.keep(AUTHORITY, made)?).map_err(TlsError::Damaged)
    }

    fn make(now: UnixTime) -> Result<Self, TlsError> {
        let key = KeyPair::generate()?;
        let mut params = Self::params()?;
        valid(&mut params, now, Duration::from_secs(3650 * DAY));
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { certificate, private_key: key.serialize_pem() })
    }

    fn params() -> Result<CertificateParams, rcgen::Error> {
        let mut params = CertificateParams::new([])?;
        params.distinguished_name.push(DnType::CommonName, "stepup local CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(params)
    }

    /// A certificate for `host` and the names of this machine. It is made anew at each start and never kept.
    fn issue(
        &self,
        host: &str,
        now: UnixTime,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), TlsError> {
        let issuer = Issuer::new(Self::params()?, KeyPair::from_pem(&self.private_key)?);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(["localhost".to_owned()])?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.subject_alt_names.extend([
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
        ]);
        match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => {}
            Ok(address) => params.subject_alt_names.push(SanType::IpAddress(address)),
            Err(_) if host == "localhost" => {}
            Err(_) => params.subject_alt_names.push(SanType::DnsName(host.try_into()?)),
        }
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Some systems take no server certificate that lives longer than 398 days.
        valid(&mut params, now, Duration::from_secs(390 * DAY));
        let certificate = params.signed_by(&key, &issuer)?.into();
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| TlsError::KeyForm)?;
        Ok((certificate, key))
    }
}

/// From the day before `now`, for clocks that differ.
fn valid(params: &mut CertificateParams, now: UnixTime, life: Duration) {
    let date = |time: UnixTime| {
        let date = TimeZone::UTC.to_datetime(Timestamp::from_second(time.seconds()).unwrap_or_default());
        date_time_ymd(i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = date(now - Duration::from_secs(DAY));
    params.not_after = date(now + life);
}

const DAY: u64 = 86_400;
const AUTHORITY: &str = "local-ca.json";
const CERTIFICATE: &str = "local-ca.pem";

/// Why TLS cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate could not be made.
    #[error("the certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// The kept authority is not JSON.
    #[error("the local CA in the data folder is damaged: remove {AUTHORITY} to have a new one made")]
    Damaged(#[source] serde_json::Error),
    /// The data folder failed.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// A file is not PEM, or not there.
    #[error("{} cannot be read as PEM", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls_pki_types::pem::Error,
    },
    /// The private key has a form that TLS does not take.
    #[error("the private key has a form that TLS does not take")]
    KeyForm,
    /// Certificate and key do not belong together, or are of a kind that is not taken.
    #[error("the certificate and its key were rejected")]
    Rejected(#[source] rustls::Error),
}
