//! Files of vendors' tools in the home folder. Files that hold secrets have to be the user's own, and closed to others.

use std::{
    fs::{File, Metadata},
    io::Read as _,
    path::PathBuf,
};

use secrecy::SecretString;

use crate::{
    domain::{clean::clean, ids::CloudId, key_fault::KeyFault},
    providers::{
        self,
        discover::{Home, VendorCli},
        keyring::{Fetched, KeySource, Keys},
        provider::Provider,
    },
    runtime::clock,
};

/// Larger files are not what a tool writes, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// The home folder of this machine's user.
#[derive(Clone, Debug)]
pub struct Machine {
    folder: PathBuf,
}

impl Machine {
    /// By the variables that tell it; `None` where none does.
    pub fn of(env: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let told = ["HOME", "USERPROFILE"].into_iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
        told.map(|folder| Self { folder: folder.into() })
    }

    fn read(&self, path: &str, secret: bool) -> Result<Option<String>, KeyFault> {
        let unreadable = |reason: String| KeyFault::Unreadable { path: self.shown(path), reason };
        let file = match File::open(self.folder.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(error.to_string())),
        };
        let about = file.metadata().map_err(|error| unreadable(error.to_string()))?;
        if secret {
            self.guarded(path, &about)?;
        }
        let mut text = String::new();
        file.take(MOST_BYTES).read_to_string(&mut text).map_err(|error| unreadable(error.to_string()))?;
        Ok(Some(text))
    }

    #[cfg(unix)]
    fn guarded(&self, path: &str, about: &Metadata) -> Result<(), KeyFault> {
        use std::os::unix::fs::MetadataExt as _;
        let user = rustix::process::geteuid();
        if about.uid() != user.as_raw() && !user.is_root() {
            return Err(KeyFault::Foreign { path: self.shown(path) });
        }
        if about.mode() & 0o077 != 0 {
            return Err(KeyFault::Exposed { path: self.shown(path) });
        }
        Ok(())
    }

    #[cfg(not(unix))]
    #[allow(
        clippy::unnecessary_wraps,
        clippy::unused_self,
        reason = "the platform's folders are closed to others already"
    )]
    fn guarded(&self, _path: &str, _about: &Metadata) -> Result<(), KeyFault> {
        Ok(())
    }
}

impl Home for Machine {
    fn secret(&self, path: &str) -> Result<Option<SecretString>, KeyFault> {
        Ok(self.read(path, true)?.map(SecretString::from))
    }

    fn text(&self, path: &str) -> Option<String> {
        self.read(path, false).ok().flatten()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn shown(&self, path: &str) -> String {
        clean(&format!("~/{path}")).into_owned()
    }
}

/// Keys of a profile of a vendor's tool, read anew each time: the tool renews them.
pub struct VendorFile {
    tool: &'static dyn VendorCli,
    profile: Option<String>,
    home: Machine,
}

impl VendorFile {
    /// # Errors
    /// There is no home folder.
    pub fn of(cloud: &CloudId, profile: Option<&str>, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, KeyFault> {
        let tool = providers::find(cloud.as_str()).and_then(Provider::vendor_cli);
        let (Some(tool), Some(home)) = (tool, Machine::of(env)) else { return Err(KeyFault::NoHome) };
        let chosen = || tool.choice().iter().find_map(|name| env(name).filter(|value| !value.is_empty()));
        Ok(Self { tool, profile: profile.map(str::to_owned).or_else(chosen), home })
    }

    fn read(&self) -> Result<Keys, KeyFault> {
        self.tool.keys(&self.home, self.profile.as_deref())
    }

    /// Keys that have ended are none yet: the tool may renew them before they are needed.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read_unless_ended(&self) -> Result<Option<Keys>, KeyFault> {
        self.read().map(|keys| Some(keys).filter(|keys| !has_ended(keys)))
    }
}

fn has_ended(keys: &Keys) -> bool {
    keys.expires_at.is_some_and(|end| end <= clock::now())
}

impl KeySource for VendorFile {
    fn fetch(&self) -> Fetched<'_> {
        Box::pin(async move {
            let keys = self.read()?;
            if has_ended(&keys) {
                let name = self.profile.as_deref().unwrap_or("default");
                let from = format!("{} ({name})", self.tool.tool());
                return Err(KeyFault::Ended { from: clean(&from).into_owned(), renew: self.tool.renewal(name) });
            }
            Ok(keys)
        })
    }

    fn tool_profile(&self) -> Option<&str> {
        self.profile.as_deref()
    }
}
