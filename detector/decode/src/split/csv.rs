//! Tables of comma-separated values, as consoles and databases give the results of queries: each row becomes an object,
//! so that a row is read as what the same query gives as JSON.

use crate::packed::rows::cloudtrail_column;

/// The names of the columns, as keys of the rows' objects.
#[derive(Debug)]
pub(super) struct Columns(Vec<String>);

impl Columns {
    /// Those that `line` names, if it is the heading of a table of log entries.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let is_likely = matches!(line.first(), Some(b'@' | b'"' | b'a'..=b'z' | b'A'..=b'Z'));
        if !is_likely || memchr::memchr(b',', line).is_none() {
            return None;
        }
        let names = cells(line)?;
        let mut names: Vec<String> = names.iter().map(|name| key(name)).collect();
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
        } else if !(is_cloudtrail || has("@message") || has("@timestamp")) {
            return None;
        }
        Some(Self(names))
    }

    /// The row as a JSON object; `None` where it has not a cell for each column.
    pub(super) fn object(&self, row: &[u8]) -> Option<Vec<u8>> {
        let cells = cells(row)?;
        if cells.len() != self.0.len() {
            return None;
        }
        // An empty cell stands for nothing, as a missing key does.
        let given = self
            .0
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
