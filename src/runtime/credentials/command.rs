//! Keys that a program prints: the system's keyring, a password manager, a sign-in of one's own.
//!
//! What it prints is a secret whatever it is: nothing of it is ever told, nor what it says on its standard error.

use std::{process::Stdio, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::{
    io::AsyncReadExt as _,
    process::{Child, Command},
};

use crate::{
    domain::{clean::clean, key_fault::KeyFault, time::Timestamp},
    providers::{
        keyring::{Fetched, KeySource, Keys},
        profile::Credential,
    },
    runtime::clock,
};

/// A credential is shorter, in bytes.
const MOST_BYTES: u64 = 1 << 16;

/// A program that prints a credential.
pub struct Program {
    /// Never empty. No shell reads it.
    pub argv: Vec<String>,
    pub timeout: Duration,
    /// A bare line is a bearer token.
    pub bearer: bool,
}

/// What it may print as JSON: in names of ours, or as vendors' tools and the metadata of instances answer who takes on a role.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Printed {
    #[serde(alias = "AccessKeyId", alias = "access_key_id", alias = "TmpSecretId", alias = "access")]
    id: Option<String>,
    #[serde(alias = "AccessKeySecret", alias = "access_key_secret", alias = "TmpSecretKey")]
    secret: Option<String>,
    #[serde(alias = "SecurityToken", alias = "sts_token", alias = "Token", alias = "securitytoken")]
    token: Option<String>,
    #[serde(alias = "Expiration", alias = "expires_at")]
    expires: Option<Expires>,
    /// All of it, one level down.
    #[serde(alias = "Credentials", alias = "credential")]
    credentials: Option<Box<Printed>>,
    user: Option<String>,
    password: Option<String>,
    account: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expires {
    /// Since the UNIX epoch.
    Seconds(i64),
    /// RFC 3339.
    Date(String),
}

impl KeySource for Program {
    fn fetch(&self) -> Fetched<'_> {
        Box::pin(async move {
            let text = self.run().await?;
            self.keys(text.expose_secret(), clock::now())
        })
    }
}

impl Program {
    fn name(&self) -> String {
        clean(self.argv.first().map_or("", String::as_str)).into_owned()
    }

    async fn run(&self) -> Result<SecretString, KeyFault> {
        let Some((program, arguments)) = self.argv.split_first() else {
            return Err(KeyFault::NoProgram { program: String::new() });
        };
        let mut command = Command::new(program);
        // A group of its own: it gets no Ctrl-C that is meant for us, no key from our terminal, and is stopped with all its children.
        #[cfg(unix)]
        command.process_group(0);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => KeyFault::NoProgram { program: self.name() },
            _ => KeyFault::NotStarted { program: self.name(), reason: error.to_string() },
        })?;
        let mut running = Running(child);
        let hangs = |_| KeyFault::Hangs { program: self.name(), seconds: self.timeout.as_secs() };
        tokio::time::timeout(self.timeout, self.output(&mut running.0)).await.map_err(hangs)?
    }

    async fn output(&self, child: &mut Child) -> Result<SecretString, KeyFault> {
        let mut bytes = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            // What cannot be read is missing from what was printed.
            let _ = stdout.take(MOST_BYTES).read_to_end(&mut bytes).await;
        }
        let text = String::from_utf8(bytes).map(SecretString::from);
        let status = child
            .wait()
            .await
            .map_err(|error| KeyFault::NotStarted { program: self.name(), reason: error.to_string() })?;
        if !status.success() {
            return Err(KeyFault::Failed { program: self.name(), status: status.to_string() });
        }
        text.map_err(|_| KeyFault::Garbage { program: self.name() })
    }

    /// What the printed text means.
    fn keys(&self, text: &str, now: Timestamp) -> Result<Keys, KeyFault> {
        let garbage = || KeyFault::Garbage { program: self.name() };
        let text = text.trim();
        if !text.starts_with('{') {
            let token = Some(text).filter(|text| self.bearer && is_key(text)).ok_or_else(garbage)?;
            return Ok(Credential::Bearer(token.into()).into());
        }
        // The parser's message may repeat a piece of it.
        let mut printed: Printed = serde_json::from_str(text).map_err(|_| garbage())?;
        if let Some(inner) = printed.credentials.take() {
            let expires = inner.expires.or(printed.expires);
            printed = Printed { expires, ..*inner };
        }
        let expires_at = match &printed.expires {
            None => None,
            Some(Expires::Seconds(seconds)) => Some(Timestamp(seconds.saturating_mul(1000))),
            Some(Expires::Date(text)) => {
                let date: jiff::Timestamp = text.trim().parse().map_err(|_| garbage())?;
                Some(Timestamp(date.as_millisecond()))
            }
        };
        if expires_at.is_some_and(|end| end <= now) {
            return Err(KeyFault::Ended { from: self.name(), renew: None });
        }
        let lacks = |key: &str| KeyFault::Lacks { program: self.name(), key: key.to_owned() };
        let key = |name: &str, value: Option<String>| match value.filter(|value| !value.is_empty()) {
            Some(value) if is_key(&value) => Ok(SecretString::from(value)),
            Some(_) => Err(garbage()),
            None => Err(lacks(name)),
        };
        let typed = |name: &str, value: Option<String>| {
            value.filter(|value| !value.is_empty()).map(SecretString::from).ok_or_else(|| lacks(name))
        };
        let credential = match printed {
            Printed { user, password, account, .. } if user.is_some() => Credential::Password {
                user: typed("user", user)?,
                password: typed("password", password)?,
                account: typed("account", account)?,
            },
            Printed { id: None, secret: None, token, .. } if self.bearer => Credential::Bearer(key("token", token)?),
            Printed { id, secret, token, .. } => Credential::Keys {
                id: key("id", id)?,
                secret: key("secret", secret)?,
                token: token.map(|token| key("token", Some(token))).transpose()?,
            },
        };
        Ok(Keys { expires_at, ..Keys::from(credential) })
    }
}

