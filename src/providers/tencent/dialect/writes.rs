//! Calls of API 3.0 that change NICs: how they are read, and their words for a refusal.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sim::world::World;

use super::{
    Answer, Call,
    act::{self, At, MOST_ADDRESSES, Why},
    codes::Refusal,
    members,
    params::{self, well_formed},
};

/// Members of an address that the vendor's type has besides the address.
const OTHER_MEMBERS: &[&str] =
    &["Primary", "PublicIpAddress", "AddressId", "Description", "IsWanIpBlocked", "State", "QosLevel"];

fn refusal(why: Why) -> Refusal {
    let (code, text) = match why {
        Why::NicNotFound => ("ResourceNotFound", "The network interface does not exist."),
        Why::InstanceNotFound => ("ResourceNotFound", "The instance does not exist."),
        Why::PrimaryAddress => ("UnsupportedOperation", "The primary address can not be released."),
        Why::PrimaryNic => ("UnsupportedOperation", "A primary network interface can be neither detached nor deleted."),
        Why::Managed => ("UnsupportedOperation", "The network interface belongs to another product."),
        Why::AddressNotThere => ("UnsupportedOperation.AttachmentNotFound", "The address is not on the interface."),
        Why::NotAttached => ("UnsupportedOperation.InvalidState", "The interface is not attached to that instance."),
        Why::WrongState => ("UnsupportedOperation.InvalidState", "The interface's state does not allow it."),
        Why::AlreadyAttached => ("UnsupportedOperation.AttachmentAlreadyExists", "The interface is attached already."),
        Why::StillAttached => ("ResourceInUse", "The interface is attached to an instance."),
        Why::Busy => return Refusal::of("UnsupportedOperation.MutexOperationTaskRunning"),
        Why::Havip => return Refusal::of("UnsupportedOperation.InstanceAssociateHavip"),
        Why::PowerState => return Refusal::of("UnsupportedOperation.ResourceIsInvalidState"),
        Why::OtherVpc => return Refusal::of("UnsupportedOperation.VpcMismatch"),
        Why::OtherZone => return Refusal::of("UnsupportedOperation.ZoneMismatch"),
        Why::AddressTaken => ("ResourceInUse", "The address is taken."),
        Why::OutOfRange => ("InvalidParameterValue.Range", "The address is not in the interface's subnet."),
        Why::NoAddressLeft => return Refusal::of("ResourceInsufficient.Subnet"),
        Why::Quota => return Refusal::of("LimitExceeded"),
        Why::Stated(code) => return Refusal::of(&code),
    };
    Refusal::with(code, text)
}

fn malformed(what: &str) -> Refusal {
    Refusal::with("InvalidParameterValue.Malformed", format!("The value `{what}` is malformed."))
}

/// An id of the form that the vendor's have, or one that the world knows.
fn id<'c>(call: &'c Call, name: &str, prefix: &str, known: impl Fn(&str) -> bool) -> Result<&'c str, Refusal> {
    let id = call.params.required(name)?;
    if known(id) || well_formed(id, prefix) { Ok(id) } else { Err(malformed(id)) }
}

fn nic<'c>(world: &World, call: &'c Call) -> Result<&'c str, Refusal> {
    id(call, "NetworkInterfaceId", "eni-", |id| world.nic(id).is_some())
}

fn instance<'c>(world: &World, call: &'c Call) -> Result<&'c str, Refusal> {
    id(call, "InstanceId", "ins-", |id| world.instance(id).is_some())
}

fn at<'c>(world: &World, call: &'c Call) -> Result<At<'c>, Refusal> {
    call.region(world)?;
    let region = call.region.unwrap_or_default();
    Ok(At { action: call.action, region, task: call.request_id, now: call.now })
}

/// The addresses that a call names.
fn named(call: &Call) -> Result<Vec<std::net::IpAddr>, Refusal> {
    let texts = call.params.members_of("PrivateIpAddresses", "PrivateIpAddress", OTHER_MEMBERS)?.unwrap_or_default();
    if texts.len() > MOST_ADDRESSES {
        return Err(Refusal::with("InvalidParameterValue.LimitExceeded", "A call names at most 10 addresses."));
    }
    let ips = params::addresses(&texts).ok_or_else(|| malformed(&texts.join(", ")))?;
    if ips.iter().collect::<BTreeSet<_>>().len() < ips.len() {
        return Err(Refusal::of("InvalidParameterValue.DuplicatePara"));
    }
    Ok(ips)
}

