//! Which columns stand where: they drop in a fixed order until the rest fits, then share what room is left.

/// What a column needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Need {
    pub least: u16,
    /// More than this is no use to it.
    pub most: u16,
    /// The greatest goes first when there is no room; 0 never goes.
    pub drop: u8,
    /// Gets what room there is before the others do.
    pub first: bool,
}

impl Need {
    /// No column at all.
    pub const NONE: Need = Need { least: u16::MAX, most: u16::MAX, drop: u8::MAX, first: false };

    /// Takes no more than the widest text in it needs.
    #[must_use]
    pub fn fit(self, cells: usize) -> Self {
        Self { most: u16::try_from(cells).unwrap_or(u16::MAX).clamp(self.least, self.most), ..self }
    }

    /// Never dropped.
    #[must_use]
    pub const fn always(self) -> Self {
        Self { drop: 0, ..self }
    }

    pub const fn first(self) -> Self {
        Self { first: true, ..self }
    }
}

/// Where a column stands, in cells from the left of its row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Slot {
    pub x: u16,
    pub width: u16,
}

pub const fn need(least: u16, most: u16, drop: u8) -> Need {
    Need { least, most, drop, first: false }
}

/// Places columns in `width` cells from `x`, one cell apart (two where there is room). `None`: dropped.
pub fn lay<const N: usize>(needs: [Need; N], x: u16, width: u16) -> [Option<Slot>; N] {
    let room = width.saturating_sub(x);
    let mut widths: [Option<u16>; N] = needs.map(|need| Some(need.least));
    let taken = |widths: &[Option<u16>; N], gap: u16| {
        let count = u16::try_from(widths.iter().flatten().count()).unwrap_or(u16::MAX);
        widths
            .iter()
            .flatten()
            .fold(0, |sum: u16, width| sum.saturating_add(*width))
            .saturating_add(gap * count.saturating_sub(1))
    };
    while taken(&widths, 1) > room {
        let next = (0..N).filter(|&n| widths[n].is_some() && needs[n].drop > 0).max_by_key(|&n| needs[n].drop);
        match next {
            Some(n) => widths[n] = None,
            None => break,
        }
    }
    let gap = if taken(&widths, 2) <= room { 2 } else { 1 };
    let mut spare = room.saturating_sub(taken(&widths, gap));
    for first in [true, false] {
        loop {
            let mut grew = false;
            for (width, need) in widths.iter_mut().zip(&needs) {
                if let Some(width) = width
                    && *width < need.most
                    && need.first == first
                    && spare > 0
                {
                    *width += 1;
                    spare -= 1;
                    grew = true;
                }
            }
            if !grew {
                break;
            }
        }
    }
    let mut at = x;
    widths.map(|width| {
        width.map(|width| {
            let slot = Slot { x: at, width };
            at += width + gap;
            slot
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_drop_in_their_order_and_share_the_rest() {
        let needs = [need(10, 20, 0), need(5, 5, 1), need(8, 30, 0), need(6, 9, 2)];
        let widths = |width| lay(needs, 1, width).map(|slot| slot.map(|slot| slot.width));
        assert_eq!(widths(33), [Some(10), Some(5), Some(8), Some(6)]);
        assert_eq!(widths(32), [Some(12), Some(5), Some(10), None]);
        assert_eq!(widths(25), [Some(12), None, Some(10), None]);
        assert_eq!(widths(5), [Some(10), None, Some(8), None], "what never drops stays, whatever the width");
        assert_eq!(widths(200), [Some(20), Some(5), Some(30), Some(9)]);
        let needs = [need(10, 20, 0), need(8, 30, 0).first()];
        assert_eq!(lay(needs, 0, 30).map(|slot| slot.map(|slot| slot.width)), [Some(10), Some(18)]);
    }

    proptest! {
        #[test]
        fn columns_never_overlap_and_stay_inside(x in 0u16..4, width in 24u16..250) {
            let needs = [need(10, 40, 0), need(5, 12, 3), need(8, 30, 0), need(15, 15, 1), need(6, 20, 2)];
            let slots: Vec<Slot> = lay(needs, x, width).into_iter().flatten().collect();
            for pair in slots.windows(2) {
                prop_assert!(pair[0].x + pair[0].width < pair[1].x);
            }
            let last = slots.last().copied().unwrap_or_default();
            prop_assert!(last.x + last.width <= width);
        }
    }
}
