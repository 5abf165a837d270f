//! What a key says of its value.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::capture::pseudonym) enum Meaning {
    /// To be removed.
    Secret,
    /// A secret that goes on to the end of its line: `Cookie: a=b; c=d`.
    Header,
    /// A person, or what acts for one.
    User,
    Phone,
    /// A vehicle or device, which leads to a person.
    Thing,
    /// Where somebody lives or is.
    Place,
    /// An AWS account.
    Account,
    /// Of the network, in any notation.
    Address,
    /// Four numbers with dots between them are no address here.
    Version,
    /// Of content: it looks random and is no secret.
    Digest,
    /// Words that rules look for; no person's name, even where somebody is called so.
    Vocabulary,
    /// Told by its form alone.
    Nothing,
}
