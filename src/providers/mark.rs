//! What tells the account that a write was sent to from others, for the journal: digests, which name nobody. Of where it was sent and
//! who signed it; and, where that is known, of the account itself by the vendor's own id, which outlives keys.

use sha2::{Digest, Sha256};

use super::profile::{Credential, Profile};

/// Characters of a digest. Those of earlier versions had [`EARLIER`], and told nothing of where.
const LENGTH: usize = 16;
const EARLIER: usize = 12;
/// Between the two in the journal.
const AND: char = '+';

/// The marks of one account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marks {
    earlier: String,
    signer: String,
    /// `None`: the vendor's id of the account is not known.
    owner: Option<String>,
}

impl Marks {
    /// `id`: the vendor's id of the account.
    pub fn of(profile: &Profile, credential: &Credential, id: Option<&str>) -> Self {
        let place = profile.endpoint.as_ref().map(|endpoint| endpoint.host.as_str()).unwrap_or_default();
        let place = format!("{}\n{place}", profile.cloud);
        let owner = id.map(|id| digest(&format!("{place}\naccount\n{id}"), LENGTH));
        let signer = digest(&format!("{place}\n{}", credential.holder()), LENGTH);
        Self { earlier: digest(&credential.holder(), EARLIER), signer, owner }
    }

    /// As the journal keeps them.
    pub fn recorded(&self) -> String {
        match &self.owner {
            Some(owner) => format!("{}{AND}{owner}", self.signer),
            None => self.signer.clone(),
        }
    }

    /// Are these of the account that was recorded? By the account itself where both tell it: its keys may have been changed since.
    pub fn are(&self, recorded: &str) -> bool {
        match (recorded.split_once(AND), &self.owner) {
            (Some((_, owner)), Some(own)) => owner == own,
            (Some((signer, _)), None) => signer == self.signer,
            (None, _) if recorded.len() == EARLIER => recorded == self.earlier,
            (None, _) => recorded == self.signer,
        }
    }
}

/// Does the record tell the account by the vendor's id?
pub fn tells_owner(recorded: &str) -> bool {
    recorded.contains(AND)
}

fn digest(text: &str, length: usize) -> String {
    hex::encode(Sha256::digest(text)).chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::profile::Endpoint;

    fn at(endpoint: Option<&str>) -> Profile {
        Profile {
            id: "p".into(),
            cloud: "c".into(),
            regions: Vec::new(),
            endpoint: endpoint.map(|text| Endpoint::parse(text).unwrap()),
            alias: None,
            env: None,
            readonly: false,
            project_id: None,
            api: None,
            net: crate::providers::net::Net::default(),
        }
    }

    #[test]
    fn each_who_signs_has_a_mark_and_none_tells_a_secret() {
        let token = |text: &str| Credential::Bearer(text.into());
        let keys = |id: &str, secret: &str| Credential::keys(id, secret, None);
        let mark = |credential: Credential| Marks::of(&at(None), &credential, None).recorded();
        assert_eq!(mark(token("abc")), mark(token("abc")));
        assert_eq!(mark(keys("abc", "one")), mark(keys("abc", "two")), "the same holder");
        let all = [token("abc"), token("abd"), keys("abc", "abc"), keys("abd", "abc")].map(mark);
        for (nth, mark) in all.iter().enumerate() {
            assert!(mark.len() == LENGTH && !all[..nth].contains(mark), "{all:?}");
        }
    }

    #[test]
    fn keys_may_change_and_the_account_and_its_place_may_not() {
        let keys = |id: &str| Credential::keys(id, "secret", None);
        let of = |endpoint: Option<&str>, id: &str, account: Option<&str>| Marks::of(&at(endpoint), &keys(id), account);
        let sent = of(None, "key-1", Some("100")).recorded();
        assert!(tells_owner(&sent) && !tells_owner(&of(None, "key-1", None).recorded()));
        assert!(of(None, "key-2", Some("100")).are(&sent), "rotated");
        assert!(!of(None, "key-1", Some("200")).are(&sent), "of another account");
        assert!(of(None, "key-1", None).are(&sent), "nobody tells the account now: the key does");
        assert!(!of(None, "key-2", None).are(&sent));
        let local = Some("http://127.0.0.1:8080");
        assert!(!of(local, "key-1", Some("100")).are(&sent), "the same key somewhere else");
        assert!(
            !of(local, "key-1", None).are(&sent) && !of(None, "key-1", None).are(&of(local, "key-1", None).recorded())
        );
        // Without the account only the key tells.
        let sent = of(None, "key-1", None).recorded();
        assert!(of(None, "key-1", Some("100")).are(&sent) && !of(None, "key-2", Some("100")).are(&sent));
        // As earlier versions wrote it: the key's digest alone.
        let earlier = digest("key-1", EARLIER);
        assert!(of(local, "key-1", None).are(&earlier) && !of(local, "key-2", None).are(&earlier));
    }
}
