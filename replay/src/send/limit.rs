//! What Kinesis takes at once.

/// Records of one PutRecords request.
pub(crate) const REQUEST_RECORDS_MAX: usize = 500;

/// Bytes of one PutRecords request, partition keys included. Kinesis now takes 10 MiB; what any stream and stand-in
/// takes is half of it.
pub(crate) const REQUEST_BYTES_MAX: usize = 5 << 20;

/// Bytes of a record with its partition key. A stream may be set to take up to 10 MiB; all take this.
pub(crate) const RECORD_BYTES_MAX: usize = 1 << 20;

/// Sixteen hexadecimal digits.
pub(crate) const PARTITION_KEY_BYTES: usize = 16;

/// Bytes that a record's data may have.
pub(crate) const DATA_BYTES_MAX: usize = RECORD_BYTES_MAX - PARTITION_KEY_BYTES;
