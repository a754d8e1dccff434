//! A buffer as text to read: its glyphs, its styles by name, and where things stand.

use std::fmt::Write;

use nicdeck::ui::theme::{Role, Theme};
use ratatui::{
    buffer::{Buffer, Cell, CellWidth},
    style::{Color, Modifier},
};

/// The glyphs of cells `from..to` of a line, wide ones once.
pub fn line_until(buffer: &Buffer, y: u16, from: u16, to: u16) -> String {
    let mut out = String::new();
    let mut x = from;
    while x < to {
        let symbol = buffer[(x, y)].symbol();
        out.push_str(symbol);
        x += symbol.cell_width().max(1);
    }
    out
}

pub fn line(buffer: &Buffer, y: u16) -> String {
    line_until(buffer, y, 0, buffer.area.width).trim_end().to_owned()
}

/// All glyphs.
pub fn text(buffer: &Buffer) -> String {
    (0..buffer.area.height).map(|y| line(buffer, y) + "\n").collect()
}

fn runs(buffer: &Buffer, name: impl Fn(&Cell) -> String) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        let mut out: Vec<(u16, u16, String)> = Vec::new();
        let mut x = 0;
        while x < buffer.area.width {
            let cell = &buffer[(x, y)];
            let wide = cell.symbol().cell_width().max(1);
            if cell.symbol() != " " || cell.bg != Color::Reset || !cell.modifier.is_empty() {
                let name = name(cell);
                match out.last_mut() {
                    // A space between two words of one style is part of them.
                    Some((_, to, last)) if *to + 1 >= x && *last == name => *to = x + wide,
                    _ => out.push((x, x + wide, name)),
                }
            }
            x += wide;
        }
        let shown: Vec<String> = out.into_iter().map(|(from, to, name)| format!(" {from}-{}:{name}", to - 1)).collect();
        writeln!(text, "{y}{}", shown.concat()).unwrap();
    }
    text
}

/// Each line's styles, by the names of the theme's roles.
pub fn styles(buffer: &Buffer, theme: &Theme) -> String {
    let named = |cell: &Cell| {
        let ground = [Role::Header, Role::Focus, Role::Dialog]
            .into_iter()
            .find(|&role| theme.style(role).bg == Some(cell.bg))
            .map_or("", Role::name);
        let word = Role::ALL
            .iter()
            .copied()
            .find(|&role| {
                let style = theme.style(role);
                let bg = style.bg.is_none_or(|bg| bg == cell.bg);
                style.fg == Some(cell.fg) && bg && style.add_modifier == cell.modifier
            })
            .map_or("", Role::name);
        let blank = cell.symbol() == " ";
        match (word, ground) {
            (word, "") => word.to_owned(),
            ("", ground) => format!("/{ground}"),
            (_, ground) if blank => format!("/{ground}"),
            (word, ground) => format!("{word}/{ground}"),
        }
    };
    runs(buffer, named)
}

/// Each line's attributes, where there is no colour.
pub fn attributes(buffer: &Buffer) -> String {
    let named = |cell: &Cell| {
        [
            (Modifier::BOLD, "bold"),
            (Modifier::DIM, "dim"),
            (Modifier::UNDERLINED, "underlined"),
            (Modifier::REVERSED, "reversed"),
        ]
        .into_iter()
        .filter(|(modifier, _)| cell.modifier.contains(*modifier))
        .map(|(_, name)| name)
        .collect::<Vec<_>>()
        .join("+")
    };
    runs(buffer, named)
}

/// The line of the headings, and where each of them begins.
pub fn columns(buffer: &Buffer, names: &[&str]) -> (u16, Vec<u16>) {
    for y in 0..buffer.area.height {
        let text: String =
            (0..buffer.area.width).map(|x| buffer[(x, y)].symbol().chars().next().unwrap_or(' ')).collect();
        let found: Vec<u16> = names
            .iter()
            .filter_map(|name| text.find(name).map(|at| u16::try_from(text[..at].chars().count()).unwrap()))
            .collect();
        if found.len() == names.len() {
            return (y, found);
        }
    }
    panic!("no line holds {names:?}:\n{}", text(buffer));
}

/// Does a column begin at this cell: is what stands before it blank, and the cell itself no second half?
pub fn begins_at(buffer: &Buffer, x: u16, y: u16) -> bool {
    let before = buffer[(x - 1, y)].symbol();
    let far = if x > 1 { buffer[(x - 2, y)].symbol() } else { " " };
    before == " " && far.cell_width() < 2
}

/// Every wide glyph has its cells for itself.
pub fn assert_whole(buffer: &Buffer, name: &str) {
    for y in 0..buffer.area.height {
        let mut x = 0;
        while x < buffer.area.width {
            let wide = buffer[(x, y)].symbol().cell_width().max(1);
            assert!(x + wide <= buffer.area.width, "{name}: a glyph leaves line {y}: {:?}", line(buffer, y));
            for covered in x + 1..x + wide {
                assert_eq!(buffer[(covered, y)].symbol(), " ", "{name}: half a glyph in {:?}", line(buffer, y));
            }
            x += wide;
        }
    }
}
