//! The tree in a pane of its own, in a wide window: profiles, regions, instances and NICs, with the addresses under each.

use crate::{
    app::{
        geometry::{Area, Regions},
        rows::{Node, TreeRow},
        state::{Pane, ProfileInfo, State},
    },
    domain::{ids::NicKey, inventory::ProfileInventory, nic::Nic, selection::Target},
};

use super::{
    canvas::{Canvas, Pen},
    detail::LABEL,
    doc::Doc,
    inventory::{name_and_id, nic_role, power},
    line,
    text::{self, Cut},
    theme::Role,
};

/// Cells of the addresses under a row, at the right.
const COUNT: u16 = 6;
/// Cells of a state, before the count.
const STATE: u16 = 10;

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let area = regions.tree;
    if area.width < 2 {
        return;
    }
    let heading = Area { y: regions.heading.y, height: 1, ..area };
    let edge = Area { x: area.x + area.width - 1, y: heading.y, width: 1, height: area.height + 1 };
    canvas.upright(edge);
    let inner = |area: Area| Area { width: area.width - 1, ..area };
    let (heading, list) = (inner(heading), inner(area));
    let words = canvas.words;
    let count = words.word("column.count");
    let mut pen = canvas.pen_at(heading, 0, 3);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    let tree = &state.browse.tree;
    pen.right(&[(count.into(), Role::Dim)]).put(words.word("tree.heading"), Role::Dim).gap(2);
    let rows = tree.view.in_sight(tree.len(), usize::from(list.height));
    let rows = line::in_sight(words, rows.map(|(first, last)| (first, last, tree.len()))).unwrap_or_default();
    if text::cells(&rows) <= usize::from(pen.room()) {
        pen.put(&rows, Role::Dim);
    }
    let cursor = tree.view.cursor.checked_sub(tree.view.offset);
    for (line, row) in (0u16..).zip(tree.window(usize::from(list.height))) {
        draw_row(canvas, state, list, line, row);
        if Some(usize::from(line)) == cursor {
            if state.pane == Pane::Tree { canvas.focus(list, line) } else { canvas.rest(list, line) }
        }
    }
}

fn draw_row(canvas: &mut Canvas, state: &State, area: Area, line: u16, row: &TreeRow) {
    let (glyphs, words) = (canvas.skin.glyphs, canvas.words);
    let pane = &state.browse.tree;
    let fold = match (pane.is_foldable(state, row.node), pane.is_folded(row.node)) {
        (false, _) => " ",
        (true, true) => glyphs.closed,
        (true, false) => glyphs.open,
    };
    let mut pen = canvas.pen_at(area, line, 1);
    pen.end = pen.end.saturating_sub(1).max(pen.x);
    for _ in 0..row.depth {
        pen.put(glyphs.tree, Role::Faint).gap(1);
    }
    pen.put(fold, Role::Dim).gap(1);
    let right = pen.end;
    // The count, and before it the mark, stand in columns of their own whatever the name is.
    let numbers = right.saturating_sub(COUNT);
    let marks = numbers.saturating_sub(glyphs.mark_cells);
    let names = |pen: &mut Pen, end: u16| pen.end = end.max(pen.x);
    let thing = thing(state, row.node);
    let role = if row.addresses == 0 { Role::Dim } else { Role::Text };
    names(&mut pen, marks.saturating_sub(1));
    let mut marked = false;
    match thing {
        Thing::All => {
            pen.put(words.word("tree.all"), Role::Bright);
        }
        Thing::Profile(info, problem) => {
            if problem {
                pen.put("x", Role::Blocked).gap(1);
            }
            let room = pen.room();
            pen.put_within(info.id.as_str(), room, Cut::End, Role::Bright);
            if info.prod && pen.room() >= 8 {
                pen.gap(2).put(" PROD ", Role::Prod);
            }
            if pen.room() >= 8 {
                pen.gap(2).put(info.title, Role::Dim);
            }
        }
        Thing::Region(name) => {
            pen.put(name, Role::Text);
        }
        Thing::Instance(info, part, slot) => {
            if let Some(instance) = part.instance_at(slot) {
                let nics = part.nics_of(&instance.id).iter().filter_map(|&slot| part.nic_at(slot));
                marked = nics.into_iter().any(|nic| state.marks.any_on(&key(info, nic)));
                let (word, role) = power(instance);
                let end = states(&mut pen, word, role);
                name_and_id(&mut pen, end, &instance.name, instance.id.as_str(), Role::Text);
            }
        }
        Thing::Nic(info, part, slot) => {
            if let Some(nic) = part.nic_at(slot) {
                let whole = state.marks.contains(&Target::Nic(key(info, nic)));
                marked = whole || state.marks.any_on(&key(info, nic));
                let (word, role) = if whole {
                    (words.word("noun.detach"), Role::Mark)
                } else {
                    (&*nic.status.word, nic_role(nic.status.state))
                };
                let end = states(&mut pen, word, role);
                let room = end.saturating_sub(pen.x);
                pen.put_within(nic.id.as_str(), room, Cut::Middle, Role::Text);
            }
        }
        Thing::Gone => {}
    }
    pen.end = right;
    pen.to(marks);
    if marked {
        pen.put(glyphs.mark, Role::Mark);
    }
    pen.to(numbers);
    let room = pen.room();
    pen.column_right(&row.addresses.to_string(), room, role);
}

