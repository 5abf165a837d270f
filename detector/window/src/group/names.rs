//! Names whose source takes no notice of the case of letters: there `Ada` and `ada` are one user, and one group.

use std::borrow::Cow;

use detector_event::field::{FieldTable, SlotId};
use detector_rule::{fold, is_folded};

/// The fields that hold such names: users of IAM, which are not distinguished by case, and of Cognito, whose user pools
/// take no notice of it unless they are told to.
pub const NAMES: [&str; 6] = [
    "message.userName",
    "requestParameters.authParameters.USERNAME",
    "requestParameters.userName",
    "requestParameters.username",
    "userIdentity.sessionContext.sessionIssuer.userName",
    "userIdentity.userName",
];

/// The slots of these fields.
#[derive(Debug)]
pub(crate) struct Names(Vec<SlotId>);

impl Names {
    pub(crate) fn new(fields: &FieldTable) -> Self {
        let slots = fields.slots();
        Self(
            slots
                .filter(|slot| NAMES.contains(&fields.path(*slot)))
                .collect(),
        )
    }

    /// The value as groups and counts see it.
    pub(crate) fn folded<'t>(&self, slot: SlotId, text: Cow<'t, str>) -> Cow<'t, str> {
        match is_folded(&text) || !self.0.contains(&slot) {
            true => text,
            false => Cow::Owned(fold(&text)),
        }
    }
}
