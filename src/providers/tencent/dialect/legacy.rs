//! API 2.0: everything is a parameter, answers are `{"code", "message", "codeDesc", "data"}`, and there are no states.
//! Vendor: the pages of `/v2/index.php`, module vpc; cvm with `Version` answers as API 3.0 does.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    domain::time::Timestamp,
    sim::{
        dialect::{SimKey, SimRequest, SimResponse, VendorError},
        world::{SimNic, World},
    },
};

use super::{
    act::{self, At, Why},
    auth::{self, Wrong},
    codes::Refusal,
    instances,
    params::{self, Params, Slice},
    reply,
    tasks::{self, Status},
};

/// As long as a request with a nonce could pass: its clock may be five minutes off, either way.
const NONCE_MS: u64 = 2 * 5 * 60 * 1000;

/// Regions as older pages write them, and as newer ones do.
const REGIONS: &[(&str, &str)] = &[
    ("gz", "ap-guangzhou"),
    ("sh", "ap-shanghai"),
    ("bj", "ap-beijing"),
    ("cd", "ap-chengdu"),
    ("hk", "ap-hongkong"),
    ("sg", "ap-singapore"),
    ("kr", "ap-seoul"),
    ("usw", "na-siliconvalley"),
    ("ca", "na-toronto"),
    ("de", "eu-frankfurt"),
    ("gzopen", "ap-guangzhou-open"),
    ("shjr", "ap-shanghai-fsi"),
    ("szjr", "ap-shenzhen-fsi"),
];

/// A refusal: the family's number, the name, and a text that begins with the module's number.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Failure {
    code: u32,
    name: String,
    text: String,
}

impl Failure {
    fn new(code: u32, name: &str, text: &str) -> Self {
        Self { code, name: name.to_owned(), text: format!("(20014){text}") }
    }

    fn parameter(name: &str) -> Self {
        Self::new(4000, "InvalidParameter", &format!("缺少参数或参数值格式不正确, {name}"))
    }
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        let (code, name, text) = match why {
            Why::NicNotFound => (5000, "InvalidNetworkInterface.NotFound", "无效的网卡,网卡资源不存在"),
            Why::InstanceNotFound => (5000, "InvalidInstance.NotFound", "无效的实例,实例资源不存在"),
            Why::PrimaryAddress => (4000, "InvalidPrivateip.IsPrimary", "主IP不支持该操作"),
            Why::NotAttached => (5100, "InvalidNetworkInterface.NotAttached", "网卡未绑定"),
            Why::AlreadyAttached => (5100, "InvalidNetworkInterface.AlreadyAssociated", "网卡已绑定"),
            Why::StillAttached => (5100, "InvalidNetworkInterface.CanNotDelete", "网卡不能删除"),
            Why::AddressTaken => (5100, "InvalidPrivateIpAddress.InUse", "内网IP已被使用"),
            Why::Busy | Why::WrongState => (5100, "ActionLocked", "资源正在操作中"),
            // The rest has no name of its own.
            _ => (5100, "InternalError.ResourceOpFailed", "操作失败"),
        };
        match why {
            Why::Stated(name) => Self::stated(&name),
            _ => Self::new(code, name, text),
        }
    }
}

impl Failure {
    /// A reason that the world states.
    fn stated(name: &str) -> Self {
        let code = match name {
            "UnauthorizedOperation" => 4102,
            "InvalidRequest.LimitExceeded" => 4400,
            "InternalError" => 6000,
            name if name.ends_with("NotFound") => 5000,
            _ => 5100,
        };
        Self::new(code, name, "操作失败")
    }
}

impl From<Wrong> for Failure {
    fn from(wrong: Wrong) -> Self {
        match wrong {
            Wrong::Missing(name) => Self::parameter(name),
            Wrong::Key => Self::new(4104, "InvalidParameter.SecretIdNotFound", "SecretId不存在"),
            Wrong::Token => Self::new(4105, "InvalidRequest.TokenCheckFailed", "Token错误"),
            Wrong::Clock => Self::replay(),
            Wrong::Signature => Self::new(4100, "InvalidParameter.SignatureFailure", "签名鉴权失败"),
        }
    }
}