/// Visible ASCII: nothing else is a key.
fn is_key(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Let go before its end, because it hangs or nobody waits any more, it is killed with everything that it has started.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // None once it has ended.
        #[cfg(unix)]
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(id, rustix::process::Signal::KILL);
        }
        let _ = self.0.start_kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(argv: &[&str], bearer: bool) -> Program {
        let argv = argv.iter().map(|&text| text.to_owned()).collect();
        Program { argv, timeout: Duration::from_secs(30), bearer }
    }

    fn read(text: &str, bearer: bool) -> Result<(Vec<String>, Option<i64>), KeyFault> {
        let keys = program(&["helper"], bearer).keys(text, Timestamp(1_000_000))?;
        let texts = match &*keys.credential {
            Credential::Keys { id, secret, token } => [Some(id), Some(secret), token.as_ref()].into_iter().flatten(),
            Credential::Bearer(token) => [Some(token), None, None].into_iter().flatten(),
            Credential::Password { user, password, account } => {
                [Some(user), Some(password), Some(account)].into_iter().flatten()
            }
        };
        let texts = texts.map(|text| text.expose_secret().to_owned()).collect();
        Ok((texts, keys.expires_at.map(|end| end.0)))
    }

    fn texts(of: &[&str]) -> Vec<String> {
        of.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn keys_tokens_and_users_are_read() {
        assert_eq!(read(r#"{"id":"i","secret":"s"}"#, false), Ok((texts(&["i", "s"]), None)));
        let sts = r#" {"id":"i","secret":"s","token":"t","expires":2000} "#;
        assert_eq!(read(sts, true), Ok((texts(&["i", "s", "t"]), Some(2_000_000))));
        let dated = r#"{"id":"i","secret":"s","expires":"1970-01-01T01:00:00+00:30"}"#;
        assert_eq!(read(dated, false), Ok((texts(&["i", "s"]), Some(1_800_000))));
        assert_eq!(read("a-bare-token\n", true), Ok((texts(&["a-bare-token"]), None)));
        assert_eq!(read(r#"{"token":"t"}"#, true), Ok((texts(&["t"]), None)));
        let user = r#"{"user":"ops","password":"p w","account":"acme"}"#;
        assert_eq!(read(user, false), Ok((texts(&["ops", "p w", "acme"]), None)));
    }

    /// As the vendors' tools, and the metadata of an instance, answer. Vendor: `aliyun sts AssumeRole`, its `External` programs and the
    /// metadata service; `tccli sts AssumeRole`; `hcloud IAM CreateTemporaryAccessKeyByToken`.
    #[test]
    fn what_tools_print_for_a_role_is_taken_as_it_is() {
        let end = Some(3_600_000);
        for (text, end) in [
            (
                r#"{"RequestId":"r","AssumedRoleUser":{"Arn":"a"},"Credentials":{"SecurityToken":"t","Expiration":"1970-01-01T01:00:00Z","AccessKeySecret":"s","AccessKeyId":"i"}}"#,
                end,
            ),
            (
                r#"{"Credentials":{"Token":"t","TmpSecretId":"i","TmpSecretKey":"s"},"ExpiredTime":3600,"Expiration":"1970-01-01T01:00:00Z","RequestId":"r"}"#,
                end,
            ),
            (
                r#"{"credential":{"access":"i","secret":"s","securitytoken":"t","expires_at":"1970-01-01T01:00:00.000000Z"}}"#,
                end,
            ),
            (
                r#"{"AccessKeyId":"i","AccessKeySecret":"s","Expiration":"1970-01-01T01:00:00Z","SecurityToken":"t","LastUpdated":"1970-01-01T00:00:00Z","Code":"Success"}"#,
                end,
            ),
            (r#"{"mode":"StsToken","access_key_id":"i","access_key_secret":"s","sts_token":"t"}"#, None),
        ] {
            assert_eq!(read(text, false), Ok((texts(&["i", "s", "t"]), end)), "{text}");
        }
    }

    #[test]
    fn what_is_no_credential_is_told_without_a_word_of_it() {
        let garbage = KeyFault::Garbage { program: "helper".into() };
        for (text, bearer) in [
            ("", true),
            ("two words", true),
            ("bare", false),
            ("{", true),
            (r#"{"id":"i","secret":"two words"}"#, false),
            (r#"{"id":"i","secret":"s","expires":"soon"}"#, false),
            ("line\nline", true),
            ("schlüssel", true),
        ] {
            assert_eq!(read(text, bearer), Err(garbage.clone()), "{text:?}");
        }
        let lacks = |key: &str| Err(KeyFault::Lacks { program: "helper".into(), key: key.into() });
        assert_eq!(read(r#"{"secret":"s"}"#, false), lacks("id"));
        assert_eq!(read(r#"{"id":"i","secret":""}"#, false), lacks("secret"));
        assert_eq!(read(r#"{"user":"u","account":"a"}"#, false), lacks("password"));
        let ended = Err(KeyFault::Ended { from: "helper".into(), renew: None });
        assert_eq!(read(r#"{"id":"i","secret":"s","expires":1000}"#, false), ended);
    }

    #[tokio::test]
    async fn a_program_is_run_without_a_shell_and_its_failure_is_told() {
        let printed = program(&["printf", "%s", "$HOME;token"], true).fetch().await.unwrap();
        assert_eq!(printed.credential.secrets(), ["$HOME;token"]);
        let failed = program(&["false"], true).fetch().await.unwrap_err();
        assert_eq!(failed, KeyFault::Failed { program: "false".into(), status: "exit status: 1".into() });
        let none = program(&["nicdeck-has-no-such-program"], true).fetch().await.unwrap_err();
        assert_eq!(none, KeyFault::NoProgram { program: "nicdeck-has-no-such-program".into() });
        let endless = program(&["yes"], true).fetch().await.unwrap_err();
        assert!(matches!(endless, KeyFault::Failed { .. } | KeyFault::Garbage { .. }), "{endless:?}");
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_stopped_with_its_children() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let script = format!("(sleep 1000 > '{}') & wait", pipe.display());
        let mut hanging = program(&["sh", "-c", &script], true);
        hanging.timeout = Duration::from_secs(2);
        // Ends when nobody has the pipe open any more: when the child of the program is gone.
        let children = tokio::task::spawn_blocking(move || std::fs::read(pipe).unwrap());
        let fault = hanging.fetch().await.unwrap_err();
        assert_eq!(fault, KeyFault::Hangs { program: "sh".into(), seconds: 2 });
        let gone = tokio::time::timeout(Duration::from_secs(30), children).await;
        assert_eq!(gone.expect("the child is stopped as well").unwrap(), Vec::<u8>::new());
    }
}
