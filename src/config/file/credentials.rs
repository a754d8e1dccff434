//! Where a profile's credential comes from.

use std::{ops::RangeInclusive, time::Duration};

use toml::{Spanned, de::DeValue};

use super::reader::{Reader, Section, is_mixed_name, obeys, tellable};
use crate::{
    config::error::{ProblemKind, TextRule, Wanted, suggest},
    providers::{credential::CredentialFrom, provider::Descriptor},
};

const CREDENTIALS: &[&str] = &["from", "id", "secret", "token", "user", "password", "account"];
const VENDOR_CLI: &[&str] = &["from", "profile"];
const COMMAND: &[&str] = &["from", "argv", "timeout_s"];
const SOURCES: &[&str] = &["env", "vendor-cli", "command"];

/// Seconds that a program may take to print a credential.
const TIMEOUT: RangeInclusive<i64> = 1..=300;
const DEFAULT_TIMEOUT: usize = 10;

impl Reader<'_> {
    /// Left out: the variables of the vendor's own tools.
    pub(super) fn credentials(
        &mut self,
        profile: &Section<'_, '_>,
        cloud: Option<&'static Descriptor>,
    ) -> Option<CredentialFrom> {
        let bearer = cloud.is_some_and(|cloud| cloud.bearer);
        let Some(value) = profile.get("credentials") else {
            let (id, secret, token) = cloud?.env;
            let keys = Some((id.to_owned(), secret.to_owned()));
            return Some(CredentialFrom::Env { keys, token: token.map(str::to_owned), bearer });
        };
        let section = self.table("`credentials`", "credentials", value)?;
        match self.text(&section, "from") {
            None if section.get("from").is_none() => {
                self.missing(&section, "from");
            }
            None => {}
            Some(("vendor-cli", _)) => return self.vendor_cli(&section),
            Some(("command", _)) => return self.command(&section, bearer),
            Some((from, _)) if SOURCES.contains(&from) => {}
            Some((from, span)) => {
                let kind = ProblemKind::NotOneOf {
                    key: "from".to_owned(),
                    given: tellable(from),
                    allowed: SOURCES.iter().map(|&source| source.to_owned()).collect(),
                    suggestion: suggest(from, SOURCES.iter().copied()).map(str::to_owned),
                };
                self.problem(span, kind);
                return None;
            }
        }
        self.unknown_keys(&section, CREDENTIALS);
        let problems = self.problems.len();
        let id = self.variable(&section, "id");
        let secret = self.variable(&section, "secret");
        let token = self.variable(&section, "token");
        let by_name = [("user"), ("password"), ("account")].map(|key| (key, self.variable(&section, key)));
        if self.problems.len() > problems {
            return None;
        }
        if by_name.iter().any(|(_, variable)| variable.is_some()) {
            return self.by_name(&section, cloud?, by_name);
        }
        match (id, secret, token, cloud) {
            (Some(id), Some(secret), token, _) => Some(CredentialFrom::Env { keys: Some((id, secret)), token, bearer }),
            (None, None, Some(token), Some(cloud)) if cloud.bearer => {
                Some(CredentialFrom::Env { keys: None, token: Some(token), bearer: true })
            }
            (None, None, Some(_), Some(cloud)) => {
                self.problem(section.span, ProblemKind::TokenAlone { cloud: cloud.title.to_owned() });
                None
            }
            (None, None, Some(_), None) => None,
            // `{ from = "env" }`: as if it were left out.
            (None, None, None, cloud) => {
                let (id, secret, token) = cloud?.env;
                let keys = Some((id.to_owned(), secret.to_owned()));
                Some(CredentialFrom::Env { keys, token: token.map(str::to_owned), bearer })
            }
            (id, _, _, _) => {
                self.missing(&section, if id.is_none() { "id" } else { "secret" });
                None
            }
        }
    }

    /// A profile of the vendor's own tool.
    fn vendor_cli(&mut self, section: &Section<'_, '_>) -> Option<CredentialFrom> {
        let problems = self.problems.len();
        self.unknown_keys(section, VENDOR_CLI);
        let profile = self.ruled(section, "profile", TextRule::Label);
        (self.problems.len() == problems).then_some(CredentialFrom::VendorCli { profile })
    }

    /// A program that prints a credential.
    fn command(&mut self, section: &Section<'_, '_>, bearer: bool) -> Option<CredentialFrom> {
        let problems = self.problems.len();
        self.unknown_keys(section, COMMAND);
        self.missing(section, "argv");
        let argv = section.get("argv").map(|value| self.argv(value)).unwrap_or_default();
        let seconds = self.size(section, "timeout_s", TIMEOUT).unwrap_or(DEFAULT_TIMEOUT);
        let timeout = Duration::from_secs(seconds as u64);
        (self.problems.len() == problems).then_some(CredentialFrom::Command { argv, timeout, bearer })
    }

    fn argv(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<String> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("argv", Wanted::Texts, value);
            return Vec::new();
        };
        let mut argv = Vec::new();
        for entry in list {
            match entry.get_ref().as_str() {
                Some(text) => argv.push(text.to_owned()),
                None => self.wrong_type("argv", Wanted::Texts, entry),
            }
        }
        if argv.first().is_none_or(String::is_empty) {
            self.problem(value.span(), ProblemKind::EmptyList { key: "argv" });
        }
        argv
    }

    /// Signing in with a user's name and password.
    fn by_name(
        &mut self,
        section: &Section<'_, '_>,
        cloud: &'static Descriptor,
        variables: [(&'static str, Option<String>); 3],
    ) -> Option<CredentialFrom> {
        if cloud.password.is_none() {
            let kind = ProblemKind::NoSignIn { cloud: cloud.title.to_owned() };
            self.problem(section.span.clone(), kind);
            return None;
        }
        if ["id", "secret", "token"].iter().any(|key| section.get(key).is_some()) {
            self.problem(section.span.clone(), ProblemKind::TwoCredentials);
            return None;
        }
        if let Some((key, _)) = variables.iter().find(|(_, variable)| variable.is_none()) {
            self.missing(section, key);
            return None;
        }
        let [user, password, account] = variables.map(|(_, variable)| variable.unwrap_or_default());
        Some(CredentialFrom::Password { user, password, account })
    }

    /// The name of an environment variable. Something else is most likely the secret itself.
    fn variable(&mut self, section: &Section<'_, '_>, key: &'static str) -> Option<String> {
        let value = section.get(key)?;
        match value.get_ref().as_str() {
            // Nobody's secret is the name of a variable that there is.
            Some(text) if obeys(text, TextRule::Variable) || is_mixed_name(text) || (self.is_set)(text) => {
                Some(text.to_owned())
            }
            Some("") => {
                self.problem(value.span(), ProblemKind::BadText { key, rule: TextRule::Variable });
                None
            }
            // A number or list is no name either, and may be a piece of a secret.
            _ => {
                self.problem(value.span(), ProblemKind::Secret { key: key.to_owned() });
                None
            }
        }
    }
}
