//! An attack united onto the state of a world is found as in one run over both.

use std::collections::BTreeMap;
use std::path::Path;

use detector_core::alert::Alert;
use detector_core::decode::{Unreadable, Unrecognised};
use detector_core::engine::{Engine, Mode, Observer};
use detector_core::window::NothingSpilled;

use worlds::attacks::{self, Attack};
use worlds::folder::{self, Made};
use worlds::judge::{Quiet, engine, trials};

struct Nobody;
impl Observer for Nobody {
    fn unreadable(&mut self, problem: Unreadable) {
        panic!("{problem:?}");
    }
    fn unrecognised(&mut self, form: Unrecognised) {
        panic!("{form:?}");
    }
}

/// What one run over the world, and the attack if there is one, tells.
fn whole(engine: &Engine, folder: &Path, attack: Option<&Attack>) -> Vec<Alert> {
    let mut worker = engine.worker(Mode::Set);
    for day in folder::days(folder).expect("a world") {
        folder::blocks(&day, &mut |block| worker.record(block, None, &mut Nobody)).expect("a day");
    }
    let world = Made::read(folder).expect("a world").world();
    for line in attack
        .into_iter()
        .flat_map(|attack| attack.launch(&world).0)
    {
        worker.record(line.text.as_bytes(), None, &mut Nobody);
    }
    worker
        .finish(&mut NothingSpilled)
        .expect("nothing was spilled")
        .0
}

fn is_new(alert: &Alert, before: &[Alert]) -> bool {
    let same = |old: &&Alert| old.rule.id == alert.rule.id && old.group == alert.group;
    let mut same = before.iter().filter(same);
    // An episode goes on for as long as its quiet period at least, which alerts do not tell: an hour is in between.
    const HOUR: i64 = 3_600_000;
    !same.any(|old| {
        alert.opened_at.millis() <= old.held_until.millis() + HOUR
            && old.opened_at.millis() <= alert.held_until.millis() + HOUR
    })
}

/// By rule, of medium level or above.
fn by_rule<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, usize> {
    let mut rules = BTreeMap::new();
    for name in names {
        *rules.entry(name.to_owned()).or_default() += 1;
    }
    rules
}

#[test]
fn an_attack_on_a_state_is_found_as_in_one_run_over_both() {
    let folder = tempfile::tempdir().unwrap();
    let made = Made {
        users: 300,
        weeks: 2,
        seed: 5,
    };
    folder::make(made, folder.path()).unwrap();
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let engine = engine(&rules).unwrap();
    let quiet = Quiet::read(&engine, folder.path(), 2).unwrap();
    let before = whole(&engine, folder.path(), None);
    assert_eq!(quiet.findings().count(), before.len(), "the world alone");

    let wanted = [
        "t1-one-fast-own",
        "t1-one-slow",
        "t1-factor-one",
        "t2-one-fast",
        "t2-claimed",
        "t3-probing-fast",
        "t3-foreign-read",
        "t4-harvest",
        // Whether an error is new, the world alone tells.
        "t4-new-error",
        "t4-5xx-one",
        "t4-secret-sent",
        "t3-no-caller-once",
    ];
    let attacks: Vec<Attack> = attacks::all()
        .into_iter()
        .filter(|attack| wanted.contains(&&*attack.name))
        .collect();
    assert_eq!(attacks.len(), wanted.len());
    let mut found = 0;
    for (attack, trial) in attacks.iter().zip(trials(&quiet, &attacks, 2).unwrap()) {
        let both = whole(&engine, folder.path(), Some(attack));
        let new = both.iter().filter(|alert| is_new(alert, &before));
        let new = new.filter(|alert| !matches!(alert.rule.level, Some("low" | "informational")));
        let expected = by_rule(new.filter_map(|alert| alert.rule.name.as_deref()));
        let told = by_rule(trial.rules.iter().map(String::as_str));
        // What the attack only tipped is new in both, and not counted as found.
        let count = |rules: &BTreeMap<String, usize>| rules.values().sum::<usize>();
        assert_eq!(
            count(&told) + trial.tipped,
            count(&expected),
            "{}: {told:?}, {expected:?}",
            attack.name
        );
        for rule in told.keys() {
            assert!(
                expected.contains_key(rule),
                "{}: {rule} is not in one run",
                attack.name
            );
        }
        found += count(&told);
    }
    assert!(found > wanted.len(), "{found} findings");
}
