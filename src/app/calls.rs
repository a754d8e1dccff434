//! The calls screen: each round trip, newest first.

use std::collections::VecDeque;

use crate::domain::exchange::Exchange;

use super::viewport::Viewport;

/// Round trips kept. A write goes only when there are as many newer writes.
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
        // Calls end in another order than they begin; the list is by when they began.
        let place = self.exchanges.iter().position(|other| other.at <= exchange.at).unwrap_or(self.exchanges.len());
        self.exchanges.insert(place, exchange);
        self.total += 1;
        let moves = self.view.cursor > 0 && place <= self.view.cursor;
        let mut cursor = self.view.cursor + usize::from(moves);
        if self.exchanges.len() > KEPT {
            let goes = self.exchanges.iter().rposition(|exchange| !exchange.write).unwrap_or(KEPT);
            self.exchanges.remove(goes);
            cursor -= usize::from(goes < cursor);
        }
        if cursor > 0 {
            self.view.follow(cursor, self.exchanges.len(), height);
        }
    }

    pub fn len(&self) -> usize {
        self.exchanges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.exchanges.is_empty()
    }

    /// Did anything but a plain answer come of one of them?
    pub fn any_trouble(&self) -> bool {
        self.exchanges.iter().any(|call| call.code.is_some() || call.fault.is_some() || call.attempt > 1)
    }

    pub fn get(&self, row: usize) -> Option<&Exchange> {
        self.exchanges.get(row)
    }

    pub fn focused(&self) -> Option<&Exchange> {
        self.get(self.view.cursor)
    }

    /// All that are kept, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Exchange> {
        self.exchanges.iter()
    }

    /// The rows in the window.
    pub fn window(&self, height: usize) -> impl Iterator<Item = (usize, &Exchange)> {
        self.exchanges.iter().enumerate().skip(self.view.offset).take(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn exchange(nth: i64, write: bool) -> Exchange {
        Exchange {
            at: Timestamp(nth),
            profile: "p".into(),
            region: None,
            action: String::new(),
            target: String::new(),
            write,
            method: String::new(),
            host: String::new(),
            path: String::new(),
            headers: Vec::new(),
            body: String::new(),
            status: None,
            answer: String::new(),
            answer_bytes: 0,
            code: None,
            fault: None,
            permission: None,
            request_id: None,
            elapsed_ms: 0,
            attempt: 1,
        }
    }

    #[test]
    fn reads_make_room_and_writes_stay() {
        let mut calls = Calls::default();
        calls.push(exchange(0, true), 10);
        for nth in 1..=2_000 {
            calls.push(exchange(nth, false), 10);
        }
        assert_eq!((calls.len(), calls.total), (KEPT, 2_001));
        assert!(calls.get(KEPT - 1).is_some_and(|oldest| oldest.write), "the first call of all");
        for nth in 0..2_000 {
            calls.push(exchange(nth, true), 10);
        }
        assert_eq!(calls.len(), KEPT);
    }

    #[test]
    fn a_call_that_ends_late_stands_where_it_began() {
        let mut calls = Calls::default();
        for at in [10, 30, 20, 40, 5] {
            calls.push(exchange(at, false), 10);
        }
        assert_eq!(calls.newest_first().map(|call| call.at.0).collect::<Vec<_>>(), [40, 30, 20, 10, 5]);
        calls.view.follow(2, calls.len(), 10);
        calls.push(exchange(25, false), 10);
        assert_eq!(calls.focused().map(|call| call.at.0), Some(20));
        calls.push(exchange(1, false), 10);
        assert_eq!(calls.focused().map(|call| call.at.0), Some(20));
    }

    #[test]
    fn the_cursor_stays_on_its_call_while_others_come_and_go() {
        let mut calls = Calls::default();
        for nth in 0..KEPT {
            calls.push(exchange(i64::try_from(nth).unwrap(), nth < 10), 10);
        }
        calls.view.follow(KEPT - 5, KEPT, 10);
        let focused = calls.focused().cloned();
        for nth in 1_000..1_020 {
            calls.push(exchange(nth, false), 10);
            assert_eq!(calls.focused().cloned(), focused);
        }
    }
}
