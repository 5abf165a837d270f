//! A row of the table of carriers.

/// What a carrier holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// What a stream or file would hold, envelopes included: queues, topics and buses hand it on unseen.
    Record,
    /// One entry of a log of AWS, which its content tells, or the name of its log group.
    LogEntry,
    /// An application's words, whatever they look like.
    Words,
}

/// A row of the table. Names of fields are dotted paths; of several, the first that is there counts.
#[derive(Debug)]
pub(crate) struct Carrier {
    #[cfg_attr(
        not(test),
        expect(
            dead_code,
            reason = "what people know it by; tests go through the table by it"
        )
    )]
    pub(crate) name: &'static str,
    /// Of each list one has to be there.
    pub(super) known_by: &'static [&'static [&'static str]],
    /// A field that has to have one of these texts.
    pub(super) says: Option<(&'static str, &'static [&'static str])>,
    pub(super) payload: &'static [&'static str],
    pub(crate) holds: Holds,
    pub(super) time: &'static [&'static str],
    pub(super) id: &'static [&'static str],
    pub(super) log_group: &'static [&'static str],
    pub(super) log_stream: &'static [&'static str],
}

pub(super) const NONE: Carrier = Carrier {
    name: "",
    known_by: &[],
    says: None,
    payload: &[],
    holds: Holds::Words,
    time: &[],
    id: &[],
    log_group: &[],
    log_stream: &[],
};
