//! One account: which cloud, where, how it is reached and what it may do.

use std::{ops::RangeInclusive, path::PathBuf, time::Duration};

use toml::Spanned;

use super::reader::{Reader, Section, obeys, tellable};
use crate::{
    config::{
        error::{ProblemKind, TextRule, Wanted, suggest},
        meant,
    },
    domain::ids::{ProfileId, RegionId},
    providers::{
        self,
        credential::CredentialSource,
        net::{Net, Pace, Proxy, Timeouts},
        profile::{Endpoint, Profile},
        provider::Descriptor,
    },
};

const PROFILE: &[&str] = &[
    "name",
    "cloud",
    "regions",
    "endpoint",
    "alias",
    "env",
    "readonly",
    "protect",
    "project_id",
    "api",
    "proxy",
    "ca_file",
    "timeouts",
    "pace",
    "credentials",
];
const TIMEOUTS: &[&str] = &["connect_s", "read_s", "total_s"];
const PACE: &[&str] = &["in_flight", "calls_per_s"];

/// Seconds that may be waited for an answer.
const WAIT: RangeInclusive<i64> = 1..=600;
/// Calls at once, and in a second.
const IN_FLIGHT: RangeInclusive<i64> = 1..=64;
const CALLS: RangeInclusive<i64> = 1..=1000;
/// For `regions`: all that the cloud has.
const ALL: &str = "all";

