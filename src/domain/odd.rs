//! What is wrong with an answer, or with the way to it: words for the locale. The message of such a fault is `word` or `word=what`,
//! and may begin with the content type: `text/html: no-error-code`.

/// A NIC without any address.
pub const NIC_WITHOUT_ADDRESSES: &str = "nic-without-addresses";
/// A backend without its address.
pub const BACKEND_WITHOUT_ADDRESS: &str = "backend-without-address";
/// A load balancer without its id.
pub const BALANCER_WITHOUT_ID: &str = "balancer-without-id";
/// A port without its id.
pub const PORT_WITHOUT_ID: &str = "port-without-id";
/// An EIP without its id.
pub const EIP_WITHOUT_ID: &str = "eip-without-id";
/// An EIP on a virtual address, without that.
pub const EIP_WITHOUT_ADDRESS: &str = "eip-without-address";
/// An EIP that is bound, without what to.
pub const EIP_WITHOUT_PORT: &str = "eip-without-port";
/// A listener without its targets.
pub const LISTENER_WITHOUT_TARGETS: &str = "listener-without-targets";
/// Something else than what was asked for.
pub const NOT_WHAT_WAS_ASKED: &str = "not-what-was-asked";
/// The new state is not what was written.
pub const NOT_WHAT_WAS_WRITTEN: &str = "not-what-was-written";
/// The next page is the one that was just read.
pub const SAME_PAGE_AGAIN: &str = "same-page-again";
/// The link to the next page does not say where that begins.
pub const LINK_WITHOUT_MARKER: &str = "link-without-marker";
/// A page has fewer rows than the answer itself counts.
pub const SHORT_PAGE: &str = "short-page";
/// A list that is told in part.
pub const SHORT_LIST: &str = "short-list";
/// Neither the list that was asked for nor that it is empty.
pub const NO_LIST: &str = "no-list";
/// An empty list, and no count that says so.
pub const EMPTY_WITHOUT_TOTAL: &str = "empty-without-total";
/// An answer without a body.
pub const NO_BODY: &str = "no-body";
/// An error without a code.
pub const NO_ERROR_CODE: &str = "no-error-code";
/// A status other than the one the API answers with.
pub const STATUS_NOT_200: &str = "status-not-200";
/// A state of a task that the API does not have.
pub const STRANGE_STATUS: &str = "strange-status";
/// More accounts than the one that asks.
pub const MANY_ACCOUNTS: &str = "many-accounts";
/// A sign-in where the API has none.
pub const NO_SESSION_WANTED: &str = "no-session-wanted";
/// Text behind the end of the answer.
pub const TEXT_AFTER_END: &str = "text-after-end";
/// No answer within the time given.
pub const NO_ANSWER_IN_TIME: &str = "no-answer-in-time";
/// An answer larger than is read.
pub const TOO_LARGE: &str = "too-large";
/// The answer lacks what is named.
pub const MISSING: &str = "missing";
/// Several projects have the region's name.
pub const SEVERAL_PROJECTS: &str = "several-projects";
/// No project has the region's name.
pub const NO_PROJECT: &str = "no-project";
/// The HTTP library takes no such request.
pub const REQUEST: &str = "request";
/// The answer does not say what it is.
pub const NO_CONTENT_TYPE: &str = "no-content-type";

/// All of them.
pub const ALL: &[&str] = &[
    NIC_WITHOUT_ADDRESSES,
    BACKEND_WITHOUT_ADDRESS,
    BALANCER_WITHOUT_ID,
    PORT_WITHOUT_ID,
    EIP_WITHOUT_ID,
    EIP_WITHOUT_ADDRESS,
    EIP_WITHOUT_PORT,
    LISTENER_WITHOUT_TARGETS,
    NOT_WHAT_WAS_ASKED,
    NOT_WHAT_WAS_WRITTEN,
    SAME_PAGE_AGAIN,
    LINK_WITHOUT_MARKER,
    SHORT_PAGE,
    SHORT_LIST,
    NO_LIST,
    EMPTY_WITHOUT_TOTAL,
    NO_BODY,
    NO_ERROR_CODE,
    STATUS_NOT_200,
    STRANGE_STATUS,
    MANY_ACCOUNTS,
    NO_SESSION_WANTED,
    TEXT_AFTER_END,
    NO_ANSWER_IN_TIME,
    TOO_LARGE,
    MISSING,
    SEVERAL_PROJECTS,
    NO_PROJECT,
    REQUEST,
    NO_CONTENT_TYPE,
];

/// The word with what it is about.
pub fn about(word: &str, what: impl std::fmt::Display) -> String {
    format!("{word}={what}")
}

/// The answer lacks this.
pub fn missing(what: impl std::fmt::Display) -> String {
    about(MISSING, what)
}

/// What a message begins with, its word, and what that is about; `None` where it is not of this kind.
pub fn read(message: &str) -> Option<(&str, &str, &str)> {
    let split = |text| {
        let (word, what) = str::split_once(text, '=').unwrap_or((text, ""));
        ALL.contains(&word).then_some((word, what))
    };
    let behind = || message.split_once(": ").and_then(|(before, text)| split(text).map(|it| (before, it)));
    let (before, (word, what)) = split(message).map(|it| ("", it)).or_else(behind)?;
    Some((before, word, what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_with_what_is_around_it() {
        assert_eq!(read("no-body"), Some(("", "no-body", "")));
        assert_eq!(read("text/html: missing=RequestId"), Some(("text/html", "missing", "RequestId")));
        assert_eq!(read(&about(STRANGE_STATUS, "a=b: c")), Some(("", "strange-status", "a=b: c")));
        for other in ["", "nothing", "text/html: nothing", "no body", "a: b: no-body", "x=no-body"] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
