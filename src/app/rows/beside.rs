//! The tree in a pane of its own: profiles, regions, instances and NICs. The table beside it lists the addresses of what the
//! tree's cursor is on.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Range,
};

use crate::{
    app::{
        state::{Pane, State},
        update,
        viewport::Viewport,
    },
    domain::{
        ids::{InstanceKey, NicKey, RegionId},
        selection::Target,
    },
};

use super::{
    RowKey, RowRef, Slice, find, follow_cursor, narrow,
    tree::{self, Group, Source},
};

/// What a row of the tree stands for, by place.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Node {
    /// All profiles.
    #[default]
    All,
    Profile(u16),
    /// By its place among the regions that were ever shown.
    Region(u16),
    Instance {
        profile: u16,
        slot: u32,
    },
    Nic {
        profile: u16,
        slot: u32,
    },
}

/// One row of the tree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TreeRow {
    pub node: Node,
    pub depth: u8,
    /// Addresses under it that match the filter.
    pub addresses: u32,
    /// Where its group is among all; of instances and NICs only.
    group: u32,
}

/// Groups of instances, and of NICs on none.
type Ranges = [Range<u32>; 2];

#[derive(Clone, PartialEq, Eq, Debug)]
struct Region {
    profile: u16,
    id: RegionId,
    groups: Ranges,
}

/// What the cursor was put on, by name: it comes back to it when the filter shows it again.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Held {
    Node(Node),
    Row(RowKey),
}

impl Default for Held {
    fn default() -> Self {
        Held::Node(Node::All)
    }
}

/// See the module.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TreePane {
    rows: Vec<TreeRow>,
    profiles: Vec<Ranges>,
    regions: Vec<Region>,
    pub view: Viewport,
    held: Held,
    /// From before the filter, which looks everywhere.
    unfiltered: Option<Held>,
    /// Instances begin folded, everything else unfolded: what was turned round.
    turned: HashSet<Node>,
}

impl TreePane {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows in the window.
    pub fn window(&self, height: usize) -> &[TreeRow] {
        let from = self.view.offset.min(self.rows.len());
        &self.rows[from..self.rows.len().min(from + height)]
    }

    /// What the cursor is on.
    pub fn node(&self) -> Node {
        self.rows.get(self.view.cursor).map_or(Node::All, |row| row.node)
    }

    /// The name of a region's row.
    pub fn region(&self, nth: u16) -> Option<&RegionId> {
        self.regions.get(usize::from(nth)).map(|region| &region.id)
    }

    /// The place of the profile that a row belongs to.
    pub fn profile_of(&self, node: Node) -> Option<usize> {
        Some(usize::from(match node {
            Node::All => return None,
            Node::Profile(profile) | Node::Instance { profile, .. } | Node::Nic { profile, .. } => profile,
            Node::Region(nth) => self.regions.get(usize::from(nth))?.profile,
        }))
    }

