//! Text that is read soon, asked of memory while what stands before it is read.

/// How far before it is read: more than a record of most logs.
const BYTES: usize = 2048;
/// Two lines of the cache: one comes with the other.
const STEP_BYTES: usize = 128;

/// Asks for what stands that far behind the first bytes of `data`, of which `bytes` are read now: all of it is asked for
/// once. Of long lines, no more than that far: of many objects on one line, each asks.
#[inline(always)]
pub(super) fn ask(data: &[u8], bytes: usize) {
    let lines = (BYTES..BYTES + bytes.min(BYTES)).step_by(STEP_BYTES);
    for byte in lines.map_while(|at| data.get(at)) {
        prefetch(byte);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(byte: &u8) {
    safe_arch::prefetch_t0(byte);
}

/// There is no such instruction without unsafe code.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch(_byte: &u8) {}
