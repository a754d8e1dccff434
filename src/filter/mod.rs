//! One language for the filter line, `--filter`, and whatever else picks rows by what they are: text → [`Expr`] → yes or no.
//!
//! Terms are joined by AND. A term is a bare word (the beginning of an address or octets inside of one, part of an id or a name), `field:value`, or a comparison
//! (`ips>5`, `age>1h`). A comma inside a value is OR, a leading `-` negates, quotes keep spaces, `*` stands for anything,
//! `/…/` is a regular expression, `\` takes the next character as it is. Upper and lower case are the same.
//!
//! An empty filter matches everything; a mistaken one is an error and matches nothing at all, so it can never widen what
//! people act on. Knows nouns only: no capability, no rule, no screen.
//!
//! Evaluation goes from the outside in, so that nothing is asked twice:
//! [`Expr::on_profile`] once a profile, [`Expr::on_instance`] once an instance, [`Expr::on_nic`] once a NIC, and
//! [`NicMatch::addresses`] for what is left. Nothing is allocated on the way.

mod certain;
mod error;
mod eval;
mod field;
mod net;
mod parse;
mod pattern;
pub mod search;
#[cfg(test)]
mod tests;

use std::{fmt, net::IpAddr, ops::Range};

use crate::domain::finding::FindingSet;

pub use certain::{Certain, Missing, Whole};
pub use error::{FilterError, FilterErrorKind};
pub use eval::{NicMatch, NicSubject, Partial, ProfileSubject, TargetSubject};
pub use field::{Field, nearest};

use field::{Compare, Has};
use net::AddressSet;
use pattern::Pattern;

/// Most terms one filter may have: each has its bit while rows are judged.
pub const MAX_TERMS: usize = 64;

/// A filter that was understood. The default one is empty and matches everything.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Expr {
    terms: Vec<Term>,
    masks: eval::Masks,
}

/// One term with its place in the text.
#[derive(Clone, Debug)]
pub struct Term {
    negated: bool,
    test: Test,
    text: String,
    span: Range<usize>,
}

/// What one term asks, before negation. Lists are alternatives.
#[derive(Clone, PartialEq, Debug)]
enum Test {
    Word(Words),
    Address(AddressSet),
    Text(Field, Vec<Pattern>),
    Tag(Vec<TagTest>),
    /// Bits by `AddressRole`.
    Kind(u8),
    /// Bits by [`Has`].
    Has(u8),
    Finding(FindingSet),
    /// Bits by `Level`.
    Level(u8),
    Marked {
        yes: bool,
        no: bool,
    },
    Count(Field, Compare, u64),
    /// Milliseconds.
    Age(Compare, u64),
}

/// Bare words: addresses, or parts of them; or parts of ids and names.
#[derive(Clone, PartialEq, Debug, Default)]
struct Words {
    addresses: AddressSet,
    /// Parts of names. None for words that can only be an address (a CIDR).
    texts: Vec<Pattern>,
    /// Parts of ids: the same, without a few digits, which are in most ids by chance.
    ids: Vec<Pattern>,
    /// Beginnings of MACs.
    macs: Vec<Pattern>,
    /// The first word that is a whole address.
    exact: Option<IpAddr>,
}

#[derive(Clone, PartialEq, Debug)]
enum TagTest {
    Key(Pattern),
    KeyValue(Pattern, Pattern),
    /// Over `key=value`.
    Whole(Pattern),
}

/// What has to be at hand to judge rows: a caller need not look up the rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Needs {
    /// The NIC's EIPs.
    pub eips: bool,
    /// `has_eip` of addresses and NICs.
    pub has_eip: bool,
    /// `has_lb` of addresses and NICs.
    pub has_lb: bool,
    /// Levels and findings.
    pub verdicts: bool,
    pub marks: bool,
    /// When the NIC was read.
    pub age: bool,
    /// The NIC's security groups: no more is looked up, but they lie far away.
    pub groups: bool,
}

/// Reads a filter.
///
/// # Errors
/// The first mistake, with its place. [`FilterError::is_incomplete`] tells a term that is only half typed.
pub fn parse(text: &str) -> Result<Expr, FilterError> {
    parse::parse(text, &[])
}

