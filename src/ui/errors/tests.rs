use super::*;
use crate::{
    domain::fault::{Fault, FaultKind},
    ui::{catalog::Catalogs, words},
};

const FILE: &str = r#"
["Bad.State"]
also = ["Bad.Mood", "Bad.State 404"]
en = { means = "m1", do = "d1" }
zh-CN = { means = "z1", do = "y1" }
again = "later"
proves = "nothing"
["Bad.State 500"]
en = { means = "m2", do = "d2" }
zh-CN = { means = "z2", do = "y2" }
again = "no"
proves = "unknown"
["Bad.*"]
also = ["Invalid*NotFound"]
en = { means = "m3", do = "d3" }
zh-CN = { means = "z3", do = "y3" }
again = "no"
proves = "already"
["Bad.State.*"]
en = { means = "m4", do = "d4" }
zh-CN = { means = "z4", do = "y4" }
again = "yes"
proves = "nothing"
"#;

fn errors() -> Errors {
    Errors::read([("here", FILE)]).unwrap()
}

fn means(code: &str, status: u16) -> Option<String> {
    let cloud = CloudId::from("here");
    match errors().find(&cloud, Some(code), Some(status)) {
        Known::Code(entry) => Some(entry.text(Language::English).means.clone()),
        Known::Stranger => None,
        Known::Nothing => panic!("the cloud has a file"),
    }
}

#[test]
fn the_closest_table_is_taken() {
    for (code, status, wanted) in [
        ("Bad.State", 400, Some("m1")),
        ("Bad.Mood", 400, Some("m1")),
        ("Bad.State", 404, Some("m1")),
        ("Bad.State", 500, Some("m2")),
        ("Bad.State.Deep", 400, Some("m4")),
        ("Bad.Other", 400, Some("m3")),
        ("InvalidThing.NotFound", 404, Some("m3")),
        ("Bad", 400, None),
        ("InvalidNotFoun", 404, None),
        ("bad.state", 400, None),
    ] {
        assert_eq!(means(code, status).as_deref(), wanted, "{code} {status}");
    }
}

#[test]
fn an_answer_without_a_code_is_looked_up_by_its_status() {
    let (errors, cloud) = (errors(), CloudId::from("here"));
    assert!(matches!(errors.find(&cloud, None, Some(502)), Known::Code(entry) if entry.proves == Proves::Unknown));
    assert!(matches!(errors.find(&cloud, None, Some(599)), Known::Code(_)));
    assert_eq!(errors.find(&cloud, Some(""), Some(200)), Known::Nothing);
    assert_eq!(errors.find(&cloud, None, Some(200)), Known::Nothing);
    assert_eq!(errors.find(&cloud, None, None), Known::Nothing);
    assert_eq!(errors.find(&CloudId::from("elsewhere"), Some("Bad.State"), Some(400)), Known::Nothing);
}

#[test]
fn both_languages_come_from_one_table() {
    let errors = errors();
    let Known::Code(entry) = errors.find(&CloudId::from("here"), Some("Bad.Mood"), None) else { panic!("known") };
    let said = [Language::English, Language::Chinese].map(|language| {
        let Text { means, next } = entry.text(language);
        (means.as_str(), next.as_str())
    });
    assert_eq!(said, [("m1", "d1"), ("z1", "y1")]);
    assert_eq!((entry.again, entry.proves), (Again::Later, Proves::Nothing));
}

#[test]
fn a_file_that_lacks_a_sentence_or_says_two_things_is_none() {
    let read = |text: &str| Errors::read([("here", text)]);
    let twice = format!(
        "{FILE}[\"Bad.Luck\"]\nalso = [\"Bad.Mood\"]\nen = {{ means = \"m\", do = \"d\" }}\nzh-CN = {{ means = \"z\", do = \"y\" }}\nagain = \"no\"\nproves = \"nothing\"\n"
    );
    assert_eq!(read(&twice), Err(CatalogError::Twice("Bad.Mood".to_owned())));
    for (from, to) in [("again = \"later\"", ""), ("do = \"d1\"", "done = \"d1\""), ("\"later\"", "\"perhaps\"")] {
        let broken = FILE.replace(from, to);
        assert!(matches!(read(&broken), Err(CatalogError::Toml(_))), "{to}");
    }
}

#[test]
fn a_code_that_no_file_has_still_says_what_to_do() {
    let catalogs = Catalogs::embedded().unwrap().with_errors([("here", FILE)]).unwrap();
    let cloud = CloudId::from("here");
    let bare = Fault { code: Some("New.Code".to_owned()), ..Fault::local(FaultKind::Other, "Act", "") };
    let told = Fault { message: "no luck".to_owned(), request_id: Some("req-9".to_owned()), ..bare.clone() };
    for language in [Language::English, Language::Chinese] {
        let catalog = catalogs.of(language);
        let said = |fault: &Fault| {
            let what = words::fault_what(catalog, Some(&cloud), fault).into_owned();
            (what, words::fault_next(catalog, Some(&cloud), fault, true).into_owned())
        };
        let (what, next) = said(&told);
        assert!(what.contains("nicdeck") && what.contains("no luck") && next.contains("req-9"), "{what} {next}");
        let (what, next) = said(&bare);
        assert!(what.contains("nicdeck") && next.len() > 20 && !next.contains('?'), "{what} {next}");
        let advice = words::fault_advice(catalog, &cloud, &told).unwrap();
        assert!(advice.contains("nicdeck") && advice.contains("req-9"), "{advice}");
    }
}

#[test]
fn a_clock_that_was_measured_says_more_than_its_code() {
    let catalogs = Catalogs::embedded().unwrap().with_errors([("here", FILE)]).unwrap();
    let (words, cloud) = (catalogs.of(Language::English), CloudId::from("here"));
    let coded = Fault { code: Some("Bad.Mood".to_owned()), ..Fault::local(FaultKind::Clock, "Act", "") };
    assert_eq!(words::fault_what(words, Some(&cloud), &coded), "m1");
    assert_eq!(words::fault_next(words, Some(&cloud), &coded, true), "d1");
    assert_eq!(words::fault_advice(words, &cloud, &coded).as_deref(), Some("m1. d1"));
    let measured = Fault { clock_skew_s: Some(-412), ..coded };
    assert!(words::fault_what(words, Some(&cloud), &measured).contains("412"));
    assert_eq!(words::fault_advice(words, &cloud, &Fault::local(FaultKind::Local, "Act", "")), None);
    let lost = words::fault_advice(words, &cloud, &Fault::local(FaultKind::Reset, "Act", "")).unwrap();
    assert!(lost.contains("Try again in a while"), "{lost}");
}

/// After a read there is nothing to read back.
#[test]
fn what_is_said_of_a_write_that_may_have_been_done_is_not_said_of_a_read() {
    let catalogs = Catalogs::embedded().unwrap().with_errors(crate::providers::errors()).unwrap();
    let words = catalogs.of(Language::English);
    let cloud = CloudId::from("aliyun");
    let broken = Fault { code: Some("InternalError".to_owned()), ..Fault::local(FaultKind::Server, "Act", "") };
    let next = |write| words::fault_next(words, Some(&cloud), &broken, write).into_owned();
    assert!(next(true).starts_with("Read it back"), "{}", next(true));
    assert!(!next(false).contains("Read it back") && !next(false).is_empty(), "{}", next(false));
}
