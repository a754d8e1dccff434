use std::{net::IpAddr, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::domain::{
    address::{Address, AddressRole, Eip, EipBinding},
    finding::{FindingId, Level},
    ids::{CloudId, ProfileId},
    instance::{Instance, Power, PowerState},
    inventory::ProfileInventory,
    nic::{ManagedBy, Nic, NicRole, NicState, NicStatus},
    page::InventoryPage,
    tags::Tags,
    time::Timestamp,
};

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn tags(pairs: &[(&str, &str)]) -> Tags {
    pairs.iter().map(|(key, value)| (Arc::from(*key), Arc::from(*value))).collect()
}

/// One profile with one instance and one NIC of five addresses; the first secondary has an EIP, the second a balancer.
struct World {
    profile: ProfileId,
    cloud: CloudId,
    instance: Option<Instance>,
    nic: Nic,
    eips: Vec<Eip>,
}

fn world() -> World {
    let address = |text, role| Address { ip: ip(text), role };
    World {
        profile: "acme-prod".into(),
        cloud: "aliyun".into(),
        instance: Some(Instance {
            id: "i-bp1web".into(),
            name: "web 1 网关".into(),
            region: "cn-hangzhou".into(),
            zone: Some("cn-hangzhou-i".into()),
            kind: None,
            power: Power { word: "ACTIVE".into(), state: PowerState::Running },
            guest_agent: None,
            vpc: None,
            load_balancers: None,
            tags: tags(&[("env", "prod"), ("keep", "")]),
        }),
        nic: Nic {
            id: "eni-bp1abc".into(),
            name: "Büro-eth0".into(),
            region: "cn-hangzhou".into(),
            zone: None,
            role: NicRole::Primary,
            status: NicStatus { word: "InUse".into(), state: NicState::Attached },
            instance: Some("i-bp1web".into()),
            mac: Some("00:16:3e:12:34:56".into()),
            vpc: Some("vpc-1".into()),
            subnet: Some("vsw-1".into()),
            security_groups: vec!["sg-1".into(), "sg-2".into()],
            addresses: vec![
                address("10.0.0.1", AddressRole::Primary),
                address("10.0.0.12", AddressRole::Secondary),
                address("10.0.1.13", AddressRole::Secondary),
                address("172.16.0.1", AddressRole::Virtual),
                address("2001:db8::5", AddressRole::Ipv6),
            ],
            public_ips: Vec::new(),
            pairs: vec![],
            managed_by: ManagedBy::Nobody,
            linked: None,
            members: None,
            prefixes: Vec::new(),
            dies_with_detach: None,
            dies_with_instance: None,
            addresses_known: true,
            ranges: vec![],
            hot_plug: None,
            tags: tags(&[("team", "网络")]),
            description: "".into(),
        },
        eips: vec![Eip {
            dies_unbound: Some(false),
            id: "eip-9".into(),
            region: "cn-hangzhou".into(),
            ips: vec![ip("203.0.113.7")],
            name: "shop-front".into(),
            status: "InUse".into(),
            bound: EipBinding::Nic { nic: "eni-bp1abc".into(), private_ip: Some(ip("10.0.0.12")) },
        }],
    }
}

const NOW: Timestamp = Timestamp(10_000_000);

impl World {
    fn target(nth: usize) -> TargetSubject {
        let levels = [Level::Blocked, Level::Warn, Level::Unknown, Level::Ok, Level::Blocked];
        let ids = [
            FindingId::PrimaryIp,
            FindingId::EipAttached,
            FindingId::LbUnknown,
            FindingId::OsConfig,
            FindingId::Ipv6Address,
        ];
        TargetSubject {
            has_eip: nth == 1,
            has_lb: nth == 2,
            level: levels[nth],
            findings: [ids[nth]].into_iter().collect(),
            marked: nth == 3,
        }
    }

    fn listed(&self) -> ProfileInventory {
        let mut part = ProfileInventory::new(self.profile.clone(), self.cloud.clone());
        let instances = self.instance.iter().cloned().collect();
        let nics = vec![self.nic.clone()];
        part.merge(InventoryPage { instances, nics, eips: self.eips.clone(), ..InventoryPage::default() }, NOW);
        part
    }

    /// The places of the addresses that match.
    fn hits(&self, expr: &Expr) -> Vec<usize> {
        let profile = ProfileSubject { profile: &self.profile, cloud: &self.cloud, env: Some("PROD") };
        let listed = self.listed();
        let partial = expr.on_instance(expr.on_profile(&profile), listed.instance_ref(0));
        let eips: Vec<&Eip> = self.eips.iter().collect();
        let nic = listed.nic_ref(0).unwrap();
        let nic = NicSubject { nic, eips: &eips, read_at: Timestamp(NOW.0 - 3_600_000), now: NOW };
        let nic = expr.on_nic(partial, nic);
        let bits = nic.addresses(&self.nic.addresses, Self::target);
        let hits: Vec<usize> = (0..64).filter(|nth| bits >> nth & 1 == 1).collect();
        assert!(!nic.is_settled_no() || hits.is_empty());
        assert!(!nic.is_settled_yes() || hits.len() == self.nic.addresses.len());
        hits
    }

    fn find(&self, text: &str) -> Vec<usize> {
        self.hits(&parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")))
    }
}

const ALL: &[usize] = &[0, 1, 2, 3, 4];
const NONE: &[usize] = &[];

#[test]
fn every_field_finds_what_it_should_and_nothing_else() {
    let table: &[(&str, &[usize])] = &[
        ("", ALL),
        ("   ", ALL),
        // Bare words: address prefix, part of an id or a name, of instance, NIC and EIP.
        ("10.0.0.1", &[0, 1]),
        ("10.0", &[0, 1, 2]),
        ("10.0.", &[0, 1, 2]),
        ("1", ALL),
        ("17", &[3]),
        // Octets inside of an address, the last of several may be begun; few digits are not looked for in ids.
        ("0.0.1", &[0, 1]),
        ("0.12", &[1]),
        ("0.0.", &[0, 1]),
        ("0.1", &[0, 1, 2, 3]),
        ("16.0.0.", NONE),
        (".13", &[2]),
        ("12", &[1]),
        (".12", &[1]),
        ("2.", NONE),
        ("0.1.", &[2]),
        (".10", NONE),
        ("16.0", &[3]),
        ("7", &[1]),
        ("3", NONE),
        ("9", NONE),
        ("0.0.0.1", NONE),
        ("10.0.0.1, 172.16.0.1", &[0, 1, 3]),
        ("ip:10.0.0.1, 172.16.0.1，10.0.1.13", &[0, 2, 3]),
        ("\"or\" eni", NONE),
        ("or", NONE),
        ("state:*bogus*", NONE),
        ("state:\"Bogus\"", NONE),
        ("*.1", &[0, 3]),
        ("10.*.13", &[2]),
        ("2001:DB8:", &[4]),
        ("2001:0db8:0::5", &[4]),
        ("10.0.0.0/24", &[0, 1]),
        ("10.0.0.12-10.0.1.20", &[1, 2]),
        ("ENI-BP1", ALL),
        ("网关", ALL),
        ("büRO", ALL),
        ("BÜRO", ALL),
        ("00:16:3E", ALL),
        ("shop", &[1]),
        ("eip-9", &[1]),
        ("203.0.113", &[1]),
        ("nothing-like-it", NONE),
        ("nothing-like-it,.13", &[2]),
        ("\"web 1\"", ALL),
        ("web 1", ALL),
        ("web 2", &[1, 4]),
        ("2001", &[4]),
        ("20010", NONE),
        ("/^web \\d/", ALL),
        ("/^10\\.0\\.1\\./", &[2]),
        // Addresses.
        ("ip:10.0.0.1", &[0]),
        ("ip:10.0.0.0/24", &[0, 1]),
        ("ip:10.0.0.77/24", &[0, 1]),
        ("ip:0.0.0.0/0", &[0, 1, 2, 3]),
        ("ip:10.0.0.12-10.0.1.20", &[1, 2]),
        ("ip:10.0.0.1,172.16.0.1", &[0, 3]),
        ("ip:203.0.113.7", &[1]),
        ("ip:203.0.113.0/24", &[1]),
        ("ip:::ffff:10.0.0.1", &[0]),
        ("ip:2001:db8::/32", &[4]),
        ("ip:2001:db8::1-2001:db8::ff", &[4]),
        ("ip:*.1", &[0, 3]),
        ("ip:10.0.1", &[2]),
        ("-ip:10.0.0.0/8", &[3, 4]),
        // Ids, names, tags.
        ("nic:eni-bp1*", ALL),
        ("nic:eni-bp1", NONE),
        ("nic:ENI-bp1abc", ALL),
        ("nic:büro-ETH0", ALL),
        ("instance:i-1,i-bp1web", ALL),
        ("instance:i-bp1", NONE),
        ("instance:\"web 1 *\"", ALL),
        ("id:eni-bp1abc", ALL),
        ("id:i-bp1web", ALL),
        ("id:eip-9", &[1]),
        ("name:网关", ALL),
        ("name:\"web 1\"", ALL),
        ("name:web\\ 1", ALL),
        ("name:eth1", NONE),
        ("name:SHOP", &[1]),
        ("mac:00:16:3E:12:34:56", ALL),
        ("mac:00-16-3e", ALL),
        ("mac:*34:56", ALL),
        ("mac:16:3e", NONE),
        ("tag:env=prod", ALL),
        ("tag:env=pro", NONE),
        ("tag:env=p*", ALL),
        ("tag:e*=prod", ALL),
        ("tag:team=网络", ALL),
        ("tag:keep", ALL),
        ("tag:keep=", ALL),
        ("-tag:keep", NONE),
        ("tag:/^env=/", ALL),
        ("tag:prod", NONE),
        // States and places.
        ("state:running", ALL),
        ("state:active", ALL),
        ("state:stopped", NONE),
        ("nic-state:attached,free", ALL),
        ("nic-state:inuse", ALL),
        ("nic-state:Available", NONE),
        ("cloud:aliyun,zenlayer", ALL),
        ("cloud:zenlayer", NONE),
        ("-cloud:zenlayer", ALL),
        ("profile:acme-*", ALL),
        ("region:cn-*", ALL),
        ("region:cn", NONE),
        ("zone:*-i", ALL),
        ("vpc:vpc-1", ALL),
        ("vpc:vpc-10", NONE),
        ("subnet:vsw-1", ALL),
        ("sg:sg-2", ALL),
        ("sg:sg-3", NONE),
        ("env:prod", ALL),
        ("env:dev", NONE),
        // What an address is, has, and is found to be.
        ("kind:primary", &[0]),
        ("kind:secondary", &[1, 2]),
        ("kind:vip,ipv6", &[3, 4]),
        ("has:eip", &[1]),
        ("-has:lb", &[0, 1, 3, 4]),
        ("has:tag", ALL),
        ("has:finding", &[0, 1, 2, 4]),
        ("has:secondary", ALL),
        ("has:ipv6", ALL),
        ("has:instance", ALL),
        ("finding:eip-attached", &[1]),
        ("finding:*-unknown,primary-ip", &[0, 2]),
        ("level:ok", &[3]),
        ("level:warn,unknown", &[1, 2]),
        ("level:blocked", &[0, 4]),
        ("marked:yes", &[3]),
        ("marked:no", &[0, 1, 2, 4]),
        ("marked:yes,no", ALL),
        // Numbers.
        ("ips>3", ALL),
        ("ips>4", NONE),
        ("ips=4", ALL),
        ("ips:4", ALL),
        ("ips<4", NONE),
        ("secondaries>=2", ALL),
        ("ipv6s:1", ALL),
        ("eips>=1", ALL),
        ("eips>1", NONE),
        ("age>59m", ALL),
        ("age>1h", NONE),
        ("age>=1h", ALL),
        ("age<1d", ALL),
        // Together, and in full-width punctuation.
        ("10.0 kind:secondary -has:eip", &[2]),
        ("kind：primary，vip", &[0, 3]),
        ("kind:primary\u{3000}10.", &[0]),
        ("KIND:Primary", &[0]),
    ];
    let world = world();
    for (text, wanted) in table {
        // "web 2" is two words: `2` begins the EIP and the IPv6 address.
        assert_eq!(world.find(text), *wanted, "{text}");
    }
}

#[test]
fn an_instance_that_was_not_read_is_found_by_its_id_only() {
    let world = World { instance: None, ..world() };
    assert_eq!(world.find("instance:i-bp1web"), ALL);
    assert_eq!(world.find("i-bp1w"), ALL);
    assert_eq!(world.find("网关"), NONE);
    assert_eq!(world.find("state:running"), NONE);
    assert_eq!(world.find("-state:running"), ALL, "a state that is not known is not running");
    assert_eq!(world.find("tag:env"), NONE);
}

#[test]
fn an_eip_without_a_private_address_is_found_on_each() {
    let mut world = world();
    world.eips[0].bound = EipBinding::Nic { nic: "eni-bp1abc".into(), private_ip: None };
    assert_eq!(world.find("ip:203.0.113.7"), ALL);
    world.eips.clear();
    assert_eq!(world.find("ip:203.0.113.7"), NONE);
    world.nic.public_ips = vec!["203.0.113.7".into()];
    assert_eq!(world.find("ip:203.0.113.7"), ALL);
    assert_eq!(world.find("203.0"), ALL);
}

#[test]
fn mistakes_have_a_place_a_kind_and_a_guess() {
    use FilterErrorKind as K;
    let unknown = |field: Field, known| K::UnknownValue { field, known };
    let table: Vec<(&str, Range<usize>, K, Option<&str>)> = vec![
        ("web ipp:1", 4..7, K::UnknownField, Some("ip")),
        ("vm:web", 0..2, K::UnknownField, Some("instance")),
        ("clodu:x", 0..5, K::UnknownField, Some("cloud")),
        ("quite-else:x", 0..10, K::UnknownField, None),
        ("web1:80", 0..4, K::UnknownField, None),
        ("foo>3", 0..3, K::UnknownField, None),
        ("ip:10.0.0.0/33", 12..14, K::BadCidr { longest: 32 }, Some("32")),
        ("10.0.0.0/x", 9..10, K::BadCidr { longest: 32 }, Some("32")),
        ("ip:10.0.0.0/+8", 12..14, K::BadCidr { longest: 32 }, Some("32")),
        ("ip:::1/129", 7..10, K::BadCidr { longest: 128 }, Some("128")),
        ("ip:300.1", 3..8, K::BadAddress, None),
        ("ip:010.0.0.1", 3..12, K::BadAddress, None),
        ("ip:web", 3..6, K::BadAddress, None),
        ("ip:10.0.0.9-10.0.0.5", 3..20, K::BadRange, None),
        ("ip:10.0.0.9-::1", 3..15, K::BadRange, None),
        ("ip:10.0.0.0/ x", 12..12, K::BadAddress, None),
        ("name:/(/", 5..8, K::BadRegex { message: "unclosed group".into() }, None),
        ("name:/(a{1000}){1000}/", 5..22, K::BadRegex { message: "too large".into() }, None),
        ("name:\"web", 5..9, K::UnclosedQuote, None),
        ("name:/web", 5..9, K::UnclosedRegex, None),
        ("name:\"web\"x", 10..11, K::TrailingText, None),
        ("ip: web", 3..3, K::EmptyValue, None),
        ("name:\"\"", 5..7, K::EmptyValue, None),
        ("state:a,,b", 8..8, K::EmptyValue, None),
        ("- web", 0..1, K::EmptyValue, None),
        ("level:blokced", 6..13, unknown(Field::Level, field::LEVELS), Some("blocked")),
        ("kind:eip", 5..8, unknown(Field::Kind, field::KINDS), Some("vip")),
        ("kind:nic", 5..8, unknown(Field::Kind, field::KINDS), None),
        ("has:secondry", 4..12, unknown(Field::Has, field::HAS), Some("secondary")),
        ("finding:x*", 8..10, unknown(Field::Finding, field::FINDINGS), None),
        ("level:bl web", 6..8, unknown(Field::Level, field::LEVELS), None),
        ("state:Bogus", 6..11, unknown(Field::State, field::POWER), None),
        ("nic-state:atached", 10..17, unknown(Field::NicState, field::NIC_STATES), Some("attached")),
        ("10.0.0.1 OR 10.0.0.2", 9..11, K::Joining, None),
        ("web and db", 4..7, K::Joining, None),
        ("not has:eip", 0..3, K::Joining, None),
        ("NOT web", 0..3, K::Joining, None),
        ("!has:eip", 0..8, K::Joining, None),
        ("(ip:10.0.0.14)", 0..14, K::Joining, None),
        ("web (", 4..5, K::Joining, None),
        ("has:eip OR", 8..10, K::Dangling, None),
        ("（has:eip）", 0..13, K::Joining, None),
        ("！has:eip", 0..10, K::Joining, None),
        ("－（web", 0..9, K::Joining, None),
        ("has:eip 或 web", 8..11, K::Joining, None),
        ("has:eip 或", 8..11, K::Dangling, None),
        ("－ web", 0..3, K::EmptyValue, None),
        ("web ips >5", 4..10, K::Apart { field: Field::Ips }, Some("ips>5")),
        ("ips>many", 4..8, K::BadNumber, None),
        ("ips>-1", 4..6, K::BadNumber, None),
        ("ips>1,2", 3..7, K::BadNumber, None),
        ("age>1y", 4..6, K::BadDuration, None),
        ("age>5 web", 4..5, K::BadDuration, None),
        ("age:1h", 3..4, K::NeedsComparison { field: Field::Age }, Some(">")),
        ("ip>5", 2..3, K::NotComparable { field: Field::Ip }, Some(":")),
        ("state=running", 5..6, K::NotComparable { field: Field::State }, Some(":")),
        // Half typed.
        ("ip:", 3..3, K::Incomplete, None),
        ("web state: ", 10..10, K::Incomplete, None),
        ("-", 0..1, K::Incomplete, None),
        ("state:run", 6..9, K::Incomplete, None),
        ("nic-state:attach", 10..16, K::Incomplete, None),
        ("level:bl", 6..8, K::Incomplete, None),
        ("kind:primary,", 13..13, K::Incomplete, None),
        ("ip:10.0.0.0/", 12..12, K::Incomplete, None),
        ("10.0.0.0/", 9..9, K::Incomplete, None),
        ("ip:10.0.0.1-10.", 12..15, K::Incomplete, None),
        ("ips>", 0..4, K::Incomplete, None),
        ("age>5", 4..5, K::Incomplete, None),
        ("name:a\\", 5..7, K::Incomplete, None),
    ];
    for (text, span, kind, suggestion) in table {
        let error = parse(text).expect_err(text);
        assert_eq!(error, FilterError { span, kind, suggestion: suggestion.map(str::to_owned) }, "{text}");
        let half = ["incomplete", "dangling", "unclosed-quote", "unclosed-regex"].contains(&error.kind.code().as_str());
        assert_eq!(error.is_incomplete(), half, "{text}");
    }
    let many = "a ".repeat(MAX_TERMS + 1);
    assert_eq!(parse(&many).unwrap_err().kind, K::TooManyTerms { most: MAX_TERMS });
    assert_eq!(parse(&many[2..]).unwrap().terms().len(), MAX_TERMS);
}

#[test]
fn a_cloud_that_there_is_not_is_a_mistake_where_they_are_known() {
    let among = |text: &str| parse_among(text, &["aliyun", "zenlayer"]);
    for good in ["cloud:Aliyun", "cloud:*layer", "cloud:aliyun,zenlayer", "-cloud:zenlayer"] {
        assert!(among(good).is_ok(), "{good}");
    }
    let known = vec!["aliyun".to_owned(), "zenlayer".to_owned()];
    let kind = FilterErrorKind::UnknownCloud { known };
    assert_eq!(among("cloud:aws"), Err(FilterError { span: 6..9, kind: kind.clone(), suggestion: None }));
    let meant = Some("aliyun".to_owned());
    assert_eq!(among("cloud:alyun x"), Err(FilterError { span: 6..11, kind, suggestion: meant }));
    assert!(among("cloud:ali").unwrap_err().is_incomplete());
    assert_eq!(complete_part("web cloud:ali", &["aliyun"]), "web");
    assert!(parse("cloud:aws").is_ok(), "nothing is known about clouds");
}

#[test]
fn a_term_can_be_dropped_by_its_place() {
    let expr = parse("web -has:lb  kind:secondary").unwrap();
    assert_eq!(expr.terms().iter().map(Term::text).collect::<Vec<_>>(), ["web", "-has:lb", "kind:secondary"]);
    assert_eq!(expr.terms()[1].span(), 4..11);
    assert!(expr.terms()[1].is_negated());
    assert_eq!(expr.without(1).to_string(), "web kind:secondary");
    assert_eq!(expr.without(1), parse("web kind:secondary").unwrap());
    assert_eq!(expr.without(7), expr);
    let world = world();
    assert_eq!(world.hits(&expr), [1]);
    assert_eq!(world.hits(&expr.without(1)), [1, 2]);
}

#[test]
fn a_complete_address_is_told_apart() {
    assert_eq!(parse("web 10.0.0.1").unwrap().exact_address(), Some(ip("10.0.0.1")));
    assert_eq!(parse("::ffff:10.0.0.1").unwrap().exact_address(), Some(ip("10.0.0.1")));
    for text in ["10.0.0.", "-10.0.0.1", "ip:10.0.0.1", "10.0.0.1/32", ""] {
        assert_eq!(parse(text).unwrap().exact_address(), None, "{text}");
    }
}

#[test]
fn callers_learn_what_to_look_up() {
    let needs = |text| parse(text).unwrap().needs();
    assert_eq!(needs("cloud:aliyun state:running kind:vip ips>3 vpc:a"), Needs::default());
    assert_eq!(needs("web"), Needs { eips: true, ..Needs::default() });
    assert_eq!(needs("-sg:web"), Needs { groups: true, ..Needs::default() });
    assert_eq!(
        needs("level:ok has:lb marked:yes"),
        Needs { verdicts: true, has_lb: true, marks: true, ..Needs::default() }
    );
    assert_eq!(needs("has:finding age>1h"), Needs { verdicts: true, age: true, ..Needs::default() });
}

#[test]
fn instances_and_nics_match_by_themselves() {
    let world = world();
    let profile = ProfileSubject { profile: &world.profile, cloud: &world.cloud, env: None };
    let own = |text: &str| {
        let expr = parse(text).unwrap();
        let listed = world.listed();
        let partial = expr.on_instance(expr.on_profile(&profile), listed.instance_ref(0));
        let eips: Vec<&Eip> = world.eips.iter().collect();
        let subject = NicSubject { nic: listed.nic_ref(0).unwrap(), eips: &eips, read_at: NOW, now: NOW };
        (expr.instance_itself(partial), expr.on_nic(partial, subject).itself(&World::target(1)))
    };
    assert_eq!(own(""), (true, true));
    assert_eq!(own("网关"), (true, true));
    assert_eq!(own("state:running"), (true, true));
    assert_eq!(own("eni-bp1abc"), (false, true));
    assert_eq!(own("ip:10.0.0.1"), (false, false));
    assert_eq!(own("ip:203.0.113.7"), (false, true));
    assert_eq!(own("level:warn"), (false, true));
    assert_eq!(own("level:ok"), (false, false));
    assert_eq!(own("-state:running"), (false, false));
    assert_eq!(own("env:prod"), (false, false));
}

#[test]
fn words_and_bits_agree() {
    use field::{HAS, Has, KINDS, LEVELS, level_bit, role_bit};
    let bit = |words: &[&str], word: &str| words.iter().position(|known| *known == word).map(|place| 1u8 << place);
    for (word, role) in [
        ("primary", AddressRole::Primary),
        ("secondary", AddressRole::Secondary),
        ("vip", AddressRole::Virtual),
        ("ipv6", AddressRole::Ipv6),
    ] {
        assert_eq!(bit(KINDS, word), Some(role_bit(role)));
    }
    for (word, level) in
        [("ok", Level::Ok), ("warn", Level::Warn), ("unknown", Level::Unknown), ("blocked", Level::Blocked)]
    {
        assert_eq!(bit(LEVELS, word), Some(level_bit(level)));
    }
    for (word, has) in [
        ("eip", Has::Eip),
        ("lb", Has::Lb),
        ("tag", Has::Tag),
        ("finding", Has::Finding),
        ("secondary", Has::Secondary),
        ("ipv6", Has::Ipv6),
        ("instance", Has::Instance),
    ] {
        assert_eq!(bit(HAS, word), Some(has.bit()));
    }
}

/// Texts that look like filters, and texts that do not.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        proptest::sample::select(vec![
            "ip:",
            "name:",
            "state:",
            "-",
            ",",
            "\"",
            "/",
            "*",
            "\\",
            " ",
            ":",
            "=",
            ">",
            "<=",
            "10.0.0.",
            "1",
            "/24",
            "level:ok",
            "kind:vip",
            "has:eip",
            "tag:a=b",
            "ips>3",
            "age>1h",
            "网关",
            "É",
            "web",
            "2001:db8::",
            "finding:",
            "lb-*",
            "cloud:aliyun",
            "：",
            "，",
            "\u{3000}",
            "marked:no",
            "mac:00-16",
            "(",
            "[",
            "|",
            "＆",
            "或",
            "－",
            "（",
            "nic-state:",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(|c| c.to_string()),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Single terms that are filters, without their sign.
fn terms() -> impl Strategy<Value = String> {
    texts().prop_filter_map("one term", |text| {
        let text = text.trim().trim_start_matches('-').to_owned();
        let expr = parse(&text).ok()?;
        // Alone it looks for itself.
        let joins = parse::JOINING.contains(&&*text.to_lowercase());
        (expr.terms().len() == 1 && !expr.terms()[0].is_negated() && !joins).then(|| expr.terms()[0].text().to_owned())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_filter_or_an_error_in_the_text(text in texts()) {
        match parse(&text) {
            Ok(expr) => {
                // What is shown reads back as the same, and means the same.
                let again = parse(&expr.to_string()).unwrap();
                prop_assert_eq!(&again, &expr);
                prop_assert_eq!(world().hits(&again), world().hits(&expr));
                for term in expr.terms() {
                    prop_assert_eq!(&text[term.span()], term.text());
                }
            }
            Err(error) => {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len());
                prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
            }
        }
    }

    #[test]
    fn negation_is_the_complement(term in terms()) {
        let world = world();
        let (yes, no) = (world.find(&term), world.find(&format!("-{term}")));
        let mut both: Vec<usize> = yes.iter().chain(&no).copied().collect();
        both.sort_unstable();
        prop_assert_eq!(both, ALL, "{}", term);
    }

    #[test]
    fn terms_are_joined_by_and(a in terms(), b in terms()) {
        let world = world();
        let both: Vec<usize> = world.find(&a).into_iter().filter(|nth| world.find(&b).contains(nth)).collect();
        prop_assert_eq!(world.find(&format!("{a} {b}")), both);
    }

    #[test]
    fn beginnings_are_prefixes_of_the_text(octets: [u8; 4], cut in 1usize..15) {
        let address = IpAddr::from(octets);
        let text = address.to_string();
        let typed = &text[..cut.min(text.len())];
        prop_assert!(net::beginning(typed).unwrap().matches(address), "{} begins {}", typed, text);
    }

    #[test]
    fn nothing_but_prefixes_is_a_beginning(octets in proptest::array::uniform4(prop_oneof![0u8..30, 90u8..130, 240u8..=255]), other in proptest::array::uniform4(prop_oneof![0u8..30, 90u8..130]), cut in 1usize..15) {
        let typed = IpAddr::from(other).to_string();
        let typed = &typed[..cut.min(typed.len())];
        let address = IpAddr::from(octets);
        let found = net::beginning(typed).unwrap().matches(address);
        prop_assert_eq!(found, address.to_string().starts_with(typed), "{} {}", typed, address);
    }

    #[test]
    fn case_makes_no_difference(hay in "[a-zA-Z0-9ÄäßЯя网-]{0,12}", needle in "[a-zA-ZÄäЯя网-]{1,3}") {
        let plain = hay.to_lowercase().contains(&needle.to_lowercase());
        prop_assert_eq!(Pattern::contains(&needle).matches(&hay), plain);
        let prefix = hay.to_lowercase().starts_with(&needle.to_lowercase());
        prop_assert_eq!(Pattern::prefix(&needle).matches(&hay), prefix);
    }

    #[test]
    fn globs_match_like_their_regular_expression(hay in "[ab]{0,8}", pieces in proptest::collection::vec("[ab]{0,2}", 1..4)) {
        let pieces: Vec<&str> = pieces.iter().map(String::as_str).collect();
        let source = format!("^{}$", pieces.join(".*"));
        prop_assert_eq!(Pattern::glob(&pieces).matches(&hay), pattern::regex(&source).unwrap().is_match(&hay));
    }
}

#[test]
fn what_is_half_typed_is_left_out_of_the_complete_part() {
    for (text, complete) in [
        ("", ""),
        ("web", "web"),
        ("web ", "web "),
        ("web name:", "web"),
        ("web name:\"a b", "web"),
        ("name:\"a b\" /x", "name:\"a b\""),
        ("ip:", ""),
        ("网关 -", "网关"),
        ("web or", "web"),
        ("web \"or\"", "web \"or\""),
        ("or", "or"),
    ] {
        assert_eq!(complete_part(text, &[]), complete, "{text:?}");
    }
}

#[test]
fn a_bare_word_may_become_a_field() {
    let field = |text: &str| parse(text).unwrap().half_typed().map(Field::as_str);
    assert_eq!(field("web ipp"), Some("ip"));
    assert_eq!(field("nam"), Some("name"));
    assert_eq!(field("state"), Some("state"));
    for other in ["", "10.0.0", "网关", "has:eip", "-name", "\"name\"", "zzzzzz", "name web-1"] {
        assert_eq!(field(other), None, "{other:?}");
    }
}

/// Tags that nobody knows are neither there nor not there.
#[test]
fn what_is_not_told_of_tags_matches_neither_way() {
    let mut untold = world();
    untold.nic.tags = Tags::unknown();
    assert_eq!(untold.find("tag:keep"), ALL, "the instance has it");
    assert_eq!(untold.find("-tag:keep"), NONE);
    for text in ["tag:gone", "-tag:gone", "tag:gone=1", "-tag:gone=1", "-has:tag"] {
        assert_eq!(untold.find(text), NONE, "{text}");
    }
    assert_eq!(untold.find("-has:tag,eip"), NONE);
    assert_eq!(untold.find("has:tag"), ALL);
    untold.nic.tags = Tags::none();
    assert_eq!(untold.find("-tag:gone"), ALL, "both are known");
    for instance in [None, untold.instance.clone().map(|instance| Instance { tags: Tags::unknown(), ..instance })] {
        untold.instance = instance;
        for text in ["tag:keep", "-tag:keep", "has:tag", "-has:tag"] {
            assert_eq!(untold.find(text), NONE, "{text}");
        }
    }
    untold.nic.instance = None;
    untold.instance = None;
    assert_eq!(untold.find("-tag:keep"), ALL, "on no instance");
}
