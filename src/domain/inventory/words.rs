//! Texts that come again and again (regions, states, networks, tags), each kept once: a large inventory is mostly these.

use std::{collections::HashSet, sync::Arc};

use crate::domain::{
    address::{Backend, BackendTarget, Eip, EipBinding},
    instance::Instance,
    nic::{ManagedBy, Nic, NicRole},
    tags::{Tag, Tags},
};

/// Texts that are compared before any is looked up.
const RECENT: usize = 32;

/// The texts in use. Names, ids of the thing itself and MACs are not among them: they rarely come twice.
#[derive(Clone, Debug, Default)]
pub struct Words {
    texts: HashSet<Arc<str>, foldhash::fast::RandomState>,
    /// The last one of each length and last letter, roughly: most come again at once, and comparing one costs less than looking it up.
    recent: [Option<Arc<str>>; RECENT],
    /// Whole lists: what is made together is tagged alike.
    tags: HashSet<Arc<[Tag]>, foldhash::fast::RandomState>,
}

impl Words {
    /// Makes a text the one that is kept already, if there is an equal one.
    pub fn share(&mut self, text: &mut Arc<str>) {
        let bytes = text.as_bytes();
        let last = bytes.last().copied().map_or(0, usize::from);
        let recent = &mut self.recent[(bytes.len() + last) % RECENT];
        if let Some(known) = recent.as_ref().filter(|known| **known == *text) {
            *text = known.clone();
            return;
        }
        match self.texts.get(&**text) {
            Some(known) => *text = known.clone(),
            None => {
                self.texts.insert(text.clone());
            }
        }
        *recent = Some(text.clone());
    }

    /// Forgets what nothing else holds.
    pub fn sweep(&mut self) {
        self.recent = Default::default();
        self.tags.retain(|tags| Arc::strong_count(tags) > 1);
        self.texts.retain(|text| Arc::strong_count(text) > 1);
    }

    fn tags(&mut self, tags: &mut Tags) {
        let Some(tags) = tags.shared().filter(|tags| !tags.is_empty()) else { return };
        if let Some(known) = self.tags.get(&**tags) {
            *tags = known.clone();
            return;
        }
        let mut own = tags.to_vec();
        for (key, value) in &mut own {
            self.share(key);
            self.share(value);
        }
        *tags = own.into();
        self.tags.insert(tags.clone());
    }

    pub fn instance(&mut self, instance: &mut Instance) {
        self.share(instance.id.text_mut());
        self.share(instance.region.text_mut());
        self.share(&mut instance.power.word);
        instance.zone.iter_mut().chain(&mut instance.kind).chain(&mut instance.vpc).for_each(|text| self.share(text));
        if let Some(balancers) = &mut instance.load_balancers {
            for balancer in balancers.iter_mut() {
                self.share(balancer.text_mut());
            }
            balancers.shrink_to_fit();
        }
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
        assert_eq!(words.texts.len(), 1, "one is held still");
        drop(second);
        words.sweep();
        assert!(words.texts.is_empty());
    }

    #[test]
    fn equal_tags_are_one_list_and_those_not_told_stay_so() {
        let mut words = Words::default();
        let one = || Tags::from(vec![("keep".into(), "true".into())]);
        let (mut first, mut second, mut untold) = (one(), one(), Tags::unknown());
        for tags in [&mut first, &mut second, &mut untold] {
            words.tags(tags);
        }
        assert!(std::ptr::eq(first.known().unwrap(), second.known().unwrap()));
        assert!(!untold.is_known() && Tags::none().is_known());
        drop((first, second));
        words.sweep();
        assert!(words.tags.is_empty() && words.texts.is_empty());
    }
}
