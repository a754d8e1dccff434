//! What lies over a screen in a frame: the confirm dialog, the question before quitting, the copy menu.

use crate::{
    app::{
        confirm::{Asked, Confirm},
        geometry::{Area, Regions},
        state::State,
        update::copy,
        viewport::Viewport,
    },
    domain::{finding::Severity, ids::ProfileId},
};

use super::{
    canvas::Canvas,
    line, plan,
    text::{self, Cut},
    theme::Role,
};

/// One line of a dialog.
enum Part {
    Blank,
    /// Goes away where there is no room.
    Extra(Vec<(String, Role)>),
    Line(Vec<(String, Role)>),
    /// The input line, after a lead.
    Input(Vec<(String, Role)>),
}

/// Clears a framed area in the middle of the screen and returns what is inside of it.
fn frame(canvas: &mut Canvas, regions: &Regions, title: &str, right: &str, size: (u16, u16), role: Role) -> Area {
    let bottom = regions.keys.y;
    let width = size.0.min(regions.body.width.saturating_sub(2)).max(2);
    let height = size.1.min(bottom).max(2);
    // In the middle of the list where a pane stands beside it, so that neither is half covered.
    let across = if regions.list.width > width + 4 { regions.list.width } else { regions.body.width };
    let x = across.saturating_sub(width) / 2;
    // In the lower half of the body, so that the plan's first rows stay in sight; higher where it is tall.
    let low = regions.body.y + regions.body.height.saturating_sub(height) * 2 / 3;
    let y = low.min(bottom.saturating_sub(height));
    let area = Area { x, y, width, height };
    canvas.clear(area, Role::Dialog);
    let glyphs = canvas.skin.glyphs;
    let [top_left, top_right, bottom_left, bottom_right] = glyphs.corners;
    let mut pen = canvas.pen(area, 0);
    pen.put(top_left, role).repeat(glyphs.rule, 1, role).gap(1).put(title, role).gap(1);
    let last = pen.end.saturating_sub(1);
    let right_at = last.saturating_sub(u16::try_from(text::cells(right)).unwrap_or(0) + 3);
    if right.is_empty() || right_at <= pen.x {
        let rest = last.saturating_sub(pen.x);
        pen.repeat(glyphs.rule, rest, role);
    } else {
        let rest = right_at - pen.x;
        pen.repeat(glyphs.rule, rest, role).gap(1).put(right, role).gap(1);
        let rest = last.saturating_sub(pen.x);
        pen.repeat(glyphs.rule, rest, role);
    }
    pen.put(top_right, role);
    for row in 1..height.saturating_sub(1) {
        canvas.pen(area, row).put(glyphs.upright, role);
        canvas.pen_at(area, row, width - 1).put(glyphs.upright, role);
    }
    let mut pen = canvas.pen(area, height - 1);
    pen.put(bottom_left, role).repeat(glyphs.rule, width - 2, role).put(bottom_right, role);
    Area { x: x + 2, y: y + 1, width: width.saturating_sub(4), height: height - 2 }
}

/// Drops blank lines (the outer ones first) and then extras until the rest fits.
fn squeeze(parts: &mut Vec<Part>, height: usize) {
    while parts.len() > height {
        let blank = |part: &Part| matches!(part, Part::Blank);
        let last = parts.len() - 1;
        let at = if blank(&parts[last]) {
            Some(last)
        } else {
            let extra = || parts.iter().rposition(|part| matches!(part, Part::Extra(_)));
            parts.iter().position(blank).or_else(extra)
        };
        match at {
            Some(at) => parts.remove(at),
            None => break,
        };
    }
}

