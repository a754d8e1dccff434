//! API 2.0: its requests, its answers, its refusals.

use serde_json::{Value, json};

use super::{super::tests::profile, *};
use crate::{
    domain::{
        address::{AddressRole, EipBinding},
        fault::{Effect, FaultKind},
        nic::ManagedBy,
        page::{Cursor, InventoryPage, Scope},
        time::Timestamp,
    },
    providers::provider::TaskState,
    wire::parse_query,
};

fn write(kind: OperationKind) -> Call {
    let step = Step { carry: Some("vpc-7t9nf3pu".into()), ..Step::default() };
    Call::Write { region: "gz".into(), kind, step }
}

fn release(ips: &[&str]) -> Call {
    let ips = ips.iter().map(|ip| ip.parse().unwrap()).collect();
    write(OperationKind::Release { nic: "eni-m6dyj72l".into(), ips })
}

fn task(task: &str) -> Call {
    Call::Task { region: "ap-guangzhou".into(), task: task.into() }
}

fn nics() -> Listing {
    Listing::all(Resource::Nics, Some("gz".into()))
}

fn form(request: &WireRequest) -> Vec<(String, String)> {
    let mut pairs = parse_query(std::str::from_utf8(&request.body).unwrap());
    pairs.sort();
    pairs
}

/// The recorded parameters of the vendor's older SDK, without what a signature adds.
fn recorded(name: &str) -> Vec<(String, String)> {
    let all: Vec<Value> = serde_json::from_str(include_str!("../../../../tests/vectors/tencent.json")).unwrap();
    let vector = all.into_iter().find(|vector| vector["name"] == name).expect(name);
    let url = vector["request"]["url"].as_str().unwrap();
    let query = url.split_once('?').map_or(vector["request"]["body"].as_str().unwrap(), |(_, query)| query);
    let own = ["SecretId", "Nonce", "Timestamp", "SignatureMethod", "Signature", "RequestClient"];
    let mut pairs = parse_query(query);
    pairs.retain(|(name, _)| !own.contains(&name.as_str()));
    pairs.sort();
    pairs
}

#[test]
fn requests_have_the_parameters_of_the_vendors_sdk() {
    let instances = Call::List(Listing::all(Resource::Instances, Some("ap-guangzhou".into())));
    for (name, call, host) in [
        ("v2-unassign-get-sha1", release(&["10.0.0.2"]), "vpc"),
        ("v2-task-result-get", task("16284"), "vpc"),
        ("v2-cvm-describe-instances-versioned", instances, "cvm"),
    ] {
        let request = Legacy.encode(&call, &profile(None));
        assert_eq!(request.url(), format!("https://{host}.api.qcloud.com/v2/index.php"), "{name}");
        assert_eq!(form(&request), recorded(name), "{name}");
    }
    let attach = OperationKind::Attach { nic: "eni-m6dyj72l".into(), instance: "ins-xx44545f".into() };
    let named: Vec<String> = form(&Legacy.encode(&write(attach), &profile(None))).into_iter().map(|(n, _)| n).collect();
    let wanted: Vec<String> = recorded("v2-attach-get").into_iter().map(|(name, _)| name).collect();
    assert_eq!(named, wanted);
    let shown = |call: &Call| {
        let pairs = form(&Legacy.encode(call, &profile(None)));
        pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
    };
    let ip = |ip: &str| ip.parse().unwrap();
    let assign =
        write(OperationKind::Assign { nic: "eni-1".into(), ips: vec![ip("10.0.0.2"), ip("10.0.0.3")], lists: vec![] });
    assert_eq!(
        shown(&assign),
        "Action=AssignPrivateIpAddresses Region=gz networkInterfaceId=eni-1 privateIpAddressSet.0.privateIpAddress=10.0.0.2 \
         privateIpAddressSet.1.privateIpAddress=10.0.0.3 vpcId=vpc-7t9nf3pu"
    );
    let third = Listing { cursor: Cursor::Page(3), ..nics() };
    assert_eq!(shown(&Call::List(third)), "Action=DescribeNetworkInterfaces Region=gz limit=50 offset=100");
    let one = Listing { scope: Scope::Nic("eni-1".into()), ..nics() };
    assert_eq!(
        shown(&Call::List(one)),
        "Action=DescribeNetworkInterfaces Region=gz limit=50 networkInterfaceId=eni-1 offset=0"
    );
    let regions = Call::List(Listing { region: Some("gz".into()), ..Listing::all(Resource::Regions, None) });
    assert_eq!(shown(&regions), "Action=DescribeRegions Region=gz Version=2017-03-12");
}

