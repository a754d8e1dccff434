//! What the codecs read whole answers with.

use std::{collections::HashSet, sync::Arc};

use serde::de::DeserializeOwned;

/// Reads a body.
///
/// # Errors
/// What is wrong, with its place. That is looked for only when something is: it costs more than the reading.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|_| {
        let mut reader = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => "text after the end".to_owned(),
            Err(error) => format!("{}: {}", error.path(), error.inner()),
        }
    })
}

/// One copy of each text that repeats within a page.
#[derive(Default)]
pub struct Pool(HashSet<Arc<str>>);

impl Pool {
    pub fn keep(&mut self, text: &str) -> Arc<str> {
        if let Some(kept) = self.0.get(text) {
            return Arc::clone(kept);
        }
        let kept: Arc<str> = Arc::from(text);
        self.0.insert(Arc::clone(&kept));
        kept
    }

    /// `None` for an empty text.
    pub fn some(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.keep(text))
    }
}

/// Who left its mark on a NIC: a tag, or else a description, that has one of these names as a word.
pub fn controller(names: &[&str], tags: &[(Arc<str>, Arc<str>)], description: &str) -> Option<Arc<str>> {
    let marked = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    let tag = tags.iter().find(|(key, value)| marked(key) || marked(value));
    let tag = tag.map(|(key, value)| if value.is_empty() { key.clone() } else { format!("{key}={value}").into() });
    tag.or_else(|| marked(description).then(|| Arc::from(description)))
}
