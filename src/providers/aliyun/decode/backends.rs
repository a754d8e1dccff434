//! The three load balancers' answers: each step of a family either brings backends or tells what to read next.

use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

use super::{
    Answer,
    wire::{self, Server},
};
use crate::{
    domain::{
        address::{Backend, BackendTarget},
        fault::Fault,
        ids::RegionId,
        odd,
        page::{Cursor, InventoryPage, Listing, Scope},
    },
    providers::aliyun::{carry::Carry, part},
};

/// Server groups that one look-up of owners names.
const GROUPS_AT_ONCE: usize = 20;

pub(super) fn page(answer: &Answer, listing: &Listing, region: &RegionId) -> Result<InventoryPage, Fault> {
    let carry = Carry::of(listing);
    let step = Step { answer, listing, region, carry: &carry };
    // Vendor: one without anything is there, and nothing counts it.
    let untold = || answer.garbage(odd::NO_LIST);
    match listing.part {
        part::CLB_ATTRIBUTE | part::CLB_GROUP => {
            Ok(step.entries(answer.body::<wire::BackendServers>()?.servers.ok_or_else(untold)?))
        }
        part::CLB_PAIR => Ok(step.entries(pair(answer.body::<wire::PairServers>()?.servers.ok_or_else(untold)?))),
        part::CLB_GROUPS => {
            let ids =
                answer.body::<wire::VServerGroups>()?.groups.ok_or_else(untold)?.into_iter().map(|group| group.id);
            Ok(step.clb_groups(part::CLB_GROUP, ids))
        }
        part::CLB_PAIRS => {
            let ids = answer.body::<wire::Pairs>()?.groups.ok_or_else(untold)?.into_iter().map(|group| group.id);
            Ok(step.clb_groups(part::CLB_PAIR, ids))
        }
        part::ALB => step.groups(answer.body()?, part::ALB_SERVERS),
        part::NLB => step.groups(answer.body()?, part::NLB_SERVERS),
        part::ALB_SERVERS | part::NLB_SERVERS => {
            let body: wire::Servers = answer.body()?;
            let next = answer.next_by_token(listing, &body.next_token)?;
            let mut page = step.entries(answer.listed(listing, body.servers, &body.next_token, body.total)?);
            page.next.extend(next);
            Ok(page)
        }
        part::ALB_FIND => step.found(answer.body()?, part::ALB_OWNERS),
        part::NLB_FIND | part::NLB_FIND_BY_ID => step.found(answer.body()?, part::NLB_OWNERS),
        part::ALB_OWNERS | part::NLB_OWNERS => step.owners(answer.body()?),
        part::NIC_ADDRESS => Ok(step.nic_address(&answer.body()?)),
        _ => step.balancers(answer.body()?),
    }
}

struct Step<'a> {
    answer: &'a Answer<'a>,
    listing: &'a Listing,
    region: &'a RegionId,
    carry: &'a Carry,
}

