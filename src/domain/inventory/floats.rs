//! Virtual addresses that are objects of their own: which NICs have them. A NIC's `addresses` hold them as if the cloud had said so.

use std::{net::IpAddr, sync::Arc};

use super::{
    Of, ProfileInventory, Touched,
    arena::{Arena, Table, link, unlink},
};
use crate::domain::{
    address::{Address, AddressRole, Eip, EipBinding},
    float::{Float, Pair},
    ids::{EipId, InstanceId, NicId, RegionId},
    nic::Nic,
    page::Resource,
    snapshot::NicSnapshot,
    time::Timestamp,
};

/// All of a profile, found by their own address and by those they are bound to.
#[derive(Clone, Debug, Default)]
pub(super) struct Floats {
    arena: Arena<Float>,
    by_ip: Table<IpAddr, Vec<u32>>,
    by_peer: Table<IpAddr, Vec<u32>>,
    /// By what else its list names: NICs and instances.
    by_id: Table<Arc<str>, Vec<u32>>,
    /// Slots of NICs that have a virtual address, by it.
    nics: Table<IpAddr, Vec<u32>>,
}

/// Virtual addresses of the NIC.
fn virtuals(nic: &Nic) -> impl Iterator<Item = IpAddr> {
    nic.addresses.iter().filter(|address| address.role == AddressRole::Virtual).map(|address| address.ip)
}

impl Floats {
    fn at(&self, slot: u32) -> Option<&Float> {
        self.arena.at(slot).map(|kept| &kept.item)
    }

    pub(super) fn put(&mut self, float: Float, at: Timestamp, sweep: u64) {
        self.remove(&float.id.clone());
        let (ip, peers, ids) = (float.ip, peers(&float), ids(&float));
        let (slot, _) = self.arena.put(float, at, sweep);
        link(&mut self.by_ip, ip, slot);
        for id in ids {
            link(&mut self.by_id, id, slot);
        }
        for peer in peers {
            link(&mut self.by_peer, peer, slot);
        }
    }

    /// A NIC of this slot comes in the place of another, or of none; or goes.
    pub(super) fn put_nic(&mut self, slot: u32, old: Option<&Nic>, new: Option<&Nic>) {
        for ip in old.into_iter().flat_map(virtuals) {
            unlink(&mut self.nics, &ip, slot);
        }
        for ip in new.into_iter().flat_map(virtuals) {
            link(&mut self.nics, ip, slot);
        }
    }

    fn get(&self, id: &str) -> Option<&Float> {
        if self.arena.len() == 0 {
            return None;
        }
        self.arena.slot(&Arc::from(id)).and_then(|slot| self.at(slot))
    }

    pub(super) fn remove(&mut self, id: &Arc<str>) {
        if let Some((slot, float)) = self.arena.take(id) {
            unlink(&mut self.by_ip, &float.ip, slot);
            for id in ids(&float) {
                unlink(&mut self.by_id, &id, slot);
            }
            for peer in peers(&float) {
                unlink(&mut self.by_peer, &peer, slot);
            }
        }
    }

    pub(super) fn older_than(&self, sweep: u64, of: impl Fn(&RegionId) -> bool) -> Vec<Arc<str>> {
        self.arena.older_than(sweep, |float| of(&float.region))
    }

    /// Those on the NIC, and those that its instance as a whole is in the range of, in whichever subnet.
    pub(super) fn around<'a>(&'a self, nic: &Nic) -> Vec<&'a Float> {
        let mut all = self.on(nic);
        let Some(named) = nic.instance.as_ref().and_then(|instance| self.by_id.get(instance.as_str())) else {
            return all;
        };
        all.extend(named.iter().filter_map(|&slot| self.at(slot)).filter(|float| float.region == nic.region));
        all.sort_by(|a, b| (a.ip, &a.id).cmp(&(b.ip, &b.id)));
        all.dedup_by(|a, b| a.id == b.id);
        all
    }

    /// Those on the NIC, by address and id.
    pub(super) fn on<'a>(&'a self, nic: &Nic) -> Vec<&'a Float> {
        if self.arena.len() == 0 {
            return Vec::new();
        }
        let by_own = nic.own_ips().filter_map(|ip| self.by_peer.get(&ip));
        let by_pair = nic.pairs.iter().filter_map(|pair| self.by_ip.get(&pair.address()?));
        let named = [Some(nic.id.as_str()), nic.instance.as_ref().map(InstanceId::as_str)];
        let by_id = named.into_iter().flatten().filter_map(|id| self.by_id.get(id));
        let all = by_own.chain(by_pair).chain(by_id).flatten().filter_map(|&slot| self.at(slot));
        let mut all: Vec<&Float> = all.filter(|float| float.is_on(nic)).collect();
        all.sort_by(|a, b| (a.ip, &a.id).cmp(&(b.ip, &b.id)));
        all.dedup_by(|a, b| a.id == b.id);
        all
    }
}

