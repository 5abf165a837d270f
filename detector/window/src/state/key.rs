//! 128-bit identities of event ids, values and groups: state keeps these, not texts.

use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// A UUID's own bits, or a 128-bit hash of any other text.
///
/// SipHash-1-3 with a fixed key: two different texts share a key with a chance of 2^-128 unless made to. Whoever can
/// choose event ids freely can repeat one as well, so nothing rests on the hash against such an attacker.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "[u8; 16]", from = "[u8; 16]")]
pub struct Key([u64; 2]);

impl Key {
    pub const fn from_u128(bits: u128) -> Self {
        Self([(bits >> 64) as u64, bits as u64])
    }

    pub fn to_u128(self) -> u128 {
        (u128::from(self.0[0]) << 64) | u128::from(self.0[1])
    }

    /// A key is a hash, or drawn at random: its lowest bits divide keys evenly.
    pub fn lowest_byte(self) -> u8 {
        self.0[1] as u8
    }

    /// The key of a list of texts; `["a", "b"]` and `["ab"]` differ.
    pub fn of_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut hasher = SipHasher13::new();
        for text in texts {
            let text = text.as_ref();
            hasher.write_usize(text.len());
            hasher.write(text.as_bytes());
        }
        Self::from_u128(hasher.finish128().as_u128())
    }

    /// The key made a UUID of version 8 (RFC 9562, section 5.8): six of its bits say so.
    #[must_use]
    pub fn made_uuid(self) -> Self {
        const VERSION: u128 = 0xf << 76;
        const VARIANT: u128 = 0b11 << 62;
        Self::from_u128(self.to_u128() & !VERSION & !VARIANT | 0x8 << 76 | 0b10 << 62)
    }

    /// The key of an event id: its own bits if it is a UUID of a version below 15, else a hash marked as version 15,
    /// which no UUID has (RFC 9562, section 4.2).
    pub fn of_event_id(id: &str) -> Self {
        match uuid_bits(id).filter(|bits| bits & VERSION_15 != VERSION_15) {
            Some(bits) => Self::from_u128(bits),
            None => Self::from_u128(Self::of_texts([id]).to_u128() | VERSION_15),
        }
    }

    /// The event id that the key stands for, where the key is the id's own bits.
    pub fn as_uuid(self) -> Option<String> {
        self.is_uuid().then(|| self.in_uuid_form())
    }

    /// Whether an event id's key is the id's own bits.
    pub fn is_uuid(self) -> bool {
        self.to_u128() & VERSION_15 != VERSION_15
    }

    /// The bits written as a UUID is: lowercase, with hyphens.
    pub fn in_uuid_form(self) -> String {
        Uuid::from_u128(self.to_u128()).hyphenated().to_string()
    }
}

/// Encoded, its bits are bytes: as numbers of changing length they would take more.
impl From<Key> for [u8; 16] {
    fn from(key: Key) -> Self {
        key.to_u128().to_be_bytes()
    }
}

impl From<[u8; 16]> for Key {
    fn from(bytes: [u8; 16]) -> Self {
        Self::from_u128(u128::from_be_bytes(bytes))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.to_u128())
    }
}

/// The version field of a UUID, all ones.
const VERSION_15: u128 = 0xf << 76;

/// The bits of a UUID written exactly as [`Key::in_uuid_form`] writes it.
fn uuid_bits(text: &str) -> Option<u128> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut written = [0; Hyphenated::LENGTH];
    (uuid.hyphenated().encode_lower(&mut written) == text).then(|| uuid.as_u128())
}

/// A key in state of version 1.
#[derive(Deserialize)]
pub struct OldKey([u64; 2]);

impl From<OldKey> for Key {
    fn from(OldKey([high, low]): OldKey) -> Self {
        Self::from_u128(u128::from(high) << 64 | u128::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_survives_and_its_other_spellings_are_other_ids() {
        let id = "382ae09a-151d-4116-8f2b-6ac0a804a38c";
        assert_eq!(Key::of_event_id(id).as_uuid().as_deref(), Some(id));
        assert_eq!(Key::of_event_id(&id.to_uppercase()).as_uuid(), None);
        assert_eq!(
            Key::of_event_id("382ae09a-151d-4116-8f2b06ac0a804a38c").as_uuid(),
            None
        );
        assert_eq!(
            Key::of_event_id("382ae09a-151d-f116-8f2b-6ac0a804a38c").as_uuid(),
            None
        );
    }

    #[test]
    fn the_split_of_a_list_matters() {
        assert_ne!(Key::of_texts(["a", "b"]), Key::of_texts(["ab"]));
        assert_ne!(Key::of_texts(["", "ab"]), Key::of_texts(["ab", ""]));
    }
}
