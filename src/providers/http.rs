//! HTTP as this program wants it: one connection pool, certificates checked, nothing followed, nothing repeated by itself, answers
//! of bounded size. Knows no vendor and no credential.

use std::{
    error::Error,
    io,
    path::Path,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::{HOST, HeaderName, HeaderValue};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};

pub use super::net::Timeouts;
use super::{
    net::{Net, Pace, Proxy},
    profile::Profile,
};
use crate::{
    domain::{fault::FaultKind, odd},
    wire::{WireRequest, WireResponse},
};

/// Bytes that an answer may have, unpacked; the largest page of any cloud is far below.
pub const MAX_ANSWER: usize = 32 << 20;

/// The HTTP client could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("can not set up the HTTPS client: {0}")]
pub struct SetupError(String);

/// The clients of a process: made when first needed, shared by all profiles that are reached alike.
#[derive(Debug, Default)]
pub struct Transport {
    made: Mutex<Vec<(Way, reqwest::Client)>>,
}

/// What clients differ in.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Way {
    loopback: bool,
    net: Net,
}

impl Transport {
    /// The client for a profile's endpoint. Plain http exists on loopback only.
    ///
    /// # Errors
    /// No usable TLS set-up on this machine, or a file of certificates that is none.
    pub fn for_profile(&self, profile: &Profile) -> Result<reqwest::Client, SetupError> {
        let loopback = profile.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme == "http");
        // How fast it is asked is not the client's business.
        let way = Way { loopback, net: Net { pace: Pace::default(), ..profile.net.clone() } };
        // Nothing in here panics half-way.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = made.iter().find(|(known, _)| *known == way) {
            return Ok(client.clone());
        }
        let client = if loopback { http_client(true, way.net.timeouts)? } else { client_of(&way.net)? };
        made.push((way, client.clone()));
        Ok(client)
    }
}

/// Builds a client. With `loopback_only` it trusts no certificate and uses no proxy: demo traffic never leaves the machine.
///
/// # Errors
/// No usable TLS set-up on this machine.
pub fn http_client(loopback_only: bool, timeouts: Timeouts) -> Result<reqwest::Client, SetupError> {
    if loopback_only {
        let builder = plain_builder(timeouts).no_proxy().tls_certs_only([]);
        return builder.build().map_err(|error| SetupError(chain(&error)));
    }
    client_of(&Net { timeouts, ..Net::default() })
}

fn client_of(net: &Net) -> Result<reqwest::Client, SetupError> {
    let own = net.ca_file.as_deref().map(certificates).transpose().map_err(SetupError)?.unwrap_or_default();
    let builder = || {
        let builder = plain_builder(net.timeouts);
        match &net.proxy {
            Proxy::Environment => Ok(builder),
            Proxy::None => Ok(builder.no_proxy()),
            Proxy::Via(url) => {
                let proxy = reqwest::Proxy::all(url).map_err(|error| SetupError(chain(&error)))?;
                Ok(builder.no_proxy().proxy(proxy))
            }
        }
    };
    let certificate = |der: &CertificateDer<'static>| reqwest::Certificate::from_der(der);
    let more = own.iter().map(certificate).collect::<Result<Vec<_>, _>>().map_err(|error| SetupError(chain(&error)))?;
    let builds = if more.is_empty() { builder()? } else { builder()?.tls_certs_merge(more) };
    if let Ok(client) = builds.build() {
        return Ok(client);
    }
    // A bare container has no store of root certificates; these come with the program.
    bundled_roots(builder()?, own).build().map_err(|error| SetupError(chain(&error)))
}

/// The certificates of a PEM file.
///
/// # Errors
/// In words: it can not be read, or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let found = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| error.to_string())?;
    if found.is_empty() {
        return Err("no certificate (PEM)".to_owned());
    }
    // What is no certificate inside would be passed over later, and nobody would know why the cloud is not trusted.
    let mut roots = rustls::RootCertStore::empty();
    match found.iter().try_for_each(|one| roots.add(one.clone())) {
        Ok(()) => Ok(found),
        Err(error) => Err(error.to_string()),
    }
}

fn plain_builder(timeouts: Timeouts) -> reqwest::ClientBuilder {
    // Err means that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .user_agent(concat!("nicdeck/", env!("CARGO_PKG_VERSION")))
        // A followed redirect would repeat the request with its signature to somebody else.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What may be sent again is decided here, by the vendor's code, never by the protocol.
        .retry(reqwest::retry::never())
        .http1_only()
        // An idle connection that the server has just closed would lose a write's answer.
        .pool_idle_timeout(Duration::from_secs(15))
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.read)
        .timeout(timeouts.total)
}

fn bundled_roots(builder: reqwest::ClientBuilder, own: Vec<CertificateDer<'static>>) -> reqwest::ClientBuilder {
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots.add_parsable_certificates(own);
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    builder.tls_backend_preconfigured(tls)
}

/// Why there is no whole answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lost {
    /// `Unreachable`: the request never left. `Timeout`, `Reset`, `Garbage`: it may have. `Local`: it could not be written down.
    pub kind: FaultKind,
    /// Status and headers where they came before the end.
    pub status: Option<u16>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Without address.
    pub message: String,
}

