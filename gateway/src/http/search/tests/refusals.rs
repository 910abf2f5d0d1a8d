//! What is refused, with the sentence that a user reads.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use super::given::{Given, tenant};
use crate::http::search::RequestTenant;

/// A question, the parameter that is wrong in it, and why.
const WRONG: &[(&str, &str, &str)] = &[
    ("search/?size=0", "size", "it is a whole number from 1 to 10000, and not \"0\""),
    ("search/?page_size=10001", "page_size", "it is a whole number from 1 to 10000, and not \"10001\""),
    ("search/?page=-1", "page", "it is a whole number from 1 to 4294967295, and not \"-1\""),
    (
        "search/?page=9999999&size=10000",
        "page",
        "it begins behind 99999980000 lines, and pages by number reach 100000; go on with next_cursor instead",
    ),
    (
        "search/?level=loud",
        "level",
        "\"loud\" is no level; the levels are trace, debug, info, warning, error, critical, or none for lines without one",
    ),
    (
        "search/?from=yesterday",
        "from",
        "\"yesterday\" is no time; write it as 2026-03-01T08:00:00Z, as milliseconds since 1970, or as now-15m",
    ),
    (
        "search/?from=now&to=now-1h",
        "to",
        "it ends at 2026-03-01T07:10:00.000Z, before from, which begins at 2026-03-01T08:10:00.000Z",
    ),
    (
        "search/?sort=price",
        "sort",
        "lines are sorted by timestamp or -timestamp; to sort by another field write | sort by FIELD in the query",
    ),
    (
        "search/?cursor=abc",
        "cursor",
        "the cursor is not one that was given out: use `next_cursor` of an answer as it is",
    ),
    ("search/?q=a&query=b", "query", "it is given twice, and says two things; leave one out"),
    ("search/?include=secrets", "include", "\"secrets\" cannot be included; raw, raw_log and highlight can"),
    ("search/?total=perhaps", "total", "it is true or false, and not \"perhaps\""),
    (
        "search/?aggregations={}x",
        "aggregations",
        "it is no JSON object; trailing characters at line 1 column 3",
    ),
    ("search/?syntax=sql", "syntax", "it is one of kql, lucene, and not \"sql\""),
    ("histogram/?interval=often", "interval", "\"often\" is no stretch of time; write it as 30s, 5m or 1h"),
    (
        "histogram/?interval=1ms",
        "interval",
        "the question asks for 299001 buckets, and an answer has at most 10000",
    ),
    ("histogram/?interval=1m&buckets=3", "buckets", "give either an interval or a number of buckets"),
    ("histogram/?q=*|limit 3", "q", "pipes are answered by /api/logs/search/ and /api/logs/export/ only"),
    ("facets/", "fields", "name the fields whose values are to be counted, such as service,level"),
    ("fields/timestamp/values/", "field", "the field timestamp has no values to count: name one field"),
    ("fields/n/values/?prefix=a&contains=b", "contains", "give either a prefix or a part of the values"),
    ("patterns/?examples=101", "examples", "it is a whole number from 0 to 100, and not \"101\""),
    ("export/?format=xlsx", "format", "it is one of csv, json, ndjson, jsonl, txt, raw, and not \"xlsx\""),
    ("0-1-1/context/?before=10001", "before", "it is a whole number from 0 to 10000, and not \"10001\""),
    ("0-1-1/context/?before=9000&after=9000", "after", "before and after are at most 10000 together"),
    (
        "0-1-1/context/?same=colour",
        "same",
        "\"colour\" is none of service, host, source, environment or nothing",
    ),
];

#[tokio::test]
async fn each_wrong_parameter_is_named_with_the_reason() {
    let given = Given::filled().await;
    for (path, field, reason) in WRONG {
        let path = path.replace(' ', "%20").replace('|', "%7C").replace('{', "%7B").replace('}', "%7D");
        let answered = given.ask("acme", &format!("/api/logs/{path}")).await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {:?}", answered.body);
        let error = &answered.json()["error"];
        assert_eq!(error["code"], json!("invalid_parameter"));
        assert_eq!(error["details"], json!({"field": field, "reason": reason}), "{path}");
        assert_eq!(error["message"], json!(format!("the parameter {field} cannot be used: {reason}")));
    }
}

