//! Where screens draw: the frame's buffer with the skin and the words of the language in force.
//!
//! The only code that touches cells. All text goes through `clean`, and nothing is ever written outside its area.

use std::borrow::Cow;

use ratatui::{
    buffer::{Buffer, CellWidth},
    layout::{Position, Rect},
    style::{Color, Style},
};

use crate::{
    app::{geometry::Area, state::ProfileInfo},
    domain::{
        clean::clean,
        ids::{CloudId, ProfileId},
    },
};

use super::{
    catalog::Catalog,
    skin::Skin,
    text::{self, Cut},
    theme::Role,
};

/// See the module.
pub struct Canvas<'a> {
    buffer: &'a mut Buffer,
    pub skin: &'a Skin,
    pub words: &'a Catalog,
    /// Whose cloud has its own words for things and errors.
    pub profiles: &'a [ProfileInfo],
    /// Where the terminal's cursor is to stand, for text that is being typed.
    pub cursor: Option<Position>,
    /// The last line that the text which is scrolled can begin with.
    pub ends: Option<usize>,
}

/// Writes along one line, from left to right, up to an end.
pub struct Pen<'c> {
    buffer: &'c mut Buffer,
    skin: &'c Skin,
    pub x: u16,
    y: u16,
    /// First cell that is not written.
    pub end: u16,
}

impl<'a> Canvas<'a> {
    pub fn new(buffer: &'a mut Buffer, skin: &'a Skin, words: &'a Catalog) -> Self {
        Self { buffer, skin, words, profiles: &[], cursor: None, ends: None }
    }

    /// The cloud of a profile.
    pub fn cloud(&self, profile: &ProfileId) -> Option<&'a CloudId> {
        self.profiles.iter().find(|info| &info.id == profile).map(|info| &info.cloud)
    }

    /// A pen at the left of the area's line `row`; one that writes nothing if there is no such line.
    pub fn pen(&mut self, area: Area, row: u16) -> Pen<'_> {
        self.pen_at(area, row, 0)
    }

    /// A pen `indent` cells into the area's line `row`.
    pub fn pen_at(&mut self, area: Area, row: u16, indent: u16) -> Pen<'_> {
        let bounds = self.buffer.area;
        let y = area.y.saturating_add(row);
        let there = row < area.height && y < bounds.bottom();
        let x = area.x.saturating_add(indent.min(area.width)).min(bounds.right());
        let end = if there { area.x.saturating_add(area.width).min(bounds.right()) } else { x };
        Pen { buffer: self.buffer, skin: self.skin, x, y, end }
    }

    /// Lays a style under (or over) what an area holds.
    pub fn tint(&mut self, area: Area, role: Role) {
        let style = self.skin.style(role);
        self.buffer.set_style(rect(area), style);
    }

    /// Lays the ground under everything that has none of its own, where the theme needs one.
    pub fn lay_ground(&mut self) {
        let Some(Style { fg, bg, .. }) = self.skin.ground() else { return };
        for cell in &mut self.buffer.content {
            cell.fg = fg.filter(|_| cell.fg == Color::Reset).unwrap_or(cell.fg);
            cell.bg = bg.filter(|_| cell.bg == Color::Reset).unwrap_or(cell.bg);
        }
    }

    /// Makes an area blank, in the style of its ground. A wide glyph that the edge would halve goes as a whole.
    pub fn clear(&mut self, area: Area, role: Role) {
        let area = rect(area).intersection(self.buffer.area);
        let style = self.skin.style(role);
        for y in area.top()..area.bottom() {
            if area.left() > 0
                && let Some(cell) = self.buffer.cell_mut((area.left() - 1, y))
                && cell.symbol().cell_width() > 1
            {
                cell.set_symbol(" ");
            }
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(style);
                }
            }
        }
    }

    /// Lays the focus over a row: its ground from edge to edge, and the bar at its left.
    pub fn focus(&mut self, area: Area, row: u16) {
        if row >= area.height || area.width == 0 {
            return;
        }
        let line = Area { y: area.y + row, height: 1, ..area };
        let (dim, lifted) = (self.skin.style(Role::Dim).fg, self.skin.style(Role::FocusDim).fg);
        if dim.is_some() && dim != lifted {
            for x in line.x..line.x + line.width {
                if let Some(cell) = self.buffer.cell_mut((x, line.y))
                    && Some(cell.fg) == dim
                    && let Some(lifted) = lifted
                {
                    cell.set_fg(lifted);
                }
            }
        }
        self.tint(line, Role::Focus);
        let bar = self.skin.glyphs.bar;
        self.pen(line, 0).put(bar, Role::Accent);
    }

    /// Where the focus of a pane is while another one has the keys: the bar without the ground.
    pub fn rest(&mut self, area: Area, row: u16) {
        let bar = self.skin.glyphs.bar;
        self.pen(area, row).put(bar, Role::Dim);
    }

    /// An upright line down the left edge of an area.
    pub fn upright(&mut self, area: Area) {
        let glyph = self.skin.glyphs.upright;
        for row in 0..area.height {
            self.pen(area, row).put(glyph, Role::Faint);
        }
    }

    /// A thin line over a whole line of an area, with a heading in it, and what stands at its right end.
    pub fn rule(&mut self, area: Area, row: u16, heading: &str, right: Option<&str>) {
        let glyph = self.skin.glyphs.rule;
        let mut pen = self.pen_at(area, row, 1);
        pen.end = pen.end.saturating_sub(1).max(pen.x);
        if !heading.is_empty() {
            pen.repeat(glyph, 2, Role::Faint).gap(1).put(heading, Role::Dim).gap(1);
        }
        if let Some(right) = right {
            let wide = u16::try_from(text::cells(right)).unwrap_or(u16::MAX);
            let line = pen.room().saturating_sub(wide.saturating_add(4));
            pen.repeat(glyph, line, Role::Faint).gap(1).put(right, Role::Text).gap(1);
        }
        let rest = pen.room();
        pen.repeat(glyph, rest, Role::Faint);
    }
}

