//! Vedette's service: records of a Kinesis stream go in, state lies in DynamoDB, alerts go out through SNS.
//!
//! A shell around `detector-core`: everything that decides is there. Here are configuration, AWS calls, time and
//! retries. One process handles one invocation at a time.

pub mod config; // environment -> Config
pub mod place; // s3://bucket/prefix
pub mod logging; // JSON lines
pub mod deadline; // the time that is left
pub mod fault; // why AWS did not do it
pub mod clients; // of AWS
pub mod rules; // rule files -> Engine
pub mod invocation; // what Lambda hands in
pub mod fold; // records -> deltas
mod unused; // hits that rules could not use, for the log
pub mod quarantine; // records that cannot be read
pub mod dynamodb; // the state
pub mod publish; // alerts -> SNS
pub mod effects; // what the protocol asks for, performed
pub mod sweep; // how far everything is done
pub mod metrics; // what an invocation did
pub mod service; // all of it, wired together
