//! Packing of what is written down: the same hits stand in the deltas of several rules.

/// How well parts are packed.
const LEVEL: i32 = 6;

/// What a part takes unpacked, at most.
const PART_BYTES_MAX: usize = 4_000_000;

/// `head`, the length of `part` (`u32`, little-endian), then `part` as a deflate stream.
pub(crate) fn pack(head: &[u8], part: &[u8]) -> Vec<u8> {
    let length = u32::try_from(part.len()).expect("a part is bounded");
    let level = libdeflater::CompressionLvl::new(LEVEL).unwrap_or_default();
    let mut compressor = libdeflater::Compressor::new(level);
    let mut packed = [head, &length.to_le_bytes()].concat();
    let start = packed.len();
    packed.resize(start + compressor.deflate_compress_bound(part.len()), 0);
    let written = compressor.deflate_compress(part, &mut packed[start..]);
    packed.truncate(start + written.expect("there is room for the worst"));
    packed
}

/// What was packed, without its head; `None` where it is damaged.
pub(crate) fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = packed.split_first_chunk()?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > PART_BYTES_MAX {
        return None;
    }
    let mut part = vec![0; length];
    let mut decompressor = libdeflater::Decompressor::new();
    let written = decompressor.deflate_decompress(rest, &mut part).ok()?;
    (written == length).then_some(part)
}
