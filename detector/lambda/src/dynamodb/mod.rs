//! The state of groups in DynamoDB: the effects of a batch go in, their results come out.

pub mod attributes; // an item as the table has it
pub mod bookkeeping; // what is known of shards and sweeps
pub mod notices; // what has been told
mod log; // deltas that wait for a sweep
mod parked; // hits that wait for a child's episode
pub mod packs; // items of one user or address together
mod packed; // reading and writing them
mod requests; // one call each

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::Client;
use detector_core::store::{ConditionalWrite, Item, ItemKey, RuleKey, WriteOutcome, pack};
use futures::stream::{self, StreamExt};

use crate::deadline::Deadline;
use crate::dynamodb::attributes::{Attributes, BUCKETS};
use crate::dynamodb::packs::{KnownPacks, PACK_BUCKETS};
use crate::fault::Fault;

/// Requests to the table at a time. A partition takes 1,000 writes a second, and a page of a sweep lies in many.
const REQUESTS_MAX: usize = 128;

/// Keys of what is due that are taken at a time: about as many as a sweep settles within its minute.
const DUE_MAX: usize = 200_000;

/// The most keys that BatchGetItem takes.
const KEYS_MAX: usize = 100;

/// One table, one item per rule and group, or per group of several rules.
#[derive(Debug)]
pub struct DynamoStore {
    client: Client,
    table: String,
    /// Tells this process from any other.
    worker: String,
    /// Rules whose items lie in packs.
    packed: Mutex<Arc<BTreeSet<RuleKey>>>,
    known_packs: KnownPacks,
    calls: AtomicU64,
    throttled: AtomicU64,
}

/// What was asked of the table since it was last told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoreCounts {
    pub calls: u64,
    /// Calls that DynamoDB refused for now.
    pub throttled: u64,
}

impl DynamoStore {
    /// `client` should not try again by itself: the store does, within the time it is given.
    pub fn new(client: Client, table: String) -> Self {
        Self {
            client,
            table,
            worker: format!("{:032x}", fastrand::u128(..)),
            packed: Mutex::default(),
            known_packs: KnownPacks::default(),
            calls: AtomicU64::new(0),
            throttled: AtomicU64::new(0),
        }
    }

    /// Says whose items lie in packs from now on: those of rules with a group for each user or address. All workers have
    /// to say the same of a rule.
    pub fn pack(&self, rules: impl IntoIterator<Item = RuleKey>) {
        let rules = Arc::new(rules.into_iter().collect());
        *self.packed.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    fn packed(&self) -> Arc<BTreeSet<RuleKey>> {
        let packed = self.packed.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&packed)
    }

    /// The counters, which begin anew.
    pub fn take_counts(&self) -> StoreCounts {
        StoreCounts {
            calls: self.calls.swap(0, Ordering::Relaxed),
            throttled: self.throttled.swap(0, Ordering::Relaxed),
        }
    }

    /// The items at `keys`, in their order. One that is damaged comes as an item without state.
    ///
    /// # Errors
    /// Some of them could not be read in time.
    pub async fn read(
        &self,
        keys: &[ItemKey],
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<Vec<Option<Item>>, Fault> {
        let packed = self.packed();
        let is_packed = |key: &&ItemKey| packed.contains(&key.rule);
        let (in_packs, own): (Vec<&ItemKey>, Vec<&ItemKey>) = keys.iter().partition(is_packed);
        let in_packs: Vec<ItemKey> = in_packs.into_iter().copied().collect();
        let mut found = match in_packs.is_empty() {
            true => BTreeMap::new(),
            false => self.read_packed(&in_packs, is_consistent, deadline).await?,
        };
        let own = own.into_iter().map(|key| attributes::key_attributes(*key));
        for item in self
            .read_raw(own.collect(), is_consistent, deadline)
            .await?
        {
            if let Some(key) = attributes::key_of(&item) {
                found.insert(key, attributes::readable(key, &item));
            }
        }
        Ok(keys.iter().map(|key| found.remove(key)).collect())
    }

    /// What lies at primary keys, in any order.
    async fn read_raw(
        &self,
        keys: Vec<Attributes>,
        is_consistent: bool,
        deadline: Deadline,
    ) -> Result<Vec<Attributes>, Fault> {
        let chunks = keys.chunks(KEYS_MAX);
        let chunks = chunks.map(|keys| self.read_chunk(keys, is_consistent, deadline));
        let mut answers = stream::iter(chunks).buffer_unordered(REQUESTS_MAX);
        let mut found = Vec::new();
        while let Some(items) = answers.next().await {
            found.extend(items?);
        }
        Ok(found)
    }

    /// Writes each item whose condition is true. What was not answered in time has an unknown outcome. `now` is in
    /// milliseconds.
    ///
    /// Of items that lie in one pack, those whose conditions are true are written together or not at all, and a condition
    /// counts as false where anybody has written the pack since it was read.
    pub async fn write(
        &self,
        writes: &[ConditionalWrite],
        now: i64,
        deadline: Deadline,
    ) -> Vec<WriteOutcome> {
        let packed = self.packed();
        let is_packed = |rule| packed.contains(&rule);
        let lots = pack::lots(writes.iter().map(|write| write.key), is_packed);
        let lots = lots.into_iter().map(|lot| async move {
            let of_lot: Vec<&ConditionalWrite> = lot.iter().map(|(at, _)| &writes[*at]).collect();
            let (_, ItemKey { rule, group }) = lot[0];
            let outcomes = match is_packed(rule) {
                true => self.write_pack(group, &of_lot, (now, deadline)).await,
                false => vec![self.write_one(of_lot[0], deadline).await],
            };
            lot.into_iter().map(|(at, _)| at).zip(outcomes)
        });
        let mut outcomes = vec![WriteOutcome::Unknown; writes.len()];
        let mut answers = stream::iter(lots).buffer_unordered(REQUESTS_MAX);
        while let Some(answer) = answers.next().await {
            for (place, outcome) in answer {
                outcomes[place] = outcome;
            }
        }
        outcomes
    }

    /// The keys of items of `rules` that are due before `watermark`, read consistently, and whether these are all.
    ///
    /// # Errors
    /// Some of them could not be read in time.
    pub async fn due(
        &self,
        rules: &[RuleKey],
        watermark: i64,
        deadline: Deadline,
    ) -> Result<(Vec<ItemKey>, bool), Fault> {
        let packed = self.packed();
        let (in_packs, own): (Vec<RuleKey>, Vec<RuleKey>) =
            rules.iter().partition(|rule| packed.contains(rule));
        let own = own
            .iter()
            .flat_map(|rule| (0..BUCKETS).map(|bucket| attributes::bucket(*rule, bucket)));
        let packs = match in_packs.is_empty() {
            true => 0..0,
            false => 0..PACK_BUCKETS,
        };
        let buckets = own.chain(packs.map(packs::bucket));
        let in_packs = &in_packs;
        let mut answers = stream::iter(
            buckets.map(|bucket| self.due_in(bucket, (in_packs, watermark), deadline)),
        )
        .buffer_unordered(REQUESTS_MAX);
        let mut due = Vec::new();
        while let Some(keys) = answers.next().await {
            due.extend(keys?);
            if due.len() >= DUE_MAX {
                return Ok((due, false));
            }
        }
        Ok((due, true))
    }
}
