use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::{
    app::{command::Command, keymap::Keymap},
    domain::{
        fault::FaultKind,
        finding::{Finding, FindingId, Severity},
        plan::Act,
    },
    filter::search,
    providers, report,
    runtime::journal::verify,
    ui::words,
};

fn both() -> [(&'static str, Catalog); 2] {
    [("en", Catalog::parse(ENGLISH).unwrap()), ("zh-CN", Catalog::parse(CHINESE).unwrap())]
}

/// Names of values in a template: those that are shown, and those that choose a word.
fn slots(text: &str) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let (mut shown, mut choosing) = (BTreeSet::new(), BTreeSet::new());
    for part in text.split('{').skip(1) {
        let slot = part.split_once('}').unwrap_or_else(|| panic!("no closing brace in {text:?}")).0;
        match slot.split_once(':') {
            None => shown.insert(slot),
            Some((name, words)) => {
                assert!(words.contains('|'), "{text:?} chooses between one word");
                choosing.insert(name)
            }
        };
    }
    (shown, choosing)
}

/// String literals of the program that look like keys, and where they stand.
fn keys_in_code() -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    let mut folders = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/src").into()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir::<std::path::PathBuf>(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for literal in text.split('"').skip(1).step_by(1) {
                let dotted = literal.contains('.') && !literal.starts_with('.') && !literal.ends_with('.');
                let plain = literal.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
                if dotted && plain {
                    keys.insert(literal.to_owned(), path.display().to_string());
                }
            }
        }
    }
    keys
}

/// Keys that are put together while the program runs.
fn families() -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for command in Command::ALL {
        keys.extend(["key", "command", "command-help"].map(|table| format!("{table}.{}", command.name())));
    }
    // What the filter's key does where a list hides nothing.
    keys.extend(["key", "command", "command-help"].map(|table| format!("{table}.find")));
    keys.extend(crate::domain::odd::ALL.iter().map(|word| format!("odd.{word}")));
    keys.extend(providers::client::local::ALL.iter().map(|message| format!("local.{message}")));
    for kind in FAULTS {
        keys.extend(["word", "what", "next"].map(|part| format!("fault.{}.{part}", fault_name(*kind))));
    }
    keys.extend(["what", "next"].map(|part| format!("fault.throttled.{part}-for-long")));
    // What was sent and then broken off, or read later and found not to be done.
    for kind in ["cut", "found"] {
        keys.extend(["word", "what", "next"].map(|part| format!("fault.{kind}.{part}")));
    }
    for kind in [FaultKind::Server, FaultKind::Other] {
        keys.insert(format!("fault.{}.next-without-id", fault_name(kind)));
    }
    for code in FILTER_CODES {
        keys.insert(format!("filter.{code}"));
    }
    for name in NOUNS {
        keys.insert(format!("noun.{name}"));
    }
    for (table, names) in [
        ("head", report::history::HEADS),
        ("column", report::history::COLUMNS),
        ("act", search::ACTS),
        ("end", search::RESULTS),
        ("verify", verify::What::KEYS),
    ] {
        keys.extend(names.iter().map(|name| format!("history.{table}.{name}")));
    }
    for name in ["time", "kind-of-call", "profile", "action", "target", "http", "took", "code", "request"] {
        keys.insert(format!("column.{name}"));
    }
    keys
}

const NOUNS: &[&str] = &[
    "primary",
    "secondary",
    "vip",
    "ipv6",
    "primary-nic",
    "secondary-nic",
    "release",
    "released",
    "detach",
    "detached",
];

/// What a cloud may have a word of its own for. What is done to it has one word on every cloud.
const OWN_NOUNS: &[&str] = &["primary", "secondary", "vip", "primary-nic", "secondary-nic"];

const FAULTS: &[FaultKind] = &[
    FaultKind::Unreachable,
    FaultKind::Timeout,
    FaultKind::Reset,
    FaultKind::Garbage,
    FaultKind::Redirect,
    FaultKind::Throttled,
    FaultKind::Keys,
    FaultKind::Credentials,
    FaultKind::Clock,
    FaultKind::Permission,
    FaultKind::NotFound,
    FaultKind::Refused,
    FaultKind::Conflict,
    FaultKind::BadRequest,
    FaultKind::Server,
    FaultKind::Local,
    FaultKind::Other,
];

