//! The quotes of a JSON text, found 64 bytes at a time: where its strings begin and end.
//!
//! Escapes, and control characters in strings, are checked on the way. What stands outside of strings is left to the
//! reader, who finds every other quote where a string begins.

use wide::u8x64;

pub const BLOCK_BYTES: usize = u64::BITS as usize;

/// The bytes of a block that mean something within a string, a bit for each.
pub struct Specials {
    pub quotes: u64,
    pub backslashes: u64,
    pub controls: u64,
}

impl Specials {
    #[inline(always)]
    pub fn of(block: &[u8; BLOCK_BYTES]) -> Self {
        let bytes = u8x64::new(*block);
        let are = |masked: u8x64, byte| masked.simd_eq(u8x64::splat(byte));
        Self {
            quotes: are(bytes, b'"').to_bitmask(),
            backslashes: are(bytes, b'\\').to_bitmask(),
            // Those below the space lack these bits.
            controls: are(bytes & u8x64::splat(0xE0), 0).to_bitmask(),
        }
    }

    /// Of the last bytes of `text`, those that fill no block.
    #[inline(always)]
    fn of_rest(text: &[u8], rest: &[u8]) -> Self {
        if let Some(last) = text.last_chunk()
            && !rest.is_empty()
        {
            // Read with what stands before them: a copy of so few bytes would be waited for.
            let before = BLOCK_BYTES - rest.len();
            let last = Self::of(last);
            return Self {
                quotes: last.quotes >> before,
                backslashes: last.backslashes >> before,
                controls: last.controls >> before,
            };
        }
        let mut block = [b' '; BLOCK_BYTES];
        block[..rest.len()].copy_from_slice(rest);
        Self::of(&block)
    }
}

/// The brackets of a block, in strings or not, a bit for each: those that open, and those that close.
#[inline(always)]
pub fn brackets(block: &[u8; BLOCK_BYTES]) -> (u64, u64) {
    // Square and curly ones differ in this bit alone.
    let curly = u8x64::new(*block) | u8x64::splat(0x20);
    let are = |byte| curly.simd_eq(u8x64::splat(byte)).to_bitmask();
    (are(b'{'), are(b'}'))
}

/// The bytes from each first quote of a pair on, up to the second.
#[inline(always)]
pub fn strings(quotes: u64) -> u64 {
    let mut inside = quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        inside ^= inside << shift;
    }
    inside
}

/// The places of the quotes that begin and end strings, in turns.
#[derive(Debug, Default)]
pub(crate) struct Quotes {
    /// Those of earlier texts may follow.
    places: Vec<u32>,
    len: usize,
    pub(crate) has_escapes: bool,
}

impl Quotes {
    /// Text with more is not read, so that no text costs much memory.
    const LEN_MAX: usize = 1 << 20;
    /// A buffer above this is given back to the allocator after use.
    const LEN_KEPT_MAX: usize = 1 << 16;

    pub(crate) fn places(&self) -> &[u32] {
        &self.places[..self.len]
    }

    /// Gives back what a large text needed.
    pub(crate) fn trim(&mut self) {
        if self.places.len() > Self::LEN_KEPT_MAX {
            self.places = Vec::new();
            self.len = 0;
        }
    }

    /// Finds the quotes of `text`; `false` if a string is damaged, or if there are too many.
    pub(crate) fn find(&mut self, text: &[u8]) -> bool {
        self.len = 0;
        self.has_escapes = false;
        if u32::try_from(text.len()).is_err() {
            return false;
        }
        let mut state = State::default();
        let (blocks, rest) = text.as_chunks::<BLOCK_BYTES>();
        let mut begin = 0;
        for stretch in blocks.chunks(STRETCH_BLOCKS) {
            if !self.blocks(text, begin, stretch.iter().map(Specials::of), &mut state) {
                return false;
            }
            begin += stretch.len() * BLOCK_BYTES;
        }
        let rest = std::iter::once(Specials::of_rest(text, rest));
        self.blocks(text, begin, rest, &mut state) && !state.is_in_string
    }

    /// The same of blocks that stand at `begin`; of no more than [`STRETCH_BLOCKS`], so that room is made for them once.
    #[inline(always)]
    fn blocks(
        &mut self,
        text: &[u8],
        begin: usize,
        blocks: impl Iterator<Item = Specials>,
        state: &mut State,
    ) -> bool {
        let Some(room) = self.room() else {
            return false;
        };
        let (mut len, mut begin) = (0, begin);
        for block in blocks {
            let Some(quotes) = state.quotes(text, begin, block) else {
                return false;
            };
            let Some(room) = room[len..].first_chunk_mut() else {
                return false;
            };
            write_places(begin as u32, quotes, room);
            len += quotes.count_ones() as usize;
            begin += BLOCK_BYTES;
        }
        self.len += len;
        self.has_escapes |= state.has_escapes;
        true
    }

    /// For the places of a stretch.
    fn room(&mut self) -> Option<&mut [u32]> {
        const STRETCH_BYTES: usize = STRETCH_BLOCKS * BLOCK_BYTES;
        if self.places.len() < self.len + STRETCH_BYTES {
            if self.len > Self::LEN_MAX {
                return None;
            }
            self.places.resize(2 * self.len + 2 * STRETCH_BYTES, 0);
        }
        Some(&mut self.places[self.len..])
    }
}

