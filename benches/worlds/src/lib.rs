//! Worlds: the logs of a made-up service at any size, attacks united onto them, and what the rules make of both.
//!
//! Seeded: the same arguments give the same bytes. Nothing here knows a rule or a threshold: what is ordinary, and what
//! an attack does, is stated in the README, and the rules are judged by it.

pub mod chance; // seeded draws
pub mod moment; // lengths of time, and how logs write moments
pub mod rhythm; // how busy an hour is
pub mod lines; // what a log writes of a thing that happens
pub mod people; // who there is, where they are, what they own
pub mod cause; // what is remembered of something odd and honest
pub mod weather; // what befalls everybody: outages, deployments, campaigns
pub mod visits; // what people do on an ordinary day
pub mod assistant; // what they ask a model, and what it is fed with
pub mod causes; // what is odd and honest
pub mod stream; // a world, hour by hour, as the service receives it

pub mod attacks; // what must be found
pub mod folder; // worlds and attacks as files
pub mod judge; // what the rules make of them
