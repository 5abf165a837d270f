//! The name that was probably meant.

/// How far a misspelling may be from the name that is suggested for it.
pub(crate) const EDITS_MAX: usize = 2;

/// The known name nearest to `name`, where it is near enough to be a slip of the pen.
pub(crate) fn near_name<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
) -> Option<&'n str> {
    // A short name is near to everything: `id` and `in` are different words.
    let edits_max = EDITS_MAX.min(name.chars().count() / 3);
    nearest(name, known, |_| edits_max)
}

/// The known name nearest to `name`, where it takes no more edits than `edits_max` says of it.
pub fn nearest<'n>(
    name: &str,
    known: impl IntoIterator<Item = &'n str>,
    edits_max: impl Fn(&str) -> usize,
) -> Option<&'n str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(edits, candidate)| *edits <= edits_max(candidate) && *candidate != name)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// `, did you mean `x`?` or nothing.
pub(crate) fn suggestion<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    near_name(name, known)
        .map(|near| format!(", did you mean `{near}`?"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_a_slip_and_nothing_else() {
        assert_eq!(near_name("quite", ["quiet", "threat"]), Some("quiet"));
        assert_eq!(near_name("Contains", ["contains"]), Some("contains"));
        assert_eq!(near_name("window", ["quiet", "threat"]), None);
        assert_eq!(near_name("id", ["in"]), None);
    }
}