/// Blocks for whose places room is made at once.
const STRETCH_BLOCKS: usize = 32;

/// Writes where the bits of `quotes` are, from `begin` on; what stands behind the last of them says nothing.
#[inline(always)]
fn write_places(begin: u32, mut quotes: u64, room: &mut [u32; BLOCK_BYTES]) {
    // Written in groups: what is too much is overwritten, and how many there are is seldom guessed wrong.
    const GROUP: usize = 8;
    for group in room.as_chunks_mut::<GROUP>().0 {
        for place in group {
            *place = begin + quotes.trailing_zeros();
            quotes &= quotes.wrapping_sub(1);
        }
        if quotes == 0 {
            break;
        }
    }
}

/// What goes over from one block to the next.
#[derive(Default)]
struct State {
    is_in_string: bool,
    is_escaped: bool,
    has_escapes: bool,
}

impl State {
    /// The quotes of the block at `begin`; `None` if a string is damaged.
    #[inline(always)]
    fn quotes(&mut self, text: &[u8], begin: usize, block: Specials) -> Option<u64> {
        let Specials {
            mut quotes,
            backslashes,
            controls,
        } = block;
        if backslashes | controls != 0 || self.is_escaped {
            quotes = self.unescaped(text, begin, quotes, [backslashes, controls])?;
        }
        self.is_in_string ^= quotes.count_ones() % 2 == 1;
        Some(quotes)
    }

    /// Apart from the above, since few blocks have any of these.
    #[inline(never)]
    fn unescaped(
        &mut self,
        text: &[u8],
        begin: usize,
        mut quotes: u64,
        [backslashes, controls]: [u64; 2],
    ) -> Option<u64> {
        if backslashes != 0 || self.is_escaped {
            self.has_escapes = true;
            quotes &= !self.escaped(text, begin, backslashes)?;
        }
        (controls & self.inside(quotes, controls) == 0).then_some(quotes)
    }

    /// The bytes of a block that an escape takes; `None` where one is none.
    fn escaped(&mut self, text: &[u8], begin: usize, backslashes: u64) -> Option<u64> {
        let mut escaped = u64::from(std::mem::take(&mut self.is_escaped));
        let mut left = backslashes & !escaped;
        while left != 0 {
            let at = left.trailing_zeros();
            if !is_escape(text, begin + at as usize) {
                return None;
            }
            self.is_escaped = at == u64::BITS - 1;
            escaped |= 2 << at;
            left &= !(3 << at);
        }
        Some(escaped)
    }

    /// The bytes of a block within strings, as far as it matters.
    #[inline(always)]
    fn inside(&self, quotes: u64, matters: u64) -> u64 {
        if matters == 0 {
            return 0;
        }
        match self.is_in_string {
            true => !strings(quotes),
            false => strings(quotes),
        }
    }
}

/// Whether the backslash at `at` begins an escape. One half of a surrogate pair is one, too.
fn is_escape(text: &[u8], at: usize) -> bool {
    match text.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => true,
        Some(b'u') => text
            .get(at + 2..at + 6)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, a byte at a time.
    fn plainly(text: &[u8]) -> Option<Vec<u32>> {
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(byte) = text.get(at) {
            match byte {
                b'\\' if !is_escape(text, at) => return None,
                b'\\' => at += 1,
                b'"' => found.push(at as u32),
                0..b' ' if found.len() % 2 == 1 => return None,
                _ => {}
            }
            at += 1;
        }
        (found.len() % 2 == 0).then_some(found)
    }

    #[test]
    fn every_quote_is_found_where_it_stands() {
        let mut quotes = Quotes::default();
        let mut read = 0;
        for seed in 0..20_000 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let mut text = Vec::new();
            let parts: &[&[u8]] = &[
                b"\"",
                b"\"",
                b"\"\"",
                b"\\\"",
                b"\\\\",
                b"\\u00e9",
                b"\\n",
                b"x",
                b"word",
                b"{:,}",
                b"sixteen and more",
                b" ",
                b"\n",
                b"\\",
                b"\\u12",
                b"\x01",
            ];
            let sound = if rng.bool() { 12 } else { parts.len() };
            for _ in 0..rng.usize(..120) {
                text.extend_from_slice(parts[rng.usize(..sound)]);
            }
            let found = quotes.find(&text).then(|| quotes.places().to_vec());
            assert_eq!(found, plainly(&text), "{}", String::from_utf8_lossy(&text));
            read += usize::from(found.is_some());
        }
        assert!(read > 3_000, "{read}");
    }

    #[test]
    fn too_many_quotes_cost_no_memory() {
        let mut quotes = Quotes::default();
        assert!(!quotes.find(&vec![b'"'; 8 * Quotes::LEN_MAX]));
        assert!(quotes.places.len() <= 4 * Quotes::LEN_MAX);
        quotes.trim();
        assert_eq!(quotes.places(), [0; 0]);
        assert!(quotes.find(&[b'"'; 1000]));
    }
}