impl Failure {
    fn replay() -> Self {
        Self::new(4500, "InvalidRequest.ReplayAttack", "重放攻击")
    }
}

/// With `id`, the request's id: in the envelope of API 3.0, where the version asks for it.
fn failed(failure: &Failure, id: Option<&str>) -> SimResponse {
    match id {
        None => reply::json_answer(&json!({"code": failure.code, "message": failure.text, "codeDesc": failure.name})),
        Some(id) => reply::refusal(&Refusal::with(&failure.name, failure.text.as_str()), id, true),
    }
}

/// The vendor's answer to an error that a script asks for.
pub(super) fn injected(request: &SimRequest, error: VendorError, request_id: &str) -> SimResponse {
    let failure = match error {
        VendorError::Throttled => Failure::new(4400, "InvalidRequest.LimitExceeded", "配额超过限制"),
        VendorError::Internal => Failure::new(6000, "InternalError", "服务器内部错误"),
        VendorError::Unavailable => Failure::new(6200, "InvalidAction.ActionUnavailable", "接口维护中"),
    };
    let id = reply::uuid(request_id);
    failed(&failure, is_versioned(&auth::pairs(request)).then_some(&id))
}

fn is_versioned(pairs: &[(String, String)]) -> bool {
    params::value(pairs, "Version").is_some()
}

/// A verified call.
struct Call<'a> {
    action: &'a str,
    region: &'a str,
    pairs: &'a [(String, String)],
    now: Timestamp,
}

impl Call<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn required(&self, name: &str) -> Result<&str, Failure> {
        self.get(name).ok_or_else(|| Failure::parameter(name))
    }

    fn number(&self, name: &str, default: usize) -> Result<usize, Failure> {
        self.get(name).map_or(Ok(default), |text| text.parse().map_err(|_| Failure::parameter(name)))
    }

    /// `name.0…rest`, in the order of their numbers.
    fn list(&self, name: &str, rest: &str) -> Result<Vec<&str>, Failure> {
        let mut found: BTreeMap<usize, &str> = BTreeMap::new();
        for (key, value) in self.pairs {
            let Some(number) = key.strip_prefix(name).and_then(|key| key.strip_prefix('.')) else { continue };
            let Some(number) = number.strip_suffix(rest) else { continue };
            let number = number.parse().map_err(|_| Failure::parameter(key))?;
            found.insert(number, value);
        }
        Ok(found.into_values().collect())
    }
}

pub(super) fn answer(
    world: &mut World,
    key: &SimKey,
    request: &SimRequest,
    now: Timestamp,
    request_id: &str,
) -> SimResponse {
    let pairs = auth::pairs(request);
    let action = params::value(&pairs, "Action").unwrap_or_default();
    let id = reply::uuid(request_id);
    let versioned = is_versioned(&pairs).then_some(id.as_str());
    match verified(world, key, request, &pairs, now) {
        Err(failure) => failed(&failure, versioned),
        Ok(region) => {
            let call = Call { action: &action, region: &region, pairs: &pairs, now };
            let stated = world.refusals.get(&action).map(|name| Failure::stated(name));
            match (stated, versioned) {
                (Some(failure), _) => failed(&failure, versioned),
                (None, Some(id)) => versioned_answer(world, &call, id),
                (None, None) => match dispatch(world, &call) {
                    Ok(data) => {
                        let body = json!({"code": 0, "message": "", "codeDesc": "Success", "data": data});
                        reply::json_answer(&body)
                    }
                    Err(failure) => failed(&failure, None),
                },
            }
        }
    }
}

