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
    /// What the list says of the value; 0 where it says none.
    pub(crate) number: u32,
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
            push(&mut values, value, (line, 0))?;
        }
    }
    Ok(values)
}

/// The column of that name, with the numbers of another; the first row has the names.
pub(crate) fn of_csv(text: &str, column: &str, number: Option<&str>) -> Read {
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
    let place = |column: &str| {
        let at = names.iter().position(|name| name == column.trim());
        at.ok_or_else(|| no_column(column, &names))
    };
    let (at, number) = (place(column)?, number.map(place).transpose()?);
    let mut values = Vec::new();
    for row in reader.records() {
        let row = row.map_err(broken)?;
        let line = row.position().map_or(1, |at| small(at.line()));
        if let Some(value) = row.get(at).filter(|value| !value.is_empty()) {
            let number = number.map(|at| number_of(row.get(at).unwrap_or_default()));
            let number = number.transpose().map_err(|message| (line, message))?;
            push(&mut values, value, (line, number.unwrap_or(0)))?;
        }
    }
    Ok(values)
}

fn no_column(column: &str, names: &csv::StringRecord) -> (u32, String) {
    let hint = suggestion(column, names.iter());
    let known: Vec<&str> = names.iter().collect();
    let known = shortened(&known.join(", "));
    (
        1,
        format!("no column is called `{column}`{hint}; there are {known}"),
    )
}

/// A number that stands beside a value.
fn number_of(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| not_a_number(&shortened(text)))
}

pub(crate) fn not_a_number(shown: &str) -> String {
    let most = u32::MAX;
    format!("the number of a value is a whole number from 1 to {most}, not {shown}")
}

fn push(
    values: &mut Vec<Written>,
    value: &str,
    (line, number): (u32, u32),
) -> Result<(), (u32, String)> {
    if values.len() == VALUES_MAX {
        let message = format!("a list has at most {VALUES_MAX} values: divide it");
        return Err((line, message));
    }
    values.push(Written {
        text: value.into(),
        line,
        number,
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
            shown(of_csv(text, "ip", None)).unwrap(),
            ["2 192.0.2.1", "5 192.0.2.2"]
        );
        assert_eq!(shown(of_csv(text, "name", None)).unwrap()[0], "2 a, b");
        let none = shown(of_csv(text, "ips", None)).unwrap_err();
        assert!(
            none.starts_with("1: no column is called `ips`, did you mean `ip`?"),
            "{none}"
        );
    }

    #[test]
    fn a_column_of_csv_has_the_numbers() {
        let read = |text| of_csv(text, "id", Some("most"));
        let numbers = read("id,most\na,5\n,x\nb, 70 \n").unwrap();
        let numbers: Vec<u32> = numbers.iter().map(|value| value.number).collect();
        assert_eq!(numbers, [5, 70]);
        for (text, line) in [
            ("id,most\na,5\nb,many\n", 3),
            ("id,most\na,0\n", 2),
            ("id,most\na\n", 2),
            ("id,most\na,4294967296\n", 2),
            ("id,mots\na,5\n", 1),
        ] {
            assert_eq!(read(text).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn a_list_has_an_end() {
        let text = "a\n".repeat(VALUES_MAX + 1);
        assert!(shown(of_text(&text)).unwrap_err().contains("divide it"));
    }
}
