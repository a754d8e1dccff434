//! Keys in the files of `tccli`: one for each profile. Vendor: tccli's configuration code.

use serde::Deserialize;

use crate::{
    domain::key_fault::KeyFault,
    providers::{
        discover::{self, Entry, Home, VendorCli},
        keyring::Keys,
        profile::Credential,
    },
};

const FOLDER: &str = ".tccli";
const ENDING: &str = ".credential";

pub struct Tool;

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    #[serde(rename = "secretId")]
    secret_id: Option<String>,
    #[serde(rename = "secretKey")]
    secret_key: Option<String>,
    token: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(rename = "role-arn")]
    role_arn: Option<String>,
    /// Seconds since the UNIX epoch.
    #[serde(rename = "expiresAt")]
    expires_at: Option<i64>,
}

impl VendorCli for Tool {
    fn tool(&self) -> &'static str {
        "tccli"
    }

    fn choice(&self) -> &'static [&'static str] {
        &["TCCLI_PROFILE"]
    }

    fn keys(&self, home: &dyn Home, profile: Option<&str>) -> Result<Keys, KeyFault> {
        let name = profile.unwrap_or("default");
        let path = format!("{FOLDER}/{name}{ENDING}");
        let entry = Entry { home, path: &path, profile: name };
        // A name is part of a path here: it stays below the tool's folder.
        if name.contains(['/', '\\']) {
            return Err(entry.missing(self.profiles(home)));
        }
        let file: File = discover::json(home, self.tool(), &path).map_err(|fault| match fault {
            KeyFault::NoFile { .. } if !self.profiles(home).is_empty() => entry.missing(self.profiles(home)),
            fault => fault,
        })?;
        let end = match file.kind.as_deref() {
            // The tool itself takes these only for a moment, to ask for those of the role.
            _ if file.role_arn.as_deref().is_some_and(|arn| !arn.is_empty()) => {
                return Err(entry.unsupported("role-arn"));
            }
            None | Some("") => None,
            Some("oauth" | "sso") => file.expires_at,
            Some(other) => return Err(entry.unsupported(other)),
        };
        let id = entry.needed("secretId", file.secret_id.as_deref())?;
        let secret = entry.needed("secretKey", file.secret_key.as_deref())?;
        let token = discover::optional(file.token.as_deref());
        Ok(discover::ending(Credential::Keys { id, secret, token }, end))
    }

    fn renewal(&self, profile: &str) -> Option<String> {
        Some(format!("tccli sts GetCallerIdentity --profile {profile}"))
    }

    fn profiles(&self, home: &dyn Home) -> Vec<String> {
        let names = home.names(FOLDER);
        names.iter().filter_map(|name| name.strip_suffix(ENDING)).map(str::to_owned).collect()
    }
}
