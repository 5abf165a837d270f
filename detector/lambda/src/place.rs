//! Places in S3.

/// `s3://bucket/prefix`: the prefix is empty or ends in a slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketPlace {
    pub bucket: String,
    pub prefix: String,
}

/// Not a place in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not of the form `s3://bucket/prefix`")]
pub struct NoBucketPlace;

impl BucketPlace {
    /// Reads `s3://bucket`, `s3://bucket/` or `s3://bucket/prefix`, with a slash at the end or not.
    ///
    /// # Errors
    /// The scheme is another one, or the bucket has no possible name.
    pub fn parse(text: &str) -> Result<Self, NoBucketPlace> {
        let rest = text.strip_prefix("s3://").ok_or(NoBucketPlace)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_allowed =
            |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-_".contains(&b);
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_allowed) {
            return Err(NoBucketPlace);
        }
        let prefix = prefix.trim_matches('/');
        Ok(Self {
            bucket: bucket.to_owned(),
            prefix: match prefix {
                "" => String::new(),
                prefix => format!("{prefix}/"),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_a_folder() {
        for (text, prefix) in [
            ("s3://bucket", ""),
            ("s3://bucket/", ""),
            ("s3://bucket/a", "a/"),
            ("s3://bucket/a/b/", "a/b/"),
        ] {
            let place = BucketPlace::parse(text).unwrap();
            assert_eq!(
                (place.bucket.as_str(), place.prefix.as_str()),
                ("bucket", prefix)
            );
        }
        for text in ["bucket/a", "s3://", "s3:///a", "s3://Bucket/a", "s3://ab"] {
            assert!(BucketPlace::parse(text).is_err(), "{text}");
        }
    }
}
