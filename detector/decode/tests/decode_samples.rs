//! Public log samples: every file decodes to the events it holds, and only what is really broken is unreadable.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "reads the sample folder, where there is one"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use detector_decode::split::{Piece, RECORD_BYTES_MAX, Splitter};
use detector_decode::{DecodeFields, Decoder, EventSink, Limits, Unreadable};
use detector_event::event::Event;
use detector_event::field::FieldTable;

#[derive(Default, Debug)]
struct Seen {
    services: BTreeMap<&'static str, usize>,
    untimed: usize,
    content_ids: usize,
    unreadable: Vec<Unreadable>,
}

impl EventSink for Seen {
    fn event(&mut self, event: &Event<'_, '_>) {
        *self.services.entry(event.source.service()).or_default() += 1;
        self.untimed += usize::from(event.time.is_none());
        self.content_ids += usize::from(event.id.starts_with("content:"));
    }
    fn unreadable(&mut self, problem: Unreadable) {
        self.unreadable.push(problem);
    }
}

fn folder() -> Option<PathBuf> {
    let path = std::env::var("VEDETTE_SAMPLES")
        .unwrap_or_else(|_| format!("{}/../../../shared/samples", env!("CARGO_MANIFEST_DIR")));
    Path::new(&path).is_dir().then(|| path.into())
}

/// Decodes a file whole and, a second time, cut by the splitter; both must see the same events.
fn decode(path: &Path) -> Seen {
    let mut table = FieldTable::default();
    let fields = DecodeFields::register(&mut table);
    let mut decoder = Decoder::new(&table, &fields, Limits::default());
    let bytes = std::fs::read(path).unwrap();
    let mut whole = Seen::default();
    decoder.decode(&bytes, None, &mut whole);
    let mut cut = Seen::default();
    let mut splitter = Splitter::new(RECORD_BYTES_MAX);
    let mut each = |piece: Piece<'_>| match piece {
        Piece::Record { bytes, .. } => decoder.decode(bytes, None, &mut cut),
        Piece::TooLarge { .. } => panic!("too large"),
    };
    splitter.push(&bytes, &mut each);
    splitter.finish(&mut each);
    assert_eq!(whole.services, cut.services, "{}", path.display());
    assert_eq!(
        whole.unreadable.len(),
        cut.unreadable.len(),
        "{}",
        path.display()
    );
    whole
}

#[test]
fn sample_files_decode() {
    let Some(folder) = folder() else {
        println!("skipped: no sample folder");
        return;
    };
    for (name, service, events, untimed, unreadable) in [
        ("apigateway-http-access.ndjson", "apigateway", 2, 0, 0),
        ("apigateway-rest-access.ndjson", "apigateway", 5, 0, 0),
        (
            "cognito-hosted-ui-cloudtrail.ndjson",
            "cloudtrail",
            10,
            0,
            0,
        ),
        ("cognito-initiateauth-failure.ndjson", "cloudtrail", 1, 0, 0),
        ("cognito-user-activity.json", "cognito", 1, 0, 0),
        ("consolelogin-failures.ndjson", "cloudtrail", 11, 0, 0),
        ("consolelogin-elastic.ndjson", "cloudtrail", 1, 0, 0),
        ("waf-logs.ndjson", "waf", 26, 0, 0),
        ("lambda-error-messages.ndjson", "lambda", 8, 8, 0),
        ("payload-01.json", "lambda", 2, 0, 0),
        ("payload-02.json", "lambda", 2, 0, 0),
        ("payload-03.json", "lambda", 2, 0, 0),
        ("payload-05.json", "lambda", 19, 0, 0),
        ("payload-06.json", "lambda", 1, 0, 0),
        ("payload-07.json", "lambda", 1, 0, 0),
        ("payload-08.json", "lambda", 0, 0, 3),
        ("payload-09.json", "lambda", 0, 0, 3),
        ("payload-10.json", "lambda", 0, 0, 3),
        ("payload-00.json", "lambda", 2, 0, 0),
        ("payload-11.json", "lambda", 2, 0, 0),
    ] {
        let seen = decode(&folder.join(name));
        let counts: Vec<_> = seen.services.into_iter().collect();
        let expected: Vec<_> = [(service, events)]
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect();
        assert_eq!(counts, expected, "{name}");
        assert_eq!(seen.untimed, untimed, "{name}");
        assert_eq!(
            seen.unreadable.len(),
            unreadable,
            "{name}: {:?}",
            seen.unreadable
        );
    }
}

#[test]
fn recorded_attacks_decode() {
    let Some(folder) = folder() else {
        println!("skipped: no sample folder");
        return;
    };
    let mut events = 0;
    for entry in std::fs::read_dir(folder.join("cloudtrail")).unwrap() {
        let path = entry.unwrap().path();
        let seen = decode(&path);
        assert_eq!(seen.unreadable, [], "{}", path.display());
        assert_eq!(
            (seen.untimed, seen.content_ids),
            (0, 0),
            "{}",
            path.display()
        );
        assert_eq!(seen.services.len(), 1, "{}", path.display());
        events += seen.services["cloudtrail"];
    }
    assert_eq!(events, 310);
}
