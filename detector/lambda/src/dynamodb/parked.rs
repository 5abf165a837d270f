//! Parked hits and the marks of groups that want them, as items of the same table.
//!
//! A part lies under the partition key `parked`, its slice and its place, under a name that is drawn at random. A mark lies
//! under `mark` and one of few places; its sort key says all of it, the
//! last slice first, so that a batch finds those that
//! matter to it in one range. One that nobody has served is in the index `due`.

use detector_core::store::parked::LOOKED_AT_MAX;
use detector_core::store::{LogName, LogPart, ParkedMark, ParkedPart, RuleKey};
use detector_core::window::key::Key;
use futures::stream::{self, StreamExt, TryStreamExt};
use tracing::{error, warn};

use crate::deadline::Deadline;
use crate::dynamodb::attributes::{
    Attributes, STREAM_RETENTION_MS, bytes, number, primary_key, seconds,
};
use crate::dynamodb::{DynamoStore, REQUESTS_MAX};
use crate::fault::Fault;

/// The name of these parts in the function's log.
const WHAT: &str = "what is parked";

/// Begins the partition keys of parts; the slice and the place are the bytes after it.
const PARTS: &[u8] = b"parked";

/// Begins the partition keys of marks; the place is the byte after it.
const MARKS: &[u8] = b"mark";

/// Marks lie in so many places: each batch asks all of them, and each takes a thousand writes a second.
const MARK_PLACES: u8 = 4;

/// Marks that are served at a time, about.
const PENDING_MAX: usize = 20_000;

/// What a mark that is not served has in the index: it is due at once.
const PENDING: i64 = 0;

impl DynamoStore {
    /// Parks parts, each under a new name, and tells of each whether it is there.
    pub async fn park(&self, parts: &[ParkedPart], deadline: Deadline) -> Vec<bool> {
        let puts = parts.iter().map(|part| async move {
            let name = LogName(Key::from_u128(fastrand::u128(..)));
            let mut item = part_key((part.slice, part.place), name);
            item.insert("deltas".to_owned(), bytes(part.deltas.clone()));
            item.insert("expires".to_owned(), number(expires(part.expires_at)));
            self.put_part(item, WHAT, deadline).await
        });
        stream::iter(puts).buffered(REQUESTS_MAX).collect().await
    }

    /// Sets marks unless they are there, and tells of each whether it is.
    pub async fn arm(&self, marks: &[ParkedMark], deadline: Deadline) -> Vec<bool> {
        let puts = marks.iter().map(|mark| async move {
            let mut item = mark_item(mark);
            item.insert("due".to_owned(), number(PENDING));
            let request = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(item))
                .condition_expression("attribute_not_exists(#bucket)")
                .expression_attribute_names("#bucket", "bucket");
            let put = self.put_on_condition(request, deadline).await;
            if let Err(fault) = &put {
                warn!(%fault, "a group could not be marked");
            }
            put.is_ok()
        });
        stream::iter(puts).buffered(REQUESTS_MAX).collect().await
    }

    /// The marks that end in slice `from` or later, read consistently, and whether these are all.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn look(
        &self,
        from: i64,
        deadline: Deadline,
    ) -> Result<(Vec<ParkedMark>, bool), Fault> {
        let most = i32::try_from(LOOKED_AT_MAX / usize::from(MARK_PLACES)).unwrap_or(i32::MAX);
        let looks = (0..MARK_PLACES).map(|place| async move {
            let request = self
                .client
                .query()
                .table_name(&self.table)
                .consistent_read(true)
                .key_condition_expression("#bucket = :bucket AND #group >= :from")
                .expression_attribute_names("#bucket", "bucket")
                .expression_attribute_names("#group", "group")
                .expression_attribute_values(":bucket", bytes(mark_bucket(place)))
                .expression_attribute_values(":from", bytes(in_order(from).to_vec()))
                .limit(most);
            self.retried(deadline, || request.clone().send()).await
        });
        let mut looks = stream::iter(looks).buffer_unordered(REQUESTS_MAX);
        let (mut marks, mut is_all) = (Vec::new(), true);
        while let Some(page) = looks.next().await {
            let page = page.inspect_err(|fault| {
                error!(%fault, table = self.table, "marks could not be read: check the table and the function's role");
            })?;
            marks.extend(page.items().iter().filter_map(mark_of));
            is_all &= page.last_evaluated_key.is_none();
        }
        Ok((marks, is_all))
    }

    /// The marks that nobody has served, read consistently, and whether these are all.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn pending(&self, deadline: Deadline) -> Result<(Vec<ParkedMark>, bool), Fault> {
        let mut marks = Vec::new();
        for place in 0..MARK_PLACES {
            let mut next = None;
            loop {
                let bucket = mark_bucket(place);
                let page = self.due_page(&bucket, PENDING + 1, next, deadline).await?;
                marks.extend(page.items().iter().filter_map(mark_of));
                next = page.last_evaluated_key;
                if marks.len() >= PENDING_MAX {
                    return Ok((marks, false));
                }
                if next.is_none() {
                    break;
                }
            }
        }
        Ok((marks, true))
    }

    /// The parts of a slice in a place, after the one of this name, read consistently, and whether these are all.
    ///
    /// # Errors
    /// The table did not answer, or refused.
    pub async fn read_parked(
        &self,
        (slice, place): (i64, u8),
        after: Option<LogName>,
        deadline: Deadline,
    ) -> Result<(Vec<LogPart>, bool), Fault> {
        let after = after.map(|name| part_key((slice, place), name));
        self.read_parts(part_bucket(slice, place), after, WHAT, deadline)
            .await
    }

    /// Notes that marks are served.
    ///
    /// # Errors
    /// The table did not answer, or refused; some may be noted.
    pub async fn serve(&self, marks: &[ParkedMark], deadline: Deadline) -> Result<(), Fault> {
        let puts = marks.iter().map(|mark| async move {
            let request = self
                .client
                .put_item()
                .table_name(&self.table)
                .set_item(Some(mark_item(mark)));
            self.retried(deadline, || request.clone().send()).await
        });
        let mut puts = stream::iter(puts).buffer_unordered(REQUESTS_MAX);
        while puts.try_next().await?.is_some() {}
        Ok(())
    }
}

