//! Do the rules say what a cloud answers? Worlds from seeds, every target in them: the rules predict, the simulated cloud answers,
//! and every disagreement fails, in both directions.
//!
//! Blocked with a code: the cloud answers that code. Let through: the cloud takes it, the world holds exactly that change, and what
//! happens besides is exactly what was told. Blocked without a code: the rule says why it is stricter.
//!
//! A debug build tries as many as a few seconds allow; `cargo test --profile release-test --test it oracle -- --nocapture` tries 10,000
//! for each cloud and prints how many agree. `NICDECK_ORACLE_SEED=7` replays one world.

mod between;
pub mod desk;
mod facts;
mod given;
mod kept;
mod missing;
mod others;
mod pairs;
pub mod truth;
mod worlds;

use std::collections::{BTreeMap, BTreeSet};

use nicdeck::{domain::ids::NicId, providers::provider::Provider, sim::random::Random};

use crate::conformance::{clouds, provoke::is_the_oracles};
use desk::PROFILE;
use pairs::{Scene, TABLES, Tally, loose, table, without};
use worlds::Kinks;

/// For each cloud, in each of its generations.
const PAIRS: usize = if cfg!(debug_assertions) { 600 } else { 10_000 };
/// The same for writes before which the world changes.
const CHANGED: usize = if cfg!(debug_assertions) { 250 } else { 10_000 };
/// And for such writes as give something back.
const GIVEN: usize = if cfg!(debug_assertions) { 100 } else { 5_000 };
/// Disagreements that are shown.
const SHOWN: usize = 6;

fn cloud(id: &str, api: &str) -> &'static dyn Provider {
    clouds().find(|(cloud, words)| (cloud.descriptor().id, words.api) == (id, api)).expect("in the table").0
}

fn seeds() -> Box<dyn Iterator<Item = u64>> {
    match std::env::var("NICDECK_ORACLE_SEED") {
        Ok(seed) => Box::new(std::iter::once(seed.parse().expect("a number"))),
        Err(_) => Box::new(1..),
    }
}

/// Until there are enough pairs.
#[allow(clippy::print_stdout, reason = "how many agreed is what it is for")]
fn agree(id: &str, api: &str) {
    let cloud = cloud(id, api);
    let kinks = worlds::kinks(id, api);
    let rules = &cloud.descriptor().capabilities;
    let loose = loose(rules);
    let (mut tally, mut others) = (Tally::default(), Tally::default());
    let mut wrong: Vec<String> = Vec::new();
    let mut worlds = 0;
    for seed in seeds() {
        let scene = Scene::new(cloud, api, &kinks, seed);
        worlds += 1;
        wrong.extend(scene.cases.iter().filter_map(|case| scene.compare(case, rules, loose, &mut tally).err()));
        assert!(scene.says_what_is_untold(rules), "seed {seed}: an owner that is not told is passed over");
        let part = scene.inventory.profile(&PROFILE.into()).expect("the only one");
        let nics: Vec<NicId> = part.nics().map(|(_, nic)| nic.id.clone()).collect();
        wrong.extend(nics.iter().filter_map(|nic| scene.carry_out(nic, &mut tally).err()));
        let more = others::cases(&scene, &mut Random::named(seed, "others"));
        wrong.extend(more.iter().filter_map(|case| others::compare(&scene, case, rules, loose, &mut others).err()));
        if tally.pairs() + wrong.len() >= PAIRS {
            break;
        }
    }
    println!("{id} {api}: of other writes {others}");
    println!("{id} {api}: {worlds} worlds, {tally}; {} disagreements", wrong.len());
    let shown: Vec<&str> = wrong.iter().take(SHOWN).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{} disagreements of {id} {api}:\n{}", wrong.len(), shown.join("\n\n"));
    let share = if kinks.hides { 4 } else { 20 };
    assert!(tally.unknown * share <= tally.pairs() + tally.besides(), "{id} {api}: too much is not known: {tally}");
}

#[test]
fn aliyun_answers_what_the_rules_say() {
    agree("aliyun", "");
}

#[test]
fn huawei_answers_what_the_rules_say() {
    agree("huawei", "");
}

#[test]
fn tencent_answers_what_the_rules_say() {
    agree("tencent", "");
}

#[test]
fn tencent_of_the_older_generation_answers_what_the_rules_say() {
    agree("tencent", "v2");
}

#[test]
fn zenlayer_answers_what_the_rules_say() {
    agree("zenlayer", "");
}

#[test]
fn every_generation_is_asked() {
    let mut asked = [("aliyun", ""), ("huawei", ""), ("tencent", ""), ("tencent", "v2"), ("zenlayer", "")];
    asked.sort_unstable();
    let mut there: Vec<(&str, &str)> = clouds().map(|(cloud, words)| (cloud.descriptor().id, words.api)).collect();
    there.sort_unstable();
    assert_eq!(there, asked);
}