/// Writes a state before the right end, where there is room for a name as well; answers where that has to end.
fn states(pen: &mut Pen, word: &str, role: Role) -> u16 {
    let from = pen.end.saturating_sub(STATE);
    if from < pen.x + STATE {
        return pen.end;
    }
    pen.put_at(from, word, STATE, role);
    from.saturating_sub(1)
}

fn key(info: &ProfileInfo, nic: &Nic) -> NicKey {
    NicKey { profile: info.id.clone(), nic: nic.id.clone() }
}

enum Thing<'a> {
    All,
    /// And whether it has a problem.
    Profile(&'a ProfileInfo, bool),
    Region(&'a str),
    Instance(&'a ProfileInfo, &'a ProfileInventory, u32),
    Nic(&'a ProfileInfo, &'a ProfileInventory, u32),
    Gone,
}

fn thing(state: &State, node: Node) -> Thing<'_> {
    let of = |profile: u16| state.info(usize::from(profile)).zip(state.inventory.at(usize::from(profile)));
    let found = match node {
        Node::All => Some(Thing::All),
        Node::Profile(place) => {
            let place = usize::from(place);
            state.info(place).map(|info| Thing::Profile(info, crate::app::rows::has_problem(state, place)))
        }
        Node::Region(nth) => state.browse.tree.region(nth).map(|region| Thing::Region(region.as_str())),
        Node::Instance { profile, slot } => of(profile).map(|(info, part)| Thing::Instance(info, part, slot)),
        Node::Nic { profile, slot } => of(profile).map(|(info, part)| Thing::Nic(info, part, slot)),
    };
    found.unwrap_or(Thing::Gone)
}

/// What the row under the cursor is called.
pub fn name<'a>(canvas: &Canvas<'a>, state: &'a State) -> &'a str {
    match thing(state, state.browse.tree.node()) {
        Thing::All => canvas.words.word("tree.all"),
        Thing::Profile(info, _) => info.id.as_str(),
        Thing::Region(name) => name,
        Thing::Instance(_, part, slot) => part
            .instance_at(slot)
            .map_or("", |instance| if instance.name.is_empty() { instance.id.as_str() } else { &instance.name }),
        Thing::Nic(_, part, slot) => part.nic_at(slot).map_or("", |nic| nic.id.as_str()),
        Thing::Gone => "",
    }
}

/// What is under a row that stands for more than one instance or NIC.
pub fn sum(canvas: &Canvas, state: &State) -> String {
    let tree = &state.browse.tree;
    let (instances, free) = tree.counts(tree.node());
    let addresses = tree.window(usize::MAX).iter().find(|row| row.node == tree.node()).map_or(0, |row| row.addresses);
    let values = [
        ("name", name(canvas, state).to_owned()),
        ("addresses", addresses.to_string()),
        ("instances", instances.to_string()),
        ("free", free.to_string()),
    ];
    let key = if free > 0 { "tree.sum-free" } else { "tree.sum" };
    canvas.words.text(key, &values.each_ref().map(|(name, value)| (*name, value.as_str()))).into_owned()
}

/// The page about such a row.
pub fn page(canvas: &Canvas, state: &State, width: u16) -> Doc {
    let mut doc = Doc::new(width, LABEL);
    let title = match thing(state, state.browse.tree.node()) {
        Thing::Profile(info, _) => info.title,
        _ => "",
    };
    doc.row([(name(canvas, state).to_owned(), Role::Bright), (title.to_owned(), Role::Dim)]);
    doc.blank();
    doc.text(&sum(canvas, state), Role::Text);
    doc.blank();
    doc.text(canvas.words.word("tree.hint"), Role::Dim);
    doc
}