/// When DynamoDB may delete it, in seconds since 1970.
fn expires(expires_at: i64) -> i64 {
    seconds(expires_at.saturating_add(STREAM_RETENTION_MS))
}

fn part_bucket(slice: i64, place: u8) -> Vec<u8> {
    [PARTS, &in_order(slice), &[place]].concat()
}

fn part_key((slice, place): (i64, u8), name: LogName) -> Attributes {
    let group: [u8; 16] = name.0.into();
    primary_key(part_bucket(slice, place), group.to_vec())
}

fn mark_bucket(place: u8) -> Vec<u8> {
    [MARKS, &[place]].concat()
}

fn mark_item(mark: &ParkedMark) -> Attributes {
    let (rule, group): ([u8; 16], [u8; 16]) = (mark.rule.0.into(), mark.group.into());
    let place = mark.group.lowest_byte() % MARK_PLACES;
    let [to, from, end] = [mark.to, mark.from, mark.expires_at].map(in_order);
    let name = [to, from, end].concat();
    let name = [&name[..], &rule, &group].concat();
    let mut item = primary_key(mark_bucket(place), name);
    item.insert("expires".to_owned(), number(expires(mark.expires_at)));
    item
}

fn mark_of(item: &Attributes) -> Option<ParkedMark> {
    let mut rest = item.get("group")?.as_b().ok()?.as_ref();
    let mut number = || {
        let (number, after) = rest.split_first_chunk::<8>()?;
        rest = after;
        Some(i64::from_be_bytes(*number) ^ i64::MIN)
    };
    let (to, from, expires_at) = (number()?, number()?, number()?);
    let (rule, rest) = rest.split_first_chunk::<16>()?;
    Some(ParkedMark {
        rule: RuleKey(Key::from(*rule)),
        group: Key::from(<[u8; 16]>::try_from(rest).ok()?),
        from,
        to,
        expires_at,
    })
}

/// A number whose bytes are in its order.
fn in_order(number: i64) -> [u8; 8] {
    (number ^ i64::MIN).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_comes_back_and_those_that_end_later_come_later() {
        let mark = |to| ParkedMark {
            rule: RuleKey(Key::from_u128(7 << 120)),
            group: Key::from_u128(0x1f),
            from: to - 4,
            to,
            expires_at: 86_400_000,
        };
        for to in [-3, 0, 490_000] {
            assert_eq!(mark_of(&mark_item(&mark(to))), Some(mark(to)));
        }
        let names = [-300, -1, 0, 255, 256].map(|to| mark_item(&mark(to))["group"].clone());
        let names = names.map(|name| name.as_b().unwrap().as_ref().to_vec());
        assert!(names.is_sorted());
    }
}
