//! What a thing is called.

use std::{ops::Deref, sync::Arc};

/// A name as the cloud spells it; may hold anything, so it is cleaned before it is drawn. A thing without a name has an empty one; a
/// name that the cloud left out of its answer reads as empty as well, and is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Name(Option<Arc<str>>);

impl Name {
    /// The cloud did not say.
    pub const fn unknown() -> Self {
        Self(None)
    }

    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<Arc<str>> for Name {
    fn from(name: Arc<str>) -> Self {
        Self(Some(name))
    }
}

impl From<&str> for Name {
    fn from(name: &str) -> Self {
        Self(Some(name.into()))
    }
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self(Some(name.into()))
    }
}

impl<T: Into<Arc<str>>> FromIterator<T> for Name {
    /// The first one; of none, nothing is known.
    fn from_iter<I: IntoIterator<Item = T>>(told: I) -> Self {
        Self(told.into_iter().next().map(Into::into))
    }
}
