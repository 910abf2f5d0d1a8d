//! Lines as JSON: alone, among neighbours, with what is odd about them.

use antler_events::event::lines::LineDefaults;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::given::{Given, each};

#[tokio::test]
async fn a_result_has_fixed_names_and_its_own_fields() {
    let given = Given::filled().await;
    let answered = given.ask("acme", "/api/logs/search/?q=n:10&include=raw").await;
    // As text: numbers keep their digits.
    let id = answered.json()["results"][0]["id"].as_str().unwrap().to_owned();
    let raw = super::given::line(10);
    let expected = format!(
        concat!(
            r#"{{"id":"{}","timestamp":"2026-03-01T08:00:10.000Z","received_at":"2026-03-01T08:00:00.000000005Z","#,
            r#""level":"error","message":"order 10 shipped to lane 3","source":null,"service":"web","environment":null,"#,
            r#""host":null,"service_name":"web","n":10,"price":12.50,"deep":{{"a":{{"b":"v1"}}}},"#,
            r#""big":12345678901234567890123,"original":{{"level":"ERROR"}},"raw":{}}}"#
        ),
        id,
        Value::from(raw)
    );
    assert!(answered.text().contains(&expected), "{}\n{expected}", answered.text());
}

#[tokio::test]
async fn nothing_that_a_line_says_is_lost() {
    let given = Given::empty().await;
    let defaults = LineDefaults {
        service: Some("gate".to_owned()),
        level: Some("warn".to_owned()),
        tags: vec!["eu".to_owned(), "a".to_owned()],
        ..LineDefaults::default()
    };
    let lines = [
        r#"{"id":77,"raw":[1],"timestamp":"nonsense","msg":"hi","tags":["a","b"],"x":1,"x":2}"#,
        "a plain line\u{1b}[31m",
        r#"{"message":"half \ud83d\ude00 \u0000 pair","a\u0062":1e300}"#,
    ];
    given.feed("acme", 1, &lines.map(str::to_owned), defaults).await;
    let answer = given.json("/api/logs/search/?sort=timestamp").await;
    let [own, plain, odd] = &answer["results"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(own["original"], json!({"id": 77, "raw": [1], "timestamp": "nonsense"}));
    assert_eq!((&own["tags"], &own["x"], &own["msg"]), (&json!(["a", "b", "eu"]), &json!(2), &json!("hi")));
    assert_eq!((&own["message"], &own["service"]), (&json!("hi"), &json!("gate")));
    assert_eq!((&plain["message"], &plain["tags"]), (&json!("a plain line\u{1b}[31m"), &json!(["eu", "a"])));
    assert_eq!(plain["level"], json!("warning"));
    assert_eq!(odd["message"], json!("half \u{1f600} \0 pair"));
}

#[tokio::test]
async fn matches_are_marked_in_units_of_javascript() {
    let given = Given::empty().await;
    let lines = [r#"{"msg":"😀 a timeout and a TIMEOUT","path":"/x"}"#.to_owned()];
    given.feed("acme", 1, &lines, LineDefaults::default()).await;
    let answer = given.json("/api/logs/search/?q=timeout%20and%20path:*&highlight=true").await;
    assert_eq!(answer["results"][0]["highlight"]["message"], json!([[5, 12], [19, 26]]));
}

#[tokio::test]
async fn one_line_comes_with_its_bytes_and_how_it_came() {
    let given = Given::filled().await;
    let id = given.json("/api/logs/search/?q=n:42").await["results"][0]["id"].as_str().unwrap().to_owned();
    let line = given.json(&format!("/api/logs/{id}/")).await;
    assert_eq!((&line["n"], &line["raw"]), (&json!(42), &json!(super::given::line(42))));
    assert_eq!(line["arrival"], json!({"protocol": "http", "origin": "192.0.2.7"}));
    let raw = given.ask("acme", &format!("/api/logs/{id}/raw")).await;
    assert_eq!(raw.text(), super::given::line(42));
    assert_eq!(raw.headers["content-type"], "application/octet-stream");
    for path in ["", "raw/", "context/"] {
        let foreign = given.ask("bolt", &format!("/api/logs/{id}/{path}")).await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(foreign.json()["error"]["message"], json!(format!("there is no line {id}")));
    }
}

#[tokio::test]
async fn a_line_stands_among_its_neighbours() {
    let given = Given::filled().await;
    let id = given.json("/api/logs/search/?q=n:42").await["results"][0]["id"].as_str().unwrap().to_owned();
    let n =
        |lines: &Value| lines.as_array().unwrap().iter().map(|line| line["n"].clone()).collect::<Vec<_>>();
    let found = given.json(&format!("/api/logs/{id}/context/?before=2&after=1")).await;
    // Of the same service: every second line.
    assert_eq!((n(&found["before"]), n(&found["after"])), (vec![json!(38), json!(40)], vec![json!(44)]));
    assert_eq!(found["line"]["n"], json!(42));
    let found = given.json(&format!("/api/logs/{id}/context?before=1&after=1&same=nothing")).await;
    assert_eq!((n(&found["before"]), n(&found["after"])), (vec![json!(41)], vec![json!(43)]));
}

#[tokio::test]
async fn tenants_see_their_own_lines_only() {
    let given = Given::filled().await;
    let answer = given.ask("bolt", "/api/logs/search/?q=not%20nothing:x").await.json();
    assert_eq!((&answer["total"], each(&answer, "message").len()), (&json!(2), 2));
    let fields = given.ask("bolt", "/api/logs/fields/").await.json();
    assert!(!fields.to_string().contains("price"), "{fields}");
    let nobody = given.ask("cord", "/api/logs/stats/").await.json();
    assert_eq!((&nobody["total"], &nobody["storage"]["lines"]), (&json!(0), &json!(0)));
}