impl Pen<'_> {
    /// Cells left.
    pub fn room(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Writes what fits; a text that does not fit ends in the cut mark.
    pub fn put(&mut self, text: &str, role: Role) -> &mut Self {
        self.put_within(text, self.room(), Cut::End, role)
    }

    /// As [`Self::put`], in at most `width` cells; the pen stands behind the text afterwards.
    pub fn put_within(&mut self, text: &str, width: u16, cut: Cut, role: Role) -> &mut Self {
        let style = self.skin.style(role);
        self.put_styled(text, width, cut, style)
    }

    /// As [`Self::put_within`], in a style of its own.
    pub fn put_styled(&mut self, text: &str, width: u16, cut: Cut, style: Style) -> &mut Self {
        let width = width.min(self.room());
        if width > 0 {
            let fitted = text::fit(text, usize::from(width), cut, self.skin.glyphs.cut);
            self.x = self.buffer.set_stringn(self.x, self.y, fitted, usize::from(width), style).0;
        }
        self
    }

    /// A column: at most `width` cells of text, and the pen stands `width` cells on whatever the text was.
    pub fn column(&mut self, text: &str, width: u16, cut: Cut, role: Role) -> &mut Self {
        let to = self.x.saturating_add(width);
        self.put_within(text, width, cut, role);
        self.x = to.min(self.end).max(self.x);
        self
    }

    /// A column with its text at the right.
    pub fn column_right(&mut self, text: &str, width: u16, role: Role) -> &mut Self {
        let wide = u16::try_from(text::cells(text)).unwrap_or(u16::MAX).min(width);
        self.gap(width - wide).put_within(text, wide, Cut::End, role)
    }

    /// An address: never cut. Where it does not fit it takes what room there is.
    pub fn address(&mut self, text: &str, role: Role) -> &mut Self {
        let style = self.skin.style(role);
        let room = usize::from(self.room());
        if room > 0 {
            self.x = self.buffer.set_stringn(self.x, self.y, clean(text), room, style).0;
        }
        self
    }

    /// Writes at a column of the buffer, in at most `width` cells; the pen stays where it is.
    pub fn put_at(&mut self, x: u16, text: &str, width: u16, role: Role) -> &mut Self {
        let here = std::mem::replace(&mut self.x, x);
        self.put_within(text, width, Cut::End, role);
        self.x = here;
        self
    }

    pub fn gap(&mut self, cells: u16) -> &mut Self {
        self.x = self.x.saturating_add(cells).min(self.end.max(self.x));
        self
    }

    /// Moves to a column of the buffer, never back.
    pub fn to(&mut self, x: u16) -> &mut Self {
        self.x = x.clamp(self.x, self.end.max(self.x));
        self
    }

    pub fn repeat(&mut self, glyph: &str, times: u16, role: Role) -> &mut Self {
        let style = self.skin.style(role);
        for _ in 0..times.min(self.room()) {
            self.x = self.buffer.set_stringn(self.x, self.y, glyph, 1, style).0;
        }
        self
    }

    /// Writes the pieces at the right end of the line, two cells apart, as far as they fit; those that do not fit are left
    /// out, the first ones first. The pen's end moves to the left of them.
    pub fn right(&mut self, pieces: &[(Cow<'_, str>, Role)]) -> &mut Self {
        let mut end = self.end;
        for (text, role) in pieces.iter().rev().filter(|(text, _)| !text.is_empty()) {
            let wide = u16::try_from(text::cells(text)).unwrap_or(u16::MAX);
            if wide >= end.saturating_sub(self.x) {
                break;
            }
            let style = self.skin.style(*role);
            self.buffer.set_stringn(end - wide, self.y, clean(text), usize::from(wide), style);
            end = end.saturating_sub(wide + 2).max(self.x);
        }
        self.end = end.saturating_add(1).min(self.end).max(self.x);
        self
    }
}

fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::state::Language,
        ui::{
            skin::Borders,
            theme::{Depth, ThemeName},
        },
    };

    fn drawn(draw: impl FnOnce(&mut Canvas)) -> String {
        let skin = Skin::new(ThemeName::Dark, Depth::True, Borders::Unicode).unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 1));
        draw(&mut Canvas::new(&mut buffer, &skin, skin.words(Language::English)));
        buffer.content().iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    const LINE: Area = Area { x: 0, y: 0, width: 10, height: 1 };

    #[test]
    fn a_dialog_does_not_halve_a_glyph() {
        let over = |x: u16, width: u16| {
            drawn(|canvas| {
                canvas.pen(LINE, 0).put("a网关b网关", Role::Text);
                canvas.clear(Area { x, width, ..LINE }, Role::Dialog);
            })
        };
        // The second half of a glyph is a blank cell.
        assert_eq!(over(3, 4), "a网      关 ", "from between two glyphs, up to the first half of one");
        assert_eq!(over(2, 3), "a    b网 关 ", "from a second half on: the glyph goes as a whole");
    }

    #[test]
    fn columns_keep_their_places() {
        let line = drawn(|canvas| {
            let mut pen = canvas.pen(LINE, 0);
            pen.column("网关网", 4, Cut::End, Role::Text)
                .column("x", 2, Cut::End, Role::Text)
                .put("yz-long", Role::Text);
        });
        assert_eq!(line, "网 ~ x yz-~");
        assert_eq!(
            drawn(|canvas| {
                canvas.pen(LINE, 0).column_right("7", 4, Role::Text);
            }),
            "   7      "
        );
        assert_eq!(
            drawn(|canvas| {
                canvas.pen(LINE, 3).put("below", Role::Text);
            }),
            " ".repeat(10)
        );
        assert_eq!(
            drawn(|canvas| {
                canvas.pen_at(LINE, 0, 99).put("beside", Role::Text);
            }),
            " ".repeat(10)
        );
    }

    #[test]
    fn pieces_at_the_right_go_from_the_left() {
        let pieces = [
            (Cow::Borrowed("12345"), Role::Text),
            (Cow::Borrowed("67"), Role::Text),
            (Cow::Borrowed("89"), Role::Text),
        ];
        assert_eq!(
            drawn(|canvas| {
                canvas.pen(LINE, 0).right(&pieces);
            }),
            "    67  89"
        );
    }
}