#[test]
fn what_it_has_no_calls_for_is_asked_of_the_newer_api_in_its_own_words_for_regions() {
    let ip = "10.0.0.2".parse().unwrap();
    let bind = write(OperationKind::BindEip { nic: "eni-1".into(), eip: "eip-1".into(), ip });
    let list = |resource| Call::List(Listing::all(resource, Some("gz".into())));
    for call in [list(Resource::Floats), list(Resource::Backends), bind, task("eip:7")] {
        let request = Legacy.encode(&call, &profile(None));
        assert_eq!((request.path.as_str(), request.header("x-tc-region")), ("/", Some("ap-guangzhou")), "{call:?}");
    }
    // Each is signed in its own way.
    let stamp = Stamp { now: Timestamp(1_709_600_523_000), nonce: "0f".repeat(16) };
    let credential = Credential::keys("id", "secret", Some("token"));
    let mut newer = Legacy.encode(&list(Resource::Floats), &profile(None));
    Legacy.sign(&mut newer, &credential, &stamp);
    assert!(newer.header("authorization").is_some_and(|value| value.contains("/vpc/tc3_request")));
    let mut older = Legacy.encode(&Call::List(nics()), &profile(None));
    Legacy.sign(&mut older, &credential, &stamp);
    assert_eq!(older.header("authorization"), None);
    let names: Vec<String> = form(&older).into_iter().map(|(name, _)| name).collect();
    assert!(["Nonce", "Signature", "Token"].iter().all(|name| names.iter().any(|own| own == name)), "{names:?}");
}

fn answer(body: &Value) -> WireResponse {
    WireResponse { status: 200, headers: vec![], body: body.to_string().into_bytes() }
}

fn page(listing: &Listing, rows: &Value, total: u64) -> Result<InventoryPage, Fault> {
    let body = json!({"code": 0, "message": "", "codeDesc": "Success", "data": {"totalNum": total, "data": rows}});
    match Legacy.decode(&Call::List(listing.clone()), &answer(&body))? {
        Reply::Page(page) => Ok(page),
        other => panic!("{other:?}"),
    }
}

/// Vendor: the example of the page.
#[test]
fn nics_have_a_place_and_no_state() {
    let row = json!({"vpcId": "vpc-fyc4pilk", "vpcName": "test", "subnetId": "subnet-pq7ptksb", "zoneId": 100_002,
        "eniName": "web", "eniDescription": "", "networkInterfaceId": "eni-ay1ac9c7", "primary": false,
        "macAddress": "20:90:6F:94:86:77", "createTime": "2017-07-28 20:09:34", "flowLogsSet": [],
        "privateIpAddressesSet": [
            {"privateIpAddress": "10.53.54.231", "primary": false, "wanIp": "203.0.113.9", "eipId": "eip-1"},
            {"privateIpAddress": "10.53.54.230", "primary": true, "wanIp": "", "description": "", "isWanIpBlocked": false, "eipId": ""}],
        "instanceSet": {"instanceId": "", "attachTime": ""},
        "groupSet": [{"sgId": "sg-lb62wxw9", "sgName": "open", "projectId": 0}]});
    // What is on a NIC is told by the NIC, and by no call of its own.
    let mut rows = vec![json!({"networkInterfaceId": "eni-2", "vpcId": "vpc-1"}); 50];
    rows[0] = row.clone();
    let told = page(&nics(), &json!(rows), 60).unwrap();
    assert_eq!((told.nics.len(), told.eips.len(), told.next.len()), (50, 1, 1));
    assert_eq!(Legacy.brings(&nics()), [Resource::Eips]);
    let asked = Legacy.listings(&["gz".into()]).into_iter().chain(Legacy.inspection(&told.nics[0], &[]));
    assert!(asked.into_iter().all(|listing| listing.resource != Resource::Eips));
    let eip = &told.eips[0];
    let on = EipBinding::Nic { nic: "eni-ay1ac9c7".into(), private_ip: "10.53.54.231".parse().ok() };
    assert_eq!(
        (eip.id.as_str(), eip.ips.as_slice(), &eip.bound),
        ("eip-1", &["203.0.113.9".parse().unwrap()][..], &on)
    );
    let nic = page(&nics(), &json!([row]), 1).unwrap().nics.remove(0);
    assert_eq!((&*nic.status.word, nic.status.state, nic.instance.as_ref()), ("", NicState::Free, None));
    assert_eq!((nic.managed_by, nic.public_ips.len(), nic.region.as_str()), (ManagedBy::Unknown, 1, "gz"));
    let roles: Vec<AddressRole> = nic.addresses.iter().map(|address| address.role).collect();
    assert_eq!(roles, [AddressRole::Primary, AddressRole::Secondary]);
    let mut on = row;
    on["instanceSet"]["instanceId"] = json!("ins-1");
    let nic = page(&nics(), &json!([on]), 1).unwrap().nics.remove(0);
    assert_eq!((nic.status.state, nic.instance.unwrap().as_str()), (NicState::Attached, "ins-1"));
}

