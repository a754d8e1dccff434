//! Domain values in words: times, findings, faults, outcomes, and each cloud's own nouns.

mod fault;
mod outcome;

use std::borrow::Cow;

use crate::{
    app::effect::Sentence,
    domain::{
        address::AddressRole,
        clean::clean,
        finding::{Level, Severity},
        ids::CloudId,
        inventory::Section,
        nic::NicRole,
        page::Resource,
        plan::Calls,
        selection::Target,
        time::Timestamp,
    },
};

use super::{catalog::Catalog, skin::Skin, theme::Role};

pub use fault::{again, code_text, fault_advice, fault_code, fault_message, fault_next, fault_what, fault_word, known};
pub use outcome::{counts, offline, outcome_next, outcome_reason, outcome_word, progress, row_reason};

/// The vendor's names of the calls of a write, each with how often it is made in a row.
pub fn calls(words: &Catalog, calls: &Calls) -> String {
    let mut named: Vec<(&str, usize)> = Vec::new();
    for &name in &calls.names {
        match named.last_mut() {
            Some((last, count)) if *last == name => *count += 1,
            _ => named.push((name, 1)),
        }
    }
    let one = |(name, count): (&str, usize)| if count > 1 { format!("{name} ({count})") } else { name.to_owned() };
    named.into_iter().map(one).collect::<Vec<_>>().join(words.word("list.comma"))
}

/// The first letter in upper case, where the script has such.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `3 calls`, `1 call or more`.
pub fn count_of_calls(words: &Catalog, (count, more): (usize, bool)) -> String {
    let key = if more { "plan.calls-more" } else { "plan.calls" };
    words.text(key, &[("count", &count.to_string())]).into_owned()
}

/// What a target is called in a list.
pub fn target_name(target: &Target) -> String {
    match target {
        Target::Address(key) => key.ip.to_string(),
        Target::Nic(key) => clean(key.nic.as_str()).into_owned(),
        // As the rows of a plan begin: by the address that it is bound to.
        Target::Eip { eip, address } => format!("{} {}", address.ip, clean(eip.as_str())),
    }
}

/// What is done, as a word.
pub use crate::app::plan_view::act_word as act;

// ---- times ---------------------------------------------------------------------------------------------------------

/// How long ago, in whole minutes, hours or days: `just now`, `3 min ago`.
pub fn age(words: &Catalog, now: Timestamp, then: Timestamp) -> Cow<'_, str> {
    let minutes = now.since(then) / 60_000;
    let (key, count) = match minutes {
        0 => return Cow::Borrowed(words.word("time.just-now")),
        1..=119 => ("time.minutes-ago", minutes),
        120..=2879 => ("time.hours-ago", minutes / 60),
        _ => ("time.days-ago", minutes / 1440),
    };
    words.text(key, &[("count", &count.to_string())])
}

/// Time of day: `14:03:14`.
pub fn clock(skin: &Skin, at: Timestamp) -> String {
    let of_day = (at.seconds() + i64::from(skin.utc_offset_s)).rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// Date and time of day: `2026-01-07 14:03:14`.
pub fn moment(skin: &Skin, at: Timestamp) -> String {
    let local = jiff::Timestamp::from_second(at.seconds() + i64::from(skin.utc_offset_s)).unwrap_or_default();
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Date and time of day to the minute: `2026-01-07 14:03`.
pub fn minute(skin: &Skin, at: Timestamp) -> String {
    moment(skin, at).chars().take("2026-01-07 14:03".len()).collect()
}

/// A stretch of time as a stopwatch shows it: `0:05`, `1:02:03`.
pub fn stopwatch(ms: u64) -> String {
    let seconds = ms / 1000;
    match seconds / 3600 {
        0 => format!("{}:{:02}", seconds / 60, seconds % 60),
        hours => format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60),
    }
}

/// How long a call took: `412 ms`, `1.9 s`, `15 s`.
pub fn duration(ms: u64) -> String {
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} s", ms / 1000),
    }
}

// ---- nouns ---------------------------------------------------------------------------------------------------------

/// A noun as the cloud itself calls it; the common word where it has none of its own. What is done to it has one word
/// everywhere.
pub fn noun<'a>(words: &'a Catalog, cloud: &CloudId, name: &'a str) -> &'a str {
    words.find(&format!("cloud.{cloud}.{name}")).or_else(|| words.find(&format!("noun.{name}"))).unwrap_or(name)
}