/// Sends exactly these bytes, once, and reads the whole answer. Waits no longer than `patience`, if that is less than the client's own timeout.
///
/// # Errors
/// See [`Lost`].
pub async fn send(
    http: &reqwest::Client,
    wire: &WireRequest,
    patience: Option<Duration>,
) -> Result<WireResponse, Lost> {
    let mut head = Head::default();
    let trip = round_trip(http, wire, &mut head);
    let ended = match patience {
        None => trip.await,
        Some(patience) => tokio::time::timeout(patience, trip)
            .await
            .unwrap_or_else(|_| Err(Broken { kind: FaultKind::Timeout, message: odd::NO_ANSWER_IN_TIME.to_owned() })),
    };
    let Head { status, headers } = head;
    match (ended, status) {
        (Ok(body), Some(status)) => Ok(WireResponse { status, headers, body }),
        (Ok(_), None) => Err(Lost { kind: FaultKind::Garbage, status, headers, message: odd::missing("status") }),
        (Err(Broken { kind, message }), _) => Err(Lost { kind, status, headers, message }),
    }
}

/// What came before the body. It stays when the rest does not come.
#[derive(Default)]
struct Head {
    status: Option<u16>,
    headers: Vec<(String, String)>,
}

/// Why a round trip ended early.
struct Broken {
    kind: FaultKind,
    message: String,
}

/// Sends the request and reads the body.
async fn round_trip(http: &reqwest::Client, wire: &WireRequest, head: &mut Head) -> Result<Vec<u8>, Broken> {
    let local = |what: &str| Broken { kind: FaultKind::Local, message: what.to_owned() };
    let method =
        reqwest::Method::from_bytes(wire.method.as_bytes()).map_err(|_| local(&odd::about(odd::REQUEST, "method")))?;
    let mut request = http.request(method, wire.url()).body(wire.body.clone());
    // The host is part of the signature: it is sent as it was signed.
    let host = ("host", wire.host.as_str());
    let headers = wire.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain([host]) {
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| local(&odd::about(odd::REQUEST, "header name")))?;
        // The value may be a secret: it is not repeated.
        let mut value =
            HeaderValue::from_bytes(value.as_bytes()).map_err(|_| local(&odd::about(odd::REQUEST, "header value")))?;
        value.set_sensitive(name != HOST);
        request = request.header(name, value);
    }
    let mut response = request.send().await.map_err(broken)?;
    head.status = Some(response.status().as_u16());
    head.headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            let message = odd::about(odd::TOO_LARGE, format_args!("{} MB", MAX_ANSWER >> 20));
            return Err(Broken { kind: FaultKind::Garbage, message });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: reqwest::Error) -> Broken {
    // Some vendors sign in the URL.
    let error = error.without_url();
    let kind = if error.is_connect() {
        FaultKind::Unreachable
    } else if error.is_timeout() {
        FaultKind::Timeout
    } else if error.is_builder() {
        FaultKind::Local
    } else if parse_error(&error) {
        FaultKind::Garbage
    } else {
        FaultKind::Reset
    };
    Broken { kind, message: chain(&error) }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// An answer that came, but is no HTTP or is packed wrongly.
fn parse_error(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let http = cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse);
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        http || matches!(kind, Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput))
    })
}

/// The error and what caused it, each once.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut parts: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if parts.iter().all(|part| !part.contains(&text)) {
            parts.push(text);
        }
    }
    parts.join(": ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::providers::profile::Endpoint;

    #[test]
    fn clients_are_built_with_and_without_a_store_of_certificates() {
        let transport = Transport::default();
        let mut profile = Profile {
            id: "p".into(),
            cloud: "c".into(),
            regions: vec![],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        };
        assert!(transport.for_profile(&profile).is_ok() && transport.for_profile(&profile).is_ok());
        let made = || transport.made.lock().unwrap().len();
        assert_eq!(made(), 1, "only what is needed, and once");
        profile.net.pace.in_flight = Some(1);
        assert!(transport.for_profile(&profile).is_ok() && made() == 1, "a pace needs no other client");
        profile.net.proxy = Proxy::parse("http://127.0.0.1:9").unwrap();
        assert!(transport.for_profile(&profile).is_ok() && made() == 2);
        profile.endpoint = Some(Endpoint::parse("http://127.0.0.1:1").unwrap());
        assert!(transport.for_profile(&profile).is_ok() && made() == 3);
        assert!(bundled_roots(plain_builder(Timeouts::default()), Vec::new()).build().is_ok());
    }

    #[test]
    fn a_file_of_certificates_holds_some_or_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert!(certificates(&file).unwrap_err().contains("No such file"));
        for (text, told) in [
            ("", "no certificate"),
            ("-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", ""),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""),
        ] {
            std::fs::write(&file, text).unwrap();
            assert!(certificates(&file).unwrap_err().contains(told), "{text}");
        }
        let mut net = Net { ca_file: Some(file), ..Net::default() };
        assert!(client_of(&net).is_err());
        net.ca_file = None;
        assert!(client_of(&net).is_ok());
    }
}
