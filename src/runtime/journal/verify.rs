//! Does each line of a journal still prove the one before it?

use std::path::{Path, PathBuf};

use super::{BadLineKind, JournalError, bytes, chain, lines, parse, parts};

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// Files that were read, oldest first.
    pub files: Vec<PathBuf>,
    /// Records that are whole.
    pub records: usize,
    /// Lines of the first version, which carry no digest: the next line proves the last of them, and nothing proves the others.
    pub unproven: usize,
    pub faults: Vec<Fault>,
    /// The digest of the last line: whoever keeps it elsewhere sees later whether lines are missing at the end.
    pub last: Option<String>,
}

impl Verdict {
    /// Nothing was changed. A line that was torn by a power cut is no change.
    pub fn is_whole(&self) -> bool {
        self.faults.iter().all(|fault| fault.what == What::Torn)
    }
}

/// A line that is not as it should be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
    pub what: What,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum What {
    /// Not as it was written.
    Edited,
    /// Something is missing before it, was put in, or changed.
    Gap,
    /// No record: a power cut in the middle of it, or an edit. The chain goes on behind it.
    Torn,
    /// Written by a later nicdeck.
    Newer(u32),
}

impl What {
    /// All of their names.
    pub const KEYS: &[&str] = &["edited", "gap", "torn", "newer"];

    /// A stable name, for locales and exports.
    pub fn key(self) -> &'static str {
        match self {
            What::Edited => "edited",
            What::Gap => "gap",
            What::Torn => "torn",
            What::Newer(_) => "newer",
        }
    }
}

/// Reads the journal and those that were put aside before it. Blocks.
///
/// # Errors
/// A file exists and cannot be read.
pub fn verify(path: &Path) -> Result<Verdict, JournalError> {
    let mut verdict = Verdict::default();
    let mut before: Option<String> = None;
    let mut chained = false;
    for file in parts(path)? {
        let bytes = bytes(&file)?;
        if !bytes.is_empty() {
            verdict.files.push(file.clone());
        }
        for (line, text) in lines(&bytes) {
            let mut fault = |what| verdict.faults.push(Fault { file: file.clone(), line, what });
            match (chain::read(text), parse(text)) {
                (chain::Seal::Edited, _) => fault(What::Edited),
                (_, Err(BadLineKind::Newer(version))) => fault(What::Newer(version)),
                (_, Err(BadLineKind::Torn)) => fault(What::Torn),
                (chain::Seal::Whole(proves), Ok(_)) => {
                    // A journal that was begun anew proves nothing of the one before.
                    if proves != before.as_deref() {
                        fault(What::Gap);
                    }
                    chained = true;
                    verdict.records += 1;
                }
                (chain::Seal::None, Ok(_)) => {
                    // An earlier nicdeck may have gone on with it.
                    verdict.unproven += 1;
                    verdict.records += 1;
                }
            }
            before = Some(chain::digest(text));
        }
    }
    verdict.last = before.filter(|_| chained);
    Ok(verdict)
}
