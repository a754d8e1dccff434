#![allow(clippy::unwrap_used)]

use super::*;

const FILE: &str = r#"{
  "provider": "cloud", "region": "north-1",
  "instances": [
    {"id": "i-1", "name": "web-1", "status": "RUNNING", "zone": "north-1a", "type": "small", "vpc_id": "vpc-1"},
    {"id": "i-2", "name": "web-2", "status": "STOPPED"}
  ],
  "nics": [
    {"id": "n-1", "name": "web-1-a", "instance_id": "i-1", "primary": true, "status": "USED", "mac": "", "subnet_id": "s-1",
     "vpc_id": "", "security_groups": ["sg-1"],
     "addresses": [{"ip": "10.0.0.10", "primary": true, "virtual": false, "eip": {"id": "e-1", "ip": "203.0.113.1"}, "lb": null},
                   {"ip": "10.0.0.11", "primary": false, "virtual": false, "eip": null, "lb": "lb-1"}], "ipv6": []},
    {"id": "n-2", "instance_id": "i-1", "status": "USED", "subnet_id": "s-1",
     "addresses": [{"ip": "10.0.0.20", "primary": true}, {"ip": "10.0.0.21", "eip": {"id": "e-2", "ip": "203.0.113.2"}, "lb": "lb-1"}]},
    {"id": "n-3", "instance_id": null, "status": "AVAILABLE", "addresses": [], "ipv6": ["2001:db8::3"]}
  ],
  "free_eips": [{"id": "e-9", "ip": "203.0.113.9"}]
}"#;

const SOUTH: &str = r#"{"provider": "cloud", "region": "south-1",
  "nics": [{"id": "n-8", "status": "AVAILABLE", "addresses": [{"ip": "10.0.0.10", "primary": true}]}]}"#;

