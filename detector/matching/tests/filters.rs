//! What filters take away from the rules that they name.

mod matching_bench;

use matching_bench::{hits, load};

const LOGIN: &str = "title: Failed login\nid: 0f5a3e3c-5a0e-4f0a-9a3f-6d0c7a3f1b11\nname: failed_login\nlogsource:\n  product: aws\n  service: cognito\n\
vedette:\n  threat: stolen credentials\n  response: look at the address\ndetection:\n  s:\n    a: 1\n  condition: s\n";
const OTHER: &str = "title: Success\nname: success\nlogsource:\n  product: aws\ndetection:\n  s:\n    b: 1\n  condition: s\n";

#[test]
fn filters_are_folded_into_their_rules() {
    let filter = |rules: &str| {
        format!(
            "title: Office\nlogsource:\n  product: aws\nfilter:\n  rules: {rules}\n  office:\n    ip: '1'\n  condition: not office\n"
        )
    };
    let json = r#"{"a":1,"b":1,"ip":"1"}"#;
    let verdicts = |rules: &str| {
        let set = load(&format!(
            "{}---\n{OTHER}---\n{}",
            LOGIN.replace("  service: cognito\n", ""),
            filter(rules)
        ));
        hits(&set, json)
    };
    assert_eq!(verdicts("any"), [0u32; 0]);
    assert_eq!(verdicts("[failed_login]"), [1]);
    assert_eq!(verdicts("success"), [0]);
    let unfiltered = load(&format!(
        "{}---\n{OTHER}",
        LOGIN.replace("  service: cognito\n", "")
    ));
    assert_eq!(hits(&unfiltered, json), [0, 1]);
}
