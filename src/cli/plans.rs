//! `nicdeck plan`, `nicdeck undo` and `nicdeck apply`: what stands on the command line is looked at here, and carried out elsewhere.

use std::{net::IpAddr, path::PathBuf};

use crate::{
    app::state::Language,
    config::Flags,
    domain::plan::REASON_LEAST,
    report::Format,
    runtime::headless::plans::{Asked, Name, Wish},
    ui::catalog::{Catalog, Catalogs},
};

use super::{ApplyStart, Entry, Exit, Only, PlanStart, Process, complain, usable};

/// `plan` or `undo`, as clap reads it.
pub(super) struct PlanArgs {
    pub targets: Vec<String>,
    pub detach: Vec<String>,
    /// The batch that is to be taken back.
    pub undo: Option<String>,
    /// The batch of which the rest is to be planned.
    pub rest: Option<String>,
    pub file: Option<PathBuf>,
    pub force: bool,
    pub overrides: Vec<String>,
    pub format: Format,
    pub detailed: bool,
    pub demo: bool,
    pub filter: Option<String>,
}

/// `apply`, as clap reads it.
pub(super) struct ApplyArgs {
    pub file: PathBuf,
    pub approve: Option<String>,
    pub dry_run: bool,
    pub format: Format,
    pub demo: bool,
}

/// Makes a plan of what is named, or of what a filter finds; never of everything because nothing was said.
pub(super) fn plan(
    args: PlanArgs,
    flags: &Flags,
    catalogs: &Catalogs,
    language: Language,
    process: &mut Process<'_>,
    entry: &Entry<'_>,
) -> Exit {
    let wish = match wish(&args, catalogs.of(language)) {
        Ok(wish) => wish,
        Err(text) => return complain(process, &text, Exit::Usage),
    };
    let settings = match usable(args.demo, flags, catalogs, language, process) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let start = PlanStart {
        settings,
        demo: args.demo,
        only: Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() },
        wish,
        filter: args.filter,
        file: args.file,
        force: args.force,
        format: args.format,
        detailed: args.detailed,
        progress: process.stderr_is_terminal,
    };
    (entry.plan)(start, process.out, process.err)
}

/// Carries out a plan that was approved by its hash.
pub(super) fn apply(
    args: ApplyArgs,
    flags: &Flags,
    catalogs: &Catalogs,
    language: Language,
    process: &mut Process<'_>,
    entry: &Entry<'_>,
) -> Exit {
    let is_hash = |text: &str| text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit());
    if let Some(text) = args.approve.as_deref().filter(|text| !is_hash(text.trim())) {
        let text = catalogs.of(language).text("apply.no-hash", &[("given", text)]).into_owned();
        return complain(process, &text, Exit::Usage);
    }
    let settings = match usable(args.demo, flags, catalogs, language, process) {
        Ok(settings) => settings,
        Err(exit) => return exit,
    };
    let start = ApplyStart {
        settings,
        demo: args.demo,
        only: Only { profiles: flags.profiles.clone(), regions: flags.regions.clone() },
        file: args.file,
        approve: args.approve,
        dry_run: args.dry_run,
        format: args.format,
        progress: process.stderr_is_terminal,
    };
    (entry.apply)(start, process.out, process.err)
}

/// What is asked for, or what is wrong with it in words.
fn wish(args: &PlanArgs, words: &Catalog) -> Result<Wish, String> {
    let bad = |key: &str, given: &str| words.text(key, &[("given", given)]).into_owned();
    let release: Vec<Name> = args
        .targets
        .iter()
        .map(|text| Name::address(text).ok_or_else(|| bad("plan-command.no-address", text)))
        .collect::<Result<_, _>>()?;
    let detach: Vec<Name> = args
        .detach
        .iter()
        .map(|text| Name::nic(text).ok_or_else(|| bad("plan-command.no-nic", text)))
        .collect::<Result<_, _>>()?;
    let named = !release.is_empty() || !detach.is_empty();
    if args.rest.is_some() && (named || args.filter.is_some()) {
        return Err(bad("plan-command.rest-alone", ""));
    }
    let asked = match (named, args.filter.as_deref().is_some_and(|text| !text.trim().is_empty())) {
        (true, true) => return Err(bad("plan-command.both", "")),
        (false, false) if args.undo.is_some() => Asked::Undo(args.undo.clone().unwrap_or_default()),
        (false, false) if args.rest.is_some() => Asked::Rest(args.rest.clone().unwrap_or_default()),
        (false, false) => return Err(bad("plan-command.neither", "")),
        (true, false) => Asked::Named { release, detach },
        (false, true) => Asked::Filtered,
    };
    let overrides = args.overrides.iter().map(|text| {
        override_of(text).ok_or_else(|| {
            let least = REASON_LEAST.to_string();
            words.text("plan-command.bad-override", &[("given", text), ("least", &least)]).into_owned()
        })
    });
    Ok(Wish { asked, overrides: overrides.collect::<Result<_, _>>()? })
}

/// `ADDRESS=REASON`.
fn override_of(text: &str) -> Option<(IpAddr, String)> {
    let (ip, reason) = text.split_once('=')?;
    let reason = reason.trim();
    (reason.chars().count() >= REASON_LEAST).then_some(())?;
    Some((ip.trim().parse().ok()?, reason.to_owned()))
}
