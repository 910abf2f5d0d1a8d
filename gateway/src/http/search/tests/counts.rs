//! Counts, fields and patterns.

use antler_events::event::lines::LineDefaults;
use serde_json::{Value, json};

use super::given::{Given, each};

#[tokio::test]
async fn a_histogram_counts_by_level_over_time() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/histogram/?interval=1m&q=service:web").await;
    assert_eq!((&answer["total"], &answer["interval_ms"]), (&json!(150), &json!(60000.0)));
    let first = &answer["buckets"][0];
    assert_eq!(first, &json!({"start":"2026-03-01T08:00:00.000Z","count":30,"levels":{"info":24,"error":6}}));
    assert_eq!(answer["buckets"].as_array().unwrap().len(), 5);
    let auto = given.json("/api/logs/histogram/?interval=auto").await;
    assert_eq!((&auto["total"], &auto["interval_ms"]), (&json!(300), &json!(5000.0)));
    let ten = given.json("/api/logs/histogram/?buckets=5").await;
    assert_eq!(ten["interval_ms"], json!(60000.0));
}

#[tokio::test]
async fn stats_tell_a_question_at_a_glance() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/stats/?q=n%3C100").await;
    assert_eq!(
        (&answer["total"], &answer["errors"], &answer["error_rate"]),
        (&json!(100), &json!(10), &json!(0.1))
    );
    assert_eq!(answer["by_level"], json!({"info": 90, "error": 10}));
    assert_eq!(answer["by_service"], json!([{"value":"pay","count":50},{"value":"web","count":50}]));
    assert_eq!(answer["storage"]["lines"], json!(300));
    assert_eq!(answer["storage"]["earliest"], json!("2026-03-01T08:00:00.000Z"));
}

#[tokio::test]
async fn facets_count_values_of_fields() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/facets/?fields=service,deep.a.b&size=2&level=error").await;
    assert_eq!(
        answer["facets"][0],
        json!({"field":"service","values":[{"value":"web","count":30}],"others":0})
    );
    assert_eq!(answer["facets"][1]["others"], json!(10));
}

#[tokio::test]
async fn fields_and_their_values_are_listed() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/fields/").await;
    let field = |name: &str| {
        answer["results"].as_array().unwrap().iter().find(|field| field["name"] == name).cloned().unwrap()
    };
    assert_eq!(field("n"), json!({"name":"n","types":["number"],"count":300,"role":null}));
    assert_eq!(field("service_name")["role"], json!("service"));
    assert_eq!(answer["total"], json!(each(&answer, "name").len()));
    let prefixed = given.json("/api/logs/fields?prefix=de").await;
    assert_eq!(each(&prefixed, "name"), [&json!("deep.a.b")]);
    for (path, expected) in [
        ("service/values/", json!([{"value":"pay","count":150},{"value":"web","count":150}])),
        ("deep.a.b/values/?contains=2", json!([{"value":"v2","count":100}])),
        ("service/values/?q=level:error", json!([{"value":"web","count":30}])),
        ("service/values/?q=n:*&prefix=p", json!([{"value":"pay","count":150}])),
        ("nowhere/values/", json!([])),
    ] {
        assert_eq!(given.json(&format!("/api/logs/fields/{path}")).await["results"], expected, "{path}");
    }
}

#[tokio::test]
async fn patterns_tell_what_messages_have_in_common() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/patterns/?interval=1m").await;
    let [pattern] = &answer["results"].as_array().unwrap()[..] else { panic!("{answer}") };
    assert_eq!(pattern["pattern"], json!("order <num> shipped to lane <num>"));
    assert_eq!((&pattern["count"], &pattern["share"]), (&json!(300), &json!(1.0)));
    assert_eq!(pattern["first_seen"], json!("2026-03-01T08:00:00.000Z"));
    assert_eq!(pattern["levels"], json!({"info": 270, "error": 30}));
    assert_eq!(pattern["services"][0]["count"], json!(150));
    assert_eq!(pattern["examples"][0]["n"], json!(299));
    assert_eq!(pattern["buckets"].as_array().unwrap().len(), 5);
    assert_eq!((&answer["total"], &answer["lines"]["classified"]), (&json!(1), &json!(300)));
    let new = given.json("/api/logs/patterns/?new_since=now-1h&only_new=true&sort=newest&examples=0").await;
    assert_eq!((&new["results"][0]["is_new"], &new["results"][0]["examples"]), (&json!(true), &json!([])));
    let none: Value = given.json("/api/logs/patterns/?q=nothing").await;
    assert_eq!((&none["results"], &none["partial"]), (&json!([]), &json!(false)));
}

#[tokio::test]
async fn what_is_counted_under_a_name_is_found_by_it() {
    let given = Given::filled().await;
    let lines = [r#"{"n":1000,"level":"loud"}"#, r#"{"n":1001}"#].map(str::to_owned);
    given.feed("acme", 200, &lines, LineDefaults::default()).await;
    let counted = given.json("/api/logs/stats/").await["by_level"].clone();
    assert_eq!(counted, json!({"none": 2, "info": 270, "error": 30}));
    for (level, count) in counted.as_object().unwrap() {
        let found = given.json(&format!("/api/logs/search/?level={level}&size=1")).await;
        assert_eq!(found["total"], *count, "{level}");
    }
}
