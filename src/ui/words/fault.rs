//! What went wrong, and what to do about it.

use std::borrow::Cow;

use crate::{
    app::notices::Phrase,
    domain::{
        fault::{Effect, FOUND_LATER, Fault, FaultKind},
        ids::CloudId,
        odd,
    },
};

use super::{
    super::{
        catalog::{Catalog, fill},
        errors::{Again, Entry, Known, Proves},
    },
    duration,
};

/// A vendor who wishes to be left alone for so many milliseconds is told of by that: reads are given up.
const LONG_WISH_MS: u64 = 60_000;

/// What went wrong, in a few words: those for the cloud's own code, where there are any.
pub fn fault_what<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &'a Fault) -> Cow<'a, str> {
    let what = match known(words, cloud, fault) {
        Known::Code(entry) => code_text(&entry.text(words.language).means, &fault.action, fault.permission.as_deref()),
        Known::Stranger if fault.message.is_empty() => Cow::Borrowed(words.word("code.unknown-silent")),
        Known::Stranger => words.text("code.unknown", &[("message", &fault.message)]),
        Known::Nothing => fault_text(words, fault, "what"),
    };
    if fault.partly { words.text("code.partly", &[("what", &what)]) } else { what }
}

/// What to do about it. `write`: it is the answer to a write.
pub fn fault_next<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &'a Fault, write: bool) -> Cow<'a, str> {
    match (known(words, cloud, fault), &fault.request_id) {
        // What the file says is about a write that may have been done: there is nothing to read back after a read.
        (Known::Code(entry), _) if !write && entry.proves == Proves::Unknown => fault_text(words, fault, "next"),
        (Known::Code(entry), _) => {
            code_text(&entry.text(words.language).next, &fault.action, fault.permission.as_deref())
        }
        (Known::Stranger, Some(id)) => words.text("code.unknown-next", &[("request", id)]),
        (Known::Stranger, None) => Cow::Borrowed(words.word("code.unknown-next-without-id")),
        // It says that nothing was sent.
        (Known::Nothing, _) if fault.kind == FaultKind::Local && fault.effect == Effect::Unknown => {
            Cow::Borrowed(words.word("next.unknown"))
        }
        (Known::Nothing, _) => fault_text(words, fault, "next"),
    }
}

/// What a fault means and what to do, where there is no screen; nothing for one whose message says it already.
pub fn fault_advice(words: &Catalog, cloud: &CloudId, fault: &Fault) -> Option<String> {
    let what = match known(words, Some(cloud), fault) {
        Known::Code(_) => fault_what(words, Some(cloud), fault),
        // The message stands in front of it already.
        Known::Stranger => Cow::Borrowed(words.word("code.unknown-short")),
        Known::Nothing => {
            return Some(match fault.kind {
                FaultKind::Unreachable => words.text("doctor.next-reach", &[("message", &fault.message)]).into_owned(),
                FaultKind::Garbage | FaultKind::Redirect => words.word("doctor.next-proxy").to_owned(),
                FaultKind::Timeout | FaultKind::Reset | FaultKind::Server => words.word("doctor.next-later").to_owned(),
                _ => return None,
            });
        }
    };
    let next = fault_next(words, Some(cloud), fault, false);
    Some(words.text("list.advice", &[("what", &what), ("next", &next)]).into_owned())
}

/// Milliseconds for which the vendor wants no such call, where nobody waits for so long without a word.
fn long_wish(fault: &Fault) -> Option<u64> {
    fault.retry_after_ms.filter(|wait| fault.kind == FaultKind::Throttled && *wait >= LONG_WISH_MS)
}

/// What the files say about a fault. A clock's difference that was measured says more than the code for it, and so does how long the
/// vendor wishes to be left alone.
pub fn known<'a>(words: &'a Catalog, cloud: Option<&CloudId>, fault: &Fault) -> Known<'a> {
    let measured = fault.kind == FaultKind::Clock && fault.clock_skew_s.is_some();
    match cloud.filter(|_| !measured && long_wish(fault).is_none()) {
        Some(cloud) => words.errors.find(cloud, fault.code.as_deref(), fault.http_status),
        None => Known::Nothing,
    }
}

/// A sentence about a code, with the call it was an answer to, and what has to be granted for that where it is known.
pub fn code_text<'a>(text: &'a str, action: &str, permission: Option<&str>) -> Cow<'a, str> {
    fill(text, |name| match name {
        "action" => Some(action),
        "permission" => Some(permission.unwrap_or(action)),
        _ => None,
    })
}

