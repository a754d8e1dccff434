//! Keys in the files of `zeno`. Vendor: zenlayercloud-cli, its configuration code.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    domain::key_fault::KeyFault,
    providers::{
        discover::{self, Entry, Home, VendorCli},
        keyring::Keys,
        profile::Credential,
    },
};

const PATH: &str = ".zenlayer/credentials.json";
const SETTINGS: &str = ".zenlayer/config.json";

pub struct Tool;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    token: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Settings {
    current_profile: Option<String>,
}

impl VendorCli for Tool {
    fn tool(&self) -> &'static str {
        "zeno"
    }

    fn choice(&self) -> &'static [&'static str] {
        &["ZENLAYER_PROFILE"]
    }

    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault> {
        let file: BTreeMap<String, Profile> = discover::json(home, self.tool(), PATH)?;
        let settings = || home.text(SETTINGS).and_then(|text| serde_json::from_str::<Settings>(&text).ok());
        let current = || settings().and_then(|settings| settings.current_profile).filter(|name| !name.is_empty());
        let name = profile.map(str::to_owned).or_else(current).unwrap_or_else(|| "default".to_owned());
        let entry = Entry { home, path: PATH, profile: &name };
        let Some(found) = file.get(&name) else {
            return Err(entry.missing(file.keys().cloned()));
        };
        // A token beats keys.
        if let Some(token) = discover::optional(found.token.as_deref()) {
            return Ok(Credential::Bearer(token).into());
        }
        let id = entry.needed("access_key_id", found.access_key_id.as_deref())?;
        let secret = entry.needed("access_key_secret", found.access_key_secret.as_deref())?;
        Ok(Credential::Keys { id, secret, token: None }.into())
    }

    fn renewal(&self, _profile: &str) -> Option<String> {
        None
    }

    fn profiles(&self, home: &dyn Home) -> Vec<String> {
        let file: Result<BTreeMap<String, Profile>, _> = discover::json(home, self.tool(), PATH);
        file.map(|file| file.into_keys().collect()).unwrap_or_default()
    }
}
