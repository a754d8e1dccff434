//! Keys where a vendor's own command line tool keeps them. What a file means is each cloud's part; reading it is `runtime`'s.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};

use super::{keyring::Keys, profile::Credential, shell::Line};
use crate::domain::{key_fault::KeyFault, time::Timestamp};

/// A person's home folder.
pub trait Home {
    /// A file that holds secrets, by its path below the home folder; `None` if there is no such file.
    ///
    /// # Errors
    /// It cannot be read, or others can read it as well.
    fn secret(&self, path: &str) -> Result<Option<SecretString>, KeyFault>;

    /// A file without secrets; `None` if it cannot be read.
    fn text(&self, path: &str) -> Option<String>;

    /// Names of the files in a folder below the home folder, sorted.
    fn names(&self, folder: &str) -> Vec<String>;

    /// A path below the home folder as people see it.
    fn shown(&self, path: &str) -> String;
}

/// A vendor's command line tool.
pub trait VendorCli: Sync {
    /// As it is typed.
    fn tool(&self) -> &'static str;

    /// Variables that choose a profile, the strongest first.
    fn choice(&self) -> &'static [&'static str] {
        &[]
    }

    /// The keys of a profile of the tool; `None`: of the one that its files say.
    ///
    /// # Errors
    /// What is missing or in the way.
    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault>;

    /// The command that renews a profile's temporary keys; `None`: it has none that do.
    fn renewal(&self, profile: &str) -> Option<String>;

    /// The same line of the tool, by the keys of this profile of its own.
    fn by(&self, line: Line, profile: &str) -> Line {
        line.pair("profile", profile)
    }

    /// Names of the tool's profiles. Empty where there are none, or none can be read.
    fn profiles(&self, home: &dyn Home) -> Vec<String>;
}

/// A JSON file of a tool.
///
/// # Errors
/// It is not there, cannot be read, or is something else. What is wrong is told by its place alone: the file holds secrets.
pub fn json<T: DeserializeOwned>(home: &dyn Home, tool: &str, path: &str) -> Result<T, KeyFault> {
    let shown = || home.shown(path);
    let Some(text) = home.secret(path)? else {
        return Err(KeyFault::NoFile { tool: tool.to_owned(), path: shown() });
    };
    // Editors of some systems put a byte order mark in front.
    let text = text.expose_secret().trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|error| KeyFault::Broken {
        path: shown(),
        line: error.line(),
        column: error.column(),
    })
}

/// A file that lists profiles and says which one is taken where none is named.
#[derive(Deserialize)]
pub struct Listed<P> {
    #[serde(default)]
    current: Option<String>,
    #[serde(default = "Vec::new")]
    profiles: Vec<P>,
}

/// A profile of such a file.
pub trait Named {
    fn name(&self) -> &str;
}

impl<P: Named> Listed<P> {
    /// The name of the profile that is meant.
    pub fn meant(&self, asked: Option<&str>) -> String {
        let current = self.current.as_deref().filter(|name| !name.is_empty());
        asked.or(current).unwrap_or("default").to_owned()
    }

    /// # Errors
    /// There is no such profile.
    pub fn find(&self, entry: &Entry<'_>) -> Result<&P, KeyFault> {
        self.profiles.iter().find(|profile| profile.name() == entry.profile).ok_or_else(|| entry.missing(self.names()))
    }

    pub fn names(&self) -> Vec<String> {
        self.profiles.iter().map(|profile| profile.name().to_owned()).collect()
    }
}

/// One profile of a tool's file.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub home: &'a dyn Home,
    pub path: &'a str,
    pub profile: &'a str,
}

impl Entry<'_> {
    /// A member that has to be there.
    ///
    /// # Errors
    /// It is missing or empty.
    pub fn needed(&self, key: &str, value: Option<&str>) -> Result<SecretString, KeyFault> {
        let (path, profile, key) = (self.home.shown(self.path), self.profile.to_owned(), key.to_owned());
        optional(value).ok_or(KeyFault::Incomplete { path, profile, key })
    }

    pub fn unsupported(&self, mode: &str) -> KeyFault {
        let (path, profile) = (self.home.shown(self.path), self.profile.to_owned());
        KeyFault::Unsupported { path, profile, mode: mode.to_owned() }
    }

    pub fn missing(&self, known: impl IntoIterator<Item = String>) -> KeyFault {
        let (path, profile) = (self.home.shown(self.path), self.profile.to_owned());
        KeyFault::NoProfile { path, profile, known: known.into_iter().collect() }
    }
}

/// A member that holds something.
pub fn optional(value: Option<&str>) -> Option<SecretString> {
    value.map(str::trim).filter(|value| !value.is_empty()).map(SecretString::from)
}

/// Keys that end, by a number of seconds since the UNIX epoch.
pub fn ending(credential: Credential, seconds: Option<i64>) -> Keys {
    let expires_at = seconds.filter(|&end| end > 0).map(|end| Timestamp(end.saturating_mul(1000)));
    Keys { expires_at, ..Keys::from(credential) }
}
