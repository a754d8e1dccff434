//! What is wrong with the settings and with a profile's credential, in words of two languages.
//!
//! No sentence quotes a line of the file or a value that could be a secret: the problems do not hold any.

use crate::{
    app::{
        notices::{Phrase, Worded},
        state::Language,
    },
    config::{self, ConfigError, Origin, Problem, ProblemKind, TextRule, ValueKind, Wanted},
    domain::clean::clean,
    providers::{credential::CredentialError, profile::EndpointError},
    ui::{
        catalog::{Catalog, Catalogs},
        filter_mistake,
    },
};

/// The language of the words for the language of the settings.
pub fn language(language: config::Language) -> Language {
    match language {
        config::Language::En => Language::English,
        config::Language::ZhCn => Language::Chinese,
    }
}

/// Every problem, a line each.
pub fn error(error: &ConfigError, words: &Catalog) -> String {
    error.problems.iter().map(|one| problem(one, words)).collect::<Vec<_>>().join("\n")
}

/// Every problem in all languages: the console's can be changed while it runs.
pub fn problems(error: &ConfigError, catalogs: &Catalogs) -> Vec<Worded> {
    let said = |one: &Problem, language| problem(one, catalogs.of(language));
    let both = |one| Worded { english: said(one, Language::English), chinese: said(one, Language::Chinese) };
    error.problems.iter().map(both).collect()
}

/// Where it stands, what is wrong, and what would be right.
pub fn problem(problem: &Problem, words: &Catalog) -> String {
    let origin = match &problem.origin {
        Origin::File(place) => place.to_string(),
        Origin::WholeFile(path) => clean(&path.to_string_lossy()).into_owned(),
        Origin::Env(name) => words.text("setting.of-variable", &[("name", name)]).into_owned(),
        Origin::Flag(name) => (*name).to_owned(),
    };
    format!("{origin}: {}", sentence(&problem.kind, words))
}

/// Why a profile can not be used. Without its name: the console shows that beside it.
pub fn no_credential(error: &CredentialError) -> Phrase {
    let phrase = Phrase::from(&error.problem);
    // Behind the sentence: a path is long, and what is missing matters more.
    phrase.with("place", error.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default())
}

/// Which profile has no credential, where the config says so, and why.
pub fn credential(error: &CredentialError, words: &Catalog) -> String {
    let place = error.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
    let what = words.phrase(&no_credential(&CredentialError { place: None, ..error.clone() }));
    let values = [("place", place.as_str()), ("profile", error.profile.as_str()), ("what", &what)];
    clean(&words.text("credential.of", &values)).into_owned()
}

