//! A moment goes in, how busy the service is comes out: 1 on average over a week.

use crate::moment::{DAY, HOUR};

/// By hour of the local day, before it is brought to a mean of 1.
const HOURS: [f64; 24] = [
    0.30, 0.18, 0.12, 0.10, 0.16, 0.45, 1.1, 2.0, 2.4, 2.2, 2.0, 1.9, 2.0, 1.9, 1.8, 1.9, 2.1, 2.5,
    2.7, 2.6, 2.3, 1.8, 1.1, 0.6,
];

/// From Thursday on, as 1970 began.
const DAYS: [f64; 7] = [1.05, 1.0, 0.7, 0.65, 1.15, 1.1, 1.05];

/// The service's people live two hours before UTC.
const LOCAL: i64 = 2 * HOUR;

pub fn local_hour(moment: i64) -> usize {
    ((moment + LOCAL).rem_euclid(DAY) / HOUR) as usize
}

fn local_day(moment: i64) -> usize {
    ((moment + LOCAL).div_euclid(DAY)).rem_euclid(7) as usize
}

/// Whether offices are open: Monday to Friday, 8 to 18.
pub fn is_working(moment: i64) -> bool {
    !matches!(local_day(moment), 2 | 3) && (8..18).contains(&local_hour(moment))
}

/// How busy the hour of that moment is.
pub fn busy(moment: i64) -> f64 {
    let hours: f64 = HOURS.iter().sum();
    let days: f64 = DAYS.iter().sum();
    HOURS[local_hour(moment)] / hours * 24.0 * DAYS[local_day(moment)] / days * 7.0
}
