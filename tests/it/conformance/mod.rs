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
    /// The answer to a wrong secret.
    pub wrong_secret: &'static str,
    /// The answer to a key that may not make the call.
    pub denied: &'static str,
    /// A write that comes while another is under way: a code that proves that nothing was done and that it may pass later.
    pub conflict: Option<&'static str>,
    /// A refusal that no fact of the NIC predicts.
    pub refused: &'static str,
    /// Conditions of a detach that the rules hold more strictly than the vendor's documents do.
    pub milder: fn(Condition) -> bool,
}

const WORDS: &[Words] = &[
    Words {
        cloud: "aliyun",
        wrong_secret: "SignatureDoesNotMatch",
        denied: "Forbidden.RAM",
        conflict: Some("Operation.Conflict"),
        refused: "InvalidUserType.NotSupported",
        // That a member NIC is detached with its trunk's id is documented, what happens without it is not.
        milder: |condition| matches!(condition, Condition::PlainNic),
    },
    Words {
        cloud: "huawei",
        wrong_secret: "APIGW.0301",
        denied: "Pdp.0001",
        conflict: Some("Ecs.0603"),
        refused: "Ecs.0605",
        milder: |_| false,
    },
    Words {
        cloud: "zenlayer",
        wrong_secret: "AUTHFAILURE_SIGNATURE_FAILURE",
        denied: "AUTHFAILURE_UNAUTHORIZED_OPERATION",
        conflict: None,
        refused: "OPERATION_DENIED_POSTPAID_INSTANCE_IN_PROMISE",
        milder: |_| false,
    },
];

/// Every cloud with its words.
pub fn clouds() -> impl Iterator<Item = (&'static dyn Provider, &'static Words)> {
    providers::all().iter().map(|cloud| {
        let id = cloud.descriptor().id;
        let words = WORDS.iter().find(|words| words.cloud == id);
        (*cloud, words.unwrap_or_else(|| panic!("{id} has no row in the conformance suite's table")))
    })
}

#[test]
fn the_table_has_a_row_for_every_cloud_and_no_other() {
    let mut named: Vec<&str> = WORDS.iter().map(|words| words.cloud).collect();
    let mut there: Vec<&str> = providers::all().iter().map(|cloud| cloud.descriptor().id).collect();
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