fn sentence(kind: &ProblemKind, words: &Catalog) -> String {
    let key = kind.key();
    let text = |values: &[(&str, &str)]| words.text(key, values).into_owned();
    let meant = |suggestion: Option<&str>| {
        suggestion.map_or(String::new(), |it| words.text("setting.meant", &[("suggestion", &short(it))]).into_owned())
    };
    match kind {
        ProblemKind::NoFile
        | ProblemKind::NotUtf8
        | ProblemKind::MissingVersion
        | ProblemKind::TwoCredentials
        | ProblemKind::ProjectOfSeveral => text(&[]),
        ProblemKind::Unreadable { reason } => text(&[("reason", &short(reason))]),
        ProblemKind::TooLarge { most } => text(&[("most", &most.to_string())]),
        // The parser's own words are English in every language.
        ProblemKind::Syntax { what } => text(&[("what", &short(what))]),
        ProblemKind::Version { found } => text(&[("found", &found.to_string())]),
        ProblemKind::UnknownKey { key, section, suggestion, allowed } => {
            let section = if section.is_empty() { words.word("setting.top") } else { section };
            let said = match key {
                Some(key) => text(&[("key", &short(key)), ("section", section)]),
                None => words.text("setting.unknown-key-untold", &[("section", section)]).into_owned(),
            };
            let right = match suggestion {
                Some(_) => meant(*suggestion),
                None => words.text("setting.allowed", &[("allowed", &quoted(*allowed))]).into_owned(),
            };
            said + &right
        }
        ProblemKind::WrongType { key, wanted: as_it_is, found } => {
            text(&[("key", &short(key)), ("wanted", &wanted(*as_it_is, words)), ("found", words.word(value(*found)))])
        }
        ProblemKind::MissingKey { key, section } => {
            text(&[("key", key), ("section", section), ("example", written(key, words))])
        }
        ProblemKind::NoKey { given, suggestion } => {
            let like = quoted(crate::app::key::LIKE);
            text(&[("given", &short(given)), ("like", &like)]) + &meant(*suggestion)
        }
        ProblemKind::KeyTaken { key } => text(&[("key", key)]),
        ProblemKind::KeyTwice { key, command, other, .. } => {
            text(&[("key", key), ("command", command), ("other", other)])
        }
        ProblemKind::NotOneOf { key, given, allowed, suggestion } => {
            let said = match given {
                Some(given) => text(&[("key", &short(key)), ("given", &short(given))]),
                None => words.text("setting.not-one-of-untold", &[("key", &short(key))]).into_owned(),
            };
            if allowed.is_empty() {
                return said + words.word("setting.none-known");
            }
            let one = words.text("setting.one-of", &[("allowed", &quoted(allowed.iter()))]).into_owned();
            said + &one + &meant(suggestion.as_deref())
        }
        ProblemKind::Slip { key, given, suggestion } => {
            text(&[("key", key), ("given", &short(given))]) + &meant(Some(suggestion))
        }
        ProblemKind::OutOfRange { key, least, most } => {
            text(&[("key", key), ("least", &least.to_string()), ("most", &most.to_string())])
        }
        ProblemKind::BadRule { nth, text: rule, error } => {
            let what = filter_mistake(words, &error.kind.code(), &error.kind.values(), error.suggestion.as_deref());
            text(&[("nth", &nth.to_string()), ("text", &short(rule)), ("what", &clean(&what))])
        }
        ProblemKind::EmptyRule { nth } => text(&[("nth", &nth.to_string())]),
        ProblemKind::FickleRule { nth, term } => text(&[("nth", &nth.to_string()), ("term", &short(term))]),
        ProblemKind::StrayRule { nth, term, known } => {
            let there = words.text("setting.there-is", &[("known", &quoted(known))]);
            text(&[("nth", &nth.to_string()), ("term", &short(term))]) + &there
        }
        ProblemKind::EmptyList { key } => text(&[("key", key)]),
        ProblemKind::BadText { key, rule } => text(&[("key", key), ("rule", words.word(ruled(*rule)))]),
        ProblemKind::Twice { key, value } => text(&[("key", key), ("value", &short(value))]),
        ProblemKind::DuplicateProfile { name, first_line } => {
            text(&[("name", &short(name)), ("line", &first_line.to_string())])
        }
        ProblemKind::Endpoint { error } => text(&[(
            "what",
            words.word(match error {
                EndpointError::Form => "setting.endpoint-form",
                EndpointError::PlainHttp => "setting.endpoint-plain-http",
                EndpointError::Extra => "setting.endpoint-extra",
                EndpointError::Template => "setting.endpoint-template",
                EndpointError::Elsewhere => "setting.endpoint-elsewhere",
            }),
        )]),
        ProblemKind::Secret { key } => text(&[("key", &short(key)), ("example", NAMED)]),
        ProblemKind::TokenAlone { cloud } | ProblemKind::NoSignIn { cloud } => text(&[("cloud", &short(cloud))]),
        ProblemKind::Unmatched { of, given, suggestion, known } => {
            let there = if known.is_empty() {
                String::new()
            } else {
                words.text("setting.there-is", &[("known", &quoted(known))]).into_owned()
            };
            let what = words.word(match of {
                config::Named::Profile => "setting.profile",
                config::Named::Region => "setting.region",
            });
            text(&[("what", what), ("given", &short(given))]) + &there + &meant(suggestion.as_deref())
        }
    }
}