pub fn address_kind<'a>(words: &'a Catalog, cloud: &CloudId, role: AddressRole) -> &'a str {
    noun(
        words,
        cloud,
        match role {
            AddressRole::Primary => "primary",
            AddressRole::Secondary => "secondary",
            AddressRole::Virtual => "vip",
            AddressRole::Ipv6 => "ipv6",
        },
    )
}

pub fn nic_kind<'a>(words: &'a Catalog, cloud: &CloudId, role: &'a NicRole) -> &'a str {
    match role {
        NicRole::Primary => noun(words, cloud, "primary-nic"),
        NicRole::Secondary => noun(words, cloud, "secondary-nic"),
        NicRole::Other(word) => word,
    }
}

/// What was listed, where: `NICs of cn-hangzhou`.
pub fn resource(words: &Catalog, resource: Resource) -> &str {
    words.word(match resource {
        Resource::Regions => "resource.regions",
        Resource::Instances => "resource.instances",
        Resource::Nics => "resource.nics",
        Resource::Eips => "resource.eips",
        Resource::Backends => "resource.backends",
        Resource::Floats => "resource.floats",
        Resource::Limits => "resource.limits",
    })
}

pub fn section<'a>(words: &'a Catalog, section: &Section) -> Cow<'a, str> {
    let what = resource(words, section.0);
    match &section.1 {
        Some(region) => words.text("resource.of-region", &[("what", what), ("region", region.as_str())]),
        None => Cow::Borrowed(what),
    }
}

// ---- findings ------------------------------------------------------------------------------------------------------

pub fn severity_glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "i",
        Severity::Warn => "!",
        Severity::Unknown => "?",
        Severity::Blocked => "x",
    }
}

pub fn severity_role(severity: Severity) -> Role {
    match severity {
        Severity::Info => Role::Info,
        Severity::Warn => Role::Warn,
        Severity::Unknown => Role::Unknown,
        Severity::Blocked => Role::Blocked,
    }
}

/// The glyph of a level; a target that can go has none.
pub fn level_glyph(level: Level) -> &'static str {
    match level {
        Level::Ok => "",
        Level::Warn => "!",
        Level::Unknown => "?",
        Level::Blocked => "x",
    }
}

pub fn level_role(level: Level) -> Role {
    match level {
        Level::Ok => Role::Ok,
        Level::Warn => Role::Warn,
        Level::Unknown => Role::Unknown,
        Level::Blocked => Role::Blocked,
    }
}

/// What is copied as it stands on the screen.
pub fn sentence(words: &Catalog, sentence: &Sentence) -> String {
    match sentence {
        Sentence::Phrase(phrase) => words.phrase(phrase),
        Sentence::Fault(fault) => clean(&fault_message(words, fault)).into_owned(),
    }
}

/// What is wrong with a filter, by its code and values. What was probably meant stands in front of a list of what would be
/// right, which may be long.
pub fn filter_mistake(words: &Catalog, code: &str, values: &[(&str, String)], meant: Option<&str>) -> String {
    let listed = values.iter().any(|(name, _)| *name == "known");
    let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let sentence = words.text(&format!("filter.{code}"), &values).into_owned();
    let Some(meant) = meant else {
        // Nothing is near: all that there are.
        let all = if code == "unknown-field" { words.word("filter.fields") } else { return sentence };
        return format!("{sentence}{}{all}", words.word("list.blank"));
    };
    let meant = words.text("filter.suggest", &[("suggestion", meant)]).into_owned();
    let (first, second) = if listed { (meant, sentence) } else { (sentence, meant) };
    format!("{first}{}{second}", words.word("list.blank"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::state::Language,
        domain::finding::{Finding, FindingId},
        ui::catalog::{Catalogs, Part},
    };

    #[test]
    fn what_is_not_listed_is_refused_by_the_program_unless_the_cloud_has_a_code_for_it() {
        let catalogs = Catalogs::embedded().unwrap();
        let effect = |predicts| {
            let (id, severity) = (FindingId::NotListed, Severity::Blocked);
            let found = Finding { id, severity, values: Vec::new(), predicts, read_at: None };
            catalogs.of(Language::English).finding(&found, Part::Effect, crate::domain::plan::Act::Release).unwrap()
        };
        assert!(effect(None).starts_with("nicdeck itself refuses it"), "{}", effect(None));
        assert!(effect(Some("NotFound")).starts_with("The call would be refused"));
    }

    #[test]
    fn times_in_short() {
        assert_eq!(stopwatch(5_900), "0:05");
        assert_eq!(stopwatch(3_723_000), "1:02:03");
        assert_eq!(
            [duration(0), duration(412), duration(1_949), duration(15_200)],
            ["0 ms", "412 ms", "1.9 s", "15 s"]
        );
    }
}
