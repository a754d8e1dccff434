//! Values of the file, one by one, and what is wrong with each.

use std::{
    ops::{Range, RangeInclusive},
    path::Path,
    sync::Arc,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    config::{
        choice::Choice,
        error::{Origin, Problem, ProblemKind, TextRule, ValueKind, Wanted, suggest},
    },
    domain::{clean::clean, place::Place},
    providers::{net::Proxy, provider::Descriptor},
};

/// Keys under which people write secrets. Compared in lower case without `-` and `_`.
const SECRET_KEYS: &[&str] = &[
    "accesskey",
    "accesskeyid",
    "accesskeypassword",
    "accesskeysecret",
    "ak",
    "apikey",
    "apisecret",
    "authtoken",
    "bearertoken",
    "key",
    "keyid",
    "keysecret",
    "passwd",
    "password",
    "secret",
    "secretaccesskey",
    "secretid",
    "secretkey",
    "securitytoken",
    "sessiontoken",
    "sk",
    "token",
];

/// One table of the file.
#[derive(Clone)]
pub(super) struct Section<'t, 'i> {
    /// How messages call it; empty: the top of the file.
    pub(super) name: &'static str,
    pub(super) table: &'t DeTable<'i>,
    /// Where it begins: what is missing in it is missed there.
    pub(super) span: Range<usize>,
}

impl<'t, 'i> Section<'t, 'i> {
    pub(super) fn get(&self, key: &str) -> Option<&'t Spanned<DeValue<'i>>> {
        self.table.get(key)
    }
}

/// Reads values out of the tree, and keeps what is wrong with them.
pub(super) struct Reader<'a> {
    pub(super) file: Arc<Path>,
    pub(super) text: &'a str,
    pub(super) clouds: &'a [&'static Descriptor],
    /// Is there an environment variable of this name?
    pub(super) is_set: &'a dyn Fn(&str) -> bool,
    /// Names of profiles that the file has.
    pub(super) profiles: Vec<String>,
    /// With the byte they are at.
    pub(super) problems: Vec<(usize, Problem)>,
}

