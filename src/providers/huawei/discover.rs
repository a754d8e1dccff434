//! Keys in the file of `KooCLI`, as far as it does not encrypt them. Vendor: `KooCLI`'s documentation and the Terraform provider's reader.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::{
    domain::key_fault::KeyFault,
    providers::{
        discover::{self, Entry, Home, VendorCli},
        keyring::Keys,
        profile::Credential,
    },
};

const PATH: &str = ".hcloud/config.json";

pub struct Tool;

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    current: Option<String>,
    #[serde(default)]
    profiles: Vec<Profile>,
}

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

impl VendorCli for Tool {
    fn tool(&self) -> &'static str {
        "hcloud"
    }

    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault> {
        let file: File = discover::json(home, self.tool(), PATH)?;
        let current = file.current.filter(|name| !name.is_empty());
        let name = profile.map(str::to_owned).or(current).unwrap_or_else(|| "default".to_owned());
        let entry = Entry { home, path: PATH, profile: &name };
        let Some(found) = file.profiles.iter().find(|profile| profile.name == name) else {
            return Err(entry.missing(file.profiles.into_iter().map(|profile| profile.name)));
        };
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
        let file: Result<File, _> = discover::json(home, self.tool(), PATH);
        file.map(|file| file.profiles.into_iter().map(|profile| profile.name).collect()).unwrap_or_default()
    }
}

/// Reads like the id of a key: short letters and digits. The tool's encryption is not documented, and a wrong id counts as a failed
/// sign-in, of which five lock a key.
fn is_plain(id: &SecretString) -> bool {
    const LONGEST: usize = 40;
    let id = id.expose_secret();
    id.len() <= LONGEST && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
