//! Ids for events whose source gives them none.

use std::fmt::Write;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use detector_event::event::is_redacted;
use detector_event::time::Timestamp;

/// Fixed, so that a replay and production name the same event alike.
const KEYS: (u64, u64) = (0x7665_6465_7474_6531, 0x636f_6e74_656e_7431);

/// Where and when an entry was logged, as far as that is known. Nothing here depends on the file, batch or place in
/// them by which it came.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Circumstances<'c> {
    pub(crate) account: Option<&'c str>,
    pub(crate) log_group: Option<&'c str>,
    pub(crate) log_stream: Option<&'c str>,
    /// Of the entry, or else its arrival.
    pub(crate) time: Option<Timestamp>,
}

/// Writes `content:` and 32 hexadecimal digits of a hash into `id`: of `body` and the circumstances, so that the same
/// words at another time are another event, and a second copy of an entry is not. With neither a time nor a log stream
/// the content alone decides.
pub(crate) fn content_id(body: &[u8], logged: Circumstances<'_>, id: &mut String) {
    let mut hasher = SipHasher13::new_with_keys(KEYS.0, KEYS.1);
    hasher.write(body);
    if logged.time.is_some() || logged.log_stream.is_some() {
        for name in [logged.account, logged.log_group, logged.log_stream] {
            let name = name.unwrap_or_default();
            // No body or name holds this byte, so none runs into the next.
            hasher.write(&[0xff]);
            hasher.write(name.as_bytes());
        }
        hasher.write(&[0xff]);
        hasher.write(&logged.time.map_or(-1, Timestamp::millis).to_le_bytes());
    }
    id.clear();
    // Writing into a String cannot fail.
    let _ = write!(id, "content:{:032x}", hasher.finish128().as_u128());
}

/// Whether `id` is what logs write where there is no id: it must not make one event of many.
pub(crate) fn is_none(id: &str) -> bool {
    const NONE: [&str; 9] = [
        "",
        "-",
        "null",
        "(null)",
        "nil",
        "none",
        "undefined",
        "n/a",
        "redacted",
    ];
    is_redacted(id) || id.len() <= 9 && NONE.iter().any(|none| none.eq_ignore_ascii_case(id.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8], logged: Circumstances<'_>) -> String {
        let mut id = "old".to_owned();
        content_id(body, logged, &mut id);
        id
    }

    #[test]
    fn content_ids_are_stable() {
        let alone = |body| read(body, Circumstances::default());
        assert_eq!(alone(b"a"), alone(b"a"));
        assert_ne!(alone(b"a"), alone(b"b"));
        assert_eq!(alone(b"").len(), "content:".len() + 32);
        insta::assert_snapshot!(alone(b"hello"), @"content:04b137c1e6fd677d7afe1590ec3b8a59");
    }

    #[test]
    fn the_same_words_elsewhere_are_another_event() {
        let logged = Circumstances {
            account: Some("111122223333"),
            log_group: Some("g"),
            log_stream: Some("s"),
            time: Timestamp::from_millis(5),
        };
        let ids = [
            logged,
            Circumstances {
                account: None,
                ..logged
            },
            Circumstances {
                log_group: Some("gs"),
                log_stream: Some(""),
                ..logged
            },
            Circumstances {
                log_stream: Some("t"),
                ..logged
            },
            Circumstances {
                time: Timestamp::from_millis(6),
                ..logged
            },
            Circumstances {
                time: None,
                ..logged
            },
            Circumstances::default(),
        ]
        .map(|logged| read(b"hello", logged));
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
        assert_eq!(read(b"hello", logged), ids[0]);
        let nowhere = Circumstances {
            log_stream: None,
            time: None,
            ..logged
        };
        assert_eq!(
            read(b"hello", nowhere),
            ids[6],
            "without time and stream, content alone"
        );
    }

    #[test]
    fn words_for_no_id() {
        for none in [
            "",
            "-",
            "null",
            "REDACTED",
            "undefined",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ] {
            assert!(is_none(none), "{none}");
        }
        assert!(!is_none("nullable") && !is_none("r-1"));
    }
}
