//! Results of queries, whose cells stand apart from the names of their columns, put together into objects.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::text::raw;

/// Databases fold the names of columns: the name of a field of CloudTrail as it was, and any other as it is. In quotes,
/// where `name` is.
pub fn cloudtrail_column(name: &str) -> &str {
    const FIELDS: [&str; 25] = [
        "\"eventVersion\"",
        "\"userIdentity\"",
        "\"eventTime\"",
        "\"eventSource\"",
        "\"eventName\"",
        "\"awsRegion\"",
        "\"sourceIPAddress\"",
        "\"userAgent\"",
        "\"errorCode\"",
        "\"errorMessage\"",
        "\"requestParameters\"",
        "\"responseElements\"",
        "\"additionalEventData\"",
        "\"requestID\"",
        "\"eventID\"",
        "\"eventType\"",
        "\"apiVersion\"",
        "\"readOnly\"",
        "\"recipientAccountId\"",
        "\"serviceEventDetails\"",
        "\"sharedEventID\"",
        "\"vpcEndpointId\"",
        "\"managementEvent\"",
        "\"eventCategory\"",
        "\"tlsDetails\"",
    ];
    let is_quoted = name.starts_with('"');
    let bare = |field: &'static str| {
        if is_quoted {
            field
        } else {
            &field[1..field.len() - 1]
        }
    };
    let mut fields = FIELDS.iter().map(|field| bare(field));
    fields
        .find(|field| field.eq_ignore_ascii_case(name))
        .unwrap_or(name)
}

/// How a service writes the rows of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// `get-query-results` of CloudWatch Logs: `{"results":[[{"field":…,"value":…}]]}`
    Insights,
    /// `get-query-results` of CloudTrail Lake: `{"QueryResultRows":[[{"eventID":…}]]}`
    Lake,
    /// `get-query-results` of Athena: `{"ResultSet":{"Rows":[{"Data":[{"VarCharValue":…}]}]}}`, names first.
    Athena,
}

#[derive(Deserialize)]
struct Field<'a> {
    #[serde(borrow)]
    field: &'a RawValue,
    #[serde(borrow)]
    value: &'a RawValue,
}

#[derive(Deserialize)]
struct AthenaRow<'a> {
    #[serde(borrow, rename = "Data")]
    data: Vec<AthenaCell<'a>>,
}

#[derive(Deserialize)]
struct AthenaCell<'a> {
    /// Not there where the cell is null.
    #[serde(borrow, rename = "VarCharValue")]
    value: Option<&'a RawValue>,
}

impl Rows {
    fn path(self) -> &'static str {
        match self {
            Self::Insights => "results",
            Self::Lake => "QueryResultRows",
            Self::Athena => "ResultSet.Rows",
        }
    }

    /// Calls `each` with every row of the result `json` as a JSON object; `false` if it is no such result.
    pub(crate) fn for_each(self, json: &str, each: &mut dyn FnMut(&str)) -> bool {
        let Some(rows) = raw::at_path(json, self.path()) else {
            return false;
        };
        let mut names: Option<Vec<&str>> = None;
        let mut object = String::new();
        raw::for_each_member(rows, &mut |row| {
            object.clear();
            object.push('{');
            let is_row = match self {
                Self::Insights => insights(row.get(), &mut object),
                Self::Lake => lake(row.get(), &mut object),
                Self::Athena => athena(row.get(), &mut names, &mut object),
            };
            object.push('}');
            if is_row.is_some() {
                each(&object);
            }
        })
        .is_ok()
    }
}

fn add(object: &mut String, key: &str, value: &str) {
    if object.len() > 1 {
        object.push(',');
    }
    object.push_str(key);
    object.push(':');
    object.push_str(value);
}

fn insights(row: &str, object: &mut String) -> Option<()> {
    let cells: Vec<Field<'_>> = serde_json::from_str(row).ok()?;
    for cell in cells {
        add(object, cell.field.get(), cell.value.get());
    }
    Some(())
}

fn lake(row: &str, object: &mut String) -> Option<()> {
    let cells: Vec<&RawValue> = serde_json::from_str(row).ok()?;
    for cell in cells {
        let inner = cell.get().trim().strip_prefix('{')?.strip_suffix('}')?;
        if !inner.trim().is_empty() {
            object.push_str(if object.len() > 1 { "," } else { "" });
            object.push_str(inner);
        }
    }
    Some(())
}

/// `None` for the row that names the columns.
fn athena<'a>(row: &'a str, names: &mut Option<Vec<&'a str>>, object: &mut String) -> Option<()> {
    let cells: AthenaRow<'a> = serde_json::from_str(row).ok()?;
    let Some(names) = names else {
        let name = |cell: &AthenaCell<'a>| {
            cell.value
                .map_or("\"\"", |name| cloudtrail_column(name.get()))
        };
        *names = Some(cells.data.iter().map(name).collect());
        return None;
    };
    for (name, cell) in names.iter().zip(&cells.data) {
        if let Some(value) = cell.value {
            add(object, name, value.get());
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows: Rows, json: &str) -> Vec<String> {
        let mut all = Vec::new();
        assert!(rows.for_each(json, &mut |row| all.push(row.to_owned())));
        all
    }

    #[test]
    fn rows_are_objects() {
        let insights = r#"{"results":[[{"field":"a","value":"1"},{"field":"b","value":"x\"y"}],[]],"statistics":{}}"#;
        assert_eq!(
            read(Rows::Insights, insights),
            [r#"{"a":"1","b":"x\"y"}"#, "{}"]
        );
        let lake = r#"{"QueryResultRows":[[{"eventID":"1"},{},{"eventName":"n"}]]}"#;
        assert_eq!(
            read(Rows::Lake, lake),
            [r#"{"eventID":"1","eventName":"n"}"#]
        );
        let athena = r#"{"ResultSet":{"Rows":[{"Data":[{"VarCharValue":"a"},{"VarCharValue":"b"}]},{"Data":[{},{"VarCharValue":"2"}]}]}}"#;
        assert_eq!(read(Rows::Athena, athena), [r#"{"b":"2"}"#]);
        assert!(!Rows::Lake.for_each("{}", &mut |_| {}));
    }
}
