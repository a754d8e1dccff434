//! Keys in the file of `KooCLI`, as far as it does not encrypt them. Vendor: `KooCLI`'s documentation and the Terraform provider's reader.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    domain::key_fault::KeyFault,
    providers::{
        discover::{self, Entry, Home, Listed, Named, VendorCli},
        keyring::Keys,
        profile::Credential,
        shell::Line,
    },
};

const PATH: &str = ".hcloud/config.json";

pub struct Tool;

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Profile {
    name: String,
    mode: String,
    #[serde(flatten)]
    keys: Key,
    sso_auth: Option<SsoAuth>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Key {
    #[serde(rename = "accessKeyId")]
    id: Option<String>,
    #[serde(rename = "secretAccessKey")]
    secret: Option<String>,
    #[serde(rename = "securityToken")]
    token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct SsoAuth {
    sts_token: Option<Key>,
}

impl Named for Profile {
    fn name(&self) -> &str {
        &self.name
    }
}

impl VendorCli for Tool {
    fn by(&self, line: Line, profile: &str) -> Line {
        line.joined("cli-profile", profile)
    }

    fn tool(&self) -> &'static str {
        "hcloud"
    }

    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault> {
        let file: Listed<Profile> = discover::json(home, self.tool(), PATH)?;
        let name = file.meant(profile);
        let entry = Entry { home, path: PATH, profile: &name };
        let found = file.find(&entry)?;
        let none = Key::default();
        let keys = match found.mode.to_ascii_lowercase().as_str() {
            "" | "aksk" => &found.keys,
            "sso" => found.sso_auth.as_ref().and_then(|auth| auth.sts_token.as_ref()).unwrap_or(&none),
            _ => return Err(entry.unsupported(&found.mode)),
        };
        let id = entry.needed("accessKeyId", keys.id.as_deref())?;
        let secret = entry.needed("secretAccessKey", keys.secret.as_deref())?;
        if !is_plain(&id) {
            return Err(KeyFault::Encrypted { path: home.shown(PATH), profile: name });
        }
        let token = discover::optional(keys.token.as_deref());
        Ok(Credential::Keys { id, secret, token }.into())
    }

    fn renewal(&self, _profile: &str) -> Option<String> {
        None
    }

    fn profiles(&self, home: &dyn Home) -> Vec<String> {
        let file: Result<Listed<Profile>, _> = discover::json(home, self.tool(), PATH);
        file.map(|file| file.names()).unwrap_or_default()
    }
}

/// Reads like the id of a key: short letters and digits. The tool's encryption is not documented, and a wrong id counts as a failed
/// sign-in, of which five lock a key.
fn is_plain(id: &SecretString) -> bool {
    const LONGEST: usize = 40;
    let id = id.expose_secret();
    id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