    /// Instances under a row, and NICs under it that are attached to none; as far as they match the filter.
    pub fn counts(&self, node: Node) -> (usize, usize) {
        let count = |ranges: &Ranges| (ranges[0].len(), ranges[1].len());
        match node {
            Node::All => self.profiles.iter().map(count).fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1)),
            Node::Profile(place) => self.profiles.get(usize::from(place)).map(count).unwrap_or_default(),
            Node::Region(nth) => self.regions.get(usize::from(nth)).map(|it| count(&it.groups)).unwrap_or_default(),
            Node::Instance { .. } | Node::Nic { .. } => (0, 0),
        }
    }

    pub fn is_foldable(&self, state: &State, node: Node) -> bool {
        match node {
            Node::All | Node::Nic { .. } => false,
            Node::Profile(place) => {
                self.profiles.get(usize::from(place)).is_some_and(|it| it.iter().any(|it| !it.is_empty()))
            }
            Node::Region(_) => true,
            Node::Instance { profile, slot } => state.inventory.at(usize::from(profile)).is_some_and(|part| {
                part.instance_at(slot).is_some_and(|instance| !part.nics_of(&instance.id).is_empty())
            }),
        }
    }

    pub fn is_folded(&self, node: Node) -> bool {
        self.turned.contains(&node) != matches!(node, Node::Instance { .. })
    }

    /// Folds or unfolds a row; [`lay`] shows it.
    pub(in crate::app) fn turn(&mut self, node: Node) {
        if !self.turned.remove(&node) {
            self.turned.insert(node);
        }
    }

    /// The row that the one under the cursor stands under.
    pub fn parent(&self) -> Option<usize> {
        let here = self.rows.get(self.view.cursor)?;
        self.rows[..self.view.cursor].iter().rposition(|above| above.depth < here.depth)
    }

    /// The row under the cursor as the list has such rows; none for everything, profiles without a problem, and regions.
    pub fn row(&self, state: &State) -> Option<RowRef> {
        match self.node() {
            Node::Profile(profile) if tree::has_problem(state, usize::from(profile)) => {
                Some(RowRef::Problem { profile, nth: 0 })
            }
            Node::All | Node::Profile(_) | Node::Region(_) => None,
            Node::Instance { profile, slot } => Some(RowRef::Instance { profile, slot }),
            Node::Nic { profile, slot } => Some(RowRef::Nic { profile, slot, depth: 1 }),
        }
    }

    /// Whether a NIC is under a row.
    fn holds(&self, state: &State, node: Node, place: usize, slot: u32) -> bool {
        let part = || state.inventory.at(place);
        match node {
            Node::All => true,
            Node::Profile(profile) => usize::from(profile) == place,
            Node::Region(nth) => self.regions.get(usize::from(nth)).is_some_and(|region| {
                usize::from(region.profile) == place
                    && part().is_some_and(|part| match part.instance_of(slot).and_then(|slot| part.instance_at(slot)) {
                        Some(instance) => instance.region == region.id,
                        None => part.nic_at(slot).is_some_and(|nic| nic.region == region.id),
                    })
            }),
            Node::Instance { profile, slot: instance } => {
                usize::from(profile) == place && part().and_then(|part| part.instance_of(slot)) == Some(instance)
            }
            Node::Nic { profile, slot: nic } => usize::from(profile) == place && nic == slot,
        }
    }

    /// The groups under the cursor's row.
    pub(super) fn slice(&self) -> Slice {
        let Some(&TreeRow { node, group, .. }) = self.rows.get(self.view.cursor) else { return Slice::default() };
        let one = [group..group + 1, 0..0];
        match node {
            Node::All => Slice { groups: [0..u32::MAX, 0..0], nic: None },
            Node::Profile(place) => {
                let groups = self.profiles.get(usize::from(place)).cloned().unwrap_or([0..0, 0..0]);
                Slice { groups, nic: None }
            }
            Node::Region(nth) => {
                let groups = self.regions.get(usize::from(nth)).map_or([0..0, 0..0], |it| it.groups.clone());
                Slice { groups, nic: None }
            }
            Node::Instance { .. } => Slice { groups: one, nic: None },
            Node::Nic { slot, .. } => Slice { groups: one, nic: Some(slot) },
        }
    }

    fn region_row(&mut self, profile: u16, id: &RegionId, groups: &Ranges) -> Node {
        let known = self.regions.iter().position(|region| region.profile == profile && &region.id == id);
        let nth = known.unwrap_or_else(|| {
            self.regions.push(Region { profile, id: id.clone(), groups: [0..0, 0..0] });
            self.regions.len() - 1
        });
        self.regions[nth].groups.clone_from(groups);
        Node::Region(narrow(nth))
    }

    /// Makes the rows anew from the groups that match.
    fn fill(&mut self, state: &State) {
        let groups = &state.browse.rows.groups;
        let source = Source::of(state);
        self.rows.clear();
        self.profiles.clear();
        self.regions.iter_mut().for_each(|region| region.groups = [0..0, 0..0]);
        self.rows.push(TreeRow { node: Node::All, depth: 0, addresses: sum(groups), group: 0 });
        // Problems stand first; then a run of groups for each profile, its instances before its free NICs.
        let mut from = groups.partition_point(|group| matches!(group.head, RowRef::Problem { .. }));
        let problems: Vec<usize> = groups[..from].iter().map(|group| group.head.profile()).collect();
        for place in 0..state.profiles.len() {
            let end = from + groups[from..].partition_point(|group| group.head.profile() <= place);
            let free = from + groups[from..end].partition_point(|group| matches!(group.head, RowRef::Instance { .. }));
            self.profiles.push([short(from)..short(free), short(free)..short(end)]);
            let run = std::mem::replace(&mut from, end)..end;
            if run.is_empty() && state.browse.is_filtered() && !problems.contains(&place) {
                continue;
            }
            let profile = narrow(place);
            let node = Node::Profile(profile);
            self.rows.push(TreeRow { node, depth: 0, addresses: sum(&groups[run.clone()]), group: 0 });
            // Regions are met where folded too: what is under them is known all the same.
            let mut regions: BTreeMap<&RegionId, Ranges> = BTreeMap::new();
            for (nth, part) in [run.start..free, free..end].into_iter().enumerate() {
                let mut at = part.start;
                while let Some(id) = groups[at..part.end].first().and_then(|group| region_of(state, group.head)) {
                    let same = |group: &Group| region_of(state, group.head) == Some(id);
                    let to = at + groups[at..part.end].partition_point(same);
                    regions.entry(id).or_insert([0..0, 0..0])[nth] = short(at)..short(to);
                    at = to;
                }
            }
            let folded = self.is_folded(node);
            for (id, ranges) in regions {
                let node = self.region_row(profile, id, &ranges);
                if folded {
                    continue;
                }
                let [instances, free] = ranges.map(|range| range.start as usize..range.end as usize);
                let addresses = sum(&groups[instances.clone()]) + sum(&groups[free.clone()]);
                self.rows.push(TreeRow { node, depth: 1, addresses, group: 0 });
                if !self.is_folded(node) {
                    instances.chain(free).for_each(|nth| self.group_rows(&source, &groups[nth], short(nth)));
                }
            }
        }
    }

    fn group_rows(&mut self, source: &Source, group: &Group, nth: u32) {
        let row = |node, depth, addresses| TreeRow { node, depth, addresses, group: nth };
        match group.head {
            RowRef::Instance { profile, slot } => {
                let node = Node::Instance { profile, slot };
                self.rows.push(row(node, 2, group.addresses));
                if !self.is_folded(node) {
                    let nics = source.nics(group.head).into_iter();
                    let nics = nics.filter_map(|slot| Some((slot, source.nic_size(profile, slot)?.1)));
                    self.rows.extend(nics.map(|(slot, addresses)| row(Node::Nic { profile, slot }, 3, addresses)));
                }
            }
            RowRef::Nic { profile, slot, .. } => self.rows.push(row(Node::Nic { profile, slot }, 2, group.addresses)),
            RowRef::Problem { .. } | RowRef::Address { .. } => {}
        }
    }

    /// The row of what the cursor was put on, or of the nearest that it belongs to.
    fn held_row(&self, state: &State) -> usize {
        let mut node = Some(self.held_node(state));
        while let Some(wanted) = node {
            if let Some(row) = self.rows.iter().position(|row| row.node == wanted) {
                return row;
            }
            node = self.above(state, wanted);
        }
        0
    }

    /// Unfolds what the row stands under.
    fn unfold_to_held(&mut self, state: &State) {
        let mut above = self.above(state, self.held_node(state));
        while let Some(node) = above {
            if self.is_folded(node) {
                self.turn(node);
            }
            above = self.above(state, node);
        }
    }

    fn held_node(&self, state: &State) -> Node {
        match &self.held {
            Held::Node(node) => *node,
            Held::Row(key) => node_of(state, key).unwrap_or_default(),
        }
    }

    fn above(&self, state: &State, node: Node) -> Option<Node> {
        let region = |profile: u16, id: &RegionId| {
            let nth = self.regions.iter().position(|region| region.profile == profile && &region.id == id);
            nth.map_or(Node::Profile(profile), |nth| Node::Region(narrow(nth)))
        };
        Some(match node {
            Node::All => return None,
            Node::Profile(_) => Node::All,
            Node::Region(nth) => Node::Profile(self.regions.get(usize::from(nth))?.profile),
            Node::Instance { profile, slot } => {
                region(profile, &state.inventory.at(usize::from(profile))?.instance_at(slot)?.region)
            }
            Node::Nic { profile, slot } => {
                let part = state.inventory.at(usize::from(profile))?;
                match part.instance_of(slot) {
                    Some(slot) => Node::Instance { profile, slot },
                    None => region(profile, &part.nic_at(slot)?.region),
                }
            }
        })
    }
}

