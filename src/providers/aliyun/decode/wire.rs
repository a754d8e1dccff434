//! The answers as they stand on the wire, and what the vendor is loose about: lists that are missing, `{}`, `[]` or null,
//! numbers as text, 0 and 1 for truth, empty text for "none". Ids are required; everything else may be missing.

use std::{fmt, marker::PhantomData, net::IpAddr};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

use crate::providers::loose::{count, id, ip, object, text, truth, worded};

/// A list, in its wrapper `{"X":[…]}` or bare. Missing, null, `""`, `{}`, `[]` and `{"X":null}` all mean empty.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    struct List<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Vec<T>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_unit<E>(self) -> Result<Vec<T>, E> {
            Ok(Vec::new())
        }
        fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
            if text.is_empty() { Ok(Vec::new()) } else { Err(E::custom("text where a list should be")) }
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(item) = seq.next_element()? {
                all.push(item);
            }
            Ok(all)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<T>, A::Error> {
            let mut all = Vec::new();
            while let Some(key) = map.next_key::<String>()? {
                let _: String = key;
                all.extend(map.next_value::<Option<Vec<T>>>()?.unwrap_or_default());
            }
            Ok(all)
        }
    }
    deserializer.deserialize_any(List(PhantomData))
}

/// A list, as [`list`] reads it, that may be the whole of an answer: missing or null, it says nothing.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(bound = "T: Deserialize<'de>")]
    struct Told<T>(#[serde(deserialize_with = "list")] Vec<T>);
    Ok(Option::<Told<T>>::deserialize(deserializer)?.map(|Told(list)| list))
}

/// Whose key signed.
#[derive(Deserialize)]
pub(in super::super) struct Caller {
    #[serde(rename = "AccountId", deserialize_with = "text", default)]
    pub account: String,
}

/// What every answer has. Some products spell it in lower case.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(in super::super) struct Head {
    #[serde(rename = "RequestId", deserialize_with = "text")]
    id: String,
    #[serde(rename = "requestId", deserialize_with = "text")]
    lower_id: String,
    #[serde(rename = "Code", deserialize_with = "text")]
    code: String,
    #[serde(rename = "code", deserialize_with = "text")]
    lower_code: String,
    #[serde(rename = "Message", deserialize_with = "text")]
    message: String,
    #[serde(rename = "message", deserialize_with = "text")]
    lower_message: String,
}

impl Head {
    pub fn new(id: String, code: String, message: String) -> Self {
        Self { id, code, message, ..Self::default() }
    }

    pub fn request_id(&self) -> Option<&str> {
        [&self.id, &self.lower_id].into_iter().map(String::as_str).find(|text| !text.is_empty())
    }

    /// The error's code; what some products say on success is none.
    pub fn code(&self) -> Option<&str> {
        [&self.code, &self.lower_code].into_iter().map(String::as_str).find(|code| {
            !matches!(*code, "" | "0" | "200") && !["ok", "success"].contains(&&*code.to_ascii_lowercase())
        })
    }

    pub fn message(&self) -> &str {
        if self.message.is_empty() { &self.lower_message } else { &self.message }
    }
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident { $($member:literal $read:literal $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, Default)]
        #[serde(default)]
        #[allow(clippy::struct_field_names, reason = "the vendor's names")]
        pub(in super::super) struct $name {
            $(#[serde(rename = $member, deserialize_with = $read)] pub $field: $kind,)*
        }
    )*};
}

answers! {
    Regions { "Regions" "list" regions: Vec<Region>, }

    Instances {
        "Instances" "told" instances: Option<Vec<Instance>>,
        "NextToken" "text" next_token: String,
        "TotalCount" "count" total: Option<u64>,
    }

    Nics {
        "NetworkInterfaceSets" "told" nics: Option<Vec<Nic>>,
        "NextToken" "text" next_token: String,
        "TotalCount" "count" total: Option<u64>,
    }

    Eips {
        "EipAddresses" "told" eips: Option<Vec<Eip>>,
        "TotalCount" "count" total: Option<u64>,
        "PageSize" "count" page_size: Option<u64>,
    }

    Types {
        "InstanceTypes" "list" types: Vec<Type>,
        "NextToken" "text" next_token: String,
    }

    Balancers {
        "LoadBalancers" "told" balancers: Option<Vec<Balancer>>,
        "TotalCount" "count" total: Option<u64>,
        "PageSize" "count" page_size: Option<u64>,
    }

    /// A balancer's default group, or one vServer group.
    BackendServers { "BackendServers" "told" servers: Option<Vec<Server>>, }

    /// One master/slave group. What the other groups call `ServerType` is which of the two it is here.
    PairServers { "MasterSlaveBackendServers" "told" servers: Option<Vec<Server>>, }

    VServerGroups { "VServerGroups" "told" groups: Option<Vec<VServerGroup>>, }

    Pairs { "MasterSlaveServerGroups" "told" groups: Option<Vec<Pair>>, }

    ServerGroups {
        "ServerGroups" "told" groups: Option<Vec<ServerGroup>>,
        "NextToken" "text" next_token: String,
        "TotalCount" "count" total: Option<u64>,
    }

    Servers {
        "Servers" "told" servers: Option<Vec<Server>>,
        "NextToken" "text" next_token: String,
        "TotalCount" "count" total: Option<u64>,
    }

    PrivateIp {
        "PrivateIpAddress" "ip" ip: Option<IpAddr>,
        "Primary" "truth" primary: Option<bool>,
        "AssociatedPublicIp" "object" public: PublicIp,
    }

    /// Empty where there is none.
    PublicIp { "PublicIpAddress" "ip" ip: Option<IpAddr>, }

    Prefix { "Ipv4Prefix" "text" text: String, }

    Ipv6 { "Ipv6Address" "ip" ip: Option<IpAddr>, }

    Attachment {
        "InstanceId" "text" instance: String,
        "TrunkNetworkInterfaceId" "text" trunk: String,
        "MemberNetworkInterfaceIds" "list" members: Vec<String>,
    }

    Tag {
        "TagKey" "worded" key: Option<String>,
        "TagValue" "worded" value: Option<String>,
    }
}

