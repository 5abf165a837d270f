//! Any text as a rule file: it is loaded, or refused with reasons.
#![no_main]

use detector_rule::{RuleFile, RuleSet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = RuleFile {
        path: "a.yml".to_owned(),
        text: text.to_owned(),
    };
    if let Err(problems) = RuleSet::load(&[file]) {
        assert!(!problems.is_empty(), "a refusal has a reason");
    }
});
