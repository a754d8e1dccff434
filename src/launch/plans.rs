//! `nicdeck plan`, `nicdeck undo` and `nicdeck apply`: from what was asked on the command line to a file, or to a batch, and to an exit code.

use std::{io, path::Path};

use crate::{
    app::{export::Exported, state::Language},
    cli::{ApplyStart, Exit, PlanStart},
    domain::clean::clean,
    report::{Format, demo_flag, rehearsal},
    runtime::{
        self, Launch, clock,
        headless::{
            Listed,
            apply::{self, Applied, Verdict},
            plans::{self, Planned},
        },
        jobs::export::{self, ExportError},
        plan_file::{PlanFile, PlanFileError},
        signals,
    },
    told,
    ui::catalog::Catalogs,
};

use super::{Failure, Stage, complain, failed, form, tokio_runtime, words};

/// Makes a plan and puts it into a file. Sends nothing.
pub fn plan(start: &PlanStart, out: &mut dyn io::Write, err: &mut dyn io::Write) -> Exit {
    let tokio = match tokio_runtime() {
        Ok(tokio) => tokio,
        Err(error) => return complain(err, &error, Exit::Failure),
    };
    let language = told::language(start.settings.look.language);
    let exit = tokio.block_on(async {
        let catalogs = words(&start.settings.keys)?;
        let form = form(catalogs.of(language), start.format, start.progress);
        // Before a cloud is asked anything for it.
        let file = start.file.as_deref().filter(|path| *path != Path::new("-"));
        if let Some(Err(error)) = file.map(|path| PlanFile::is_free(path, start.force)) {
            return Ok(refuse(err, &catalogs, language, &error));
        }
        let mut stage = Stage::set(start.demo, &start.settings, &start.only).await?;
        stage.launch.readonly = start.settings.readonly;
        stage.launch.filter = start.filter.clone().unwrap_or_default();
        let planned = plans::make(&stage.launch, &start.wish, &form, err).await.map_err(Failure::Run)?;
        let (file, plan, listed) = match planned {
            Planned::Made { file, plan, listed } => (file, plan, listed),
            Planned::Nothing(listed) => {
                let partly = partly(listed);
                let key = if partly.is_some() { "plan-command.nothing-read" } else { "plan-command.nothing" };
                let _ = writeln!(err, "{}", (form.tell)(key, &[]));
                return Ok(partly.unwrap_or(Exit::Done));
            }
            Planned::Refused => return Ok(Exit::Refused),
            Planned::Unnamed => return Ok(Exit::Usage),
            Planned::Unlisted(listed) => return Ok(unlisted(listed)),
        };
        let to_stdout = start.file.as_deref() == Some(Path::new("-"));
        let written = if to_stdout {
            file.write(out).and_then(|()| out.flush()).map_err(ExportError::Output)
        } else {
            if let Some(Err(error)) = start.file.as_deref().map(|path| file.save(path, start.force)) {
                return Ok(refuse(err, &catalogs, language, &error));
            }
            let desk = desk(&stage.launch);
            put(&desk, &Exported::Plan(plan.clone()), start.format, language, out)
        };
        let unread = written.err().and_then(|error| unwritten(err, &error));
        let blocked = plan.blocked().to_string();
        let (count, more) = plan.calls();
        let key = if more { "plan.calls-more" } else { "plan.calls" };
        let calls = (form.tell)(key, &[("count", &count.to_string())]);
        let targets = plan.targets().count().to_string();
        let values = [("targets", targets.as_str()), ("calls", &calls), ("blocked", &blocked)];
        let _ = writeln!(err, "{}", (form.tell)("plan-command.made", &values));
        if plan.told_hash().is_none() {
            let _ = writeln!(err, "{}", (form.tell)("plan-command.sends-nothing", &[]));
            // What is so already is no refusal.
            let end = if plan.blocked() == 0 { partly(listed).unwrap_or(Exit::Done) } else { Exit::Refused };
            return Ok(unread.unwrap_or(end));
        }
        let path = start.file.as_deref().map(|path| path.to_string_lossy());
        let shown = path.as_deref().filter(|_| !to_stdout).map_or("FILE".into(), clean);
        let key = if start.file.is_some() { "plan-command.next" } else { "plan-command.into-file" };
        let _ = writeln!(
            err,
            "{}",
            (form.tell)(key, &[("path", &*shown), ("hash", file.hash()), ("demo", demo_flag(start.demo))])
        );
        Ok(match (unread, partly(listed)) {
            (Some(_), _) => Exit::Failure,
            (None, Some(partly)) => partly,
            (None, None) if start.detailed => Exit::Something,
            (None, None) => Exit::Done,
        })
    });
    tokio.shutdown_background();
    exit.unwrap_or_else(|failure| failed(err, &failure, language))
}

