//! JSON Lines: one alert or incident a line, nothing else. The shape is the core's, and a contract.

use std::io::{self, Write};

use detector_core::alert::plain_json;
use serde::Serialize;

pub(crate) fn write(values: &[impl Serialize], out: &mut impl Write) -> io::Result<()> {
    for value in values {
        plain_json::write(value, &mut *out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