/// Addresses that its list names; a range is none.
fn peers(float: &Float) -> Vec<IpAddr> {
    let mut peers: Vec<IpAddr> = float.pairs.iter().filter_map(Pair::address).collect();
    peers.sort_unstable();
    peers.dedup();
    peers
}

/// What its list names by id; nothing that has a range's stroke.
fn ids(float: &Float) -> Vec<Arc<str>> {
    let id = |text: &Arc<str>| !text.contains('/') && text.parse::<IpAddr>().is_err();
    float.pairs.iter().map(|pair| pair.ip.clone()).filter(id).collect()
}

impl ProfileInventory {
    /// Virtual addresses on the NIC that are objects of their own, and those that its instance is in the range of.
    pub fn floats_of<'a>(&'a self, nic: &Nic) -> Vec<&'a Float> {
        self.floats.around(nic)
    }

    /// A virtual address, by the cloud's id for it.
    pub fn float(&self, id: &str) -> Option<&Float> {
        self.floats.get(id)
    }

    /// NICs that a virtual address is on, whichever side says so, and how many entries of its list name none of them: those of NICs
    /// that are gone, or are not listed.
    pub fn holders<'a>(&'a self, float: &Float) -> (Vec<&'a Nic>, usize) {
        let slots = self.floats.nics.get(&float.ip).map_or(&[][..], Vec::as_slice);
        let on = slots.iter().filter_map(|&slot| self.nic_at(slot)).filter(|nic| float.is_on(nic));
        let mut holders: Vec<&Nic> = on.collect();
        let nobodys = |holders: &[&Nic]| {
            let named = |pair: &&Pair| holders.iter().any(|nic| pair.names(nic));
            float.pairs.iter().filter(|pair| !named(pair)).count()
        };
        let loose = nobodys(&holders);
        if loose == 0 {
            return (holders, 0);
        }
        // Its list was read after those NICs.
        let known = |nic: &&Nic| holders.iter().all(|known| known.id != nic.id);
        let more: Vec<&Nic> = self.nics().map(|(_, nic)| nic).filter(known).filter(|nic| float.is_on(nic)).collect();
        holders.extend(more);
        let loose = nobodys(&holders);
        (holders, loose)
    }

    /// Is it told which virtual addresses are on NICs of the region? A cloud that does not keep them as objects tells with the NIC.
    pub fn floats_known(&self, region: &RegionId) -> bool {
        !self.has_floats(region) || self.coverage(Resource::Floats, region).is_known()
    }

    /// Takes one in. An EIP that named it before it was known is on it.
    pub(super) fn put_float(&mut self, float: Float, at: Timestamp) {
        let id = NicId::from(&*float.id);
        self.floats.put(float, at, self.sweep);
        for slot in self.eips_of_nic.get(&id).cloned().unwrap_or_default() {
            let Some(kept) = self.eips.at(slot).cloned() else { continue };
            let mut eip = kept.item;
            self.bind_to_float(&mut eip);
            self.unlink_eip(&eip.id.clone(), &mut Touched::default());
            // Nothing new was read of it.
            self.eips.put(eip, kept.read_at, kept.sweep);
            link(&mut self.eips_of_float, id.as_str().into(), slot);
            self.look_around_all(self.nic_slot(&id).into_iter().collect());
        }
    }

    /// A cloud may name a port, and not say of which kind it is.
    pub(super) fn bind_to_float(&self, eip: &mut Eip) {
        if let EipBinding::Nic { nic, .. } = &eip.bound
            && let Some(float) = self.floats.get(nic.as_str())
        {
            eip.bound = EipBinding::Float { float: float.id.clone(), ip: float.ip };
        }
    }

    fn has_floats(&self, region: &RegionId) -> bool {
        let is_listed = |region| self.coverage.contains_key(&Of { resource: Resource::Floats, region });
        is_listed(Some(region)) || is_listed(None)
    }

    /// Puts the virtual addresses where the cloud would have put them: after the NIC's own, before IPv6.
    pub(super) fn join(&self, nic: &mut Nic) {
        if !self.has_floats(&nic.region) {
            return;
        }
        nic.addresses.retain(|address| address.role != AddressRole::Virtual);
        let end = nic.addresses.iter().position(|address| address.role == AddressRole::Ipv6);
        let at = end.unwrap_or(nic.addresses.len());
        let mut ips: Vec<IpAddr> = self.floats.on(nic).iter().map(|float| float.ip).collect();
        ips.dedup();
        nic.addresses.splice(at..at, ips.into_iter().map(|ip| Address { ip, role: AddressRole::Virtual }));
    }

    /// Joins all NICs anew: their listing may have come first.
    pub(super) fn join_all(&mut self, of: impl Fn(&RegionId) -> bool, touched: &mut Touched) {
        for slot in 0..u32::try_from(self.nics.end()).unwrap_or(u32::MAX) {
            let Some(nic) = self.nic_at(slot).filter(|nic| of(&nic.region)) else { continue };
            let mut joined = nic.clone();
            self.join(&mut joined);
            if joined.addresses != nic.addresses {
                let before = nic.clone();
                self.addresses = self.addresses + joined.addresses.len() - before.addresses.len();
                self.floats.put_nic(slot, Some(&before), Some(&joined));
                self.columns.put_nic(slot, Some(&joined));
                if let Some(place) = self.nics.item_mut(slot) {
                    *place = joined;
                }
                self.look_around(slot);
                touched.nics.push(slot);
            }
        }
    }

    /// EIPs of virtual addresses are on whichever NICs have those.
    pub(super) fn look_around_floats(&mut self) {
        if self.eips_of_float.is_empty() {
            return;
        }
        self.look_around_all((0..u32::try_from(self.nics.end()).unwrap_or(u32::MAX)).collect());
    }

    pub(super) fn look_around_floats_of(&mut self, id: &NicId) {
        if let Some(slot) = self.nic_slot(id).filter(|_| !self.eips_of_float.is_empty()) {
            self.look_around(slot);
        }
    }

    /// Slots of NICs that have a virtual address of this one, itself included: what it shares is told of each of them.
    pub(super) fn sharing(&self, id: &NicId) -> Vec<u32> {
        let ips = self.nic(id).into_iter().flat_map(virtuals);
        ips.filter_map(|ip| self.floats.nics.get(&ip)).flatten().copied().collect()
    }

    /// What a fresh read of one NIC tells: these are on it, and no others.
    pub(super) fn refresh_floats(&mut self, fresh: &NicSnapshot, at: Timestamp) {
        let around = |nic: &Nic| self.floats.around(nic).into_iter().cloned().collect::<Vec<Float>>();
        for mut float in self.nic(&fresh.nic.id).map(around).unwrap_or_default() {
            // One that left the NIC keeps its EIP, which is not read with the NIC then; nor is that of one that is not on it.
            let on = float.is_on(&fresh.nic) && fresh.floats.iter().any(|fresh| fresh.id == float.id);
            if fresh.eips_known && on {
                let slots = self.eips_of_float.get(&float.id).cloned().unwrap_or_default();
                let there = |id: &EipId| fresh.eips.iter().any(|eip| &eip.id == id);
                let eips = slots.into_iter().filter_map(|slot| self.eips.at(slot)).map(|kept| kept.item.clone());
                for eip in eips.filter(|eip| !there(&eip.id)).collect::<Vec<_>>() {
                    self.unbind_eip(eip, at, &mut Touched::default());
                }
            }
            if fresh.floats.iter().all(|fresh| fresh.id != float.id) {
                // It may be on other NICs still.
                float.pairs.retain(|pair| !pair.names(&fresh.nic));
                self.floats.put(float, at, self.sweep);
            }
        }
        for float in &fresh.floats {
            self.put_float(float.clone(), at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Section, tests::nic},
        *,
    };
    use crate::domain::page::InventoryPage;

    const AT: Timestamp = Timestamp(1);

    fn pair(ip: &str) -> Pair {
        Pair { ip: ip.into(), mac: None }
    }

    fn float(id: &str, ip: &str, peers: &[&str]) -> Float {
        Float {
            id: id.into(),
            ip: ip.parse().unwrap(),
            name: "".into(),
            region: "r".into(),
            subnet: None,
            pairs: peers.iter().map(|peer| pair(peer)).collect(),
            owner: None,
        }
    }

    fn section() -> Section {
        (Resource::Floats, Some("r".into()))
    }

    fn nics(of: impl IntoIterator<Item = Nic>) -> InventoryPage {
        InventoryPage { nics: of.into_iter().collect(), ..InventoryPage::default() }
    }

    fn floats(of: impl IntoIterator<Item = Float>) -> InventoryPage {
        InventoryPage { floats: of.into_iter().collect(), ..InventoryPage::default() }
    }

    fn part() -> ProfileInventory {
        ProfileInventory::new("p".into(), "c".into())
    }

    /// Virtual addresses of NIC `n`.
    fn on(part: &ProfileInventory, n: u8) -> Vec<String> {
        let nic = part.nic(&format!("n-{n}").into()).unwrap();
        let floating = nic.addresses.iter().filter(|address| address.role == AddressRole::Virtual);
        floating.map(|address| address.ip.to_string()).collect()
    }

    #[test]
    fn a_list_may_name_nics_and_instances_as_well() {
        let mut part = part();
        let sweep = part.begin(section());
        part.merge(nics([nic(1, None, false), nic(2, Some(7), false), nic(3, Some(8), false)]), AT);
        let all = [float("f-1", "10.0.0.91", &["n-1", "i-7"]), float("f-2", "10.0.0.92", &["n-9"])];
        part.merge(floats(all), AT);
        part.complete(&section(), sweep, AT);
        assert_eq!([on(&part, 1), on(&part, 2), on(&part, 3)], [vec!["10.0.0.91"], vec!["10.0.0.91"], vec![]]);
        assert_eq!(part.floats_of(part.nic(&"n-1".into()).unwrap())[0].others(part.nic(&"n-1".into()).unwrap()), 1);
        part.merge(floats([float("f-1", "10.0.0.91", &["n-3"])]), AT);
        let sweep = part.begin(section());
        part.merge(floats([float("f-1", "10.0.0.91", &["n-3"])]), AT);
        part.complete(&section(), sweep, AT);
        assert_eq!([on(&part, 1), on(&part, 2), on(&part, 3)], [vec![], vec![], vec!["10.0.0.91"]]);
    }

    #[test]
    fn whoever_has_it_is_found_by_either_side_and_a_nic_that_is_gone_is_not() {
        let of = |part: &ProfileInventory| {
            let float = part.floats.get("f-1").unwrap();
            let (nics, loose) = part.holders(float);
            (nics.iter().map(|nic| nic.id.to_string()).collect::<Vec<_>>(), loose)
        };
        let mut by_pair = nic(2, None, false);
        by_pair.pairs = vec![pair("10.0.0.91")];
        let mut part = part();
        let sweep = part.begin(section());
        part.merge(nics([nic(1, None, false), by_pair, nic(3, None, false)]), AT);
        part.merge(floats([float("f-1", "10.0.0.91", &["10.0.0.1", "10.0.0.77"])]), AT);
        part.complete(&section(), sweep, AT);
        assert_eq!(of(&part), (vec!["n-1".to_owned(), "n-2".to_owned()], 1));
        part.refresh(&"n-2".into(), None, AT);
        assert_eq!(of(&part), (vec!["n-1".to_owned()], 1));
        // A list that was read later than the NIC that it names.
        part.merge(floats([float("f-1", "10.0.0.91", &["10.0.0.3"])]), AT);
        assert_eq!(of(&part), (vec!["n-3".to_owned()], 0));
    }

    #[test]
    fn either_side_binds_whichever_comes_first() {
        let mut by_pair = nic(2, None, false);
        by_pair.pairs = vec![pair("10.0.0.90"), pair("1.1.1.1/0")];
        let all = [float("f-1", "10.0.0.91", &["10.0.0.1"]), float("f-0", "10.0.0.90", &[])];
        let pages = [nics([nic(1, None, false), by_pair, nic(3, None, false)]), floats(all)];
        for order in [[0, 1], [1, 0]] {
            let mut part = part();
            let sweep = part.begin(section());
            for place in order {
                part.merge(pages[place].clone(), AT);
            }
            assert!(!part.floats_known(&"r".into()));
            part.complete(&section(), sweep, AT);
            assert!(part.floats_known(&"r".into()));
            assert_eq!([on(&part, 1), on(&part, 2), on(&part, 3)], [vec!["10.0.0.91"], vec!["10.0.0.90"], vec![]]);
            assert_eq!(part.address_count(), 5);
        }
    }

    #[test]
    fn another_subnet_or_region_has_addresses_of_its_own() {
        let mut part = part();
        let sweep = part.begin(section());
        let here = Nic { subnet: Some("s-1".into()), ..nic(1, None, false) };
        part.merge(nics([here]), AT);
        let other_subnet = Float { subnet: Some("s-2".into()), ..float("f-1", "10.0.0.91", &["10.0.0.1"]) };
        let other_region = Float { region: "r-2".into(), ..float("f-2", "10.0.0.92", &["10.0.0.1"]) };
        let same = Float { subnet: Some("s-1".into()), ..float("f-3", "10.0.0.93", &["10.0.0.1"]) };
        part.merge(floats([other_subnet, other_region, same]), AT);
        part.complete(&section(), sweep, AT);
        assert_eq!(on(&part, 1), ["10.0.0.93"]);
    }

    #[test]
    fn what_is_not_listed_again_is_on_no_nic_any_more() {
        let mut part = part();
        let sweep = part.begin(section());
        part.merge(nics([nic(1, None, false)]), AT);
        part.merge(floats([float("f-1", "10.0.0.91", &["10.0.0.1"])]), AT);
        part.complete(&section(), sweep, AT);
        assert_eq!(on(&part, 1), ["10.0.0.91"]);
        let sweep = part.begin(section());
        part.complete(&section(), sweep, AT);
        assert_eq!(on(&part, 1), Vec::<String>::new());
        assert_eq!(part.address_count(), 1);
    }

    #[test]
    fn a_fresh_read_takes_it_off_this_nic_alone() {
        let mut part = part();
        let sweep = part.begin(section());
        part.merge(nics([nic(1, None, false), nic(2, None, false)]), AT);
        part.merge(floats([float("f-1", "10.0.0.91", &["10.0.0.1", "10.0.0.2"])]), AT);
        part.complete(&section(), sweep, AT);
        let mut fresh = part.snapshot(&"n-1".into()).unwrap();
        assert_eq!((fresh.floats.len(), fresh.floats[0].others(&fresh.nic)), (1, 1));
        // What could not be read changes nothing.
        let unread = NicSnapshot { floats: vec![], floats_known: false, ..fresh.clone() };
        part.refresh(&"n-1".into(), Some(&unread), AT);
        assert_eq!(on(&part, 1), ["10.0.0.91"]);
        let whole = fresh.clone();
        fresh.floats.clear();
        let touched = part.refresh(&"n-1".into(), Some(&fresh), AT);
        assert_eq!((on(&part, 1), on(&part, 2)), (vec![], vec!["10.0.0.91".to_owned()]));
        // Of the other NIC it is told that nobody shares it any more, and that somebody does.
        let other = part.nic_slot(&"n-2".into()).unwrap();
        assert!(touched.nics.contains(&other));
        assert!(part.refresh(&"n-1".into(), Some(&whole), AT).nics.contains(&other));
    }

    /// The NICs of an EIP are found without looking at all: they are those that looking at all would find.
    fn indexed(part: &ProfileInventory) {
        let mut found: Table<u32, Vec<u32>> = Table::default();
        for (near, nic) in part.near.iter().zip(0..) {
            near.eips.iter().for_each(|&eip| link(&mut found, eip, nic));
        }
        let mut kept = part.nics_of_eip.clone();
        kept.values_mut().chain(found.values_mut()).for_each(|nics| nics.sort_unstable());
        assert_eq!(kept, found);
    }

    #[test]
    fn the_nics_of_an_eip_are_known_whatever_moves() {
        let mut part = part();
        let bound = |n: u8| EipBinding::Float { float: format!("f-{n}").into(), ip: [10, 0, 0, 90 + n].into() };
        let eip = |n: u8, bound| Eip {
            dies_unbound: Some(false),
            id: format!("e-{n}").into(),
            region: "r".into(),
            ips: vec![],
            name: "".into(),
            status: "BOUND".into(),
            bound,
        };
        let eips = |eips: Vec<Eip>| InventoryPage { eips, ..InventoryPage::default() };
        part.merge(nics((1..=4).map(|n| nic(n, None, false))), AT);
        let sweep = part.begin(section());
        let two = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
        part.merge(floats([float("f-1", "10.0.0.91", &two[..2]), float("f-2", "10.0.0.92", &two)]), AT);
        part.merge(eips(vec![eip(1, bound(1)), eip(2, bound(2))]), AT);
        part.complete(&section(), sweep, AT);
        let mut count: Vec<usize> = part.nics_of_eip.values().map(Vec::len).collect();
        count.sort_unstable();
        assert_eq!(count, [2, 3]);
        indexed(&part);
        for moved in [bound(2), EipBinding::Unbound, EipBinding::Nic { nic: "n-4".into(), private_ip: None }, bound(1)]
        {
            part.merge(eips(vec![eip(1, moved)]), AT);
            indexed(&part);
            part.look_around_floats();
            indexed(&part);
        }
        part.refresh(&"n-1".into(), None, AT);
        indexed(&part);
        let sweep = part.begin((Resource::Nics, Some("r".into())));
        part.complete(&(Resource::Nics, Some("r".into())), sweep, AT);
        assert!(part.nics_of_eip.is_empty(), "no NIC is left");
    }

    #[test]
    fn an_eip_of_a_virtual_address_is_on_the_nics_that_have_it() {
        let mut part = part();
        let sweep = part.begin(section());
        let bound = EipBinding::Float { float: "f-1".into(), ip: "10.0.0.91".parse().unwrap() };
        let (name, status) = ("".into(), "BOUND".into());
        let eip =
            Eip { dies_unbound: Some(false), id: "e-1".into(), region: "r".into(), ips: vec![], name, status, bound };
        part.merge(InventoryPage { eips: vec![eip.clone()], ..nics([nic(1, None, false), nic(2, None, false)]) }, AT);
        part.merge(floats([float("f-1", "10.0.0.91", &["10.0.0.1"])]), AT);
        part.complete(&section(), sweep, AT);
        let count = |part: &ProfileInventory, n: u8| {
            let nic = part.nic(&format!("n-{n}").into()).unwrap();
            let slot = part.nic_slot(&nic.id).unwrap();
            assert_eq!(part.eips_of(nic).count(), part.eips_at(slot).count());
            part.eips_of(nic).filter(|eip| eip.is_on(nic, "10.0.0.91".parse().unwrap()) == Some(true)).count()
        };
        assert_eq!([count(&part, 1), count(&part, 2)], [1, 0]);
        indexed(&part);
        // It goes, and its listing has not ended yet: no NIC has it any more.
        let gone = InventoryPage { eips: vec![Eip { bound: EipBinding::Unbound, ..eip }], ..InventoryPage::default() };
        part.merge(gone, AT);
        assert_eq!([count(&part, 1), count(&part, 2)], [0, 0]);
        indexed(&part);
        assert!(part.nics_of_eip.is_empty());
    }

    /// A cloud names the port, and does not say that it is a virtual address: whichever of the two is read first.
    #[test]
    fn an_eip_that_names_a_virtual_address_as_it_would_a_nic_is_on_it() {
        let bound = EipBinding::Nic { nic: "f-1".into(), private_ip: None };
        let (name, status) = ("".into(), "BOUND".into());
        let eip =
            Eip { dies_unbound: Some(false), id: "e-1".into(), region: "r".into(), ips: vec![], name, status, bound };
        let eips = InventoryPage { eips: vec![eip], ..InventoryPage::default() };
        let all = floats([float("f-1", "10.0.0.91", &["10.0.0.1"])]);
        for pages in [[&eips, &all], [&all, &eips]] {
            let mut part = part();
            part.merge(nics([nic(1, None, false), nic(2, None, false)]), AT);
            let sweep = part.begin(section());
            for page in pages {
                part.merge(page.clone(), AT);
            }
            part.complete(&section(), sweep, AT);
            let on = |n: u8| {
                let nic = part.nic(&format!("n-{n}").into()).unwrap();
                part.eips_of(nic).filter(|eip| eip.is_on(nic, "10.0.0.91".parse().unwrap()) == Some(true)).count()
            };
            assert_eq!([on(1), on(2)], [1, 0]);
            assert_eq!(part.snapshot(&"n-1".into()).unwrap().eips.len(), 1);
        }
    }

    #[test]
    fn a_cloud_that_tells_virtual_addresses_with_the_nic_is_left_alone() {
        let mut part = part();
        let mut told = nic(1, None, false);
        told.addresses.push(Address { ip: "10.0.0.91".parse().unwrap(), role: AddressRole::Virtual });
        part.merge(nics([told]), AT);
        assert_eq!(on(&part, 1), ["10.0.0.91"]);
        assert!(part.floats_known(&"r".into()));
    }
}
