//! What the protocol asks for, performed within the time that is left.

pub mod drive; // a batch over a world that takes its time
pub mod world; // that world: DynamoDB and SNS
