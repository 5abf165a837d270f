//! Numbers go in, people come out: who they are, where they are, what they own. Nothing is stored but the offices.

mod town; // where people live
mod company; // who works together
mod world; // who there is
mod network; // addresses of people at a moment
mod person; // one user
mod attacker; // where those come from who are no users

pub use attacker::{botnet, farm_of_v6, one_source};
pub use company::Company;
pub use network::Seen;
pub use person::Person;
pub use town::city;
pub use world::World;
