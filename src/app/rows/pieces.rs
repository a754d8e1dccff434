//! A long list in order, kept in pieces: what is put in or taken out moves its neighbours, and nothing else. One list of all would
//! be moved as a whole by each page, and copied to a larger place whenever it has outgrown its own.

/// See the module. No piece is empty, or longer than `MOST`.
#[derive(Clone, Debug)]
pub struct Pieces<T, const MOST: usize = 512> {
    pieces: Vec<Vec<T>>,
    len: usize,
}

impl<T, const MOST: usize> Default for Pieces<T, MOST> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }
}

/// How the items lie in pieces is nobody's business.
impl<T: PartialEq, const MOST: usize> PartialEq for Pieces<T, MOST> {
    fn eq(&self, other: &Self) -> bool {
        self.len == other.len && self.iter().eq(other.iter())
    }
}

impl<T: Eq, const MOST: usize> Eq for Pieces<T, MOST> {}

impl<T: Copy, const MOST: usize> FromIterator<T> for Pieces<T, MOST> {
    /// Of items in order.
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let items: Vec<T> = items.into_iter().collect();
        Self { pieces: cut(&items, MOST).collect(), len: items.len() }
    }
}

/// Pieces with room for more.
fn cut<T: Copy>(items: &[T], most: usize) -> impl Iterator<Item = Vec<T>> {
    items.chunks((most * 3 / 4).max(1)).map(move |part| {
        let mut piece = Vec::with_capacity(most);
        piece.extend_from_slice(part);
        piece
    })
}

impl<T, const MOST: usize> Pieces<T, MOST> {
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    /// The items from a place on.
    pub fn from(&self, place: usize) -> impl Iterator<Item = &T> {
        let mut skip = place;
        let mut first = 0;
        while let Some(piece) = self.pieces.get(first).filter(|piece| piece.len() <= skip) {
            skip -= piece.len();
            first += 1;
        }
        self.pieces[first..].iter().flatten().skip(skip)
    }

    /// How many items are before something, and the first that is not.
    pub fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> (usize, Option<&T>) {
        let nth = self.pieces.partition_point(|piece| piece.last().is_some_and(&is_before));
        let before: usize = self.pieces[..nth].iter().map(Vec::len).sum();
        let Some(piece) = self.pieces.get(nth) else { return (before, None) };
        let within = piece.partition_point(is_before);
        (before + within, piece.get(within))
    }

    pub fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        self.pieces.iter_mut().for_each(|piece| piece.retain(&keep));
        self.pieces.retain(|piece| !piece.is_empty());
        self.len = self.pieces.iter().map(Vec::len).sum();
    }
}

impl<T: Copy, const MOST: usize> Pieces<T, MOST> {
    /// Puts new items, themselves in order, where they belong. `item` is what is kept of one.
    pub fn weave<N>(&mut self, mut new: &[N], item: impl Fn(&N) -> T, is_before: impl Fn(&T, &N) -> bool) {
        self.len += new.len();
        let mut nth = 0;
        while let Some(first) = new.first() {
            if self.pieces.is_empty() {
                self.pieces.push(Vec::with_capacity(MOST));
            }
            // The first piece that ends behind it, or the last of all: it probably is near the one before.
            let is_ahead = |piece: &Vec<T>| piece.last().is_some_and(|at| is_before(at, first));
            nth = (nth + leap(&self.pieces[nth..], is_ahead)).min(self.pieces.len() - 1);
            let next = self.pieces.get(nth + 1).and_then(|piece| piece.first());
            let here = next.map_or(new.len(), |next| new.partition_point(|at| !is_before(next, at)));
            let (here, rest) = new.split_at(here);
            new = rest;
            let piece = &mut self.pieces[nth];
            weave(piece, here, &item, &is_before);
            if piece.len() > MOST {
                let whole = std::mem::take(piece);
                let before = self.pieces.len();
                self.pieces.splice(nth..=nth, cut(&whole, MOST));
                nth += self.pieces.len() - before;
            }
        }
    }
}

/// How many of the items come before something that probably belongs near their beginning.
fn leap<T>(items: &[T], is_before: impl Fn(&T) -> bool) -> usize {
    let mut ahead = 1;
    while ahead <= items.len() && is_before(&items[ahead - 1]) {
        ahead *= 2;
    }
    let (from, to) = (ahead / 2, (ahead - 1).min(items.len()));
    from + items[from..to].partition_point(is_before)
}

fn weave<T: Copy, N>(items: &mut Vec<T>, new: &[N], item: impl Fn(&N) -> T, is_before: impl Fn(&T, &N) -> bool) {
    let Some(any) = new.first() else { return };
    let mut end = items.len();
    items.resize(end + new.len(), item(any));
    // From the end on: what is behind an item makes room for it and for all before it.
    for (nth, at) in new.iter().enumerate().rev() {
        let old = &items[..end];
        // What was woven in last often came from the same place.
        let is_next = old.last().is_none_or(|old| is_before(old, at));
        let place = if is_next { end } else { old.partition_point(|old| is_before(old, at)) };
        items.copy_within(place..end, place + nth + 1);
        items[place + nth] = item(at);
        end = place;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn weaving_is_sorting(
            old in prop::collection::btree_set(0..200u32, 0..60),
            rounds in prop::collection::vec((prop::collection::btree_set(0..200u32, 0..40), 1..5u32), 1..5),
        ) {
            let mut list = old;
            let mut pieces: Pieces<u32, 8> = list.iter().copied().collect();
            for (new, goes) in rounds {
                list.retain(|n| n % goes != 0);
                pieces.retain(|n| n % goes != 0);
                let new: Vec<u32> = new.difference(&list).copied().collect();
                pieces.weave(&new, |&new| new, |old, new| old < new);
                list.extend(&new);
                let flat: Vec<u32> = list.iter().copied().collect();
                prop_assert!(pieces.iter().eq(&flat));
                prop_assert_eq!(pieces.len(), flat.len());
                prop_assert!(pieces.pieces.iter().all(|piece| (1..=8).contains(&piece.len())));
                prop_assert_eq!(&pieces, &flat.iter().copied().collect());
                for n in 0..=flat.len() {
                    prop_assert!(pieces.from(n).eq(&flat[n..]));
                }
                for n in 0..201 {
                    let at = flat.partition_point(|&item| item < n);
                    prop_assert_eq!(pieces.partition_point(|&item| item < n), (at, flat.get(at)));
                }
            }
        }
    }
}
