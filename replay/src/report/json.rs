//! JSON Lines: one alert a line, nothing else. The shape is the core's, and a contract.

use std::io::{self, Write};

use detector_core::alert::Alert;

pub(crate) fn write(alerts: &[Alert], out: &mut impl Write) -> io::Result<()> {
    for alert in alerts {
        // The serialiser wraps an error of the writer; unwrapped, a closed pipe is known as such.
        serde_json::to_writer(&mut *out, alert).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
