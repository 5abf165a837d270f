//! The values of a list's file: text with one value a line, or a column of CSV.

use crate::yaml::near_name::suggestion;
use crate::yaml::yaml_tree::shortened;

/// Values of one list.
const VALUES_MAX: usize = 1_000_000;

/// A value, and its line in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) text: Box<str>,
    pub(crate) line: u32,
}

/// The values, or a line of the file (0: of none) and what is wrong there.
pub(crate) type Read = Result<Vec<Written>, (u32, String)>;

/// One value a line; white space around it, empty lines and what begins with `#` are none of it.
pub(crate) fn of_text(text: &str) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut values = Vec::new();
    for (line, value) in (1..).zip(text.lines()) {
        let value = value.trim();
        if !value.is_empty() && !value.starts_with('#') {
            push(&mut values, value, line)?;
        }
    }
    Ok(values)
}

/// The column of that name; the first row has the names.
pub(crate) fn of_csv(text: &str, column: &str) -> Read {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| {
        let line = error.position().map_or(1, |at| at.line());
        (small(line), format!("the CSV cannot be read: {error}"))
    };
    let names = reader.headers().map_err(broken)?.clone();
    let at = names.iter().position(|name| name == column.trim());
    let at = at.ok_or_else(|| {
        let hint = suggestion(column, names.iter());
        let known: Vec<&str> = names.iter().collect();
        let known = shortened(&known.join(", "));
        (
            1,
            format!("no column is called `{column}`{hint}; there are {known}"),
        )
    })?;
    let mut values = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(1, |at| small(at.line()));
        if let Some(value) = row.get(at).filter(|value| !value.is_empty()) {
            push(&mut values, value, line)?;
        }
    }
    Ok(values)
}

fn push(values: &mut Vec<Written>, value: &str, line: u32) -> Result<(), (u32, String)> {
    if values.len() == VALUES_MAX {
        let message = format!("a list has at most {VALUES_MAX} values: divide it");
        return Err((line, message));
    }
    values.push(Written {
        text: value.into(),
        line,
    });
    Ok(())
}

fn small(line: u64) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(read: Read) -> Result<Vec<String>, String> {
        let line = |value: Written| format!("{} {}", value.line, value.text);
        read.map(|values| values.into_iter().map(line).collect())
            .map_err(|(line, message)| format!("{line}: {message}"))
    }

    #[test]
    fn text_has_one_value_a_line() {
        let read = of_text("\u{feff}# exits\n192.0.2.1\r\n\n  a b \n#c\nlast");
        assert_eq!(shown(read).unwrap(), ["2 192.0.2.1", "4 a b", "6 last"]);
    }

    #[test]
    fn csv_has_a_column_of_values() {
        let text = "name, ip\n\"a, b\", 192.0.2.1\nc,\nd\ne,192.0.2.2\n";
        assert_eq!(
            shown(of_csv(text, "ip")).unwrap(),
            ["2 192.0.2.1", "5 192.0.2.2"]
        );
        assert_eq!(shown(of_csv(text, "name")).unwrap()[0], "2 a, b");
        let none = shown(of_csv(text, "ips")).unwrap_err();
        assert!(
            none.starts_with("1: no column is called `ips`, did you mean `ip`?"),
            "{none}"
        );
    }

    #[test]
    fn a_list_has_an_end() {
        let text = "a\n".repeat(VALUES_MAX + 1);
        assert!(shown(of_text(&text)).unwrap_err().contains("divide it"));
    }
}
