//! A list by slot number that grows without moving what is in it: pieces of equal size, each made whole.
//!
//! A list of one piece is copied each time it outgrows its place; with a hundred thousand addresses that is longer than all else
//! that a page of a listing does.

use std::{iter::Flatten, slice::Iter};

/// Items in a piece.
const PIECE: usize = 256;

/// See the module.
#[derive(PartialEq, Eq, Debug)]
pub struct Slots<T> {
    /// All but the last are full.
    pieces: Vec<Vec<T>>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { pieces: Vec::new() }
    }
}

impl<T: Clone> Clone for Slots<T> {
    fn clone(&self) -> Self {
        let whole = |piece: &Vec<T>| {
            let mut copy = Vec::with_capacity(PIECE);
            copy.extend_from_slice(piece);
            copy
        };
        Self { pieces: self.pieces.iter().map(whole).collect() }
    }
}

impl<T> Slots<T> {
    pub fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub fn get(&self, slot: usize) -> Option<&T> {
        self.pieces.get(slot / PIECE)?.get(slot % PIECE)
    }

    pub fn get_mut(&mut self, slot: usize) -> Option<&mut T> {
        self.pieces.get_mut(slot / PIECE)?.get_mut(slot % PIECE)
    }

    /// Puts one more at the end.
    pub fn push(&mut self, item: T) {
        match self.pieces.last_mut().filter(|last| last.len() < PIECE) {
            Some(last) => last.push(item),
            None => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(item);
                self.pieces.push(piece);
            }
        }
    }

    pub fn iter(&self) -> Flatten<Iter<'_, Vec<T>>> {
        self.pieces.iter().flatten()
    }
}

impl<T: Default> Slots<T> {
    /// Has at least this many, the new ones empty.
    pub fn reach(&mut self, len: usize) {
        (self.len()..len).for_each(|_| self.push(T::default()));
    }

    /// Has this many or more, all of them empty.
    pub fn reset(&mut self, len: usize) {
        self.pieces.iter_mut().flatten().for_each(|item| *item = T::default());
        self.reach(len);
    }

    /// The item of a slot, with all before it.
    pub fn at(&mut self, slot: usize) -> &mut T {
        self.reach(slot + 1);
        &mut self.pieces[slot / PIECE][slot % PIECE]
    }
}

impl<T> FromIterator<T> for Slots<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut slots = Self::default();
        items.into_iter().for_each(|item| slots.push(item));
        slots
    }
}

impl<'a, T> IntoIterator for &'a Slots<T> {
    type Item = &'a T;
    type IntoIter = Flatten<Iter<'a, Vec<T>>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_and_nothing_in_it_moves() {
        let mut slots = Slots::default();
        assert_eq!((slots.is_empty(), slots.len()), (true, 0));
        slots.push(0_usize);
        let first: *const usize = slots.get(0).unwrap();
        (1..3 * PIECE + 7).for_each(|n| slots.push(n));
        assert!(std::ptr::eq(first, slots.get(0).unwrap()));
        assert_eq!(slots.len(), 3 * PIECE + 7);
        assert!(slots.iter().copied().eq(0..slots.len()));
        for n in [0, PIECE - 1, PIECE, 3 * PIECE + 6] {
            assert_eq!((slots.get(n).copied(), slots.get_mut(n).copied()), (Some(n), Some(n)));
        }
        assert_eq!(slots.get(slots.len()), None);
        assert_eq!(slots.clone(), slots);
    }

    #[test]
    fn a_slot_beyond_the_end_is_reached_by_empty_ones() {
        let mut slots = Slots::default();
        *slots.at(PIECE) = 5_u8;
        slots.reach(3);
        assert_eq!((slots.len(), slots.get(PIECE), slots.get(7)), (PIECE + 1, Some(&5), Some(&0)));
        slots.reset(3);
        assert_eq!((slots.len(), slots.get(PIECE)), (PIECE + 1, Some(&0)));
    }
}
