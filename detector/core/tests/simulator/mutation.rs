//! How requests are performed: with faults, and for the test's own sake with mistakes.

use std::any::Any;
use std::collections::BTreeMap;

use detector_core::alert::Alert;
use detector_core::store::{
    Announcement, ConditionalWrite, Effect, EffectResult, Item, ItemKey, Mark, Notice,
    RecordedEpisode, StateStore, WriteOutcome,
};
use detector_core::window::Windows;
use detector_core::window::first_seen::{FirstSeen, SeenValues};
use detector_core::window::group::United;
use detector_core::window::group_values::GroupTexts;
use detector_core::window::interval::Interval;
use detector_core::window::key::Key;
use detector_core::window::kind::WindowType;

use super::mistake::Mutation;
use super::packs::{Change, Trouble};
use super::scenario::Record;
use super::world::{Doing, Job, Recorded, Told, World};
use crate::oracle::TICK_MS;
use crate::oracle::compare::as_episode;
use crate::oracle::generate;

impl Mutation {
    /// The bytes of a record as a worker reads them, for the first time or `again`.
    pub(crate) fn sent(self, record: &Record, again: bool, random: &mut fastrand::Rng) -> Vec<u8> {
        if self != Mutation::ForgetEventIds || !again {
            return record.bytes.clone();
        }
        let mut event = record.event.clone();
        event.id = format!("read-{}", random.u64(..));
        generate::json(&event).into_bytes()
    }
}

