//! Reads a journal line by line without holding all of it; two cores share a long one.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
    path::Path,
    thread,
};

use memchr::memchr_iter;

use super::{JournalError, LOCK_WAIT, files, parts};

/// Bytes from which on the reading is shared.
pub(super) const SHARED: u64 = 1024 * 1024;
/// Bytes that are read at a time: what a core keeps at hand.
const STEP: usize = 256 * 1024;

/// What `make`'s functions say of each line that is not empty, in all parts of the journal, oldest first. Each of them sees a stretch of
/// lines, in their order.
///
/// # Errors
/// A file exists and cannot be read.
pub fn scan<T: Send, M: FnMut(&[u8]) -> T>(path: &Path, make: impl Fn() -> M + Sync) -> Result<Vec<T>, JournalError> {
    let written = || {
        let mut each = make();
        move |line: &[u8]| (!line.is_empty()).then(|| each(line))
    };
    let mut all = Vec::new();
    for part in parts(path)? {
        all.extend(scan_part(&part, written)?.into_iter().flatten());
    }
    Ok(all)
}

/// What is said of each line of one part, empty ones too; nothing where there is no such file.
///
/// # Errors
/// The file exists and cannot be read.
pub(super) fn scan_part<T: Send, M: FnMut(&[u8]) -> T>(
    part: &Path,
    make: impl Fn() -> M + Sync,
) -> Result<Vec<T>, JournalError> {
    let fail = |error| JournalError::Read { path: part.to_owned(), error };
    let mut all = Vec::new();
    let Some(file) = files::to_read(part)? else { return Ok(all) };
    // What is there now: a record that is being written would look torn, and a long read would hold up who writes it.
    files::lock(part, LOCK_WAIT, || file.try_lock_shared())?;
    let meta = file.metadata();
    let _ = file.unlock();
    let meta = meta.map_err(fail)?;
    let (length, place) = (meta.len(), files::place(&meta));
    // The name may be another file's by now.
    let again = files::to_read(part).ok().flatten().filter(|_| length >= SHARED);
    let again = again.filter(|file| file.metadata().is_ok_and(|meta| files::place(&meta) == place));
    let Some(again) = again else {
        stretch(&file, 0..length, length, make(), &mut all).map_err(fail)?;
        return Ok(all);
    };
    let cut = length / 2;
    let later = thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut later = Vec::new();
            stretch(&again, cut..length, length, make(), &mut later).map(|()| later)
        });
        stretch(&file, 0..cut, length, make(), &mut all)?;
        other.join().unwrap_or_else(|_| Err(io::Error::other("a thread was cut off")))
    });
    all.extend(later.map_err(fail)?);
    Ok(all)
}

/// The lines that begin within the range, of a file of that length.
fn stretch<T>(
    file: &File,
    range: Range<u64>,
    length: u64,
    mut each: impl FnMut(&[u8]) -> T,
    out: &mut Vec<T>,
) -> io::Result<()> {
    let mut file = file;
    // One byte before: a line begins behind a line end.
    let mut begins = range.start.saturating_sub(1);
    file.seek(SeekFrom::Start(begins))?;
    let mut file = file.take(length - begins);
    let mut first = range.start > 0;
    let mut buffer = vec![0; STEP];
    let mut filled = 0;
    loop {
        let read = file.read(buffer.get_mut(filled..).unwrap_or_default())?;
        filled += read;
        let text = buffer.get(..filled).unwrap_or_default();
        let mut start = 0;
        let new = filled - read;
        for end in memchr_iter(b'\n', text.get(new..).unwrap_or_default()) {
            let end = new + end;
            let line = text.get(start..end).unwrap_or_default();
            if !first {
                if begins + start as u64 >= range.end {
                    return Ok(());
                }
                out.push(each(line));
            }
            first = false;
            start = end + 1;
        }
        if read == 0 {
            let line = text.get(start..).unwrap_or_default();
            if !first && begins + (start as u64) < range.end {
                out.push(each(line));
            }
            return Ok(());
        }
        if !first && begins + start as u64 >= range.end {
            return Ok(());
        }
        buffer.copy_within(start..filled, 0);
        filled -= start;
        begins += start as u64;
        if filled == buffer.len() {
            buffer.resize(filled * 2, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn wherever_it_is_cut_each_line_is_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        for text in ["", "\n", "one", "a\nbb\n\nccc\n", "a\nbb\nccc\ntorn", "\n\nxyz\n"] {
            fs::write(&path, text).unwrap();
            let (file, length) = (File::open(&path).unwrap(), text.len() as u64);
            for cut in 0..=length {
                let mut seen: Vec<String> = Vec::new();
                let line = |line: &[u8]| String::from_utf8(line.to_vec()).unwrap();
                stretch(&file, 0..cut, length, line, &mut seen).unwrap();
                stretch(&file, cut..length, length, line, &mut seen).unwrap();
                let all: Vec<&str> = text.split_terminator('\n').collect();
                assert_eq!(seen, all, "{text:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn lines_longer_than_a_step_are_whole_in_a_long_journal() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let lengths: Vec<usize> = (0..30).map(|nth| nth * nth * 1_000 + 1).collect();
        let text: String = lengths.iter().map(|length| "x".repeat(*length) + "\n").collect();
        assert!(text.len() as u64 > 2 * SHARED && lengths.iter().any(|length| *length > STEP));
        fs::write(&path, text).unwrap();
        assert_eq!(scan(&path, || <[u8]>::len).unwrap(), lengths);
    }
}