impl Reader<'_> {
    pub(super) fn unknown_keys(&mut self, section: &Section<'_, '_>, allowed: &'static [&'static str]) {
        for (key, _) in section.table {
            let text: &str = key.get_ref();
            if allowed.contains(&text) {
                continue;
            }
            let plain: String = text.chars().filter(|c| !matches!(c, '-' | '_')).collect();
            let kind = if SECRET_KEYS.contains(&plain.to_lowercase().as_str()) {
                ProblemKind::Secret { key: text.to_owned() }
            } else {
                ProblemKind::UnknownKey {
                    key: tellable(text),
                    section: section.name,
                    suggestion: suggest(text, allowed.iter().copied()),
                    allowed,
                }
            };
            self.problem(key.span(), kind);
        }
    }

    pub(super) fn table<'t, 'i>(
        &mut self,
        name: &'static str,
        key: &str,
        value: &'t Spanned<DeValue<'i>>,
    ) -> Option<Section<'t, 'i>> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong_type(key, if key == "profile" { Wanted::Tables } else { Wanted::Table }, value);
            return None;
        };
        Some(Section { name, table, span: value.span() })
    }

    pub(super) fn text<'t>(&mut self, section: &Section<'t, '_>, key: &str) -> Option<(&'t str, Range<usize>)> {
        let value = section.get(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.wrong_type(key, Wanted::Text, value);
        }
        text.map(|text| (text, value.span()))
    }

    pub(super) fn bool(&mut self, section: &Section<'_, '_>, key: &str) -> Option<bool> {
        let value = section.get(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_type(key, Wanted::Bool, value);
        }
        flag
    }

    pub(super) fn size(
        &mut self,
        section: &Section<'_, '_>,
        key: &'static str,
        allowed: RangeInclusive<i64>,
    ) -> Option<usize> {
        let value = section.get(key)?;
        let Some(number) = number(value.get_ref()) else {
            self.wrong_type(key, Wanted::Number, value);
            return None;
        };
        match sized(number, &allowed) {
            Some(size) => Some(size),
            None => {
                let (least, most) = (*allowed.start(), *allowed.end());
                self.problem(value.span(), ProblemKind::OutOfRange { key, least, most });
                None
            }
        }
    }

    pub(super) fn choice<T: Choice>(&mut self, section: &Section<'_, '_>, key: &str) -> Option<T> {
        let (text, span) = self.text(section, key)?;
        T::read(key, text).map_err(|kind| self.problem(span, kind)).ok()
    }

    pub(super) fn ruled(&mut self, section: &Section<'_, '_>, key: &'static str, rule: TextRule) -> Option<String> {
        let (text, span) = self.text(section, key)?;
        if !obeys(text, rule) {
            self.problem(span, ProblemKind::BadText { key, rule });
            return None;
        }
        Some(text.to_owned())
    }

    pub(super) fn needed(&mut self, section: &Section<'_, '_>, key: &'static str, rule: TextRule) -> Option<String> {
        if section.get(key).is_none() {
            self.missing(section, key);
        }
        self.ruled(section, key, rule)
    }

    pub(super) fn missing(&mut self, section: &Section<'_, '_>, key: &'static str) {
        // A wrong type was noted where it stands.
        if section.get(key).is_none() {
            self.problem(section.span.clone(), ProblemKind::MissingKey { key, section: section.name });
        }
    }

    pub(super) fn wrong_type(&mut self, key: &str, wanted: Wanted, value: &Spanned<DeValue<'_>>) {
        let found = match value.get_ref() {
            DeValue::String(_) => ValueKind::Text,
            DeValue::Integer(_) => ValueKind::Whole,
            DeValue::Float(_) => ValueKind::Number,
            DeValue::Boolean(_) => ValueKind::Bool,
            DeValue::Datetime(_) => ValueKind::Date,
            DeValue::Array(_) => ValueKind::List,
            DeValue::Table(_) => ValueKind::Table,
        };
        self.problem(value.span(), ProblemKind::WrongType { key: key.to_owned(), wanted, found });
    }

    pub(super) fn place(&self, span: &Range<usize>) -> Place {
        Place::of(&self.file, self.text, span.start)
    }

    pub(super) fn problem(&mut self, span: Range<usize>, kind: ProblemKind) {
        let origin = Origin::File(self.place(&span));
        self.problems.push((span.start, Problem { origin, kind }));
    }
}

/// A number within bounds.
pub(in crate::config) fn sized(number: i64, allowed: &RangeInclusive<i64>) -> Option<usize> {
    usize::try_from(number).ok().filter(|_| allowed.contains(&number))
}

pub(super) fn number(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

pub(super) fn obeys(text: &str, rule: TextRule) -> bool {
    let most = if rule == TextRule::Path { 4096 } else { 64 };
    if text.is_empty() || text.chars().count() > most {
        return false;
    }
    match rule {
        TextRule::Label | TextRule::Path => text.trim() == text && clean(text) == text,
        TextRule::Proxy => Proxy::parse(text).is_some(),
        TextRule::Word => text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')),
        TextRule::Variable => is_variable(text),
    }
}

/// Reads like the name of a variable, and not like a key: names are in one case, and long ones that have digits have
/// underscores as well.
pub(super) fn is_variable(text: &str) -> bool {
    const LONG: usize = 16;
    let has = |of: fn(&u8) -> bool| text.as_bytes().iter().any(of);
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && has(u8::is_ascii_alphabetic)
        && !(has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        && (text.len() < LONG || text.contains('_') || !has(u8::is_ascii_digit))
}

/// Reads like a name in mixed case, and not like a key: no digits, and either short or of whole words between underscores.
pub(super) fn is_mixed_name(text: &str) -> bool {
    const LONG: usize = 16;
    let is_word = |word: &str| {
        let rest = word.get(1..).unwrap_or_default().as_bytes();
        rest.iter().all(u8::is_ascii_lowercase) || word.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let letters = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    letters && (text.len() < LONG || text.contains('_') && text.split('_').all(is_word))
}

/// The text, unless it could be a secret that slipped into the wrong place.
pub(super) fn tellable(text: &str) -> Option<String> {
    const LONG: usize = 16;
    (text.len() < LONG || is_variable(text)).then(|| text.to_owned())
}
