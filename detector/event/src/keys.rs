//! The keys of one object that lead on.
//!
//! Nearly every key of an event is looked up, and two of three are there. One costs a multiplication and a comparison of
//! 32 bytes at once, as they stand in the text with what follows them there.

use std::ops::Range;

use wide::u8x32;

/// Keys and the nodes they lead to.
#[derive(Debug)]
pub(crate) struct Keys {
    /// By [`Keys::bucket`]: the place of the first key there, or [`Key::NONE`].
    first: [u16; Self::BUCKETS],
    keys: Vec<Key>,
}

/// In one line of the cache.
#[derive(Debug)]
#[repr(align(64))]
struct Key {
    /// How it begins, and zeros.
    head: [u8; Key::HEAD_BYTES],
    len: u32,
    whole: Box<[u8]>,
    node: u32,
    /// The place of the next key of the same bucket, or [`Key::NONE`].
    next: u16,
}

impl Key {
    /// The place of a key that is none, and never looked at.
    const NONE: u16 = 0;
    const HEAD_BYTES: usize = 32;

    fn head(key: &[u8]) -> [u8; Self::HEAD_BYTES] {
        let mut head = [0; Self::HEAD_BYTES];
        let len = key.len().min(Self::HEAD_BYTES);
        head[..len].copy_from_slice(&key[..len]);
        head
    }

    fn new(key: &[u8], node: u32) -> Self {
        Self {
            head: Self::head(key),
            len: u32::try_from(key.len()).expect("a key is shorter than 2^32 bytes"),
            whole: key.into(),
            node,
            next: Self::NONE,
        }
    }
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            first: [Key::NONE; Self::BUCKETS],
            keys: vec![Key::new(b"", Self::NOWHERE)],
        }
    }
}

impl Keys {
    /// The node to which no key leads: it is the top object's.
    const NOWHERE: u32 = 0;
    /// So many that most keys are alone in theirs.
    const BUCKETS: usize = 1024;

    /// The node that the key at `at` of `text` leads to, or [`Keys::NOWHERE`].
    #[inline(always)]
    pub(crate) fn node(&self, text: &[u8], at: Range<usize>) -> usize {
        let len = at.end.wrapping_sub(at.start);
        let (Some(head), 1..=Key::HEAD_BYTES) = (head_at(text, at.start), len) else {
            return self.search(text.get(at).unwrap_or_default());
        };
        let place = self.first[Self::bucket(begin(head), head[len - 1], len)];
        if place == Key::NONE {
            return Self::NOWHERE as usize;
        }
        let known = self.at(place);
        let same = u8x32::new(*head)
            .simd_eq(u8x32::new(known.head))
            .to_bitmask();
        if known.len == len as u32 && !same << (Key::HEAD_BYTES - len) == 0 {
            return known.node as usize;
        }
        if known.next == Key::NONE {
            return Self::NOWHERE as usize;
        }
        self.search(text.get(at).unwrap_or_default())
    }

    /// The same, of a key that is long, near the end of its text or not the first in its bucket.
    #[inline(never)]
    pub(crate) fn search(&self, key: &[u8]) -> usize {
        let mut at = self.first[Self::bucket_of(key)];
        while at != Key::NONE {
            let known = self.at(at);
            if *known.whole == *key {
                return known.node as usize;
            }
            at = known.next;
        }
        Self::NOWHERE as usize
    }

    #[inline(always)]
    fn at(&self, place: u16) -> &Key {
        &self.keys[usize::from(place)]
    }

    fn bucket_of(key: &[u8]) -> usize {
        let last = key.len().saturating_sub(1) % Key::HEAD_BYTES;
        let last = key.get(last).copied().unwrap_or_default();
        Self::bucket(begin(key), last, key.len())
    }

    /// Told by the first eight bytes, the last one of a head, and the length. What follows the key says nothing.
    #[inline(always)]
    fn bucket(begin: u64, last: u8, len: usize) -> usize {
        let begin = begin & u64::MAX >> (64 - 8 * len.clamp(1, 8));
        let mixed = begin ^ u64::from(last) << 56 ^ (len as u64) << 48;
        (mixed.wrapping_mul(0xc4ce_b9fe_1a85_ec53) >> (u64::BITS - Self::BUCKETS.ilog2())) as usize
    }

    pub(crate) fn insert(&mut self, key: &[u8], node: usize) {
        let number = u16::try_from(self.keys.len());
        let number = number.expect("an object has fewer than 2^16 registered keys");
        let node = u32::try_from(node).expect("fewer than 2^32 field paths");
        let key = Key::new(key, node);
        let first = &mut self.first[Self::bucket_of(&key.whole)];
        self.keys.push(key);
        if *first == Key::NONE {
            *first = number;
            return;
        }
        // Behind the others: what rules ask for is registered first, and is in more events than what decode looks for.
        let mut last = usize::from(*first);
        while self.keys[last].next != Key::NONE {
            last = usize::from(self.keys[last].next);
        }
        self.keys[last].next = number;
    }
}

/// The first eight bytes, or as many as there are, as a number.
#[inline(always)]
fn begin(bytes: &[u8]) -> u64 {
    match bytes.first_chunk() {
        Some(begin) => u64::from_le_bytes(*begin),
        None => (bytes.iter().rev()).fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
    }
}

#[inline(always)]
fn head_at(text: &[u8], at: usize) -> Option<&[u8; Key::HEAD_BYTES]> {
    text.get(at..at + Key::HEAD_BYTES)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways, with text behind the key and without.
    fn found(keys: &Keys, key: &str) -> usize {
        let around = format!("\"{key}\":{}", " ".repeat(40));
        let nodes = [
            keys.search(key.as_bytes()),
            keys.node(around.as_bytes(), 1..key.len() + 1),
            keys.node(&around.as_bytes()[..key.len() + 2], 1..key.len() + 1),
        ];
        assert_eq!(nodes, [nodes[0]; 3], "{key}");
        nodes[0]
    }

    #[test]
    fn keys_are_told_apart_at_every_byte() {
        let key = |len: usize| -> String { ('a'..='z').cycle().take(len).collect() };
        let mut keys = Keys::default();
        for len in 1..70 {
            keys.insert(key(len).as_bytes(), len);
        }
        for len in 1..70 {
            assert_eq!(found(&keys, &key(len)), len);
            for at in 0..len {
                let mut other = key(len);
                other.replace_range(at..=at, "-");
                assert_eq!(found(&keys, &other), 0, "{other}");
            }
        }
        for other in [String::new(), "\0".to_owned(), key(70)] {
            assert_eq!(found(&keys, &other), 0);
        }
        keys.insert(b"", 70);
        assert_eq!(found(&keys, ""), 70);
    }

    #[test]
    fn of_many_keys_each_is_found() {
        let mut keys = Keys::default();
        for n in 1..5_000 {
            keys.insert(format!("key{n}").as_bytes(), n);
        }
        for n in 1..5_000 {
            assert_eq!(found(&keys, &format!("key{n}")), n);
            assert_eq!(found(&keys, &format!("kex{n}")), 0);
        }
    }
}
