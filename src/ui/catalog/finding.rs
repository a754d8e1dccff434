//! What a finding says, in words.

use crate::domain::{
    finding::{Finding, FindingId, Severity},
    plan::Act,
};

use super::{Catalog, fill};

/// What is said about a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    Fact,
    Effect,
    Fix,
}

impl Catalog {
    /// A finding in a sentence. Effect and fix may have nothing to say.
    ///
    /// The words for a detach, and those for a finding that names things, are their own where the locale has such.
    pub fn finding(&self, finding: &Finding, part: Part, act: Act) -> Option<String> {
        let part = match (part, finding.severity) {
            (Part::Fact, _) => "fact",
            (Part::Fix, _) => "fix",
            (Part::Effect, Severity::Blocked) if finding.id == FindingId::OverBelt => "effect",
            (Part::Effect, Severity::Blocked) => {
                let key = if finding.is_own_refusal() { "finding-effect.own" } else { "finding-effect.blocked" };
                return Some(self.word(key).to_owned());
            }
            (Part::Effect, Severity::Unknown) => return Some(self.word("finding-effect.unknown").to_owned()),
            (Part::Effect, _) => "effect",
        };
        let id = finding.id.as_str();
        let case = || {
            let (_, case) = finding.values.iter().find(|(name, _)| *name == "case")?;
            self.find(&format!("finding.{id}.{case}.{part}"))
        };
        let detach = (act == Act::Detach).then(|| self.find(&format!("finding.{id}.detach.{part}"))).flatten();
        let named = || if finding.values.is_empty() { None } else { self.find(&format!("finding.{id}.named.{part}")) };
        let template = case().or(detach).or_else(named).or_else(|| self.find(&format!("finding.{id}.{part}")))?;
        let value =
            |name: &str| finding.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        Some(fill(template, value).into_owned())
    }
}
