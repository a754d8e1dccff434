//! Keys in the file of `aliyun`. Vendor: aliyun-cli, `config/profile.go`.

use serde::Deserialize;

use crate::{
    domain::key_fault::KeyFault,
    providers::{
        discover::{self, Entry, Home, Listed, Named, VendorCli},
        keyring::Keys,
        profile::Credential,
    },
};

const PATH: &str = ".aliyun/config.json";

pub struct Tool;

#[derive(Deserialize, Default)]
#[serde(default)]
struct Profile {
    name: String,
    mode: String,
    access_key_id: Option<String>,
    access_key_secret: Option<String>,
    sts_token: Option<String>,
    /// Seconds since the UNIX epoch; of keys that a sign-in in the browser brought.
    sts_expiration: Option<i64>,
}

impl Named for Profile {
    fn name(&self) -> &str {
        &self.name
    }
}

impl VendorCli for Tool {
    fn tool(&self) -> &'static str {
        "aliyun"
    }

    fn choice(&self) -> &'static [&'static str] {
        &["ALIBABACLOUD_PROFILE", "ALIBABA_CLOUD_PROFILE", "ALICLOUD_PROFILE"]
    }

    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault> {
        let file: Listed<Profile> = discover::json(home, self.tool(), PATH)?;
        let name = file.meant(profile);
        let entry = Entry { home, path: PATH, profile: &name };
        let found = file.find(&entry)?;
        // The tool matches modes without regard to case; a profile without one is the oldest kind.
        let mode = found.mode.to_ascii_lowercase();
        let (token, end) = match mode.as_str() {
            "" | "ak" => (None, None),
            "ststoken" => (Some(entry.needed("sts_token", found.sts_token.as_deref())?), None),
            "cloudsso" | "oauth" => {
                (Some(entry.needed("sts_token", found.sts_token.as_deref())?), found.sts_expiration)
            }
            _ => return Err(entry.unsupported(&found.mode)),
        };
        let id = entry.needed("access_key_id", found.access_key_id.as_deref())?;
        let secret = entry.needed("access_key_secret", found.access_key_secret.as_deref())?;
        Ok(discover::ending(Credential::Keys { id, secret, token }, end))
    }

    fn renewal(&self, profile: &str) -> Option<String> {
        Some(format!("aliyun sts GetCallerIdentity --profile {profile}"))
    }

    fn profiles(&self, home: &dyn Home) -> Vec<String> {
        let file: Result<Listed<Profile>, _> = discover::json(home, self.tool(), PATH);
        file.map(|file| file.names()).unwrap_or_default()
    }
}
