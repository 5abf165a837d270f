//! An effect goes in, the requests come out by which the service performs it, and in the end its result.
//!
//! What a batch asks for is known here and nowhere else in the model: a new kind of effect is a new [`Call`] with what it
//! does to the table, and its place in the result.

use detector_core::store::pack::Lot;
use detector_core::store::parked::LOOKED_AT_MAX;
use detector_core::store::{
    ConditionalWrite, Effect, EffectResult, Item, ItemKey, LogName, LogPart, Notice, ParkedMark,
    Report, RuleKey, Step, WriteOutcome,
};

use super::table::{
    BUCKETS, Claim, MARK_PLACES, PACK_BUCKETS, Place, Table, Throttled, notice_name,
};

/// The most keys that BatchGetItem takes.
const KEYS_MAX: usize = 100;

/// The most messages that PublishBatch takes: the others go with the first.
const MESSAGES_MAX: usize = 10;

/// What bookkeeping items take, in bytes: one for each shard, and how far sweeps have come.
const BOOKKEPT_BYTES: u64 = 400;

/// One request. Numbers are places in the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Call {
    /// BatchGetItem.
    Get(Vec<Lot>),
    /// Of what lies in one item of the table.
    Put(Lot),
    Query(RuleKey, u8),
    QueryPacks(u8),
    /// A part of the log.
    Append(usize),
    /// A place of the log.
    ReadLog(u8),
    DropLog(LogName),
    Park(usize),
    /// A place of the marks: those that end in a slice or later, or those that nobody has served.
    Marks(u8),
    Arm(usize),
    ReadParked,
    Serve(usize),
    Claim(usize),
    Send(usize),
    NoteTold(usize),
    /// How far a shard or sweeps have come.
    ReadProgress,
    NoteProgress,
    /// Another service, of which the table knows nothing.
    Elsewhere,
}

/// What becomes of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Performed {
    Done,
    /// Another one follows from it.
    Then(Call),
    /// This much of it was refused; `true`: something was not.
    Again(Call, bool),
}

/// An opening that was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    pub(super) notice: Notice,
    /// The moment at which the condition held, in milliseconds of event time.
    pub(super) opened_at: i64,
}

/// An effect that is being performed.
#[derive(Debug)]
pub(super) struct Asked {
    effect: Effect,
    items: Vec<Option<Item>>,
    outcomes: Vec<WriteOutcome>,
    accepted: Vec<bool>,
    due: Vec<ItemKey>,
    appended: Vec<bool>,
    log: Vec<LogPart>,
    marks: Vec<ParkedMark>,
    is_lost: bool,
    pub(super) told: Vec<Told>,
}

impl Asked {
    /// The effect, and the requests that it begins with.
    pub(super) fn new(effect: Effect, table: &Table) -> (Self, Vec<Call>) {
        let mut asked = Self {
            items: Vec::new(),
            outcomes: Vec::new(),
            accepted: Vec::new(),
            due: Vec::new(),
            appended: Vec::new(),
            log: Vec::new(),
            marks: Vec::new(),
            is_lost: false,
            told: Vec::new(),
            effect,
        };
        let calls = match &asked.effect {
            Effect::Read { keys, .. } => {
                asked.items = vec![None; keys.len()];
                let lots = table.lots(keys.iter().copied());
                let chunks = lots.chunks(KEYS_MAX);
                chunks.map(|chunk| Call::Get(chunk.to_vec())).collect()
            }
            Effect::Write(writes) => {
                asked.outcomes = vec![WriteOutcome::Unknown; writes.len()];
                let lots = table.lots(writes.iter().map(|write| write.key));
                lots.into_iter().map(Call::Put).collect()
            }
            Effect::Publish(announcements) => {
                asked.accepted = vec![false; announcements.len()];
                (0..announcements.len()).map(Call::Claim).collect()
            }
            Effect::Due { rules, .. } => {
                let own = rules.iter().filter(|rule| !table.packs(**rule));
                let buckets = own.flat_map(|rule| (0..BUCKETS).map(|b| (*rule, b)));
                let queries = buckets.map(|(rule, b)| Call::Query(rule, b));
                let packs = match rules.iter().any(|rule| table.packs(*rule)) {
                    true => 0..PACK_BUCKETS,
                    false => 0..0,
                };
                queries.chain(packs.map(Call::QueryPacks)).collect()
            }
            Effect::Append(parts) => {
                asked.appended = vec![false; parts.len()];
                (0..parts.len()).map(Call::Append).collect()
            }
            Effect::ReadLog { place } => vec![Call::ReadLog(*place)],
            Effect::DropLog(names) => names.iter().copied().map(Call::DropLog).collect(),
            Effect::Park(parts) => {
                asked.appended = vec![false; parts.len()];
                (0..parts.len()).map(Call::Park).collect()
            }
            Effect::Arm(marks) => {
                asked.appended = vec![false; marks.len()];
                (0..marks.len()).map(Call::Arm).collect()
            }
            Effect::Look { .. } | Effect::Pending => (0..MARK_PLACES).map(Call::Marks).collect(),
            Effect::ReadParked { .. } => vec![Call::ReadParked],
            Effect::Serve(marks) => (0..marks.len()).map(Call::Serve).collect(),
        };
        (asked, calls)
    }

