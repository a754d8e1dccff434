//! Answers that are no pages: what a write, a job, a sign-in and the account's own name are answered with.

use serde_json::Value;

use super::{
    super::{
        encode,
        faults::{self, Told as Error},
        release,
    },
    listed, open,
    wire::{self, Text},
};
use crate::{
    domain::{
        fault::{Fault, FaultKind},
        ids::RegionId,
        odd,
        outcome::Receipt,
        plan::OperationKind,
        time::Timestamp,
    },
    providers::{
        profile::Credential,
        provider::{Call, Session, TaskState},
    },
    wire::WireResponse,
};

/// A write's answer. 204 and Nova's 202 have no body.
pub(super) fn taken(call: &Call, response: &WireResponse) -> Result<Receipt, Fault> {
    let header = faults::header_id(response);
    if response.body.iter().all(u8::is_ascii_whitespace) {
        let bodiless = matches!(response.status, 202 | 204);
        return if bodiless {
            Ok(Receipt { request_id: header, task: None })
        } else {
            Err(faults::garbage(call, response, odd::NO_BODY))
        };
    }
    let body: Value = open(call, response)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let wanted: &[&str] = match call {
        Call::Write { kind: OperationKind::Detach { .. } | OperationKind::Attach { .. }, .. } => &["job_id"],
        _ => &["port_id", "port", "publicip"],
    };
    if !wanted.iter().any(|name| body.get(name).is_some()) {
        return Err(faults::garbage(call, response, &odd::missing(wanted.join(", "))));
    }
    if let Some(what) = another_list(call, &body) {
        return Err(Fault { message: what.to_owned(), ..faults::garbage(call, response, what) });
    }
    Ok(Receipt { request_id: header.or_else(|| text("request_id")), task: text("job_id") })
}

/// What is wrong where a port's new state is not what was written. Vendor: `UpdatePort` answers it whole, replaces the list whole, and
/// has no version to compare: nothing else tells that another writer was in between, or that it did nothing.
fn another_list(call: &Call, body: &Value) -> Option<&'static str> {
    let Call::Write { step, .. } = call else { return None };
    let (id, sent) = release::read_carry(step.carry.as_deref()?)?;
    let port = &body["port"];
    if port["id"].as_str().is_some_and(|told| told != id) {
        return Some(odd::NOT_WHAT_WAS_ASKED);
    }
    let none = Vec::new();
    let sent = sent.as_array().unwrap_or(&none);
    let mut now: Vec<&Value> = port["allowed_address_pairs"].as_array().unwrap_or(&none).iter().collect();
    let text = |pair: &Value, name: &str| pair[name].as_str().unwrap_or_default().to_ascii_lowercase();
    // Where none was sent the service puts the port's own.
    let same = |sent: &Value, now: &Value| {
        let mac = text(sent, "mac_address");
        text(sent, "ip_address") == text(now, "ip_address") && (mac.is_empty() || mac == text(now, "mac_address"))
    };
    let all = sent.iter().all(|sent| match now.iter().position(|now| same(sent, now)) {
        Some(at) => {
            now.swap_remove(at);
            true
        }
        None => false,
    });
    (!all || !now.is_empty()).then_some(odd::NOT_WHAT_WAS_WRITTEN)
}

/// Vendor: a job that failed is status 200; with several NICs each part has its own end.
pub(super) fn job(call: &Call, response: &WireResponse) -> Result<TaskState, Fault> {
    let body: wire::Job = open(call, response)?;
    let Some(status) = body.status.some() else {
        let raw: Option<Value> = serde_json::from_slice(&response.body).ok();
        return Err(match raw.as_ref().and_then(Error::read) {
            Some(told) => faults::fault(call, response, Some(told)),
            None => faults::garbage(call, response, &odd::missing("status")),
        });
    };
    let failed = body.entities.parts.iter().find(|part| part.status.is("FAIL"));
    if status.eq_ignore_ascii_case("FAIL") || (status.eq_ignore_ascii_case("SUCCESS") && failed.is_some()) {
        let codes = [Some(&body.code), failed.map(|part| &part.code)];
        let reasons = [
            Some(&body.reason),
            failed.map(|part| &part.reason),
            failed.map(|part| &part.entities.message),
            Some(&body.entities.message),
        ];
        let first = |texts: &[Option<&Text>]| {
            texts.iter().flatten().find_map(|text| text.some()).unwrap_or_default().to_owned()
        };
        let fault = faults::task_failure(call, response, &first(&codes), &first(&reasons));
        return Ok(TaskState::Failed(Box::new(fault)));
    }
    Ok(match status {
        "SUCCESS" => TaskState::Done,
        // INIT, RUNNING, and words of tomorrow: asked again.
        _ => TaskState::Running,
    })
}

/// A token with its project, or only the project of the region.
pub(super) fn session(call: &Call, region: &RegionId, response: &WireResponse) -> Result<Session, Fault> {
    if let Some(token) = response.header("x-subject-token").map(str::trim).filter(|token| !token.is_empty()) {
        let body: wire::Tokens = open(call, response)?;
        let told = body.token.ok_or_else(|| faults::garbage(call, response, &odd::missing("token")))?;
        let ends: Option<jiff::Timestamp> = told.expires_at.as_str().parse().ok();
        let ends = ends.ok_or_else(|| faults::garbage(call, response, &odd::missing("expires_at")))?;
        return Ok(Session {
            project_id: told.project.id.some().map(str::to_owned),
            credential: Some(Credential::Bearer(token.into())),
            expires_at: Some(Timestamp(ends.as_millisecond())),
            account: told.project.domain.id.some().map(str::to_owned),
        });
    }
    let list = open::<wire::Projects>(call, response)?.projects;
    let projects = listed(call, response, list, "projects")?;
    let mut own = projects.iter().filter(|project| project.name.is(region.as_str()) && !project.enabled.is("false"));
    let missing = |message: String| Fault {
        request_id: faults::header_id(response),
        http_status: Some(response.status),
        ..Fault::local(FaultKind::NotFound, encode::action(call), message)
    };
    let first = own.next();
    match (first.and_then(|project| project.id.some()), own.next()) {
        (Some(id), None) => {
            let account = first.and_then(|project| project.account.some()).map(str::to_owned);
            Ok(Session { project_id: Some(id.to_owned()), account, ..Session::default() })
        }
        (Some(_), Some(_)) => Err(missing(odd::about(odd::SEVERAL_PROJECTS, region))),
        (None, _) => Err(missing(odd::about(odd::NO_PROJECT, region))),
    }
}

/// Vendor: the accounts that the user may see; a user belongs to one.
pub(super) fn account(call: &Call, response: &WireResponse) -> Result<String, Fault> {
    let list = open::<wire::Domains>(call, response)?.domains;
    let domains = listed(call, response, list, "domains")?;
    match domains.as_slice() {
        [domain] => {
            domain.id.some().map(str::to_owned).ok_or_else(|| faults::garbage(call, response, &odd::missing("id")))
        }
        domains => Err(faults::garbage(call, response, &odd::about(odd::MANY_ACCOUNTS, domains.len()))),
    }
}
