//! What the codecs read whole answers with.

use std::{borrow::Cow, collections::HashSet, sync::Arc};

use serde::de::DeserializeOwned;

use crate::domain::{
    odd,
    tags::{Tag, Tags},
};

/// Reads a body.
///
/// # Errors
/// What is wrong, with its place. That is looked for only when something is: it costs more than the reading.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|_| {
        let mut reader = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(&mut reader) {
            Ok(_) => odd::TEXT_AFTER_END.to_owned(),
            // Before anything was read there is no place to name.
            Err(error) if error.path().iter().next().is_none() => error.inner().to_string(),
            Err(error) => format!("{}: {}", error.path(), error.inner()),
        }
    })
}

/// A page of a list that goes by numbers, as its own answer tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Numbered {
    /// From 1.
    pub number: u64,
    /// Rows of a full page.
    pub size: u64,
    /// Rows of this one; `None` where the answer has no list.
    pub got: Option<usize>,
    /// Rows of all pages.
    pub total: Option<u64>,
}

impl Numbered {
    /// Rows, once it is certain that none of this page is missing: a page that lost some looks like the end of the list, and what
    /// stands behind the end is taken for gone. The total is that of this very answer, for a list may shrink while it is read.
    ///
    /// # Errors
    /// What the answer leaves untold.
    pub fn rows(self) -> Result<u64, String> {
        let Self { number, size, got, total } = self;
        let rows = u64::try_from(got.unwrap_or_default()).unwrap_or(u64::MAX);
        let Some(total) = total else {
            return match got {
                None => Err(odd::NO_LIST.to_owned()),
                // The end of a list that was longer is one thing; that there is nothing at all has to be said.
                Some(0) if number <= 1 => Err(odd::EMPTY_WITHOUT_TOTAL.to_owned()),
                Some(_) => Ok(rows),
            };
        };
        let before = number.saturating_sub(1).saturating_mul(size);
        let due = total.saturating_sub(before).min(size);
        if rows < due {
            return Err(odd::about(odd::SHORT_PAGE, format_args!("{number} ({rows}/{due})")));
        }
        Ok(rows)
    }
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

/// The tags; where they were not told whole, what of them was: half a tag may bear somebody's mark as well as a whole one.
pub fn pieces<'a, 't>(
    tags: &'t Tags,
    told: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)>,
) -> Cow<'t, [Tag]> {
    let half = |text: Option<&str>| Arc::from(text.unwrap_or_default());
    tags.known().map_or_else(|| told.map(|(key, value)| (half(key), half(value))).collect(), Cow::Borrowed)
}

/// Who left its mark on a NIC: a tag, or else a description, that has one of these names as a word.
pub fn controller(names: &[&str], tags: &[Tag], description: &str) -> Option<Arc<str>> {
    let marked = |text: &str| {
        text.split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| names.iter().any(|name| word.eq_ignore_ascii_case(name)))
    };
    let tag = tags.iter().find(|(key, value)| marked(key) || marked(value));
    let tag = tag.map(|(key, value)| match (&**key, &**value) {
        (_, "") => key.clone(),
        ("", _) => value.clone(),
        (key, value) => format!("{key}={value}").into(),
    });
    tag.or_else(|| marked(description).then(|| Arc::from(description)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_rows_that_its_own_total_tells_of() {
        let rows = |number, got, total| Numbered { number, size: 100, got, total }.rows();
        for (number, got, total, whole) in [
            (1, Some(100), Some(250), true),
            (1, Some(99), Some(250), false),
            (2, Some(0), Some(250), false),
            (2, None, Some(250), false),
            // The last one has what is left.
            (3, Some(50), Some(250), true),
            (3, Some(49), Some(250), false),
            (3, Some(0), Some(250), false),
            // The list shrank, and this page's total says so.
            (3, Some(49), Some(249), true),
            (3, Some(0), Some(200), true),
            (3, None, Some(120), true),
            // It grew; a row too many is no row too few.
            (3, Some(80), Some(250), true),
            (1, Some(0), Some(0), true),
            (1, None, Some(0), true),
            (1, Some(0), None, false),
            (1, Some(7), None, true),
            (2, Some(0), None, true),
            (2, Some(7), None, true),
            (1, None, None, false),
            (2, None, None, false),
        ] {
            assert_eq!(rows(number, got, total).is_ok(), whole, "page {number}: {got:?} of {total:?}");
        }
    }
}
