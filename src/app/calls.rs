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
        self.exchanges.push_front(exchange);
        self.total += 1;
        let mut cursor = if self.view.cursor > 0 { self.view.cursor + 1 } else { 0 };
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