#[test]
#[allow(clippy::print_stdout, reason = "how many there were is what it is for")]
fn a_change_before_the_write_stops_it_when_it_matters_and_only_then() {
    for (cloud, words) in clouds() {
        let id = cloud.descriptor().id;
        // What no read shows, no check before a write can see.
        let kinks = Kinks { cold_types: false, ..worlds::kinks(id, words.api) };
        let (mut tally, mut wrong) = (between::Tally::default(), Vec::new());
        for seed in seeds() {
            let scene = Scene::new(cloud, words.api, &kinks, seed);
            let mut random = Random::named(seed, "between");
            for case in scene.cases.iter().flat_map(|case| std::iter::repeat_n(case, 3)) {
                wrong.extend(between::tried(&scene, case, &kinks, &mut random, &mut tally).err());
            }
            if tally.pairs() + wrong.len() >= CHANGED || std::env::var_os("NICDECK_ORACLE_SEED").is_some() {
                break;
            }
        }
        println!("{id} {}: {tally:?}; {} disagreements", words.api, wrong.len());
        let shown: Vec<&str> = wrong.iter().take(SHOWN).map(String::as_str).collect();
        assert!(wrong.is_empty(), "{} disagreements of {id} {}:\n{}", wrong.len(), words.api, shown.join("\n\n"));
        assert!(tally.sent * 10 >= tally.pairs() && tally.stale * 10 >= tally.pairs(), "{id}: one-sided: {tally:?}");
    }
}

#[test]
#[allow(clippy::print_stdout, reason = "how many there were is what it is for")]
fn a_change_before_a_write_that_gives_stops_it_when_it_matters_and_only_then() {
    for (cloud, words) in clouds() {
        let id = cloud.descriptor().id;
        let kinks = worlds::kinks(id, words.api);
        let (mut tally, mut wrong) = (between::Tally::default(), Vec::new());
        for seed in seeds() {
            let scene = Scene::untried(cloud, words.api, &kinks, seed);
            let mut random = Random::named(seed, "given");
            let cases = others::cases(&scene, &mut Random::named(seed, "others"));
            for case in cases.iter().flat_map(|case| std::iter::repeat_n(case, 6)) {
                wrong.extend(given::tried(&scene, case, &kinks, &mut random, &mut tally).err());
            }
            if tally.pairs() + wrong.len() >= GIVEN || std::env::var_os("NICDECK_ORACLE_SEED").is_some() {
                break;
            }
        }
        println!("{id} {}: {tally:?}; {} disagreements", words.api, wrong.len());
        let shown: Vec<&str> = wrong.iter().take(SHOWN).map(String::as_str).collect();
        assert!(wrong.is_empty(), "{} disagreements of {id} {}:\n{}", wrong.len(), words.api, shown.join("\n\n"));
        assert!(tally.sent * 10 >= tally.pairs() && tally.stale * 10 >= tally.pairs(), "{id}: one-sided: {tally:?}");
    }
}

/// A rule that could be taken out of its table without anybody noticing is no rule: without it the cloud's answer is another one than
/// was said, or what was surely blocked is one that a reason overrides.
#[test]
fn no_rule_can_be_taken_out_unnoticed() {
    let mut survivors = Vec::new();
    for (cloud, words) in clouds() {
        let id = cloud.descriptor().id;
        let kinks = worlds::kinks(id, words.api);
        let rules = &cloud.descriptor().capabilities;
        let whole = (rules, loose(rules));
        let of = |name: &'static str| (0..table(rules, name).len()).map(move |place| (name, place));
        let mut left: BTreeMap<_, _> = TABLES
            .iter()
            .flat_map(|&name| of(name))
            .filter(|&(name, place)| {
                let of_a_plan = ["release", "detach"].contains(&name);
                let condition = table(rules, name)[place].condition;
                of_a_plan || !others::is_never_broken(id, condition)
            })
            .map(|(name, place)| ((name, place), without(rules, name, place)))
            .map(|(place, rules)| (place, (rules, loose(rules))))
            .collect();
        for seed in 1..=40 {
            if left.is_empty() {
                break;
            }
            let scene = Scene::new(cloud, words.api, &kinks, seed);
            let others = others::cases(&scene, &mut Random::named(seed, "others"));
            left.retain(|(name, _), (rules, loose)| {
                let tally = &mut Tally::default();
                // Missed is a rule only where all is well with it.
                if ["release", "detach"].contains(name) {
                    scene.says_what_is_untold(rules)
                        && !scene.cases.iter().any(|case| {
                            let missed = scene.compare(case, rules, loose, tally).is_err()
                                || scene.is_blocked(case, whole.0) && !scene.is_blocked(case, rules);
                            missed && scene.compare(case, whole.0, whole.1, tally).is_ok()
                        })
                } else {
                    scene.says_what_is_untold(rules)
                        && !others.iter().any(|case| {
                            let missed = others::compare(&scene, case, rules, loose, tally).is_err()
                                || others::is_blocked(&scene, case, whole.0)
                                    && !others::is_blocked(&scene, case, rules);
                            missed && others::compare(&scene, case, whole.0, whole.1, tally).is_ok()
                        })
                }
            });
        }
        survivors.extend(
            left.keys()
                .map(|&(name, place)| format!("{id} {} {name}: {:?}", words.api, table(rules, name)[place].condition)),
        );
    }
    // What the conformance suite does not bring about itself is among them.
    let mut names: BTreeSet<String> = BTreeSet::new();
    for (cloud, _) in clouds() {
        let rules = &cloud.descriptor().capabilities;
        let all = rules.release.iter().chain(rules.detach).filter(|rule| is_the_oracles(rule.condition));
        names.extend(all.map(|rule| format!("{:?}", rule.condition)));
    }
    assert_eq!(names.len(), 15, "a condition of no cloud: {names:?}");
    assert!(survivors.is_empty(), "rules that nothing misses:\n{}", survivors.join("\n"));
}
