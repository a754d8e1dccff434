//! Tags of instances and NICs, and whether they were told at all.

use std::sync::{Arc, LazyLock};

/// A key and its value, as the cloud spells them.
pub type Tag = (Arc<str>, Arc<str>);

/// What was told of an object's tags. "None" and "not told" are two things: what may not be touched by its tag may not be touched
/// while its tags are not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tags(Option<Arc<[Tag]>>);

/// Most objects have none: they share one list.
static NONE: LazyLock<Arc<[Tag]>> = LazyLock::new(|| Arc::from([]));

impl Tags {
    /// The cloud says that there are none.
    pub fn none() -> Self {
        Self(Some(NONE.clone()))
    }

    /// The answer does not tell them.
    pub fn unknown() -> Self {
        Self(None)
    }

    /// All of them, if each was told whole: nobody knows what a half of one would have said.
    pub fn whole(tags: impl Iterator<Item = Option<Tag>>) -> Self {
        tags.collect::<Option<Vec<Tag>>>().map_or_else(Self::unknown, Self::from)
    }

    /// `None` where they are not known.
    pub fn known(&self) -> Option<&[Tag]> {
        self.0.as_deref()
    }

    pub fn is_known(&self) -> bool {
        self.0.is_some()
    }

    /// Those that are known.
    pub fn iter(&self) -> std::slice::Iter<'_, Tag> {
        self.known().unwrap_or_default().iter()
    }

    /// The list itself, to be shared among equal ones.
    pub(in crate::domain) fn shared(&mut self) -> Option<&mut Arc<[Tag]>> {
        self.0.as_mut()
    }
}

impl From<Vec<Tag>> for Tags {
    fn from(tags: Vec<Tag>) -> Self {
        if tags.is_empty() { Self::none() } else { Self(Some(tags.into())) }
    }
}

impl FromIterator<Tag> for Tags {
    fn from_iter<I: IntoIterator<Item = Tag>>(tags: I) -> Self {
        tags.into_iter().collect::<Vec<_>>().into()
    }
}

impl<'a> IntoIterator for &'a Tags {
    type Item = &'a Tag;
    type IntoIter = std::slice::Iter<'a, Tag>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
