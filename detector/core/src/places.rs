//! Where addresses are, as databases of the MaxMind format say that the user supplies.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use detector_rule::{Database, PlacePart};
use maxminddb::Reader;
use serde::Deserialize;

/// The databases, in their order: of each part, the first that knows it says it.
#[derive(Clone, Default)]
pub struct Places(Arc<[Reader<Arc<[u8]>>]>);

impl Places {
    /// # Errors
    /// A file that is no such database, in words.
    pub fn read(files: &[Database]) -> Result<Self, String> {
        let read = |file: &Database| {
            let read = Reader::from_source(Arc::clone(&file.bytes));
            let path = &file.path;
            read.map_err(|error| {
                format!(
                    "{path}: the file is no database of places ({error}): copy the .mmdb file again"
                )
            })
        };
        Ok(Self(files.iter().map(read).collect::<Result<_, _>>()?))
    }

    /// What is known of an address, for each of the parts. Damage to a database is as if it knew nothing.
    pub(crate) fn look_up(&self, address: IpAddr, see: &mut dyn FnMut(&Record<'_>) -> bool) {
        for reader in &*self.0 {
            let found = reader.lookup(address).and_then(|found| found.decode());
            if let Ok(Some(record)) = found
                && see(&record)
            {
                break;
            }
        }
    }
}

impl fmt::Debug for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = self.0.iter().map(|it| &it.metadata.database_type);
        f.debug_list().entries(kinds).finish()
    }
}

/// What is read of one entry, of databases of cities, countries and networks alike.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Record<'d> {
    #[serde(borrow, default)]
    country: Country<'d>,
    #[serde(borrow, default)]
    city: City<'d>,
    #[serde(default)]
    location: Location,
    #[serde(default)]
    autonomous_system_number: Option<u32>,
    #[serde(borrow, default)]
    autonomous_system_organization: Option<&'d str>,
}

#[derive(Debug, Default, Deserialize)]
struct Country<'d> {
    #[serde(borrow, default)]
    iso_code: Option<&'d str>,
}

#[derive(Debug, Default, Deserialize)]
struct City<'d> {
    #[serde(borrow, default)]
    names: Names<'d>,
}

#[derive(Debug, Default, Deserialize)]
struct Names<'d> {
    #[serde(borrow, default)]
    en: Option<&'d str>,
}

#[derive(Debug, Default, Deserialize)]
struct Location {
    #[serde(default)]
    latitude: Option<f64>,
    #[serde(default)]
    longitude: Option<f64>,
}

impl Record<'_> {
    /// A part, as text.
    pub(crate) fn part(&self, part: PlacePart) -> Option<String> {
        match part {
            PlacePart::Country => self.country.iso_code.map(str::to_owned),
            PlacePart::City => self.city.names.en.map(str::to_owned),
            PlacePart::AsNumber => self
                .autonomous_system_number
                .map(|number| number.to_string()),
            PlacePart::AsName => self.autonomous_system_organization.map(str::to_owned),
            PlacePart::Point => {
                let Location {
                    latitude: Some(latitude),
                    longitude: Some(longitude),
                } = self.location
                else {
                    return None;
                };
                let is_on_earth =
                    (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
                is_on_earth.then(|| format!("{latitude:.2},{longitude:.2}"))
            }
        }
    }
}
