//! Any text as a rule file: it is loaded, or refused with reasons.
#![no_main]

use detector_rule::RuleFile;
use detector_window::load_rules;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let file = RuleFile {
        path: "a.yml".to_owned(),
        text: text.to_owned(),
    };
    if let Err(problems) = load_rules(&[file]) {
        assert!(!problems.is_empty(), "a refusal has a reason");
    }
});
