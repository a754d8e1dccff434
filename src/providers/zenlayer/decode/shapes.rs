//! The answers as they stand on the wire. Every field is optional in the vendor's own models, so it is here; fields that no rule
//! and no screen needs are left out, unknown ones are skipped.

// The names are the vendor's.
#![allow(clippy::struct_field_names)]

use std::net::IpAddr;

use serde::{Deserialize, Deserializer};

/// Ids and words. Ids are text of many digits; a number is taken as its digits.
#[derive(Debug)]
pub(super) struct Text(pub String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Text;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A private address; null and empty are none. Anything else that is no address is an error: a list must not lose one silently.
#[derive(Debug, Default)]
pub(super) struct Ip(pub Option<IpAddr>);

impl<'de> Deserialize<'de> for Ip {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<Text>::deserialize(deserializer)?;
        match text.as_ref().map_or("", |Text(text)| text.trim()) {
            "" => Ok(Self(None)),
            text => match text.parse() {
                Ok(ip) => Ok(Self(Some(ip))),
                Err(_) => Err(serde::de::Error::custom(format!("not an IP address: {text:?}"))),
            },
        }
    }
}

/// What is there, null included.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A list that may be null; nulls in it are skipped.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(some_list(deserializer)?.unwrap_or_default())
}

/// A list that is there, null included.
fn told<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    list(deserializer).map(Some)
}

/// Text that is there, null as empty.
fn worded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Text>, D::Error> {
    Ok(Some(Option::deserialize(deserializer)?.unwrap_or_else(|| Text(String::new()))))
}

fn some_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Vec<T>>, D::Error> {
    let list: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(list.map(|list| list.into_iter().flatten().collect()))
}

#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    #[serde(default, rename = "requestId")]
    pub request_id: Option<String>,
    #[serde(default = "none")]
    pub response: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
pub(super) struct Paged<T> {
    #[serde(default)]
    pub total_count: Option<i64>,
    #[serde(default = "none", deserialize_with = "some_list")]
    pub data_set: Option<Vec<T>>,
}

#[derive(Deserialize)]
pub(super) struct Tag {
    #[serde(default)]
    pub key: Option<Text>,
    /// Null is none; a member that is missing says nothing.
    #[serde(default, deserialize_with = "worded")]
    pub value: Option<Text>,
}

/// `{"tags":[…]}`, null, or missing; a bare list is taken as well.
#[derive(Deserialize, Default)]
#[serde(untagged)]
pub(super) enum Tags {
    Wrapped {
        /// Missing: nothing is said.
        #[serde(default, deserialize_with = "told")]
        tags: Option<Vec<Tag>>,
    },
    Bare(Vec<Tag>),
    /// There are none.
    Null(()),
    #[default]
    #[serde(skip)]
    Missing,
    /// Anything else says nothing about tags, and must not cost the rest of the page.
    Odd(serde::de::IgnoredAny),
}

impl Tags {
    /// `None` where nothing is said about tags.
    pub fn told(&self) -> Option<&[Tag]> {
        match self {
            Tags::Wrapped { tags: Some(tags) } | Tags::Bare(tags) => Some(tags.as_slice()),
            Tags::Null(()) => Some(&[]),
            Tags::Wrapped { tags: None } | Tags::Missing | Tags::Odd(_) => None,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Zones {
    #[serde(default, deserialize_with = "list")]
    pub zone_set: Vec<Zone>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct Zone {
    pub zone_id: Option<Text>,
    pub region_id: Option<Text>,
    pub city_name: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Instance {
    pub instance_id: Option<Text>,
    pub instance_name: Option<Text>,
    pub zone_id: Option<Text>,
    /// Null for GPU instances.
    pub instance_type: Option<Text>,
    pub status: Option<Text>,
    pub enable_agent: Option<bool>,
    #[serde(deserialize_with = "list")]
    pub nics: Vec<NicOfInstance>,
    /// Missing in older versions of the API.
    #[serde(deserialize_with = "some_list")]
    pub load_balancer_ids: Option<Vec<Text>>,
    pub tags: Tags,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct NicOfInstance {
    pub region_id: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Nic {
    pub nic_id: Option<Text>,
    pub name: Option<Text>,
    pub status: Option<Text>,
    pub nic_type: Option<Text>,
    pub region_id: Option<Text>,
    #[serde(deserialize_with = "list")]
    pub public_ip_list: Vec<Text>,
    /// Missing or null: not told.
    #[serde(deserialize_with = "some_list")]
    pub private_ip_list: Option<Vec<Ip>>,
    pub primary_ipv4: Ip,
    pub primary_ipv6: Ip,
    #[serde(deserialize_with = "some_list")]
    pub secondary_ipv4s: Option<Vec<Ip>>,
    /// `IPv4`, `IPv4_IPv6`, `IPv6`.
    pub nic_subnet_type: Option<Text>,
    pub mac_address: Option<Text>,
    pub instance_id: Option<Text>,
    pub vpc_id: Option<Text>,
    pub subnet_id: Option<Text>,
    /// One, not a list.
    pub security_group_id: Option<Text>,
    pub tags: Tags,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Eip {
    pub eip_id: Option<Text>,
    pub name: Option<Text>,
    pub region_id: Option<Text>,
    pub status: Option<Text>,
    #[serde(deserialize_with = "list")]
    pub public_ip_addresses: Vec<Text>,
    pub private_ip_address: Ip,
    pub associated_type: Option<Text>,
    pub associated_id: Option<Text>,
    /// Deprecated; stands in for `associated_id`.
    pub nic_id: Option<Text>,
    pub instance_id: Option<Text>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Balancer {
    pub load_balancer_id: Option<Text>,
    pub load_balancer_name: Option<Text>,
    pub vpc_id: Option<Text>,
}

/// Nothing counts them: a list that is missing or null does not say that there are none.
#[derive(Deserialize)]
pub(super) struct Backends {
    #[serde(default = "none", deserialize_with = "some_list")]
    pub backends: Option<Vec<Backend>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Backend {
    pub instance_id: Option<Text>,
    /// Missing: nobody says.
    #[serde(deserialize_with = "some")]
    pub private_ip_address: Option<Ip>,
    pub protocol: Option<Text>,
    /// Text: "80", "80,443", "10000-10005".
    pub listener_port: Option<Text>,
}

/// The answer to binding EIPs.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bound {
    #[serde(default, deserialize_with = "list")]
    pub failed_eip_ids: Vec<Text>,
}
