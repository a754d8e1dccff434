//! What is wrong with the arguments, in words.
//!
//! clap has its sentences in English only. They stay where the help is English; in other languages the kinds of mistakes
//! that people make are worded here, with clap's suggestion, and a rare one keeps clap's words.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{domain::clean::clean, ui::catalog::Catalog};

/// One line, or `None` where clap's own words are all there is.
pub(super) fn explain(error: &clap::Error, words: &Catalog) -> Option<String> {
    let list = |kind: ContextKind| -> Option<Vec<String>> {
        Some(match error.get(kind)? {
            ContextValue::String(text) => vec![text.clone()],
            ContextValue::Strings(texts) => texts.clone(),
            ContextValue::StyledStr(text) => vec![text.to_string()],
            ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
            ContextValue::Number(number) => vec![number.to_string()],
            _ => return None,
        })
    };
    let one = |kind: ContextKind| list(kind).filter(|texts| !texts.is_empty()).map(|texts| texts.join(", "));
    let given = one(ContextKind::InvalidArg);
    let given = given.as_deref();
    let value = one(ContextKind::InvalidValue).unwrap_or_default();
    let meant = |kind: ContextKind| {
        // The likeliest stands last.
        let likeliest = list(kind).and_then(|mut texts| texts.pop());
        likeliest.map_or(String::new(), |it| words.text("command-line.meant", &[("suggestion", &it)]).into_owned())
    };
    let known = one(ContextKind::ValidValue)
        .map_or(String::new(), |it| words.text("command-line.one-of", &[("known", &it)]).into_owned());
    let said = match error.kind() {
        ErrorKind::UnknownArgument => {
            let said = words.text("command-line.unknown-flag", &[("given", given?)]);
            said.into_owned() + &meant(ContextKind::SuggestedArg)
        }
        ErrorKind::InvalidSubcommand => {
            let given = one(ContextKind::InvalidSubcommand)?;
            let said = words.text("command-line.unknown-command", &[("given", &given)]);
            said.into_owned() + &meant(ContextKind::SuggestedSubcommand)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            words.text("command-line.no-value", &[("flag", given?)]).into_owned() + &known
        }
        ErrorKind::InvalidValue => {
            let said = words.text("command-line.bad-value", &[("flag", given?), ("given", &value)]);
            said.into_owned() + &known + &meant(ContextKind::SuggestedValue)
        }
        ErrorKind::ValueValidation => {
            let said = words.text("command-line.bad-value", &[("flag", given?), ("given", &value)]).into_owned();
            match std::error::Error::source(error) {
                Some(why) => said + &words.text("command-line.reason", &[("reason", &why.to_string())]),
                None => said,
            }
        }
        ErrorKind::ArgumentConflict => match one(ContextKind::PriorArg).filter(|other| Some(other.as_str()) != given) {
            Some(other) => words.text("command-line.conflict", &[("given", given?), ("other", &other)]).into_owned(),
            None => words.text("command-line.twice", &[("given", given?)]).into_owned(),
        },
        ErrorKind::MissingRequiredArgument => words.text("command-line.missing", &[("missing", given?)]).into_owned(),
        _ => return None,
    };
    Some(format!("{}\n{}", clean(&said), words.word("command-line.more-help")))
}
