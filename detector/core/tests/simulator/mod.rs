//! A simulated world: shards, workers, one store and one publisher, all of which fail, driven by one seed.

pub(crate) mod mistake;
pub(crate) mod mutation;
pub(crate) mod parking; // what waits for a child's episode
pub(crate) mod looking_back; // what random rules seldom do
pub(crate) mod success_after; // likewise
pub(crate) mod packs; // items of several rules together
pub(crate) mod scenario;
pub(crate) mod verdict;
pub(crate) mod world;