/// The region of a call that was signed with the key, in time, for the first time.
fn verified(
    world: &mut World,
    key: &SimKey,
    request: &SimRequest,
    pairs: &[(String, String)],
    now: Timestamp,
) -> Result<String, Failure> {
    auth::verify_params(request, pairs, key, now)?;
    let of = |name: &str| params::value(pairs, name).unwrap_or_default();
    if !world.nonces.note(&format!("{} {}", of("Timestamp"), of("Nonce")), now, NONCE_MS) {
        return Err(Failure::replay());
    }
    let region = of("Region");
    let region = REGIONS.iter().find(|row| row.0 == region).map_or(region.as_str(), |row| row.1);
    if super::known_region(world, region) { Ok(region.to_owned()) } else { Err(Failure::parameter("Region")) }
}

/// cvm with `Version`: envelope and members of API 3.0.
fn versioned_answer(world: &mut World, call: &Call, request_id: &str) -> SimResponse {
    let own = ["InstanceIds", "Filters", "Offset", "Limit"];
    let mine = call.pairs.iter().filter(|(name, _)| own.iter().any(|own| name.split('.').next() == Some(own)));
    let answer = match call.action {
        "DescribeInstances" => {
            Params::unflatten(mine).and_then(|params| instances::listed(world, call.region, &params))
        }
        "DescribeRegions" => Params::unflatten(mine).and_then(|params| {
            params.only(&[])?;
            Ok(instances::regions(world, false, false))
        }),
        _ => Err(Refusal::of("InvalidAction")),
    };
    match answer {
        Ok(members) => reply::success(members, request_id),
        Err(refusal) => reply::refusal(&refusal, request_id, true),
    }
}

fn dispatch(world: &mut World, call: &Call) -> Result<Value, Failure> {
    match call.action {
        "DescribeNetworkInterfaces" => network_interfaces(world, call),
        "DescribeVpcTaskResult" => task_result(world, call),
        "UnassignPrivateIpAddresses" => {
            let (nic, texts) = (nic(world, call)?, call.list("privateIpAddress", "")?);
            let ips = params::addresses(&texts).filter(|ips| !ips.is_empty());
            let ips = ips.ok_or_else(|| Failure::parameter("privateIpAddress"))?;
            begun(world, call, |world, at| act::release(world, at, &nic, &ips, None))
        }
        "AssignPrivateIpAddresses" => {
            let (nic, texts) = (nic(world, call)?, call.list("privateIpAddressSet", ".privateIpAddress")?);
            let ips = params::addresses(&texts).ok_or_else(|| Failure::parameter("privateIpAddressSet"))?;
            let more = call.number("secondaryPrivateIpAddressCount", 0)?;
            begun(world, call, |world, at| act::assign(world, at, &nic, &ips, more).map(drop))
        }
        "DetachNetworkInterface" => {
            let (nic, instance) = (nic(world, call)?, call.required("instanceId")?);
            begun(world, call, |world, at| act::detach(world, at, &nic, instance))
        }
        "AttachNetworkInterface" => {
            let (nic, instance) = (nic(world, call)?, call.required("instanceId")?);
            begun(world, call, |world, at| act::attach(world, at, &nic, instance))
        }
        "DeleteNetworkInterface" => {
            let nic = nic(world, call)?;
            begun(world, call, |world, at| act::delete(world, at, &nic))
        }
        _ => Err(Failure::new(6100, "InvalidAction.NotFound", "接口不存在")),
    }
}

/// The NIC that a call names, in the VPC that it names.
fn nic(world: &World, call: &Call) -> Result<String, Failure> {
    let (vpc, id) = (call.required("vpcId")?, call.required("networkInterfaceId")?);
    check_vpc(world, call.region, vpc)?;
    let nic = act::find(world, call.region, id)?;
    if nic.vpc_id == vpc { Ok(nic.id.clone()) } else { Err(Why::NicNotFound.into()) }
}

fn check_vpc(world: &World, region: &str, vpc: &str) -> Result<(), Failure> {
    if world.nics().iter().any(|nic| nic.region == region && nic.vpc_id == vpc) {
        Ok(())
    } else {
        Err(Failure::new(5000, "InvalidVpc.NotFound", "无效的VPC,VPC资源不存在"))
    }
}

