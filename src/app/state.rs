//! The state: the only mutable thing. `update` changes it, `ui` reads it.

use std::sync::Arc;

use crate::{
    domain::{
        capabilities::Capabilities,
        ids::{CloudId, ProfileId, RegionId},
        inventory::Inventory,
        journal_fault::{JournalDoubt, JournalFault},
        selection::{Selection, Target},
        time::Timestamp,
    },
    rules::Safety,
};

use super::{
    browse::{Browse, Layout, SortBy},
    calls::Calls,
    dry_run::DryRun,
    earlier::Earlier,
    find::Spoken,
    geometry::{SMALLEST, Size, TREE_FROM},
    history::History,
    jobs::JobTable,
    keymap::Keymap,
    notices::{Notices, Phrase, Worded},
    overlay::Overlay,
    plan_view::{PlanView, Source},
    run::{Run, RunRow},
    theme::ThemeName,
    verdicts::Verdicts,
};

/// A profile as the console needs it: no secret, no endpoint.
#[derive(Clone, PartialEq, Debug)]
pub struct ProfileInfo {
    pub id: ProfileId,
    pub cloud: CloudId,
    /// The cloud's name for people.
    pub title: &'static str,
    pub capabilities: &'static Capabilities,
    pub regions: Vec<RegionId>,
    pub alias: Option<String>,
    /// Environment word from the config.
    pub env: Option<String>,
    pub prod: bool,
    pub readonly: bool,
    /// Why it can not be used (a missing credential); shown as its row.
    pub problem: Option<Phrase>,
}

/// The screens behind keys 1 to 5.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Screen {
    /// No profile is configured: what to do about it.
    Welcome,
    #[default]
    Inventory,
    Plan,
    /// A running batch, and its results when it has ended.
    Run,
    /// What was done, by the journal.
    History,
    Calls,
}

/// Whether the journal was read for writes that are open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum JournalSeen {
    /// It is being read.
    #[default]
    Looking,
    Read,
    Unread(JournalFault),
}

/// The pane that keys go to on a screen with several.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pane {
    /// Beside the table of addresses, in a wide window.
    Tree,
    #[default]
    List,
    Detail,
}

/// Interface languages.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Language {
    #[default]
    English,
    Chinese,
}

/// What a start-up hands over. Made by the runtime from settings; by tests by hand.
#[derive(Clone, Debug)]
pub struct Setup {
    pub profiles: Vec<ProfileInfo>,
    pub language: Language,
    /// The demo: says so on every screen and in every export.
    pub demo: bool,
    /// Read-only for all profiles.
    pub readonly: bool,
    /// A filter to begin with.
    pub filter: String,
    pub size: Size,
    pub keymap: Keymap,
    /// A theme that was chosen before this console began.
    pub theme: Option<ThemeName>,
    /// Where the config is looked for, for the welcome screen.
    pub config_path: String,
    /// Credentials that are here already, for the welcome screen: of which cloud, and where. Names, never a value.
    pub found: Vec<(&'static str, Phrase)>,
    /// Problems found at start-up that stop nothing but must be seen (a config that could not be read).
    pub problems: Vec<Worded>,
    pub motion: bool,
    /// The mouse is on from the start.
    pub mouse: bool,
    /// Colours may be shown: the terminal is one, and nobody switched them off.
    pub color: bool,
    /// The clouds of this program, as the filter names them.
    pub clouds: Vec<&'static str>,
    /// Belts and protect rules.
    pub safety: Arc<Safety>,
    /// What the screen calls things, to be searched.
    pub spoken: Spoken,
}

/// When ctrl-c was pressed at the top, to count a second press.
pub const QUIT_AGAIN_MS: u64 = 2_000;

#[derive(Clone, Debug)]
pub struct State {
    pub profiles: Vec<ProfileInfo>,
    pub inventory: Inventory,
    pub verdicts: Verdicts,
    pub marks: Selection,
    /// Marks that were cleared, and when: pressing again within ten seconds restores them.
    pub cleared: Option<(Selection, Timestamp)>,
    pub browse: Browse,
    pub plan: Option<PlanView>,
    /// Where the plan that was left last came from: it is made anew there.
    pub left: Option<Source>,
    pub run: Option<Run>,
    /// What a dry run told, as long as it is looked at.
    pub dry_run: Option<DryRun>,
    pub history: History,
    pub calls: Calls,
    /// What was looked for last in a list that hides nothing.
    pub sought: String,
    pub spoken: Spoken,
    pub jobs: JobTable,
    pub overlays: Vec<Overlay>,
    /// Confirm dialogs that there have been.
    pub dialogs: u64,
    pub notices: Notices,
    pub screen: Screen,
    pub pane: Pane,
    pub language: Language,
    pub demo: bool,
    pub readonly: bool,
    pub safety: Arc<Safety>,
    pub motion: bool,
    /// The terminal tells what the mouse does; off, its own selection of text works.
    pub mouse: bool,
    /// Colours may be shown.
    pub color: bool,
    /// The theme that was chosen; `None`: the one that it began with.
    pub theme: Option<ThemeName>,
    pub keymap: Keymap,
    pub config_path: String,
    pub found: Vec<(&'static str, Phrase)>,
    pub problems: Vec<Worded>,
    /// Lines of the first screen that are scrolled away: a broken config may have more problems than lines fit.
    pub welcome_scroll: usize,
    /// The clouds of this program, as the filter names them.
    pub clouds: Vec<&'static str>,
    pub size: Size,
    pub now: Timestamp,
    /// When the key that is taken in was pressed.
    pub pressed_at: Timestamp,
    /// Why no intent can be put on disk, and nothing sent; `None` while nothing is known against it.
    pub no_journal: Option<JournalFault>,
    /// What is odd about the journal.
    pub doubts: Vec<JournalDoubt>,
    /// Whether it is known what earlier runs left open: nothing is sent before.
    pub journal: JournalSeen,
    /// What earlier runs left open in the journal.
    pub earlier: Earlier,
    /// A quit that was asked for once (ctrl-c at the top), and when.
    pub quit_asked: Option<Timestamp>,
    pub quitting: bool,
}

impl State {
    /// The state before anything was listed.
    pub fn new(setup: Setup, now: Timestamp) -> Self {
        let inventory = Inventory::new(setup.profiles.iter().map(|info| (info.id.clone(), info.cloud.clone())));
        let screen = if setup.profiles.is_empty() { Screen::Welcome } else { Screen::Inventory };
        Self {
            verdicts: Verdicts::new(setup.profiles.len()),
            inventory,
            profiles: setup.profiles,
            marks: Selection::default(),
            cleared: None,
            browse: Browse::new(&setup.filter),
            plan: None,
            left: None,
            run: None,
            dry_run: None,
            history: History::default(),
            calls: Calls::default(),
            sought: String::new(),
            spoken: setup.spoken,
            jobs: JobTable::default(),
            overlays: Vec::new(),
            dialogs: 0,
            notices: Notices::default(),
            screen,
            pane: Pane::List,
            language: setup.language,
            demo: setup.demo,
            readonly: setup.readonly,
            safety: setup.safety,
            motion: setup.motion,
            mouse: setup.mouse,
            color: setup.color,
            theme: setup.theme,
            keymap: setup.keymap,
            config_path: setup.config_path,
            found: setup.found,
            problems: setup.problems,
            welcome_scroll: 0,
            clouds: setup.clouds,
            size: setup.size,
            now,
            pressed_at: now,
            no_journal: None,
            doubts: Vec::new(),
            journal: JournalSeen::Looking,
            earlier: Earlier::default(),
            quit_asked: None,
            quitting: false,
        }
    }

