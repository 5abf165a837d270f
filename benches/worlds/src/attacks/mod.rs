//! What must be found: attacks of all kinds, noisy to patient, each as a recording of its own.

mod assault; // one attack as it happens
mod list; // variants, and what one did
mod guess; // tries of passwords and codes, by source, pace and names
mod sign_in; // T1: guessing and spraying
mod codes; // T1: codes, resets, enumeration, pumping
mod taken; // T1: accounts that are in other hands, consoles
mod sign_up; // T2: accounts
mod vehicles; // T2: vehicles
mod access; // T3: vehicles of others
mod gates; // T3: tokens, grants, operators
mod leaks; // T4: what answers and logs show
mod texts; // T4: texts of the kinds that frameworks send
mod probing; // T4: drawn errors, and attacks on the detector
mod models; // T6 to T8: models and what they learn from

pub use assault::Assault;
pub use list::{Attack, Record};

use list::List;

/// All variants, in their order.
pub fn all() -> Vec<Attack> {
    let mut list = List::default();
    sign_in::add(&mut list);
    codes::add(&mut list);
    taken::add(&mut list);
    sign_up::add(&mut list);
    vehicles::add(&mut list);
    access::add(&mut list);
    gates::add(&mut list);
    leaks::add(&mut list);
    probing::add(&mut list);
    models::add(&mut list);
    list.0
}