fn begun(
    world: &mut World,
    call: &Call,
    write: impl FnOnce(&mut World, At) -> Result<(), Why>,
) -> Result<Value, Failure> {
    let task = tasks::number(world);
    write(world, At { action: call.action, region: call.region, task: &task, now: call.now })?;
    Ok(json!({"taskId": task.parse::<u64>().unwrap_or_default()}))
}

fn task_result(world: &World, call: &Call) -> Result<Value, Failure> {
    let id = call.required("taskId")?;
    let task = world.tasks.get(id).ok_or_else(|| Failure::parameter("taskId"))?;
    let status = match tasks::status(task, call.now) {
        Status::Success => 0,
        Status::Failed => 1,
        Status::Running => 2,
    };
    Ok(json!({"status": status, "output": {"errorMsg": task.failure.as_deref().unwrap_or_default()}}))
}

fn network_interfaces(world: &World, call: &Call) -> Result<Value, Failure> {
    let slice = Slice { offset: call.number("offset", 0)?, limit: call.number("limit", 20)? };
    if !(1..=50).contains(&slice.limit) {
        return Err(Failure::parameter("limit"));
    }
    if let Some(vpc) = call.get("vpcId") {
        check_vpc(world, call.region, vpc)?;
    }
    if let Some(id) = call.get("networkInterfaceId") {
        act::find(world, call.region, id)?;
    }
    let is = |name: &str, value: &str| call.get(name).is_none_or(|wanted| wanted == value);
    let has = |name: &str, value: &str| call.get(name).is_none_or(|wanted| value.contains(wanted));
    let found: Vec<&SimNic> = world
        .nics()
        .iter()
        .filter(|nic| nic.region == call.region)
        .filter(|nic| {
            is("vpcId", &nic.vpc_id)
                && is("networkInterfaceId", &nic.id)
                && is("subnetId", &nic.subnet_id)
                && is("instanceId", nic.instance_id.as_deref().unwrap_or_default())
                && has("eniName", &nic.name)
                && has("eniDescription", &nic.description)
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> = slice.of(found).into_iter().map(render).collect();
    Ok(json!({"totalNum": total, "data": page}))
}

fn render(nic: &SimNic) -> Value {
    let addresses: Vec<Value> = nic
        .addresses
        .iter()
        .filter(|address| !address.floating)
        .map(|address| {
            let eip = address.eip.as_ref();
            json!({
                "privateIpAddress": address.ip,
                "primary": address.primary,
                "wanIp": eip.map_or(String::new(), |eip| eip.ip.to_string()),
                "description": "",
                "isWanIpBlocked": false,
                "eipId": eip.map_or("", |eip| eip.id.as_str()),
            })
        })
        .collect();
    let attached = nic.instance_id.as_deref();
    let group = |id: &String| json!({"sgId": id, "sgName": id, "projectId": 0});
    json!({
        "vpcId": nic.vpc_id,
        "vpcName": nic.vpc_id,
        "subnetId": nic.subnet_id,
        "zoneId": 100_003,
        "eniName": nic.name,
        "eniDescription": nic.description,
        "networkInterfaceId": nic.id,
        "primary": nic.primary,
        "macAddress": nic.mac.to_uppercase(),
        "createTime": super::nics::born(&nic.id, "%Y-%m-%d %H:%M:%S"),
        "flowLogsSet": [],
        "privateIpAddressesSet": addresses,
        // Vendor: an object, with empty texts where there is none.
        "instanceSet": {
            "instanceId": attached.unwrap_or_default(),
            "attachTime": attached.map_or(String::new(), |_| super::nics::born(&nic.id, "%Y-%m-%d %H:%M:%S")),
        },
        "groupSet": nic.security_groups.iter().map(group).collect::<Vec<_>>(),
    })
}