impl Step<'_> {
    /// The next step about `object`. In an inspection the scope stays the NIC's, so that all of it can be told apart.
    fn then(&self, part: &'static str, scope: Scope, object: &str, carry: Carry) -> Listing {
        let only = self.carry.only.clone();
        let (scope, object) = match &only {
            Some(_) => (self.listing.scope.clone(), Some(object.to_owned())),
            None => (scope, None),
        };
        let carry = Carry { object, only, ..carry };
        let carry = (carry != Carry::default()).then(|| carry.text());
        Listing { part, scope, cursor: Cursor::Start, carry, ..self.listing.clone() }
    }

    fn balancers(&self, body: wire::Balancers) -> Result<InventoryPage, Fault> {
        let got = body.balancers.as_ref().map(Vec::len);
        let mut next = self.answer.next_by_number(self.listing, got, body.total, body.page_size)?;
        for balancer in body.balancers.unwrap_or_default() {
            for part in part::CLB_STEPS {
                let carry =
                    Carry { name: balancer.name.clone(), balancers: vec![balancer.id.clone()], ..Carry::default() };
                next.push(self.then(part, Scope::LoadBalancer(balancer.id.as_str().into()), &balancer.id, carry));
            }
        }
        Ok(InventoryPage { next, ..InventoryPage::default() })
    }

    fn clb_groups(&self, part: &'static str, ids: impl Iterator<Item = String>) -> InventoryPage {
        let next = ids.map(|id| {
            let scope = Scope::Group(Arc::from(id.as_str()));
            let (name, balancers) = (self.carry.name.clone(), self.carry.balancers.clone());
            self.then(part, scope, &id, Carry { name, balancers, ..Carry::default() })
        });
        InventoryPage { next: next.collect(), ..InventoryPage::default() }
    }

    fn groups(&self, body: wire::ServerGroups, part: &'static str) -> Result<InventoryPage, Fault> {
        let mut next: Vec<Listing> = self.answer.next_by_token(self.listing, &body.next_token)?.into_iter().collect();
        // A group that counts no server has none to read; one that does not count is read.
        let groups = self.answer.listed(self.listing, body.groups, &body.next_token, body.total)?;
        for group in groups.into_iter().filter(|group| group.servers != Some(0)) {
            let scope = Scope::Group(Arc::from(group.id.as_str()));
            let id = group.id.clone();
            let owner = owner(group);
            let wanted = &self.carry.wanted;
            if wanted.is_empty() || wanted.contains(&id) || owner.balancers.iter().any(|id| wanted.contains(id)) {
                next.push(self.then(part, scope, &id, owner));
            }
        }
        Ok(InventoryPage { next, ..InventoryPage::default() })
    }

    /// Servers found by a search name their group; whose the group is takes another call, made only where something was found.
    fn found(&self, body: wire::Servers, part: &'static str) -> Result<InventoryPage, Fault> {
        let mut next: Vec<Listing> = self.answer.next_by_token(self.listing, &body.next_token)?.into_iter().collect();
        let mut groups: BTreeMap<String, Vec<Server>> = BTreeMap::new();
        for server in self.answer.listed(self.listing, body.servers, &body.next_token, body.total)? {
            let about = self.carry.only.as_ref().is_none_or(|only| match target(&server) {
                Ok(Some(target)) => only.has(&self.backend("", target, None, "")),
                Ok(None) => false,
                Err(NamelessAddress) => only.is_nic(&server.id),
            });
            if about && server.group.is_empty() {
                return Err(self.answer.garbage(&odd::missing("ServerGroupId")));
            }
            if about {
                groups.entry(server.group.clone()).or_default().push(server);
            }
        }
        let groups: Vec<(String, Vec<Server>)> = groups.into_iter().collect();
        for some in groups.chunks(GROUPS_AT_ONCE) {
            let carry = Carry {
                wanted: some.iter().map(|(group, _)| group.clone()).collect(),
                servers: some.iter().flat_map(|(_, servers)| servers.clone()).collect(),
                ..Carry::default()
            };
            next.push(self.then(part, self.listing.scope.clone(), "", carry));
        }
        Ok(InventoryPage { next, ..InventoryPage::default() })
    }

    fn owners(&self, body: wire::ServerGroups) -> Result<InventoryPage, Fault> {
        let mut page = InventoryPage::default();
        let mut left = self.carry.servers.clone();
        for group in self.answer.listed(self.listing, body.groups, &body.next_token, body.total)? {
            let (mine, others) = left.into_iter().partition(|server| server.group == group.id);
            left = others;
            self.collect(&owner(group), mine, &mut page);
        }
        if left.is_empty() {
            return Ok(page);
        }
        let carry = Carry { servers: left.clone(), ..self.carry.clone() };
        if let Some(next) = self.answer.next_by_token(self.listing, &body.next_token)? {
            page.next.push(Listing { carry: Some(carry.text()), ..next });
        } else {
            // The search said that they are in a group: not told whose is not the same as nobody's.
            for server in left {
                let carry = Carry { balancers: vec![server.group.clone()], ..Carry::default() };
                self.collect(&carry, vec![server], &mut page);
            }
        }
        Ok(page)
    }

    fn entries(&self, servers: Vec<Server>) -> InventoryPage {
        let mut page = InventoryPage::default();
        self.collect(self.carry, servers, &mut page);
        page
    }

    fn collect(&self, group: &Carry, servers: Vec<Server>, page: &mut InventoryPage) {
        for server in servers {
            match target(&server) {
                Ok(Some(target)) => self.put(group, &target, &server, page),
                Ok(None) => {}
                // One of the NIC's, which only the NIC tells: all of them may be meant. Vendor: a master/slave group can hold any
                // one, and its newer SDKs have no member that says which; others say it, and may leave it out.
                Err(NamelessAddress) => {
                    if self.carry.only.as_ref().is_none_or(|only| only.is_nic(&server.id)) {
                        let carry = Carry {
                            name: group.name.clone(),
                            balancers: group.balancers.clone(),
                            port: server.port.clone(),
                            ..Carry::default()
                        };
                        let scope = Scope::Group(Arc::from(server.id.as_str()));
                        page.next.push(self.then(part::NIC_ADDRESS, scope, &server.id, carry));
                    }
                }
            }
        }
    }

    fn nic_address(&self, nic: &wire::Nic) -> InventoryPage {
        let mut page = InventoryPage::default();
        let own = nic
            .primary_ip
            .or_else(|| nic.private_ips.iter().find(|entry| entry.primary == Some(true)).and_then(|entry| entry.ip));
        let others = nic.private_ips.iter().filter_map(|entry| entry.ip).filter(|&ip| Some(ip) != own);
        for ip in own.into_iter().chain(others) {
            let target = BackendTarget::Address { ip, instance: None, nic: Some(nic.id.as_str().into()) };
            let server = Server { port: self.carry.port.clone(), ..Server::default() };
            self.put(self.carry, &target, &server, &mut page);
        }
        page
    }

    fn put(&self, group: &Carry, target: &BackendTarget, server: &Server, page: &mut InventoryPage) {
        // With NIC or instance known the VPC adds nothing; a remote address may be in any, and NLB does not say which are.
        let plain = matches!(target, BackendTarget::Address { instance: None, nic: None, .. });
        let vpc = group.vpc.as_deref().filter(|_| plain && server.remote == Some(false)).map(Arc::from);
        for balancer in &group.balancers {
            let backend = Backend {
                name: Arc::from(group.name.as_str()),
                ..self.backend(balancer, target.clone(), vpc.clone(), &server.port)
            };
            if self.carry.only.as_ref().is_none_or(|only| only.has(&backend)) {
                page.backends.push(backend);
            }
        }
    }

    fn backend(&self, balancer: &str, target: BackendTarget, vpc: Option<Arc<str>>, port: &str) -> Backend {
        Backend {
            load_balancer: balancer.into(),
            name: Arc::from(""),
            region: self.region.clone(),
            vpc,
            range: None,
            target,
            port: Arc::from(port),
        }
    }
}

