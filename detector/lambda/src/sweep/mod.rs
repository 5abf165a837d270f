//! How far everything is done: what a sweep may take as its watermark.

pub mod shards; // how far the stream is done
pub mod progress; // how far sweeps may go
