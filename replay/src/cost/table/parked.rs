//! Parked hits and marks, as `detector/lambda` lays them out.

use detector_core::store::{LogName, LogPart, ParkedMark, ParkedPart};

use super::{LOG_BYTES, MARK_PLACES, Place, Table, Throttled, units};

/// A mark with its keys, names of attributes and expiry.
const MARK_BYTES: u64 = 100;

fn place_of(mark: &ParkedMark) -> u8 {
    mark.group.lowest_byte() % MARK_PLACES
}

impl Table {
    pub(in crate::cost) fn park(
        &mut self,
        part: &ParkedPart,
        now_us: i64,
    ) -> Result<(), Throttled> {
        let name = self.new_name();
        let place = Place::Parked(part.slice, part.place);
        self.note(place, LOG_BYTES + part.deltas.len() as u64, now_us)?;
        self.parked
            .insert((part.slice, part.place, name), part.deltas.clone());
        Ok(())
    }

    pub(in crate::cost) fn marks_from(
        &mut self,
        place: u8,
        from: i64,
        now_us: i64,
    ) -> Result<Vec<ParkedMark>, Throttled> {
        let marks = self.marks.keys();
        let here = marks.filter(|mark| place_of(mark) == place && mark.to >= from);
        let here: Vec<ParkedMark> = here.copied().collect();
        self.look_at_marks(place, here.len(), now_us)?;
        Ok(here)
    }

    pub(in crate::cost) fn pending(
        &mut self,
        place: u8,
        now_us: i64,
    ) -> Result<Vec<ParkedMark>, Throttled> {
        let marks = self.marks.iter();
        let here = marks.filter(|(mark, is_served)| !**is_served && place_of(mark) == place);
        let here: Vec<ParkedMark> = here.map(|(mark, _)| *mark).collect();
        self.look_at_marks(place, here.len(), now_us)?;
        Ok(here)
    }

    fn look_at_marks(&mut self, place: u8, marks: usize, now_us: i64) -> Result<(), Throttled> {
        let bytes = MARK_BYTES * marks as u64;
        self.look(Place::Marks(place), bytes, now_us)
    }

    pub(in crate::cost) fn arm(&mut self, mark: &ParkedMark, now_us: i64) -> Result<(), Throttled> {
        let is_there = self.marks.contains_key(mark);
        let of_index = u64::from(!is_there);
        let cost = units::write(0, MARK_BYTES);
        self.write_units(Place::Marks(place_of(mark)), (cost, of_index), now_us)?;
        self.marks.entry(*mark).or_insert(false);
        Ok(())
    }

    pub(in crate::cost) fn serve(
        &mut self,
        mark: &ParkedMark,
        now_us: i64,
    ) -> Result<(), Throttled> {
        let cost = units::write(0, MARK_BYTES);
        self.write_units(Place::Marks(place_of(mark)), (cost, 1), now_us)?;
        self.marks.insert(*mark, true);
        Ok(())
    }

    pub(in crate::cost) fn read_parked(
        &mut self,
        (slice, place): (i64, u8),
        after: Option<LogName>,
        now_us: i64,
    ) -> Result<Vec<LogPart>, Throttled> {
        let here = self
            .parked
            .iter()
            .filter(|((of, at, name), _)| (*of, *at) == (slice, place) && Some(*name) > after);
        let parts: Vec<LogPart> = here
            .map(|((_, _, name), deltas)| LogPart {
                name: *name,
                deltas: deltas.clone(),
            })
            .collect();
        let bytes = parts.iter().map(|it| LOG_BYTES + it.deltas.len() as u64);
        self.look(Place::Parked(slice, place), bytes.sum(), now_us)?;
        Ok(parts)
    }
}
