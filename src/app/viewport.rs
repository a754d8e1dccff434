//! Cursor and offset over a list of any length in a window of any height, zero included.

/// Where a list is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Viewport {
    /// Row under the cursor; 0 in an empty list.
    pub cursor: usize,
    /// First row shown.
    pub offset: usize,
}

impl Viewport {
    /// The first and last row in sight, counted from 1; `None`: all of them are.
    pub fn in_sight(&self, len: usize, height: usize) -> Option<(usize, usize)> {
        (len > height).then(|| ((self.offset + 1).min(len), (self.offset + height).min(len)))
    }

    /// Puts the cursor on a row (cut to the list) and scrolls just enough to show it.
    pub fn go(&mut self, row: usize, len: usize, height: usize) {
        self.cursor = row.min(len.saturating_sub(1));
        self.fit(len, height);
    }

    /// Moves the cursor by rows, stopping at the ends.
    pub fn step(&mut self, by: isize, len: usize, height: usize) {
        self.go(self.cursor.saturating_add_signed(by), len, height);
    }

    /// After the list or the window changed: keeps the cursor in the list and in sight.
    pub fn fit(&mut self, len: usize, height: usize) {
        self.cursor = self.cursor.min(len.saturating_sub(1));
        self.offset = self.offset.min(self.cursor);
        if height > 0 && self.cursor >= self.offset + height {
            self.offset = self.cursor + 1 - height;
        }
        self.offset = self.offset.min(len.saturating_sub(height));
    }

    /// Moves the cursor to `row` after the list changed around it, keeping it on the same line of the screen.
    pub fn follow(&mut self, row: usize, len: usize, height: usize) {
        let line = self.cursor.saturating_sub(self.offset);
        self.cursor = row.min(len.saturating_sub(1));
        self.offset = self.cursor.saturating_sub(line);
        self.fit(len, height);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cursor_is_always_in_the_list_and_in_sight(
            cursor in 0usize..300, offset in 0usize..300, len in 0usize..200, height in 0usize..80, by in -250isize..250,
        ) {
            let mut view = Viewport { cursor, offset };
            view.step(by, len, height);
            prop_assert!(view.cursor < len.max(1));
            prop_assert!(view.offset <= view.cursor);
            if height > 0 {
                prop_assert!(view.cursor < view.offset + height);
                prop_assert!(len < height || view.offset + height <= len, "no empty lines below the end");
            }
        }

        #[test]
        fn follow_keeps_the_line(row in 50usize..150, line in 0usize..20) {
            let mut view = Viewport { cursor: 40 + line, offset: 40 };
            view.follow(row, 400, 20);
            prop_assert_eq!(view.cursor - view.offset, line);
            prop_assert_eq!(view.cursor, row);
        }
    }
}