impl World<'_> {
    /// Performs a request. It may fail before or after it took effect, wholly or in part.
    pub(crate) fn perform(&mut self, effect: &Effect, doing: Doing) -> EffectResult {
        if self.fails() && self.fails() {
            // Nothing took effect.
            return self.failed(effect);
        }
        let result = match effect {
            Effect::Read {
                keys,
                is_consistent,
            } => match self.read(keys, *is_consistent, doing.worker) {
                Some(items) => EffectResult::Read(items),
                None => return self.failed(effect),
            },
            Effect::Due { .. }
            | Effect::Append(_)
            | Effect::ReadLog { .. }
            | Effect::DropLog(_) => self.perform_of_sweeps(effect),
            Effect::Park(_)
            | Effect::Look { .. }
            | Effect::Arm(_)
            | Effect::Pending
            | Effect::ReadParked { .. }
            | Effect::Serve(_) => self.perform_of_parking(effect, doing.worker),
            Effect::Write(writes) => EffectResult::Write(self.write_all(writes, doing)),
            Effect::Publish(announcements) => {
                self.mark_first(announcements);
                let accepted = announcements.iter().map(|a| self.publish(a)).collect();
                EffectResult::Publish(accepted)
            }
        };
        if self.fails() && self.fails() {
            // It took effect, and the answer is lost.
            return self.failed(effect);
        }
        result
    }

    /// What sweeps look up, and the log.
    fn perform_of_sweeps(&mut self, effect: &Effect) -> EffectResult {
        let store = &self.store;
        // A store may tell of some of it alone.
        let is_troubled = self.fail_rate > 0;
        let some = |length: usize, random: &mut fastrand::Rng| match random.u8(..4) {
            0 if is_troubled => random.usize(..=length),
            _ => length,
        };
        match effect {
            Effect::Due { rules, watermark } => {
                let mut keys = store.due(rules, *watermark).expect("memory answers");
                if let Some(packs) = &self.packs {
                    let in_packs = packs.due(rules, *watermark);
                    if keys
                        .iter()
                        .any(|key| packs.has(*key) && !in_packs.contains(key))
                    {
                        self.violations.push("a pack hides what is due".to_owned());
                    }
                    keys.retain(|key| !packs.has(*key));
                    keys.extend(in_packs);
                }
                let all = keys.len();
                self.random.shuffle(&mut keys);
                keys.truncate(some(all, &mut self.random).max(1));
                let is_all = keys.len() == all || self.mutation == Mutation::TakeAPartForAll;
                EffectResult::Due { keys, is_all }
            }
            Effect::Append(parts) => {
                let stored = some(parts.len(), &mut self.random);
                store.append(&parts[..stored]).expect("memory answers");
                self.seen.logged += stored as u64;
                let told = (0..parts.len()).map(|at| at < stored && !self.fails());
                EffectResult::Append(told.collect())
            }
            Effect::ReadLog { place } => {
                let mut parts = store.read_log(*place).expect("memory answers");
                let all = parts.len();
                parts.truncate(some(all, &mut self.random).max(1));
                let is_all = parts.len() == all;
                let names: Vec<_> = parts.iter().map(|part| part.name).collect();
                match self.mutation {
                    Mutation::SkipTheLog => parts.clear(),
                    Mutation::DropTheLogFirst => store.drop_log(&names).expect("memory answers"),
                    _ => {}
                }
                EffectResult::ReadLog { parts, is_all }
            }
            Effect::DropLog(names) => {
                store.drop_log(names).expect("memory answers");
                EffectResult::DropLog
            }
            _ => unreachable!("others are performed elsewhere"),
        }
    }

    pub(crate) fn fails(&mut self) -> bool {
        self.random.u32(..1000) < self.fail_rate
    }

    fn failed(&mut self, effect: &Effect) -> EffectResult {
        self.seen.failed_requests += 1;
        match (self.mutation, effect) {
            (Mutation::TrustThePublisher, Effect::Publish(all)) => {
                EffectResult::Publish(vec![true; all.len()])
            }
            (Mutation::TrustTheStore, Effect::Write(all)) => {
                EffectResult::Write(vec![WriteOutcome::Written; all.len()])
            }
            (Mutation::TrustTheLog, Effect::Append(all)) => {
                EffectResult::Append(vec![true; all.len()])
            }
            (Mutation::TrustTheParking, Effect::Park(all)) => {
                EffectResult::Park(vec![true; all.len()])
            }
            _ => EffectResult::Failed,
        }
    }

    /// `None`: it failed.
    fn read(
        &mut self,
        keys: &[ItemKey],
        is_consistent: bool,
        worker: usize,
    ) -> Option<Vec<Option<Item>>> {
        let mut items = self.store.read(keys).expect("memory answers");
        let is_late = !is_consistent || self.mutation == Mutation::JudgeWhatWas;
        let of_packs = self.read_packs(keys, !is_late, worker)?;
        for (key, item) in keys.iter().zip(&mut items) {
            if let Some(of_pack) = of_packs.get(key) {
                if !is_late && of_pack != item {
                    let violation = format!("{key:?} is {of_pack:?} in packs, should be {item:?}");
                    self.violations.push(violation);
                }
                self.seen.late_reads += u64::from(of_pack != item);
                item.clone_from(of_pack);
            } else if is_late && self.fail_rate > 0 {
                self.be_late(*key, item);
            }
        }
        let stored = keys.iter().zip(&mut items);
        for (key, item) in stored.filter_map(|(key, item)| Some((key, item.as_mut()?))) {
            match self.mutation {
                Mutation::ForgetTotals => item.state = self.united(*key, item, self.swept_to).state,
                Mutation::ForgetTheBeginning => self.forget_the_beginning(*key, item),
                _ => {}
            }
        }
        Some(items)
    }

    fn read_packs(
        &mut self,
        keys: &[ItemKey],
        is_consistent: bool,
        worker: usize,
    ) -> Option<BTreeMap<ItemKey, Option<Item>>> {
        let Some(packs) = &mut self.packs else {
            return Some(BTreeMap::new());
        };
        let keys: Vec<ItemKey> = keys.iter().copied().filter(|key| packs.has(*key)).collect();
        let trouble = &mut Trouble::of(self.mutation, self.fail_rate, &mut self.random);
        let items = packs.read(&keys, is_consistent, (worker, trouble))?;
        Some(keys.into_iter().zip(items).collect())
    }

    /// Makes of an item what it was some writes ago, now and then.
    fn be_late(&mut self, key: ItemKey, item: &mut Option<Item>) {
        let Some(before) = self.before.get(&key) else {
            return;
        };
        if self.random.u8(..3) == 0 {
            let ago = self.random.usize(1..=before.len().min(3));
            *item = before[before.len() - ago].clone();
            self.seen.late_reads += 1;
        }
    }

    fn united(&self, key: ItemKey, item: &Item, watermark: Option<i64>) -> United {
        let windows = Windows::new(self.scenario.engine.rules());
        let rule = self.plan.rule_of(key.rule).expect("an item of a rule");
        let united = windows.unite(rule, key.group, &[&item.state], watermark);
        united.expect("a state that was stored")
    }

    /// Forgets as a window does that asks for nothing any more once it is past.
    fn forget_the_beginning(&self, key: ItemKey, item: &mut Item) {
        let rule = self.plan.rule_of(key.rule).expect("an item of a rule");
        let rule = &self.scenario.engine.rules().correlations[rule.0 as usize];
        let window: &dyn Any = &*rule.window;
        let Some(window) = window.downcast_ref::<FirstSeen>() else {
            return;
        };
        let window = FirstSeen {
            timespan_ms: 0,
            ..window.clone()
        };
        let Some(forgotten_to) = self.united(key, item, None).forgotten_to else {
            return;
        };
        // A version, the group-by values, then what is kept, of which the window's own comes first.
        let (version, fields) = item.state.split_first().expect("a state has a version");
        let (mut kept, rest) =
            postcard::take_from_bytes::<(GroupTexts, Option<SeenValues>)>(fields)
                .expect("a state that was stored");
        if let Some(state) = &mut kept.1 {
            window.forget(state, forgotten_to);
        }
        let mut state = postcard::to_extend(&kept, vec![*version]).expect("as it was read");
        state.extend_from_slice(rest);
        item.state = state;
    }

    fn write_all(&mut self, writes: &[ConditionalWrite], doing: Doing) -> Vec<WriteOutcome> {
        let mut lots: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        let mut outcomes = vec![WriteOutcome::Unknown; writes.len()];
        for (at, write) in writes.iter().enumerate() {
            match self
                .packs
                .as_ref()
                .is_some_and(|packs| packs.has(write.key))
            {
                true => lots.entry(write.key.group).or_default().push(at),
                false => outcomes[at] = self.write(write, doing.job),
            }
        }
        for places in lots.into_values() {
            let lot: Vec<ConditionalWrite> = places.iter().map(|at| writes[*at].clone()).collect();
            let of_lot = self.write_pack(lot, doing);
            for (at, outcome) in places.into_iter().zip(of_lot) {
                outcomes[at] = outcome;
            }
        }
        outcomes
    }

    /// Writes of one group, which lie together.
    fn write_pack(&mut self, mut writes: Vec<ConditionalWrite>, doing: Doing) -> Vec<WriteOutcome> {
        for write in &mut writes {
            if self.mutation == Mutation::PublishBeforeWrite {
                self.publish_recorded(write);
            }
            self.spoil(write, doing.job);
        }
        let now = self.forgettable_at(doing.swept_to).unwrap_or(i64::MIN);
        let packs = self.packs.as_mut().expect("items of packs");
        let trouble = &mut Trouble::of(self.mutation, self.fail_rate, &mut self.random);
        let (mut outcomes, changes) = packs.write(&writes, (doing.worker, trouble), now);
        self.seen.moved += std::mem::take(&mut packs.moved);
        for change in changes {
            self.change(change, doing.job);
        }
        if self.mutation == Mutation::TrustTheStore {
            let lost = outcomes.iter_mut();
            lost.filter(|outcome| **outcome == WriteOutcome::Unknown)
                .for_each(|outcome| *outcome = WriteOutcome::Written);
        }
        outcomes
    }

    /// What has become of an item in packs: the store without packs must agree.
    fn change(&mut self, change: Change, job: Job) {
        match change {
            Change::Written(write) => {
                let (key, episodes) = (write.key, write.item.episodes.clone());
                let before = self.stored(key);
                let outcome = self.store.write(&[write]).expect("memory answers")[0];
                if outcome != WriteOutcome::Written {
                    let violation = format!("{key:?} was written against its condition");
                    self.violations.push(violation);
                    return;
                }
                self.before.entry(key).or_default().push(before);
                self.record(key, episodes);
                if self.mutation == Mutation::CheckpointAfterAWrite {
                    self.checkpoint(job);
                }
            }
            Change::Gone(key) => self.forget(key),
        }
    }

    fn write(&mut self, write: &ConditionalWrite, job: Job) -> WriteOutcome {
        let unknown = match self.mutation {
            Mutation::TrustTheStore => WriteOutcome::Written,
            _ => WriteOutcome::Unknown,
        };
        if self.fails() {
            return unknown;
        }
        let mut write = write.clone();
        if self.mutation == Mutation::PublishBeforeWrite {
            self.publish_recorded(&write);
            if self.fails() {
                return unknown;
            }
        }
        self.spoil(&mut write, job);
        let (key, episodes) = (write.key, write.item.episodes.clone());
        let before = self.stored(key);
        let outcome = self.store.write(&[write]).expect("memory answers")[0];
        if outcome == WriteOutcome::Written {
            self.before.entry(key).or_default().push(before);
            self.record(key, episodes);
            if self.mutation == Mutation::CheckpointAfterAWrite {
                self.checkpoint(job);
            }
        }
        if self.fails() { unknown } else { outcome }
    }

    /// What is wrong with the write itself.
    fn spoil(&mut self, write: &mut ConditionalWrite, job: Job) {
        match (self.mutation, job) {
            (Mutation::NoVersionCondition, _) => {
                write.expected = self.stored(write.key).map(|item| item.version);
            }
            (Mutation::SettleFirst, Job::Sweep { .. }) => write.item.due = None,
            (Mutation::ForgetTheOrder, _) => {
                write.item.episodes.sort_by_key(|episode| episode.span);
            }
            (Mutation::ForgetChildren, _) => write.item.children.clear(),
            (Mutation::CloseBeforeTheQuietPeriod, Job::Sweep { watermark }) => {
                for episode in &mut write.item.episodes {
                    if episode.mark == Mark::Published && episode.span.end < watermark {
                        episode.mark = Mark::Closed;
                        self.tell(Told {
                            key: write.key,
                            id: episode.id,
                            notice: Notice::Closed,
                            span: episode.span,
                            episode: String::new(),
                        });
                    }
                }
            }
            _ => {}
        }
    }

    fn record(&mut self, key: ItemKey, episodes: Vec<RecordedEpisode>) {
        for episode in episodes {
            let number = self.recorded.len();
            let recorded = self.recorded.entry(episode.id).or_insert(Recorded {
                number,
                key,
                episode: episode.clone(),
            });
            let begins_anew =
                episode.mark == Mark::Unpublished && recorded.episode.mark != Mark::Unpublished;
            let opens_again = episode.is_unclosed() && recorded.episode.mark == Mark::Closed;
            if begins_anew || opens_again || recorded.key != key {
                let violation = format!("{} was recorded anew", episode.id);
                self.violations.push(violation);
            }
            recorded.episode = episode;
        }
    }

    pub(crate) fn stored(&self, key: ItemKey) -> Option<Item> {
        self.store.read(&[key]).expect("memory answers").remove(0)
    }

    fn publish(&mut self, announcement: &Announcement) -> bool {
        let trusted = self.mutation == Mutation::TrustThePublisher;
        if self.fails() {
            return trusted;
        }
        let episode = &announcement.episode;
        let alert = Alert::of_announcement(self.scenario.engine.rules(), announcement);
        let span = Interval::new(episode.opened_at, episode.held_until());
        let is_whole = |time: i64| time % TICK_MS == 0;
        self.tell(Told {
            key: announcement.key,
            id: announcement.id,
            notice: announcement.notice,
            span,
            episode: match is_whole(span.start) && is_whole(span.end) {
                true => as_episode(&alert, &self.scenario.correlations),
                false => format!("{alert:?}"),
            },
        });
        !self.fails() || trusted
    }

    fn tell(&mut self, told: Told) {
        let Told {
            key,
            id,
            notice,
            span,
            ..
        } = told;
        if !self.recorded.contains_key(&id) {
            let violation = format!("{id} was announced before it was recorded");
            self.violations.push(violation);
        }
        let rule = self.plan.rule_of(key.rule).expect("an item of a rule");
        let quiet_ms = self.scenario.engine.rules().correlations[rule.0 as usize].quiet_ms;
        if notice == Notice::Closed && span.end + quiet_ms >= self.true_watermark() {
            let violation = format!("{id} was closed before the watermark had passed its end");
            self.violations.push(violation);
        }
        self.published.push(told);
    }

    fn publish_recorded(&mut self, write: &ConditionalWrite) {
        for recorded in &write.item.episodes {
            if recorded.mark == Mark::Unpublished {
                self.tell(Told {
                    key: write.key,
                    id: recorded.id,
                    notice: Notice::Opened,
                    span: recorded.span,
                    episode: String::new(),
                });
            }
        }
    }

    /// Marks what a mutation marks before it is announced.
    fn mark_first(&mut self, announcements: &[Announcement]) {
        let wrong = match self.mutation {
            Mutation::MarkBeforePublish => Notice::Opened,
            Mutation::MarkClosedBeforePublish => Notice::Closed,
            _ => return,
        };
        for announcement in announcements.iter().filter(|a| a.notice == wrong) {
            let Some(read) = self.stored(announcement.key) else {
                continue;
            };
            let mut item = read.clone();
            item.mark_told(&[(announcement.id, announcement.notice)]);
            item.version += 1;
            let write = ConditionalWrite {
                key: announcement.key,
                expected: Some(read.version),
                item,
            };
            let episodes = write.item.episodes.clone();
            let outcome = self.store.write(&[write]).expect("memory answers")[0];
            if outcome == WriteOutcome::Written {
                self.record(announcement.key, episodes);
            }
        }
    }
}
