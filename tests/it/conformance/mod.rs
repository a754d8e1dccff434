//! One suite for all clouds: a case is chosen by what a cloud's `Capabilities` say, never by its name.
//! The vendor's words that a case needs stand in one table.

mod checks;
mod envelopes;
mod facts;
mod listing;
mod lost;
mod provoke;
mod sections;
mod undo;
mod writes;

use std::path::Path;

use nicdeck::{
    domain::capabilities::Condition,
    providers::{self, provider::Provider},
};

/// What only the vendor's documents tell.
pub struct Words {
    pub cloud: &'static str,
    /// One of the cloud's generations; empty for the default.
    pub api: &'static str,
    /// The answers to a wrong secret.
    pub wrong_secret: &'static [&'static str],
    /// The answer to a key that may not make the call.
    pub denied: &'static str,
    /// A write that comes while another is under way: a code that proves that nothing was done and that it may pass later.
    pub conflict: Option<&'static str>,
    /// A refusal that no fact of the NIC predicts.
    pub refused: &'static str,
    /// Conditions of a detach that the rules hold more strictly than the vendor's documents do.
    pub milder: fn(Condition) -> bool,
    /// Refusals that the vendor documents with a code of their own.
    pub refusals: usize,
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
        conflict: Some("Operation.Conflict"),
        refused: "InvalidUserType.NotSupported",
        // That a member NIC is detached with its trunk's id is documented, what happens without it is not.
        milder: |condition| matches!(condition, Condition::PlainNic),
        refusals: 6,
        page: 100,
        absent: true,
        whole: true,
    },
    Words {
        cloud: "huawei",
        api: "",
        wrong_secret: &["APIGW.0301"],
        denied: "Pdp.0001",
        conflict: Some("Ecs.0603"),
        refused: "Ecs.0605",
        milder: |_| false,
        refusals: 3,
        page: 100,
        absent: true,
        whole: true,
    },
    Words {
        cloud: "tencent",
        api: "",
        wrong_secret: &["AuthFailure.SignatureFailure"],
        denied: "UnauthorizedOperation",
        conflict: Some("UnsupportedOperation.MutexOperationTaskRunning"),
        refused: "UnsupportedOperation.ResourceMismatch",
        milder: |_| false,
        refusals: 6,
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
        conflict: Some("ActionLocked"),
        refused: "InvalidPrivateIpAddress.InUse",
        milder: |_| false,
        refusals: 1,
        page: 50,
        absent: false,
        whole: false,
    },
    Words {
        cloud: "zenlayer",
        api: "",
        wrong_secret: &["AUTHFAILURE_SIGNATURE_FAILURE"],
        denied: "AUTHFAILURE_UNAUTHORIZED_OPERATION",
        conflict: None,
        refused: "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE",
        milder: |_| false,
        refusals: 6,
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

/// A signature that no recorded one confirms is a guess.
#[test]
fn every_cloud_has_vectors_and_a_server_side() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (cloud, _) in clouds() {
        let id = cloud.descriptor().id;
        let path = top.join(format!("tests/vectors/{id}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let vectors: Vec<serde_json::Value> = serde_json::from_str(&text).expect("a list of vectors");
        assert!(!vectors.is_empty(), "{id} has no vectors");
        assert_eq!(cloud.dialect().vocabulary().provider, id);
        assert!(
            !cloud.descriptor().capabilities.release.is_empty() && !cloud.descriptor().capabilities.detach.is_empty()
        );
    }
}
