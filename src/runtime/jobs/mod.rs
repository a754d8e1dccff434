//! Background work, one file a job. A job talks through its channel only, and never sees the state.

pub mod copy;
pub mod dry_run;
pub mod export;
pub mod history;
pub mod inspect;
pub mod journal;
pub mod listing;
pub mod preflight;
pub mod reconcile;
pub mod release;