    /// Performs one request for `worker`.
    pub(super) fn perform(
        &mut self,
        call: Call,
        table: &mut Table,
        (worker, now_us): (usize, i64),
    ) -> Performed {
        self.performed(&call, table, (worker, now_us))
            .unwrap_or(Performed::Again(call, false))
    }

    fn performed(
        &mut self,
        call: &Call,
        table: &mut Table,
        (worker, now_us): (usize, i64),
    ) -> Result<Performed, Throttled> {
        match (call, &self.effect) {
            (Call::Get(lots), Effect::Read { is_consistent, .. }) => {
                return Ok(self.got(lots, (table, *is_consistent), (worker, now_us)));
            }
            (Call::Put(lot), Effect::Write(writes)) => {
                let of_lot: Vec<&ConditionalWrite> =
                    lot.iter().map(|(place, _)| &writes[*place]).collect();
                let outcomes = table.write_lot(&of_lot, (worker, now_us))?;
                for ((place, _), outcome) in lot.iter().zip(outcomes) {
                    self.outcomes[*place] = outcome;
                }
            }
            (Call::Query(rule, bucket), Effect::Due { watermark, .. }) => {
                let due = table.due((*rule, *bucket), *watermark, now_us)?;
                self.due.extend(due);
            }
            (Call::QueryPacks(bucket), Effect::Due { rules, watermark }) => {
                let due = table.due_packs(*bucket, rules, (*watermark, now_us))?;
                self.due.extend(due);
            }
            (Call::Append(place), Effect::Append(parts)) => {
                table.append(&parts[*place], now_us)?;
                self.appended[*place] = true;
            }
            (Call::ReadLog(place), _) => self.log = table.read_log(*place, now_us)?,
            (Call::DropLog(name), _) => table.drop_log(*name, now_us)?,
            (Call::Claim(place), Effect::Publish(announcements)) => {
                let told = &announcements[*place];
                let name = notice_name(told.id, told.notice);
                match table.claim(name, worker, now_us)? {
                    Claim::Ours if place.is_multiple_of(MESSAGES_MAX) => {
                        return Ok(Performed::Then(Call::Send(*place)));
                    }
                    Claim::Ours => return Ok(self.sent(*place)),
                    Claim::Told => self.accepted[*place] = true,
                    Claim::Anothers => {}
                }
            }
            (Call::Send(place), _) => return Ok(self.sent(*place)),
            (Call::NoteTold(place), Effect::Publish(announcements)) => {
                let told = &announcements[*place];
                table.note_told(notice_name(told.id, told.notice), now_us)?;
            }
            _ => self.perform_of_parking(call, table, now_us)?,
        }
        Ok(Performed::Done)
    }