/// Whether trying again helps; for a write also what is proven about it.
pub fn again(words: &Catalog, entry: &Entry, write: Option<Proves>) -> String {
    let again = words.word(match entry.again {
        Again::Yes => "code.again-yes",
        Again::Later => "code.again-later",
        Again::No => "code.again-no",
    });
    let proves = write.map(|proves| match proves {
        Proves::Nothing => words.word("code.proves-nothing"),
        Proves::Already => words.word("code.proves-already"),
        Proves::Unknown => words.word("code.proves-unknown"),
    });
    match proves {
        Some(proves) => words.text("code.again-and", &[("again", again), ("proves", proves)]).into_owned(),
        None => again.to_owned(),
    }
}

/// What went wrong, for a kind alone.
pub fn fault_word(words: &Catalog, kind: FaultKind) -> String {
    words.text(&format!("fault.{}.word", kind.name()), &[]).into_owned()
}

/// What was begun and not ended was not refused, nor was what reading found not to be done.
fn fault_kind_of(fault: &Fault) -> &'static str {
    match fault.kind {
        FaultKind::Local if fault.partly => "cut",
        FaultKind::Local if fault.message == FOUND_LATER => "found",
        kind => kind.name(),
    }
}

fn fault_text<'a>(words: &'a Catalog, fault: &Fault, part: &str) -> Cow<'a, str> {
    let mut key = format!("fault.{}.{part}", fault_kind_of(fault));
    // A request id that never came can be given to nobody.
    if fault.request_id.is_none() {
        let without = format!("{key}-without-id");
        key = if words.find(&without).is_some() { without } else { key };
    }
    // Longer than anybody waits for it here.
    let wait = long_wish(fault);
    if wait.is_some() {
        key.push_str("-for-long");
    }
    let elapsed = duration(fault.elapsed_ms);
    let skew = fault.clock_skew_s.map(|s| s.abs().to_string());
    let values = [
        ("elapsed", elapsed.as_str()),
        ("wait", &wait.map(duration).unwrap_or_default()),
        ("action", fault.action.as_str()),
        ("permission", fault.permission.as_deref().unwrap_or(&fault.action)),
        ("skew", skew.as_deref().unwrap_or("?")),
        ("message", &fault_message(words, fault)),
    ];
    Cow::Owned(words.text(&key, &values).into_owned())
}

/// What the vendor said, or in this program's own words what it refused itself.
pub fn fault_message<'f>(words: &'f Catalog, fault: &'f Fault) -> Cow<'f, str> {
    if let Some(why) = &fault.keys {
        return Cow::Owned(words.phrase(&Phrase::from(&**why).with("place", "")));
    }
    if fault.code.is_some() {
        return Cow::Borrowed(&fault.message);
    }
    if let Some((before, word, what)) = odd::read(&fault.message) {
        let said = words.text(&format!("odd.{word}"), &[("what", what)]).into_owned();
        let before = if before == odd::NO_CONTENT_TYPE { words.word("odd.no-content-type") } else { before };
        return Cow::Owned(if before.is_empty() { said } else { format!("{before}: {said}") });
    }
    Cow::Borrowed(words.find(&format!("local.{}", fault.message)).unwrap_or(&fault.message))
}

/// The vendor's code, or where there is none the HTTP status or what went wrong.
pub fn fault_code<'f>(words: &Catalog, fault: &'f Fault) -> Cow<'f, str> {
    match (&fault.code, fault.http_status) {
        (Some(code), _) => Cow::Borrowed(code.as_str()),
        (None, Some(status)) if status >= 400 => Cow::Owned(format!("HTTP {status}")),
        _ => Cow::Owned(words.text(&format!("fault.{}.word", fault_kind_of(fault)), &[]).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{app::state::Language, ui::catalog::Catalogs};

    #[test]
    fn what_is_wrong_with_an_answer_is_said_in_the_persons_language() {
        let catalogs = Catalogs::embedded().unwrap();
        let said = |message: &str, code: Option<&str>| {
            let fault = Fault { code: code.map(Into::into), ..Fault::local(FaultKind::Garbage, "List", message) };
            [Language::English, Language::Chinese].map(|it| fault_message(catalogs.of(it), &fault).into_owned())
        };
        let missing = format!("application/json: {}", odd::missing("RequestId"));
        assert_eq!(
            said(&missing, None),
            ["application/json: RequestId is missing", "application/json: 缺少 RequestId"]
        );
        let bare = format!("{}: {}", odd::NO_CONTENT_TYPE, odd::NO_ERROR_CODE);
        assert_eq!(said(&bare, None), ["no content type: no error code", "没有内容类型: 没有错误码"]);
        // What a vendor says is left as it is.
        assert_eq!(said(&missing, Some("Broken")), [&missing, &missing].map(String::clone));
        assert_eq!(said("nobody knows", None), ["nobody knows"; 2]);
    }
}
