//! Tables of comma-separated values, as consoles and databases give the results of queries, and access logs of CloudFront,
//! whose cells tabs part: each row becomes an object, so that a row is read as what the same query gives as JSON.

use crate::packed::rows::cloudtrail_column;

/// The names of the columns, as keys of the rows' objects.
#[derive(Debug)]
pub(super) struct Columns {
    names: Vec<String>,
    cells: Cells,
}

/// What parts the cells of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cells {
    Commas,
    Tabs,
}

/// Before the names of the columns, in the extended log format of the W3C.
const FIELDS: &[u8] = b"#Fields:";
/// The line before that one.
const VERSION: &[u8] = b"#Version: 1.0";
/// Columns that only an access log of CloudFront has.
const OF_EDGE: [&str; 3] = ["date", "time", "x-edge-location"];

impl Columns {
    /// Those that `line` names, if it is the heading of a table of log entries.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let is_edge = |names: &[String]| OF_EDGE.iter().all(|of| names.iter().any(|n| n == of));
        if let Some(names) = line.strip_prefix(FIELDS) {
            let names = String::from_utf8_lossy(names);
            let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
            return is_edge(&names).then_some(Self {
                names,
                cells: Cells::Tabs,
            });
        }
        let is_likely = matches!(line.first(), Some(b'@' | b'"' | b'a'..=b'z' | b'A'..=b'Z'));
        if !is_likely || memchr::memchr(b',', line).is_none() {
            return None;
        }
        let names = cells(line)?;
        let mut names: Vec<String> = names.iter().map(|name| key(name.trim())).collect();
        let has = |name: &str| names.iter().any(|given| given == name);
        let is_cloudtrail = has("eventTime") && (has("eventName") || has("eventID"));
        // The search of a console names its columns so, and no others.
        let is_search = has("timestamp")
            && has("message")
            && names.len() <= SEARCH_COLUMNS.len()
            && names
                .iter()
                .all(|name| SEARCH_COLUMNS.contains(&name.as_str()));
        if is_search {
            names.iter_mut().for_each(|name| name.insert(0, '@'));
        } else if !(is_cloudtrail || is_edge(&names) || has("@message") || has("@timestamp")) {
            return None;
        }
        Some(Self {
            names,
            cells: Cells::Commas,
        })
    }

    /// The row as a JSON object; `None` where it has not a cell for each column.
    pub(super) fn object(&self, row: &[u8]) -> Option<Vec<u8>> {
        let cells = match self.cells {
            Cells::Commas => cells(row).filter(|cells| cells.len() == self.names.len())?,
            // Later versions of a format add columns at the end.
            Cells::Tabs => tabbed(row).filter(|cells| cells.len() >= self.names.len())?,
        };
        // An empty cell stands for nothing, as a missing key does.
        let given = self
            .names
            .iter()
            .zip(&cells)
            .filter(|(_, cell)| !cell.is_empty());
        let object: serde_json::Map<String, serde_json::Value> = given
            .map(|(name, cell)| (name.clone(), cell.as_str().into()))
            .collect();
        serde_json::to_vec(&object).ok()
    }
}

/// A table whose next row is being read.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Columns,
    /// How much of the row was looked at for quotes.
    seen: usize,
    /// Whether what was looked at ends within a cell in quotes.
    is_quoted: bool,
}

impl Table {
    pub(super) fn new(columns: Columns) -> Self {
        Self {
            columns,
            seen: 0,
            is_quoted: false,
        }
    }

    /// Whether the line break at `at` lies in a cell of the row that `data` begins with; `at` only grows. A quote within a
    /// cell is written twice, so that it does where the number of quotes before it is odd.
    pub(super) fn is_in_cell(&mut self, data: &[u8], at: usize) -> bool {
        // To an access log a quote is a character like others.
        if self.columns.cells == Cells::Tabs {
            return false;
        }
        self.is_quoted ^= memchr::memchr_iter(b'"', &data[self.seen..at]).count() % 2 == 1;
        self.seen = at;
        self.is_quoted
    }
}

const SEARCH_COLUMNS: [&str; 4] = ["timestamp", "message", "logStreamName", "ingestionTime"];

/// Consoles write `Event time` for `eventTime`.
fn key(name: &str) -> String {
    let joined: String = name.split([' ', '_', '-']).collect();
    let known = cloudtrail_column(&joined);
    match known.eq_ignore_ascii_case(&joined) && known != joined {
        true => known.to_owned(),
        false => name.to_owned(),
    }
}

/// Whether a file that begins so is an access log, whose columns the next line names.
pub(super) fn is_version(line: &[u8]) -> bool {
    line.trim_ascii_end() == VERSION
}

fn tabbed(line: &[u8]) -> Option<Vec<String>> {
    let line = String::from_utf8_lossy(line.trim_ascii_end());
    let is_row = !line.starts_with(['{', '[', '#']);
    is_row.then(|| line.split('\t').map(str::to_owned).collect())
}

/// The cells of a line; bytes that are no UTF-8 are replaced.
fn cells(line: &[u8]) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(line);
    let mut cells = csv::ByteRecord::new();
    let is_row = reader.read_byte_record(&mut cells).ok()?;
    is_row.then(|| {
        let texts = cells.iter().map(String::from_utf8_lossy);
        texts.map(std::borrow::Cow::into_owned).collect()
    })
}
