//! Turns the names in a [`CredentialSource`] into keys, or into something that fetches them. The environment arrives as a function, so
//! that tests own it.

mod command;
mod home;

use std::sync::Arc;

use secrecy::SecretString;

use crate::{
    domain::{ids::CloudId, key_fault::KeyFault},
    providers::{
        self,
        credential::{CredentialError, CredentialFrom, CredentialSource},
        http,
        keyring::Supply,
        profile::{Credential, Profile},
    },
};

pub use home::{Machine, VendorFile};

/// Credentials that are here already, by the names of variables and of tools' profiles. Nothing is sent, and no value is kept.
pub fn found(env: &dyn Fn(&str) -> Option<String>) -> Vec<(CloudId, CredentialFrom)> {
    let set = |name: &str| env(name).is_some_and(|value| !value.trim().is_empty());
    let home = Machine::of(env);
    let mut found = Vec::new();
    for cloud in providers::all() {
        let descriptor = cloud.descriptor();
        let (id, secret, token) = descriptor.env;
        let token_alone = descriptor.bearer && token.is_some_and(&set);
        if token_alone || set(id) && set(secret) {
            let keys = (!token_alone).then(|| (id.to_owned(), secret.to_owned()));
            let token = token.filter(|name| set(name)).map(str::to_owned);
            found.push((descriptor.cloud(), CredentialFrom::Env { keys, token, bearer: descriptor.bearer }));
        }
        let (Some(tool), Some(home)) = (cloud.vendor_cli(), &home) else { continue };
        let of_tool = |profile| (descriptor.cloud(), CredentialFrom::VendorCli { profile: Some(profile) });
        found.extend(tool.profiles(home).into_iter().map(of_tool));
    }
    found
}

