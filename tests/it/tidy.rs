//! Reads the tree and holds it to the architecture: what may import what, who may send, what must stay pure.

mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use nicdeck::config::ProblemKind;
use source::{Reference, Source, sources};

/// Which layer may import which. `cli`, `launch` and `main` sit on top and may import everything.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("wire", &[]),
    ("filter", &["domain"]),
    ("history", &["domain", "filter"]),
    ("report", &["domain", "filter", "history"]),
    ("rules", &["domain", "filter"]),
    ("sim", &["domain", "wire"]),
    ("providers", &["domain", "wire", "sim"]),
    ("app", &["domain", "filter", "history", "rules"]),
    ("ui", &["domain", "filter", "history", "app"]),
    ("runtime", &["domain", "filter", "history", "report", "rules", "providers", "app"]),
    ("config", &["domain", "filter", "providers", "app"]),
    ("simulate", &["providers", "sim", "domain"]),
    ("demo", &["domain", "sim", "providers"]),
    ("look", &["config", "ui"]),
    ("told", &["domain", "providers", "app", "config", "ui"]),
];

const TOP: &[&str] = &["cli", "launch", "main"];

/// Layers that decide: no clock, no file, no socket, no thread.
const PURE: &[&str] = &["domain", "wire", "filter", "rules", "history", "report", "app", "ui"];

