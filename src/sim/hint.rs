//! What was probably meant by a word that there is not: told of what people wrote by hand.

/// A word that is near, or all there are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Hint {
    Near(Box<str>),
    /// Nothing is near: these are there, with commas between them.
    All(Box<str>),
}

impl Hint {
    /// The nearest of these words, else all of them, each once.
    pub fn of<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        let mut words: Vec<&str> = Vec::new();
        for one in known {
            if !words.contains(&one) {
                words.push(one);
            }
        }
        Self::near(word, words.iter().copied()).unwrap_or_else(|| Self::All(words.join(", ").into()))
    }

    /// The nearest of these words, where one is so near that it may have been meant: up to a letter in three is wrong,
    /// and no more than three; the case does not count.
    pub fn near<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let (word, allowed) = (word.to_lowercase(), (word.chars().count() / 3).clamp(1, 3));
        let far = |one: &str| strsim::damerau_levenshtein(&word, &one.to_lowercase());
        let (distance, one) = known.into_iter().map(|one| (far(one), one)).min()?;
        (distance <= allowed).then(|| Self::Near(one.into()))
    }
}

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Hint::Near(word) => write!(f, "did you mean \"{word}\"?"),
            Hint::All(words) => write!(f, "there are {words}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_near_when_it_may_have_been_meant() {
        let words = ["USED", "AVAILABLE", "ATTACHING", "DETACHING", "USED"];
        let hint = |word: &str| Hint::of(word, words).to_string();
        assert_eq!(hint("USD"), "did you mean \"USED\"?");
        assert_eq!(hint("available"), "did you mean \"AVAILABLE\"?");
        assert_eq!(hint("DETTACHIN"), "did you mean \"DETACHING\"?");
        assert_eq!(hint("FREE"), "there are USED, AVAILABLE, ATTACHING, DETACHING");
        assert_eq!(Hint::near("x", []), None);
    }
}
