//! Where things are on the screen. Shared by paging and drawing, so that both agree before a frame is drawn.

/// Columns and rows of the terminal.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    pub columns: u16,
    pub rows: u16,
}

/// A part of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Area {
    pub x: u16,
    pub y: u16,
    pub width: u16,
    pub height: u16,
}

/// Under this, one line asks for a larger window; keys still work.
pub const SMALLEST: Size = Size { columns: 40, rows: 10 };
/// From this many columns the detail stands beside the list.
pub const DETAIL_FROM: u16 = 110;

/// In fewer columns than this the detail can not be read.
const DETAIL_LEAST: u16 = 40;

/// From this many columns the tree stands beside the table of addresses.
pub const TREE_FROM: u16 = 180;

/// From this size on the plan or batch and the newest calls stand under the inventory.
pub const STRIP_FROM: Size = Size { columns: 180, rows: 40 };
/// Lines of that strip, its rule included.
const STRIP: u16 = 10;

/// The frame that every screen shares: what stands where never moves between screens.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Regions {
    pub header: Area,
    /// Filter, path or title.
    pub line: Area,
    /// Everything between `line` and `focus`.
    pub body: Area,
    /// The list's part of the body, its heading line excluded.
    pub list: Area,
    /// The heading line over the list.
    pub heading: Area,
    /// Left of the list, a line to part them included; empty unless [`Self::with_tree`] made room for it.
    pub tree: Area,
    /// Empty where the window is too narrow.
    pub detail: Area,
    /// Under list and detail; empty unless [`Self::with_strip`] made room for it.
    pub strip: Area,
    /// One sentence about the focused row.
    pub focus: Area,
    /// The newest message.
    pub status: Area,
    /// Keys that work here.
    pub keys: Area,
    /// Too small for anything: only `header` is used.
    pub tiny: bool,
}

impl Regions {
    /// The regions for a window. `wide_list` gives the list the whole width (detail switched off).
    /// `banner`: the demo's banner takes the first line.
    pub fn of(size: Size, banner: bool, wide_list: bool) -> Self {
        let full = |y: u16, height: u16| Area { x: 0, y, width: size.columns, height };
        if size.columns < SMALLEST.columns || size.rows < SMALLEST.rows {
            return Self { header: full(0, size.rows.min(1)), tiny: true, ..Self::default() };
        }
        let top = u16::from(banner);
        let body = full(top + 2, size.rows - top - 5);
        let detail_width =
            if wide_list || size.columns < DETAIL_FROM { 0 } else { (size.columns * 2 / 5).clamp(44, 56) };
        let list_width = size.columns - detail_width;
        // A blank line sets the list off from the line above it where there is room.
        let gap = u16::from(size.rows >= 30);
        let heading = Area { x: 0, y: body.y + gap, width: list_width, height: 1 };
        Self {
            header: full(top, 1),
            line: full(top + 1, 1),
            body,
            list: Area { x: 0, y: heading.y + 1, width: list_width, height: body.height - gap - 1 },
            heading,
            tree: Area::default(),
            detail: Area { x: list_width, y: body.y + gap, width: detail_width, height: body.height - gap },
            strip: Area::default(),
            focus: full(size.rows - 3, 1),
            status: full(size.rows - 2, 1),
            keys: full(size.rows - 1, 1),
            tiny: false,
        }
    }

    /// The same with at least so many columns for the list: the detail gets narrower, and goes where too little is left of it.
    #[must_use]
    pub fn with_list(self, columns: u16) -> Self {
        let detail = self.detail.width.min(self.body.width.saturating_sub(columns));
        let detail = if detail < DETAIL_LEAST { 0 } else { detail };
        let width = self.body.width - detail;
        Self {
            list: Area { width, ..self.list },
            heading: Area { width, ..self.heading },
            detail: Area { x: width, width: detail, ..self.detail },
            ..self
        }
    }

    /// The same with a tree at the left of the list.
    #[must_use]
    pub fn with_tree(self) -> Self {
        let width = (self.body.width / 5 + 5).clamp(40, 56).min(self.list.width / 2);
        let beside = |area: Area| Area { x: area.x + width, width: area.width - width, ..area };
        Self { tree: Area { width, ..self.list }, list: beside(self.list), heading: beside(self.heading), ..self }
    }

    /// The same with a strip at the foot of the body.
    #[must_use]
    pub fn with_strip(self) -> Self {
        let height = STRIP.min(self.list.height.saturating_sub(1));
        let below = |area: Area| Area { height: area.height.saturating_sub(height), ..area };
        let strip = Area { y: self.body.y + self.body.height - height, height, ..self.body };
        Self { list: below(self.list), tree: below(self.tree), detail: below(self.detail), strip, ..self }
    }
}

