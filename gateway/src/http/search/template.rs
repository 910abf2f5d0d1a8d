//! Templates: queries with places such as `${service}`, and the values that go there.
//!
//! Invariant: a value stays one value, whatever is in it. It is written as a quoted text, or as it is if it begins with a
//! digit and has nothing but letters, digits and dots; and a place stands only where such a value can. It does not read the
//! query that comes of it.

use std::collections::BTreeMap;
use std::ops::Range;

const NAME_BYTES_MAX: usize = 64;

/// A place for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<'q> {
    pub name: &'q str,
    span: Range<usize>,
}

/// The places of a query, or the reason why one of them cannot be.
pub(super) fn places(query: &str) -> Result<Vec<Place<'_>>, String> {
    let mut places = Vec::new();
    let (mut at, mut is_quoted, mut has_slash) = (0, false, false);
    while let Some(character) = query[at..].chars().next() {
        let rest = &query[at..];
        match character {
            '\\' => at += rest.chars().nth(1).map_or(0, char::len_utf8),
            '"' => is_quoted = !is_quoted,
            '/' if !is_quoted => has_slash = true,
            '$' if rest.starts_with("${") => {
                let place = place(query, at)?;
                check(query, &place, is_quoted, has_slash)?;
                at = place.span.end;
                places.push(place);
                continue;
            }
            _ => {}
        }
        at += character.len_utf8();
    }
    Ok(places)
}

/// The query with a value in each of the places.
pub(super) fn filled(
    query: &str,
    places: &[Place<'_>],
    values: &BTreeMap<String, String>,
) -> Result<String, String> {
    if let Some(name) = values.keys().find(|name| !places.iter().any(|place| place.name == *name)) {
        return Err(format!("the query has no place ${{{name}}}; leave that value out"));
    }
    let (mut text, mut at) = (String::with_capacity(query.len()), 0);
    for Place { name, span } in places {
        let missing = || format!("the value of ${{{name}}} is missing");
        text += &query[at..span.start];
        text += &written(values.get(*name).ok_or_else(missing)?);
        at = span.end;
    }
    Ok(text + &query[at..])
}

fn place(query: &str, start: usize) -> Result<Place<'_>, String> {
    let inner = &query[start + 2..];
    let length =
        inner.find('}').ok_or("a place for a value begins with ${ and ends with }; this one does not end")?;
    let name = &inner[..length];
    let is_name = (1..=NAME_BYTES_MAX).contains(&length)
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_name {
        true => Ok(Place { name, span: start..start + 3 + length }),
        false => Err(format!(
            "the name of a place for a value has 1 to {NAME_BYTES_MAX} letters, digits or underscores, as in ${{service}}"
        )),
    }
}

/// Can a value stand here, and nothing but a value?
fn check(query: &str, place: &Place<'_>, is_quoted: bool, has_slash: bool) -> Result<(), String> {
    let name = place.name;
    if is_quoted {
        return Err(format!(
            "${{{name}}} stands in quotes; write it without them, values are quoted by themselves"
        ));
    }
    if has_slash {
        return Err(format!(
            "${{{name}}} stands behind a slash; put regexes and paths behind it, or into quotes"
        ));
    }
    let before = query[..place.span.start].chars().next_back();
    let after = query[place.span.end..].chars().next();
    let begins = before.is_none_or(|character| character.is_whitespace() || ":(<>=,".contains(character));
    let ends = after.is_none_or(|character| character.is_whitespace() || "),|".contains(character));
    match begins && ends {
        true => Ok(()),
        false => Err(format!(
            "${{{name}}} is only a part of a word; a value is a whole one, as in host:${{{name}}}"
        )),
    }
}

fn written(value: &str) -> String {
    let begins_with_digit = value.starts_with(|character: char| character.is_ascii_digit());
    if begins_with_digit && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.') {
        return value.to_owned();
    }
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        if matches!(character, '"' | '\\' | '*' | '?') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use antler_config::limits::QueryLimits;
    use antler_events::clock::Timestamp;
    use antler_events::query::{Parsed, parse, parse_lucene, print};

    use super::*;

    fn fill(query: &str, values: &[(&str, &str)]) -> Result<String, String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        filled(query, &places(query)?, &values.iter().map(owned).collect())
    }

    #[test]
    fn values_stand_in_their_places() {
        let check = |query: &str, values: &[(&str, &str)], expected: &str| {
            assert_eq!(fill(query, values).as_deref(), Ok(expected));
        };
        check("level:error", &[], "level:error");
        check("host:${h} and n > ${n}", &[("h", "web-1"), ("n", "500ms")], "host:\"web-1\" and n > 500ms");
        check("(${a}) | limit ${n}", &[("a", "x y"), ("n", "5")], "(\"x y\") | limit 5");
        check("${a} ${a}", &[("a", "1.5")], "1.5 1.5");
        check("m:\"100 $ {\" and ${a}", &[("a", "ä")], "m:\"100 $ {\" and \"ä\"");
        check("${a}", &[("a", "${b}")], "\"${b}\"");
    }

    #[test]
    fn a_place_where_a_value_could_be_more_is_refused() {
        let check = |query: &str, expected: &str| {
            assert!(places(query).unwrap_err().contains(expected), "{query}");
        };
        check("m:\"a ${x}\"", "in quotes");
        check("m:/a ${x} b/", "behind a slash");
        check("host:web-${x}", "part of a word");
        check("host:${x}*", "part of a word");
        check("${x}${y}", "part of a word");
        check("${x", "does not end");
        check("${a b}", "letters, digits or underscores");
        check("${}", "letters, digits or underscores");
    }

    #[test]
    fn a_value_that_is_missing_or_has_no_place_is_named() {
        assert_eq!(fill("${x}", &[]).unwrap_err(), "the value of ${x} is missing");
        assert!(fill("a", &[("y", "1")]).unwrap_err().contains("no place ${y}"));
    }

    #[test]
    fn no_value_changes_what_a_query_is_made_of() {
        let limits = QueryLimits::default();
        // How the conditions stand together, whatever their texts are.
        let shape = |parsed: Parsed| {
            let text = print(&parsed.query.filter);
            let is_whole = parsed.query.pipes.is_none();
            (
                text.matches(" and ").count(),
                text.matches(" or ").count(),
                text.matches("not ").count(),
                is_whole,
            )
        };
        let (query, now) = ("level:error and host:${x} and (a or b)", Timestamp::from_nanos(0));
        for reader in [parse, parse_lucene] {
            let of = |value: &str| shape(reader(&fill(query, &[("x", value)]).unwrap(), now, &limits));
            let expected = of("web");
            for value in [
                "\"",
                "\\",
                "\\\"",
                "a\"orb",
                "*)|(c",
                "*",
                "?",
                "/x/",
                "${x}",
                "){",
                "c\nd",
                "//",
                "| limit 1",
                "0)",
                "1\"",
                "-5",
                "",
            ] {
                assert_eq!(of(value), expected, "{value:?}");
            }
        }
    }
}
