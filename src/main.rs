//! Arguments in, exit code out.

use std::{io::Write, process::ExitCode};

use nicdeck::cli::{self, Entry, Exit};

fn main() -> ExitCode {
    let entry = Entry {
        console: &|_| {
            let _ = writeln!(std::io::stderr(), "this build has no console yet");
            Exit::Failure
        },
        list: &|_, _, err| {
            let _ = writeln!(err, "this build cannot list yet");
            Exit::Failure
        },
    };
    cli::main(&entry).into()
}
