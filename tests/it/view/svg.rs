//! A buffer as a picture: one text element a run, each glyph at its own place, so that wide ones stay on the grid.

use std::fmt::Write;

use ratatui::{
    buffer::{Buffer, Cell},
    style::{Color, Modifier},
};
use unicode_width::UnicodeWidthStr;

const WIDTH: u16 = 10;
const HEIGHT: u16 = 20;

/// A terminal's own background and text.
#[derive(Clone, Copy)]
pub struct Page {
    pub ground: &'static str,
    pub text: &'static str,
}

pub const DARK: Page = Page { ground: "#15171b", text: "#c8ccd4" };
pub const LIGHT: Page = Page { ground: "#ffffff", text: "#24292f" };

fn rgb(color: Color, default: &str) -> String {
    match color {
        Color::Rgb(r, g, b) => format!("#{r:02x}{g:02x}{b:02x}"),
        _ => default.to_owned(),
    }
}

fn colors(cell: &Cell, page: Page) -> (String, String) {
    let (fg, bg) = (rgb(cell.fg, page.text), rgb(cell.bg, page.ground));
    if cell.modifier.contains(Modifier::REVERSED) { (bg, fg) } else { (fg, bg) }
}

/// Draws the buffer, with the terminal's cursor as a bar.
pub fn draw(buffer: &Buffer, cursor: Option<(u16, u16)>, page: Page) -> String {
    let Page { ground, text } = page;
    let (columns, rows) = (buffer.area.width, buffer.area.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"'DejaVu Sans Mono','Menlo','Consolas','Noto Sans Mono CJK SC','Noto Sans CJK SC',monospace\" \
         font-size=\"16\">\n<rect width=\"100%\" height=\"100%\" fill=\"{ground}\"/>\n",
        w = columns * WIDTH,
        h = rows * HEIGHT,
    );
    for y in 0..rows {
        let mut grounds: Vec<(u16, u16, String)> = Vec::new();
        let mut runs: Vec<(String, Modifier, Vec<u16>, String)> = Vec::new();
        let mut x = 0;
        while x < columns {
            let cell = &buffer[(x, y)];
            let wide = u16::try_from(cell.symbol().width()).unwrap().max(1);
            let (fg, bg) = colors(cell, page);
            if bg != ground {
                match grounds.last_mut() {
                    Some((from, to, color)) if *to == x && *color == bg => {
                        let _ = from;
                        *to = x + wide;
                    }
                    _ => grounds.push((x, x + wide, bg)),
                }
            }
            let modifier = cell.modifier & (Modifier::BOLD | Modifier::UNDERLINED | Modifier::DIM);
            let blank = cell.symbol() == " " && !modifier.contains(Modifier::UNDERLINED);
            if !blank {
                match runs.last_mut() {
                    Some((color, with, places, text)) if *color == fg && *with == modifier => {
                        places.push(x * WIDTH);
                        text.push_str(cell.symbol());
                    }
                    _ => runs.push((fg, modifier, vec![x * WIDTH], cell.symbol().to_owned())),
                }
            }
            x += wide;
        }
        for (from, to, color) in grounds {
            writeln!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"{color}\"/>",
                from * WIDTH,
                y * HEIGHT,
                (to - from) * WIDTH,
            )
            .unwrap();
        }
        for (color, modifier, places, text) in runs {
            let places: Vec<String> = places.iter().map(u16::to_string).collect();
            let bold = if modifier.contains(Modifier::BOLD) { " font-weight=\"bold\"" } else { "" };
            let line = if modifier.contains(Modifier::UNDERLINED) { " text-decoration=\"underline\"" } else { "" };
            let dim = if modifier.contains(Modifier::DIM) { " opacity=\"0.6\"" } else { "" };
            let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            writeln!(
                out,
                "<text x=\"{}\" y=\"{}\" fill=\"{color}\"{bold}{line}{dim} xml:space=\"preserve\">{text}</text>",
                places.join(" "),
                y * HEIGHT + 15,
            )
            .unwrap();
        }
    }
    if let Some((x, y)) = cursor {
        writeln!(
            out,
            "<rect x=\"{}\" y=\"{}\" width=\"2\" height=\"{HEIGHT}\" fill=\"{text}\"/>",
            x * WIDTH,
            y * HEIGHT
        )
        .unwrap();
    }
    out.push_str("</svg>\n");
    out
}