macro_rules! items {
    ($($(#[$doc:meta])* $name:ident($id:literal) { $($member:literal $read:literal $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize)]
        pub(in super::super) struct $name {
            #[serde(rename = $id, deserialize_with = "id")]
            pub id: String,
            $(#[serde(default, rename = $member, deserialize_with = $read)] pub $field: $kind,)*
        }
    )*};
}

items! {
    Region("RegionId") { "LocalName" "text" name: String, "Status" "text" state: String, }

    Instance("InstanceId") {
        "InstanceName" "worded" name: Option<String>,
        "ZoneId" "text" zone: String,
        "InstanceType" "text" kind: String,
        "Status" "text" status: String,
        "Tags" "list" tags: Vec<Tag>,
    }

    Nic("NetworkInterfaceId") {
        "NetworkInterfaceName" "worded" name: Option<String>,
        "DeleteOnRelease" "truth" dies_with_instance: Option<bool>,
        "Description" "text" description: String,
        "ZoneId" "text" zone: String,
        "Type" "text" kind: String,
        "Status" "text" status: String,
        "InstanceId" "text" instance: String,
        "MacAddress" "text" mac: String,
        "VpcId" "text" vpc: String,
        "VSwitchId" "text" subnet: String,
        "SecurityGroupIds" "list" security_groups: Vec<String>,
        "PrivateIpAddress" "ip" primary_ip: Option<IpAddr>,
        "PrivateIpSets" "list" private_ips: Vec<PrivateIp>,
        "AssociatedPublicIp" "object" public: PublicIp,
        "Ipv6Sets" "list" ipv6: Vec<Ipv6>,
        "Ipv4PrefixSets" "list" prefixes: Vec<Prefix>,
        "ServiceManaged" "truth" service_managed: Option<bool>,
        "ServiceID" "text" service: String,
        "NetworkInterfaceTrafficMode" "text" traffic: String,
        "Attachment" "object" attachment: Attachment,
        // Only DescribeNetworkInterfaceAttribute has these two.
        "SlaveInterfaceSpecification" "present" slave: bool,
        "BondInterfaceSpecification" "present" bond: bool,
        "Tags" "list" tags: Vec<Tag>,
    }

    Eip("AllocationId") {
        "IpAddress" "ip" ip: Option<IpAddr>,
        "Name" "worded" name: Option<String>,
        "Status" "text" status: String,
        "InstanceType" "text" kind: String,
        "InstanceId" "text" instance: String,
        "PrivateIpAddress" "ip" private_ip: Option<IpAddr>,
    }

    Type("InstanceTypeId") {
        "EniQuantity" "count" nics: Option<u64>,
        "EniPrivateIpAddressQuantity" "count" addresses_per_nic: Option<u64>,
    }

    Balancer("LoadBalancerId") { "LoadBalancerName" "text" name: String, }

    VServerGroup("VServerGroupId") {}

    Pair("MasterSlaveServerGroupId") {}

    ServerGroup("ServerGroupId") {
        "ServerGroupName" "text" name: String,
        "VpcId" "text" vpc: String,
        "RelatedLoadBalancerIds" "list" balancers: Vec<String>,
        "ServerCount" "count" servers: Option<u64>,
    }
}

/// One entry of a group, of all three products. Also carried from step to step, under the vendor's names.
#[derive(Deserialize, Serialize, Clone, PartialEq, Debug, Default)]
#[serde(default)]
pub(in super::super) struct Server {
    #[serde(rename = "ServerGroupId", deserialize_with = "text")]
    pub group: String,
    #[serde(rename = "ServerId", deserialize_with = "text")]
    pub id: String,
    #[serde(rename = "ServerIp", deserialize_with = "ip")]
    pub ip: Option<IpAddr>,
    /// Ecs, Eni, Eci, Ip, Fc.
    #[serde(rename = "ServerType", deserialize_with = "text")]
    pub kind: String,
    /// CLB's word for the same: ecs, eni, eci.
    #[serde(rename = "Type", deserialize_with = "text")]
    pub clb_kind: String,
    #[serde(rename = "Port", deserialize_with = "text")]
    pub port: String,
    /// The address may be in any VPC.
    #[serde(rename = "RemoteIpEnabled", deserialize_with = "truth")]
    pub remote: Option<bool>,
}

/// Does an object say anything: is one of its members neither empty nor null?
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Present;
    impl<'de> Visitor<'de> for Present {
        type Value = bool;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }
        fn visit_unit<E>(self) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
            Ok(true)
        }
        fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
            Ok(true)
        }
        fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
            Ok(true)
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(true)
        }
        fn visit_str<E>(self, text: &str) -> Result<bool, E> {
            Ok(!text.is_empty())
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<bool, A::Error> {
            let mut any = false;
            while let Some(Any(says)) = seq.next_element()? {
                any |= says;
            }
            Ok(any)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
            let mut any = false;
            while let Some((IgnoredAny, Any(says))) = map.next_entry()? {
                any |= says;
            }
            Ok(any)
        }
    }
    struct Any(bool);
    impl<'de> Deserialize<'de> for Any {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            present(deserializer).map(Any)
        }
    }
    deserializer.deserialize_any(Present)
}
