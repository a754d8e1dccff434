//! The sentences for error codes: there is one for every code that a page lists, a codec knows, the simulator answers or a rule
//! predicts, and what they say of trying again and of the outcome is what the codec decides.

use std::{collections::BTreeSet, fs, path::Path};

use nicdeck::{
    app::state::Language,
    domain::{
        fault::{Effect, Fault},
        ids::CloudId,
        page::{Listing, Resource},
        plan::OperationKind,
    },
    providers::{
        self,
        provider::{Call, Provider},
    },
    ui::errors::{Again, Entry, Errors, Known, Proves},
    wire::WireResponse,
};
use regex::Regex;
use serde_json::json;

/// Line of `tests/codes`: a code, the number beside it, and the API that answers it.
struct Listed {
    code: String,
    number: u16,
    api: Option<String>,
}

fn top() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn listed(cloud: &str) -> Vec<Listed> {
    let text = fs::read_to_string(top().join(format!("tests/codes/{cloud}.txt"))).unwrap();
    let mut rows = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.split(' ').map(str::to_owned);
        let (code, number) = (words.next().unwrap(), words.next().unwrap_or_else(|| panic!("{cloud}: {line}")));
        rows.push(Listed { code, number: number.parse().unwrap(), api: words.next() });
    }
    rows
}

fn errors() -> Errors {
    Errors::read(providers::errors()).unwrap()
}

fn entry<'e>(errors: &'e Errors, cloud: &str, code: &str, status: Option<u16>) -> Option<&'e Entry> {
    match errors.find(&CloudId::from(cloud), Some(code), status) {
        Known::Code(entry) => Some(entry),
        _ => None,
    }
}

#[track_caller]
fn none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_listed_code_has_its_sentences() {
    let errors = errors();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        let rows = listed(id);
        let missing = rows.iter().filter(|row| entry(&errors, id, &row.code, Some(row.number)).is_none());
        none(&missing.map(|row| format!("{id}: {} {}", row.code, row.number)).collect::<Vec<_>>());
        assert!(rows.len() > 50, "{id} lists only {} codes", rows.len());
    }
}

/// The answer that carries a code, in the envelope of its API.
fn answer(cloud: &str, code: &str, number: u16, api: Option<&str>) -> WireResponse {
    let (status, body) = match (cloud, api) {
        ("aliyun", _) => (number, json!({"RequestId": "r", "Code": code, "Message": "text"})),
        ("tencent", Some("v2")) => {
            let name = if code.parse::<u16>().is_ok() { "" } else { code };
            (200, json!({"code": number, "message": "text", "codeDesc": name}))
        }
        ("tencent", _) => (200, json!({"Response": {"Error": {"Code": code, "Message": "text"}, "RequestId": "r"}})),
        ("huawei", _) => (number, json!({"error": {"code": code, "message": "text"}})),
        ("zenlayer", _) => (number, json!({"requestId": "r", "code": code, "message": "text"})),
        _ => panic!("{cloud} has no envelope here"),
    };
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    WireResponse { status, headers, body: body.to_string().into_bytes() }
}

fn writes() -> Vec<OperationKind> {
    let ips = || vec!["10.0.0.7".parse().unwrap()];
    vec![
        OperationKind::Release { nic: "n-1".into(), ips: ips() },
        OperationKind::Detach { nic: "n-1".into(), instance: "i-1".into() },
        OperationKind::Assign { nic: "n-1".into(), ips: ips(), lists: Vec::new() },
        OperationKind::Attach { nic: "n-1".into(), instance: "i-1".into() },
        OperationKind::BindEip { nic: "n-1".into(), eip: "e-1".into(), ip: ips()[0] },
        OperationKind::Delete { nic: "n-1".into() },
    ]
}

/// What the codec makes of an answer: to each kind of write that its API has, and to a read.
fn judged(codec: &dyn Provider, api: Option<&str>, response: &WireResponse) -> (Vec<Effect>, Effect) {
    let fault = |call: Call| -> Fault {
        let told = codec.decode(&call, response);
        told.err().unwrap_or_else(|| panic!("{call:?} takes {} for a success", String::from_utf8_lossy(&response.body)))
    };
    // The older API has no call for EIPs, and asks for instances in the newer one's form.
    let older = api == Some("v2");
    let writes = writes().into_iter().filter(|kind| !(older && matches!(kind, OperationKind::BindEip { .. })));
    let of_writes = writes.map(|kind| fault(Call::write("r-1".into(), kind)).effect).collect();
    let resource = if older { Resource::Nics } else { Resource::Instances };
    (of_writes, fault(Call::List(Listing::all(resource, Some("r-1".into())))).effect)
}