/// Carries a plan out, or rehearses it.
pub fn apply(start: &ApplyStart, out: &mut dyn io::Write, err: &mut dyn io::Write) -> Exit {
    let tokio = match tokio_runtime() {
        Ok(tokio) => tokio,
        Err(error) => return complain(err, &error, Exit::Failure),
    };
    let language = told::language(start.settings.look.language);
    let exit = tokio.block_on(async {
        let catalogs = words(&start.settings.keys)?;
        let form = form(catalogs.of(language), start.format, start.progress);
        let file = match PlanFile::load(&start.file) {
            Ok(file) => file,
            Err(error) => return Ok(refuse(err, &catalogs, language, &error)),
        };
        let mut stage = Stage::set(start.demo, &start.settings, &start.only).await?;
        stage.launch.readonly = start.settings.readonly;
        let named = file.profiles();
        stage.launch.accounts.retain(|account| named.contains(&account.profile.id));
        let approved = start.approve.as_deref().filter(|_| !start.dry_run);
        let applied = apply::apply(&stage.launch, &file, approved, &form, err).await.map_err(Failure::Run)?;
        let desk = desk(&stage.launch);
        Ok(match applied {
            Applied::Ran { results, signal } => {
                let verdict = apply::verdict(&results);
                // First: whoever wants to take it back needs it, read the report who may.
                if let Some(batch) = &results.batch {
                    let _ = writeln!(err, "{}", (form.tell)("apply.batch", &[("batch", batch)]));
                }
                let written = put(&desk, &Exported::Results(results), start.format, language, out);
                let unread = written.err().and_then(|error| unwritten(err, &error));
                match (signal, verdict) {
                    (Some(signal), _) => signalled(signal),
                    (None, Verdict::Done) => unread.unwrap_or(Exit::Done),
                    (None, Verdict::Denied) => Exit::Credentials,
                    (None, Verdict::Partly) => Exit::Partly,
                }
            }
            Applied::Rehearsed(run) => {
                let plan = run.plan.hash().to_string();
                let tell = |key: &str, values: &[(&str, &str)]| (form.tell)(key, values);
                let writes = (0..run.plan.operations().len()).filter_map(|at| run.at(at)).collect();
                let source = rehearsal::Source { demo: start.demo, plan: &plan, writes, tell: &tell };
                let mut text = Vec::new();
                let written = rehearsal::write(&source, start.format, &mut text);
                let written = written.and_then(|()| out.write_all(&text)).and_then(|()| out.flush());
                let unread = written.err().and_then(|error| unwritten(err, &ExportError::Output(error)));
                let _ = writeln!(err, "{}", (form.tell)("apply.rehearsed", &[]));
                let all = run.would_send() == run.plan.operations().len();
                unread.unwrap_or(if all { Exit::Done } else { Exit::Partly })
            }
            Applied::Stale => Exit::Stale,
            Applied::Refused => Exit::Refused,
            Applied::NoProfile => Exit::Usage,
            Applied::Unlisted(listed) => unlisted(listed),
            Applied::Unread { permission: true } => Exit::Credentials,
            Applied::NoJournal | Applied::Unread { permission: false } => Exit::Failure,
            Applied::Signal(signal) => signalled(signal),
        })
    });
    tokio.shutdown_background();
    exit.unwrap_or_else(|failure| failed(err, &failure, language))
}

/// A plan of what could be listed is none of the whole: a script must not take it, or that it is empty, for all there is to do.
fn partly(listed: Listed) -> Option<Exit> {
    (listed != Listed::All).then_some(Exit::Partly)
}

fn unlisted(listed: Listed) -> Exit {
    if listed == Listed::Refused { Exit::Credentials } else { Exit::Failure }
}

fn signalled(signal: i32) -> Exit {
    match signal {
        signals::TERMINATE => Exit::Terminated,
        signals::INTERRUPT => Exit::Interrupted,
        _ => Exit::HungUp,
    }
}

fn desk(launch: &Launch) -> export::Desk {
    export::Desk {
        journal: launch.journal.clone().unwrap_or_default(),
        author: runtime::author(),
        demo: launch.demo,
        tell: launch.tell.clone(),
        now: clock::now,
    }
}

fn put(
    desk: &export::Desk,
    what: &Exported,
    format: Format,
    language: Language,
    out: &mut dyn io::Write,
) -> Result<(), ExportError> {
    let text = export::text(desk, what, format, language)?;
    out.write_all(&text).and_then(|()| out.flush()).map_err(ExportError::Output)
}

/// A report that could not be written is a failure. A reader that went away early (head, less) has what it wanted: how it ended the exit
/// code tells all the same.
fn unwritten(err: &mut dyn io::Write, error: &ExportError) -> Option<Exit> {
    match error {
        ExportError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
        error => Some(complain(err, error, Exit::Failure)),
    }
}

/// A file that is not taken.
fn refuse(err: &mut dyn io::Write, catalogs: &Catalogs, language: Language, error: &PlanFileError) -> Exit {
    let text = catalogs.of(language).phrase(&error.phrase());
    let exit = match error {
        PlanFileError::Read { .. }
        | PlanFileError::Taken { .. }
        | PlanFileError::There { .. }
        | PlanFileError::NoPlan { .. }
        | PlanFileError::Version { .. } => Exit::Usage,
        PlanFileError::Write { .. } => Exit::Failure,
        PlanFileError::Altered { .. } => Exit::Stale,
    };
    complain(err, &text, exit)
}
