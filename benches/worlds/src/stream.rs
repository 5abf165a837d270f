//! A world, hour by hour, as the service receives it.

use crate::assistant;
use crate::cause::Cause;
use crate::causes::{self, standing};
use crate::chance::{chance, moment_in, times};
use crate::lines::{Line, Scribe};
use crate::moment::{HOUR, WEEK};
use crate::people::World;
use crate::rhythm::busy;
use crate::visits::{NEWCOMERS, VISITS, newcomer, visit};
use crate::weather::Weather;

/// Gives the lines of a world in the order of their arrival, an hour's at a time. Keeps those of some hours at most, and of
/// what goes on for days the rest.
#[derive(Debug)]
pub struct Stream<'w> {
    world: &'w World,
    weather: Weather,
    hour: i64,
    waiting: Vec<Line>,
    pub causes: Vec<Cause>,
}

impl<'w> Stream<'w> {
    pub fn new(world: &'w World) -> Self {
        let weather = Weather::of(world);
        let mut causes = standing::causes(world);
        causes.extend(weather.causes().cloned());
        causes.extend(assistant::causes(world));
        Self {
            world,
            weather,
            hour: world.begin,
            waiting: Vec::new(),
            causes,
        }
    }

    fn ordinary(&mut self) {
        let (world, hour) = (self.world, self.hour);
        let mut scribe = Scribe::new(chance(&[world.seed, 0xab, hour as u64]));
        let visits = world.users as f64 * VISITS / 24.0 * busy(hour) * self.weather.visits(hour);
        for _ in 0..times(&mut scribe.chance, visits) {
            let at = moment_in(&mut scribe.chance, hour, hour + HOUR);
            visit(world, &self.weather, at, &mut scribe);
        }
        let hours = (WEEK / HOUR) as f64;
        let newcomers =
            world.users as f64 * NEWCOMERS / hours * busy(hour) * self.weather.sign_ups(hour);
        for _ in 0..times(&mut scribe.chance, newcomers) {
            let at = moment_in(&mut scribe.chance, hour, hour + HOUR);
            newcomer(world, at, &mut scribe);
        }
        standing::hour(world, hour, &mut scribe);
        self.waiting.append(&mut scribe.lines);
        let mut talk = assistant::hour(world, &self.weather, hour);
        self.waiting.append(&mut talk.lines);
    }
}

impl Iterator for Stream<'_> {
    /// When the hour begins, and its lines.
    type Item = (i64, Vec<Line>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.hour >= self.world.end {
            return None;
        }
        self.ordinary();
        causes::begin(self.world, self.hour, &mut self.waiting, &mut self.causes);
        let begin = self.hour;
        self.hour += HOUR;
        let (now, later) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition(|line| line.arrival < self.hour);
        self.waiting = later;
        let mut now: Vec<Line> = now;
        // Stable: lines of one moment stay in the order in which they were made.
        now.sort_by_key(|line| line.arrival);
        now.retain(|line| line.at >= self.world.begin && line.at < self.world.end);
        Some((begin, now))
    }
}
