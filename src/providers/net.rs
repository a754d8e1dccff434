//! How one profile's cloud is reached, where it is not reached as any other would be.

use std::{path::PathBuf, time::Duration};

use super::provider::Quota;

/// See the module. The default is what the environment and the program say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Net {
    pub proxy: Proxy,
    /// Certificates (PEM) that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    pub timeouts: Timeouts,
    pub pace: Pace,
}

/// Who stands between.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Proxy {
    /// Whom `HTTPS_PROXY` and `NO_PROXY` name.
    #[default]
    Environment,
    /// Nobody, whatever the environment says.
    None,
    /// `http://host:port` or `https://host:port`, without a password.
    Via(String),
}

impl Proxy {
    /// Reads `none`, or a URL of a host and its port. `None`: it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::None);
        }
        let (scheme, rest) = text.split_once("://")?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '[' | ']' | ':');
        let good = matches!(scheme, "http" | "https")
            && !host.is_empty()
            && host.chars().all(is_host)
            && port.parse::<u16>().is_ok_and(|port| port > 0);
        good.then(|| Self::Via(format!("{scheme}://{rest}")))
    }

    /// A name or a password stands in it.
    pub fn names_somebody(text: &str) -> bool {
        text.contains('@')
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// For a whole round trip.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), read: Duration::from_secs(30), total: Duration::from_secs(60) }
    }
}

/// How fast the profile asks at most. `None`: as fast as the vendor allows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pace {
    /// Calls at once.
    pub in_flight: Option<usize>,
    /// Calls a second of one kind: vendors count each kind by itself.
    pub calls_per_s: Option<u32>,
}

impl Pace {
    /// The vendor's quota, or less.
    pub fn within(self, quota: Quota) -> Quota {
        match self.calls_per_s {
            Some(own) if u64::from(own) * u64::from(quota.seconds.max(1)) < u64::from(quota.calls) => {
                Quota::a_second(quota.api, own)
            }
            _ => quota,
        }
    }

    /// The cloud's number of calls at once, or fewer.
    pub fn at_once(self, most: usize) -> usize {
        self.in_flight.map_or(most, |own| own.min(most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_with_a_port_and_nothing_else() {
        let via = |text: &str| Some(Proxy::Via(text.to_owned()));
        for (text, wanted) in [
            ("none", Some(Proxy::None)),
            ("http://proxy.corp:3128", via("http://proxy.corp:3128")),
            ("https://10.0.0.1:443/", via("https://10.0.0.1:443")),
            ("http://[::1]:8080", via("http://[::1]:8080")),
            ("http://proxy.corp", None),
            ("http://[::1]", None),
            ("proxy.corp:3128", None),
            ("socks5://proxy.corp:1080", None),
            ("http://proxy.corp:3128/path", None),
            ("http://lin:secret@proxy.corp:3128", None),
            ("http://proxy.corp:0", None),
            ("http://:3128", None),
            ("", None),
        ] {
            assert_eq!(Proxy::parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_pace_is_never_faster_than_the_vendor_allows() {
        let pace = |calls_per_s| Pace { calls_per_s, in_flight: Some(2) };
        assert_eq!(pace(None).within(Quota::a_second("a", 20)), Quota::a_second("a", 20));
        assert_eq!(pace(Some(5)).within(Quota::a_second("a", 20)), Quota::a_second("a", 5));
        assert_eq!(pace(Some(50)).within(Quota::a_second("a", 20)), Quota::a_second("a", 20));
        assert_eq!(pace(Some(5)).within(Quota::a_minute("a", 301)), Quota::a_second("a", 5));
        assert_eq!(pace(Some(5)).within(Quota::a_minute("a", 300)), Quota::a_minute("a", 300));
        assert_eq!((pace(None).at_once(8), pace(None).at_once(1), Pace::default().at_once(8)), (2, 1, 8));
    }
}
