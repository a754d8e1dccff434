//! The calls screen: each round trip, and each message of the status line between them, newest first.

use std::collections::VecDeque;

use crate::domain::{exchange::Exchange, time::Timestamp};

use super::{
    notices::{Loudness, Notice},
    viewport::Viewport,
};

/// Round trips kept. A write goes only when there are as many newer writes.
const KEPT: usize = 500;
/// Messages kept.
const KEPT_MESSAGES: usize = 200;

/// One line of the screen.
#[derive(Clone, PartialEq, Debug)]
pub enum Entry {
    Call(Box<Exchange>),
    Message {
        notice: Notice,
        /// How often it was said with no other message in between; its time is that of the last.
        times: usize,
    },
}

impl Entry {
    pub fn at(&self) -> Timestamp {
        match self {
            Entry::Call(call) => call.at,
            Entry::Message { notice, .. } => notice.at,
        }
    }

    pub fn call(&self) -> Option<&Exchange> {
        match self {
            Entry::Call(call) => Some(call),
            Entry::Message { .. } => None,
        }
    }

    /// Is there something to read, and not only a call that went well?
    pub fn tells(&self) -> bool {
        match self {
            Entry::Call(call) => trouble(call),
            Entry::Message { notice, .. } => notice.loudness >= Loudness::Warn,
        }
    }
}

/// The key of the word for what kind of call it is.
pub fn kind(call: &Exchange) -> &'static str {
    if call.write { "calls.write" } else { "calls.read" }
}

/// The key of the word for how loud a message is.
pub fn level(loudness: Loudness) -> &'static str {
    match loudness {
        Loudness::Info => "calls.info",
        Loudness::Warn => "calls.warn",
        Loudness::Error => "calls.error",
    }
}

/// Did anything but a plain answer come of it?
fn trouble(call: &Exchange) -> bool {
    call.code.is_some() || call.fault.is_some() || call.attempt > 1
}

#[derive(Clone, PartialEq, Debug, Default)]
pub struct Calls {
    /// Newest first.
    entries: VecDeque<Entry>,
    /// All round trips since the start, the forgotten ones included.
    pub total: u64,
    pub view: Viewport,
    /// A batch has begun since the newest message: the same words are said of something else then.
    apart: bool,
}

impl Calls {
    /// Adds the newest; the cursor stays on the line it is on, unless it is on the newest; with `stays` also there: it is looked at.
    pub fn push(&mut self, exchange: Box<Exchange>, height: usize, stays: bool) {
        self.total += 1;
        let stays = stays || self.view.cursor > 0;
        self.insert(Entry::Call(exchange), height, stays);
        if self.newest_first().count() > KEPT {
            let is_call = |entry: &Entry| entry.call().is_some();
            let is_read = |entry: &Entry| entry.call().is_some_and(|call| !call.write);
            let goes = self.entries.iter().rposition(is_read).or_else(|| self.entries.iter().rposition(is_call));
            self.remove(goes, height);
        }
    }

    /// What was said so far is not counted on.
    pub fn set_apart(&mut self) {
        self.apart = true;
    }

    /// Adds a message; with `stays` the cursor stays on its line also where that is the newest: it is looked at. One that is said again with no other in between is counted, so that a key held down drives out nothing.
    pub fn say(&mut self, notice: Notice, height: usize, stays: bool) {
        let stays = stays || self.view.cursor > 0;
        let last = self.entries.iter().position(|entry| entry.call().is_none());
        let mut own = false;
        let apart = std::mem::take(&mut self.apart);
        let times = match last.and_then(|last| self.entries.get(last)) {
            Some(Entry::Message { notice: before, times })
                if !apart && before.phrase == notice.phrase && before.loudness == notice.loudness =>
            {
                let times = *times + 1;
                own = last == Some(self.view.cursor);
                self.remove(last, height);
                times
            }
            _ => 1,
        };
        let place = self.insert(Entry::Message { notice, times }, height, stays);
        if own {
            self.view.follow(place, self.entries.len(), height);
        }
        let is_message = |entry: &Entry| entry.call().is_none();
        if self.entries.iter().filter(|entry| is_message(entry)).count() > KEPT_MESSAGES {
            self.remove(self.entries.iter().rposition(is_message), height);
        }
    }

    /// Where it stands.
    fn insert(&mut self, entry: Entry, height: usize, stays: bool) -> usize {
        // Calls end in another order than they begin; the list is by when they began.
        let place = self.entries.iter().position(|other| other.at() <= entry.at()).unwrap_or(self.entries.len());
        self.entries.insert(place, entry);
        if stays && place <= self.view.cursor {
            self.view.follow(self.view.cursor + 1, self.entries.len(), height);
        }
        place
    }

    fn remove(&mut self, place: Option<usize>, height: usize) {
        let Some(place) = place else { return };
        self.entries.remove(place);
        let cursor = self.view.cursor - usize::from(place < self.view.cursor);
        self.view.follow(cursor, self.entries.len(), height);
    }

    /// Lines: calls and messages.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Did anything but a plain answer come of one of the calls?
    pub fn any_trouble(&self) -> bool {
        self.newest_first().any(trouble)
    }

    pub fn get(&self, row: usize) -> Option<&Entry> {
        self.entries.get(row)
    }

