//! Rule files in an S3 bucket.

use std::collections::BTreeMap;

use aws_sdk_s3::Client;
use detector_core::rule::{RULE_FILE_BYTES_MAX, RuleFile};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::place::BucketPlace;
use crate::rules::folder::{self, NoRules};

/// Requests at a time.
const REQUESTS_MAX: usize = 8;

/// The most rule files in a bucket.
const FILES_MAX: usize = 10_000;

/// What lies under a prefix: keys, and what their content is known by.
pub type Listing = BTreeMap<String, String>;

/// A bucket with rule files, and what was read from it before.
#[derive(Debug)]
pub struct RuleBucket {
    client: Client,
    place: BucketPlace,
    /// By key: what it was known by, and its text.
    read: BTreeMap<String, (String, String)>,
}

/// Why the bucket's rules cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    #[error("s3://{bucket}: {fault}")]
    Request { bucket: String, fault: Fault },
    #[error(transparent)]
    Rules(#[from] NoRules),
}

impl RuleBucket {
    pub fn new(client: Client, place: BucketPlace) -> Self {
        Self {
            client,
            place,
            read: BTreeMap::new(),
        }
    }

    /// What lies there now.
    ///
    /// # Errors
    /// S3 did not answer or refused, or there is no rule file, or there are too many.
    pub async fn list(&self, deadline: Deadline) -> Result<Listing, BucketError> {
        let mut listing = Listing::new();
        let mut next = None;
        loop {
            let request = self
                .client
                .list_objects_v2()
                .bucket(&self.place.bucket)
                .prefix(&self.place.prefix)
                .set_continuation_token(next)
                .send();
            let page = deadline
                .bound(request)
                .await
                .map_err(|over| self.failed(over.into()))?
                .map_err(|error| self.failed(Fault::of(&error)))?;
            for object in page.contents() {
                let (Some(key), Some(tag)) = (object.key(), object.e_tag()) else {
                    continue;
                };
                if folder::is_rule_file(key) {
                    listing.insert(key.to_owned(), tag.to_owned());
                }
            }
            next = page.next_continuation_token;
            if listing.len() > FILES_MAX {
                let why = format!("there are more than {FILES_MAX} rule files");
                return Err(self.no_rules(why).into());
            }
            if next.is_none() {
                break;
            }
        }
        match listing.is_empty() {
            true => Err(self.no_rules("there is no .yml or .yaml file").into()),
            false => Ok(listing),
        }
    }

    /// The files of a listing; only those are read that were not read before.
    ///
    /// # Errors
    /// S3 did not answer or refused, or a file has changed since the listing, or is no text.
    pub async fn files(
        &mut self,
        listing: &Listing,
        deadline: Deadline,
    ) -> Result<Vec<RuleFile>, BucketError> {
        let changed = listing.iter().filter(|(key, tag)| {
            let known = self.read.get(*key);
            known.is_none_or(|(known, _)| known != *tag)
        });
        let requests = changed.map(|(key, tag)| self.get(key, tag, deadline));
        let read: Vec<(String, (String, String))> = stream::iter(requests)
            .buffer_unordered(REQUESTS_MAX)
            .try_collect()
            .await?;
        self.read.extend(read);
        self.read.retain(|key, _| listing.contains_key(key));
        let files = self.read.iter().map(|(key, (_, text))| RuleFile {
            path: format!("s3://{}/{key}", self.place.bucket),
            text: text.clone(),
        });
        Ok(files.collect())
    }

    async fn get(
        &self,
        key: &str,
        tag: &str,
        deadline: Deadline,
    ) -> Result<(String, (String, String)), BucketError> {
        let path = format!("s3://{}/{key}", self.place.bucket);
        let whole = async {
            let object = self
                .client
                .get_object()
                .bucket(&self.place.bucket)
                .key(key)
                .if_match(tag)
                .send()
                .await
                .map_err(|error| Fault::of(&error))?;
            let bytes = object.content_length().unwrap_or_default();
            if usize::try_from(bytes).is_ok_and(|bytes| bytes > RULE_FILE_BYTES_MAX) {
                let why = format!("{path} has {bytes} bytes, the most is {RULE_FILE_BYTES_MAX}");
                return Err(Fault::odd_answer(&why));
            }
            let body = object.body.collect().await;
            body.map_err(|error| Fault::odd_answer(&error.to_string()))
        };
        let answer = deadline.bound(whole).await;
        let body = answer
            .map_err(Fault::from)
            .flatten()
            .map_err(|fault| self.failed(fault))?;
        let text = folder::text_of(&path, body.to_vec())?;
        Ok((key.to_owned(), (tag.to_owned(), text)))
    }

    fn failed(&self, fault: Fault) -> BucketError {
        BucketError::Request {
            bucket: self.place.bucket.clone(),
            fault,
        }
    }

    fn no_rules(&self, why: impl Into<String>) -> NoRules {
        NoRules {
            path: format!("s3://{}/{}", self.place.bucket, self.place.prefix),
            why: why.into(),
        }
    }
}