impl Reader<'_> {
    /// `None` if anything is wrong that the profile cannot be without; the problem is noted.
    pub(super) fn profile(&mut self, section: &Section<'_, '_>) -> Option<(Profile, CredentialSource)> {
        self.unknown_keys(section, PROFILE);
        let name = self.needed(section, "name", TextRule::Label);
        let cloud = self.cloud(section);
        let regions = self.regions(section, cloud);
        let endpoint = self.text(section, "endpoint").and_then(|(text, span)| match Endpoint::parse(text) {
            Ok(endpoint) => Some(endpoint),
            Err(error) => {
                self.problem(span, ProblemKind::Endpoint { error });
                None
            }
        });
        let alias = self.ruled(section, "alias", TextRule::Label);
        let env = self.ruled(section, "env", TextRule::Label);
        if let Some(given) = env.clone()
            && let Some(suggestion) = meant::environment(&given)
            && let Some(value) = section.get("env")
        {
            self.problem(value.span(), ProblemKind::Slip { key: "env", given, suggestion });
        }
        let readonly = self.bool(section, "readonly").unwrap_or(false);
        let project_id = self.ruled(section, "project_id", TextRule::Word);
        if regions.as_ref().is_some_and(|regions| regions.len() != 1)
            && let Some(value) = section.get("project_id")
        {
            self.problem(value.span(), ProblemKind::ProjectOfSeveral);
        }
        let net = self.net(section);
        let api = cloud.and_then(|cloud| self.api(section, cloud));
        let credentials = self.credentials(section, cloud);
        let (name, cloud, from) = (name?, cloud?, credentials?);
        let id = ProfileId::from(name);
        let place = self.place(&section.get("credentials").map_or(section.span.clone(), Spanned::span));
        Some((
            Profile {
                id: id.clone(),
                cloud: cloud.cloud(),
                regions: regions?,
                endpoint,
                alias,
                env,
                readonly,
                project_id,
                api,
                net,
            },
            CredentialSource { profile: id, place: Some(place), from },
        ))
    }

    fn cloud(&mut self, section: &Section<'_, '_>) -> Option<&'static Descriptor> {
        let Some((text, span)) = self.text(section, "cloud") else {
            self.missing(section, "cloud");
            return None;
        };
        let clouds = self.clouds;
        let found = clouds.iter().copied().find(|cloud| cloud.id == text);
        if found.is_none() {
            let kind = ProblemKind::NotOneOf {
                key: "cloud".to_owned(),
                given: tellable(text),
                allowed: clouds.iter().map(|cloud| cloud.id.to_owned()).collect(),
                suggestion: suggest(text, clouds.iter().map(|cloud| cloud.id)).map(str::to_owned),
            };
            self.problem(span, kind);
        }
        found
    }

    /// A generation of the cloud's API.
    fn api(&mut self, section: &Section<'_, '_>, cloud: &'static Descriptor) -> Option<String> {
        let (text, span) = self.text(section, "api")?;
        if cloud.apis.contains(&text) {
            return Some(text.to_owned());
        }
        let kind = ProblemKind::NotOneOf {
            key: "api".to_owned(),
            given: tellable(text),
            allowed: cloud.apis.iter().map(|&api| api.to_owned()).collect(),
            suggestion: suggest(text, cloud.apis.iter().copied()).map(str::to_owned),
        };
        self.problem(span, kind);
        None
    }

    fn regions(&mut self, section: &Section<'_, '_>, cloud: Option<&'static Descriptor>) -> Option<Vec<RegionId>> {
        let known = match cloud.and_then(|cloud| providers::find(cloud.id)) {
            Some(cloud) => cloud.known_regions(),
            None => Vec::new(),
        };
        let Some(value) = section.get("regions") else {
            self.missing(section, "regions");
            return None;
        };
        if let Some(text) = value.get_ref().as_str() {
            // Which there are is found out when the profile is listed.
            if text == ALL {
                return Some(Vec::new());
            }
            match suggest(text, [ALL]) {
                None => self.wrong_type("regions", Wanted::Texts, value),
                Some(suggestion) => {
                    let given = text.to_owned();
                    self.problem(value.span(), ProblemKind::Slip { key: "regions", given, suggestion });
                }
            }
            return None;
        }
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("regions", Wanted::Texts, value);
            return None;
        };
        if list.is_empty() {
            self.problem(value.span(), ProblemKind::EmptyList { key: "regions" });
            return None;
        }
        let mut regions: Vec<RegionId> = Vec::new();
        let mut good = true;
        for entry in list {
            let kind = match entry.get_ref().as_str() {
                None => {
                    self.wrong_type("regions", Wanted::Texts, entry);
                    good = false;
                    continue;
                }
                // A region becomes part of a host name.
                Some(text) if !obeys(text, TextRule::Word) => {
                    ProblemKind::BadText { key: "regions", rule: TextRule::Word }
                }
                Some(text) if regions.iter().any(|region| region.as_str() == text) => {
                    ProblemKind::Twice { key: "regions", value: text.to_owned() }
                }
                Some(text) => match meant::region(text, &known) {
                    Some(suggestion) => ProblemKind::Slip { key: "regions", given: text.to_owned(), suggestion },
                    None => {
                        regions.push(text.into());
                        continue;
                    }
                },
            };
            self.problem(entry.span(), kind);
            good = false;
        }
        good.then_some(regions)
    }

    /// How the cloud is reached.
    fn net(&mut self, section: &Section<'_, '_>) -> Net {
        let proxy = self.text(section, "proxy").and_then(|(text, span)| {
            if Proxy::names_somebody(text) {
                self.problem(span, ProblemKind::Secret { key: "proxy".to_owned() });
                return None;
            }
            let proxy = Proxy::parse(text);
            if proxy.is_none() {
                self.problem(span, ProblemKind::BadText { key: "proxy", rule: TextRule::Proxy });
            }
            proxy
        });
        let ca_file = self.ruled(section, "ca_file", TextRule::Path).map(|text| {
            // Beside the config, unless it says otherwise.
            self.file.parent().map_or_else(|| PathBuf::from(&text), |folder| folder.join(&text))
        });
        let default = Timeouts::default();
        let timeouts = self.part(section, "timeouts", "`timeouts`", TIMEOUTS);
        let mut seconds = |key, default| {
            let seconds = timeouts.as_ref().and_then(|timeouts| self.size(timeouts, key, WAIT));
            seconds.map_or(default, |seconds| Duration::from_secs(seconds as u64))
        };
        let timeouts = Timeouts {
            connect: seconds("connect_s", default.connect),
            read: seconds("read_s", default.read),
            total: seconds("total_s", default.total),
        };
        let pace = self.part(section, "pace", "`pace`", PACE);
        let mut number = |key, most| pace.as_ref().and_then(|pace| self.size(pace, key, most));
        let pace = Pace {
            in_flight: number("in_flight", IN_FLIGHT),
            calls_per_s: number("calls_per_s", CALLS).and_then(|calls| u32::try_from(calls).ok()),
        };
        Net { proxy: proxy.unwrap_or_default(), ca_file, timeouts, pace }
    }

    /// A table within the profile's.
    fn part<'t, 'i>(
        &mut self,
        section: &Section<'t, 'i>,
        key: &str,
        name: &'static str,
        allowed: &'static [&'static str],
    ) -> Option<Section<'t, 'i>> {
        let part = section.get(key).and_then(|value| self.table(name, key, value))?;
        self.unknown_keys(&part, allowed);
        Some(part)
    }
}
