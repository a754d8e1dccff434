//! The turn of a write: all that it waits for, taken before the facts are read for the last time.

use std::sync::Arc;

use tokio::sync::mpsc::OwnedPermit;

use super::{limiter::Slot, provider::Quota, session::Account};
use crate::domain::exchange::Exchange;

/// A token of the write's action, and a place for its record. Dropped unused, it goes to the next one.
#[derive(Debug)]
pub struct WriteTurn {
    pub(super) quota: Quota,
    slot: Option<Slot>,
    /// What it is signed with, and the mark of who that is: taken before the facts.
    pub(super) signer: Option<Box<(Arc<Account>, Option<String>)>>,
    /// Its place among the calls in flight, taken last.
    pub(super) seat: Option<Slot>,
    /// `None`: nobody reads records any more, and nobody misses one.
    place: Option<OwnedPermit<Exchange>>,
}

impl WriteTurn {
    pub(super) fn new(quota: Quota, slot: Slot, place: Option<OwnedPermit<Exchange>>) -> Self {
        Self { quota, slot: Some(slot), signer: None, seat: None, place }
    }

    pub(super) fn spend(mut self) -> ([Option<Slot>; 2], Option<OwnedPermit<Exchange>>) {
        ([self.slot.take(), self.seat.take()], self.place.take())
    }
}

impl Drop for WriteTurn {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.give_back();
        }
    }
}
