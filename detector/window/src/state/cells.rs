//! The steps of an order where one floods and no chain completes: the first and the last of each short cell of time.

use serde::{Deserialize, Serialize};

use crate::state::chains::Step;
use crate::state::interval::Intervals;

/// Points of one step that are usually kept of a slice.
pub(crate) const KEPT_MAX: usize = 1024;

/// How time is cut: slices as long as the timespan, each of half as many cells as points are kept of it, since each cell
/// keeps two.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cells {
    pub(crate) timespan_ms: i64,
    pub(crate) kept_max: usize,
}

/// The slices of steps that had more points than are kept, for good: `(step, slice)`, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Thinned(Vec<(usize, i64)>);

/// A cell: the moments `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cell {
    start: i64,
    end: i64,
}

impl Cell {
    fn of(
        time: i64,
        Cells {
            timespan_ms,
            kept_max,
        }: Cells,
    ) -> Self {
        let slice_start = time - time.rem_euclid(timespan_ms);
        let (timespan, cells) = (i128::from(timespan_ms), (kept_max / 2) as i128);
        let at = i128::from(time - slice_start) * cells / timespan;
        let boundary = |at: i128| slice_start + ((at * timespan + cells - 1) / cells) as i64;
        Self {
            start: boundary(at),
            end: boundary(at + 1),
        }
    }
}

impl Thinned {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn merge(&mut self, other: &Thinned) {
        self.0.extend_from_slice(&other.0);
        self.0.sort_unstable();
        self.0.dedup();
    }

    fn has(&self, step: &Step, timespan_ms: i64) -> bool {
        let slice = (step.step, step.start.div_euclid(timespan_ms));
        step.is_point() && self.0.binary_search(&slice).is_ok()
    }

    /// Marks the slices that have too many points. `taken` is sorted by start and distinct.
    pub(crate) fn mark(&mut self, taken: &[Step], cells: Cells) {
        // By step: the slice at hand, and how many points it has so far.
        let mut counts: Vec<(i64, usize)> = Vec::new();
        let mut marks = Thinned::default();
        for step in taken.iter().filter(|step| step.is_point()) {
            if counts.len() <= step.step {
                counts.resize(step.step + 1, (0, 0));
            }
            let slice = step.start.div_euclid(cells.timespan_ms);
            let (at, count) = &mut counts[step.step];
            if *at != slice {
                (*at, *count) = (slice, 0);
            }
            *count += 1;
            if *count == cells.kept_max + 1 {
                marks.0.push((step.step, slice));
            }
        }
        if !marks.is_empty() {
            self.merge(&marks);
        }
    }

    /// Leaves the first and the last point of each cell of a marked slice. `taken` is sorted by start.
    ///
    /// Whether a point is the first of all that were seen cannot be told where an earlier one could have been absorbed
    /// and dropped. So where some moment of the cell before it is absorbed, none counts as the first, and likewise for
    /// the last: what is left depends on what was seen, what holds and what is marked, not on what was dropped when.
    pub(crate) fn thin(&self, taken: &mut Vec<Step>, holding: &Intervals, cut: Cells) {
        if self.is_empty() {
            return;
        }
        let mut kept: Vec<bool> = taken
            .iter()
            .map(|s| !self.has(s, cut.timespan_ms))
            .collect();
        let thinned: Vec<usize> = (0..taken.len()).filter(|at| !kept[*at]).collect();
        let steps = taken.iter().map(|s| s.step + 1).max().unwrap_or(0);
        let absorbs = |from, to| absorbs_any(holding, from, to, cut.timespan_ms);
        let mut cells: Vec<Option<Cell>> = vec![None; steps];
        for &at in &thinned {
            let cell = Cell::of(taken[at].start, cut);
            let is_first = cells[taken[at].step].replace(cell) != Some(cell);
            kept[at] |= is_first && !absorbs(cell.start, taken[at].start);
        }
        cells.fill(None);
        for &at in thinned.iter().rev() {
            let cell = Cell::of(taken[at].start, cut);
            let is_last = cells[taken[at].step].replace(cell) != Some(cell);
            kept[at] |= is_last && !absorbs(taken[at].start, cell.end);
        }
        let mut kept = kept.into_iter();
        taken.retain(|_| kept.next().expect("one for each"));
        taken.shrink_to(2 * taken.len());
    }

    /// Drops the marks of slices all of whose points are absorbed whatever else comes.
    pub(crate) fn retain_needed(&mut self, holding: &Intervals, timespan_ms: i64) {
        self.0.retain(|&(_, slice)| {
            let start = slice.saturating_mul(timespan_ms);
            let end = start.saturating_add(2 * timespan_ms - 1);
            !holding.covers(start, end)
        });
    }

    /// Drops the marks of slices that are not wanted.
    pub(crate) fn retain(&mut self, is_wanted: impl Fn(i64) -> bool) {
        self.0.retain(|&(_, slice)| is_wanted(slice));
    }

    /// Bytes on the heap.
    pub(crate) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<(usize, i64)>()
    }
}

/// Whether a point somewhere in `from..to` would bear on moments of `holding` alone.
fn absorbs_any(holding: &Intervals, from: i64, to: i64, timespan_ms: i64) -> bool {
    let last = |end: i64| end.saturating_sub(timespan_ms);
    let held = holding.as_slice();
    let first = held.partition_point(|i| last(i.end) < from);
    held[first..]
        .iter()
        .take_while(|i| i.start < to)
        .any(|i| i.start.max(from) <= last(i.end).min(to - 1))
}
