//! Texts that come again and again (regions, states, networks, tags), each kept once: a large inventory is mostly these.

use std::{collections::HashSet, sync::Arc};

use crate::domain::{
    address::{Backend, BackendTarget, Eip, EipBinding},
    instance::Instance,
    nic::{ManagedBy, Nic, NicRole},
};

/// The texts in use. Names, ids of the thing itself and MACs are not among them: they rarely come twice.
#[derive(Clone, Debug, Default)]
pub struct Words(HashSet<Arc<str>, foldhash::fast::RandomState>);

impl Words {
    /// Makes a text the one that is kept already, if there is an equal one.
    pub fn share(&mut self, text: &mut Arc<str>) {
        match self.0.get(&**text) {
            Some(known) => *text = known.clone(),
            None => {
                self.0.insert(text.clone());
            }
        }
    }

    /// Forgets what nothing else holds.
    pub fn sweep(&mut self) {
        self.0.retain(|text| Arc::strong_count(text) > 1);
    }

    fn tags(&mut self, tags: &mut Vec<(Arc<str>, Arc<str>)>) {
        for (key, value) in tags.iter_mut() {
            self.share(key);
            self.share(value);
        }
        tags.shrink_to_fit();
    }

    pub fn instance(&mut self, instance: &mut Instance) {
        self.share(instance.id.text_mut());
        self.share(instance.region.text_mut());
        self.share(&mut instance.power.word);
        instance.zone.iter_mut().chain(&mut instance.kind).for_each(|text| self.share(text));
        instance.load_balancers.iter_mut().for_each(|balancer| self.share(balancer.text_mut()));
        instance.load_balancers.shrink_to_fit();
        self.tags(&mut instance.tags);
    }

    pub fn nic(&mut self, nic: &mut Nic) {
        self.share(nic.region.text_mut());
        self.share(&mut nic.status.word);
        self.share(&mut nic.description);
        if let Some(instance) = &mut nic.instance {
            self.share(instance.text_mut());
        }
        nic.zone.iter_mut().chain(&mut nic.vpc).chain(&mut nic.subnet).for_each(|text| self.share(text));
        nic.security_groups.iter_mut().for_each(|group| self.share(group));
        if let NicRole::Other(word) = &mut nic.role {
            self.share(word);
        }
        if let ManagedBy::Service(word) | ManagedBy::Controller(word) = &mut nic.managed_by {
            self.share(word);
        }
        nic.security_groups.shrink_to_fit();
        nic.addresses.shrink_to_fit();
        nic.public_ips.shrink_to_fit();
        nic.pairs.shrink_to_fit();
        self.tags(&mut nic.tags);
    }

    pub fn eip(&mut self, eip: &mut Eip) {
        self.share(eip.region.text_mut());
        self.share(&mut eip.status);
        if let EipBinding::Instance { instance, .. } = &mut eip.bound {
            self.share(instance.text_mut());
        }
    }

    pub fn backend(&mut self, backend: &mut Backend) {
        self.share(backend.load_balancer.text_mut());
        self.share(&mut backend.name);
        self.share(backend.region.text_mut());
        self.share(&mut backend.port);
        if let Some(vpc) = &mut backend.vpc {
            self.share(vpc);
        }
        match &mut backend.target {
            BackendTarget::Address { instance: Some(instance), .. } | BackendTarget::Instance(instance) => {
                self.share(instance.text_mut());
            }
            BackendTarget::Address { instance: None, .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one_and_go_with_their_last_holder() {
        let mut words = Words::default();
        let [mut first, mut second, mut other]: [Arc<str>; 3] = ["cn-a".into(), "cn-a".into(), "cn-b".into()];
        for text in [&mut first, &mut second, &mut other] {
            words.share(text);
        }
        assert!(Arc::ptr_eq(&first, &second) && !Arc::ptr_eq(&first, &other));
        assert_eq!((&*second, &*other), ("cn-a", "cn-b"));
        drop((first, other));
        words.sweep();
        assert_eq!(words.0.len(), 1, "one is held still");
        drop(second);
        words.sweep();
        assert!(words.0.is_empty());
    }
}
