//! Arguments in, exit code out.

use std::process::ExitCode;

use nicdeck::{
    cli::{self, Entry},
    launch,
};

fn main() -> ExitCode {
    let entry = Entry { console: &|start| launch::console(start, &|_| Box::new(|_, _| {})), list: &launch::list };
    cli::main(&entry).into()
}
