//! What the rules make of a world, and of each attack united onto it.
//!
//! The state of a world's windows is computed once. Of an attack, only the groups that it touches are united with those
//! of the world and evaluated again: what comes out is what a run over world and attack together would tell of them
//! (`tests/united.rs` compares the two).

mod rules; // rule files -> an engine
mod states; // recordings -> encoded groups
mod finding; // an episode, as it is looked at here
mod blame; // a finding -> the cause that it is put down to
mod incidents; // findings -> how many incidents they make
mod quiet; // a world without attack
mod trial; // an attack on a world
pub mod report; // what people and programs are told

pub use finding::{Finding, Level};
pub use quiet::Quiet;
pub use rules::engine;
pub use trial::{Trial, trials};
