//! The calls screen: each round trip, newest first.

use std::collections::VecDeque;

use crate::domain::exchange::Exchange;

use super::viewport::Viewport;

/// Round trips kept.
const KEPT: usize = 500;

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Calls {
    /// Newest first.
    exchanges: VecDeque<Exchange>,
    /// All round trips since the start, the forgotten ones included.
    pub total: u64,
    pub view: Viewport,
}

impl Calls {
    /// Adds the newest; the cursor stays on the call it is on, unless it is on the newest.
    pub fn push(&mut self, exchange: Exchange, height: usize) {
        self.exchanges.push_front(exchange);
        self.exchanges.truncate(KEPT);
        self.total += 1;
        if self.view.cursor > 0 {
            self.view.follow(self.view.cursor + 1, self.exchanges.len(), height);
        }
    }

    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    pub fn get(&self, row: usize) -> Option<&Exchange> {
        self.exchanges.get(row)
    }

    pub fn focused(&self) -> Option<&Exchange> {
        self.get(self.view.cursor)
    }

    /// The rows in the window.
    pub fn window(&self, height: usize) -> impl Iterator<Item = (usize, &Exchange)> {
        self.exchanges.iter().enumerate().skip(self.view.offset).take(height)
    }
}