/// The servers of a master/slave group.
fn pair(servers: Vec<Server>) -> Vec<Server> {
    let plain = |server: Server| Server { kind: String::new(), ..server };
    servers.into_iter().map(plain).collect()
}

/// What a group hands to the reading of its servers. A group that no balancer uses yet stands for itself: its servers are
/// backends as soon as one does. The name is a balancer's, which these calls do not tell.
fn owner(group: wire::ServerGroup) -> Carry {
    let (name, balancers) =
        if group.balancers.is_empty() { (group.name, vec![group.id]) } else { (String::new(), group.balancers) };
    Carry { name, balancers, vpc: Some(group.vpc).filter(|vpc| !vpc.is_empty()), ..Carry::default() }
}

/// A NIC is named without one of its addresses.
struct NamelessAddress;

/// Where an entry sends to; `None` for what is no address in a VPC (a function).
fn target(server: &Server) -> Result<Option<BackendTarget>, NamelessAddress> {
    let kind = if server.kind.is_empty() { &server.clb_kind } else { &server.kind };
    let is = |word: &str, prefix: &str| {
        kind.eq_ignore_ascii_case(word) || (kind.is_empty() && server.id.starts_with(prefix))
    };
    let known = !server.id.is_empty();
    let nic = (known && is("eni", "eni-")).then(|| server.id.as_str().into());
    let instance = (known && is("ecs", "i-")).then(|| server.id.as_str().into());
    // An entry of kind Ip has its address for an id.
    let ip = server.ip.or_else(|| server.id.parse::<IpAddr>().ok());
    match (ip, nic, instance) {
        (Some(ip), nic, instance) => Ok(Some(BackendTarget::Address { ip, instance, nic })),
        (None, Some(_), _) => Err(NamelessAddress),
        (None, None, Some(instance)) => Ok(Some(BackendTarget::Instance(instance))),
        (None, None, None) => Ok(None),
    }
}