/// What people call the vendors.
const VENDORS: &[&str] = &["aliyun", "alibaba", "tencent", "huawei", "zenlayer", "阿里", "腾讯", "华为"];

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Folders of `src/providers`: the clouds.
fn clouds() -> BTreeSet<String> {
    fs::read_dir(top().join("src/providers"))
        .unwrap()
        .map(Result::unwrap)
        // The folder of another module has only what that is made of.
        .filter(|entry| entry.path().join("mod.rs").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

fn is(path: &[String], parts: &[&str]) -> bool {
    path.len() >= parts.len() && path.iter().zip(parts).all(|(a, b)| a == b)
}

fn ends(path: &[String], parts: &[&str]) -> bool {
    path.len() >= parts.len() && path[path.len() - parts.len()..].iter().zip(parts).all(|(a, b)| a == b)
}

/// What a file's references break among the arrows.
fn wrong_arrows(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for Reference { line, from, to, own, in_test } in source.references() {
        let (Some(from), Some(to)) = (from.first(), to.first()) else { continue };
        let layer = ARROWS.iter().find(|(name, _)| name == from);
        if !own || in_test || from == to || TOP.contains(&from.as_str()) || to.starts_with(char::is_uppercase) {
            continue;
        }
        match layer {
            None => broken.push(format!("{}:{line}: {from} is no layer; name it in ARROWS", source.path)),
            Some((_, allowed)) if !allowed.contains(&to.as_str()) => {
                broken.push(format!("{}:{line}: {from} may not import {to}", source.path));
            }
            Some(_) => {}
        }
    }
    broken
}

#[test]
fn layers_import_only_what_is_below_them() {
    none(&sources("src").iter().flat_map(wrong_arrows).collect::<Vec<_>>());
}

/// The table that people read first says the same.
#[test]
fn the_crates_own_table_tells_the_arrows() {
    let text = std::fs::read_to_string(top().join("src/lib.rs")).unwrap();
    let names = |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let told: BTreeMap<String, BTreeSet<String>> = text
        .lines()
        .filter_map(|line| {
            let cells: Vec<&str> = line.strip_prefix("//! | [`")?.split('|').collect();
            let (name, _) = cells.first()?.split_once('`')?;
            Some((name.to_owned(), names(cells.get(2)?)))
        })
        .collect();
    for (layer, allowed) in ARROWS {
        let allowed = allowed.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(told.get(*layer), Some(&allowed), "{layer}");
    }
}

#[test]
fn a_wrong_arrow_is_found() {
    let bad = |path: &str, code: &str| wrong_arrows(&Source::new(path, code)).len();
    assert_eq!(bad("src/app/x.rs", "use crate::{domain::ids, providers::profile};"), 1);
    assert_eq!(bad("src/ui/a/b.rs", "fn f() { super::super::super::runtime::run(); }"), 1);
    assert_eq!(bad("src/rules/mod.rs", "mod m { fn f() { crate::wire::x() } }"), 1);
    assert_eq!(bad("src/newcomer.rs", "use crate::domain::ids;"), 1);
    assert_eq!(bad("src/cli.rs", "use crate::runtime::x;"), 0);
    assert_eq!(bad("src/app/x.rs", "// crate::providers::x\nuse crate::domain::ids;"), 0);
}

/// A module of `src` that is in no table would escape every check.
#[test]
fn every_module_is_a_layer() {
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).chain(TOP.iter().copied()).collect();
    for source in sources("src") {
        let name = source.path.trim_start_matches("src/").split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        assert!(name == "lib" || known.contains(name.as_str()), "{} is in no layer", source.path);
    }
}

/// A cloud's server side shares nothing with its client side but the signature; only it knows the simulator.
fn wrong_dialect(source: &Source, cloud: &str) -> Vec<String> {
    let mut broken = Vec::new();
    for Reference { line, from, to, own, in_test } in source.references() {
        if !own || in_test || !is(&from, &["providers", cloud]) {
            continue;
        }
        let part = from.get(2).map(String::as_str);
        let dialect = part == Some("dialect");
        let wrong = match to.first().map(String::as_str) {
            // The cloud's own table hands its dialect out.
            Some("sim") => !dialect && part.is_some(),
            Some("providers") if dialect => {
                !is(&to, &["providers", cloud, "dialect"]) && !is(&to, &["providers", cloud, "sign"])
            }
            Some("providers") if to.len() > 1 && to[1] != cloud => clouds().contains(&to[1]),
            _ => false,
        };
        if wrong {
            broken.push(format!("{}:{line}: {} may not import {}", source.path, from.join("::"), to.join("::")));
        }
    }
    broken
}

#[test]
fn dialects_stand_apart_from_codecs() {
    let sources = sources("src/providers");
    let broken = clouds()
        .iter()
        .flat_map(|cloud| sources.iter().flat_map(|source| wrong_dialect(source, cloud)).collect::<Vec<_>>())
        .collect::<Vec<_>>();
    none(&broken);
    let bad = |path: &str, code: &str| wrong_dialect(&Source::new(path, code), "aliyun").len();
    assert_eq!(bad("src/providers/aliyun/dialect.rs", "use super::{sign, decode};"), 1);
    assert_eq!(bad("src/providers/aliyun/dialect/nics.rs", "use super::super::encode::x;"), 1);
    assert_eq!(bad("src/providers/aliyun/decode.rs", "use crate::sim::world::World;"), 1);
    assert_eq!(bad("src/providers/aliyun/dialect/mod.rs", "use crate::{sim::x, wire::y}; use super::sign;"), 0);
}

/// Lines that name a vendor where none belongs.
fn vendor_names(source: &Source, clouds: &BTreeSet<String>) -> Vec<String> {
    let mut parts = source.path.trim_start_matches("src/").split('/');
    if parts.next() == Some("providers") && parts.next().is_some_and(|folder| clouds.contains(folder)) {
        return Vec::new();
    }
    source
        .product_lines()
        // A cloud that is still being built is declared like any module; the line of all clouds does that for the others.
        .filter(|(_, line)| {
            !line.starts_with("clouds! {") && !clouds.iter().any(|cloud| line.trim() == format!("pub mod {cloud};"))
        })
        .filter(|(_, line)| VENDORS.iter().any(|name| line.to_lowercase().contains(name)))
        .map(|(number, line)| format!("{}:{number}: names a vendor: {}", source.path, line.trim()))
        .collect()
}

#[test]
fn vendors_are_named_only_in_their_folders() {
    let clouds = clouds();
    none(&sources("src").iter().flat_map(|source| vendor_names(source, &clouds)).collect::<Vec<_>>());
    let bad = |path: &str, code: &str| vendor_names(&Source::new(path, code), &["aliyun".to_owned()].into()).len();
    assert_eq!(bad("src/app/x.rs", "// Aliyun does\nlet a = \"zenlayer\";\n#[cfg(test)]\nmod t { \"aliyun\" }"), 2);
    assert_eq!(bad("src/providers/client.rs", "aliyun"), 1);
    assert_eq!(bad("src/providers/aliyun/mod.rs", "aliyun"), 0);
    assert_eq!(bad("src/providers/mod.rs", "clouds! { aliyun, zenlayer }"), 0);
}

#[test]
fn only_the_journal_mints_permits() {
    let mut minting = Vec::new();
    for source in sources("src") {
        let mints = |reference: &Reference| !reference.in_test && ends(&reference.to, &["WritePermit", "mint"]);
        if source.references().iter().any(mints) {
            minting.push(source.path);
        }
    }
    assert_eq!(minting, ["src/runtime/journal.rs"]);
}

/// What reaches outside of a pure function.
fn impure(reference: &Reference) -> bool {
    let to = &reference.to;
    let outside: &[&[&str]] = &[
        &["std", "fs"],
        &["std", "env"],
        &["std", "process"],
        &["std", "thread"],
        &["std", "net", "TcpStream"],
        &["std", "net", "TcpListener"],
        &["std", "net", "UdpSocket"],
        &["tokio"],
        &["reqwest"],
        &["hyper"],
    ];
    let clocks: &[&[&str]] = &[&["SystemTime", "now"], &["Instant", "now"], &["Timestamp", "now"], &["Zoned", "now"]];
    !reference.own && (outside.iter().any(|path| is(to, path)) || clocks.iter().any(|path| ends(to, path)))
}

/// Whether an identifier holds state that changes behind a shared reference. (`Cell` alone is also a widget.)
fn hides_state(name: &str, behind: &str) -> bool {
    const TYPES: &[&str] = &[
        "RefCell",
        "OnceCell",
        "LazyCell",
        "UnsafeCell",
        "Mutex",
        "RwLock",
        "OnceLock",
        "LazyLock",
        "Condvar",
        "thread_local",
    ];
    TYPES.contains(&name) || name.starts_with("Atomic") || (name == "Cell" && behind.starts_with('<'))
}

#[test]
fn layers_that_decide_reach_nothing_outside() {
    let mut broken = Vec::new();
    for layer in PURE {
        let files = sources(&format!("src/{layer}"));
        let file = top().join(format!("src/{layer}.rs"));
        let single =
            file.exists().then(|| Source::new(&format!("src/{layer}.rs"), &fs::read_to_string(&file).unwrap()));
        for source in files.into_iter().chain(single) {
            for reference in source.references().iter().filter(|reference| !reference.in_test && impure(reference)) {
                broken.push(format!("{}:{}: {}", source.path, reference.line, reference.to.join("::")));
            }
        }
    }
    none(&broken);
    let bad = |code: &str| Source::new("src/app/x.rs", code).references().iter().filter(|one| impure(one)).count();
    assert_eq!(
        bad(
            "use std::{fs, net::IpAddr, time::Instant}; fn f() { Instant::now(); tokio::spawn(x); jiff::Zoned::now() }"
        ),
        4
    );
    assert_eq!(bad("use std::{sync::Arc, fmt}; Timestamp::from(1)"), 0);
}

#[test]
fn a_frame_cannot_change_what_it_shows() {
    let mut broken = Vec::new();
    for source in ["src/app", "src/ui"].into_iter().flat_map(sources) {
        for (at, name, behind) in source.identifiers() {
            if !source.is_test(at) && hides_state(name, behind) {
                broken.push(format!("{}:{}: {name}", source.path, source.line(at)));
            }
        }
    }
    none(&broken);
    assert!(hides_state("Cell", "<u8>") && hides_state("AtomicU64", "") && !hides_state("Cell", "::new"));
}

#[test]
fn nothing_is_printed_past_the_streams_that_are_handed_in() {
    let mut broken = Vec::new();
    for source in sources("src") {
        for (at, name, behind) in source.identifiers() {
            let prints = matches!(name, "println" | "eprintln" | "print" | "eprint" | "dbg") && behind.starts_with('!');
            if prints && !source.is_test(at) {
                broken.push(format!("{}:{}: {name}!", source.path, source.line(at)));
            }
        }
    }
    none(&broken);
}

#[test]
fn every_module_says_why_it_exists() {
    let silent = |source: &Source| !source.is_test(0) && !source.raw.starts_with("//! ");
    none(&sources("src").iter().filter(|source| silent(source)).map(|source| source.path.clone()).collect::<Vec<_>>());
}

#[test]
fn no_test_sleeps_or_is_skipped() {
    let mut broken = Vec::new();
    for source in ["src", "tests"].into_iter().flat_map(sources) {
        if source.has_attribute("ignore") {
            broken.push(format!("{}: ignores a test", source.path));
        }
        let mut may = SLEEPS.iter().find(|(path, ..)| *path == source.path).map_or(0, |(_, times, _)| *times);
        for reference in source.references().iter().filter(|reference| sleeps(reference)) {
            if may == 0 {
                broken.push(format!("{}:{}: sleeps", source.path, reference.line));
            }
            may = may.saturating_sub(1);
        }
        if may > 0 {
            broken.push(format!("{}: sleeps less often than is allowed", source.path));
        }
    }
    none(&broken);
    let bad = |code: &str| Source::new("tests/it/x.rs", code).references().iter().filter(|it| sleeps(it)).count();
    assert_eq!(bad("fn a() { std::thread::sleep(x); }"), 1);
    assert_eq!(bad("use tokio::time; async fn a() { time::sleep(x).await }"), 1);
    assert_eq!(bad("async fn a() { tokio::time::timeout(x, y).await }"), 0);
}

/// A test that waits for a time and not for what it is about.
fn sleeps(reference: &Reference) -> bool {
    reference.in_test && (ends(&reference.to, &["thread", "sleep"]) || ends(&reference.to, &["time", "sleep"]))
}

/// Where a test may sleep, how often, and why.
const SLEEPS: &[(&str, usize, &str)] = &[
    ("src/providers/limiter/tests.rs", 8, "on a clock that stands still: no time passes"),
    ("tests/it/jobs/clouds.rs", 1, "the end of patience, with a failure; what is waited for is an event"),
];

#[test]
fn every_channel_is_bounded() {
    let mut broken = Vec::new();
    for source in sources("src") {
        let open =
            |it: &&Reference| it.to.iter().any(|part| part.starts_with("unbounded") || part.starts_with("Unbounded"));
        let std = |it: &&Reference| !it.in_test && ends(&it.to, &["mpsc", "channel"]) && is(&it.to, &["std"]);
        for reference in source.references().iter().filter(|it| open(it) || std(it)) {
            broken.push(format!("{}:{}: a channel without a bound", source.path, reference.line));
        }
    }
    none(&broken);
}

/// Requests leave by one door: the client, which holds the gate for writes.
#[test]
fn only_the_client_sends() {
    // Who makes the connection, and who sends on it.
    let doors = ["src/providers/http.rs", "src/providers/client.rs"];
    let mut senders = BTreeSet::new();
    let mut broken = Vec::new();
    for source in sources("src") {
        for reference in source.references().iter().filter(|reference| !reference.in_test) {
            if ends(&reference.to, &["http", "send"]) {
                senders.insert(source.path.clone());
            }
            if is(&reference.to, &["reqwest"]) && !doors.contains(&source.path.as_str()) {
                broken.push(format!("{}:{}: names the library that sends", source.path, reference.line));
            }
        }
    }
    none(&broken);
    assert_eq!(senders.into_iter().collect::<Vec<_>>(), ["src/providers/client.rs"]);
}

/// A file of tests that `main.rs` does not name would never run.
#[test]
fn every_file_of_tests_is_part_of_the_binary() {
    let main = fs::read_to_string(top().join("tests/it/main.rs")).unwrap();
    for entry in fs::read_dir(top().join("tests/it")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let part = path.is_dir() || path.extension().is_some_and(|extension| extension == "rs");
        let named = main.lines().any(|line| line == format!("mod {name};"));
        assert!(!part || name == "main" || named, "{} is not in main.rs", path.display());
    }
}

#[test]
fn the_help_about_keys_names_every_command() {
    for text in [include_str!("../../assets/help/en.md"), include_str!("../../assets/help/zh-CN.md")] {
        let (_, topic) = text.split_once("# keys\n").expect("a topic");
        let topic = topic.split("\n# ").next().unwrap();
        let named: BTreeSet<&str> = topic.split([',', ' ', '\n', ':']).collect();
        for name in nicdeck::app::command::Command::NAMES {
            assert!(named.contains(name), "{name}");
        }
    }
}

#[test]
fn the_example_config_is_good_for_the_clouds_of_this_build() {
    let clouds: Vec<_> = nicdeck::providers::all().iter().map(|cloud| cloud.descriptor()).collect();
    let known: BTreeSet<&str> = clouds.iter().map(|cloud| cloud.id).collect();
    match nicdeck::config::parse(Path::new("config.example.toml"), nicdeck::config::EXAMPLE, &clouds, &|_| false) {
        Ok(file) => {
            let named: BTreeSet<&str> = file.profiles.iter().map(|(profile, _)| profile.cloud.as_str()).collect();
            assert_eq!(named, known, "the example shows every cloud");
        }
        // A cloud that is still being built has its folder, and is not in the line yet.
        Err(error) => {
            let built = |kind: &ProblemKind| match kind {
                ProblemKind::NotOneOf { key, given: Some(given), .. } if key == "cloud" => {
                    self::clouds().contains(given) && !known.contains(given.as_str())
                }
                _ => false,
            };
            assert!(error.problems.iter().all(|problem| built(&problem.kind)), "{error}");
        }
    }
}

/// Names in `{name}` and in `{name:one|many}`: whether a word has a plural is the language's own business.
fn placeholders(text: &str) -> BTreeSet<String> {
    let inside = text.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.map(|(name, _)| name.split(':').next().unwrap_or_default().to_owned()).collect()
}

/// Keys of a locale with the names of their placeholders.
fn keys(path: &Path) -> BTreeMap<String, BTreeSet<String>> {
    fn walk(prefix: &str, value: &toml::Value, keys: &mut BTreeMap<String, BTreeSet<String>>) {
        match value {
            toml::Value::Table(table) => {
                for (key, value) in table {
                    walk(&format!("{prefix}.{key}"), value, keys);
                }
            }
            value => {
                let text = value.to_string();
                keys.insert(prefix.trim_start_matches('.').to_owned(), placeholders(&text));
            }
        }
    }
    let mut keys = BTreeMap::new();
    let text = fs::read_to_string(path).unwrap();
    walk("", &toml::Value::Table(text.parse().unwrap_or_else(|_| panic!("{} is no TOML", path.display()))), &mut keys);
    keys
}

#[test]
fn locales_have_the_same_keys_and_values() {
    let folder = top().join("assets/locales");
    let english = folder.join("en.toml");
    let mut broken = Vec::new();
    for entry in fs::read_dir(&folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let (wanted, found) = (keys(&english), keys(&path));
        let file = path.file_name().unwrap().display().to_string();
        for key in wanted.keys().filter(|key| !found.contains_key(*key)) {
            broken.push(format!("{file}: {key} is missing"));
        }
        for (key, names) in &found {
            match wanted.get(key) {
                // A cloud's own nouns are there where its console has such.
                None if key.starts_with("cloud.") => {}
                None => broken.push(format!("{file}: {key} is not in en.toml")),
                Some(wanted) if wanted != names => {
                    broken.push(format!("{file}: {key}: {names:?}, in en.toml {wanted:?}"));
                }
                Some(_) => {}
            }
        }
    }
    none(&broken);
    assert_eq!(
        placeholders("{count} {count:row stays|rows stay} of {all}"),
        ["all", "count"].map(str::to_owned).into()
    );
}