/// How one profile comes by its keys. Variables and files of tools are read; a program is not run before its keys are needed.
///
/// # Errors
/// Variables that are not set or empty, all of them at once, a value that cannot be a key, what is wrong with a tool's file, or with
/// the profile's own certificates.
pub fn resolve(
    source: &CredentialSource,
    profile: &Profile,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Supply, CredentialError> {
    let fail = |problem| CredentialError { profile: source.profile.clone(), place: source.place.clone(), problem };
    // Without it no answer could be trusted: like a key that is missing, this is the profile's own trouble, and nobody else's.
    if let Some(path) = &profile.net.ca_file
        && let Err(reason) = http::certificates(path)
    {
        return Err(fail(KeyFault::Certificates { path: path.to_string_lossy().into_owned(), reason }));
    }
    match &source.from {
        CredentialFrom::Env { keys, token, bearer } => {
            variables(keys.as_ref(), token.as_ref(), *bearer, env).map(Supply::from).map_err(fail)
        }
        CredentialFrom::Password { user, password, account } => {
            sign_in([user, password, account], env).map(Supply::from).map_err(fail)
        }
        CredentialFrom::VendorCli { profile: name } => {
            let file = VendorFile::of(&profile.cloud, name.as_deref(), env).map_err(fail)?;
            let first = file.read_unless_ended().map_err(fail)?;
            Ok(Supply::Fetched { source: Arc::new(file), first })
        }
        CredentialFrom::Command { argv, timeout, bearer } => {
            let source = command::Program { argv: argv.clone(), timeout: *timeout, bearer: *bearer };
            Ok(Supply::Fetched { source: Arc::new(source), first: None })
        }
    }
}

/// Reads keys from variables. Blanks around a value are cut off (a file's line end, say).
fn variables(
    keys: Option<&(String, String)>,
    token: Option<&String>,
    bearer: bool,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Credential, KeyFault> {
    let read = |variable: &String| -> Result<Option<SecretString>, KeyFault> {
        let Some(value) = env(variable) else { return Ok(None) };
        let value = SecretString::from(value);
        secret(&value).map_err(|()| KeyFault::Malformed { variable: variable.clone() })
    };
    let token_value = token.map(read).transpose()?.flatten();
    let Some((id, secret)) = keys else {
        let missing = || KeyFault::Missing { variables: token.into_iter().cloned().collect(), or: None };
        return token_value.map(Credential::Bearer).ok_or_else(missing);
    };
    if bearer && let Some(value) = token_value {
        return Ok(Credential::Bearer(value));
    }
    match (read(id)?, read(secret)?) {
        (Some(id), Some(secret)) => Ok(Credential::Keys { id, secret, token: token_value }),
        (had_id, had_secret) => Err(KeyFault::Missing {
            variables: unset([(id, had_id.is_none()), (secret, had_secret.is_none())]),
            or: token.cloned().filter(|_| bearer),
        }),
    }
}

/// Reads a user's name, password and account. They may hold anything that can be typed, blanks in the middle too.
fn sign_in(
    [user, password, account]: [&String; 3],
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Credential, KeyFault> {
    let typed = |variable: &String| env(variable).filter(|value| !value.is_empty()).map(SecretString::from);
    match (typed(user), typed(password), typed(account)) {
        (Some(user), Some(password), Some(account)) => Ok(Credential::Password { user, password, account }),
        (had_user, had_password, had_account) => Err(KeyFault::Missing {
            variables: unset([
                (user, had_user.is_none()),
                (password, had_password.is_none()),
                (account, had_account.is_none()),
            ]),
            or: None,
        }),
    }
}

/// The names of those that are missing.
fn unset<const N: usize>(variables: [(&String, bool); N]) -> Vec<String> {
    variables.into_iter().filter(|(_, missing)| *missing).map(|(name, _)| name.clone()).collect()
}

/// The value without blanks around it; `None` when nothing is left.
fn secret(value: &SecretString) -> Result<Option<SecretString>, ()> {
    use secrecy::ExposeSecret;
    let text = value.expose_secret().trim();
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(());
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use secrecy::ExposeSecret;

    use super::*;
    use crate::domain::place::Place;

    fn source(keys: bool, token: Option<&str>, bearer: bool) -> CredentialSource {
        CredentialSource {
            profile: "prod".into(),
            place: Some(Place { file: Arc::from(Path::new("c.toml")), line: 7, column: 15 }),
            from: CredentialFrom::Env {
                keys: keys.then(|| ("ID".to_owned(), "SECRET".to_owned())),
                token: token.map(Into::into),
                bearer,
            },
        }
    }

    fn with(vars: &[(&str, &str)], source: &CredentialSource) -> Result<Vec<String>, CredentialError> {
        let env = |name: &str| vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let profile = Profile {
            id: "prod".into(),
            cloud: "c".into(),
            regions: vec![],
            endpoint: None,
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        };
        let supply = resolve(source, &profile, &env)?;
        let Supply::Fixed(keys) = supply else { panic!("variables stay as they are") };
        Ok(match &*keys.credential {
            Credential::Keys { id, secret, token } => [Some(id), Some(secret), token.as_ref()]
                .into_iter()
                .flatten()
                .map(|text| text.expose_secret().to_owned())
                .collect(),
            Credential::Bearer(token) => vec!["bearer".to_owned(), token.expose_secret().to_owned()],
            Credential::Password { user, password, account } => {
                [user, password, account].map(|text| text.expose_secret().to_owned()).into()
            }
        })
    }

    /// What is here is named, whole pairs only, and no file of a tool is opened that others can read.
    #[test]
    fn what_is_here_is_found_by_its_names() {
        let home = tempfile::tempdir().unwrap();
        let write = |path: &str, mode: u32, text: &str| {
            use std::os::unix::fs::PermissionsExt as _;
            let path = home.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        write(".aliyun/config.json", 0o600, r#"{"current":"a","profiles":[{"name":"a"},{"name":"b"}]}"#);
        write(".hcloud/config.json", 0o644, r#"{"profiles":[{"name":"open-to-all"}]}"#);
        let told = |vars: &[(&str, &str)]| -> Vec<String> {
            let env = |name: &str| match name {
                "HOME" => Some(home.path().to_str().unwrap().to_owned()),
                name => vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()),
            };
            found(&env).into_iter().map(|(cloud, from)| format!("{cloud} {from:?}")).collect()
        };
        let tools = told(&[]);
        assert_eq!(tools.len(), 2, "{tools:?}");
        assert!(tools.iter().all(|text| text.starts_with("aliyun VendorCli")), "{tools:?}");
        let half = [("TENCENTCLOUD_SECRET_ID", "AKID"), ("HUAWEICLOUD_SDK_AK", "ak"), ("HUAWEICLOUD_SDK_SK", " ")];
        assert_eq!(told(&half), tools, "half of a pair is nothing");
        let whole = [
            ("TENCENTCLOUD_SECRET_ID", "AKID"),
            ("TENCENTCLOUD_SECRET_KEY", "s3cret"),
            ("TENCENTCLOUD_TOKEN", "t0ken"),
        ];
        let all = told(&whole);
        assert_eq!(all.len(), 3);
        let tencent = all.iter().find(|text| text.starts_with("tencent Env")).unwrap();
        assert!(tencent.contains("TENCENTCLOUD_TOKEN") && !tencent.contains("s3cret") && !tencent.contains("t0ken"));
    }

    const KEYS: [(&str, &str); 2] = [("ID", "id-1"), ("SECRET", " s3cret\r\n")];

    #[test]
    fn keys_with_and_without_a_session_token() {
        assert_eq!(with(&KEYS, &source(true, None, false)).unwrap(), ["id-1", "s3cret"]);
        assert_eq!(with(&KEYS, &source(true, Some("T"), false)).unwrap(), ["id-1", "s3cret"]);
        let all = [KEYS[0], KEYS[1], ("T", "tok")];
        assert_eq!(with(&all, &source(true, Some("T"), false)).unwrap(), ["id-1", "s3cret", "tok"]);
    }

    #[test]
    fn a_bearer_token_beats_the_keys_and_is_enough() {
        let all = [KEYS[0], KEYS[1], ("T", "tok")];
        assert_eq!(with(&all, &source(true, Some("T"), true)).unwrap(), ["bearer", "tok"]);
        assert_eq!(with(&all, &source(false, Some("T"), true)).unwrap(), ["bearer", "tok"]);
        assert_eq!(with(&KEYS, &source(true, Some("T"), true)).unwrap(), ["id-1", "s3cret"]);
    }

    #[test]
    fn a_user_signs_in_with_whatever_can_be_typed() {
        let from = CredentialFrom::Password { user: "U".into(), password: "P".into(), account: "A".into() };
        let source = CredentialSource { from, ..source(false, None, false) };
        let vars = [("U", "ops"), ("P", "pass word ü "), ("A", "acme")];
        assert_eq!(with(&vars, &source).unwrap(), ["ops", "pass word ü ", "acme"]);
        let error = with(&[vars[0], ("A", "")], &source).unwrap_err();
        let problem = KeyFault::Missing { variables: vec!["P".into(), "A".into()], or: None };
        assert_eq!(error.problem, problem);
    }

    #[test]
    fn every_missing_variable_is_named_with_the_place() {
        let error = with(&[("SECRET", "  ")], &source(true, Some("T"), true)).unwrap_err();
        let problem = KeyFault::Missing { variables: vec!["ID".into(), "SECRET".into()], or: Some("T".into()) };
        assert_eq!(error.problem, problem);
        assert_eq!(error.place.map(|place| place.to_string()).as_deref(), Some("c.toml:7:15"));
        let error = with(&[KEYS[0]], &source(true, Some("T"), false)).unwrap_err();
        assert_eq!(error.problem, KeyFault::Missing { variables: vec!["SECRET".into()], or: None });
        let error = with(&KEYS, &source(false, Some("T"), true)).unwrap_err();
        assert_eq!(error.problem, KeyFault::Missing { variables: vec!["T".into()], or: None });
    }

    #[test]
    fn a_value_that_cannot_be_a_key_is_refused_and_never_shown() {
        for bad in ["two words", "line\nbreak", "schlüssel", "a\u{1b}[0m", "bad\u{FFFD}"] {
            let error = with(&[KEYS[0], ("SECRET", bad)], &source(true, None, false)).unwrap_err();
            assert_eq!(error.problem, KeyFault::Malformed { variable: "SECRET".into() }, "{bad:?}");
            assert!(!format!("{error:?}").contains(bad));
        }
    }
}
