//! One suite for all clouds: a case is chosen by what a cloud's `Capabilities` say, never by its name.
//! The vendor's words that a case needs stand in one table.

mod checks;
mod cut;
pub mod envelopes;
mod facts;
mod listing;
mod lost;
mod pages;
pub mod provoke;
mod readonly;
mod refusals;
mod sections;
mod spoken;
mod taken_back;
mod tokens;
mod undo;
mod wire;
mod writes;

use std::{collections::BTreeSet, path::Path};

use nicdeck::{
    domain::capabilities::Condition,
    providers::{self, provider::Provider},
    sim::dialect::SimRequest,
};

/// What a code says of a write that came while another was under way.
#[derive(Clone, Copy)]
pub enum Conflict {
    /// Nothing was done, and it may pass later.
    Passes(&'static str),
    /// It is refused, as by any state that forbids it: no code tells a conflict from that.
    Refused(&'static str),
}

/// What only the vendor's documents tell.
pub struct Words {
    pub cloud: &'static str,
    /// One of the cloud's generations; empty for the default.
    pub api: &'static str,
    /// The answers to a wrong secret.
    pub wrong_secret: &'static [&'static str],
    /// The answer to a key that may not make the call.
    pub denied: &'static str,
    /// A write that comes while another is under way.
    pub conflict: Conflict,
    /// A refusal that no fact of the NIC predicts.
    pub refused: &'static str,
    /// Conditions of a detach that the rules hold more strictly than the vendor's documents do.
    pub milder: fn(Condition) -> bool,
    /// Refusals of a state that passes by itself: tried again, with a read before that sees the state.
    pub passing: &'static [&'static str],
    /// Refusals that the vendor documents with a code of their own.
    pub refusals: usize,
    /// What the writes that take one back, bind and delete are refused with, see [`refusals::Obstacle`].
    pub obstacles: refusals::Codes,
    /// Recorded requests of the vendor's own tools.
    pub vectors: usize,
    /// Those of them that are calls which no codec makes: recorded for their signature.
    pub others: &'static [&'static str],
    /// Rows of its smallest largest page.
    pub page: usize,
    /// A code says that an address is not on the NIC.
    pub absent: bool,
    /// It shows EIPs that are on no NIC, whether a NIC is at rest, IPv6 addresses, and an id for each request.
    pub whole: bool,
}

const WORDS: &[Words] = &[
    Words {
        cloud: "aliyun",
        api: "",
        wrong_secret: &["SignatureDoesNotMatch"],
        denied: "Forbidden.RAM",
        conflict: Conflict::Passes("Operation.Conflict"),
        refused: "InvalidUserType.NotSupported",
        // That a member NIC is detached with its trunk's id is documented, what happens without it is not.
        milder: |condition| matches!(condition, Condition::PlainNic),
        passing: &[],
        refusals: 6,
        obstacles: refusals::Codes {
            address_taken: Some("InvalidPrivateIpAddress.Duplicated"),
            nic_moves: Some("InvalidOperation.InvalidEniState"),
            address_outside: Some("InvalidVSwitchId.IpInvalid"),
            attached_already: Some("InvalidOperation.InvalidEniState"),
            instance_moves: Some("InvalidOperation.InvalidEcsState"),
            attached_still: Some("InvalidOperation.InvalidEniState"),
            eip_taken: Some("IncorrectEipStatus"),
        },
        vectors: 25,
        others: &["RunInstances"],
        page: 100,
        absent: true,
        whole: true,
    },
    Words {
        cloud: "huawei",
        api: "",
        wrong_secret: &["APIGW.0301"],
        denied: "Pdp.0001",
        conflict: Conflict::Passes("Ecs.0603"),
        refused: "Ecs.0605",
        milder: |_| false,
        passing: &["Ecs.0100"],
        refusals: 3,
        obstacles: refusals::Codes {
            address_taken: None,
            nic_moves: None,
            address_outside: Some("Ecs.0039"),
            attached_already: Some("Ecs.0919"),
            instance_moves: Some("Ecs.0100"),
            attached_still: Some("VPC.2500"),
            eip_taken: Some("VPC.0511"),
        },
        vectors: 18,
        // The token's call has the name of the other way to sign in: the codec is told which only when it signs.
        others: &["NeutronListPorts", "KeystoneCreateUserTokenByPassword"],
        page: 100,
        absent: true,
        whole: true,
    },
    Words {
        cloud: "tencent",
        api: "",
        wrong_secret: &["AuthFailure.SignatureFailure"],
        denied: "UnauthorizedOperation",
        conflict: Conflict::Passes("UnsupportedOperation.MutexOperationTaskRunning"),
        refused: "UnsupportedOperation.ResourceMismatch",
        milder: |_| false,
        passing: &["UnsupportedOperation.InvalidState"],
        refusals: 6,
        obstacles: refusals::Codes {
            address_taken: Some("ResourceInUse"),
            nic_moves: Some("UnsupportedOperation.InvalidState"),
            address_outside: Some("InvalidParameterValue.Range"),
            attached_already: Some("UnsupportedOperation.AttachmentAlreadyExists"),
            instance_moves: Some("UnsupportedOperation.ResourceIsInvalidState"),
            attached_still: Some("ResourceInUse"),
            eip_taken: Some("UnsupportedOperation.AddressStatusNotPermit"),
        },
        vectors: 29,
        others: &["DescribeNetworkInterfaceLimit"],
        page: 100,
        absent: true,
        whole: true,
    },
    Words {
        cloud: "tencent",
        api: "v2",
        // What this generation has no calls for is asked of the other one.
        wrong_secret: &["InvalidParameter.SignatureFailure", "AuthFailure.SignatureFailure"],
        denied: "UnauthorizedOperation",
        conflict: Conflict::Passes("ActionLocked"),
        refused: "InvalidPrivateIpAddress.InUse",
        milder: |_| false,
        passing: &["ActionLocked"],
        refusals: 1,
        obstacles: refusals::Codes {
            address_taken: Some("InvalidPrivateIpAddress.InUse"),
            nic_moves: Some("ActionLocked"),
            address_outside: Some("InternalError.ResourceOpFailed"),
            attached_already: Some("InvalidNetworkInterface.AlreadyAssociated"),
            instance_moves: Some("InternalError.ResourceOpFailed"),
            attached_still: Some("InvalidNetworkInterface.CanNotDelete"),
            eip_taken: Some("UnsupportedOperation.AddressStatusNotPermit"),
        },
        vectors: 29,
        others: &["DescribeNetworkInterfaceLimit"],
        page: 50,
        absent: false,
        whole: false,
    },
    Words {
        cloud: "zenlayer",
        api: "",
        wrong_secret: &["AUTHFAILURE_SIGNATURE_FAILURE"],
        denied: "AUTHFAILURE_UNAUTHORIZED_OPERATION",
        conflict: Conflict::Refused("INVALID_NIC_STATUS"),
        refused: "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE",
        milder: |_| false,
        passing: &[],
        refusals: 6,
        obstacles: refusals::Codes {
            address_taken: Some("INVALID_SUBNET_PRIVATE_IPV4_IN_USED"),
            nic_moves: Some("INVALID_NIC_STATUS"),
            address_outside: Some("INVALID_IP_OUT_OF_RANGE"),
            attached_already: Some("INVALID_NIC_ATTACHED"),
            instance_moves: Some("OPERATION_DENIED_INSTANCE_STATUS_NOT_SUPPORT"),
            attached_still: Some("INVALID_NIC_ATTACHED"),
            eip_taken: Some("OPERATION_DENIED_EIP_STATUS_NOT_SUPPORT"),
        },
        vectors: 16,
        others: &[],
        page: 100,
        absent: true,
        whole: true,
    },
];