/// Where an entry says something else than the codec does.
fn disagreement(entry: &Entry, of_writes: &[Effect], of_read: Effect) -> Option<String> {
    let all = |wanted: &[Effect]| of_writes.iter().all(|effect| wanted.contains(effect));
    let proves = if of_writes.contains(&Effect::AlreadyDone) && all(&[Effect::AlreadyDone, Effect::Nothing]) {
        Proves::Already
    } else if all(&[Effect::Unknown]) {
        Proves::Unknown
    } else if all(&[Effect::Nothing, Effect::NothingRetry]) {
        Proves::Nothing
    } else {
        return Some(format!("writes end in different ways: {of_writes:?}"));
    };
    let retried = all(&[Effect::NothingRetry]);
    let again = match entry.again {
        Again::Yes => retried && of_read == Effect::NothingRetry,
        Again::Later => !retried,
        Again::No => !retried && of_read != Effect::NothingRetry,
    };
    let wrong_class = (entry.proves != proves).then(|| format!("proves {:?}, and the codec {proves:?}", entry.proves));
    wrong_class
        .or_else(|| (!again).then(|| format!("again {:?}, and the codec {of_writes:?}, {of_read:?}", entry.again)))
}

#[test]
fn sentences_and_codecs_agree_on_trying_again_and_on_the_outcome() {
    let errors = errors();
    let mut broken = Vec::new();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        for row in listed(id) {
            let generation = row.api.as_deref().and_then(|api| cloud.generation(api));
            let response = answer(id, &row.code, row.number, row.api.as_deref());
            let (of_writes, of_read) = judged(generation.unwrap_or(*cloud), row.api.as_deref(), &response);
            let Some(entry) = entry(&errors, id, &row.code, Some(row.number)) else { continue };
            let wrong = disagreement(entry, &of_writes, of_read);
            broken.extend(wrong.map(|wrong| format!("{id}: {} {}: {wrong}", row.code, row.number)));
        }
    }
    none(&broken);
}

/// Every table of a file: its codes and its sentences.
fn tables(text: &str) -> Vec<(Vec<String>, toml::Table)> {
    let file: toml::Table = text.parse().unwrap();
    let codes = |name: &str, table: &toml::Table| {
        let also = table.get("also").and_then(toml::Value::as_array).into_iter().flatten();
        let also = also.map(|code| code.as_str().unwrap().to_owned());
        [name.to_owned()].into_iter().chain(also).collect()
    };
    file.iter()
        .map(|(name, table)| (codes(name, table.as_table().unwrap()), table.as_table().unwrap().clone()))
        .collect()
}

/// What a family says has to hold for a code of it that no file names.
#[test]
fn families_agree_with_the_codecs() {
    let errors = errors();
    let mut broken = Vec::new();
    let mut seen = 0;
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        for (codes, _) in tables(cloud.descriptor().errors) {
            for family in codes.iter().filter(|code| code.contains('*')) {
                let code = family.replace('*', "Zzz");
                let (of_writes, of_read) = judged(*cloud, None, &answer(id, &code, 400, None));
                let entry = entry(&errors, id, &code, Some(400)).unwrap_or_else(|| panic!("{id}: {family}"));
                broken.extend(disagreement(entry, &of_writes, of_read).map(|wrong| format!("{id}: {family}: {wrong}")));
                seen += 1;
            }
        }
    }
    none(&broken);
    assert!(seen > 20, "{seen}");
}

#[test]
fn an_answer_without_a_code_proves_nothing_on_any_cloud() {
    let errors = errors();
    let mut broken = Vec::new();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        for status in [401, 403, 404, 405, 407, 408, 413, 429, 500, 502, 503, 504, 520] {
            let headers = vec![("content-type".to_owned(), "text/html".to_owned())];
            let response = WireResponse { status, headers, body: b"<html>no</html>".to_vec() };
            let (of_writes, of_read) = judged(*cloud, None, &response);
            let Known::Code(entry) = errors.find(&CloudId::from(id), None, Some(status)) else { panic!("{status}") };
            broken
                .extend(disagreement(entry, &of_writes, of_read).map(|wrong| format!("{id}: HTTP {status}: {wrong}")));
        }
    }
    none(&broken);
}

#[test]
fn every_code_that_a_rule_predicts_has_its_sentences() {
    let errors = errors();
    let mut seen = [0; 6];
    for cloud in providers::all() {
        let generations = cloud.descriptor().apis.iter().filter_map(|api| cloud.generation(api));
        for codec in generations.chain([*cloud]) {
            let capabilities = codec.descriptor().capabilities;
            let tables = writes().into_iter().map(|kind| capabilities.rules_of(&kind));
            for (table, rules) in tables.enumerate() {
                for code in rules.iter().filter_map(|rule| rule.code) {
                    let id = codec.descriptor().id;
                    let entry = entry(&errors, id, code, None).unwrap_or_else(|| panic!("{id}: {code}"));
                    for language in [Language::English, Language::Chinese] {
                        // There is no call yet that could be named.
                        assert!(!entry.text(language).means.contains('{'), "{id}: {code}");
                    }
                    seen[table] += 1;
                }
            }
        }
    }
    assert!(seen.iter().all(|&codes| codes > 5), "each kind of write has its own: {seen:?}");
}

/// The files of a cloud's folder that are part of the program: (path, text).
fn sources(cloud: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![top().join("src/providers").join(cloud)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(top()).unwrap().display().to_string();
            if name.contains("tests") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            found.push((name, text.split("#[cfg(test)]").next().unwrap().to_owned()));
        }
    }
    found
}

