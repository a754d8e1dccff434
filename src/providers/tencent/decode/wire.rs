//! The answers as they stand on the wire. Missing, null and empty are the same; ids of listed things are required.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

use crate::providers::loose::{count, id, ip, object, text, truth, worded};

/// Vendor: everything stands in `Response`.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(in super::super) struct Envelope<T> {
    #[serde(rename = "Response")]
    pub response: T,
}

/// A list that may be null.
pub(in super::super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that may be null, which is one without anything. A list that is missing says nothing.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    list(deserializer).map(Some)
}

/// What is there, null included.
fn said<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A list that has to be there: the one that an answer is about.
fn whole<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Vec::deserialize(deserializer)
}

/// What every answer has.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Head {
    #[serde(rename = "RequestId", deserialize_with = "text")]
    pub request_id: String,
    #[serde(rename = "Error")]
    pub error: Option<ErrorBody>,
    /// Calls about EIPs.
    #[serde(rename = "TaskId", deserialize_with = "text")]
    pub task_id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct ErrorBody {
    #[serde(rename = "Code", deserialize_with = "text")]
    pub code: String,
    #[serde(rename = "Message", deserialize_with = "text")]
    pub message: String,
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident { $($member:literal $read:literal $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(in super::super) struct $name {
            $(#[serde(rename = $member, deserialize_with = $read)] pub $field: $kind,)*
        }
    )*};
}

macro_rules! items {
    ($($(#[$doc:meta])* $name:ident($first:literal $how:literal $id:ident: $of:ty) {
        $($member:literal $read:literal $field:ident: $kind:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        pub(in super::super) struct $name {
            #[serde(rename = $first, deserialize_with = $how)]
            pub $id: $of,
            $(#[serde(default, rename = $member, deserialize_with = $read)] pub $field: $kind,)*
        }
    )*};
}

items! {
    Regions("RegionSet" "whole" regions: Vec<Region>) {}

    Instances("InstanceSet" "whole" instances: Vec<Instance>) { "TotalCount" "count" total: Option<u64>, }

    Nics("NetworkInterfaceSet" "whole" nics: Vec<Nic>) { "TotalCount" "count" total: Option<u64>, }

    Eips("AddressSet" "whole" eips: Vec<Eip>) { "TotalCount" "count" total: Option<u64>, }

    Havips("HaVipSet" "whole" havips: Vec<Havip>) { "TotalCount" "count" total: Option<u64>, }

    Havip("HaVipId" "id" id: String) {
        "HaVipName" "said" name: Option<Option<String>>,
        "Vip" "ip" ip: Option<IpAddr>,
        "SubnetId" "text" subnet: String,
        "NetworkInterfaceId" "text" nic: String,
        "InstanceId" "text" instance: String,
        "Business" "text" business: String,
        "HaVipAssociationSet" "list" range: Vec<Association>,
    }

    Balancers("LoadBalancerSet" "whole" balancers: Vec<Balancer>) { "TotalCount" "count" total: Option<u64>, }

    /// `DescribeTargets`.
    Targets("Listeners" "whole" listeners: Vec<Listener>) {}

    /// `DescribeClassicalLBTargets`.
    ClassicTargets("Targets" "whole" targets: Vec<Target>) {}

    /// `DescribeClassicalLBByInstanceId`.
    ClassicOf("LoadBalancerInfoList" "list" instances: Vec<ClassicInstance>) {}

    /// `DescribeLBListeners`.
    Found("LoadBalancers" "whole" balancers: Vec<FoundBalancer>) {}

    Region("Region" "id" id: String) { "RegionName" "text" name: String, "RegionState" "text" state: String, }

    Instance("InstanceId" "id" id: String) {
        "InstanceName" "said" name: Option<Option<String>>,
        "InstanceType" "text" kind: String,
        "InstanceState" "text" state: String,
        "Placement" "object" placement: Placement,
        "LatestOperation" "text" operation: String,
        "LatestOperationState" "text" operation_state: String,
        "Tags" "told" tags: Option<Vec<Tag>>,
    }

    Nic("NetworkInterfaceId" "id" id: String) {
        "NetworkInterfaceName" "said" name: Option<Option<String>>,
        "NetworkInterfaceDescription" "text" description: String,
        "VpcId" "text" vpc: String,
        "SubnetId" "text" subnet: String,
        "Zone" "text" zone: String,
        "GroupSet" "list" security_groups: Vec<String>,
        "Primary" "truth" primary: Option<bool>,
        "MacAddress" "text" mac: String,
        "State" "text" state: String,
        "NetworkInterfaceState" "text" long_state: String,
        // Null: it is on none. Missing: nobody says.
        "Attachment" "said" attachment: Option<Option<Attachment>>,
        "PrivateIpAddressSet" "list" addresses: Vec<PrivateIp>,
        "Ipv6AddressSet" "told" ipv6: Option<Vec<Ipv6>>,
        "Business" "text" business: String,
        "ResourceId" "text" resource: String,
        "TagSet" "told" tags: Option<Vec<Tag>>,
    }

    Eip("AddressId" "id" id: String) {
        "AddressName" "said" name: Option<Option<String>>,
        "AddressIp" "ip" ip: Option<IpAddr>,
        "AddressStatus" "text" status: String,
        "InstanceId" "text" instance: String,
        "NetworkInterfaceId" "text" nic: String,
        "PrivateAddressIp" "ip" private_ip: Option<IpAddr>,
        "CascadeRelease" "truth" dies_unbound: Option<bool>,
    }

    Balancer("LoadBalancerId" "id" id: String) {
        "LoadBalancerName" "text" name: String,
        "VpcId" "text" vpc: String,
    }

    FoundBalancer("LoadBalancerId" "id" id: String) { "Listeners" "list" listeners: Vec<Listener>, }
}

parts! {
    Placement { "Zone" "text" zone: String, }

    Tag {
        "Key" "worded" key: Option<String>,
        "Value" "worded" value: Option<String>,
    }

    Attachment { "InstanceId" "worded" instance: Option<String>, }

    PrivateIp {
        "PrivateIpAddress" "ip" ip: Option<IpAddr>,
        "Primary" "truth" primary: Option<bool>,
        "PublicIpAddress" "text" public: String,
        "AddressId" "text" eip: String,
        "State" "said" state: Option<Option<String>>,
    }

    Ipv6 {
        "Address" "ip" ip: Option<IpAddr>,
        "State" "said" state: Option<Option<String>>,
    }

    Association { "InstanceId" "text" id: String, }

    Caller { "AccountId" "text" account_id: String, }

    Task {
        "Status" "text" status: String,
        "Output" "text" output: String,
    }

    EipTask { "Result" "text" result: String, }

    /// Targets stand on the listener (TCP, UDP) or on its rules (HTTP, HTTPS); the other one is null.
    Listener {
        "Protocol" "text" protocol: String,
        "Port" "text" port: String,
        "EndPort" "text" end_port: String,
        "Targets" "said" targets: Option<Option<Vec<Target>>>,
        "Rules" "said" rules: Option<Option<Vec<Rule>>>,
    }

    Rule { "Targets" "said" targets: Option<Option<Vec<Target>>>, }

    ClassicInstance { "LoadBalancerIds" "list" balancers: Vec<String>, }

    /// An entry of either call: `DescribeTargets` lists addresses, `DescribeLBListeners` names one.
    Target {
        "Type" "text" kind: String,
        "InstanceId" "text" instance: String,
        "EniId" "text" nic: String,
        "PrivateIpAddresses" "said" ips: Option<Option<Vec<IpAddr>>>,
        "PrivateIp" "ip" ip: Option<IpAddr>,
    }
}
