//! The language in one table: what can be written, and what it means.
//!
//! Invariant: every row is a test: its text is read without a complaint, and means the tree that the last column
//! prints. It does not list what is refused: `parse/tests.rs` does. Pipes have a table of their own.

/// Something that can be written in a filter.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    pub text: &'static str,
    pub meaning: &'static str,
    /// The same, as the printer writes it.
    pub printed: &'static str,
}

const fn row(text: &'static str, meaning: &'static str, printed: &'static str) -> Example {
    Example { text, meaning, printed }
}

/// In the table now is 2026-03-15T12:00:00Z.
pub const EXAMPLES: &[Example] = &[
    row("*", "every line; so does an empty query", "*"),
    row("timeout", "lines that have the word in some value, in any case", "timeout"),
    row("read timeout", "both words, in any place and order", "read and timeout"),
    row("\"read timeout\"", "the words beside each other, in this order", "\"read timeout\""),
    row("1.5", "a number, a version or an address is one word: not 15 or 1.5.2", "1.5"),
    row("time*", "a word that begins so; ? stands for one character", "time*"),
    row(r"50\* \(ok\)", "a backslash takes a sign its meaning", r#""50*" and "(ok)""#),
    row(
        "http://x.org",
        "a colon inside an address, a path such as std::io or a time such as 12:30 is part of the word",
        "\"http://x.org\"",
    ),
    row("level:error", "the field has this value; a name of a level in any spelling", "level:error"),
    row("level:WARN", "warn and warning are the same level", "level:warning"),
    row("level>=warning", "levels compare by how bad they are", "level>=warning"),
    row("service:api", "the value is api; in a value with white space, one of its words", "service:api"),
    row("message:\"read timeout\"", "the message has this phrase", "message:\"read timeout\""),
    row("user.id:42", "names have dots where the line has objects; numbers equal as numbers", "user.id:42"),
    row("trace:*", "the field is there", "trace:*"),
    row("not trace:*", "the field is not there", "not trace:*"),
    row("host:web-*", "the value matches the wildcard", r"host:web\-*"),
    row("http.*:500", "some field with such a name", "http.*:500"),
    row("*:500", "some field, whatever its name", "500"),
    row("\"field with spaces\":x", "a name in quotes is as it stands", "\"field with spaces\":x"),
    row("a and b", "both; AND and && are the same, and so is nothing between them", "a and b"),
    row("a or b", "one of them; OR and || are the same", "a or b"),
    row("a and b or c", "and binds tighter than or", "a and b or c"),
    row("a and (b or c)", "parentheses group", "a and (b or c)"),
    row("not a", "not; NOT, ! and a - before the word are the same", "not a"),
    row(
        "error -debug -\"dry run\" !x:1",
        "what is not wanted",
        "error and not debug and not \"dry run\" and not x:1",
    ),
    row("service:(api or web)", "several values of one field", "service:api or service:web"),
    row("message:(read timeout)", "all of them", "message:read and message:timeout"),
    row("message:timeout*", "a wildcard in a message matches words of it", "message:timeout*"),
    row("status >= 500", "numbers compare; so do < <= and >", "status>=500"),
    row("status:>=500", "the same, as Lucene writes it", "status>=500"),
    row("status:[500 TO 599]", "from and to, both included", "status:[500 TO 599]"),
    row("status:[500 TO 600}", "a brace leaves its end out", "status:[500 TO 600}"),
    row("status:[500 TO *]", "a star leaves it open", "status>=500"),
    row("took > 500ms", "durations: ns us ms s m h d w, also 1h30m", "took>500ms"),
    row("size > 10MB", "sizes: B kB MB GB TB count in thousands, KiB MiB GiB TiB in 1,024s", "size>10MB"),
    row("@timestamp:2026-03-01", "the whole day, in UTC; so for a month, an hour, a minute, a second", {
        "timestamp:[2026-03-01T00:00:00.000Z TO 2026-03-02T00:00:00.000Z}"
    }),
    row("timestamp > 2026-03-01", "after that day", "timestamp>=2026-03-02T00:00:00.000Z"),
    row(
        "timestamp >= now-15m",
        "from fifteen minutes ago; units ms s m h d w M y",
        "timestamp>=2026-03-15T11:45:00.000Z",
    ),
    row("timestamp:now-1d/d", "yesterday: a slash takes the whole unit", {
        "timestamp:[2026-03-14T00:00:00.000Z TO 2026-03-15T00:00:00.000Z}"
    }),
    row(
        "timestamp:[now-1h TO now]",
        "the last hour",
        "timestamp:[2026-03-15T11:00:00.000Z TO 2026-03-15T12:00:00.000000000Z]",
    ),
    row(
        "timestamp >= \"2026-03-01\"",
        "quotes around a time or a level change nothing",
        "timestamp>=2026-03-01T00:00:00.000Z",
    ),
    row(
        "took:(<5 or {10 TO 20})",
        "comparisons and ranges stand between parentheses too",
        "took<5 or took:{10 TO 20}",
    ),
    row("10.0.0.1:8080 \"localhost\"", "an address with a port is a word", "\"10.0.0.1:8080\" and localhost"),
    row(
        "created < 2026-03-01T10:30:00+01:00",
        "any field compares with a time",
        "created<2026-03-01T09:30:00.000Z",
    ),
    row("ip:10.0.0.0/8", "an address of the network, also of IPv6", "ip:10.0.0.0/8"),
    row("ip >= 10.0.0.5", "addresses compare", "ip>=10.0.0.5"),
    row(
        r"path:/^\/api\/v\d+/",
        "a regular expression matches somewhere in the value, with case",
        r"path:/^\/api\/v\d+/",
    ),
    row("/(?i)deadlock/", "in some value; (?i) takes the case away", "/(?i)deadlock/"),
    row("path:/var/log", "a path is no regular expression", "path:\"/var/log\""),
    row("name > \"m\"", "texts compare by their characters; quotes make a text of anything", "name>\"m\""),
    row(
        "http:{ status:500 and method:GET }",
        "fields below a name; objects in arrays are no unit, so two of them may have one value each",
        "http.status:500 and http.method:GET",
    ),
    row("http:{ timeout }", "a word in some field below the name", "http.*:timeout"),
];

#[cfg(test)]
mod tests {
    use antler_config::limits::QueryLimits;

    use super::*;
    use crate::line::timestamp;
    use crate::query::{parse, print};

    #[test]
    fn every_row_means_what_it_says() {
        let now = timestamp::parse(b"2026-03-15T12:00:00Z", crate::clock::Timestamp::default()).unwrap();
        for Example { text, printed, .. } in EXAMPLES {
            let parsed = parse(text, now, &QueryLimits::default());
            assert_eq!(parsed.diagnostics, [], "{text}");
            assert_eq!(print(&parsed.query.filter), *printed, "{text}");
            let again = parse(printed, now, &QueryLimits::default());
            assert_eq!(again.query.filter, parsed.query.filter, "{printed}");
        }
    }
}
