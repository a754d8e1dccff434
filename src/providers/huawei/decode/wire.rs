//! The answers as they stand on the wire, and what the vendor is loose about: numbers and truths as text, null or missing for
//! empty. Ids are required where an object is nothing without one; everything else may be missing.

use std::{fmt, net::IpAddr};

use serde::{Deserialize, Deserializer, de::Visitor};

/// Text, a number or a truth value as text; null is empty. Anything else says nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in super::super) struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = Text;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_string<E>(self, text: String) -> Result<Text, E> {
                Ok(Text(text))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_bool<E>(self, truth: bool) -> Result<Text, E> {
                Ok(Text(truth.to_string()))
            }
            fn visit_unit<E>(self) -> Result<Text, E> {
                Ok(Text::default())
            }
        }
        deserializer.deserialize_any(Read)
    }
}

impl Text {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `None` where it says nothing.
    pub fn some(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|text| !text.is_empty())
    }

    pub fn is(&self, word: &str) -> bool {
        self.0.eq_ignore_ascii_case(word)
    }

    /// `None` for what is neither true nor false.
    pub fn truth(&self) -> Option<bool> {
        match (self.is("true"), self.is("false")) {
            (false, false) => None,
            (truth, _) => Some(truth),
        }
    }

    pub fn number(&self) -> Option<u64> {
        self.0.trim().parse().ok()
    }
}

/// An object or a list that may be null.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What is there, null included.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// An address; empty is none. Anything else that is no address is an error: a list must not lose one silently.
fn ip<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IpAddr>, D::Error> {
    let Text(text) = Text::deserialize(deserializer)?;
    match text.trim() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| serde::de::Error::custom(format!("not an IP address: {text:?}"))),
    }
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident { $($member:literal $field:ident: $kind:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Deserialize, Default, Debug)]
        #[serde(default)]
        pub(in super::super) struct $name {
            $(#[serde(rename = $member, deserialize_with = "lenient")] pub $field: $kind,)*
        }
    )*};
}