    /// A profile by its place.
    pub fn info(&self, place: usize) -> Option<&ProfileInfo> {
        self.profiles.get(place)
    }

    pub fn profile(&self, id: &ProfileId) -> Option<&ProfileInfo> {
        self.profiles.iter().find(|info| &info.id == id)
    }

    /// Of the cloud, in the generation of its API that the profile chose.
    pub fn capabilities(&self, id: &ProfileId) -> Option<&'static Capabilities> {
        self.profile(id).map(|info| info.capabilities)
    }

    /// May writes be sent for this profile at all?
    pub fn writable(&self, id: &ProfileId) -> bool {
        !self.readonly && self.profile(id).is_some_and(|info| !info.readonly && info.problem.is_none())
    }

    /// Where a target stands in the batch that is running, if that has anything to do with it.
    pub fn in_batch(&self, target: &Target) -> Option<&RunRow> {
        self.run.as_ref()?.holds(target)
    }

    /// The tree has a pane of its own beside the table of addresses: it is wanted, and the window is wide enough.
    pub fn has_tree_pane(&self) -> bool {
        let room = self.size.columns >= TREE_FROM && self.size.rows >= SMALLEST.rows;
        room && self.browse.layout == Layout::Tree
    }

    /// The list is the tree itself: instances, NICs and addresses in one.
    pub fn lists_tree(&self) -> bool {
        self.browse.layout == Layout::Tree && !self.has_tree_pane()
    }

    /// What the table of addresses is sorted by, and whether from the end; `None` where the list follows the tree.
    pub fn sorting(&self) -> Option<(SortBy, bool)> {
        match self.browse.layout {
            Layout::Table { by, reverse } => Some((by, reverse)),
            Layout::Tree => self.browse.beside.filter(|_| self.has_tree_pane()),
        }
    }

    /// A batch is running (or paused).
    pub fn is_running(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.ended.is_none())
    }

    /// The dialog that wants to be seen before it takes an answer, and was not seen yet.
    pub fn wants_showing(&self) -> Option<u64> {
        match self.overlays.last() {
            Some(Overlay::Confirm(dialog)) if dialog.shown_at.is_none() => Some(dialog.number),
            _ => None,
        }
    }

    /// How far the text that the keys scroll now is scrolled.
    pub fn scrolled(&mut self) -> Option<&mut usize> {
        match self.overlays.last_mut() {
            Some(Overlay::Help(help)) => Some(&mut help.view.offset),
            Some(Overlay::Confirm(dialog)) => Some(&mut dialog.scroll),
            Some(
                Overlay::Detail { scroll }
                | Overlay::Call { scroll }
                | Overlay::DryRun { scroll, .. }
                | Overlay::Earlier { scroll },
            ) => Some(scroll),
            None if self.screen == Screen::Inventory && self.pane == Pane::Detail => {
                Some(&mut self.browse.detail_scroll)
            }
            _ => None,
        }
    }

    /// When the screen changes by itself next: a message goes, a clock ticks, a spinner turns. `None`: never.
    pub fn wake_at(&self) -> Option<Timestamp> {
        super::update::wake_at(self)
    }
}
