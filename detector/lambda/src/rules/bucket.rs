//! Rule files in an S3 bucket.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_s3::Client;
use detector_core::rule::{
    DATABASE_BYTES_MAX, Database, LIST_FILE_BYTES_MAX, RULE_FILE_BYTES_MAX, RuleFile, list_files,
};
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::deadline::Deadline;
use crate::fault::Fault;
use crate::place::BucketPlace;
use crate::rules::folder::{self, NoRules};

/// Requests at a time.
const REQUESTS_MAX: usize = 8;

/// The most rule files in a bucket.
const FILES_MAX: usize = 10_000;

/// Whether an object of that key may be part of the rules.
fn is_wanted(key: &str) -> bool {
    folder::is_rule_file(key) || folder::is_list_file(key) || folder::is_database_file(key)
}

/// What lies under a prefix: keys, and what their content is known by.
pub type Listing = BTreeMap<String, String>;

/// A key, what its object was known by, and the bytes.
type Read = (String, (String, Arc<[u8]>));

/// A bucket with rule files, and what was read from it before.
#[derive(Debug)]
pub struct RuleBucket {
    client: Client,
    place: BucketPlace,
    /// By key: what it was known by, and its bytes.
    read: BTreeMap<String, (String, Arc<[u8]>)>,
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
                if is_wanted(key) {
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
        match listing.keys().any(|key| folder::is_rule_file(key)) {
            true => Ok(listing),
            false => Err(self.no_rules("there is no .yml or .yaml file").into()),
        }
    }

    /// The rule files of a listing, and the files that their lists name; only those are read that were not read before.
    ///
    /// # Errors
    /// S3 did not answer or refused, or a file has changed since the listing, or is no text.
    pub async fn files(
        &mut self,
        listing: &Listing,
        deadline: Deadline,
    ) -> Result<Vec<RuleFile>, BucketError> {
        self.read
            .retain(|key, (tag, _)| listing.get(key) == Some(tag));
        self.get_all(listing, &|key| folder::is_rule_file(key), deadline)
            .await?;
        let rules = self.read_files(&|key| folder::is_rule_file(key))?;
        // Of what else lies there, the files in which lists have their values are wanted.
        let lists = list_files(&rules);
        let is_list = |key: &str| lists.contains(&self.path(key));
        let wanted: BTreeSet<String> = (listing.keys().filter(|key| is_list(key)))
            .cloned()
            .collect();
        self.get_all(listing, &|key| wanted.contains(key), deadline)
            .await?;
        let lists = self.read_files(&|key| wanted.contains(key))?;
        Ok(rules.into_iter().chain(lists).collect())
    }

    fn path(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.place.bucket)
    }

    /// The databases of places of a listing.
    ///
    /// # Errors
    /// S3 did not answer or refused, or a file has changed since the listing.
    pub async fn databases(
        &mut self,
        listing: &Listing,
        deadline: Deadline,
    ) -> Result<Vec<Database>, BucketError> {
        self.get_all(listing, &|key| folder::is_database_file(key), deadline)
            .await?;
        let read = self.read.iter();
        let found = read.filter(|(key, _)| folder::is_database_file(key));
        let databases = found.map(|(key, (_, bytes))| Database {
            path: self.path(key),
            bytes: Arc::clone(bytes),
        });
        Ok(databases.collect())
    }

    /// What was read of these.
    fn read_files(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<RuleFile>, NoRules> {
        let read = self.read.iter().filter(|(key, _)| wanted(key));
        let file = |(key, (_, bytes)): (&String, &(String, Arc<[u8]>))| {
            let path = self.path(key);
            let text = folder::text_of(&path, bytes.to_vec())?;
            Ok(RuleFile { path, text })
        };
        read.map(file).collect()
    }

    /// Reads what is not known of these.
    async fn get_all(
        &mut self,
        listing: &Listing,
        wanted: &(dyn Fn(&str) -> bool + Sync),
        deadline: Deadline,
    ) -> Result<(), BucketError> {
        let changed = listing
            .iter()
            .filter(|(key, _)| wanted(key) && !self.read.contains_key(*key));
        let requests = changed.map(|(key, tag)| self.get(key, tag, deadline));
        let read: Vec<Read> = stream::iter(requests)
            .buffer_unordered(REQUESTS_MAX)
            .try_collect()
            .await?;
        self.read.extend(read);
        Ok(())
    }

    async fn get(&self, key: &str, tag: &str, deadline: Deadline) -> Result<Read, BucketError> {
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
            let bytes_max = match folder::is_rule_file(key) {
                true => RULE_FILE_BYTES_MAX,
                false if folder::is_database_file(key) => DATABASE_BYTES_MAX,
                false => LIST_FILE_BYTES_MAX,
            };
            if usize::try_from(bytes).is_ok_and(|bytes| bytes > bytes_max) {
                let why = format!("{path} has {bytes} bytes, the most is {bytes_max}");
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
        Ok((key.to_owned(), (tag.to_owned(), body.to_vec().into())))
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