shapes! {
    Regions { "regions" regions: Option<Vec<Region>>, }
    Region { "id" id: Text, "locales" locales: Locales, }
    Locales { "en-us" english: Text, "zh-cn" chinese: Text, }

    Projects { "projects" projects: Option<Vec<Project>>, }
    Project { "id" id: Text, "name" name: Text, "enabled" enabled: Text, "domain_id" account: Text, "domain" domain: Domain, }
    Domain { "id" id: Text, }
    Domains { "domains" domains: Option<Vec<Domain>>, }
    Tokens { "token" token: Option<Token>, }
    Token { "expires_at" expires_at: Text, "project" project: Project, }

    Servers { "servers" servers: Option<Vec<Server>>, "count" count: Text, }
    Flavor { "id" id: Text, "name" name: Text, }
    Metadata { "EcmResStatus" resource: Text, "vpc_id" vpc: Text, }

    Ports { "ports" ports: Option<Vec<Port>>, "ports_links" links: Vec<Link>, }
    Link { "rel" rel: Text, "href" href: Text, }
    OnePort { "port" port: Option<Port>, }
    Port {
        "id" id: Text,
        "name" name: Option<Text>,
        "status" status: Text,
        "network_id" network: Text,
        "mac_address" mac: Text,
        "fixed_ips" fixed_ips: Vec<Fixed>,
        "device_id" device: Text,
        "device_owner" owner: Text,
        "security_groups" groups: Vec<Text>,
        "allowed_address_pairs" pairs: Option<Vec<RawPair>>,
        "binding:vif_details" details: Option<Details>,
        "binding:profile" profile: Option<serde_json::Value>,
        "instance_type" service: Text,
        "instance_id" service_id: Text,
    }
    RawPair { "ip_address" ip: Text, "mac_address" mac: Text, }
    Details { "primary_interface" primary: Text, }

    Interfaces { "interfaceAttachments" interfaces: Option<Vec<Interface>>, }
    Interface { "port_id" port: Text, "delete_on_termination" dies: Text, }

    SubNics { "sub_network_interfaces" rows: Option<Vec<SubNic>>, }
    SubNic { "parent_id" parent: Text, }

    Eips { "publicips" eips: Option<Vec<Eip>>, "page_info" page: PageInfo, }
    PageInfo { "next_marker" next: Text, "current_count" count: Text, }

    Members { "members" members: Option<Vec<Member>>, "page_info" page: PageInfo, }
    Identified { "id" id: Text, }

    Job {
        "job_id" id: Text,
        "status" status: Text,
        "error_code" code: Text,
        "fail_reason" reason: Text,
        "entities" entities: Entities,
    }
    Entities { "sub_jobs" parts: Vec<Part>, "errorcode_message" message: Text, }
    Part {
        "status" status: Text,
        "error_code" code: Text,
        "fail_reason" reason: Text,
        "entities" entities: PartEntities,
    }
    PartEntities { "errorcode_message" message: Text, }
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(in super::super) struct Server {
    #[serde(deserialize_with = "lenient")]
    pub id: Text,
    pub name: Option<Text>,
    #[serde(deserialize_with = "lenient")]
    pub status: Text,
    #[serde(rename = "OS-EXT-AZ:availability_zone", deserialize_with = "lenient")]
    pub zone: Text,
    /// Null: none is running. Missing: nobody says.
    #[serde(rename = "OS-EXT-STS:task_state", deserialize_with = "told")]
    pub task: Option<Text>,
    #[serde(deserialize_with = "lenient")]
    pub flavor: Flavor,
    pub metadata: Option<Metadata>,
    #[serde(deserialize_with = "lenient")]
    pub locked: Text,
    pub tags: Option<Vec<Text>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(in super::super) struct Fixed {
    /// One of the network's two, and not the network's own id.
    #[serde(rename = "subnet_id", deserialize_with = "lenient")]
    pub range: Text,
    #[serde(rename = "ip_address", deserialize_with = "ip")]
    pub ip: Option<IpAddr>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(in super::super) struct Eip {
    #[serde(deserialize_with = "lenient")]
    pub id: Text,
    #[serde(rename = "public_ip_address", deserialize_with = "ip")]
    pub ip: Option<IpAddr>,
    #[serde(rename = "alias")]
    pub name: Option<Text>,
    #[serde(deserialize_with = "lenient")]
    pub status: Text,
    /// Null on one that is not bound.
    pub vnic: Option<Vnic>,
    #[serde(rename = "associate_instance_type", deserialize_with = "lenient")]
    pub kind: Text,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(in super::super) struct Vnic {
    #[serde(rename = "port_id", deserialize_with = "lenient")]
    pub port: Text,
    #[serde(rename = "private_ip_address", deserialize_with = "ip")]
    pub ip: Option<IpAddr>,
    #[serde(rename = "device_owner", deserialize_with = "lenient")]
    pub owner: Text,
}

#[derive(Deserialize, Default, Debug)]
#[serde(default)]
pub(in super::super) struct Member {
    #[serde(deserialize_with = "lenient")]
    pub id: Text,
    #[serde(deserialize_with = "ip")]
    pub address: Option<IpAddr>,
    #[serde(rename = "protocol_port", deserialize_with = "lenient")]
    pub port: Text,
    /// Null on one that was added by its address alone.
    #[serde(rename = "subnet_cidr_id", deserialize_with = "lenient")]
    pub range: Text,
    #[serde(rename = "pool_id", deserialize_with = "lenient")]
    pub pool: Text,
    #[serde(rename = "instance_id", deserialize_with = "lenient")]
    pub instance: Text,
    #[serde(rename = "loadbalancer_id", deserialize_with = "lenient")]
    pub balancer: Text,
    #[serde(rename = "loadbalancers", deserialize_with = "lenient")]
    pub balancers: Vec<Identified>,
}
