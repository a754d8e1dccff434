//! One account of one cloud: where it is, what it may do, and what signs its requests.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use super::net::Net;
use crate::domain::ids::{CloudId, ProfileId, RegionId};

/// An account of a cloud, resolved from the config (or made by the demo). Holds no secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Profile {
    pub id: ProfileId,
    pub cloud: CloudId,
    /// Empty: all that the cloud has; which those are is found out when it is listed.
    pub regions: Vec<RegionId>,
    /// Instead of the vendor's own hosts: one for all services, or a template of them.
    pub endpoint: Option<Endpoint>,
    /// The account's name, typed to confirm.
    pub alias: Option<String>,
    /// Environment word; "prod" and "production" (in any case) raise the danger level.
    pub env: Option<String>,
    pub readonly: bool,
    /// For clouds that need one.
    pub project_id: Option<String>,
    /// One of the cloud's `Descriptor::apis`; `None`: the default.
    pub api: Option<String>,
    pub net: Net,
}

/// Environment words that raise the danger level.
pub const PROD: &[&str] = &["prod", "production"];

impl Profile {
    /// Scheme and host of a call: the vendor's own host of its service, unless the profile has another.
    pub fn host(&self, service: &str, own: &str, region: &str) -> (String, String) {
        match &self.endpoint {
            Some(endpoint) => (endpoint.scheme.clone(), endpoint.host_for(service, region)),
            None => ("https".to_owned(), own.to_owned()),
        }
    }

    pub fn is_prod(&self) -> bool {
        self.env.as_deref().is_some_and(|env| PROD.iter().any(|word| env.eq_ignore_ascii_case(word)))
    }
}

/// `https://host[:port]`, or `http://` on loopback only.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub scheme: String,
    /// With its port unless that is the scheme's default. [`SERVICE`] and [`REGION`] in it stand for those of each call.
    pub host: String,
}

/// Stands in an endpoint for the service of a call, as the vendor's tools and signatures name it: `ecs`, `vpc`.
const SERVICE: &str = "{service}";
/// Stands in an endpoint for the region of a call.
const REGION: &str = "{region}";

/// Why an endpoint was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("an endpoint is written https://host or https://host:port")]
    Form,
    #[error("http is allowed only for 127.0.0.1, [::1] and localhost; use https")]
    PlainHttp,
    #[error("an endpoint has no path, query or user name")]
    Extra,
    #[error("only `service` and `region` may stand in braces in an endpoint")]
    Template,
    /// Given by flag or variable, and not on this machine.
    #[error("an endpoint by flag or variable is on this machine, or the one that each profile has in the file")]
    Elsewhere,
}

impl Endpoint {
    /// Reads `host`, `host:port`, `https://host[:port]`, or `http://` with a loopback host; `https://{service}.{region}.example.com`
    /// for a host of each service.
    ///
    /// # Errors
    /// Another scheme, a path, a query, a user name, a bad port, plain http off loopback, or a template of anything else.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = text.trim().split_once("://").unwrap_or(("https", text.trim()));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(EndpointError::Extra);
        }
        let (name, port) = match rest.rsplit_once(':') {
            Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
            _ => (rest, None),
        };
        let port = match port {
            None => None,
            Some(port) => Some(port.parse::<u16>().map_err(|_| EndpointError::Form)?),
        };
        // What they stand for are parts of a name.
        let filled = name.replace(SERVICE, "s").replace(REGION, "r");
        if filled.contains(['{', '}']) {
            return Err(EndpointError::Template);
        }
        let plain = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let good = match plain {
            Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
            None => !filled.is_empty() && filled.chars().all(legal),
        };
        if !good {
            return Err(EndpointError::Form);
        }
        let loopback = is_loopback(name);
        let default_port = match scheme.to_ascii_lowercase().as_str() {
            "https" => 443,
            "http" if loopback => 80,
            "http" => return Err(EndpointError::PlainHttp),
            _ => return Err(EndpointError::Form),
        };
        let host = match port.filter(|&port| port != default_port) {
            Some(port) => format!("{}:{port}", name.to_ascii_lowercase()),
            None => name.to_ascii_lowercase(),
        };
        Ok(Self { scheme: scheme.to_ascii_lowercase(), host })
    }

    /// Is it on this machine?
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }

    /// The host of a call of this service.
    fn host_for(&self, service: &str, region: &str) -> String {
        self.host.replace(SERVICE, service).replace(REGION, region)
    }
}

/// Is a host, with its port or without, on this machine?
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, _)) if !name.contains(':') || name.ends_with(']') => name,
        _ => host,
    };
    let plain = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost") || plain.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What signs requests. Prints nothing of itself.
#[derive(Clone)]
pub enum Credential {
    /// An access key, with a session token when it is a temporary one.
    Keys { id: SecretString, secret: SecretString, token: Option<SecretString> },
    /// A bearer token.
    Bearer(SecretString),
    /// Signs in by name, for a token.
    Password { user: SecretString, password: SecretString, account: SecretString },
}

impl Credential {
    #[must_use]
    pub fn keys(id: &str, secret: &str, token: Option<&str>) -> Self {
        Credential::Keys { id: id.into(), secret: secret.into(), token: token.map(Into::into) }
    }

    /// Tells one holder from another, for a digest: the name that signs, or the token where there is no name, which is long and random:
    /// nobody finds it by trying.
    pub(super) fn holder(&self) -> String {
        match self {
            Credential::Keys { id, .. } => id.expose_secret().to_owned(),
            Credential::Bearer(token) => format!("bearer\n{}", token.expose_secret()),
            Credential::Password { user, account, .. } => {
                format!("{}\n{}", account.expose_secret(), user.expose_secret())
            }
        }
    }

    /// Does its name end with it? Keys with a token are temporary: the next ones are called otherwise.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Credential::Keys { token: Some(_), .. })
    }

    /// All texts that must never be seen, for the redactor.
    pub fn secrets(&self) -> Vec<&str> {
        match self {
            Credential::Keys { id, secret, token } => {
                let mut all = vec![id.expose_secret(), secret.expose_secret()];
                all.extend(token.as_ref().map(ExposeSecret::expose_secret));
                all
            }
            Credential::Bearer(token) => vec![token.expose_secret()],
            // Names are no secrets, and often ordinary words.
            Credential::Password { password, .. } => vec![password.expose_secret()],
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential([REDACTED])")
    }
}