    fn got(
        &mut self,
        lots: &[Lot],
        (table, is_consistent): (&mut Table, bool),
        at: (usize, i64),
    ) -> Performed {
        let mut left = Vec::new();
        for lot in lots {
            match table.read_lot(lot, is_consistent, at) {
                Ok(items) => {
                    for ((place, _), item) in lot.iter().zip(items) {
                        self.items[*place] = item;
                    }
                }
                Err(Throttled) => left.push(lot.clone()),
            }
        }
        if left.is_empty() {
            return Performed::Done;
        }
        let is_some = left.len() < lots.len();
        Performed::Again(Call::Get(left), is_some)
    }

    fn perform_of_parking(
        &mut self,
        call: &Call,
        table: &mut Table,
        now_us: i64,
    ) -> Result<(), Throttled> {
        match (call, &self.effect) {
            (Call::Park(place), Effect::Park(parts)) => {
                table.park(&parts[*place], now_us)?;
                self.appended[*place] = true;
            }
            (Call::Arm(place), Effect::Arm(marks)) => {
                table.arm(&marks[*place], now_us)?;
                self.appended[*place] = true;
            }
            (Call::Marks(place), Effect::Look { from }) => {
                self.marks.extend(table.marks_from(*place, *from, now_us)?);
            }
            (Call::Marks(place), _) => self.marks.extend(table.pending(*place, now_us)?),
            (
                Call::ReadParked,
                Effect::ReadParked {
                    slice,
                    place,
                    after,
                },
            ) => self.log = table.read_parked((*slice, *place), *after, now_us)?,
            (Call::Serve(place), Effect::Serve(marks)) => table.serve(&marks[*place], now_us)?,
            _ => bookkeep(call, table, now_us)?,
        }
        Ok(())
    }

    /// SNS has the message.
    fn sent(&mut self, place: usize) -> Performed {
        self.accepted[place] = true;
        if let Effect::Publish(announcements) = &self.effect {
            let told = &announcements[place];
            self.told.push(Told {
                notice: told.notice,
                opened_at: told.episode.opened_at,
            });
        }
        Performed::Then(Call::NoteTold(place))
    }

    /// A request that was tried often enough.
    pub(super) fn give_up(&mut self, call: &Call) {
        // Writes have an outcome of their own each, and so have announcements.
        self.is_lost |= matches!(
            call,
            Call::Get(_)
                | Call::Query(..)
                | Call::QueryPacks(_)
                | Call::ReadLog(_)
                | Call::DropLog(_)
                | Call::Marks(_)
                | Call::ReadParked
                | Call::Serve(_)
        );
    }

    pub(super) fn result(self) -> EffectResult {
        match self.effect {
            _ if self.is_lost => EffectResult::Failed,
            Effect::Read { .. } => EffectResult::Read(self.items),
            Effect::Write(_) => EffectResult::Write(self.outcomes),
            Effect::Publish(_) => EffectResult::Publish(self.accepted),
            Effect::Due { .. } => EffectResult::Due {
                keys: self.due,
                is_all: true,
            },
            Effect::Append(_) => EffectResult::Append(self.appended),
            Effect::ReadLog { .. } => EffectResult::ReadLog {
                parts: self.log,
                is_all: true,
            },
            Effect::DropLog(_) => EffectResult::DropLog,
            Effect::Park(_) => EffectResult::Park(self.appended),
            Effect::Arm(_) => EffectResult::Arm(self.appended),
            Effect::Look { .. } => EffectResult::Look {
                is_all: self.marks.len() <= LOOKED_AT_MAX,
                marks: self.marks,
            },
            Effect::Pending => EffectResult::Pending {
                marks: self.marks,
                is_all: true,
            },
            Effect::ReadParked { .. } => EffectResult::ReadParked {
                parts: self.log,
                is_all: true,
            },
            Effect::Serve(_) => EffectResult::Serve,
        }
    }

    /// Bytes of state in the items that were read: uniting them takes time.
    pub(super) fn read_bytes(&self) -> usize {
        self.items.iter().flatten().map(Item::bytes).sum()
    }