#[tokio::test]
async fn a_wrong_query_is_located() {
    let given = Given::filled().await;
    let answered = given.ask("acme", "/api/logs/search/?q=level%3A%28error").await;
    assert_eq!(answered.status, StatusCode::BAD_REQUEST);
    let error = answered.json()["error"].clone();
    assert_eq!(error["code"], json!("invalid_query"));
    let details = &error["details"];
    assert_eq!((&details["start"], &details["end"]), (&json!(6), &json!(7)), "{error}");
    assert_eq!(details["diagnostics"].as_array().unwrap().len(), 1);
    assert!(details["expected"].as_str().unwrap().contains(')'), "{error}");
    let misspelt = given.ask("acme", "/api/logs/search/?q=*%7Cstast%20count()").await.json();
    assert_eq!(misspelt["error"]["details"]["suggestion"], json!("stats"), "{misspelt}");
    for (query, code) in [
        ("* | stats count() | sort by nothing", "unknown_column"),
        ("message:/(/", "bad_regex"),
        ("* | frobnicate", "unknown_pipe"),
        ("a:{b", "unclosed_group"),
    ] {
        let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        for path in ["search", "export"] {
            let answered = given.ask("acme", &format!("/api/logs/{path}/?q={query}")).await;
            assert_eq!(answered.status, StatusCode::BAD_REQUEST, "{query}");
            assert_eq!(answered.json()["error"]["details"]["code"], json!(code), "{:?}", answered.body);
        }
    }
}

#[tokio::test]
async fn a_cursor_of_another_question_is_refused() {
    let given = Given::filled().await;
    let first = given.json("/api/logs/search/?q=lane&size=5").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    for (name, path) in [
        ("acme", format!("search/?q=order&cursor={cursor}")),
        ("acme", format!("search/?q=lane&sort=timestamp&cursor={cursor}")),
        ("acme", format!("search/?q=lane&level=error&cursor={cursor}")),
        ("bolt", format!("search/?q=lane&cursor={cursor}")),
    ] {
        let answered = given.ask(name, &format!("/api/logs/{path}")).await;
        assert_eq!(answered.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert_eq!(
            answered.json()["error"]["details"]["reason"],
            json!(
                "the cursor belongs to another question: filter, time and order must be those of its first page"
            )
        );
    }
}

#[tokio::test]
async fn bodies_are_bounded_and_of_a_known_kind() {
    let given = Given::filled().await;
    let send = async |kind: &str, body: String| {
        let request = Request::post("/api/logs/search/").extension(RequestTenant(tenant("acme")));
        given.send(request.header("content-type", kind).body(Body::from(body)).unwrap()).await
    };
    for (kind, body, status, sentence) in [
        (
            "application/json",
            "[1]".to_owned(),
            400,
            "the body cannot be read: it has to be one JSON object; invalid type: sequence, expected a map at line 1 column 0",
        ),
        (
            "text/plain",
            "q=x".to_owned(),
            415,
            "a question is sent as application/json or as a form, and not as \"text/plain\"",
        ),
        (
            "application/json",
            " ".repeat(300 << 10),
            413,
            "the body has more than 262144 bytes; ask a shorter question",
        ),
        (
            "application/json",
            r#"{"size":[1,2]}"#.to_owned(),
            422,
            "the parameter size cannot be used: it is one value, and no list or object",
        ),
    ] {
        let answered = send(kind, body).await;
        assert_eq!(answered.status.as_u16(), status);
        assert_eq!(answered.json()["error"]["message"], json!(sentence));
    }
    let form = send("application/x-www-form-urlencoded", "q=n:7".to_owned()).await;
    assert_eq!(form.json()["total"], json!(1));
    let long = format!("{{\"q\":\"{}\"}}", "x".repeat(100_000));
    let answered = send("application/json", long).await;
    assert_eq!(
        answered.json()["error"]["message"],
        json!("The query has 100000 bytes: shorten it to 65536.")
    );
}

#[tokio::test]
async fn nobody_is_answered_without_a_tenant() {
    let given = Given::filled().await;
    for path in [
        "",
        "search/",
        "export/",
        "stats/",
        "histogram/",
        "facets/",
        "fields/",
        "fields/n/values/",
        "patterns/",
        "validate-query/",
        "explain/",
        "0-1-1/",
        "0-1-1/raw/",
        "0-1-1/context/",
    ] {
        let request = Request::get(format!("/api/logs/{path}")).body(Body::empty()).unwrap();
        let answered = given.send(request).await;
        assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(
            answered.json()["error"]["message"],
            json!(
                "this address needs a credential: send Authorization: Bearer X, where X is an access token or an API key"
            )
        );
    }
}

#[tokio::test]
async fn a_line_that_is_not_there_is_not_found() {
    let given = Given::filled().await;
    for (id, message) in [
        ("0-999-0", "there is no line 0-999-0"),
        (
            "nonsense",
            "there is no line \"nonsense\"; an id is written as partition, offset and line, such as 3-1024-17",
        ),
    ] {
        let answered = given.ask("acme", &format!("/api/logs/{id}/")).await;
        assert_eq!(answered.status, StatusCode::NOT_FOUND);
        assert_eq!(answered.json()["error"]["message"], Value::from(message));
    }
}