fn short(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn sum(groups: &[Group]) -> u32 {
    groups.iter().map(|group| group.addresses).sum()
}

fn region_of(state: &State, head: RowRef) -> Option<&RegionId> {
    let part = state.inventory.at(head.profile())?;
    match head {
        RowRef::Instance { slot, .. } => part.instance_at(slot).map(|instance| &instance.region),
        RowRef::Nic { slot, .. } => part.nic_at(slot).map(|nic| &nic.region),
        RowRef::Problem { .. } | RowRef::Address { .. } => None,
    }
}

fn node_of(state: &State, key: &RowKey) -> Option<Node> {
    let of = |profile| Some((narrow(state.inventory.place(profile)?), state.inventory.profile(profile)?));
    match key {
        RowKey::Problem(profile, _) => Some(Node::Profile(of(profile)?.0)),
        RowKey::Instance(InstanceKey { profile, instance }) => {
            let (profile, part) = of(profile)?;
            Some(Node::Instance { profile, slot: part.instance_slot(instance)? })
        }
        RowKey::Nic(NicKey { profile, nic }) => {
            let (profile, part) = of(profile)?;
            Some(Node::Nic { profile, slot: part.nic_slot(nic)? })
        }
        RowKey::Address(address) => node_of(state, &RowKey::Nic(address.nic.clone())),
    }
}

/// Makes the tree's rows and the table's beside it; nothing where there is no such pane.
pub(in crate::app) fn lay(state: &mut State) {
    if !state.has_tree_pane() {
        return;
    }
    let mut pane = std::mem::take(&mut state.browse.tree);
    pane.fill(state);
    let (row, len) = (pane.held_row(state), pane.len());
    pane.view.follow(row, len, update::list_height(state));
    state.browse.tree = pane;
    slice(state);
}

fn slice(state: &mut State) {
    let mut rows = std::mem::take(&mut state.browse.rows);
    rows.slice(state, state.browse.tree.slice(), |place, nic| in_scope(state, place, nic));
    state.browse.rows = rows;
}

/// Whether the table beside the tree is about this NIC.
fn in_scope(state: &State, place: usize, nic: u32) -> bool {
    let pane = &state.browse.tree;
    pane.holds(state, pane.node(), place, nic)
}

/// Whether the list shows the target, or would if nothing were folded.
pub fn is_in_sight(state: &State, target: &Target) -> bool {
    super::is_visible(state, target)
        && (!state.has_tree_pane() || {
            let key = target.nic();
            let nic = state.inventory.profile(&key.profile).and_then(|part| part.nic_slot(&key.nic));
            let place = state.inventory.place(&key.profile);
            place.zip(nic).is_some_and(|(place, nic)| in_scope(state, place, nic))
        })
}

/// After the tree's cursor was moved by hand: the table follows, and stays on its address where it has that.
pub(in crate::app) fn moved(state: &mut State) {
    let pane = &state.browse.tree;
    let held = match pane.row(state).and_then(|row| find::key(state, row)) {
        Some(key @ (RowKey::Instance(_) | RowKey::Nic(_))) => Held::Row(key),
        _ => Held::Node(pane.node()),
    };
    state.browse.tree.held = held;
    slice(state);
    let kept = state.browse.cursor.as_ref().is_some_and(|key| find::place(state, key).is_some());
    if !kept {
        state.browse.view = Viewport::default();
    }
    follow_cursor(state);
}

/// Puts the tree's cursor on everything.
pub(in crate::app) fn widen(state: &mut State) {
    state.browse.tree.held = Held::default();
}

/// Before a filter takes effect: one looks everywhere, and without it the tree is where it was.
pub(in crate::app) fn filtering(state: &mut State, begins: bool, ends: bool) {
    let pane = &mut state.browse.tree;
    if begins {
        pane.unfiltered = Some(std::mem::take(&mut pane.held));
    } else if ends && let Some(held) = pane.unfiltered.take() {
        pane.held = held;
    }
}

/// After the pane came or went: what had the cursor keeps it.
pub(in crate::app) fn came_or_went(state: &mut State) {
    if state.has_tree_pane() {
        match state.browse.cursor.take() {
            Some(key @ (RowKey::Instance(_) | RowKey::Nic(_))) if state.browse.moved => {
                let mut pane = std::mem::take(&mut state.browse.tree);
                pane.held = Held::Row(key);
                pane.unfold_to_held(state);
                state.browse.tree = pane;
                state.pane = Pane::Tree;
                state.browse.view = Viewport::default();
            }
            key => {
                let nic = match &key {
                    Some(RowKey::Address(address)) => Some(&address.nic),
                    _ => None,
                };
                let place = nic.and_then(|nic| state.inventory.place(&nic.profile));
                let slot = nic.and_then(|nic| state.inventory.profile(&nic.profile)?.nic_slot(&nic.nic));
                let pane = &state.browse.tree;
                if let Some((place, slot)) = place.zip(slot)
                    && !pane.holds(state, pane.held_node(state), place, slot)
                {
                    widen(state);
                }
                state.browse.cursor = key;
            }
        }
    } else if state.pane == Pane::Tree {
        state.pane = Pane::List;
        if let Some(key) = state.browse.tree.row(state).and_then(|row| find::key(state, row)) {
            state.browse.cursor = Some(key);
            state.browse.moved = true;
        }
    }
    super::sort(state);
}