fn world() -> World {
    World::parse(&[("north.json", FILE), ("south.json", SOUTH)]).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn bound_to(world: &World, eip: &str) -> Option<String> {
    world.eip(eip).unwrap().bound.map(|(nic, address)| format!("{} {}", nic.id, address.ip))
}

/// The index of a world is what a walk over it would say.
fn assert_indexed(world: &World) {
    assert_eq!(world.index, Index::of(&world.instances, &world.nics));
}

#[test]
fn files_of_several_regions_make_one_world() {
    let world = world();
    assert_eq!(world.provider(), "cloud");
    assert_eq!(world.regions(), ["north-1", "south-1"]);
    assert_eq!(world.nic("n-8").unwrap().region, "south-1");
    assert_eq!(world.instance("i-1").unwrap().region, "north-1");
    assert!(world.instance("i-9").is_none());
    assert_eq!(world.nics_of("i-1").map(|nic| nic.id.as_str()).collect::<Vec<_>>(), ["n-1", "n-2"]);
    assert_eq!(world.nics_of("i-2").count(), 0);
    let nic = world.nic("n-1").unwrap();
    assert_eq!(nic.vpc_id, "vpc-1", "taken from the instance");
    assert!(nic.mac.starts_with("fa:16:3e:") && nic.mac.len() == 17, "{}", nic.mac);
    assert_eq!(world.subnet(nic).unwrap().to_string(), "10.0.0.0/24");
    assert_indexed(&world);
}

#[test]
fn eips_and_load_balancers_are_views_of_addresses() {
    let mut world = world();
    let ids: Vec<&str> = world.eips().map(|view| view.eip.id.as_str()).collect();
    assert_eq!(ids, ["e-1", "e-2", "e-9"]);
    assert_eq!(bound_to(&world, "e-2").as_deref(), Some("n-2 10.0.0.21"));
    assert_eq!(bound_to(&world, "e-9"), None);
    assert_eq!(world.eip("e-9").unwrap().region, "north-1");
    assert_eq!(world.load_balancers().map(|lb| lb.id.as_str()).collect::<Vec<_>>(), ["lb-1"]);
    let backends: Vec<String> = world.backends("lb-1").map(|(_, address)| address.ip.to_string()).collect();
    assert_eq!(backends, ["10.0.0.11", "10.0.0.21"]);
    assert_eq!(world.load_balancers_of("i-1"), ["lb-1"]);
    assert!(world.load_balancers_of("i-2").is_empty());

    assert_eq!(world.release("n-2", &[ip("10.0.0.21"), ip("10.0.0.99")]), 1);
    assert_eq!(bound_to(&world, "e-2"), None, "an EIP outlives its address");
    assert_eq!(world.backends("lb-1").count(), 1);
    assert!(world.unbind_eip("e-1"));
    assert!(!world.unbind_eip("e-1"));
    assert_eq!(world.eip("e-1").unwrap().region, "north-1");
    assert_eq!(world.eips().count(), 3);
    assert_indexed(&world);
}

#[test]
fn changes_keep_every_look_up_true() {
    let mut world = world();
    let before = world.revision();
    world.edit_nic("n-2", |nic| nic.instance_id = None).unwrap();
    assert_eq!(world.nics_of("i-1").count(), 1);
    assert!(world.revision() > before);
    assert_indexed(&world);
    let mut nic = world.nic("n-3").unwrap().clone();
    nic.id = "n-4".to_owned();
    nic.instance_id = Some("i-2".to_owned());
    nic.addresses =
        vec![SimAddress { ip: ip("10.0.0.40"), primary: true, floating: false, eip: None, lb: Some("lb-7".into()) }];
    world.put_nic(nic);
    assert_eq!(world.nics().len(), 5);
    assert_eq!(world.nics_of("i-2").count(), 1);
    assert_eq!(world.load_balancer("lb-7").unwrap().region, "north-1");
    assert_indexed(&world);
    assert!(world.remove_nic("n-1").is_some());
    assert!(world.remove_nic("n-1").is_none());
    assert_eq!(bound_to(&world, "e-1"), None);
    assert_indexed(&world);
    assert!(world.remove_instance("i-2").is_some());
    assert_eq!(world.nic("n-4").unwrap().instance_id.as_deref(), Some("i-2"));
    assert_indexed(&world);
    assert!(world.edit_nic("n-1", |_| ()).is_none());
    assert!(world.edit_instance("i-1", |instance| instance.id = "other".to_owned()).is_some());
    assert!(world.instance("i-1").is_some(), "an id can not be edited away");
}

#[test]
fn transient_states_end_when_they_are_due_and_not_before() {
    let mut world = world();
    world.transition_ms = 500;
    let now = Timestamp(10_000);
    assert!(world.begin("n-2", "DETACHING", Becomes::Detached { status: "AVAILABLE".to_owned() }, now));
    assert!(world.begin("n-8", "DELETING", Becomes::Deleted, now.plus_ms(100)));
    assert!(!world.begin("n-0", "DELETING", Becomes::Deleted, now));
    assert_indexed(&world);
    world.settle(now.plus_ms(499));
    assert_eq!(world.nic("n-2").unwrap().status, "DETACHING");
    assert_eq!(world.nic("n-2").unwrap().instance_id.as_deref(), Some("i-1"), "named until it is off");
    world.settle(now.plus_ms(500));
    assert_eq!(world.nic("n-2").unwrap().status, "AVAILABLE");
    assert_eq!(world.nic("n-2").unwrap().instance_id, None);
    assert_eq!(bound_to(&world, "e-2").as_deref(), Some("n-2 10.0.0.21"), "an EIP stays with its NIC");
    assert!(world.nic("n-8").is_some());
    world.settle(now.plus_ms(10_000));
    assert!(world.nic("n-8").is_none());
    let attached = Becomes::Attached { instance_id: "i-2".to_owned(), status: "USED".to_owned() };
    world.begin("n-2", "ATTACHING", attached, now);
    assert_eq!(world.nics_of("i-2").count(), 1);
    world.settle(now.plus_ms(500));
    assert_eq!(world.nic("n-2").unwrap().status, "USED");
    assert!(world.nics().iter().all(|nic| nic.pending.is_none()));
    assert_indexed(&world);
}

#[test]
fn addresses_go_when_their_task_ends_and_an_eip_may_die_with_its_binding() {
    let mut world = world();
    world.transition_ms = 1_000;
    world.edit_nic("n-2", |nic| nic.addresses[1].eip.as_mut().unwrap().dies_unbound = true);
    let becomes = Becomes::Released { ips: vec![ip("10.0.0.21")], status: "USED".to_owned() };
    assert!(world.begin("n-2", "USED", becomes, Timestamp(0)));
    world.settle(Timestamp(999));
    assert!(world.nic("n-2").unwrap().address(ip("10.0.0.21")).is_some());
    world.settle(Timestamp(1_000));
    let nic = world.nic("n-2").unwrap();
    assert_eq!((nic.addresses.len(), nic.status.as_str(), &nic.pending), (1, "USED", &None));
    assert_eq!(world.eip("e-2"), None);
    assert!(world.unbind_eip("e-1") && !world.unbind_eip("e-1"));
    assert_eq!(bound_to(&world, "e-1"), None);
    assert_indexed(&world);
}

#[test]
fn a_free_eip_is_bound_to_an_address_that_has_none() {
    let mut world = world();
    assert!(!world.bind_eip("e-9", "n-1", ip("10.0.0.10")), "there is one already");
    assert!(!world.bind_eip("e-9", "n-1", ip("10.0.0.99")) && !world.bind_eip("e-8", "n-1", ip("10.0.0.11")));
    assert!(world.bind_eip("e-9", "n-1", ip("10.0.0.11")));
    assert_eq!(bound_to(&world, "e-9").as_deref(), Some("n-1 10.0.0.11"));
    assert!(!world.bind_eip("e-9", "n-2", ip("10.0.0.20")), "it is not free any more");
    assert_indexed(&world);
}

#[test]
fn a_task_fails_where_the_world_says_so() {
    let mut world = world();
    world.transition_ms = 1_000;
    world.task_failures.insert("n-1".to_owned(), "no route".to_owned());
    assert!(world.begin_task("t-1", &["Release", "n-2"], Timestamp(5)));
    assert!(!world.begin_task("t-2", &["Release", "n-1"], Timestamp(5)));
    let names = vec!["Release".to_owned(), "n-2".to_owned()];
    assert_eq!(world.tasks["t-1"], SimTask { due: Timestamp(1_005), failure: None, names });
    assert_eq!(world.tasks["t-2"].failure.as_deref(), Some("no route"));
    world.begin("n-1", "BUSY", Becomes::Unchanged { status: "USED".to_owned() }, Timestamp(5));
    world.settle(Timestamp(1_005));
    assert_eq!(world.nic("n-1").unwrap().status, "USED");
}

#[test]
fn a_world_is_written_back_as_it_was_read() {
    let world = world();
    let files = world.to_files();
    let texts: Vec<String> = files.iter().map(|file| serde_json::to_string(file).unwrap()).collect();
    let named: Vec<(&str, &str)> = texts.iter().map(|text| ("again.json", text.as_str())).collect();
    assert_eq!(World::parse(&named).unwrap(), world);
}

#[test]
fn a_wrong_file_names_itself_the_place_the_object_and_what_is_wrong() {
    let nic = |text: &str| FILE.replace(r#""nics": ["#, &format!(r#""nics": [{text},"#));
    let cases: Vec<(String, &str)> = vec![
        (
            "{\n\"provider\": 7}".into(),
            "w.json: line 2, column 13, provider: invalid type: integer `7`, expected a string",
        ),
        (FILE.replace("\"zone\"", "\"zoen\""), "instances[0].zoen: unknown field `zoen`"),
        (
            FILE.replace("[\"sg-1\"]", "[\"sg-1\""),
            "w.json: line 10, column 17, nics[0].security_groups: expected `,` or `]`",
        ),
        (format!("{FILE} x"), "trailing characters"),
        (FILE.replace("203.0.113.9", "203.0.113.900"), "free_eips[0].ip: invalid IP address syntax"),
        (FILE.replace("\"cloud\"", "\"\""), "w.json: provider: must not be empty"),
        (FILE.replace("\"north-1\"", "\"\""), "w.json: region: must not be empty"),
        (
            FILE.replace("\"i-2\"", "\"i-1\""),
            "w.json: instances[1] (i-1): this id stands at w.json: instances[0] already",
        ),
        (FILE.replace("\"i-2\"", "\"\""), "w.json: instances[1].id: must not be empty"),
        (
            FILE.replace("\"i-2\"", r#""i\n2""#),
            r"w.json: instances[1].id (i\n2): a control character is not allowed here",
        ),
        (FILE.replace("\"STOPPED\"", "\"\""), "w.json: instances[1].status (i-2): must not be empty"),
        (FILE.replace("\"n-2\"", "\"n-1\""), "w.json: nics[1] (n-1): this id stands at w.json: nics[0] already"),
        (
            FILE.replace("\"i-1\", \"status\"", "\"i-7\", \"status\""),
            "w.json: nics[1].instance_id (n-2): there is no instance \"i-7\" in this region's files",
        ),
        (
            nic(
                r#"{"id": "n-0", "instance_id": "i-1", "primary": true, "status": "USED", "addresses": [{"ip": "10.9.0.1", "primary": true}]}"#,
            ),
            "w.json: nics[1].primary (n-1): instance \"i-1\" has a primary NIC already: n-0",
        ),
        (
            nic(
                r#"{"id": "n-0", "primary": true, "status": "USED", "addresses": [{"ip": "10.9.0.1", "primary": true}]}"#,
            ),
            "w.json: nics[0].primary (n-0): a primary NIC belongs to an instance",
        ),
        (
            nic(r#"{"id": "n-0", "status": "USED", "addresses": []}"#),
            "w.json: nics[0].addresses (n-0): a NIC has exactly one primary IPv4 address (or IPv6 addresses only), this one has 0",
        ),
        (
            FILE.replace("\"virtual\": false, \"eip\": {", "\"virtual\": true, \"eip\": {"),
            "nics[0].addresses[0].virtual (n-1)",
        ),
        (
            FILE.replace("10.0.0.11", "::1"),
            "w.json: nics[0].addresses[1].ip (n-1): ::1 is IPv6: it belongs in \"ipv6\"",
        ),
        (FILE.replace("2001:db8::3", "10.0.0.3"), "nics[2].ipv6[0] (n-3): 10.0.0.3 is IPv4"),
        (FILE.replace("10.0.0.11", "10.0.0.10"), "w.json: nics[0].addresses[1].ip (n-1): 10.0.0.10 is on n-1 already"),
        (FILE.replace("10.0.0.21", "10.0.0.11"), "w.json: nics[1].addresses[1].ip (n-2): 10.0.0.11 is on n-1 already"),
        (
            FILE.replace("\"e-2\"", "\"e-1\""),
            "w.json: nics[1].addresses[1].eip (e-1): this id stands at w.json: nics[0].addresses[0].eip already",
        ),
        (
            FILE.replace(r#""free_eips""#, r#""subnets": [{"id": "s-1", "cidr": "10.0.0.0"}], "free_eips""#),
            "w.json: subnets[0].cidr (s-1): \"10.0.0.0\" is no range of addresses like 10.0.0.0/24",
        ),
    ];
    for (text, wanted) in cases {
        let error = World::parse(&[("w.json", &text)]).unwrap_err().to_string();
        assert!(error.contains(wanted), "wanted: {wanted}\n   got: {error}");
    }
    let other = SOUTH.replace("\"cloud\"", "\"sky\"");
    let error = World::parse(&[("north.json", FILE), ("south.json", &other)]).unwrap_err().to_string();
    assert_eq!(error, "south.json: provider: one world is one cloud: this file says \"sky\", the first one \"cloud\"");
    let error = World::parse(&[("a.json", FILE), ("b.json", FILE)]).unwrap_err().to_string();
    assert_eq!(error, "b.json: instances[0] (i-1): this id stands at a.json: instances[0] already");
    assert_eq!(World::parse(&[]).unwrap_err().problem, Problem::NoFile);
}

const FLOATING: &str = r#"{"provider": "p", "region": "r",
    "instances": [{"id": "i-1", "status": "on"}],
    "floats": [
        {"id": "f-2", "ip": "10.0.0.102", "subnet_id": "s", "pairs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.77", "mac": "m"}]},
        {"id": "f-3", "ip": "10.0.0.103", "subnet_id": "s"}],
    "nics": [
        {"id": "n-1", "instance_id": "i-1", "primary": true, "status": "on", "subnet_id": "s", "pairs": [{"ip": "1.1.1.1/0"}],
         "addresses": [{"ip": "10.0.0.1", "primary": true},
            {"ip": "10.0.0.101", "virtual": true, "eip": {"id": "e-1", "ip": "203.0.113.1"}, "lb": "lb-1"}]},
        {"id": "n-2", "instance_id": "i-1", "status": "on", "subnet_id": "s", "pairs": [{"ip": "10.0.0.103"}],
         "addresses": [{"ip": "10.0.0.2", "primary": true}, {"ip": "10.0.0.101", "virtual": true}]},
        {"id": "n-3", "instance_id": "i-1", "status": "on", "subnet_id": "other",
         "addresses": [{"ip": "10.0.0.1", "primary": true}, {"ip": "10.0.0.101", "virtual": true}]}]}"#;

fn floating() -> World {
    World::parse(&[("floating", FLOATING)]).unwrap()
}

fn virtual_ips(world: &World, nic: &str) -> Vec<String> {
    let nic = world.nic(nic).unwrap();
    nic.addresses.iter().filter(|address| address.floating).map(|address| address.ip.to_string()).collect()
}

fn pairs(world: &World, nic: &str, at: &str) -> Vec<String> {
    let float = world.float_of(world.nic(nic).unwrap(), ip(at)).unwrap();
    float.pairs.iter().map(|pair| pair.ip.clone()).collect()
}

#[test]
fn a_virtual_address_is_one_object_for_all_nics_of_its_subnet() {
    let world = floating();
    assert_eq!(
        virtual_ips(&world, "n-1"),
        ["10.0.0.101", "10.0.0.102"],
        "bound by its own word and by the float's list"
    );
    assert_eq!(virtual_ips(&world, "n-2"), ["10.0.0.101", "10.0.0.103"], "bound by the NIC's list");
    assert_eq!(pairs(&world, "n-1", "10.0.0.101"), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(pairs(&world, "n-3", "10.0.0.101"), ["10.0.0.1"], "another subnet, another object");
    assert_eq!(world.floats().len(), 4);
    let shared = world.float_of(world.nic("n-2").unwrap(), ip("10.0.0.101")).unwrap();
    assert_eq!(shared.eip.as_ref().map(|eip| eip.id.as_str()), Some("e-1"));
    assert_eq!(shared.lb.as_deref(), Some("lb-1"));
    assert_eq!(world.holders(shared).map(|nic| nic.id.as_str()).collect::<Vec<_>>(), ["n-1", "n-2"]);
    let view = world.eip("e-1").unwrap();
    assert_eq!((view.bound, view.float.map(|float| float.id.clone())), (None, Some(shared.id.clone())));
    assert_eq!(world.eips().count(), 1);
    let again =
        World::from_files(world.to_files().into_iter().map(|file| ("again".to_owned(), file)).collect()).unwrap();
    assert_eq!(again.to_files(), world.to_files());
    assert_eq!(virtual_ips(&again, "n-1"), virtual_ips(&world, "n-1"));
}

#[test]
fn releasing_a_virtual_address_unbinds_one_nic_on_both_sides_and_keeps_the_object() {
    let mut world = floating();
    assert_eq!(world.release("n-1", &[ip("10.0.0.101"), ip("10.0.0.102")]), 2);
    assert_eq!(virtual_ips(&world, "n-1"), [""; 0]);
    assert_eq!(pairs(&world, "n-2", "10.0.0.101"), ["10.0.0.2"], "the other NIC keeps it");
    assert_eq!(pairs(&world, "n-2", "10.0.0.102"), ["10.0.0.77"], "a pair of nobody is kept");
    assert_eq!(world.nic("n-1").unwrap().pairs.len(), 1, "the range is no virtual address");
    assert_eq!(world.release("n-2", &[ip("10.0.0.103")]), 1);
    assert!(world.nic("n-2").unwrap().pairs.is_empty());
    assert!(world.eip("e-1").is_some_and(|view| view.float.is_some()), "the EIP stays with the address");
    assert!(world.unbind_eip("e-1") && world.eip("e-1").is_some_and(|view| view.float.is_none()));
    world.remove_nic("n-2");
    assert!(pairs(&world, "n-1", "10.0.0.101").is_empty());
}

#[test]
fn lists_and_addresses_follow_each_other() {
    let mut world = floating();
    let pair = |ip: &str| SimPair { ip: ip.to_owned(), mac: String::new() };
    assert!(world.set_pairs_of_float("f-3", vec![pair("10.0.0.1"), pair("10.0.0.0/24")]));
    assert_eq!(virtual_ips(&world, "n-1"), ["10.0.0.101", "10.0.0.102", "10.0.0.103"]);
    // One address may be written as the range that holds nothing else.
    assert!(world.set_pairs_of_float("f-3", vec![pair("10.0.0.1/32")]));
    assert_eq!(virtual_ips(&world, "n-1"), ["10.0.0.101", "10.0.0.102", "10.0.0.103"]);
    assert!(world.set_pairs_of_float("f-3", vec![]));
    assert_eq!(virtual_ips(&world, "n-1"), ["10.0.0.101", "10.0.0.102"]);
    assert_eq!(virtual_ips(&world, "n-2"), ["10.0.0.101", "10.0.0.103"], "its own list still names it");
    assert!(world.set_pairs_of_nic("n-2", vec![pair("10.0.0.102")]));
    assert_eq!(virtual_ips(&world, "n-2"), ["10.0.0.101", "10.0.0.102"]);
    // Somebody writes an address onto a NIC: an object is made for it, and what hangs on it hangs on the object.
    let address = |at: &str, lb: &str| SimAddress {
        ip: ip(at),
        primary: false,
        floating: true,
        eip: None,
        lb: Some(lb.to_owned()),
    };
    world.edit_nic("n-3", |nic| nic.addresses.push(address("10.0.0.9", "lb-9")));
    assert_eq!(pairs(&world, "n-3", "10.0.0.9"), ["10.0.0.1"]);
    let nic = world.nic("n-3").unwrap();
    let made = nic.address(ip("10.0.0.9")).unwrap();
    assert_eq!((made.lb.as_ref(), world.balancer_of(nic, made)), (None, Some("lb-9")));
    assert!(world.set_pairs_of_float("f-2", vec![pair("10.0.0.2")]));
    let gone = world.remove_float("f-2").unwrap();
    assert_eq!(gone.ip, ip("10.0.0.102"));
    assert_eq!(virtual_ips(&world, "n-2"), ["10.0.0.101"]);
    assert!(!world.set_pairs_of_float("f-2", vec![]) && !world.set_pairs_of_nic("n-9", vec![]));
}

#[test]
fn a_virtual_address_stands_in_a_file_once() {
    let twice = FLOATING.replace("\"f-3\", \"ip\": \"10.0.0.103\"", "\"f-3\", \"ip\": \"10.0.0.102\"");
    let error = World::parse(&[("w", &twice)]).unwrap_err();
    assert_eq!(error.to_string(), "w: floats[1].ip (f-3): 10.0.0.102 is on f-2 already");
    let taken = FLOATING.replace("\"f-3\"", "\"n-1\"");
    let error = World::parse(&[("w", &taken)]).unwrap_err();
    assert!(matches!(error.problem, Problem::DuplicateId(_)), "{error}");
}
