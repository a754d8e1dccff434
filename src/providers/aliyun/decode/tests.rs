use super::*;
use crate::{
    domain::{
        address::{Backend, BackendTarget},
        snapshot::NicSnapshot,
        time::Timestamp,
    },
    providers::{aliyun::Cloud, profile::Profile, provider::Provider},
};

fn region() -> RegionId {
    "cn-hangzhou".into()
}

fn all(resource: Resource) -> Listing {
    Listing::all(resource, Some(region()))
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn answer(listing: &Listing, status: u16, body: &str) -> Result<InventoryPage, Fault> {
    let headers = vec![("content-type".to_owned(), "application/json;charset=utf-8".to_owned())];
    let response = WireResponse { status, headers, body: body.as_bytes().to_vec() };
    Cloud.decode(&Call::List(listing.clone()), &response).map(|reply| match reply {
        Reply::Page(page) => page,
        other => panic!("not a page for a read: {other:?}"),
    })
}

fn page(listing: &Listing, body: &str) -> InventoryPage {
    answer(listing, 200, body).unwrap_or_else(|fault| panic!("{fault:?}\n{body}"))
}

fn garbage(listing: &Listing, body: &str) -> String {
    let fault = answer(listing, 200, body).expect_err(body);
    assert_eq!(fault.kind, FaultKind::Garbage, "{fault:?}");
    fault.message
}

/// A NIC's members, with `more` of them after the usual ones.
fn nic_json(more: &str) -> String {
    format!(r#"{{"NetworkInterfaceId":"eni-bp1d","Type":"Secondary","Status":"InUse","ServiceManaged":false{more}}}"#)
}

fn nic_of(more: &str) -> Nic {
    let body = format!(r#"{{"RequestId":"1","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{}]}}}}"#, nic_json(more));
    page(&all(Resource::Nics), &body).nics.remove(0)
}

const NICS: &str = r#"{"RequestId":"7B","NextToken":"AAAAAdDWBF2w6Olxc+cMPjUtUMpaCa3hjTbxWpikFyOaihcA/JSvFWO/sGLK3bh+0Q==",
 "TotalCount":0,"PageNumber":0,"PageSize":0,"NetworkInterfaceSets":{"NetworkInterfaceSet":[
 {"NetworkInterfaceId":"eni-bp1d","NetworkInterfaceName":"web-1 网卡","Type":"Primary","Status":"InUse","InstanceId":"i-bp1h",
  "MacAddress":"00:16:3e:12:34:56","VpcId":"vpc-bp1a","VSwitchId":"vsw-bp1b","ZoneId":"cn-hangzhou-i",
  "SecurityGroupIds":{"SecurityGroupId":["sg-bp1c"]},"PrivateIpAddress":"10.0.8.10","AssociatedPublicIp":{},
  "ServiceManaged":false,"ServiceID":9112345678901234567,"OwnerId":"1234567890","CreationTime":"2024-03-01T08:00:11Z",
  "NetworkInterfaceTrafficMode":"Standard","DeleteOnRelease":true,"Attachment":{},"Description":"primary",
  "PrivateIpSets":{"PrivateIpSet":[
   {"PrivateIpAddress":"10.0.8.11","Primary":false,"AssociatedPublicIp":{"AllocationId":"eip-bp1e","PublicIpAddress":"203.0.113.7"}},
   {"PrivateIpAddress":"10.0.8.10","Primary":true,"AssociatedPublicIp":{}}]},
  "Ipv6Sets":{"Ipv6Set":[{"Ipv6Address":"2001:db8::5"}]},"Tags":{"Tag":[{"TagKey":"team","TagValue":"web"}]}},
 {"NetworkInterfaceId":"eni-bp2","Type":"Secondary","Status":"Available","InstanceId":"","PrivateIpAddress":"10.0.8.20",
  "SecurityGroupIds":{},"PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"10.0.8.20","Primary":true}]},"Ipv6Sets":{},"Tags":{}}]}}"#;

#[test]
fn a_page_of_nics() {
    let listing = all(Resource::Nics);
    let page = page(&listing, NICS);
    let nic = &page.nics[0];
    assert_eq!((nic.id.as_str(), &*nic.name, nic.region.as_str()), ("eni-bp1d", "web-1 网卡", "cn-hangzhou"));
    assert_eq!(
        (nic.role.clone(), &*nic.status.word, nic.status.state),
        (NicRole::Primary, "InUse", NicState::Attached)
    );
    assert_eq!(nic.instance.as_ref().map(InstanceId::as_str), Some("i-bp1h"));
    assert_eq!(nic.mac.as_deref(), Some("00:16:3e:12:34:56"));
    assert_eq!((nic.vpc.as_deref(), nic.subnet.as_deref()), (Some("vpc-bp1a"), Some("vsw-bp1b")));
    assert_eq!((nic.zone.as_deref(), &*nic.security_groups[0]), (Some("cn-hangzhou-i"), "sg-bp1c"));
    let expected = [
        Address { ip: ip("10.0.8.10"), role: AddressRole::Primary },
        Address { ip: ip("10.0.8.11"), role: AddressRole::Secondary },
        Address { ip: ip("2001:db8::5"), role: AddressRole::Ipv6 },
    ];
    assert_eq!(nic.addresses, expected);
    assert_eq!((&nic.managed_by, nic.linked, nic.hot_plug), (&ManagedBy::Nobody, Some(false), Some(true)));
    assert_eq!(
        (&*nic.tags.known().unwrap()[0].0, &*nic.tags.known().unwrap()[0].1, &*nic.description),
        ("team", "web", "primary")
    );

    let spare = &page.nics[1];
    assert_eq!((spare.instance.clone(), spare.status.state), (None, NicState::Free));
    // What this one does not say is not known, in particular not "nobody's".
    assert_eq!((&spare.managed_by, spare.hot_plug, spare.mac.clone()), (&ManagedBy::Unknown, None, None));

    let token = "AAAAAdDWBF2w6Olxc+cMPjUtUMpaCa3hjTbxWpikFyOaihcA/JSvFWO/sGLK3bh+0Q==";
    let next = Listing { cursor: Cursor::Token(token.into()), ..listing };
    assert_eq!(page.next, std::slice::from_ref(&next));
    // A server that hands out the same token for ever is not followed for ever.
    assert!(garbage(&next, NICS).ends_with(odd::SAME_PAGE_AGAIN));
}

#[test]
fn the_end_is_an_empty_token_whatever_the_length() {
    let listing = all(Resource::Nics);
    for end in [r#""NextToken":"","#, r#""NextToken":null,"#, ""] {
        let body = format!(
            r#"{{"RequestId":"1",{end}"TotalCount":900,"NetworkInterfaceSets":{{"NetworkInterfaceSet":[{}]}}}}"#,
            nic_json("")
        );
        assert_eq!(page(&listing, &body).next, [], "{end}");
    }
    // And a short page, even an empty one, is none.
    for resource in [Resource::Nics, Resource::Instances] {
        let empty = r#"{"RequestId":"1","NextToken":"more","Instances":{},"NetworkInterfaceSets":{}}"#;
        assert_eq!(page(&all(resource), empty).next.len(), 1);
        garbage(&all(resource), r#"{"RequestId":"1","TotalCount":0,"NextToken":"more"}"#);
        let second = Listing { cursor: Cursor::Token("second".into()), ..all(resource) };
        garbage(&second, r#"{"RequestId":"1","TotalCount":0}"#);
    }
}

#[test]
fn lists_may_be_missing_or_empty_in_every_way() {
    let whole = [
        r#"{"RequestId":"1","TotalCount":0}"#,
        r#"{"RequestId":"1","NetworkInterfaceSets":{}}"#,
        r#"{"RequestId":"1","NetworkInterfaceSets":[]}"#,
        r#"{"RequestId":"1","TotalCount":"0","NetworkInterfaceSets":null}"#,
        r#"{"RequestId":"1","NetworkInterfaceSets":""}"#,
        r#"{"RequestId":"1","NetworkInterfaceSets":{"NetworkInterfaceSet":[]}}"#,
        r#"{"RequestId":"1","NetworkInterfaceSets":{"NetworkInterfaceSet":null}}"#,
    ];
    for body in whole {
        assert_eq!(page(&all(Resource::Nics), body), InventoryPage::default(), "{body}");
    }
    // But an answer that says nothing of its list does not say that there is nothing.
    for resource in [Resource::Nics, Resource::Instances, Resource::Eips, Resource::Backends] {
        for silent in [r#"{"RequestId":"1"}"#, r#"{"RequestId":"1","TotalCount":2}"#] {
            garbage(&all(resource), silent);
        }
    }
    for empty in ["{}", "[]", "null", "\"\""] {
        let more = format!(
            r#","PrivateIpSets":{empty},"Ipv6Sets":{empty},"Tags":{empty},"SecurityGroupIds":{empty},"PrivateIpAddress":"10.0.8.20","InstanceId":null"#
        );
        let nic = nic_of(&more);
        assert_eq!(nic.addresses, [Address { ip: ip("10.0.8.20"), role: AddressRole::Primary }], "{empty}");
        assert_eq!((nic.instance, nic.tags.known().unwrap().len(), nic.security_groups.len()), (None, 0, 0), "{empty}");
    }
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let listing = all(Resource::Nics);
    let body = |nic: &str| {
        format!(r#"{{"RequestId":"1","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{},{nic}]}}}}"#, nic_json(""))
    };
    let path = "NetworkInterfaceSets.NetworkInterfaceSet[1]";
    for (nic, place) in [
        (r#"{"Type":"Secondary"}"#, "NetworkInterfaceId"),
        (r#"{"NetworkInterfaceId":""}"#, "NetworkInterfaceId"),
        (r#"{"NetworkInterfaceId":"eni-2","PrivateIpAddress":"10.0.8.256"}"#, "PrivateIpAddress"),
        (
            r#"{"NetworkInterfaceId":"eni-2","PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"x"}]}}"#,
            "PrivateIpSets",
        ),
        (r#"{"NetworkInterfaceId":"eni-2","Status":{}}"#, "Status"),
        (r#"{"NetworkInterfaceId":"eni-2","Tags":"x"}"#, "Tags"),
    ] {
        let message = garbage(&listing, &body(nic));
        assert!(message.contains(path) && message.contains(place), "{nic}: {message}");
    }
    assert!(garbage(&listing, r#"{"NetworkInterfaceSets":{}}"#).contains("RequestId"));
    let fault = answer(&Listing { region: None, ..listing }, 200, NICS).expect_err("no region");
    assert_eq!(fault.kind, FaultKind::Local);
}

#[test]
fn an_address_is_secondary_only_if_the_answer_says_so() {
    use AddressRole::{Primary, Secondary};
    let roles = |own: &str, flags: [&str; 2]| {
        let entry = |ip: &str, flag: &str| format!(r#"{{"PrivateIpAddress":"{ip}"{flag}}}"#);
        let own = if own.is_empty() { String::new() } else { format!(r#","PrivateIpAddress":"{own}""#) };
        let nic = nic_of(&format!(
            r#"{own},"PrivateIpSets":{{"PrivateIpSet":[{},{}]}}"#,
            entry("10.0.8.10", flags[0]),
            entry("10.0.8.11", flags[1])
        ));
        ["10.0.8.10", "10.0.8.11"].map(|text| nic.addresses.iter().find(|a| a.ip == ip(text)).expect("kept").role)
    };
    let (yes, no) = (r#","Primary":true"#, r#","Primary":false"#);
    assert_eq!(roles("10.0.8.10", [yes, no]), [Primary, Secondary]);
    assert_eq!(roles("", [yes, no]), [Primary, Secondary]);
    assert_eq!(roles("10.0.8.10", ["", ""]), [Primary, Secondary]);
    assert_eq!(roles("10.0.8.10", [r#","Primary":1"#, r#","Primary":"False""#]), [Primary, Secondary]);
    // Contradiction, and silence: not taken for secondary.
    assert_eq!(roles("10.0.8.11", [yes, no]), [Primary, Primary]);
    assert_eq!(roles("", ["", ""]), [Primary, Primary]);
    assert_eq!(roles("10.0.8.10", [no, no]), [Primary, Secondary]);
}

#[test]
fn words_for_states_and_kinds() {
    let table = [
        ("Available", NicState::Free),
        ("InUse", NicState::Attached),
        ("Attaching", NicState::Attaching),
        ("Detaching", NicState::Detaching),
        ("Creating", NicState::Changing),
        ("Deleting", NicState::Changing),
        ("CreateFailed", NicState::Failed),
        ("Linking", NicState::Other),
        ("available", NicState::Other),
        ("", NicState::Other),
    ];
    for (word, state) in table {
        let body = format!(
            r#"{{"RequestId":"1","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{{"NetworkInterfaceId":"e","Status":"{word}"}}]}}}}"#
        );
        let nic = page(&all(Resource::Nics), &body).nics.remove(0);
        assert_eq!((&*nic.status.word, nic.status.state), (word, state));
        // A NIC of no kind is of no plain one.
        assert_eq!(nic.role, NicRole::Other("".into()));
    }
    let kind = |word: &str| {
        let body = format!(
            r#"{{"RequestId":"1","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{{"NetworkInterfaceId":"e","Type":"{word}"}}]}}}}"#
        );
        page(&all(Resource::Nics), &body).nics.remove(0).role
    };
    assert_eq!(
        [kind("Primary"), kind("Secondary"), kind("Trunk")],
        [NicRole::Primary, NicRole::Secondary, NicRole::Secondary]
    );
    assert_eq!(kind("Member"), NicRole::Other("Member".into()));

    for (word, state) in [
        ("Running", PowerState::Running),
        ("Stopped", PowerState::Stopped),
        ("Pending", PowerState::Changing),
        ("Starting", PowerState::Changing),
        ("Stopping", PowerState::Changing),
        ("Hibernated", PowerState::Other),
        ("", PowerState::Other),
    ] {
        assert_eq!(power(word), state, "{word}");
    }
}

#[test]
fn ranges_and_all_public_addresses_of_a_nic_are_kept() {
    let nic = nic_of(
        r#","Ipv4PrefixSets":{"Ipv4PrefixSet":[{"Ipv4Prefix":"10.0.8.16/28"},{"Ipv4Prefix":"10.0.8.32/28"}]},
        "AssociatedPublicIp":{"PublicIpAddress":"203.0.113.1"},
        "PrivateIpSets":{"PrivateIpSet":[
        {"PrivateIpAddress":"10.0.8.10","Primary":true,"AssociatedPublicIp":{"AllocationId":"eip-1","PublicIpAddress":"203.0.113.1"}},
        {"PrivateIpAddress":"10.0.8.11","Primary":false,"AssociatedPublicIp":{"PublicIpAddress":"203.0.113.2"}},
        {"PrivateIpAddress":"10.0.8.12","Primary":false,"AssociatedPublicIp":{}},
        {"PrivateIpAddress":"10.0.8.13","Primary":false,"AssociatedPublicIp":null}]}"#,
    );
    let texts = |all: &[Arc<str>]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(texts(&nic.prefixes), ["10.0.8.16/28", "10.0.8.32/28"]);
    assert_eq!(texts(&nic.public_ips), ["203.0.113.1", "203.0.113.2"]);
    assert!(nic_of("").prefixes.is_empty() && nic_of("").public_ips.is_empty());
}

#[test]
fn what_hangs_on_a_nic_and_whose_it_is() {
    let linked = |more: &str| nic_of(more).linked;
    assert_eq!(linked(""), Some(false));
    assert_eq!(
        linked(
            r#","Attachment":{"DeviceIndex":1,"InstanceId":"i-1","MemberNetworkInterfaceIds":{"MemberNetworkInterfaceId":[]}}"#
        ),
        Some(false)
    );
    // Members are told apart: they are detached themselves, a bond is undone.
    let trunk = nic_of(r#","Attachment":{"MemberNetworkInterfaceIds":{"MemberNetworkInterfaceId":["eni-9"]}}"#);
    assert_eq!((trunk.linked, trunk.members), (Some(false), Some(true)));
    assert_eq!(nic_of("").members, Some(false));
    assert_eq!(linked(r#","Attachment":{"TrunkNetworkInterfaceId":"eni-9"}"#), Some(true));
    assert_eq!(
        linked(
            r#","Attachment":null,"SlaveInterfaceSpecification":{},"BondInterfaceSpecification":{"SlaveInterfaceSpecification":[{}]}"#
        ),
        Some(false)
    );
    assert_eq!(
        linked(
            r#","SlaveInterfaceSpecification":{"SlaveInterfaceSpecification":[{"SlaveNetworkInterfaceId":"eni-9"}]}"#
        ),
        Some(true)
    );
    assert_eq!(linked(r#","BondInterfaceSpecification":{"BondMode":"active-backup"}"#), Some(true));
    // The instance also stands in the attachment.
    let attached = nic_of(r#","InstanceId":"","Attachment":{"InstanceId":"i-1"}"#);
    assert_eq!(attached.instance.as_ref().map(InstanceId::as_str), Some("i-1"));

    let hot_plug = |mode: &str| nic_of(&format!(r#","NetworkInterfaceTrafficMode":"{mode}""#)).hot_plug;
    assert_eq!([hot_plug("Standard"), hot_plug("HighPerformance"), hot_plug("New")], [Some(true), Some(false), None]);

    // `nic_of` says that no service owns it; a member that comes again would be a mistake of the answer.
    let managed = |more: &str| {
        let body = format!(
            r#"{{"RequestId":"1","NetworkInterfaceSets":{{"NetworkInterfaceSet":[{{"NetworkInterfaceId":"e"{more}}}]}}}}"#
        );
        page(&all(Resource::Nics), &body).nics.remove(0).managed_by
    };
    assert_eq!(
        managed(r#","ServiceManaged":true,"ServiceID":9112345678901234567"#),
        ManagedBy::Service("9112345678901234567".into())
    );
    assert_eq!(managed(r#","ServiceManaged":1"#), ManagedBy::Service("ServiceManaged".into()));
    assert_eq!(managed(r#","ServiceManaged":"false""#), ManagedBy::Nobody);
    assert_eq!(managed(""), ManagedBy::Unknown);
    let tagged = |key: &str, value: &str| {
        managed(&format!(
            r#","ServiceManaged":0,"Tags":{{"Tag":[{{"TagKey":"team","TagValue":"x"}},{{"TagKey":"{key}","TagValue":"{value}"}}]}}"#
        ))
    };
    assert_eq!(tagged("creator", "terway"), ManagedBy::Controller("creator=terway".into()));
    assert_eq!(tagged("ack.aliyun.com", "c1234"), ManagedBy::Controller("ack.aliyun.com=c1234".into()));
    assert_eq!(tagged("k8s.io/cluster", ""), ManagedBy::Controller("k8s.io/cluster".into()));
    assert_eq!(tagged("owner", "jack"), ManagedBy::Nobody);
    // Half a tag may be the half of one that says it.
    let half = r#","ServiceManaged":0,"Tags":{"Tag":[{"TagKey":"team"}]}"#;
    assert_eq!(managed(half), ManagedBy::Unknown);
    // And what was told of them may say it.
    for (half, who) in [(r#""TagKey":"k8s.io/cluster""#, "k8s.io/cluster"), (r#""TagValue":"terway""#, "terway")] {
        let tags = format!(r#","ServiceManaged":0,"Tags":{{"Tag":[{{{half}}},{{"TagKey":"team"}}]}}"#);
        assert_eq!(managed(&tags), ManagedBy::Controller(who.into()));
    }
    let beside =
        r#","ServiceManaged":0,"Tags":{"Tag":[{"TagKey":"ack.aliyun.com","TagValue":"c1"},{"TagKey":"team"}]}"#;
    assert_eq!(managed(beside), ManagedBy::Controller("ack.aliyun.com=c1".into()));
    assert_eq!(
        managed(r#","ServiceManaged":false,"Description":"interface create by terway""#),
        ManagedBy::Controller("interface create by terway".into())
    );
    // A controller's NIC that may be a service's as well is the worse of the two.
    assert_eq!(managed(r#","Description":"interface create by terway""#), ManagedBy::Unknown);
}

#[test]
fn one_nic_stands_at_the_top_level_and_may_be_gone() {
    let listing = Listing { scope: Scope::Nic("eni-bp1d".into()), ..all(Resource::Nics) };
    let body = nic_json(
        r#","RequestId":"1","PrivateIpAddress":"10.0.8.10","PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"10.0.8.10","Primary":true}]}"#,
    );
    // Its own address is in the set: without the set nobody says that the others are gone.
    for untold in ["", r#","PrivateIpAddress":"10.0.8.10""#, r#","PrivateIpAddress":"10.0.8.10","PrivateIpSets":{}"#] {
        assert!(
            garbage(&listing, &nic_json(&format!(r#","RequestId":"1"{untold}"#))).ends_with(odd::NIC_WITHOUT_ADDRESSES),
            "{untold}"
        );
    }
    assert_eq!(page(&listing, &body).nics[0].id.as_str(), "eni-bp1d");
    let other = Listing { scope: Scope::Nic("eni-other".into()), ..listing.clone() };
    assert!(garbage(&other, &body).ends_with(odd::NOT_WHAT_WAS_ASKED));
    for status in [404, 403] {
        let gone = r#"{"RequestId":"1","Code":"InvalidEniId.NotFound","Message":"The specified EniId is not found."}"#;
        assert_eq!(answer(&listing, status, gone), Ok(InventoryPage::default()));
    }
    // Nothing else says that it is gone.
    for code in ["InvalidRegionId.NotFound", "InvalidAccessKeyId.NotFound", "InvalidAction.NotFound", "Forbidden.RAM"] {
        let body = format!(r#"{{"RequestId":"1","Code":"{code}","Message":"m"}}"#);
        assert_eq!(answer(&listing, 404, &body).expect_err(code).code.as_deref(), Some(code));
    }
    assert!(garbage(&listing, r#"{"RequestId":"1"}"#).contains("NetworkInterfaceId"));
}

#[test]
fn a_page_of_instances() {
    let body = r#"{"RequestId":"1","NextToken":"caeba0bbb2be03f84eb48b699f0a4883","TotalCount":0,"Instances":{"Instance":[
     {"InstanceId":"i-bp1h","InstanceName":"web-1","Status":"Running","ZoneId":"cn-hangzhou-i","InstanceType":"ecs.g7.xlarge",
      "CreationTime":"2024-03-01T08:00Z","VpcAttributes":{"VpcId":"vpc-bp1a","PrivateIpAddress":{"IpAddress":["10.0.8.10"]}},
      "EipAddress":{"AllocationId":"","IpAddress":""},"OperationLocks":{"LockReason":[]},"Tags":{"Tag":[{"TagKey":"k","TagValue":"v"}]}},
     {"InstanceId":"i-2","Status":"Stopping"}]}}"#;
    let listing = all(Resource::Instances);
    let answer = page(&listing, body);
    let first = &answer.instances[0];
    assert_eq!((first.id.as_str(), &*first.name, first.zone.as_deref()), ("i-bp1h", "web-1", Some("cn-hangzhou-i")));
    assert_eq!((first.kind.as_deref(), first.power.state), (Some("ecs.g7.xlarge"), PowerState::Running));
    assert_eq!((first.guest_agent, first.tags.known().unwrap().len()), (None, 1));
    assert_eq!((&*answer.instances[1].power.word, answer.instances[1].power.state), ("Stopping", PowerState::Changing));
    assert_eq!(answer.next[0].cursor, Cursor::Token("caeba0bbb2be03f84eb48b699f0a4883".into()));
    // An inspection brings only what it asked for, also from a server that does not know the filter.
    let one = Listing { scope: Scope::Instances(vec!["i-2".into()]), ..listing };
    let ids: Vec<_> = page(&one, body).instances.into_iter().map(|instance| instance.id).collect();
    assert_eq!(ids, ["i-2".into()]);
}

#[test]
fn regions_and_limits() {
    let body = r#"{"RequestId":"1","Regions":{"Region":[
     {"RegionId":"cn-hangzhou","RegionEndpoint":"ecs.cn-hangzhou.aliyuncs.com","LocalName":"华东1（杭州）","Status":"available"},
     {"RegionId":"cn-new"}]}}"#;
    let regions = page(&Listing::all(Resource::Regions, None), body).regions;
    assert_eq!((regions[0].id.as_str(), &*regions[0].name), ("cn-hangzhou", "华东1（杭州）"));
    assert_eq!(&*regions[1].name, "cn-new");

    let body = r#"{"RequestId":"1","InstanceTypes":{"InstanceType":[
     {"InstanceTypeId":"ecs.g7.xlarge","EniQuantity":4,"EniPrivateIpAddressQuantity":"15","EniTrunkSupported":true},
     {"InstanceTypeId":"ecs.old","EniQuantity":-1}]}}"#;
    let limits = page(&Listing::all(Resource::Limits, None), body).limits;
    assert_eq!((&*limits[0].kind, limits[0].nics, limits[0].addresses_per_nic), ("ecs.g7.xlarge", Some(4), Some(15)));
    assert_eq!((limits[1].nics, limits[1].addresses_per_nic), (None, None));
}

const EIPS: &str = r#"{"RequestId":"1","TotalCount":5,"PageNumber":1,"PageSize":100,"EipAddresses":{"EipAddress":[
 {"AllocationId":"eip-1","IpAddress":"203.0.113.7","Status":"InUse","InstanceId":"eni-bp1d","InstanceType":"NetworkInterface",
  "PrivateIpAddress":"10.0.8.11","Name":"web","Bandwidth":"5","ServiceManaged":0,"Descritpion":"d","Mode":"NAT"},
 {"AllocationId":"eip-2","IpAddress":"203.0.113.8","Status":"InUse","InstanceId":"i-bp1h","InstanceType":"EcsInstance","PrivateIpAddress":""},
 {"AllocationId":"eip-3","IpAddress":"203.0.113.9","Status":"Available","InstanceId":"","InstanceType":"","Bandwidth":5},
 {"AllocationId":"eip-4","IpAddress":"203.0.113.10","Status":"InUse","InstanceId":"lb-1","InstanceType":"SlbInstance"},
 {"AllocationId":"eip-5","Status":"Associating","InstanceId":"eni-other"}]}}"#;

#[test]
fn a_page_of_eips() {
    let listing = all(Resource::Eips);
    let page = page(&listing, EIPS);
    let eips = &page.eips;
    assert_eq!(
        (eips[0].id.as_str(), eips[0].ips.first().copied(), &*eips[0].name, &*eips[0].status),
        ("eip-1", Some(ip("203.0.113.7")), "web", "InUse")
    );
    let bound: Vec<_> = eips.iter().map(|eip| eip.bound.clone()).collect();
    assert_eq!(
        bound,
        [
            EipBinding::Nic { nic: "eni-bp1d".into(), private_ip: Some(ip("10.0.8.11")) },
            EipBinding::Instance { instance: "i-bp1h".into(), private_ip: None },
            EipBinding::Unbound,
            EipBinding::Elsewhere,
            EipBinding::Nic { nic: "eni-other".into(), private_ip: None },
        ]
    );
    assert_eq!(page.next, []);
    let ids = |scope| {
        let listing = Listing { scope, ..listing.clone() };
        super::tests::page(&listing, EIPS).eips.into_iter().map(|eip| eip.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(Scope::Nic("eni-bp1d".into())), ["eip-1"]);
    assert_eq!(ids(Scope::Instances(vec!["i-bp1h".into()])), ["eip-2"]);
}

#[test]
fn the_first_page_asks_for_all_others_at_once() {
    let full = |got: usize, total: &str, size: &str| {
        let eips: Vec<String> = (0..got).map(|n| format!(r#"{{"AllocationId":"eip-{n}"}}"#)).collect();
        format!(r#"{{"RequestId":"1"{total}{size},"EipAddresses":{{"EipAddress":[{}]}}}}"#, eips.join(","))
    };
    let pages = |cursor: Cursor, body: &str| {
        let listing = Listing { cursor, ..all(Resource::Eips) };
        page(&listing, body)
            .next
            .into_iter()
            .map(|next| match next.cursor {
                Cursor::Page(number) => number,
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    let size = r#","PageSize":100"#;
    assert_eq!(pages(Cursor::Start, &full(100, r#","TotalCount":250"#, size)), [2, 3]);
    assert_eq!(pages(Cursor::Start, &full(100, r#","TotalCount":"201""#, "")), [2, 3]);
    assert_eq!(pages(Cursor::Start, &full(100, r#","TotalCount":200"#, size)), [2]);
    assert_eq!(pages(Cursor::Start, &full(100, r#","TotalCount":100"#, size)), [0_u32; 0]);
    assert_eq!(pages(Cursor::Start, &full(0, r#","TotalCount":0"#, size)), [0_u32; 0]);
    // The others ask for nothing more.
    assert_eq!(pages(Cursor::Page(2), &full(100, r#","TotalCount":250"#, size)), [0_u32; 0]);
    // A server that cuts pages shorter than asked says so, and has more of them.
    assert_eq!(pages(Cursor::Start, &full(50, r#","TotalCount":120"#, r#","PageSize":50"#)), [2, 3]);
    assert_eq!(pages(Cursor::Page(3), &full(20, r#","TotalCount":120"#, r#","PageSize":50"#)), [0_u32; 0]);
    // One that does not say so has lost some.
    garbage(&all(Resource::Eips), &full(50, r#","TotalCount":120"#, ""));
    // Without a total, page after page.
    assert_eq!(pages(Cursor::Start, &full(100, "", "")), [2]);
    assert_eq!(pages(Cursor::Page(2), &full(100, "", "")), [3]);
    assert_eq!(pages(Cursor::Page(3), &full(99, "", "")), [0_u32; 0]);
    // More than one reply should ask for goes on from the last of them.
    let huge = full(100, r#","TotalCount":150000"#, size);
    assert_eq!(pages(Cursor::Start, &huge), (2..=1001).collect::<Vec<_>>());
    assert_eq!(pages(Cursor::Page(1001), &huge), (1002..=1500).collect::<Vec<_>>());
    assert!(garbage(&all(Resource::Eips), &full(0, r#","TotalCount":3"#, size)).ends_with("short-page=1 (0/3)"));
}

// ---- backends ----------------------------------------------------------------------------------------------------------

/// Answers a listing and all that follows from it, as a server with these answers would; `(action parameters, body)`.
fn follow(listing: Listing, server: &[(&str, &str)]) -> (Vec<Backend>, Vec<String>) {
    let profile = Profile {
        id: "p".into(),
        cloud: "aliyun".into(),
        regions: vec![region()],
        endpoint: None,
        alias: None,
        env: None,
        readonly: false,
        project_id: None,
        api: None,
        net: crate::providers::net::Net::default(),
    };
    let (mut work, mut backends, mut asked) = (vec![listing], Vec::new(), Vec::new());
    while let Some(listing) = work.pop() {
        assert!(asked.len() < 100, "no end: {asked:#?}");
        let request = Cloud.encode(&Call::List(listing.clone()), &profile);
        let action = request.header("x-acs-action").unwrap_or_default();
        let params = if request.body.is_empty() {
            request.query.clone()
        } else {
            String::from_utf8_lossy(&request.body).into_owned()
        };
        let product = request.host.split('.').next().unwrap_or_default();
        let key = format!("{product} {action} {params}");
        let (_, body) = server
            .iter()
            .find(|(part, _)| part.split(' ').all(|word| key.contains(word)))
            .unwrap_or_else(|| panic!("not expected: {key}"));
        let page = page(&listing, body);
        asked.push(key);
        backends.extend(page.backends);
        work.extend(page.next);
    }
    backends.sort_by_key(|backend| format!("{backend:?}"));
    (backends, asked)
}

fn backend(balancer: &str, name: &str, target: BackendTarget, port: &str) -> Backend {
    Backend {
        load_balancer: balancer.into(),
        name: name.into(),
        region: region(),
        vpc: None,
        range: None,
        target,
        port: port.into(),
    }
}

fn at(text: &str, instance: Option<&str>, nic: Option<&str>) -> BackendTarget {
    BackendTarget::Address { ip: ip(text), instance: instance.map(Into::into), nic: nic.map(Into::into) }
}

const CLB: &[(&str, &str)] = &[
    (
        "DescribeLoadBalancers PageNumber=1",
        r#"{"RequestId":"1","TotalCount":2,"PageNumber":1,"PageSize":100,"LoadBalancers":{"LoadBalancer":[
         {"LoadBalancerId":"lb-1","LoadBalancerName":"shop","VpcId":""},{"LoadBalancerId":"lb-2","LoadBalancerName":""}]}}"#,
    ),
    (
        "DescribeLoadBalancerAttribute LoadBalancerId=lb-1",
        r#"{"RequestId":"1","LoadBalancerId":"lb-1","BackendServers":{"BackendServer":[
         {"ServerId":"i-bp1h","ServerIp":"10.0.8.10","Type":"ecs","Weight":100},{"ServerId":"i-2","Weight":"100"}]}}"#,
    ),
    ("DescribeLoadBalancerAttribute LoadBalancerId=lb-2", r#"{"RequestId":"1","BackendServers":{}}"#),
    (
        "DescribeVServerGroups LoadBalancerId=lb-1",
        r#"{"RequestId":"1","VServerGroups":{"VServerGroup":[{"VServerGroupId":"rsp-1","VServerGroupName":"g"}]}}"#,
    ),
    ("DescribeVServerGroups LoadBalancerId=lb-2", r#"{"RequestId":"1","VServerGroups":{"VServerGroup":[]}}"#),
    ("DescribeMasterSlaveServerGroups LoadBalancerId=lb-1", r#"{"RequestId":"1","MasterSlaveServerGroups":{}}"#),
    (
        "DescribeMasterSlaveServerGroups LoadBalancerId=lb-2",
        r#"{"RequestId":"1","MasterSlaveServerGroups":{"MasterSlaveServerGroup":[
         {"MasterSlaveServerGroupId":"rsp-9","MasterSlaveServerGroupName":"pair"}]}}"#,
    ),
    (
        "DescribeMasterSlaveServerGroupAttribute MasterSlaveServerGroupId=rsp-9",
        r#"{"RequestId":"1","MasterSlaveServerGroupId":"rsp-9","MasterSlaveBackendServers":{"MasterSlaveBackendServer":[
         {"ServerId":"i-3","Type":"ecs","ServerType":"Master","Port":90,"Weight":100},
         {"ServerId":"eni-7","Type":"eni","ServerType":"Slave","Port":91,"Weight":0},
         {"ServerId":"eni-8","ServerIp":"10.0.8.81","Type":"eni","ServerType":"Slave","Port":92}]}}"#,
    ),
    (
        "DescribeVServerGroupAttribute VServerGroupId=rsp-1",
        r#"{"RequestId":"1","VServerGroupId":"rsp-1","BackendServers":{"BackendServer":[
         {"ServerId":"eni-bp1d","ServerIp":"10.0.8.11","Type":"eni","Port":80,"Weight":100},
         {"ServerId":"eni-bp1d","ServerIp":"10.0.8.11","Type":"eni","Port":443,"Weight":100},
         {"ServerId":"eni-7","Type":"eni","Port":80}]}}"#,
    ),
    (
        "DescribeNetworkInterfaceAttribute NetworkInterfaceId=eni-7",
        r#"{"RequestId":"1","NetworkInterfaceId":"eni-7","PrivateIpAddress":"10.0.8.70","PrivateIpSets":{"PrivateIpSet":[
         {"PrivateIpAddress":"10.0.8.70","Primary":true},{"PrivateIpAddress":"10.0.8.71","Primary":false}]}}"#,
    ),
];

fn start(part: &'static str) -> Listing {
    Listing { part, ..all(Resource::Backends) }
}

#[test]
fn classic_balancers_are_read_with_all_their_groups() {
    let (backends, asked) = follow(start(part::CLB), CLB);
    assert_eq!(
        backends,
        [
            backend("lb-1", "shop", BackendTarget::Instance("i-2".into()), ""),
            backend("lb-1", "shop", at("10.0.8.10", Some("i-bp1h"), None), ""),
            backend("lb-1", "shop", at("10.0.8.11", None, Some("eni-bp1d")), "443"),
            backend("lb-1", "shop", at("10.0.8.11", None, Some("eni-bp1d")), "80"),
            // Where a group names a NIC, and not which of its addresses, each may be the one.
            backend("lb-1", "shop", at("10.0.8.70", None, Some("eni-7")), "80"),
            backend("lb-1", "shop", at("10.0.8.71", None, Some("eni-7")), "80"),
            backend("lb-2", "", BackendTarget::Instance("i-3".into()), "90"),
            backend("lb-2", "", at("10.0.8.70", None, Some("eni-7")), "91"),
            backend("lb-2", "", at("10.0.8.71", None, Some("eni-7")), "91"),
            backend("lb-2", "", at("10.0.8.81", None, Some("eni-8")), "92"),
        ]
        .sorted()
    );
    assert_eq!(asked.len(), 11, "{asked:#?}");
    // Not told is not none: the lists that are asked for are there when they are empty.
    for part in part::CLB_STEPS.into_iter().chain([part::CLB_GROUP, part::CLB_PAIR]) {
        let asked = Listing { part, scope: Scope::LoadBalancer("lb-1".into()), ..all(Resource::Backends) };
        assert!(garbage(&asked, r#"{"RequestId":"1"}"#).ends_with(odd::NO_LIST), "{part}");
    }
}

trait Sorted {
    fn sorted(self) -> Vec<Backend>;
}

impl<const N: usize> Sorted for [Backend; N] {
    fn sorted(self) -> Vec<Backend> {
        let mut all = self.to_vec();
        all.sort_by_key(|backend| format!("{backend:?}"));
        all
    }
}

const ALB: &[(&str, &str)] = &[
    (
        "alb ListServerGroups NextToken",
        r#"{"RequestId":"1","NextToken":"","ServerGroups":[{"ServerGroupId":"sgp-4","ServerGroupName":"spare","RelatedLoadBalancerIds":[],"ServerCount":1}]}"#,
    ),
    (
        "alb ListServerGroups",
        r#"{"RequestId":"1","NextToken":"more+/=","ServerGroups":[
         {"ServerGroupId":"sgp-1","VpcId":"vpc-bp1a","RelatedLoadBalancerIds":["alb-1","alb-2"],"ServerCount":2},
         {"ServerGroupId":"sgp-2","RelatedLoadBalancerIds":["alb-1"],"ServerCount":0},
         {"ServerGroupId":"sgp-3","VpcId":"vpc-bp1a","RelatedLoadBalancerIds":["alb-3"]}]}"#,
    ),
    (
        "alb ListServerGroupServers ServerGroupId=sgp-1 NextToken=second",
        r#"{"RequestId":"1","Servers":[{"ServerGroupId":"sgp-1","ServerId":"i-bp1h","ServerType":"Ecs","ServerIp":"10.0.8.10","Port":80,"Status":"Available"}]}"#,
    ),
    (
        "alb ListServerGroupServers ServerGroupId=sgp-1",
        r#"{"RequestId":"1","NextToken":"second","Servers":[{"ServerGroupId":"sgp-1","ServerId":"eni-bp1d","ServerType":"Eni","ServerIp":"10.0.8.11","Port":80}]}"#,
    ),
    (
        "alb ListServerGroupServers ServerGroupId=sgp-3",
        r#"{"RequestId":"1","NextToken":"","Servers":[
         {"ServerGroupId":"sgp-3","ServerId":"10.0.8.12","ServerType":"Ip","ServerIp":"10.0.8.12","Port":"8080","RemoteIpEnabled":false},
         {"ServerGroupId":"sgp-3","ServerId":"10.0.8.13","ServerType":"Ip","Port":8080,"RemoteIpEnabled":true},
         {"ServerGroupId":"sgp-3","ServerId":"acs:fc:cn-hangzhou:1:services/x","ServerType":"Fc"}]}"#,
    ),
    (
        "alb ListServerGroupServers ServerGroupId=sgp-4",
        r#"{"RequestId":"1","Servers":[{"ServerId":"eci-1","ServerType":"Eci","ServerIp":"10.0.8.14","Port":1}]}"#,
    ),
];

#[test]
fn application_balancers_are_read_by_group() {
    let (backends, asked) = follow(start(part::ALB), ALB);
    let here = |backend: Backend| Backend { vpc: Some("vpc-bp1a".into()), ..backend };
    assert_eq!(
        backends,
        [
            backend("alb-1", "", at("10.0.8.11", None, Some("eni-bp1d")), "80"),
            backend("alb-2", "", at("10.0.8.11", None, Some("eni-bp1d")), "80"),
            backend("alb-1", "", at("10.0.8.10", Some("i-bp1h"), None), "80"),
            backend("alb-2", "", at("10.0.8.10", Some("i-bp1h"), None), "80"),
            // Only an address that nothing else places is placed by its VPC; a remote one is in none that we know.
            here(backend("alb-3", "", at("10.0.8.12", None, None), "8080")),
            backend("alb-3", "", at("10.0.8.13", None, None), "8080"),
            // A group that no balancer uses yet stands for itself.
            backend("sgp-4", "spare", at("10.0.8.14", None, None), "1"),
        ]
        .sorted()
    );
    assert_eq!(asked.len(), 6, "the group without servers is not read: {asked:#?}");
}

#[test]
fn network_balancers_are_read_by_form() {
    let (backends, _) = follow(
        start(part::NLB),
        &[
            (
                "nlb ListServerGroups MaxResults=100",
                r#"{"RequestId":"1","ServerGroups":[{"ServerGroupId":"sgp-n","VpcId":"vpc-bp1a","RelatedLoadBalancerIds":["nlb-1"],"ServerCount":1}]}"#,
            ),
            (
                "nlb ListServerGroupServers ServerGroupId=sgp-n",
                r#"{"RequestId":"1","Servers":[{"ServerId":"eni-bp1d","ServerType":"Eni","ServerIp":"10.0.8.11","Port":0,"ZoneId":"z"},
                 {"ServerId":"10.0.8.12","ServerType":"Ip","ServerIp":"10.0.8.12","Port":53}]}"#,
            ),
        ],
    );
    assert_eq!(
        backends,
        [
            backend("nlb-1", "", at("10.0.8.11", None, Some("eni-bp1d")), "0"),
            // Not told whether it is in the group's VPC: not placed there.
            backend("nlb-1", "", at("10.0.8.12", None, None), "53"),
        ]
        .sorted()
    );
}

fn inspected() -> Nic {
    let more = r#","InstanceId":"i-bp1h","VpcId":"vpc-bp1a","PrivateIpSets":{"PrivateIpSet":[
        {"PrivateIpAddress":"10.0.8.10","Primary":true},{"PrivateIpAddress":"10.0.8.11","Primary":false},
        {"PrivateIpAddress":"10.0.8.12","Primary":false},{"PrivateIpAddress":"10.0.8.13","Primary":false}]}"#;
    nic_of(more)
}

fn found(part: &str, server: &[(&str, &str)]) -> (Vec<Backend>, Vec<String>) {
    let nic = inspected();
    let mut all = Cloud.inspection(&nic, &[]);
    all.retain(|listing| listing.part == part);
    follow(all.remove(0), server)
}

/// What the rules see of backends, once as the listing of the region brought them and once as the inspection did.
fn seen(nic: &Nic, backends: &[Backend]) -> NicSnapshot {
    let mut backends: Vec<Backend> = backends.iter().filter(|backend| backend.is_on(nic)).cloned().collect();
    backends.sort_by_key(|backend| format!("{backend:?}"));
    backends.dedup();
    NicSnapshot {
        nic: nic.clone(),
        instance: None,
        eips: vec![],
        backends,
        eips_known: true,
        backends_known: true,
        floats_known: true,
        floats: vec![],
        instances_known: true,
        read_at: Timestamp(0),
    }
}

#[test]
fn an_inspection_sees_the_backends_that_the_listing_saw() {
    // The same answers, and those of the searches, which name the group but not whose it is.
    let search = (
        "alb ListServerGroupServers ServerIds.1=eni-bp1d",
        r#"{"RequestId":"1","NextToken":"","Servers":[
         {"ServerGroupId":"sgp-1","ServerId":"eni-bp1d","ServerType":"Eni","ServerIp":"10.0.8.11","Port":80},
         {"ServerGroupId":"sgp-1","ServerId":"i-bp1h","ServerType":"Ecs","ServerIp":"10.0.8.10","Port":80},
         {"ServerGroupId":"sgp-3","ServerId":"10.0.8.12","ServerType":"Ip","ServerIp":"10.0.8.12","Port":"8080","RemoteIpEnabled":false},
         {"ServerGroupId":"sgp-3","ServerId":"10.0.8.13","ServerType":"Ip","Port":8080,"RemoteIpEnabled":true},
         {"ServerGroupId":"sgp-9","ServerId":"eni-other","ServerType":"Eni","ServerIp":"10.0.8.11","Port":80}]}"#,
    );
    let mut alb = vec![search];
    alb.extend(ALB);
    let nic = inspected();
    let (inspection, asked) = found(part::ALB_FIND, &alb);
    let (listed, _) = follow(start(part::ALB), ALB);
    assert_eq!(seen(&nic, &inspection).backends, seen(&nic, &listed).backends);
    assert_eq!(inspection.len(), 6, "only this NIC's: {inspection:#?}");
    assert!(asked[1].contains("ServerGroupIds.1=sgp-1") && asked[1].contains("ServerGroupIds.2=sgp-3"), "{asked:#?}");
    assert!(!asked[1].contains("sgp-9"));

    let (listed, _) = follow(start(part::CLB), CLB);
    for part in [part::CLB_FIND_BY_ADDRESS, part::CLB_FIND_BY_ID] {
        let (inspection, _) = found(part, CLB);
        assert_eq!(seen(&nic, &inspection).backends, seen(&nic, &listed).backends);
        assert_eq!(inspection.len(), 3, "not eni-7's, not i-2's: {inspection:#?}");
    }
}

#[test]
fn an_inspection_that_finds_nothing_makes_no_more_calls() {
    let (backends, asked) = found(part::ALB_FIND, &[("ListServerGroupServers", r#"{"RequestId":"1","Servers":[]}"#)]);
    assert_eq!((backends.len(), asked.len()), (0, 1));
    let (backends, asked) = found(part::NLB_FIND, &[("ListServerGroupServers", r#"{"RequestId":"1","TotalCount":0}"#)]);
    assert_eq!((backends.len(), asked.len()), (0, 1));
    let none = r#"{"RequestId":"1","TotalCount":0,"LoadBalancers":{"LoadBalancer":[]}}"#;
    let (backends, asked) = found(part::CLB_FIND_BY_ID, &[("DescribeLoadBalancers", none)]);
    assert_eq!((backends.len(), asked.len()), (0, 1));
}

#[test]
fn all_of_an_inspection_stays_in_its_scope() {
    let nic = inspected();
    for listing in Cloud.inspection(&nic, &[]) {
        if listing.part == part::CLB_FIND_BY_ID {
            let next = page(&listing, CLB[0].1).next;
            assert_eq!(next.len(), 6, "three steps of two balancers");
            assert!(next.iter().all(|next| next.scope == Scope::Nic(nic.id.clone())), "{next:#?}");
        }
    }
    // In a listing the step's own object is the scope.
    let next = page(&start(part::CLB), CLB[0].1).next;
    assert_eq!(next[0].scope, Scope::LoadBalancer("lb-1".into()));
}

#[test]
fn a_server_whose_group_is_not_told_is_still_a_backend() {
    let search = r#"{"RequestId":"1","Servers":[{"ServerGroupId":"sgp-1","ServerId":"eni-bp1d","ServerType":"Eni","ServerIp":"10.0.8.11","Port":80}]}"#;
    let (backends, _) = found(
        part::NLB_FIND,
        &[
            ("ListServerGroupServers", search),
            ("ListServerGroups NextToken", r#"{"RequestId":"1","ServerGroups":[{"ServerGroupId":"sgp-7"}]}"#),
            ("ListServerGroups", r#"{"RequestId":"1","NextToken":"t","ServerGroups":[{"ServerGroupId":"sgp-6"}]}"#),
        ],
    );
    assert_eq!(backends, [backend("sgp-1", "", at("10.0.8.11", None, Some("eni-bp1d")), "80")]);
    // Found on the second page.
    let (backends, _) = found(
        part::NLB_FIND,
        &[
            ("ListServerGroupServers", search),
            (
                "ListServerGroups NextToken",
                r#"{"RequestId":"1","ServerGroups":[{"ServerGroupId":"sgp-1","RelatedLoadBalancerIds":["nlb-1"]}]}"#,
            ),
            ("ListServerGroups", r#"{"RequestId":"1","NextToken":"t","ServerGroups":[]}"#),
        ],
    );
    assert_eq!(backends, [backend("nlb-1", "", at("10.0.8.11", None, Some("eni-bp1d")), "80")]);
    // Without its group's id nothing can be told.
    let nic = inspected();
    let listing =
        Cloud.inspection(&nic, &[]).into_iter().find(|listing| listing.part == part::NLB_FIND).expect("a search");
    assert!(garbage(&listing, r#"{"RequestId":"1","Servers":[{"ServerIp":"10.0.8.11"}]}"#).contains("ServerGroupId"));
}

#[test]
fn what_went_away_between_two_steps_is_no_fault_and_a_missing_right_is() {
    let step = |part, scope| Listing { scope, ..start(part) };
    let steps = [
        (step(part::CLB_ATTRIBUTE, Scope::LoadBalancer("lb-1".into())), "InvalidLoadBalancerId.NotFound"),
        (step(part::CLB_GROUPS, Scope::LoadBalancer("lb-1".into())), "InvalidLoadBalancerId.NotFound"),
        (step(part::CLB_GROUP, Scope::Group("rsp-1".into())), "InvalidVServerGroupId.NotFound"),
        (step(part::ALB_SERVERS, Scope::Group("sgp-1".into())), "ResourceNotFound.ServerGroup"),
        (step(part::NIC_ADDRESS, Scope::Group("eni-1".into())), "InvalidEniId.NotFound"),
    ];
    for (listing, code) in steps {
        let body = |code: &str| format!(r#"{{"RequestId":"1","Code":"{code}","Message":"m"}}"#);
        assert_eq!(answer(&listing, 404, &body(code)), Ok(InventoryPage::default()), "{code}");
        for code in ["Forbidden.RAM", "NoPermission"] {
            let fault = answer(&listing, 403, &body(code)).expect_err("no right to look is not: no backend");
            assert_eq!(fault.kind, FaultKind::Permission);
        }
    }
    // A list that is not there is a fault.
    let fault = answer(&start(part::CLB), 404, r#"{"RequestId":"1","Code":"InvalidLoadBalancerId.NotFound"}"#);
    assert_eq!(fault.expect_err("a list").kind, FaultKind::NotFound);
}

#[test]
fn a_write_is_accepted_with_its_request_id() {
    let kind = crate::domain::plan::OperationKind::Detach { nic: "eni-1".into(), instance: "i-1".into() };
    let call = Call::write(region(), kind);
    let response = WireResponse { status: 200, headers: vec![], body: br#"{"RequestId":"R-1"}"#.to_vec() };
    let receipt = Receipt { request_id: Some("R-1".into()), task: None };
    assert_eq!(Cloud.decode(&call, &response), Ok(Reply::Accepted(receipt)));
}