/// As `serde` spells it, which is how the locale does.
fn fault_name(kind: FaultKind) -> String {
    serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned()
}

const FILTER_CODES: &[&str] = &[
    "incomplete",
    "unclosed-quote",
    "unclosed-regex",
    "unknown-field",
    "empty-value",
    "unknown-value",
    "unknown-word",
    "bad-time",
    "bad-address",
    "bad-cidr",
    "bad-range",
    "bad-regex",
    "bad-number",
    "bad-duration",
    "not-comparable",
    "needs-comparison",
    "trailing-text",
    "unknown-cloud",
    "joining",
    "dangling",
    "apart",
    "too-many-terms",
];

/// Tables of which a key need not be named in the code: clouds and findings have words where they need them.
/// `cli.`: the command line's own tests ask for each.
const FREE: &[&str] = &["cloud.", "finding.", "cli."];

#[test]
fn both_languages_have_the_same_keys() {
    let [(_, english), (_, chinese)] = both();
    // A cloud has words of its own only where its console has, which may be in one language alone.
    let common = |key: &&str| !key.starts_with("cloud.");
    let (a, b): (BTreeSet<_>, BTreeSet<_>) =
        (english.keys().filter(common).collect(), chinese.keys().filter(common).collect());
    assert_eq!(a.symmetric_difference(&b).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn both_languages_show_the_same_values() {
    let [(_, english), (_, chinese)] = both();
    for key in english.keys() {
        let ((a, choosing_a), (b, choosing_b)) = (slots(english.word(key)), slots(chinese.word(key)));
        // A value may choose a word in one language and be shown in the other, or not be needed there.
        let (all_a, all_b) = (&a | &choosing_a, &b | &choosing_b);
        assert!(a.is_subset(&all_b) && b.is_subset(&all_a), "{key}: {a:?} and {b:?}");
    }
}

#[test]
fn every_key_of_the_program_exists() {
    let keys = keys_in_code();
    let families = families();
    for (language, catalog) in both() {
        let tables: BTreeSet<String> =
            catalog.keys().map(|key| format!("{}.", key.split('.').next().unwrap())).collect();
        for (key, place) in &keys {
            let table = format!("{}.", key.split('.').next().unwrap());
            assert!(!tables.contains(&table) || catalog.find(key).is_some(), "{key} of {place} is not in {language}");
        }
        for key in &families {
            assert!(catalog.find(key).is_some(), "{key} is not in {language}");
        }
    }
    assert!(keys.len() > 200, "the search found only {} keys", keys.len());
}

#[test]
fn every_key_is_used() {
    let used: BTreeSet<String> = keys_in_code().into_keys().chain(families()).collect();
    let [(_, english), _] = both();
    let idle: Vec<&str> =
        english.keys().filter(|key| !used.contains(*key) && !FREE.iter().any(|table| key.starts_with(table))).collect();
    assert_eq!(idle, Vec::<&str>::new());
}

#[test]
fn words_of_a_cloud_are_nouns_of_a_cloud_there_is() {
    for (language, catalog) in both() {
        let known: BTreeSet<&str> = providers::all().iter().map(|cloud| cloud.descriptor().id).collect();
        for key in catalog.keys().filter_map(|key| key.strip_prefix("cloud.")) {
            let (id, noun) = key.split_once('.').unwrap();
            assert!(known.contains(id), "{language} has words for {id}, which is no cloud");
            assert!(OWN_NOUNS.contains(&noun), "{noun} of {id} is no noun");
        }
    }
}

#[test]
fn every_finding_has_a_fact_and_a_fix_for_both_verbs() {
    for (language, catalog) in both() {
        for &id in FindingId::ALL {
            let finding = |severity| Finding { id, severity, values: Vec::new(), predicts: None, read_at: None };
            for severity in [Severity::Info, Severity::Warn, Severity::Unknown, Severity::Blocked] {
                for verb in [Act::Release, Act::Detach] {
                    for part in [Part::Fact, Part::Fix] {
                        let text = catalog.finding(&finding(severity), part, verb);
                        assert!(text.is_some_and(|text| text.len() > 4), "{} {part:?} {language}", id.as_str());
                    }
                }
            }
        }
        for key in catalog.keys().filter_map(|key| key.strip_prefix("finding.")) {
            let id = key.split('.').next().unwrap();
            assert!(FindingId::ALL.iter().any(|known| known.as_str() == id), "{language}: {id} is no finding");
            let part = key.rsplit('.').next().unwrap();
            assert!(["fact", "effect", "fix"].contains(&part), "{language}: {key} is never read");
        }
    }
}

/// Releasing an address, detaching a NIC, unbinding an EIP: three acts, each with one word.
#[test]
fn an_act_has_one_word() {
    let [(_, english), (_, chinese)] = both();
    for key in chinese.keys() {
        let text = chinese.word(key);
        for other in ["回收", "退还", "拔出", "分离", "解除"] {
            assert!(!text.contains(other), "{key}: {other}");
        }
        assert!(!text.contains("解绑") || text.contains("EIP"), "{key}: only an EIP is unbound: {text}");
    }
    for key in english.keys() {
        let text = english.word(key).to_lowercase();
        for other in ["unassign", "unplug", "remove the nic"] {
            assert!(!text.contains(other), "{key}: {other}");
        }
        assert!(!text.contains("unbind") || text.contains("eip"), "{key}: only an EIP is unbound: {text}");
        let of_nic = text.contains("release") && text.contains("nic");
        assert!(!of_nic || text.contains("address") || text.contains("ip"), "{key}: a NIC is detached: {text}");
    }
}

/// Keys can be bound to something else: a sentence names the command, and the key map says its key.
#[test]
fn sentences_name_commands_and_follow_the_key_map() {
    let mut named_keys = Vec::new();
    for (language, catalog) in both() {
        for key in catalog.keys() {
            let text = catalog.word(key);
            for slot in text.split("{key.").skip(1) {
                let name = slot.split('}').next().unwrap();
                assert!(Command::ALL.iter().any(|command| command.name() == name), "{language}: {key}: {name}");
            }
            // Signs and examples are no keys; keys of a dialog or an input line are bound to nothing.
            let fixed = [
                "help.",
                "filter.",
                "prompt.",
                "confirm.",
                "override.",
                "welcome.",
                "level.",
                "keys.",
                "command-help.filter",
                "command-help.prompt",
            ];
            if fixed.iter().any(|table| key.starts_with(table)) {
                continue;
            }
            let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-{}.".contains(c)).collect();
            for word in words {
                let word = word.trim_matches('.');
                // An article; seconds, hours and days; the signs of findings.
                let letter =
                    word.len() == 1 && word.bytes().all(|b| b.is_ascii_alphabetic()) && !"aAshdxi".contains(word);
                let named = ["enter", "esc", "space", "tab"].contains(&word) || word.starts_with("ctrl-");
                if letter || named {
                    named_keys.push(format!("{language}: {key} names {word}: {text}"));
                }
            }
            assert!(!text.contains("空格") || text.contains('引'), "{language}: {key}: {text}");
        }
    }
    assert!(named_keys.is_empty(), "{}", named_keys.join("\n"));
    let rebound = Keymap::parse("refresh = [\"f9\"]\nmark-detach = [\"f7\"]").unwrap();
    for (language, catalog) in both() {
        let catalog = catalog.with_keys(&rebound);
        assert!(catalog.word("fault.reset.next").contains("f9"), "{language}");
        assert!(catalog.word("finding.primary-ip.fix").contains("f7"), "{language}");
        assert!(catalog.word("notice.range").contains("- "), "{language}: a command without a key has none to name");
    }
}

#[test]
fn advice_about_a_request_id_needs_one() {
    for (language, catalog) in both() {
        for &kind in FAULTS {
            let without = crate::domain::fault::Fault::local(kind, "Describe", "x");
            let next = words::fault_next(&catalog, None, &without, true);
            assert!(!next.contains("request id") && !next.contains("请求 ID"), "{language}: {next}");
        }
        let mut with = crate::domain::fault::Fault::local(FaultKind::Server, "Describe", "x");
        with.request_id = Some("req-1".to_owned());
        let next = words::fault_next(&catalog, None, &with, true);
        assert!(next.contains("request id") || next.contains("请求 ID"), "{language}: {next}");
    }
}

#[test]
fn english_is_plain_so_that_any_terminal_shows_it() {
    let [(_, english), (_, chinese)] = both();
    for key in english.keys() {
        assert!(english.word(key).bytes().all(|b| b == b'\n' || (0x20..0x7f).contains(&b)), "{key}");
    }
    for key in chinese.keys() {
        let text = chinese.word(key);
        assert_eq!(crate::domain::clean::clean(&text.replace('\n', " ")), text.replace('\n', " "), "{key}");
    }
}

#[test]
fn templates_are_filled_in() {
    let catalog =
        Catalog::parse("a = '{count} {count:address|addresses} of {nic}'\nb = 'plain'\nc = 'open {'").unwrap();
    assert_eq!(catalog.text("a", &[("count", "1"), ("nic", "eni-1")]), "1 address of eni-1");
    assert_eq!(catalog.text("a", &[("count", "12")]), "12 addresses of ?", "a value that is not there is seen");
    assert_eq!(
        catalog.text("a", &[("count", "{nic}"), ("nic", "x")]),
        "{nic} addresses of x",
        "values are no templates"
    );
    assert_eq!(catalog.word("b"), "plain");
    assert_eq!(catalog.text("c", &[]), "open {");
    assert_eq!(catalog.word("gone.away"), "gone.away");
    assert!(matches!(Catalog::parse("a = 1"), Err(CatalogError::Kind(key)) if key == "a"));
    assert!(matches!(Catalog::parse("a = "), Err(CatalogError::Toml(_))));
}

/// Every Chinese text of the program, with where it stands.
fn chinese() -> Vec<(String, String)> {
    let catalog = Catalog::parse(CHINESE).unwrap();
    let mut all: Vec<(String, String)> = catalog.texts.into_iter().collect();
    for (cloud, file) in providers::errors() {
        let table: toml::Table = toml::from_str(file).unwrap();
        for (code, entry) in table {
            let texts = entry["zh-CN"].as_table().unwrap();
            all.extend(
                texts.iter().map(|(name, text)| (format!("{cloud} {code} {name}"), text.as_str().unwrap().to_owned())),
            );
        }
    }
    all
}

/// One space between Chinese and Latin letters, digits or values; none beside full-width marks; and marks of Chinese beside Chinese.
#[test]
fn chinese_and_latin_stand_apart_and_chinese_marks_stand_alone() {
    let latin = |c: char| c.is_ascii_alphanumeric();
    let wide = |c: char| "，。；：、（）？！“”".contains(c);
    let narrow = |c: char| ",;:!?()".contains(c);
    for (name, text) in chinese() {
        // What is typed is as it is typed.
        let said: String =
            text.split('`').step_by(2).collect::<Vec<_>>().join("\u{0}").replace("https://主机:端口", "");
        for (a, b) in said.chars().zip(said.chars().skip(1)) {
            let wrong = is_han(a) && latin(b)
                || latin(a) && is_han(b)
                || (wide(a) && b == ' ' || a == ' ' && wide(b))
                || (is_han(a) && narrow(b) || narrow(a) && is_han(b));
            assert!(!wrong, "{name}: {a:?} beside {b:?} in {text}");
        }
        assert!(!said.contains("} / {"), "{name}: one of many is 1/2 in {text}");
    }
}

#[test]
fn a_value_stands_apart_from_chinese_around_it() {
    let given = |template: &str, value: &str| fill(template, |_| Some(value)).into_owned();
    assert_eq!(given("没有读取{what}的权限", "EIP"), "没有读取 EIP 的权限");
    assert_eq!(given("没有读取{what}的权限", "网卡"), "没有读取网卡的权限");
    assert_eq!(given("{what}（{what}）", "虚拟 IP"), "虚拟 IP（虚拟 IP）");
    assert_eq!(given("API {what} API", "网卡"), "API 网卡 API", "nothing in it is Chinese by itself");
    assert_eq!(given("共 {what} 块", "3"), "共 3 块");
}
