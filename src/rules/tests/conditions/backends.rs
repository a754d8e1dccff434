//! Load balancers that send to the address, the NIC or its instance.

use super::*;

#[test]
fn a_balancer_stands_in_the_way_where_it_sends_to() {
    use FindingId as F;
    check(&[
        (
            "balancers not read, where one informs",
            Condition::NotBackend,
            I,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, I)),
        ),
        ("no backend", Condition::NotBackend, B, ADDRESS, NOTHING, None),
        (
            "backend",
            Condition::NotBackend,
            B,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.2")),
            Some((F::LbBackend, B)),
        ),
        (
            "another address is the backend",
            Condition::NotBackend,
            B,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            None,
        ),
        (
            "balancers not read",
            Condition::NotBackend,
            W,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        (
            "detach of a backend",
            Condition::NotBackend,
            B,
            Subject::Nic,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            Some((F::LbBackend, B)),
        ),
        (
            "detach, balancers not read",
            Condition::NotBackend,
            B,
            Subject::Nic,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        ("instance serves nobody", Condition::InstanceNotBackend, W, ADDRESS, NOTHING, None),
        (
            "instance serves through another address",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| s.backends.push(backend("lb", "10.0.0.3")),
            Some((F::LbOnInstance, W)),
        ),
        (
            "instance serves through this address only",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends.push(backend("lb", "10.0.0.2"));
                s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb".into()]);
            },
            None,
        ),
        (
            "instance names a balancer",
            Condition::InstanceNotBackend,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb".into()]),
            Some((F::LbOnInstance, W)),
        ),
        (
            "balancer of the instance through this address and another",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends = vec![backend("lb", "10.0.0.2"), backend("lb", "10.0.0.3")];
                s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb".into()]);
            },
            Some((F::LbOnInstance, W)),
        ),
        (
            "balancer of the instance through another address",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.backends.push(backend("lb", "10.0.0.3"));
                s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb".into()]);
            },
            Some((F::LbOnInstance, W)),
        ),
        (
            "detach, balancers through this NIC only",
            Condition::InstanceNotBackend,
            W,
            Subject::Nic,
            |s| {
                s.backends = vec![backend("lb", "10.0.0.2"), backend("lb", "10.0.0.3")];
                s.instance.as_mut().unwrap().load_balancers = Some(vec!["lb".into()]);
            },
            None,
        ),
        (
            "instance names none, but backends were not read",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| s.backends_known = false,
            Some((F::LbUnknown, U)),
        ),
        (
            "instance does not say whether it names any",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| s.instance.as_mut().unwrap().load_balancers = None,
            Some((F::LbUnknown, U)),
        ),
        (
            "detach, instance does not say whether it names any",
            Condition::InstanceNotBackend,
            W,
            Subject::Nic,
            |s| s.instance.as_mut().unwrap().load_balancers = None,
            Some((F::LbUnknown, U)),
        ),
        (
            "instance does not say, but a backend does",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.instance.as_mut().unwrap().load_balancers = None;
                s.backends.push(backend("lb", "10.0.0.3"));
            },
            Some((F::LbOnInstance, W)),
        ),
        ("instance was not read", Condition::InstanceNotBackend, W, ADDRESS, UNREAD_INSTANCE, Some((F::LbUnknown, U))),
        (
            "instance was not read, but a backend was",
            Condition::InstanceNotBackend,
            W,
            ADDRESS,
            |s| {
                s.instance = None;
                s.backends.push(backend("lb", "10.0.0.3"));
            },
            Some((F::LbOnInstance, W)),
        ),
        ("free NIC serves nobody", Condition::InstanceNotBackend, W, ADDRESS, FREE, None),
    ]);
}
