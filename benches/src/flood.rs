//! A flood of failed sign-ins at a Cognito user pool: a seed goes in, lines of its user-activity export come out.
//!
//! Users and addresses are drawn anew for each try, so that most groups stay small and there are many. Addresses are
//! those reserved for benchmarks.

use std::io::Write as _;

use detector_core::window::key::Key;
use fastrand::Rng;

/// Who takes part.
#[derive(Debug, Clone, Copy)]
pub struct Crowd {
    pub users: u32,
    /// At most 131,072.
    pub addresses: u32,
}

/// A hundred thousand of each.
pub const LARGE: Crowd = Crowd {
    users: 100_000,
    addresses: 100_000,
};

/// The first moment: 2026-11-23T12:00:00Z.
const START_MS: u64 = 1_795_435_200_000;
/// How long a flood lasts, however many tries there are.
const HALF_AN_HOUR_MS: u64 = 30 * 60_000;

/// So many failed sign-ins, one a line, in the order of time.
pub fn ndjson(seed: u64, crowd: Crowd, events: usize) -> Vec<u8> {
    let mut rng = Rng::with_seed(seed);
    let mut lines = Vec::with_capacity(events * 900);
    for at in 0..events as u64 {
        let time = START_MS + at * HALF_AN_HOUR_MS / events as u64;
        sign_in(&mut lines, &mut rng, crowd, time);
    }
    lines
}

fn sign_in(lines: &mut Vec<u8>, rng: &mut Rng, crowd: Crowd, time: u64) {
    let user = rng.u32(..crowd.users);
    let address = 0xc612_0000 + rng.u32(..crowd.addresses);
    let [a, b, c, d] = address.to_be_bytes();
    let of_hour = time / 1_000 % 3_600;
    let (minute, second) = (of_hour / 60, of_hour % 60);
    let (event, request) = (uuid(rng.u128(..)), uuid(rng.u128(..)));
    let sub = uuid(u128::from(user).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let written = writeln!(
        lines,
        r#"{{"eventTimestamp":"{time}","eventSource":"USER_AUTH_EVENTS","logLevel":"INFO","message":{{"version":"1","eventId":"{event}","eventType":"SignIn","userSub":"{sub}","userName":"synthetic-user-{user}@example.com","userPoolId":"eu-central-1_SYNTH0001","clientId":"5synthetic0client0id000001","creationDate":"Mon Nov 23 12:{minute:02}:{second:02} UTC 2026","eventResponse":"Fail","riskLevel":"","riskDecision":"PASS","challenges":["Password:Failure"],"deviceName":"Other, Other","ipAddress":"{a}.{b}.{c}.{d}","requestId":"{request}","idpName":"","compromisedCredentialDetected":"false","city":"Dublin","country":"Ireland","eventFeedbackValue":"","eventFeedbackDate":"","eventFeedbackProvider":"","hasContextData":"true"}},"logSourceId":{{"userPoolId":"eu-central-1_SYNTH0001"}}}}"#
    );
    written.expect("memory takes any text");
}

/// Of version 4.
fn uuid(bits: u128) -> String {
    Key::from_u128(bits & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62).in_uuid_form()
}

#[cfg(test)]
mod tests {
    use detector_core::engine::{Engine, Mode};

    use super::*;
    use crate::{ours, rules};

    #[test]
    fn each_try_is_a_hit_of_two_rules_that_twenty_shipped_correlations_count() {
        let engine = Engine::new(rules::shipped());
        let outcome = ours::stream(&engine, Mode::Set, &ndjson(1, LARGE, 500));
        assert_eq!((outcome.events, outcome.hits), (500, 1_000));
        assert_eq!(outcome.touches, 20 * 500);
        assert!(outcome.alerts > 0);
    }
}
