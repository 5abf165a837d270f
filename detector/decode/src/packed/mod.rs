//! What packs several records, or squeezes them; and results of queries, whose rows are records.

pub(crate) mod aggregate; // KPL: many records in one
pub mod inflate; // gzip, capped
pub mod rows; // results of queries