    pub fn focused(&self) -> Option<&Entry> {
        self.get(self.view.cursor)
    }

    /// All calls that are kept, newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Exchange> {
        self.entries.iter().filter_map(Entry::call)
    }

    /// The rows in the window.
    pub fn window(&self, height: usize) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().skip(self.view.offset).take(height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::notices::Phrase;

    fn exchange(nth: i64, write: bool) -> Box<Exchange> {
        Box::new(Exchange {
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
        })
    }

    #[test]
    fn reads_make_room_and_writes_stay() {
        let mut calls = Calls::default();
        calls.push(exchange(0, true), 10, false);
        for nth in 1..=2_000 {
            calls.push(exchange(nth, false), 10, false);
        }
        assert_eq!((calls.len(), calls.total), (KEPT, 2_001));
        assert!(calls.get(KEPT - 1).and_then(Entry::call).is_some_and(|oldest| oldest.write), "the first call of all");
        for nth in 0..2_000 {
            calls.push(exchange(nth, true), 10, false);
        }
        assert_eq!(calls.len(), KEPT);
    }

    #[test]
    fn a_call_that_ends_late_stands_where_it_began() {
        let mut calls = Calls::default();
        for at in [10, 30, 20, 40, 5] {
            calls.push(exchange(at, false), 10, false);
        }
        assert_eq!(calls.newest_first().map(|call| call.at.0).collect::<Vec<_>>(), [40, 30, 20, 10, 5]);
        calls.view.follow(2, calls.len(), 10);
        calls.push(exchange(25, false), 10, false);
        assert_eq!(calls.focused().map(|entry| entry.at().0), Some(20));
        calls.push(exchange(1, false), 10, false);
        assert_eq!(calls.focused().map(|entry| entry.at().0), Some(20));
    }

    #[test]
    fn the_cursor_stays_on_its_call_while_others_come_and_go() {
        let mut calls = Calls::default();
        for nth in 0..KEPT {
            calls.push(exchange(i64::try_from(nth).unwrap(), nth < 10), 10, false);
        }
        calls.view.follow(KEPT - 5, KEPT, 10);
        let focused = calls.focused().cloned();
        for nth in 1_000..1_020 {
            calls.push(exchange(nth, false), 10, false);
            assert_eq!(calls.focused().cloned(), focused);
        }
    }

    fn message(nth: i64, key: &'static str) -> Notice {
        Notice { at: Timestamp(nth), loudness: Loudness::Info, phrase: Phrase::new(key) }
    }

    #[test]
    fn messages_stand_between_the_calls_by_time() {
        let mut calls = Calls::default();
        for at in [10, 30] {
            calls.push(exchange(at, false), 10, false);
        }
        calls.say(message(20, "one"), 10, false);
        calls.say(message(40, "two"), 10, false);
        let lines: Vec<_> = calls.window(9).map(|(_, entry)| (entry.at().0, entry.call().is_some())).collect();
        assert_eq!(lines, [(40, false), (30, true), (20, false), (10, true)]);
        assert_eq!(calls.newest_first().count(), 2, "other parts of the screen show calls only");
    }

    #[test]
    fn what_is_said_again_is_counted_and_drives_out_nothing() {
        let mut calls = Calls::default();
        calls.say(message(1, "first"), 10, false);
        for nth in 2..1_000 {
            calls.push(exchange(nth, false), 10, false);
            calls.say(message(nth, "again"), 10, false);
        }
        let messages: Vec<_> =
            calls.window(2_000).filter(|(_, entry)| entry.call().is_none()).map(|(_, it)| it).collect();
        assert_eq!(messages[0], &Entry::Message { notice: message(999, "again"), times: 998 });
        assert_eq!(messages[1..], [&Entry::Message { notice: message(1, "first"), times: 1 }]);
        let other = Notice { loudness: Loudness::Error, ..message(1_000, "again") };
        calls.say(other.clone(), 10, false);
        assert_eq!(calls.get(0), Some(&Entry::Message { notice: other, times: 1 }), "a louder one is another one");
    }

    #[test]
    fn what_is_said_of_another_batch_is_not_counted_with_it() {
        let mut calls = Calls::default();
        for at in [1, 2] {
            calls.set_apart();
            calls.say(message(at, "done"), 10, false);
        }
        calls.say(message(3, "done"), 10, false);
        let times: Vec<_> = (0..calls.len()).filter_map(|place| calls.get(place)).collect();
        assert_eq!(
            times,
            [
                &Entry::Message { notice: message(3, "done"), times: 2 },
                &Entry::Message { notice: message(1, "done"), times: 1 }
            ]
        );
    }

    #[test]
    fn calls_and_messages_do_not_drive_out_each_other() {
        let mut calls = Calls::default();
        calls.say(message(0, "first"), 10, false);
        for nth in 1..2_000 {
            calls.push(exchange(nth, true), 10, false);
        }
        assert_eq!(calls.len(), KEPT + 1);
        assert!(calls.get(KEPT).is_some_and(|oldest| oldest.call().is_none()));
        let keys = ["a", "b"];
        for nth in 2_000..2_500 {
            calls.say(message(nth, keys[usize::try_from(nth).unwrap() % 2]), 10, false);
        }
        assert_eq!((calls.newest_first().count(), calls.len()), (KEPT, KEPT + KEPT_MESSAGES));
    }
}
