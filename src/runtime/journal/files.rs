//! The journal's files: made for their owner alone, locked, named on disk.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::JournalError;

/// For reading, and for writing at the end.
pub(super) fn file(path: &Path) -> Result<File, JournalError> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| JournalError::Open { path: path.to_owned(), error })
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
    use std::os::unix::fs::MetadataExt;
    let place = |meta: fs::Metadata| (meta.dev(), meta.ino());
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => place(open) == place(named),
        _ => false,
    }
}

/// An open file can not be moved away there.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// Journals that are full, oldest first: they stand beside the one that is written to.
pub(super) fn full(path: &Path) -> Vec<PathBuf> {
    let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { return Vec::new() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            let number = name.to_str()?.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".jsonl")?;
            Some((number.parse().ok()?, entry.path()))
        })
        .collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// The name that the journal gets when it is full.
pub(super) fn next_full(path: &Path) -> PathBuf {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("journal");
    let number = |full: &PathBuf| {
        let stem = full.file_stem()?.to_str()?;
        stem.rsplit('-').next()?.parse::<u32>().ok()
    };
    let next = full(path).iter().filter_map(number).max().unwrap_or(0).saturating_add(1);
    path.with_file_name(format!("{stem}-{next:04}.jsonl"))
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
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked { path: path.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(JournalError::Open { path: path.to_owned(), error }),
        }
    }
}

#[cfg(unix)]
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if folder.is_dir() {
        return Ok(());
    }
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Takes away what others may do with a journal that was made with laxer rights.
#[cfg(unix)]
pub(super) fn own(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let meta = file.metadata()?;
    if meta.is_file() && meta.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn own(_: &File) -> io::Result<()> {
    Ok(())
}

/// A new file's name is on disk only when its folder is.
#[cfg(unix)]
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder)?.sync_all() {
        // Some file systems do not sync folders, and need not.
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
