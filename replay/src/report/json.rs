//! JSON Lines: one alert a line, nothing else. The shape is the core's, and a contract.

use std::io::{self, Write};

use detector_core::alert::{Alert, plain_json};

pub(crate) fn write(alerts: &[Alert], out: &mut impl Write) -> io::Result<()> {
    for alert in alerts {
        plain_json::write(alert, &mut *out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
