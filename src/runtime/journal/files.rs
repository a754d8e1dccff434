//! The journal's files: made for their owner alone, locked, named on disk.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::JournalError;
use crate::domain::clean::clean;

/// For reading, and for writing at the end.
pub(super) fn file(path: &Path) -> Result<File, JournalError> {
    plain(path)?;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| JournalError::Open { path: path.to_owned(), error })
}

/// For reading alone; `None`: there is none.
pub(super) fn to_read(path: &Path) -> Result<Option<File>, JournalError> {
    plain(path)?;
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(JournalError::Read { path: path.to_owned(), error }),
        Ok(file) => Ok(Some(file)),
    }
}

/// Nothing but a file is a journal: a pipe is opened only once somebody writes to it, a device may have no end, and what a device takes
/// may be nowhere.
pub(super) fn plain(path: &Path) -> Result<(), JournalError> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe or a device, not a file");
            Err(JournalError::Open { path: path.to_owned(), error })
        }
        // Opening it tells what is wrong.
        _ => Ok(()),
    }
}

/// The file that the path names, under its lock. One that was moved away while it was waited for is let go.
pub(super) fn locked(path: &Path, patience: Duration) -> Result<File, JournalError> {
    loop {
        let file = file(path)?;
        lock(path, patience, || file.try_lock())?;
        if is_at(&file, path) {
            return Ok(file);
        }
    }
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => place(&open) == place(&named),
        _ => false,
    }
}

/// Which file it is, whatever it is called by now.
pub(super) type Place = (u64, u64);

#[cfg(unix)]
pub(super) fn place(meta: &fs::Metadata) -> Place {
    use std::os::unix::fs::MetadataExt;
    (meta.dev(), meta.ino())
}

/// When it was made tells it there.
#[cfg(not(unix))]
pub(super) fn place(meta: &fs::Metadata) -> Place {
    let made = meta.created().ok().and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    (0, made.map_or(0, |made| u64::try_from(made.as_nanos()).unwrap_or(u64::MAX)))
}

/// An open file can not be moved away there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Journals that are full, oldest first: they stand beside the one that is written to.
///
/// # Errors
/// The folder cannot be listed. One that does not exist holds none.
pub(super) fn full(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(numbered(path)?.into_iter().map(|(_, path)| path).collect())
}

fn numbered(path: &Path) -> io::Result<Vec<(u32, PathBuf)>> {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return Ok(Vec::new()) };
    let entries = match fs::read_dir(folder(path)) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().and_then(|name| name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".jsonl"));
        if let Some(number) = name.and_then(|number| number.parse().ok()) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Moves a full journal to the name after the last one. The caller holds its lock, so no other nicdeck does the same.
///
/// # Errors
/// The folder cannot be listed, or the file not be moved; also where something stands there already: nothing is ever replaced.
pub(super) fn put_aside(path: &Path) -> io::Result<()> {
    let last = numbered(path)?.last().map_or(0, |(number, _)| *number);
    move_to(path, &named(path, last.saturating_add(1)))
}

fn named(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("journal");
    path.with_file_name(format!("{stem}-{number:04}.jsonl"))
}

/// A rename replaces what is there. The name is taken first, which fails if somebody has it; not every file system has hard links.
fn move_to(from: &Path, to: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    drop(options.open(to)?);
    fs::rename(from, to).inspect_err(|_| {
        // It is empty, and ours.
        let _ = fs::remove_file(to);
    })
}

/// The last line without its line end, and whether it has one. Reads from the end.
pub(super) fn last_line(file: &mut File) -> io::Result<Option<(Vec<u8>, bool)>> {
    const STEP: u64 = 8 * 1024;
    let mut start = file.seek(SeekFrom::End(0))?;
    let mut tail: Vec<u8> = Vec::new();
    while start > 0 {
        let step = STEP.min(start);
        start -= step;
        file.seek(SeekFrom::Start(start))?;
        let mut part = vec![0; usize::try_from(step).unwrap_or_default()];
        file.read_exact(&mut part)?;
        part.append(&mut tail);
        tail = part;
        let ended = tail.last() == Some(&b'\n');
        let body = tail.strip_suffix(b"\n").unwrap_or(&tail);
        if let Some(before) = body.iter().rposition(|&byte| byte == b'\n') {
            return Ok(Some((body.get(before + 1..).unwrap_or_default().to_vec(), ended)));
        }
        if start == 0 {
            return Ok(Some((body.to_vec(), ended)));
        }
    }
    Ok(None)
}

/// Waits for the lock, but not for ever: a process that was stopped in the middle of a record would hang this one.
pub(super) fn lock(
    path: &Path,
    patience: Duration,
    mut attempt: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), JournalError> {
    let until = Instant::now() + patience;
    loop {
        match attempt() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(2)),
            Err(TryLockError::WouldBlock) => {
                return Err(JournalError::Locked { path: path.to_owned(), by: signed(&path.with_extension("lock")) });
            }
            Err(TryLockError::Error(error)) => return Err(JournalError::Open { path: path.to_owned(), error }),
        }
    }
}

