//! Points on the earth, to a tenth of a degree.

/// The mean radius of the earth.
const EARTH_KM: f64 = 6_371.0;

/// Tenths of a degree around the equator, and from pole to pole.
const AROUND: u32 = 3_600;
const UP: u32 = 1_800;

/// A point, to the nearest tenth of a degree: 8 km off at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Point(u32);

impl Point {
    /// `52.52,13.41`: latitude and longitude in degrees. `None` for what is no point on the earth.
    pub(crate) fn of_text(text: &str) -> Option<Self> {
        let (latitude, longitude) = text.split_once(',')?;
        let degrees = |text: &str| text.trim().parse::<f64>().ok();
        let (latitude, longitude) = (degrees(latitude)?, degrees(longitude)?);
        let is_on_earth =
            (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_on_earth.then(|| {
            let up = ((latitude + 90.0) * 10.0).round() as u32;
            // 180 degrees east are 180 degrees west.
            let around = ((longitude + 180.0) * 10.0).round() as u32 % AROUND;
            Self(up * AROUND + around)
        })
    }

    /// As a number, by which it can be told again.
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// The point that a number stands for; of another number the last of all.
    pub(crate) fn of_number(number: u32) -> Self {
        Self(number.min(UP * AROUND + AROUND - 1))
    }

    /// Its direction from the middle of the earth.
    pub(crate) fn direction(self) -> [f64; 3] {
        let degrees = |tenths: u32| f64::from(tenths) / 10.0;
        let latitude = (degrees(self.0 / AROUND) - 90.0).to_radians();
        let longitude = (degrees(self.0 % AROUND) - 180.0).to_radians();
        [
            latitude.cos() * longitude.cos(),
            latitude.cos() * longitude.sin(),
            latitude.sin(),
        ]
    }
}

/// Kilometres between two points, over the ground.
pub(crate) fn distance_km(one: [f64; 3], other: [f64; 3]) -> f64 {
    let cross = [
        one[1] * other[2] - one[2] * other[1],
        one[2] * other[0] - one[0] * other[2],
        one[0] * other[1] - one[1] * other[0],
    ];
    // Exact for points that are near and for such that are opposite.
    product(cross, cross).sqrt().atan2(product(one, other)) * EARTH_KM
}

/// The cosine of the angle between two directions.
pub(crate) fn product(one: [f64; 3], other: [f64; 3]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// Two points are nearer than so many kilometres where the product of their directions is not below this. It is above the
/// cosine by more than products are wrong.
pub(crate) fn surely_nearer(km: f64) -> f64 {
    (km / EARTH_KM).min(std::f64::consts::PI).cos() + 1e-12
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(one: &str, other: &str) -> f64 {
        let direction = |text| Point::of_text(text).unwrap().direction();
        distance_km(direction(one), direction(other))
    }

    #[test]
    fn what_is_surely_nearer_is() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut counts = [0; 2];
        for _ in 0..100_000 {
            let mut direction = || Point::of_number(random.u32(..UP * AROUND)).direction();
            let (one, other) = (direction(), direction());
            let km = distance_km(one, other);
            // Also of the distance itself, and by a hair more or less.
            for bound in [km * 0.999, km, km * 1.001, 500.0] {
                let is_nearer = product(one, other) >= surely_nearer(bound);
                assert!(!is_nearer || km < bound, "{one:?} {other:?} {bound}");
                counts[usize::from(is_nearer)] += 1;
            }
        }
        assert!(counts.iter().all(|count| *count > 50_000), "{counts:?}");
    }

    #[test]
    fn distances_are_those_of_the_map() {
        for (one, other, km) in [
            ("52.5,13.4", "48.1,11.6", 505.6),
            ("51.5,-0.1", "40.7,-74.0", 5_572.8),
            ("0,179.9", "0,-179.9", 22.2),
            ("90,0", "-90,0", 20_015.0),
            ("10,180", "10,-180", 0.0),
            ("52.52,13.41", "52.54,13.38", 0.0),
        ] {
            assert!((between(one, other) - km).abs() < 2.0, "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_point_is_none() {
        for text in ["", "1", "91,0", "0,181", "nan,0", "a,b", "1,2,3", "inf,1"] {
            assert_eq!(Point::of_text(text), None, "{text}");
        }
        let last = Point::of_text("90,179.94").unwrap();
        assert_eq!(Point::of_number(last.number()), last);
        assert_eq!(Point::of_number(u32::MAX).direction()[2].round(), 1.0);
    }
}
