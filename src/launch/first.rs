//! The first run, without a config: which credentials are here, and what is begun with them.

use std::{io::ErrorKind, path::PathBuf, sync::Arc};

use crate::{
    app::notices::Phrase,
    config,
    domain::clean::clean,
    providers::{
        self,
        credential::{CredentialFrom, CredentialSource},
        net::Net,
        profile::{Endpoint, Profile},
    },
    runtime::{Account, credentials, executor::WriteConfig},
    told,
};

fn var(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// What is here, for the screen: of which cloud, and where.
pub(super) fn told() -> Vec<(&'static str, Phrase)> {
    let found = credentials::found(&var).into_iter();
    let told = found.filter_map(|(cloud, from)| {
        let cloud = providers::find(cloud.as_str())?.descriptor();
        let tool = providers::find(cloud.id)?.vendor_cli().map_or("", |cli| cli.tool());
        let phrase = match from {
            CredentialFrom::Env { keys, token, .. } => {
                let names: Vec<String> = keys.into_iter().flat_map(|(id, secret)| [id, secret]).chain(token).collect();
                Phrase::new("welcome.in-variables").with("names", names.join(", "))
            }
            CredentialFrom::VendorCli { profile } => {
                Phrase::new("welcome.in-tool").with("tool", tool).with("profile", clean(&profile.unwrap_or_default()))
            }
            CredentialFrom::Password { .. } | CredentialFrom::Command { .. } => return None,
        };
        Some((cloud.title, phrase))
    });
    told.collect()
}

/// A read-only profile of all regions for each of them. All calls go to the endpoint, where one was asked for.
pub(super) fn accounts(endpoint: Option<&Endpoint>) -> Vec<Account> {
    let mut accounts: Vec<Account> = Vec::new();
    for (cloud, from) in credentials::found(&var) {
        let name = match &from {
            CredentialFrom::VendorCli { profile: Some(profile) } => format!("{cloud}-{}", clean(profile)),
            _ => format!("{cloud}-env"),
        };
        let profile = Profile {
            id: name.as_str().into(),
            cloud,
            regions: Vec::new(),
            endpoint: endpoint.cloned(),
            alias: None,
            env: None,
            readonly: true,
            project_id: None,
            api: None,
            net: Net::default(),
        };
        let source = CredentialSource { profile: profile.id.clone(), place: None, from };
        let credential = credentials::resolve(&source, &profile, &var).map_err(|error| told::no_credential(&error));
        accounts.push(Account { profile, credential });
    }
    accounts
}

/// Writes the config that explains every key. One that is there stays as it is.
pub(super) fn writer(path: Option<PathBuf>) -> WriteConfig {
    Arc::new(move || {
        let path = path.as_ref().ok_or_else(|| Phrase::new("notice.config-no-folder"))?;
        let shown = clean(&path.to_string_lossy()).into_owned();
        match config::write_example(path) {
            Ok(()) => Ok(shown),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(Phrase::new("notice.config-there").with("path", shown))
            }
            Err(error) => Err(Phrase::new("notice.config-unwritten").with("path", shown).with("reason", error)),
        }
    })
}
