//! Words that anybody may choose, but that look like a slip of the finger: a region, the environment.

use strsim::damerau_levenshtein;

use crate::providers::profile::PROD;

/// The known region that was probably meant. A number that differs is no slip: vendors open new regions under such names.
pub(super) fn region<'a>(given: &str, known: &[&'a str]) -> Option<&'a str> {
    if known.contains(&given) {
        return None;
    }
    let lower = given.to_lowercase();
    let words = |text: &str| text.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let plain = words(&lower);
    // A zone: its region with a letter behind it.
    let of_zone = known.iter().copied().filter(|known| {
        let rest = lower.strip_prefix(known).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        rest.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_lowercase()))
    });
    let near = known.iter().copied().filter(|known| {
        let far = damerau_levenshtein(&lower, known);
        far == 0 || (far == 1 && words(known) != plain)
    });
    of_zone.chain(near).next()
}

/// The word that raises the danger level, where something else was written that looks like it.
pub(super) fn environment(given: &str) -> Option<&'static str> {
    let lower = given.to_lowercase();
    let slips = |word: &str| damerau_levenshtein(&lower, word);
    if PROD.iter().any(|word| slips(word) == 0) {
        return None;
    }
    PROD.iter().copied().find(|word| slips(word) <= word.len() / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_is_nearly_a_known_one_is_a_slip_and_a_new_number_is_not() {
        let known = ["cn-hangzhou", "cn-shanghai", "ap-southeast-1", "me-east-1"];
        for (given, meant) in [
            ("cn-hangzhou", None),
            ("cn-hangzou", Some("cn-hangzhou")),
            ("CN-Hangzhou", Some("cn-hangzhou")),
            ("cn-shangahi", Some("cn-shanghai")),
            ("cn-hangzhou-h", Some("cn-hangzhou")),
            ("ap-southeast-1b", Some("ap-southeast-1")),
            ("ap-southeast1", Some("ap-southeast-1")),
            ("ap-southeast-9", None),
            ("me-west-1", None),
            ("cn-lhasa", None),
        ] {
            assert_eq!(region(given, &known), meant, "{given}");
        }
        assert_eq!(region("anything", &[]), None);
    }

    #[test]
    fn an_environment_that_is_nearly_prod_is_a_slip() {
        for (given, meant) in [
            ("prod", None),
            ("PRODUCTION", None),
            ("prd", Some("prod")),
            ("Pord", Some("prod")),
            ("prods", Some("prod")),
            ("prodution", Some("production")),
            ("dev", None),
            ("preprod", None),
            ("pre", None),
            ("staging", None),
        ] {
            assert_eq!(environment(given), meant, "{given}");
        }
    }
}
