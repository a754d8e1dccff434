//! Line 1: who, where, how safe. The same on every screen; pieces drop in a fixed order when the window is narrow.

use std::{borrow::Cow, collections::BTreeSet};

use crate::{
    app::{
        browse,
        geometry::{Area, Regions},
        plan_view::PlanView,
        rows,
        run::Pace,
        state::{Language, ProfileInfo, Screen, State},
    },
    domain::ids::ProfileId,
};

use super::{canvas::Canvas, text, theme::Role, words};

/// Data older than this is called stale.
const STALE_MS: u64 = 5 * 60 * 1000;
/// Cells of a profile's name at most.
const NAME: usize = 20;
/// In a window of less than [`NARROW`] columns.
const SHORT_NAME: usize = 12;
const NARROW: u16 = 60;
/// From this many columns the line begins with the program's name.
const NAMED: u16 = 90;

/// A part of the header that stays or goes as a whole.
struct Piece<'a> {
    right: bool,
    /// The greatest goes first.
    drop: u8,
    /// Cells before it.
    gap: u16,
    spans: Vec<(Cow<'a, str>, Role)>,
}

impl Piece<'_> {
    fn width(&self) -> u16 {
        let text: usize = self.spans.iter().map(|(text, _)| text::cells(text)).sum();
        u16::try_from(text).unwrap_or(u16::MAX).saturating_add(self.gap)
    }
}

pub fn draw(canvas: &mut Canvas, state: &State, regions: &Regions) {
    if state.demo {
        banner(canvas, Area { x: 0, y: 0, width: regions.header.width, height: regions.header.y });
    }
    canvas.tint(regions.header, Role::Header);
    let mut pieces = pieces(canvas, state);
    // One cell at each end, and two between left and right.
    let room = regions.header.width.saturating_sub(4);
    while pieces.iter().map(Piece::width).sum::<u16>() > room {
        let Some(last) = (0..pieces.len()).max_by_key(|&n| pieces[n].drop) else { return };
        pieces.remove(last);
    }
    let right: u16 = pieces.iter().filter(|piece| piece.right).map(Piece::width).sum();
    let mut pen = canvas.pen(regions.header, 0);
    pen.gap(1);
    for (nth, piece) in pieces.iter().filter(|piece| !piece.right).enumerate() {
        pen.gap(if nth == 0 { 0 } else { piece.gap });
        for (text, role) in &piece.spans {
            pen.put(text, *role);
        }
    }
    pen.to(regions.header.width.saturating_sub(right + 1));
    for piece in pieces.iter().filter(|piece| piece.right) {
        pen.gap(piece.gap);
        for (text, role) in &piece.spans {
            pen.put(text, *role);
        }
    }
}

fn banner(canvas: &mut Canvas, area: Area) {
    let words = canvas.words;
    canvas.tint(area, Role::Banner);
    canvas.pen(area, 0).gap(1).put(words.word("banner.demo"), Role::Banner);
}

fn pieces<'a>(canvas: &Canvas<'a>, state: &'a State) -> Vec<Piece<'a>> {
    let words = canvas.words;
    let mut pieces = Vec::new();
    let mut add = |right: bool, drop: u8, gap: u16, spans: Vec<(Cow<'a, str>, Role)>| {
        pieces.push(Piece { right, drop, gap, spans });
    };
    let changed = changed(state);
    let first = state.profiles.iter().find(|info| info.prod).or(state.profiles.first());
    // By the window alone: a mark or a batch that comes or goes must not move the line's beginning.
    if first.is_none() || state.size.columns >= NAMED {
        add(false, 6, 0, vec![(Cow::Borrowed("nicdeck"), Role::Key)]);
    }
    let most = if state.size.columns < NARROW { SHORT_NAME } else { NAME };
    if let Some(changed) = &changed {
        // Whose resources are changed never goes.
        let room = usize::from(state.size.columns / 3).max(NAME);
        let mut spans = Vec::new();
        let mut used = 0;
        for (nth, info) in changed.iter().enumerate() {
            let name = text::fit(info.id.as_str(), most, text::Cut::End, canvas.skin.glyphs.cut);
            let wide = text::cells(&name) + if nth > 0 { 2 } else { 0 } + if info.prod { 7 } else { 0 };
            if nth > 0 && used + wide > room {
                let more = (changed.len() - nth).to_string();
                spans.push((Cow::Borrowed(" "), Role::Text));
                spans.push((words.text("header.more-profiles", &[("count", &more)]), Role::Text));
                break;
            }
            used += wide;
            if nth > 0 {
                spans.push((Cow::Borrowed(", "), Role::Dim));
            }
            if info.prod {
                spans.push((Cow::Borrowed(" PROD "), Role::Prod));
                spans.push((Cow::Borrowed(" "), Role::Text));
            }
            spans.push((name, Role::Text));
        }
        add(false, 0, 2, spans);
    } else if let Some(info) = first {
        let name = (text::fit(info.id.as_str(), most, text::Cut::End, canvas.skin.glyphs.cut), Role::Text);
        if info.prod {
            add(false, 0, 2, vec![(Cow::Borrowed(" PROD "), Role::Prod)]);
        }
        add(false, 0, if info.prod { 1 } else { 2 }, vec![name]);
        if state.profiles.len() > 1 {
            let more = (state.profiles.len() - 1).to_string();
            add(false, 3, 1, vec![(words.text("header.more-profiles", &[("count", &more)]), Role::Dim)]);
        }
        // What was never read is no account with nothing in it.
        if crate::app::browse::oldest(state).is_some() || state.inventory.nic_count() > 0 {
            let (addresses, nics) =
                (state.inventory.address_count().to_string(), state.inventory.nic_count().to_string());
            add(false, 7, 3, counted(&addresses, words.text("header.addresses", &[("count", &addresses)])));
            add(false, 9, 2, counted(&nics, words.text("header.nics", &[("count", &nics)])));
        }
    }

    if let Some(marks) = marks(canvas, state) {
        add(true, 1, 3, vec![(marks, Role::Mark)]);
    }
    if let Some(run) = state.run.as_ref().filter(|run| run.ended.is_none() && state.screen != Screen::Run) {
        let counts = run.counts();
        let (done, total) = (counts.answered().to_string(), counts.total.to_string());
        let key = if run.pace == Pace::Paused { "header.batch-paused" } else { "header.batch" };
        add(true, 2, 3, vec![(words.text(key, &[("done", &done), ("total", &total)]), Role::Info)]);
    }
    if let Some(offline) = offline(canvas, state) {
        add(true, 2, 3, vec![(offline, Role::Warn)]);
    }
    if first.is_some() {
        add(true, 1, 3, vec![access(canvas, state)]);
        if let Some(age) = age(canvas, state) {
            add(true, 4, 3, vec![age]);
        }
    }
    let language = match state.language {
        Language::English => "EN",
        Language::Chinese => "中",
    };
    add(true, 8, 3, vec![(Cow::Borrowed(language), Role::Dim)]);
    pieces
}