/// Rows of the plan screen: the targets, and under them what the plan does as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PlanAreas {
    pub list: Area,
    /// Effects, belts, calls, freshness: one line each, over the whole width.
    pub summary: Area,
    /// Everything about the focused row, above the summary; empty where the window is too narrow.
    pub detail: Area,
}

/// Lines of the plan's summary.
pub const PLAN_SUMMARY: u16 = 5;

impl PlanAreas {
    pub fn of(regions: &Regions) -> Self {
        let list = regions.list;
        let below = if list.height > PLAN_SUMMARY + 3 { PLAN_SUMMARY } else { 0 };
        Self {
            list: Area { height: list.height - below, ..list },
            summary: Area { y: list.y + list.height - below, height: below, ..regions.body },
            detail: Area { height: regions.detail.height.saturating_sub(below), ..regions.detail },
        }
    }
}

/// Rows of the running screen: progress, a line per profile, a rule, and the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RunAreas {
    pub bar: Area,
    /// Heading and one line per profile.
    pub profiles: Area,
    pub rule: Area,
    pub log: Area,
    /// Everything about the focused row, beside the log; empty where the window is too narrow.
    pub detail: Area,
    /// The newest calls under it, where there is room.
    pub calls: Area,
}

/// From this many columns the newest calls stand beside a batch.
const CALLS_FROM: u16 = 180;
/// Lines of them, the rule over them included.
const CALLS: u16 = 12;

impl RunAreas {
    pub fn of(regions: &Regions, profiles: usize) -> Self {
        let body = regions.body;
        let part = |y: u16, height: u16| Area { x: body.x, y: body.y + y, width: body.width, height };
        // The log keeps at least three lines; profiles beyond that are counted in the totals.
        let most = body.height.saturating_sub(6);
        let lines = u16::try_from(profiles).unwrap_or(u16::MAX).saturating_add(1).min(most);
        let gap = u16::from(body.height >= 24);
        let rule = 1 + gap + lines + gap;
        let log = part((rule + 1).min(body.height), body.height.saturating_sub(rule + 1));
        let wide = regions.detail.width;
        let pane = Area { x: body.x + body.width - wide, width: wide, ..log };
        let below = if body.width >= CALLS_FROM && log.height > CALLS * 2 { CALLS } else { 0 };
        let below = if wide == 0 { 0 } else { below };
        Self {
            detail: Area { height: pane.height - below, ..pane },
            calls: Area { y: pane.y + pane.height - below, height: below, ..pane },
            bar: part(0, body.height.min(1)),
            profiles: part((1 + gap).min(body.height), lines),
            rule: part(rule.min(body.height), u16::from(rule < body.height)),
            log: Area { width: log.width - wide, ..log },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_leaves_the_window(columns in 0u16..400, rows in 0u16..200, banner: bool, wide: bool) {
            let regions = Regions::of(Size { columns, rows }, banner, wide);
            for area in [regions.header, regions.line, regions.body, regions.list, regions.heading, regions.detail, regions.focus, regions.status, regions.keys] {
                prop_assert!(area.x + area.width <= columns);
                prop_assert!(area.y + area.height <= rows);
            }
            prop_assert!(regions.tiny || regions.list.height >= 1);
            if !regions.tiny {
                let least = regions.with_list(80);
                prop_assert_eq!(least.list.width + least.detail.width, columns);
                prop_assert!(least.detail.width == 0 || least.list.width >= 80 && least.detail.width >= DETAIL_LEAST);
                prop_assert_eq!((least.heading.width, least.detail.x), (least.list.width, least.list.width));
                let tree = regions.with_tree();
                prop_assert_eq!((tree.tree.x, tree.tree.x + tree.tree.width), (regions.list.x, tree.list.x));
                prop_assert_eq!(tree.tree.width + tree.list.width, regions.list.width);
                prop_assert_eq!((tree.heading.x, tree.heading.width), (tree.list.x, tree.list.width));
                let both = tree.with_strip();
                prop_assert_eq!((both.tree.y, both.tree.height), (both.list.y, both.list.height));
                let with = regions.with_strip();
                prop_assert!(with.list.height >= 1 && with.list.y + with.list.height <= with.strip.y);
                prop_assert!(with.detail.y + with.detail.height <= with.strip.y);
                prop_assert_eq!(with.strip.y + with.strip.height, with.focus.y);
            }
            let plan = PlanAreas::of(&regions);
            prop_assert_eq!(plan.list.height + plan.summary.height, regions.list.height);
            let run = RunAreas::of(&regions, usize::from(columns) / 30);
            prop_assert_eq!(run.log.width + run.detail.width, run.bar.width);
            prop_assert_eq!(run.detail.height + run.calls.height, run.log.height);
            for area in [run.bar, run.profiles, run.rule, run.log, run.detail, run.calls] {
                prop_assert!(area.x + area.width <= columns);
                prop_assert!(area.y + area.height <= rows);
            }
        }
    }
}
