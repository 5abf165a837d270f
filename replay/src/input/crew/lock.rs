//! Locks of the workers.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. A worker that panicked has stopped the run, and its panic is passed on at the end: here it changes nothing.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
