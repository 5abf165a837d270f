//! Any bytes as a record, and as a stream that is cut into records: nothing panics, and chunks do not show.
#![no_main]

use detector_fuzz::{cut, events};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|record: &[u8]| {
    events(record);
    let whole = cut(record, usize::MAX);
    for chunk_bytes in [1, 7] {
        assert_eq!(
            cut(record, chunk_bytes),
            whole,
            "chunks of {chunk_bytes} bytes"
        );
    }
});