/// Reads a filter where it is known which clouds there are: `cloud:` takes no other.
///
/// # Errors
/// See [`parse`].
pub fn parse_among(text: &str, clouds: &[&str]) -> Result<Expr, FilterError> {
    parse::parse(text, clouds)
}

/// The text without the term at its end that is only half typed (or wrong), and without what follows it: a filter that a
/// list can show meanwhile.
pub fn complete_part<'a>(text: &'a str, clouds: &[&str]) -> &'a str {
    parse::complete_part(text, clouds)
}

impl Expr {
    /// See [`parse`].
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse(text)
    }

    /// Matches everything.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The terms, as written.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The same filter without its `nth` term: what an empty list offers to drop. Unchanged if there is none.
    #[must_use]
    pub fn without(&self, nth: usize) -> Self {
        let terms = self.terms.iter().enumerate().filter(|(place, _)| *place != nth).map(|(_, term)| term.clone());
        Self::of(terms.collect())
    }

    /// The complete address that a bare word names, which a list puts first and the cursor goes to.
    pub fn exact_address(&self) -> Option<IpAddr> {
        self.terms.iter().filter(|term| !term.negated).find_map(|term| match &term.test {
            Test::Word(words) => words.exact,
            _ => None,
        })
    }

    /// The field that the last term may become: a bare word that is a field's name, the beginning of one, or nearly one.
    pub fn half_typed(&self) -> Option<Field> {
        let term = self.terms.last().filter(|term| !term.negated && matches!(term.test, Test::Word(_)))?;
        let is_name = term.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        let begins = term.text.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_name && begins { Field::meant(&term.text) } else { None }
    }

    /// What rows have to be looked at with.
    pub fn needs(&self) -> Needs {
        let mut needs = Needs::default();
        for term in &self.terms {
            match &term.test {
                Test::Word(_)
                | Test::Address(_)
                | Test::Text(Field::Id | Field::Name, _)
                | Test::Count(Field::Eips, ..) => {
                    needs.eips = true;
                }
                Test::Has(bits) => {
                    needs.has_eip |= bits & Has::Eip.bit() != 0;
                    needs.has_lb |= bits & Has::Lb.bit() != 0;
                    needs.verdicts |= bits & Has::Finding.bit() != 0;
                }
                Test::Finding(_) | Test::Level(_) => needs.verdicts = true,
                Test::Marked { .. } => needs.marks = true,
                Test::Age(..) => needs.age = true,
                Test::Text(Field::Sg, _) => needs.groups = true,
                _ => {}
            }
        }
        needs
    }

    /// The first term that asks for what is found, marked, or how old it is: not what a thing is, but what was made of it.
    pub fn fickle_term(&self) -> Option<&Term> {
        self.terms.iter().find(|term| match &term.test {
            Test::Finding(_) | Test::Level(_) | Test::Marked { .. } | Test::Age(..) => true,
            Test::Has(bits) => bits & Has::Finding.bit() != 0,
            _ => false,
        })
    }

    /// The first term that names a profile which is none of these.
    pub fn unmatched_profile(&self, profiles: &[String]) -> Option<&Term> {
        let is_none = |pattern: &Pattern| !profiles.iter().any(|profile| pattern.matches(profile));
        self.terms
            .iter()
            .find(|term| matches!(&term.test, Test::Text(Field::Profile, patterns) if patterns.iter().any(is_none)))
    }

    fn of(terms: Vec<Term>) -> Self {
        let masks = eval::Masks::of(&terms);
        Self { terms, masks }
    }
}

impl Term {
    /// As written, the sign included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in the text that was read, in bytes.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub fn is_negated(&self) -> bool {
        self.negated
    }
}

/// Two terms are the same when they ask the same, wherever they stand.
impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.negated == other.negated && self.test == other.test
    }
}

/// As written, with one space between terms.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, term) in self.terms.iter().enumerate() {
            if place > 0 {
                f.write_str(" ")?;
            }
            f.write_str(&term.text)?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Expr {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        parse(text)
    }
}