/// How the variables of a secret are named. Braces are no slots in a value.
const NAMED: &str = "credentials = { from = \"env\", id = \"MY_KEY_ID\", secret = \"MY_KEY_SECRET\" }";

/// A key that has to be there, as it is written.
fn written<'a>(key: &str, words: &'a Catalog) -> &'a str {
    match key {
        "name" => "name = \"prod-hz\"",
        "cloud" => words.word("setting.example-cloud"),
        "regions" => "regions = \"all\"",
        "from" => "from = \"env\"",
        "argv" => "argv = [\"pass\", \"show\", \"nicdeck\"]",
        "user" => "user = \"MY_USER\"",
        "password" => "password = \"MY_PASSWORD\"",
        "account" => "account = \"MY_ACCOUNT\"",
        "id" => "id = \"MY_KEY_ID\"",
        _ => "secret = \"MY_KEY_SECRET\"",
    }
}

fn wanted(wanted: Wanted, words: &Catalog) -> String {
    let (key, example) = match wanted {
        Wanted::Text => ("setting.wanted-text", ""),
        Wanted::Bool => ("setting.wanted-bool", ""),
        Wanted::Number => ("setting.wanted-number", ""),
        Wanted::Texts => ("setting.wanted-texts", "[\"one\", \"two\"]"),
        Wanted::Table => ("setting.wanted-table", "{ key = \"value\" }"),
        Wanted::Tables => ("setting.wanted-tables", "[[profile]]"),
    };
    words.text(key, &[("example", example)]).into_owned()
}

fn value(found: ValueKind) -> &'static str {
    match found {
        ValueKind::Text => "setting.found-text",
        ValueKind::Whole => "setting.found-whole",
        ValueKind::Number => "setting.found-number",
        ValueKind::Bool => "setting.found-bool",
        ValueKind::Date => "setting.found-date",
        ValueKind::List => "setting.found-list",
        ValueKind::Table => "setting.found-table",
    }
}

fn ruled(rule: TextRule) -> &'static str {
    match rule {
        TextRule::Label => "setting.rule-label",
        TextRule::Word => "setting.rule-word",
        TextRule::Variable => "setting.rule-variable",
        TextRule::Path => "setting.rule-path",
        TextRule::Proxy => "setting.rule-proxy",
    }
}

fn quoted<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| format!("`{}`", short(value.as_ref()))).collect::<Vec<_>>().join(", ")
}

/// Cleaned, and cut to what fits into a sentence.
fn short(text: &str) -> String {
    const MOST: usize = 80;
    let text = clean(text);
    if text.chars().count() <= MOST {
        return text.into_owned();
    }
    text.chars().take(MOST - 1).chain(['~']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::key_fault::KeyFault;

    fn in_both(error: &CredentialError) -> [String; 2] {
        let catalogs = Catalogs::embedded().unwrap();
        [Language::English, Language::Chinese].map(|language| credential(error, catalogs.of(language)))
    }

    fn missing(variables: &[&str], or: Option<&str>) -> CredentialError {
        let problem = KeyFault::Missing {
            variables: variables.iter().map(|&name| name.to_owned()).collect(),
            or: or.map(str::to_owned),
        };
        CredentialError { profile: "prod".into(), place: None, problem }
    }

    #[test]
    fn missing_variables_are_named_with_what_would_do() {
        let [english, chinese] = in_both(&missing(&["ID", "SECRET"], Some("T")));
        assert_eq!(
            english,
            "profile `prod`: environment variables `ID`, `SECRET` are not set; export them, or `T`, or name others in \
             the profile's `credentials`"
        );
        assert!(chinese.contains("有 2 个环境变量没有设置：`ID`, `SECRET`；") && chinese.contains("`T`"), "{chinese}");
        let [english, _] = in_both(&missing(&["ID"], None));
        assert!(english.contains("environment variable `ID` is not set; export it, or name"), "{english}");
    }
}