/// Vendor: with a version it is answered as the newer API answers: `Region`, `RegionName`, `RegionState`.
#[test]
fn regions_come_in_the_newer_envelope() {
    let call = Call::List(Listing { region: Some("gz".into()), ..Listing::all(Resource::Regions, None) });
    let body = json!({"Response": {"TotalCount": 2, "RegionSet": [
        {"Region": "ap-guangzhou", "RegionName": "华南地区(广州)", "RegionState": "AVAILABLE"},
        {"Region": "ap-new-1", "RegionName": "", "RegionState": "UNAVAILABLE"}],
        "RequestId": "5cf1a813-d4f8-4e0c-8f90-c155a84a3ea1"}});
    let Ok(Reply::Page(page)) = Legacy.decode(&call, &answer(&body)) else { panic!("a page") };
    let told: Vec<(&str, &str)> = page.regions.iter().map(|region| (region.id.as_str(), &*region.name)).collect();
    assert_eq!(told, [("ap-guangzhou", "华南地区(广州)"), ("ap-new-1", "ap-new-1")]);
    let off: Vec<Option<&str>> = page.regions.iter().map(|region| region.off.as_deref()).collect();
    assert_eq!(off, [None, Some("UNAVAILABLE")]);
    // A refusal of it has the older names, and those count.
    let refused =
        json!({"Response": {"Error": {"Code": "InvalidParameter.SignatureFailure", "Message": "x"}, "RequestId": "7"}});
    let fault = Legacy.decode(&call, &answer(&refused)).expect_err("refused");
    assert_eq!((fault.kind, fault.request_id.as_deref()), (FaultKind::Credentials, Some("7")));
    // An answer in the older envelope is none of this call's.
    assert!(Legacy.decode(&call, &answer(&json!({"code": 0, "data": {"regionSet": []}}))).is_err());
}

#[test]
fn pages_are_of_fifty_and_nothing_is_no_answer() {
    let rows: Vec<Value> = (0..50).map(|n| json!({"networkInterfaceId": format!("eni-{n}")})).collect();
    let next = page(&nics(), &json!(rows), 120).unwrap().next;
    assert_eq!(
        next.iter().map(|listing| listing.cursor.clone()).collect::<Vec<_>>(),
        [Cursor::Page(2), Cursor::Page(3)]
    );
    assert!(page(&nics(), &json!([]), 0).unwrap().nics.is_empty());
    assert_eq!(page(&nics(), &json!([]), 7).expect_err("nothing of seven").kind, FaultKind::Garbage);
    assert_eq!(page(&next[0], &json!(rows[1..]), 120).expect_err("one is missing").kind, FaultKind::Garbage);
    assert!(page(&next[1], &json!(rows[..20]), 120).is_ok());
    assert_eq!(page(&nics(), &Value::Null, 0).expect_err("no list").kind, FaultKind::Garbage);
    assert_eq!(page(&nics(), &json!([{"vpcId": "x"}]), 1).expect_err("no id").kind, FaultKind::Garbage);
    let one = Listing { scope: Scope::Nic("eni-1".into()), ..nics() };
    let gone = answer(&json!({"code": 5000, "message": "", "codeDesc": "InvalidNetworkInterface.NotFound"}));
    assert_eq!(Legacy.decode(&Call::List(one.clone()), &gone), Ok(Reply::Page(InventoryPage::default())));
    assert_eq!(page(&one, &json!([{"networkInterfaceId": "eni-2"}]), 1).expect_err("another").kind, FaultKind::Garbage);
}

#[test]
fn tasks_are_numbers_wherever_they_stand() {
    let accepted = |body: Value| match Legacy.decode(&release(&["10.0.0.2"]), &answer(&body)) {
        Ok(Reply::Accepted(receipt)) => receipt.task,
        other => panic!("{other:?}"),
    };
    assert_eq!(accepted(json!({"code": 0, "data": {"taskId": 16284}})).as_deref(), Some("16284"));
    assert_eq!(accepted(json!({"code": "0", "taskId": 7})).as_deref(), Some("7"));
    assert_eq!(accepted(json!({"code": 0, "codeDesc": "Success"})), None);
    let polled = |status: Value| Legacy.decode(&task("7"), &answer(&json!({"code": 0, "data": {"status": status}})));
    assert_eq!(polled(json!(0)), Ok(Reply::Task(TaskState::Done)));
    assert_eq!(polled(json!(2)), Ok(Reply::Task(TaskState::Running)));
    let Ok(Reply::Task(TaskState::Failed(fault))) = polled(json!(1)) else { panic!("failed") };
    assert_eq!((fault.request_id.as_deref(), fault.effect), (Some("7"), Effect::Unknown));
    assert_eq!(polled(json!(9)).expect_err("no such state").kind, FaultKind::Garbage);
}

