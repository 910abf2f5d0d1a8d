//! The nearest known name for one that is not known.
//!
//! Invariant: a suggestion is a known name. It stays silent when nothing is near.

/// The known name that was most likely meant. A dotted name may also have lost or mixed up its section.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .filter_map(|candidate| Some((distance(name, candidate)?, candidate)))
        .min()
        .map(|(_, candidate)| candidate)
}

/// How far apart two names are, if they are near at all.
fn distance(name: &str, candidate: &str) -> Option<usize> {
    let whole = edits(name, candidate);
    // A right key in a wrong section is one more mistake than a wrong key.
    let key = edits(last(name), last(candidate)).map(|edits| edits + 1);
    [whole, key].into_iter().flatten().min()
}

fn edits(name: &str, candidate: &str) -> Option<usize> {
    let edits = strsim::osa_distance(name, candidate);
    (edits <= (candidate.len() / 3).max(1)).then_some(edits)
}

fn last(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_known_name_is_suggested() {
        let known = ["storage.data", "storage.linger", "listeners.http", "logging.format"];
        let check = |name: &str, expected: Option<&str>| assert_eq!(nearest(name, known), expected, "{name}");
        check("storage.dta", Some("storage.data"));
        check("storage.lnigre", Some("storage.linger"));
        check("stroage.linger", Some("storage.linger"));
        check("logging.data", Some("storage.data"));
        check("linger", Some("storage.linger"));
        check("listeners.https", Some("listeners.http"));
        check("completely.different", None);
    }
}