/// Vendor: at most 64 ASCII characters. A second call with a token changes nothing: refused while the first one's task runs, and
/// when it asks for something else.
fn repeated(world: &mut World, call: &Call, asked: &str) -> Result<bool, Refusal> {
    let Some(token) = call.params.text("ClientToken")?.filter(|token| !token.is_empty()) else { return Ok(false) };
    if token.len() > 64 || !token.is_ascii() {
        return Err(malformed(token));
    }
    match world.tokens.get(token) {
        None => {
            world.tokens.insert(token.to_owned(), (asked.to_owned(), call.request_id.to_owned()));
            Ok(false)
        }
        Some((before, _)) if before != asked => Err(Refusal::of("UnsupportedOperation.IdempotentParameterMismatch")),
        Some((_, task)) if world.tasks.get(task).is_some_and(|task| task.due > call.now) => {
            Err(Refusal::of("UnsupportedOperation.IdempotentProcessing"))
        }
        Some(_) => Ok(true),
    }
}

/// A token of a call that was refused was never used.
fn forget(world: &mut World, call: &Call, why: Why) -> Refusal {
    if let Ok(Some(token)) = call.params.text("ClientToken") {
        world.tokens.remove(token);
    }
    refusal(why)
}

pub(super) fn unassign(world: &mut World, call: &Call) -> Answer {
    let (at, nic) = (at(world, call)?, nic(world, call)?);
    if !call.params.has("PrivateIpAddresses") {
        return Err(Refusal::missing("PrivateIpAddresses"));
    }
    let ips = named(call)?;
    if ips.is_empty() {
        return Err(malformed("PrivateIpAddresses"));
    }
    let instance = call.params.text("InstanceId")?.filter(|id| !id.is_empty());
    act::release(world, at, nic, &ips, instance).map_err(refusal)?;
    Ok(members([]))
}

pub(super) fn assign(world: &mut World, call: &Call) -> Answer {
    let (at, nic) = (at(world, call)?, nic(world, call)?);
    let ips = named(call)?;
    let more = call.params.number("SecondaryPrivateIpAddressCount")?.unwrap_or(0);
    let more = usize::try_from(more).map_err(|_| Refusal::of("InvalidParameterValue.Range"))?;
    if ips.is_empty() && more == 0 {
        return Err(Refusal::missing("PrivateIpAddresses"));
    }
    let asked = format!("assign {nic} {ips:?} {more}");
    let set = |ips: &[std::net::IpAddr]| -> Vec<Value> {
        ips.iter()
            .map(|ip| json!({"PrivateIpAddress": ip, "Primary": false, "State": "PENDING", "Description": ""}))
            .collect()
    };
    if repeated(world, call, &asked)? {
        return Ok(members([("PrivateIpAddressSet", json!(set(&ips)))]));
    }
    match act::assign(world, at, nic, &ips, more) {
        Ok(all) => Ok(members([("PrivateIpAddressSet", json!(set(&all)))])),
        Err(why) => Err(forget(world, call, why)),
    }
}

pub(super) fn detach(world: &mut World, call: &Call) -> Answer {
    let (at, nic, instance) = (at(world, call)?, nic(world, call)?, instance(world, call)?);
    if repeated(world, call, &format!("detach {nic} {instance}"))? {
        return Ok(members([]));
    }
    act::detach(world, at, nic, instance).map_err(|why| forget(world, call, why))?;
    Ok(members([]))
}

pub(super) fn attach(world: &mut World, call: &Call) -> Answer {
    let (at, nic, instance) = (at(world, call)?, nic(world, call)?, instance(world, call)?);
    if call.params.number("AttachType")?.is_some_and(|kind| !(0..=1).contains(&kind)) {
        return Err(Refusal::of("InvalidParameterValue.Range"));
    }
    if repeated(world, call, &format!("attach {nic} {instance}"))? {
        return Ok(members([]));
    }
    act::attach(world, at, nic, instance).map_err(|why| forget(world, call, why))?;
    Ok(members([]))
}

pub(super) fn delete(world: &mut World, call: &Call) -> Answer {
    let (at, nic) = (at(world, call)?, nic(world, call)?);
    act::delete(world, at, nic).map_err(refusal)?;
    Ok(members([]))
}
