//! Rules over what is never written to.

use super::reader::{Reader, Section};
use crate::{
    config::error::{ProblemKind, Wanted},
    filter::{self, Expr},
};

impl Reader<'_> {
    /// Filters over what is never written to. A mistake is told where it stands.
    pub(super) fn protect(&mut self, section: &Section<'_, '_>) -> Vec<Expr> {
        let Some(value) = section.get("protect") else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type("protect", Wanted::Texts, value);
            return Vec::new();
        };
        let clouds: Vec<&str> = self.clouds.iter().map(|cloud| cloud.id).collect();
        let mut rules = Vec::new();
        for (entry, nth) in list.iter().zip(1..) {
            let Some(text) = entry.get_ref().as_str() else {
                self.wrong_type("protect", Wanted::Texts, entry);
                continue;
            };
            match filter::parse_among(text, &clouds) {
                Err(error) => {
                    // Behind the quote; where the text has escapes, only the line is sure.
                    let quoted = self.text.get(entry.span()).unwrap_or_default();
                    let whole = quoted.len() == text.len() + 2 && quoted.contains(text);
                    let from = entry.span().start + if whole { 1 + error.span.start } else { 0 };
                    let kind = ProblemKind::BadRule { nth, text: text.to_owned(), error };
                    self.problem(from..entry.span().end, kind);
                }
                Ok(rule) if rule.is_empty() => self.problem(entry.span(), ProblemKind::EmptyRule { nth }),
                Ok(rule) => match rule.fickle_term() {
                    Some(term) => {
                        let term = term.text().to_owned();
                        self.problem(entry.span(), ProblemKind::FickleRule { nth, term });
                    }
                    None => {
                        // It would protect nothing, or all but nothing. Where there is no profile to name, none is named wrongly.
                        if !self.profiles.is_empty()
                            && let Some(term) = rule.unmatched_profile(&self.profiles)
                        {
                            let (term, known) = (term.text().to_owned(), self.profiles.clone());
                            self.problem(entry.span(), ProblemKind::StrayRule { nth, term, known });
                        }
                        rules.push(rule);
                    }
                },
            }
        }
        rules
    }
}
