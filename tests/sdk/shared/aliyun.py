"""What both of Alibaba Cloud's SDKs are asked alike: only how a call is written differs between them."""


def releases_refused(checks, release):
    for what, nic_id, ips, code, status in [
        ("the primary address", "eni-s", ["10.0.8.20"], "InvalidIp.IpUnassigned", 403),
        ("an address that is not there", "eni-s", ["10.0.8.29"], "InvalidIp.IpUnassigned", 403),
        ("a good and a bad address: neither goes", "eni-s", ["10.0.8.21", "10.0.8.29"], "InvalidIp.IpUnassigned", 403),
        ("an address outside the vSwitch", "eni-s", ["192.168.0.1"], "InvalidVSwitchId.IpInvalid", 403),
        ("the same address twice", "eni-s", ["10.0.8.21", "10.0.8.21"], "InvalidIp.IpRepeated", 403),
        ("no address", "eni-s", [], "MissingParameter", 403),
        ("no IP address", "eni-s", ["10.0.8"], "InvalidPrivateIpAddress.Malformed", 403),
        ("an unknown NIC", "eni-gone", ["10.0.8.21"], "InvalidEniId.NotFound", 404),
        ("a NIC that is being attached", "eni-stuck", ["10.0.8.41"], "InvalidOperation.InvalidEniState", 400),
        ("a primary NIC of a starting instance", "eni-boot", ["10.0.8.61"], "InvalidOperation.InvalidEcsState", 400),
        ("a malformed NIC id", "nic", ["10.0.8.21"], "InvalidEniId.Malformed", 400),
        ("a member NIC", "eni-member", ["10.0.8.81"], "InvalidOperation.InvalidEniType", 403),
        ("eleven addresses of a free NIC", "eni-free", [f"10.0.8.{last}" for last in range(31, 42)], "InvalidParameter", 400),
        ("a NIC of a cloud service", "eni-nat", ["10.0.8.51"], "InvalidOperation.EniServiceManaged", 403),
    ]:
        checks.refused(f"release: {what}", lambda nic_id=nic_id, ips=ips: release(nic_id, *ips), code, status)


def detaches_refused(checks, detach):
    for what, nic_id, instance_id, code, status in [
        ("a primary NIC", "eni-p", "i-web", "InvalidOperation.DetachPrimaryEniNotAllowed", 400),
        ("a free NIC", "eni-free", "i-web", "InvalidOperation.InvalidEniState", 400),
        ("from another instance", "eni-s", "i-db", "InvalidParameter.EniNotBelongEcs", 400),
        ("from an unknown instance", "eni-s", "i-gone", "InvalidInstanceId.NotFound", 403),
        ("an unknown NIC", "eni-gone", "i-web", "InvalidEniId.NotFound", 404),
        ("from a starting instance", "eni-boot2", "i-boot", "InvalidOperation.InvalidEcsState", 400),
        ("a malformed NIC id", "nic", "i-web", "InvalidParams.EniId", 400),
        ("from a malformed instance id", "eni-s", "web", "InvalidInstanceID.Malformed", 400),
        ("a NIC of a cloud service", "eni-nat", "i-web", "InvalidOperation.EniServiceManaged", 403),
        ("a trunk with members", "eni-trunk", "i-web", "InvalidOperation.HasMemberEniAttached", 403),
        ("a NIC linked with another", "eni-bond", "i-web", "InvalidOperation.EniLinked", 403),
        ("a NIC that can't be unplugged hot", "eni-rdma", "i-web", "InvalidOperation.EniHotPlugNotSupported", 400),
    ]:
        checks.refused(f"detach: {what}", lambda nic=nic_id, instance=instance_id: detach(nic, instance), code, status)


def released_and_detached(checks, release, detach, seen):
    """`seen`: state, instance and addresses of a NIC."""
    checks.changes("release of two addresses", lambda: release("eni-p", "10.0.8.11", "10.0.8.13"),
                   {"eni-p": ("InUse", "i-web", ["10.0.8.10", "10.0.8.12"])})
    checks.refused("release: once more", lambda: release("eni-p", "10.0.8.11"), "InvalidIp.IpUnassigned", 403)
    checks.changes("release on a free NIC", lambda: release("eni-free", "10.0.8.31"),
                   {"eni-free": ("Available", "", ["10.0.8.30"])})

    addresses = ["10.0.8.20", "10.0.8.21", "10.0.8.22"]
    checks.changes("detach is accepted", lambda: detach("eni-s", "i-web"), {"eni-s": ("Detaching", "i-web", addresses)})
    checks.becomes("detach is done", lambda: seen("eni-s"),
                   ("Detaching", "i-web", addresses), ("Available", "", addresses))
    checks.refused("detach: once more", lambda: detach("eni-s", "i-web"), "InvalidOperation.InvalidEniState", 400)
