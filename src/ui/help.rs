//! Help for the screen it was opened on, made from the command table and the key map: what can be done here, with which
//! key, and why something is off. Typing searches it.

use crate::app::{
    command::{Command, Group},
    find,
    geometry::Area,
    overlay::Help,
    state::State,
    update::overlay,
};

use super::{
    canvas::Canvas,
    catalog::Catalog,
    doc::Doc,
    text::{self, Cut},
    theme::Role,
};

/// Cells of the keys at the left.
const KEYS: usize = 13;
/// From this many columns the other paragraphs stand beside the commands.
const BESIDE_FROM: u16 = 160;
/// Cells between the two.
const GAP: u16 = 3;
/// Cells of a command's name.
const NAME: usize = 23;

/// Paragraphs under the commands: what the signs mean, what the filter understands.
const SECTIONS: [(&str, &[&str]); 2] = [
    (
        "help.legend",
        &[
            "help.legend-ok",
            "help.legend-info",
            "help.legend-warn",
            "help.legend-blocked",
            "help.legend-unknown",
            "help.legend-ends",
            "help.legend-marks",
        ],
    ),
    (
        "help.filter",
        &[
            "help.filter-words",
            "help.filter-where",
            "help.filter-has",
            "help.filter-levels",
            "help.filter-counts",
            "help.filter-joining",
            "help.filter-keys",
        ],
    ),
];

fn group(group: Group) -> &'static str {
    match group {
        Group::Move => "group.move",
        Group::Mark => "group.mark",
        Group::Find => "group.find",
        Group::Act => "group.act",
        Group::Look => "group.look",
        Group::Program => "group.program",
    }
}

/// As its words are named: one that does another thing on some screens has others there.
fn word_of(state: &State, command: Command) -> &'static str {
    if command == Command::Filter && find::is_on(state.screen) { "find" } else { command.name() }
}

fn name_of(words: &Catalog, state: &State, command: Command) -> String {
    words.text(&format!("command.{}", word_of(state, command)), &[]).into_owned()
}

fn help_of(words: &Catalog, state: &State, command: Command) -> String {
    words.text(&format!("command-help.{}", word_of(state, command)), &[]).into_owned()
}

/// Is this text, as far as it is typed, the name of the key? One letter is that key only, and which case it has matters.
fn is_key(name: &str, typed: &str) -> bool {
    if typed.chars().count() < 2 { name == typed } else { name.to_lowercase().contains(&typed.to_lowercase()) }
}

pub fn draw(canvas: &mut Canvas, state: &State, area: Area, help: &Help) {
    let words = canvas.words;
    let wanted = help.search.text().trim().to_lowercase();
    let holds = |text: &str| wanted.is_empty() || text.to_lowercase().contains(&wanted);
    let matches = |command: Command| {
        holds(&name_of(words, state, command))
            || holds(&help_of(words, state, command))
            || holds(command.name())
            || state.keymap.keys(command).iter().any(|key| is_key(&key.name(), help.search.text().trim()))
    };
    // What is no command stands beside them where both have room.
    let apart = if area.width < BESIDE_FROM { 0 } else { area.width * 2 / 5 };
    let own = Area { width: area.width - apart, ..area };
    let beside = Area { x: area.x + own.width + GAP.min(apart), width: apart.saturating_sub(GAP), ..area };
    let mut doc = Doc::new(own.width, KEYS);
    let name_cells = NAME.min(usize::from(own.width).saturating_sub(KEYS + 8));
    for (of, lines) in overlay::help_lines(state, &matches) {
        doc.heading(words.word(group(of)));
        for line in lines {
            let off = line.off.as_ref().map(|phrase| words.phrase(phrase));
            let keys = text::pad(&line.keys.join(" "), KEYS - 1, Cut::End, canvas.skin.glyphs.cut);
            let name = text::pad(&name_of(words, state, line.command), name_cells, Cut::End, canvas.skin.glyphs.cut);
            let on = off.is_none();
            let lead = vec![
                (format!("{keys} "), if on { Role::Key } else { Role::Dim }),
                (format!("{name}  "), if on { Role::Text } else { Role::Dim }),
            ];
            match off {
                Some(reason) => {
                    let text = words.text("help.off", &[("reason", &reason)]).into_owned();
                    doc.hang(lead, KEYS + name_cells + 2, &text, Role::Warn);
                }
                None => doc.hang(lead, KEYS + name_cells + 2, &help_of(words, state, line.command), Role::Dim),
            }
        }
    }
    let mut sections = Doc::new(beside.width, KEYS);
    let other = if apart == 0 { &mut doc } else { &mut sections };
    let glyphs = canvas.skin.glyphs;
    let signs = [("mark", glyphs.mark), ("unmarked", glyphs.unmarked), ("arrow", glyphs.arrow)];
    for (heading, lines) in SECTIONS {
        let found: Vec<_> = lines.iter().map(|key| words.text(key, &signs)).filter(|text| holds(text)).collect();
        if !found.is_empty() {
            other.heading(words.word(heading));
            let found: Vec<(&str, &str)> =
                found.iter().map(|text| text.split_once("  ").unwrap_or(("", text))).collect();
            let widest = found.iter().map(|(lead, _)| text::cells(lead) + 2).max().unwrap_or(0);
            let room = widest.clamp(KEYS, (other.width() / 2).max(KEYS));
            for (lead, rest) in found {
                let lead = text::pad(lead, room - 1, Cut::End, canvas.skin.glyphs.cut);
                other.hang(vec![(format!("{lead} "), Role::Text)], room, rest.trim_start(), Role::Dim);
            }
        }
    }
    if doc.len() + sections.len() == 0 {
        doc.text(words.word("help.nothing"), Role::Text);
    }
    doc.draw(canvas, own, help.view.offset, true);
    // It goes along, as far as there is more of it.
    sections.draw(canvas, beside, help.view.offset, true);
}