fn captures(pattern: &str, text: &str) -> Vec<String> {
    Regex::new(pattern).unwrap().captures_iter(text).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_code_of_the_simulator_has_its_sentences() {
    let errors = errors();
    let mut broken = BTreeSet::new();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        let mut codes = BTreeSet::new();
        for (path, text) in sources(id).iter().filter(|(path, _)| path.contains("/dialect")) {
            codes.extend(captures(
                r#"(?:(?:Refusal|Failure|Self)::(?:of|with|new)|refuse)\(\s*(?:\d+,\s*)?"([A-Za-z0-9_.]+)""#,
                text,
            ));
            codes.extend(captures(r#"\(\d{4}, "([A-Za-z.]+)""#, text));
            if path.ends_with("codes.rs") {
                // Behind it are statuses for a few calls, by name.
                let table = text.split("const EXCEPTIONS").next().unwrap();
                codes.extend(captures(r#"\(\s*"([A-Z][A-Za-z0-9_.]+)","#, table));
                codes.extend(captures(r#"=> "([A-Z][A-Za-z]+)""#, table));
            }
            let shouted =
                r#""((?:AUTHFAILURE|INTERNAL|INVALID|MISSING|OPERATION|REQUEST|SECURITY|SERVICE)_[A-Z0-9_]+)""#;
            codes.extend(captures(shouted, text));
        }
        // A state of an instance, not a code.
        codes.retain(|code| !code.ends_with("SERVICE_LIVE_MIGRATE"));
        assert!(codes.len() > 25, "{id}: only {codes:?}");
        broken.extend(
            codes.iter().filter(|code| entry(&errors, id, code, None).is_none()).map(|code| format!("{id}: {code}")),
        );
    }
    none(&broken.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_code_that_a_codec_decides_has_its_sentences() {
    let errors = errors();
    let heads = Regex::new(r"\n(?:pub(?:\(super\))? )?fn ").unwrap();
    let prefixes = Regex::new(r#"(starts_with|ends_with|contains|header)\("[^"]*"\)"#).unwrap();
    let mut broken = BTreeSet::new();
    for cloud in providers::all() {
        let id = cloud.descriptor().id;
        let mut codes = BTreeSet::new();
        for (_, text) in sources(id).iter().filter(|(path, _)| path.ends_with("faults.rs")) {
            for part in heads.split(text).filter(|part| part.starts_with("by_")) {
                codes.extend(captures(r#""([A-Za-z][A-Za-z0-9_.]{5,})""#, &prefixes.replace_all(part, "")));
            }
        }
        assert!(codes.len() > 25, "{id}: only {codes:?}");
        // A name may stand for a family.
        let known = |code: &str| {
            entry(&errors, id, code, None).is_some() || entry(&errors, id, &format!("{code}.Zzz"), None).is_some()
        };
        broken.extend(codes.iter().filter(|code| !known(code)).map(|code| format!("{id}: {code}")));
    }
    none(&broken.into_iter().collect::<Vec<_>>());
}

/// Sentences go into lines behind a colon, into terminals without Chinese, and keep to the program's words.
#[test]
fn sentences_are_plain_and_keep_to_one_word_for_an_act() {
    let common = fs::read_to_string(top().join("assets/errors/common.toml")).unwrap();
    let files = providers::errors().map(|(id, text)| (id, text.to_owned())).chain([("common", common)]);
    let mut broken = Vec::new();
    for (file, text) in files {
        for (codes, table) in tables(&text) {
            let said = |language: &str, part: &str| table[language][part].as_str().unwrap().to_owned();
            let mut must = |holds: bool, what: &str| {
                if !holds {
                    broken.push(format!("{file}: {}: {what}", codes[0]));
                }
            };
            let english = [said("en", "means"), said("en", "do")];
            let chinese = [said("zh-CN", "means"), said("zh-CN", "do")];
            let plain = |text: &String| text.bytes().all(|b| (0x20..0x7f).contains(&b)) && text.len() > 6;
            must(english.iter().all(plain), "plain English");
            must(!english[0].ends_with('.') && english[1].ends_with('.'), "full stops");
            must(!chinese[0].ends_with('。') && chinese[1].ends_with('。'), "Chinese full stops");
            must(chinese.iter().all(|text| text.chars().any(|c| ('\u{4e00}'..'\u{9fff}').contains(&c))), "Chinese");
            for text in english.iter().chain(&chinese) {
                must(!text.replace("{action}", "").replace("{permission}", "").contains(['{', '}']), "placeholders");
                must(!["回收站"].iter().any(|word| text.replace(word, "").contains("回收")), "释放");
                must(
                    !["退还", "拔出", "分离", "解除", "unassign", "unplug"].iter().any(|word| text.contains(word)),
                    "act",
                );
                let unbound = text.contains("unb") || text.contains("解绑");
                must(!unbound || text.contains("EIP"), "only an EIP is unbound");
            }
        }
    }
    none(&broken);
}
