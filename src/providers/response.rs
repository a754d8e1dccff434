//! What an answer tells outside of its vendor's body, and what may be concluded where there is none.

use super::{http::Lost, provider::Call};
use crate::{
    domain::{
        fault::{Effect, Fault, FaultKind},
        time::Timestamp,
    },
    wire::{self, WireResponse},
};

/// A redirect is no answer of an API, and is never followed with a signature.
pub(super) fn redirected(call: &Call, action: &str, response: &WireResponse) -> Fault {
    let effect = if call.is_write() { Effect::Unknown } else { Effect::Nothing };
    let fault = Fault::local(FaultKind::Redirect, action, "");
    Fault { effect, http_status: Some(response.status), ..fault }
}

/// The id that an answer's headers tell, by the names that the cloud has for it.
pub(super) fn request_id(headers: &[(String, String)], names: &[&str]) -> Option<String> {
    let told = names.iter().filter_map(|name| wire::header(headers, name));
    told.map(str::trim).find(|id| !id.is_empty()).map(str::to_owned)
}

/// What may be concluded where there is no whole answer: only a request that never left surely did nothing.
pub(super) fn unanswered(call: &Call, action: &str, lost: &Lost) -> Fault {
    let effect = match lost.kind {
        FaultKind::Local => Effect::Nothing,
        FaultKind::Unreachable => Effect::NothingRetry,
        _ if call.is_write() => Effect::Unknown,
        FaultKind::Garbage => Effect::Nothing,
        _ => Effect::NothingRetry,
    };
    let fault = Fault::local(lost.kind, action, lost.message.as_str());
    Fault { effect, http_status: lost.status, ..fault }
}

/// Seconds, or a date.
pub(super) fn retry_after(response: &WireResponse, now: Timestamp) -> Option<u64> {
    let wish = response.header("retry-after")?.trim();
    if let Ok(seconds) = wish.parse::<u64>() {
        return seconds.checked_mul(1000);
    }
    // Against the server's own clock, where it tells it.
    let now = server_time(response).unwrap_or(now.seconds());
    u64::try_from(http_date(wish)? - now).ok()?.checked_mul(1000)
}

/// The server's clock in seconds since the UNIX epoch.
pub(super) fn server_time(response: &WireResponse) -> Option<i64> {
    http_date(response.header("date")?)
}

fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::parse(text.trim()).ok().map(|date| date.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        page::{Listing, Resource},
        plan::OperationKind,
    };

    fn response(headers: &[(&str, &str)]) -> WireResponse {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        WireResponse { status: 429, headers, body: vec![] }
    }

    #[test]
    fn a_wish_to_wait_is_read_in_seconds_and_as_a_date() {
        let now = Timestamp(784_111_777_000);
        assert_eq!(retry_after(&response(&[("retry-after", "7")]), now), Some(7000));
        assert_eq!(retry_after(&response(&[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")]), now), Some(10_000));
        // The server's clock is an hour ahead of ours: its own date counts.
        let ahead = [("retry-after", "Sun, 06 Nov 1994 09:49:47 GMT"), ("date", "Sun, 06 Nov 1994 09:49:37 GMT")];
        assert_eq!(retry_after(&response(&ahead), now), Some(10_000));
        for odd in ["", "soon", "-1", "Sun, 06 Nov 1994 08:49:07 GMT", "99999999999999999999"] {
            assert_eq!(retry_after(&response(&[("retry-after", odd)]), now), None, "{odd}");
        }
        assert_eq!(retry_after(&response(&[]), now), None);
    }

    #[test]
    fn only_a_request_that_never_left_did_surely_nothing() {
        let read = Call::List(Listing::all(Resource::Nics, None));
        let write = Call::write("r".into(), OperationKind::Detach { nic: "12".into(), instance: "11".into() });
        for (kind, of_read, of_write) in [
            (FaultKind::Unreachable, Effect::NothingRetry, Effect::NothingRetry),
            (FaultKind::Local, Effect::Nothing, Effect::Nothing),
            (FaultKind::Timeout, Effect::NothingRetry, Effect::Unknown),
            (FaultKind::Reset, Effect::NothingRetry, Effect::Unknown),
            (FaultKind::Garbage, Effect::Nothing, Effect::Unknown),
        ] {
            let lost = Lost { kind, status: None, headers: vec![], message: String::new() };
            assert_eq!(unanswered(&read, "A", &lost).effect, of_read, "{kind:?}");
            assert_eq!(unanswered(&write, "A", &lost).effect, of_write, "{kind:?}");
        }
    }
}