    /// Groups that are due, of a sweep that asked for them.
    pub(super) fn due(&self) -> usize {
        self.due.len()
    }

    /// Items that were read or written.
    pub(super) fn handled(&self) -> usize {
        self.items.len() + self.outcomes.len()
    }
}

/// A request that belongs to no effect.
pub(super) fn bookkeep(call: &Call, table: &mut Table, now_us: i64) -> Result<(), Throttled> {
    match call {
        Call::ReadProgress => table.look(Place::Bookkeeping, BOOKKEPT_BYTES, now_us),
        Call::NoteProgress => table.note(Place::Bookkeeping, BOOKKEPT_BYTES, now_us),
        _ => Ok(()),
    }
}

/// Performs the steps of a batch at once, as in a world that takes no time.
pub(super) fn at_once(mut step: Step<'_>, table: &mut Table, now_us: i64) -> Report {
    loop {
        let (batch, effect) = match step {
            Step::Done(report) => return report,
            Step::Ask { batch, effect, .. } => (batch, effect),
        };
        let (mut asked, mut calls) = Asked::new(effect, table);
        while let Some(call) = calls.pop() {
            if let Performed::Then(next) = asked.perform(call, table, (0, now_us)) {
                calls.push(next);
            }
        }
        step = batch.resume(asked.result());
    }
}

#[cfg(test)]
mod tests {
    use detector_core::engine::{Engine, Mode, Observer};
    use detector_core::rule::RuleFile;
    use detector_core::store::drive::drive;
    use detector_core::store::{Batch, Deltas, MemoryStore, Plan};
    use detector_core::time::Timestamp;
    use detector_core::window::load_rules;

    use super::*;

    const RULES: &str = "
title: Refused
id: 11111111-1111-4111-8111-111111111111
name: refused
level: low
logsource: {product: aws, service: lambda}
detection:
    refused: {decision: deny}
    condition: refused
---
title: Often refused
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
    type: event_count
    rules: [refused]
    group-by: [sub]
    timespan: 10m
    condition: {gte: 3}
";

    struct Nothing;
    impl Observer for Nothing {}

    fn deltas(engine: &Engine, from: u32) -> Deltas {
        let mut worker = engine.worker(Mode::Set);
        for at in from..from + 300 {
            let sub = at % 120;
            let line = format!(
                r#"{{"timestamp":"2026-05-03T12:00:0{}.000Z","event":"v","request_id":"r{at}","sub":"s{sub}","decision":"deny"}}"#,
                at % 10
            );
            let arrival = Timestamp::from_rfc3339("2026-05-03T12:00:10Z");
            worker.record(line.as_bytes(), arrival, &mut Nothing);
        }
        let mut deltas = Deltas::default();
        worker.drain_state(&mut |rule, group, state| deltas.add((rule, group), state, 0, 0));
        deltas
    }

    #[test]
    fn what_is_asked_comes_to_the_same_as_over_the_store_in_memory() {
        let file = RuleFile {
            path: "rules.yml".to_owned(),
            text: RULES.to_owned(),
        };
        let engine = Engine::new(load_rules(&[file]).unwrap());
        let plan = Plan::new(engine.rules(), engine.store_times());
        let (memory, mut table) = (MemoryStore::default(), Table::default());
        let end_ms = 1_777_900_000_000;
        let steps = || {
            let batches = [0, 200].map(|from| deltas(&engine, from));
            let batches = batches.map(|deltas| Batch::of_records(&plan, deltas, None));
            let sweep = Batch::sweep(&plan, end_ms, None);
            batches.into_iter().chain([sweep])
        };
        for (one, other) in steps().zip(steps()) {
            let expected = drive(one, &memory, &mut |_| true);
            assert_eq!(at_once(other, &mut table, 0), expected);
            assert!(expected.written + expected.closed > 0);
        }
        let items: Vec<_> = table.items().map(|(k, i)| (*k, i.clone())).collect();
        assert_eq!(items, memory.items());
        assert_eq!(items.len(), 120);
    }
}
