//! The exact numbers of a recording, in a file of their own: read, compared, and written anew where that is asked for.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use detector_core::alert::Alert;
use detector_core::rule::EXACT;
use serde_json::Value;

use super::comparison::rule_of;
use super::expectation::{COMPARED, ExpectedAlert};

/// The file of a scenario and what it has.
#[derive(Debug)]
pub(crate) struct Golden {
    pub(crate) path: PathBuf,
    pub(crate) alerts: Vec<ExpectedAlert>,
    is_there: bool,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    alerts: Vec<ExpectedAlert>,
}

impl Golden {
    /// Of the scenario in `folder`; without such a file, what is not there differs in nothing.
    ///
    /// # Errors
    /// The file cannot be read, or is no list of alerts.
    pub(crate) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(EXACT);
        let is_there = path.is_file();
        let alerts = match is_there {
            false => Vec::new(),
            true => {
                let shown = || format!("`{}`", path.display());
                let text = fs::read_to_string(&path).with_context(shown)?;
                let document: Document = yaml_serde::from_str(&text).with_context(shown)?;
                for alert in &document.alerts {
                    alert.check_fields().with_context(shown)?;
                }
                document.alerts
            }
        };
        Ok(Self {
            path,
            alerts,
            is_there,
        })
    }

    /// Whether the numbers can be compared.
    pub(crate) fn is_there(&self) -> bool {
        self.is_there
    }

    /// Writes the file anew, as the alerts are now.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn accept(&self, alerts: &[Alert]) -> anyhow::Result<()> {
        let shown = || format!("cannot write `{}`", self.path.display());
        fs::write(&self.path, document(alerts)).with_context(shown)
    }
}

fn document(alerts: &[Alert]) -> String {
    let mut text = String::from("# The exact numbers, as `replay test --accept` writes them.\n");
    text.push_str(if alerts.is_empty() {
        "alerts: []\n"
    } else {
        "alerts:\n"
    });
    for alert in alerts {
        let fields = serde_json::to_value(alert).unwrap_or(Value::Null);
        let _ = writeln!(text, "  - rule: {}", Value::from(rule_of(alert)));
        for field in ["group", "opened_at"].iter().chain(&COMPARED) {
            let _ = writeln!(text, "    {field}: {}", fields[*field]);
        }
    }
    text
}
