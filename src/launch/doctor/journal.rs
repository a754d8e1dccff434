//! The journal's rows: whether the next record could be written, whether the lines prove each other, and what is left open.

use std::path::Path;

use serde::Serialize;

use super::Grade;
use crate::{
    app::notices::Phrase,
    domain::{
        clean::clean,
        journal_fault::{JournalDoubtKind, JournalFault},
    },
    runtime::{
        Launch, clock,
        journal::{
            self,
            health::{self, Health},
        },
    },
    ui::catalog::Catalog,
};

/// What was found.
pub(super) struct Journal {
    path: String,
    /// `None`: it does not exist, and could be made.
    health: Result<Health, JournalFault>,
}

/// One thing about it.
#[derive(Serialize)]
pub(super) struct Row {
    /// A stable name, for scripts.
    what: &'static str,
    #[serde(rename = "level")]
    pub(super) grade: Grade,
    pub(super) text: String,
}

impl Journal {
    pub(super) fn look(launch: &Launch) -> Self {
        let place = launch.journal.clone().map_or_else(|| journal::default_path(launch.demo), Ok);
        let shown = |path: &Path| clean(&path.to_string_lossy()).into_owned();
        Self {
            path: place.as_deref().map(shown).unwrap_or_default(),
            health: place
                .and_then(|path| health::look(&path, launch.since, clock::now()))
                .map_err(|error| error.fault()),
        }
    }

    /// What would hold up a batch, or makes what is written there worthless.
    pub(super) fn is_well(&self) -> bool {
        self.health.as_ref().is_ok_and(|health| {
            health.verdict.is_whole() && health.doubts.iter().all(|doubt| grade(doubt.kind) < Grade::Bad)
        })
    }

    pub(super) fn told(&self, words: &Catalog) -> Vec<Row> {
        let health = match &self.health {
            Ok(health) => health,
            Err(fault) => {
                let text = words.phrase(&Phrase::from(fault));
                return vec![Row { what: fault.kind.key(), grade: Grade::Bad, text }];
            }
        };
        let verdict = &health.verdict;
        let whole = verdict.is_whole();
        let (count, files) = (verdict.records.to_string(), verdict.files.len().to_string());
        let key = if whole { "doctor.journal-whole" } else { "doctor.journal-broken" };
        let values = [("path", self.path.as_str()), ("count", &count), ("files", &files)];
        let mut rows = vec![Row {
            what: if whole { "whole" } else { "broken" },
            grade: if whole { Grade::Good } else { Grade::Bad },
            text: words.text(key, &values).into_owned(),
        }];
        rows.extend(health.doubts.iter().map(|doubt| Row {
            what: match doubt.kind {
                JournalDoubtKind::Changed => "changed",
                JournalDoubtKind::Cut => "cut",
                JournalDoubtKind::Torn => "torn",
                JournalDoubtKind::Unmarked => "unmarked",
                JournalDoubtKind::Newer(_) => "newer",
                JournalDoubtKind::Ahead(_) => "ahead",
            },
            grade: grade(doubt.kind),
            text: words.phrase(&Phrase::from(doubt)),
        }));
        let mut odd = |what, key, count: usize| {
            let text = words.text(key, &[("count", &count.to_string())]).into_owned();
            rows.push(Row { what, grade: Grade::Odd, text });
        };
        if verdict.unproven > 0 {
            odd("unproven", "doctor.journal-unproven", verdict.unproven);
        }
        match (health.open, health.running) {
            (0, _) => {}
            (open, true) => odd("running", "doctor.journal-running", open),
            (open, false) => odd("open", "doctor.journal-open", open),
        }
        rows
    }
}

fn grade(kind: JournalDoubtKind) -> Grade {
    match kind {
        // As a power cut leaves it.
        JournalDoubtKind::Torn | JournalDoubtKind::Unmarked => Grade::Odd,
        JournalDoubtKind::Changed | JournalDoubtKind::Cut | JournalDoubtKind::Newer(_) | JournalDoubtKind::Ahead(_) => {
            Grade::Bad
        }
    }
}
