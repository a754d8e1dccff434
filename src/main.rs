//! Arguments in, exit code out.

use std::process::ExitCode;

use nicdeck::{
    cli::{self, Entry},
    launch,
};

fn main() -> ExitCode {
    let entry = Entry {
        log: &|log| launch::log(log),
        console: &|start| launch::console(&start),
        list: &|start, out, err| launch::list(&start, out, err),
        doctor: &|start, out, err| launch::doctor(&start, out, err),
        plan: &|start, out, err| launch::plan(&start, out, err),
        apply: &|start, out, err| launch::apply(&start, out, err),
    };
    cli::main(&entry).into()
}
