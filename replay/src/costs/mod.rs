//! Nothing that an attacker writes costs more than linear time in its length.
//!
//! Each row is a construct (of a rule, a form of input, a rewriter) with its worst input, in two sizes. Four times the
//! length may take six times the processor's time. The least of some runs counts, and times that say nothing do not.
//!
//! A row that fails is either mended or bounded, and what a bound leaves out is told.
#![expect(
    clippy::unwrap_used,
    reason = "the lint's exemption reaches only functions marked as tests, not their helpers"
)]

mod row; // what is measured
mod worst; // texts that are hard to read
mod rules; // constructs of rules
mod forms; // what records, lines and files look like
mod rewriters; // what changes records

use row::Row;

#[test]
fn what_is_four_times_as_long_takes_no_more_than_six_times_as_long() {
    let rows = rules::rows()
        .into_iter()
        .chain(forms::rows())
        .chain(rewriters::rows());
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 100, "{}", rows.len());
    let faults: Vec<_> = rows.iter().filter_map(Row::fault).collect();
    assert!(
        faults.is_empty(),
        "of {} rows:\n{}",
        rows.len(),
        faults.join("\n")
    );
}

#[test]
fn what_costs_more_is_found() {
    let quadratic = |text: &[u8]| {
        let pairs = text
            .iter()
            .flat_map(|a| text.iter().step_by(128).map(move |b| a ^ b));
        assert_ne!(std::hint::black_box(pairs.map(u64::from).sum::<u64>()), 1);
    };
    let row = Row::new("quadratic", |bytes| vec![1; bytes], quadratic);
    assert!(row.fault().unwrap().starts_with("quadratic: "));
    let linear = |text: &[u8]| {
        assert_eq!(
            text.iter().map(|b| u64::from(*b)).sum::<u64>(),
            text.len() as u64
        )
    };
    assert_eq!(
        Row::new("linear", |bytes| vec![1; bytes], linear).fault(),
        None
    );
}
