//! States of the NIC and of its instance, and what the instance can do in them.

use super::*;

#[test]
fn states_are_met_missed_or_strange() {
    use FindingId as F;
    let attached = Condition::NicState { allowed: &[NicState::Attached] };
    let running = RUNNING;
    let running_if_primary = Condition::InstanceState { allowed: &[PowerState::Running], primary_nic_only: true };
    check(&[
        (
            "no word for the state",
            Condition::NicState { allowed: &[NicState::Attached] },
            I,
            Subject::Nic,
            |s| s.nic.status.word = "".into(),
            Some((F::NicStateUnknown, I)),
        ),
        ("NIC in state", attached, B, ADDRESS, NOTHING, None),
        ("NIC moving", attached, B, ADDRESS, |s| s.nic.status.state = NicState::Detaching, Some((F::NicState, B))),
        ("strange state", attached, B, Subject::Nic, |s| s.nic.status.state = NicState::Other, Some((F::NicState, B))),
        ("strange state warns", attached, W, ADDRESS, |s| s.nic.status.state = NicState::Other, Some((F::NicState, U))),
        (
            "strange state informs",
            attached,
            I,
            ADDRESS,
            |s| s.nic.status.state = NicState::Other,
            Some((F::NicState, U)),
        ),
        ("instance runs", running, B, Subject::Nic, NOTHING, None),
        (
            "instance stopped",
            running,
            B,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Stopped)),
            Some((F::InstanceState, B)),
        ),
        (
            "instance in a strange state",
            running,
            W,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Other)),
            Some((F::InstanceState, U)),
        ),
        (
            "instance in a strange state, which informs",
            running,
            I,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Other)),
            Some((F::InstanceState, U)),
        ),
        (
            "strange state of a primary NIC's instance",
            running_if_primary,
            W,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Primary;
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::InstanceState, U)),
        ),
        ("instance unread, which informs", running, I, Subject::Nic, UNREAD_INSTANCE, Some((F::InstanceUnknown, U))),
        ("instance unread", running, B, Subject::Nic, UNREAD_INSTANCE, Some((F::InstanceUnknown, U))),
        (
            "instance hidden by the cloud",
            running,
            B,
            ADDRESS,
            |s| {
                s.nic.instance = None;
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("an instance at rest", Condition::InstanceAtRest, I, ADDRESS, NOTHING, None),
        (
            "an instance that is stopped",
            Condition::InstanceAtRest,
            I,
            ADDRESS,
            |s| s.instance = Some(instance("vm-1", PowerState::Stopped)),
            None,
        ),
        (
            "an instance on its way",
            Condition::InstanceAtRest,
            I,
            ADDRESS,
            |s| s.instance = Some(instance("vm-1", PowerState::Changing)),
            Some((F::InstanceState, I)),
        ),
        (
            "an instance that goes",
            Condition::InstanceAtRest,
            I,
            ADDRESS,
            |s| s.instance = Some(instance("vm-1", PowerState::Gone)),
            Some((F::InstanceState, I)),
        ),
        (
            "an instance in a strange state, which is in nobody's way",
            Condition::InstanceAtRest,
            I,
            ADDRESS,
            |s| s.instance = Some(instance("vm-1", PowerState::Other)),
            Some((F::InstanceState, I)),
        ),
        ("an instance unread, which is in nobody's way", Condition::InstanceAtRest, I, ADDRESS, UNREAD_INSTANCE, None),
        ("free NIC", running, B, ADDRESS, FREE, None),
        (
            "no instance, in a strange state",
            running,
            I,
            ADDRESS,
            |s| {
                FREE(s);
                s.nic.status.state = NicState::Other;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("secondary NIC is not asked", running_if_primary, B, ADDRESS, UNREAD_INSTANCE, None),
        (
            "primary NIC is asked",
            running_if_primary,
            B,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Primary;
                s.instance = Some(instance("vm-1", PowerState::Stopped));
            },
            Some((F::InstanceState, B)),
        ),
        (
            "a kind that is not known may be primary",
            running_if_primary,
            B,
            ADDRESS,
            |s| {
                s.nic.role = NicRole::Other("New".into());
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        (
            "a type that nobody knows, running",
            Condition::TypeHotPlugs,
            I,
            Subject::Nic,
            NOTHING,
            Some((F::HotPlugUnknown, I)),
        ),
        (
            "a type that nobody knows, stopped",
            Condition::TypeHotPlugs,
            I,
            Subject::Nic,
            |s| s.instance = Some(instance("vm-1", PowerState::Stopped)),
            None,
        ),
        ("a type that nobody knows, unread", Condition::TypeHotPlugs, I, Subject::Nic, UNREAD_INSTANCE, None),
        ("hot plug", Condition::HotPlug, B, Subject::Nic, NOTHING, None),
        (
            "no hot plug, running",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| s.nic.hot_plug = Some(false),
            Some((F::HotPlug, B)),
        ),
        (
            "no hot plug, stopped",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = Some(instance("vm-1", PowerState::Stopped));
            },
            None,
        ),
        (
            "hot plug not told",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| s.nic.hot_plug = None,
            Some((F::HotPlugUnknown, U)),
        ),
        (
            "no hot plug, strange state",
            Condition::HotPlug,
            W,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::HotPlug, U)),
        ),
        (
            "hot plug not told, strange state",
            Condition::HotPlug,
            I,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = None;
                s.instance = Some(instance("vm-1", PowerState::Other));
            },
            Some((F::HotPlugUnknown, U)),
        ),
        (
            "no hot plug, instance hidden",
            Condition::HotPlug,
            W,
            ADDRESS,
            |s| {
                s.nic.hot_plug = Some(false);
                s.nic.instance = None;
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        (
            "no hot plug, instance unread",
            Condition::HotPlug,
            B,
            Subject::Nic,
            |s| {
                s.nic.hot_plug = Some(false);
                s.instance = None;
            },
            Some((F::InstanceUnknown, U)),
        ),
        ("agent runs", Condition::GuestAgentRuns, W, Subject::Nic, NOTHING, None),
        (
            "no agent",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().guest_agent = Some(false),
            Some((F::GuestAgent, W)),
        ),
        (
            "agent not told",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().guest_agent = None,
            Some((F::GuestAgentUnknown, U)),
        ),
        (
            "agent of an unread instance",
            Condition::GuestAgentRuns,
            W,
            Subject::Nic,
            UNREAD_INSTANCE,
            Some((F::InstanceUnknown, U)),
        ),
    ]);
}