#[test]
fn a_name_decides_and_without_one_the_family() {
    use Effect::{AlreadyDone, Nothing, NothingRetry, Unknown};
    use FaultKind as K;
    let read = Call::List(nics());
    let detach = write(OperationKind::Detach { nic: "eni-1".into(), instance: "ins-1".into() });
    // (code, codeDesc, kind, effect of a release, of a detach, of a read)
    let table = [
        (5000, "InvalidVpc.NotFound", K::NotFound, Nothing, Nothing, Nothing),
        (5000, "InvalidNetworkInterface.NotFound", K::NotFound, AlreadyDone, AlreadyDone, Nothing),
        (4000, "InvalidPrivateip.IsPrimary", K::Refused, Nothing, Nothing, Nothing),
        (5100, "ActionLocked", K::Conflict, NothingRetry, NothingRetry, NothingRetry),
        (6000, "ServiceUnavailable", K::Server, Unknown, Unknown, NothingRetry),
        (5000, "InvalidInstance.NotFound", K::NotFound, Nothing, AlreadyDone, Nothing),
        (5100, "InvalidNetworkInterface.NotAttached", K::Refused, Nothing, AlreadyDone, Nothing),
        (5100, "InternalError.ResourceOpFailed", K::Refused, Unknown, Unknown, Nothing),
        (5100, "", K::Refused, Unknown, Unknown, Nothing),
        (5300, "", K::Refused, Nothing, Nothing, Nothing),
        (4110, "InternalError.CAMInnerError", K::Server, Unknown, Unknown, Nothing),
        (4110, "", K::Server, Unknown, Unknown, Nothing),
        (4100, "InvalidParameter.SignatureFailure", K::Credentials, Nothing, Nothing, Nothing),
        (4500, "InvalidRequest.ReplayAttack", K::Clock, Nothing, Nothing, Nothing),
        (4000, "", K::BadRequest, Nothing, Nothing, Nothing),
        (4102, "", K::Permission, Nothing, Nothing, Nothing),
        (4104, "", K::Credentials, Nothing, Nothing, Nothing),
        (4400, "", K::Throttled, NothingRetry, NothingRetry, NothingRetry),
        (5000, "", K::NotFound, Nothing, Nothing, Nothing),
        (5400, "", K::Refused, Unknown, Unknown, Nothing),
        (6000, "SomethingNew", K::Server, Unknown, Unknown, NothingRetry),
        (9999, "SomethingNew", K::Other, Unknown, Unknown, Nothing),
    ];
    for (code, name, kind, of_release, of_detach, of_read) in table {
        for (call, effect) in [(&release(&["10.0.0.2"]), of_release), (&detach, of_detach), (&read, of_read)] {
            for code in [json!(code), json!(code.to_string())] {
                let body = json!({"code": code, "message": "(20014)text", "codeDesc": name});
                let fault = Legacy.decode(call, &answer(&body)).expect_err("a refusal");
                assert_eq!((fault.kind, fault.effect), (kind, effect), "{code} {name} {call:?}");
                assert!(fault.code.is_some_and(|told| told == name || name.is_empty()), "{code} {name}");
                assert_eq!(fault.message, "(20014)text");
            }
        }
    }
}

#[test]
fn answers_that_are_not_the_apis_prove_nothing() {
    for body in
        ["", "<html>", "{}", "[]", "null", r#"{"code":null}"#, r#"{"code":"x"}"#, r#"{"code":0"#, r#"{"Response":{}}"#]
    {
        for status in [200, 403, 502] {
            let response = WireResponse { status, headers: vec![], body: body.as_bytes().to_vec() };
            let write = Legacy.decode(&release(&["10.0.0.2"]), &response).expect_err(body);
            assert_eq!((write.effect, write.code), (Effect::Unknown, None), "{status} {body}");
            assert!(Legacy.decode(&Call::List(nics()), &response).is_err());
            assert!(Legacy.decode(&task("7"), &response).is_err());
        }
    }
}

#[test]
fn it_says_what_it_can_not_tell() {
    let of = |rules: &[Precondition], wanted: fn(&Condition) -> bool| {
        rules.iter().find(|rule| wanted(&rule.condition)).map(|rule| rule.untold)
    };
    // Warned of on each write, and never less: elsewhere they block.
    for rules in [RELEASE, DETACH, ASSIGN, DELETE] {
        assert_eq!(of(rules, |condition| matches!(condition, Condition::NicState { .. })), Some(Severity::Warn));
        assert_eq!(of(rules, |condition| matches!(condition, Condition::NotManaged)), Some(Severity::Warn));
    }
}