/// Whose cloud the batch can not reach.
fn offline<'a>(canvas: &Canvas<'a>, state: &State) -> Option<Cow<'a, str>> {
    let words = canvas.words;
    let mut away = state.run.as_ref()?.offline.keys();
    let mut names = away.next()?.to_string();
    let more = away.count();
    if more > 0 {
        names.push(' ');
        names.push_str(&words.text("header.more-profiles", &[("count", &more.to_string())]));
    }
    Some(words.text("header.offline", &[("profiles", &names)]))
}

/// On the screens of a plan or batch: the profiles that it changes, production first. A plan that can send nothing: those it is
/// about.
fn changed(state: &State) -> Option<Vec<&ProfileInfo>> {
    let plan = match state.screen {
        Screen::Plan => &state.plan.as_ref()?.plan,
        Screen::Run => &state.run.as_ref()?.plan,
        Screen::Welcome | Screen::Inventory | Screen::History | Screen::Calls => return None,
    };
    let sent: BTreeSet<&ProfileId> = plan.operations().iter().map(|operation| &operation.profile).collect();
    let about: BTreeSet<&ProfileId> = plan.rows().iter().map(|row| &row.target.nic().profile).collect();
    let wanted = if sent.is_empty() { about } else { sent };
    let mut infos: Vec<&ProfileInfo> = state.profiles.iter().filter(|info| wanted.contains(&info.id)).collect();
    infos.sort_by_key(|info| !info.prod);
    Some(infos).filter(|infos| !infos.is_empty())
}

/// A number that is looked for, and the word behind it.
fn counted<'a>(number: &str, text: Cow<'a, str>) -> Vec<(Cow<'a, str>, Role)> {
    match text.strip_prefix(number) {
        Some(rest) => vec![(Cow::Owned(number.to_owned()), Role::Bright), (Cow::Owned(rest.to_owned()), Role::Dim)],
        None => vec![(text, Role::Dim)],
    }
}

fn marks<'a>(canvas: &Canvas<'a>, state: &State) -> Option<Cow<'a, str>> {
    if state.marks.is_empty() {
        return None;
    }
    let count = state.marks.len().to_string();
    let hidden = rows::hidden_marks(state);
    Some(match hidden {
        0 => canvas.words.text("header.marked", &[("count", &count)]),
        _ => canvas.words.text("header.marked-hidden", &[("count", &count), ("hidden", &hidden.to_string())]),
    })
}

fn access<'a>(canvas: &Canvas<'a>, state: &State) -> (Cow<'a, str>, Role) {
    let words = canvas.words;
    let (all, writable) =
        (state.profiles.len(), state.profiles.iter().filter(|info| !state.readonly && !info.readonly).count());
    match writable {
        0 => (Cow::Borrowed(words.word("header.read-only")), Role::Ok),
        some if some == all => (Cow::Borrowed(words.word("header.read-write")), Role::Warn),
        some => (
            words.text("header.read-write-some", &[("count", &some.to_string()), ("total", &all.to_string())]),
            Role::Warn,
        ),
    }
}

fn age<'a>(canvas: &Canvas<'a>, state: &State) -> Option<(Cow<'a, str>, Role)> {
    let words = canvas.words;
    let (began, ended) = state.jobs.listings().fold((0, 0), |sum, (_, job)| (sum.0 + job.began, sum.1 + job.ended));
    if state.jobs.listings().next().is_some() && began == 0 {
        return Some((Cow::Borrowed(words.word("header.loading-begins")), Role::Info));
    }
    if state.jobs.listings().next().is_some() {
        let values = [("done", ended.to_string()), ("total", began.to_string())];
        return Some((
            words.text("header.loading", &values.each_ref().map(|(name, value)| (*name, value.as_str()))),
            Role::Info,
        ));
    }
    // A plan's NICs were read for it: how old they are stands there, and of what is older its findings say so.
    let plan = state.plan.as_ref().filter(|_| state.screen == Screen::Plan).and_then(PlanView::read_at);
    let oldest = plan.or_else(|| browse::oldest(state))?;
    let age = words::age(words, state.now, oldest);
    if state.now.since(oldest) < STALE_MS {
        return Some((age, Role::Dim));
    }
    Some((words.text("header.stale", &[("age", &age)]), Role::Warn))
}