pub fn confirm(canvas: &mut Canvas, state: &State, regions: &Regions, dialog: &Confirm) {
    let words = canvas.words;
    let Some(view) = &state.plan else { return };
    let by = plan::sent(view);
    let (addresses, nics) = by.iter().fold((0, 0), |sum, (_, sent)| (sum.0 + sent.addresses, sum.1 + sent.nics));
    let what = line::what(canvas, addresses, nics);
    let mut parts = vec![Part::Blank, Part::Line(vec![(capital(&what), Role::Bright)]), Part::Blank];
    let wide = by.iter().map(|(profile, _)| text::cells(profile.as_str())).max().unwrap_or(0).min(18);
    let is_prod = |profile: &ProfileId| state.profile(profile).is_some_and(|info| info.prod);
    let any_prod = by.iter().any(|(profile, _)| is_prod(profile));
    for (profile, sent) in &by {
        let mut said: Vec<String> = Vec::new();
        for (count, key) in
            [(sent.addresses, "confirm.addresses"), (sent.nics, "confirm.nics"), (sent.eips, "confirm.eips")]
        {
            if count > 0 {
                said.push(words.text(key, &[("count", &count.to_string())]).into_owned());
            }
        }
        parts.push(Part::Extra(vec![
            (text::pad(profile.as_str(), wide, Cut::End, canvas.skin.glyphs.cut), Role::Text),
            ("  ".to_owned(), Role::Text),
            match (any_prod, is_prod(profile)) {
                (_, true) => (" PROD ".to_owned(), Role::Prod),
                (true, false) => ("      ".to_owned(), Role::Text),
                (false, false) => (String::new(), Role::Text),
            },
            (if any_prod { "  " } else { "" }.to_owned(), Role::Text),
            (said.join(", "), Role::Text),
        ]));
    }
    parts.push(Part::Blank);
    for (effect, role) in plan::effects(canvas, view, false) {
        parts.push(Part::Extra(vec![(effect, role)]));
    }
    let warned = view
        .plan
        .rows()
        .iter()
        .filter(|row| {
            matches!(row.decision, crate::domain::plan::Decision::Go(_)) && row.worst() >= Some(Severity::Warn)
        })
        .count();
    if warned > 0 {
        parts.push(Part::Extra(vec![(
            words.text("confirm.warned", &[("count", &warned.to_string())]).into_owned(),
            Role::Warn,
        )]));
    }
    let blocked = view.plan.blocked();
    if blocked > 0 {
        parts.push(Part::Extra(vec![(
            words.text("confirm.left-out", &[("count", &blocked.to_string())]).into_owned(),
            Role::Dim,
        )]));
    }
    parts.push(Part::Blank);
    match &dialog.danger.phrase {
        Asked::Key(key) => {
            let key = key.to_string();
            let lead = words.text("confirm.press", &[("key", "\u{1}")]).into_owned();
            let (before, after) = lead.split_once('\u{1}').unwrap_or((&lead, ""));
            parts.push(Part::Line(vec![
                (before.to_owned(), Role::Dim),
                (key, Role::Key),
                (after.to_owned(), Role::Dim),
            ]));
        }
        Asked::Typed(wanted) => {
            let lead = words.text("confirm.type", &[("text", "\u{1}")]).into_owned();
            let (before, after) = lead.split_once('\u{1}').unwrap_or((&lead, ""));
            parts.push(Part::Input(vec![
                (before.to_owned(), Role::Dim),
                (wanted.clone(), Role::Bright),
                (format!("{after} "), Role::Dim),
            ]));
            if dialog.wrong {
                parts.push(Part::Line(vec![(words.word("confirm.wrong").to_owned(), Role::Blocked)]));
            }
        }
    }
    parts.push(Part::Blank);
    let cancel = format!(" {} {} ", canvas.skin.glyphs.chosen, words.word("confirm.cancel"));
    let go = words.word(match (addresses, nics) {
        (0, _) => "confirm.detach",
        (_, 0) => "confirm.release",
        _ => "confirm.both",
    });
    parts.push(Part::Line(vec![
        (cancel, Role::Button),
        (format!("   {go}   "), Role::Dim),
        (words.word("confirm.esc").to_owned(), Role::Dim),
    ]));
    parts.push(Part::Blank);

    let level = dialog.danger.level.to_string();
    let danger = words.text("confirm.danger", &[("level", &level)]).into_owned();
    let role = if dialog.danger.level > 1 { Role::Warn } else { Role::Accent };
    // Not so tall that nothing of the plan is seen any more.
    let most = (regions.body.height * 3 / 4).max(10);
    let height = u16::try_from(parts.len()).unwrap_or(u16::MAX).saturating_add(2).min(most);
    let inner = frame(canvas, regions, words.word("confirm.title"), &danger, (68, height), role);
    squeeze(&mut parts, usize::from(inner.height));
    write(canvas, inner, &parts, Some(&dialog.typed));
}

fn write(canvas: &mut Canvas, area: Area, parts: &[Part], typed: Option<&crate::app::browse::Line>) {
    for (row, part) in (0u16..).zip(parts) {
        let (spans, with_input) = match part {
            Part::Blank => continue,
            Part::Extra(spans) | Part::Line(spans) => (spans, false),
            Part::Input(spans) => (spans, true),
        };
        let mut pen = canvas.pen_at(area, row, 1);
        for (text, role) in spans {
            pen.put(text, *role);
        }
        let at = pen.x;
        if let Some(typed) = typed.filter(|_| with_input && row < area.height) {
            let line = Area { y: area.y + row, height: 1, ..area };
            line::input(canvas, line, at.saturating_sub(area.x), typed, None);
        }
    }
}

/// The first letter in upper case, where the script has such.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

pub fn quit(canvas: &mut Canvas, state: &State, regions: &Regions) {
    let words = canvas.words;
    let counts = state.run.as_ref().map(crate::app::run::Run::counts).unwrap_or_default();
    let (done, total) = (counts.settled().to_string(), counts.total.to_string());
    let mut parts = vec![
        Part::Blank,
        Part::Line(vec![(
            words.text("quit.running", &[("done", &done), ("total", &total)]).into_owned(),
            Role::Bright,
        )]),
        Part::Extra(vec![(words.word("quit.in-flight").to_owned(), Role::Text)]),
        Part::Blank,
        Part::Line(vec![
            (format!(" {} {} ", canvas.skin.glyphs.chosen, words.word("quit.stay")), Role::Button),
            ("   ".to_owned(), Role::Text),
            ("s".to_owned(), Role::Key),
            (format!(" {}", words.word("quit.stop")), Role::Dim),
        ]),
        Part::Blank,
    ];
    let inner = frame(canvas, regions, words.word("quit.title"), "", (66, 8), Role::Warn);
    squeeze(&mut parts, usize::from(inner.height));
    write(canvas, inner, &parts, None);
}

pub fn copy_menu(canvas: &mut Canvas, state: &State, regions: &Regions, view: Viewport) {
    let words = canvas.words;
    let items = copy::items(state);
    let label = items.iter().map(|item| text::cells(words.word(item.label))).max().unwrap_or(0);
    let label = u16::try_from(label).unwrap_or(u16::MAX).saturating_add(2);
    let height = u16::try_from(items.len()).unwrap_or(u16::MAX).saturating_add(2);
    let most = regions.body.height;
    let inner = frame(canvas, regions, words.word("copy.title"), "", (72, height.min(most)), Role::Accent);
    let lines = usize::from(inner.height);
    let first = (view.cursor + 1).saturating_sub(lines);
    for (row, (place, item)) in (0u16..).zip(items.iter().enumerate().skip(first).take(lines)) {
        let mut pen = canvas.pen_at(inner, row, 1);
        pen.column(words.word(item.label), label, Cut::End, Role::Dim).put(&item.text, Role::Text);
        if place == view.cursor {
            canvas.focus(inner, row);
        }
    }
}