/// Leaves the name of this process beside the journal, for whoever waits for what it holds. A courtesy: nothing hangs on it.
pub(super) fn sign(path: &Path) {
    if plain(path).is_err() {
        return;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let name = format!("pid {} {}\n", std::process::id(), crate::runtime::host());
    let _ = options.open(path).and_then(|mut file| file.write_all(name.as_bytes()));
}

/// The process that may hold it, as far as that is told: whoever signed last, unless that one is this process, or has ended. Then a program
/// that signs nothing holds it.
pub(super) fn signed(path: &Path) -> String {
    let mut text = String::new();
    let file = to_read(path).ok().flatten();
    let read = file.is_some_and(|file| file.take(256).read_to_string(&mut text).is_ok());
    let told = clean(text.trim());
    if !read || told.is_empty() || !may_hold(&told) { "?".to_owned() } else { told.into_owned() }
}

/// Can the process of this signature hold a lock? Of other machines nobody here knows.
fn may_hold(signature: &str) -> bool {
    let mut words = signature.split_whitespace();
    let (Some("pid"), Some(pid)) = (words.next(), words.next()) else { return true };
    if words.next() != Some(&*crate::runtime::host()) {
        return true;
    }
    pid.parse().is_ok_and(|pid: i32| u32::try_from(pid) != Ok(std::process::id()) && is_alive(pid))
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    // Another user's process may not be asked, and is there.
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| {
        rustix::process::test_kill_process(pid).map_or_else(|error| error == rustix::io::Errno::PERM, |()| true)
    })
}

#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

/// Makes a folder (0700) and those it lies in, and sees that the names of new ones are on disk: `sync` is [`sync_folder`].
pub(super) fn make_folder(folder: &Path, sync: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let is_new = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.is_dir();
    let new: Vec<&Path> = folder.ancestors().take_while(is_new).collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    new.into_iter().rev().try_for_each(sync)
}

/// Takes away what others may do with a journal that was made with laxer rights.
#[cfg(unix)]
pub(in crate::runtime) fn own(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let meta = file.metadata()?;
    if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(in crate::runtime) fn own(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file's or folder's name is on disk only when the folder it lies in is.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    match File::open(folder(path))?.sync_all() {
        // Some file systems do not sync folders, and need not.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_journal_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let [journal, old] = ["journal.jsonl", "journal-0001.jsonl"].map(|name| folder.path().join(name));
        fs::write(&journal, "new").unwrap();
        fs::write(&old, "old").unwrap();
        // As if the listing had missed it.
        let error = move_to(&journal, &named(&journal, 1)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!((fs::read(&journal).unwrap(), fs::read(&old).unwrap()), (b"new".to_vec(), b"old".to_vec()));
        put_aside(&journal).unwrap();
        assert_eq!(full(&journal).unwrap(), [old.clone(), folder.path().join("journal-0002.jsonl")]);
        assert_eq!(fs::read(old).unwrap(), b"old");
        // After the last number there is none.
        fs::write(&journal, "newest").unwrap();
        let last = named(&journal, u32::MAX);
        fs::write(&last, "last").unwrap();
        assert_eq!(put_aside(&journal).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(last).unwrap(), b"last");
    }

    #[test]
    fn what_cannot_be_moved_leaves_no_empty_journal_behind() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.jsonl");
        assert_eq!(put_aside(&journal).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(full(&journal).unwrap(), [] as [PathBuf; 0]);
    }

    /// A listing that fails is not an empty folder.
    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_listed_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let around = folder.path().join("around");
        std::os::unix::fs::symlink(&around, &around).unwrap();
        assert!(full(&around.join("journal.jsonl")).is_err());
        assert_eq!(full(&folder.path().join("missing/journal.jsonl")).unwrap(), [] as [PathBuf; 0]);
    }

    #[test]
    fn the_names_of_new_folders_are_synced_from_the_outermost_in() {
        let folder = tempfile::tempdir().unwrap();
        let synced = RefCell::new(Vec::new());
        let sync = |path: &Path| {
            synced.borrow_mut().push((path.strip_prefix(folder.path()).unwrap().to_owned(), path.is_dir()));
            Ok(())
        };
        let inner = folder.path().join("state/nicdeck");
        make_folder(&inner, sync).unwrap();
        assert_eq!(*synced.borrow(), [("state".into(), true), ("state/nicdeck".into(), true)]);
        make_folder(&inner, sync).unwrap();
        assert_eq!(synced.borrow().len(), 2, "nothing is new");
        let fails = |_: &Path| Err(io::Error::from(io::ErrorKind::StorageFull));
        assert!(make_folder(&inner.join("deeper"), fails).is_err());
    }
}