/// Every cloud in each of its generations.
fn generations() -> impl Iterator<Item = (&'static dyn Provider, &'static str)> {
    providers::all().iter().flat_map(|&cloud| {
        let apis = cloud.descriptor().apis.iter();
        let others = apis.filter_map(move |&api| Some((cloud.generation(api)?, api)));
        std::iter::once((cloud, "")).chain(others)
    })
}

/// Every cloud in each of its generations, with its words.
pub fn clouds() -> impl Iterator<Item = (&'static dyn Provider, &'static Words)> {
    generations().map(|(cloud, api)| {
        let id = cloud.descriptor().id;
        let words = WORDS.iter().find(|words| (words.cloud, words.api) == (id, api));
        (cloud, words.unwrap_or_else(|| panic!("{id} {api} has no row in the conformance suite's table")))
    })
}

#[test]
fn the_table_has_a_row_for_every_cloud_and_no_other() {
    let mut named: Vec<(&str, &str)> = WORDS.iter().map(|words| (words.cloud, words.api)).collect();
    let mut there: Vec<(&str, &str)> = generations().map(|(cloud, api)| (cloud.descriptor().id, api)).collect();
    named.sort_unstable();
    there.sort_unstable();
    assert_eq!(named, there);
    assert_eq!(clouds().count(), there.len());
}

/// A recorded request as the server sees it.
fn received(vector: &serde_json::Value) -> SimRequest {
    let request = &vector["request"];
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let url = text(&request["url"]);
    let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = place.find('/').map_or("/", |at| &place[at..]).to_owned();
    let headers = request["headers"].as_object().into_iter().flatten();
    SimRequest {
        method: text(&request["method"]),
        path,
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
        body: text(&request["body"]).into_bytes(),
    }
}

/// A signature that no recorded one confirms is a guess.
#[tokio::test]
async fn every_cloud_has_vectors_of_its_own_calls_and_a_server_side() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (cloud, words) in clouds() {
        let id = cloud.descriptor().id;
        let path = top.join(format!("tests/vectors/{id}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of vectors");
        assert!(vectors.len() >= words.vectors, "{id} lost vectors: {}", vectors.len());
        // Of all generations: they are recorded in one file.
        let mut known: BTreeSet<&str> = BTreeSet::new();
        for (other, _) in clouds().filter(|(other, _)| other.descriptor().id == id) {
            known.extend(envelopes::calls(other).await.iter().map(|call| other.action(call)));
        }
        let dialect = cloud.dialect();
        let mut strange = Vec::new();
        for vector in &vectors {
            let named = [&vector["action"], &vector["input"]["action"]].into_iter().find_map(|name| name.as_str());
            let action = named.map(str::to_owned).or_else(|| dialect.action(&received(vector)));
            let action = action.unwrap_or_else(|| panic!("{id} {}: what call is it?", vector["name"]));
            if !known.contains(action.as_str()) && !words.others.contains(&action.as_str()) {
                strange.push(format!("{}: {action}", vector["name"]));
            }
        }
        assert!(strange.is_empty(), "{id}: {strange:?} are none of {known:?}");
        assert_eq!(dialect.vocabulary().provider, id);
        let capabilities = &cloud.descriptor().capabilities;
        assert!(!capabilities.release.is_empty() && !capabilities.detach.is_empty());
    }
}
