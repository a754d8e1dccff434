//! Short lists and texts by slot number, side by side in memory: who walks all of them reads one stream, and not a place of its own
//! for each.

use std::ops::Range;

/// Slots in a piece: what grows or is tidied up at once.
const PIECE: usize = 256;

/// What lies side by side.
pub trait Stream: Clone + Default {
    type Part: ?Sized + PartialEq;

    fn size(&self) -> usize;

    /// `None`: no such part, or one that begins or ends inside of a character.
    fn part(&self, range: Range<usize>) -> Option<&Self::Part>;

    fn append(&mut self, part: &Self::Part);

    /// Makes room for so much more.
    fn reserve(&mut self, len: usize);
}

impl Stream for String {
    type Part = str;

    fn size(&self) -> usize {
        self.len()
    }

    fn part(&self, range: Range<usize>) -> Option<&str> {
        self.get(range)
    }

    fn append(&mut self, part: &str) {
        self.push_str(part);
    }

    fn reserve(&mut self, len: usize) {
        self.reserve(len);
    }
}

impl<T: Copy + PartialEq> Stream for Vec<T> {
    type Part = [T];

    fn size(&self) -> usize {
        self.len()
    }

    fn part(&self, range: Range<usize>) -> Option<&[T]> {
        self.get(range)
    }

    fn append(&mut self, part: &[T]) {
        self.extend_from_slice(part);
    }

    fn reserve(&mut self, len: usize) {
        self.reserve(len);
    }
}

/// See the module. A slot has a part, which may be empty, or none.
#[derive(Clone, Debug, Default)]
pub struct Lists<S> {
    pieces: Vec<Piece<S>>,
}

#[derive(Clone, Debug, Default)]
struct Piece<S> {
    stream: S,
    places: Vec<Place>,
    /// Of the stream, what no slot has any more.
    waste: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    from: u32,
    len: u32,
}

impl Place {
    /// There is no part.
    const NONE: Self = Self { from: u32::MAX, len: 0 };

    /// `None` for [`Self::NONE`]: no stream reaches there.
    fn range(self) -> Option<Range<usize>> {
        let from = self.from as usize;
        (self.from != u32::MAX).then(|| from..from + self.len as usize)
    }
}

impl<S: Stream> Lists<S> {
    #[inline]
    pub fn get(&self, slot: u32) -> Option<&S::Part> {
        self.pieces.get(slot as usize / PIECE)?.get(slot as usize % PIECE)
    }

    /// Slots that have a part, with it.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &S::Part)> {
        let slots = 0..u32::try_from(self.pieces.len() * PIECE).unwrap_or(u32::MAX);
        slots.filter_map(|slot| Some((slot, self.get(slot)?)))
    }

    /// Puts a part into a slot, or takes it out.
    pub fn set(&mut self, slot: u32, part: Option<&S::Part>) {
        let (nth, within) = (slot as usize / PIECE, slot as usize % PIECE);
        if self.pieces.len() <= nth {
            if part.is_none() {
                return;
            }
            // Much like the one before: room is made once.
            let len = self.pieces.last().map_or(0, |last| last.stream.size() - last.waste);
            self.pieces.resize_with(nth + 1, Piece::default);
            self.pieces[nth].stream.reserve(len + len / 8);
            self.pieces[nth].places.reserve_exact(PIECE);
        }
        self.pieces[nth].set(within, part);
    }
}

impl<S: Stream> Piece<S> {
    #[inline]
    fn get(&self, nth: usize) -> Option<&S::Part> {
        self.stream.part(self.places.get(nth)?.range()?)
    }

    fn set(&mut self, nth: usize, part: Option<&S::Part>) {
        if self.get(nth) == part {
            return;
        }
        if self.places.len() <= nth {
            self.places.resize(nth + 1, Place::NONE);
        }
        self.waste += self.places[nth].len as usize;
        self.places[nth] = part.map_or(Place::NONE, |part| put(&mut self.stream, part));
        if self.waste > PIECE && self.waste > self.stream.size() / 2 {
            self.tidy();
        }
    }

    /// Leaves out what no slot has any more.
    fn tidy(&mut self) {
        let mut tidy = S::default();
        tidy.reserve(self.stream.size() - self.waste);
        for place in &mut self.places {
            let part = place.range().and_then(|range| self.stream.part(range));
            *place = part.map_or(Place::NONE, |part| put(&mut tidy, part));
        }
        (self.stream, self.waste) = (tidy, 0);
    }
}

/// Puts a part at the end. There is no room for it past 4 GiB.
fn put<S: Stream>(stream: &mut S, part: &S::Part) -> Place {
    let from = stream.size();
    stream.append(part);
    match (u32::try_from(from), u32::try_from(stream.size())) {
        (Ok(from), Ok(end)) => Place { from, len: end - from },
        _ => Place::NONE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_was_put_last(
            steps in prop::collection::vec((0..600u32, prop::option::of("[a-zü网]{0,40}")), 1..400),
        ) {
            let (mut texts, mut lists) = (Lists::<String>::default(), Lists::<Vec<char>>::default());
            let mut model: BTreeMap<u32, String> = BTreeMap::new();
            for (slot, text) in &steps {
                // Few slots again and again, so that there is waste.
                let slot = if slot % 3 == 0 { *slot } else { slot % 7 };
                texts.set(slot, text.as_deref());
                lists.set(slot, text.as_ref().map(|text| text.chars().collect::<Vec<_>>()).as_deref());
                match text {
                    Some(text) => drop(model.insert(slot, text.clone())),
                    None => drop(model.remove(&slot)),
                }
            }
            for slot in 0..700 {
                let wanted = model.get(&slot);
                prop_assert_eq!(texts.get(slot), wanted.map(String::as_str));
                prop_assert_eq!(lists.get(slot).map(|list| list.iter().collect::<String>()), wanted.cloned());
            }
            let all = model.iter().map(|(&slot, text)| (slot, text.as_str()));
            prop_assert!(texts.iter().eq(all));
            let held = |piece: &Piece<String>| piece.places.iter().map(|place| place.len as usize).sum::<usize>();
            for piece in &texts.pieces {
                prop_assert_eq!(piece.stream.len(), held(piece) + piece.waste);
                prop_assert!(piece.waste <= PIECE.max(piece.stream.size() / 2));
            }
        }
    }

    #[test]
    fn an_empty_part_is_not_none() {
        let mut texts = Lists::<String>::default();
        texts.set(300, Some(""));
        assert_eq!((texts.get(300), texts.get(299), texts.get(301)), (Some(""), None, None));
        texts.set(300, None);
        assert_eq!(texts.get(300), None);
    }
}
