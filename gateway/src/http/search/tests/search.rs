//! Searching: what is found, pages, cursors, pipes, aggregations.

use std::sync::{Arc, Mutex};

use antler_events::event::lines::LineDefaults;
use antler_events::log::BoxFuture;
use antler_projections::index::port::{Work, WorkLost, Workers};
use axum::body::Body;
use axum::http::Request;
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::given::{Given, LINES, each, tenant};
use crate::http::search::RequestTenant;

#[tokio::test]
async fn queries_and_parameters_find_the_same_lines() {
    let given = Given::filled().await;
    for (asked, expected) in [
        ("", 300),
        ("q=level:error", 30),
        ("q=lane&level=error", 30),
        ("query=level:ERROR", 30),
        ("level=error,info", 300),
        ("level=error&level=info", 300),
        ("q=level:error%20or%20level:info&service=pay", 0),
        ("q=service:pay%20and%20n%20%3E=%20200", 50),
        ("q=deep.a.b:(v1%20or%20v2)", 200),
        ("q=n:*&from=now-15m&to=now", 300),
        ("q=n:*&from=now-2d&to=now-1d", 0),
        ("from=1772352000000&to=1772352009999", 10),
        ("start_date=2026-03-01&end_date=2026-03-01", 300),
        ("start_time=2026-03-01T10:00:00+02:00&end_time=2026-03-01T08:00:09Z", 10),
        ("q=hippo", 0),
        ("service=pay*", 0),
        ("q=service_name:pay", 150),
        ("q=message:lane%20AND%20n:7&syntax=lucene", 1),
    ] {
        let found = given.json(&format!("/api/logs/search/?{asked}")).await;
        let expected = match asked {
            "q=level:error%20or%20level:info&service=pay" => 150,
            _ => expected,
        };
        assert_eq!(found["total"], json!(expected), "{asked}");
        assert_eq!(found["total_is_exact"], json!(true));
        assert_eq!((&found["partial"], &found["warnings"]), (&json!(false), &json!([])), "{asked}");
    }
}

#[tokio::test]
async fn an_answer_has_all_its_names() {
    let given = Given::filled().await;
    let answer = given.json("/api/v1/logs/search?size=1&q=n:*").await;
    let names: Vec<&String> = answer.as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "query",
            "results",
            "total",
            "total_is_exact",
            "page",
            "size",
            "took",
            "partial",
            "warnings",
            "next_cursor",
            "aggregations"
        ]
    );
    assert_eq!((&answer["query"], &answer["page"], &answer["size"]), (&json!("n:*"), &json!(1), &json!(1)));
}

#[tokio::test]
async fn pages_by_number_do_not_overlap() {
    let given = Given::filled().await;
    let mut walked: Vec<Value> = Vec::new();
    for page in 1..=4 {
        let answer = given.json(&format!("/api/logs/search/?size=80&page={page}")).await;
        assert_eq!(answer["total"], json!(LINES));
        walked.extend(each(&answer, "n").into_iter().cloned());
    }
    let expected: Vec<Value> = (0..LINES).rev().map(|n| json!(n)).collect();
    assert_eq!(walked, expected);
    let beyond = given.json("/api/logs/search/?size=80&page=5").await;
    assert_eq!((&beyond["results"], &beyond["total"]), (&json!([]), &json!(LINES)));
    assert_eq!(beyond["next_cursor"], Value::Null);
}

#[tokio::test]
async fn cursors_hold_their_place_while_lines_arrive() {
    let given = Given::filled().await;
    let (mut walked, mut cursor, mut offset) = (Vec::new(), String::new(), 200);
    loop {
        let next = if cursor.is_empty() { String::new() } else { format!("&cursor={cursor}") };
        let answer = given.json(&format!("/api/logs/search/?q=n:*&from=now-1h&size=70{next}")).await;
        walked.extend(each(&answer, "n").into_iter().map(|n| n.as_u64().unwrap()));
        given
            .feed("acme", offset, &[super::given::line(offset as usize * 10)], LineDefaults::default())
            .await;
        offset += 1;
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(walked, (0..LINES as u64).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn lines_are_given_oldest_first_too() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/search/?sort=timestamp&size=3&total=false").await;
    assert_eq!(each(&answer, "n"), [&json!(0), &json!(1), &json!(2)]);
    assert_eq!((&answer["total"], &answer["total_is_exact"]), (&Value::Null, &json!(false)));
}

#[tokio::test]
async fn a_question_can_be_sent_as_json() {
    let given = Given::filled().await;
    let body = r#"{"q":"lane","level":["error"],"service":"web","from":1772352000000,"size":5,"page":2}"#;
    let answer = given.post("/api/logs/search/", body).await.json();
    assert_eq!((&answer["total"], each(&answer, "n").len()), (&json!(30), 5));
    let answer = given.post("/api/logs/search/?size=1", "").await.json();
    assert_eq!(each(&answer, "n"), [&json!(299)]);
}

#[tokio::test]
async fn pipes_answer_columns_and_rows() {
    let given = Given::filled().await;
    let body = r#"{"q":"* | stats count(), avg(n) by level | sort by level"}"#;
    let answer = given.post("/api/logs/search/", body).await.json();
    assert_eq!(answer["columns"], json!(["level", "count", "avg_n"]));
    assert_eq!(answer["rows"], json!([["info", 270, 150], ["error", 30, 145]]));
    assert_eq!((&answer["results"], &answer["total"]), (&json!([]), &json!(2)));
    let rate = given.json("/api/logs/search/?q=*%20%7C%20stats%20rate()").await;
    assert!(rate["rows"][0][0].as_f64().unwrap() > 0.9, "{rate}");
}

#[tokio::test]
async fn rows_that_are_lines_are_results() {
    let given = Given::filled().await;
    let answer =
        given.json("/api/logs/search/?q=*%20%7C%20sort%20by%20n%20%7C%20limit%202%20%7C%20drop%20big").await;
    assert_eq!(each(&answer, "n"), [&json!(0), &json!(1)]);
    assert_eq!(each(&answer, "big"), [&Value::Null; 2]);
    assert_eq!(each(&answer, "deep"), [&json!({"a":{"b":"v0"}}), &json!({"a":{"b":"v1"}})]);
    let pipes = "n:7 | eval double = n * 2, level = \"odd\" | drop deep.a.b, service_name";
    let pipes: String = form_urlencoded::byte_serialize(pipes.as_bytes()).collect();
    let answer = given.json(&format!("/api/logs/search/?q={pipes}")).await;
    let made = &answer["results"][0];
    assert_eq!((&made["double"], &made["level"], &made["n"]), (&json!(14), &json!("odd"), &json!(7)));
    assert_eq!((&made["deep"], &made["service_name"]), (&json!({"a": {}}), &Value::Null));
    let answer = given.json("/api/logs/search/?q=n:7%20%7C%20fields%20service,n").await;
    let id = &answer["results"][0]["id"];
    assert_eq!(answer["results"], json!([{"id": id, "service": "pay", "n": 7}]));
    assert_eq!(answer["rows"], json!([["pay", 7]]));
}

#[tokio::test]
async fn aggregations_count_all_that_is_found() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/search/?q=n%3C100&size=1&aggregations=level,service,timestamp").await;
    let counted = &answer["aggregations"];
    assert_eq!(
        counted["level"],
        json!({"field":"level","values":[{"value":"info","count":90},{"value":"error","count":10}],"others":0})
    );
    assert_eq!(counted["service"]["values"][0]["count"], json!(50));
    let buckets = counted["timestamp"]["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum::<u64>(), 100);
    let body = r#"{"size":1,"aggregations":{"by":{"terms":{"field":"deep.a.b","size":1}},"t":{"date_histogram":{"interval":"1m"}}}}"#;
    let answer = given.post("/api/logs/search/", body).await.json();
    assert_eq!(answer["aggregations"]["by"]["values"], json!([{"value":"v0","count":100}]));
    assert_eq!(answer["aggregations"]["by"]["others"], json!(200));
    assert_eq!(answer["aggregations"]["t"]["interval_ms"], json!(60000.0));
    assert_eq!(answer["aggregations"]["t"]["buckets"][0]["start"], json!("2026-03-01T08:00:00.000Z"));
    assert_eq!(answer["aggregations"]["t"]["buckets"][0]["levels"], json!({"info": 54, "error": 6}));
}

#[tokio::test]
async fn the_newest_lines_are_a_list_with_links() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/?level=error&size=20").await;
    assert_eq!(each(&answer, "n")[0], &json!(290));
    let next = answer["next"].as_str().unwrap().to_owned();
    assert!(next.starts_with("/api/logs/?level=error&size=20&cursor="), "{next}");
    let answer = given.json(&next).await;
    assert_eq!((each(&answer, "n").len(), &answer["next"]), (10, &Value::Null));
    let second = given.json("/api/logs?level=error&size=20&page=2").await;
    assert_eq!(second["results"], answer["results"]);
    assert_eq!(second["previous"], json!("/api/logs?level=error&size=20&page=1"));
}

#[tokio::test]
async fn what_is_odd_about_a_question_is_told() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/search/?q=level:eror&page_sise=3").await;
    assert_eq!(
        answer["warnings"],
        json!([
            "The parameter \"page_sise\" is not known here and was ignored.",
            "`eror` is the name of no level: the levels are trace, debug, info, warning, error and critical."
        ])
    );
    assert_eq!((&answer["partial"], &answer["total"]), (&json!(false), &json!(0)));
}

#[tokio::test]
async fn a_question_without_time_says_that_lines_are_missing() {
    let mut given = Given::filled().await;
    given.limits.time_max = std::time::Duration::ZERO;
    let answer = given.json("/api/logs/search/?q=lane").await;
    assert_eq!((&answer["partial"], &answer["total_is_exact"]), (&json!(true), &json!(false)));
    assert_eq!(
        answer["warnings"],
        json!(["The time for this question ran out: go on with the cursor, or ask for less."])
    );
    assert!(answer["next_cursor"].is_string());
    let second = given.json("/api/logs/search/?q=lane&page=2").await;
    assert_eq!(
        second["warnings"][0],
        json!("The time ran out on the way to this page: go on with next_cursor of the page before.")
    );
}

#[tokio::test]
async fn explaining_tells_steps() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/explain/?q=order%2077").await;
    assert!(
        answer["lines"].as_u64() == Some(1) && !answer["steps"].as_array().unwrap().is_empty(),
        "{answer}"
    );
    assert_eq!(answer["filter"], json!("order and 77"));
}

#[tokio::test]
async fn damage_is_told_and_the_rest_is_found() {
    let given = Given::filled().await;
    given.damage_a_group().await;
    let answer = given.json("/api/logs/search/?q=lane&size=1000").await;
    let found = each(&answer, "n").len();
    assert!(0 < found && found < LINES, "{found}");
    assert_eq!((&answer["partial"], &answer["total_is_exact"]), (&json!(true), &json!(false)));
    assert!(answer["warnings"][0].as_str().unwrap().starts_with("Lines "), "{}", answer["warnings"]);
    for path in
        ["histogram/", "stats/", "facets/?fields=n", "patterns/", "search/?q=*%20%7C%20stats%20max(n)"]
    {
        assert_eq!(given.json(&format!("/api/logs/{path}")).await["partial"], json!(true), "{path}");
    }
    let lost = given.ask("acme", "/api/logs/0-999-0/").await.json();
    assert_eq!(
        lost["error"]["message"],
        json!("there is no line 0-999-0; a part of the index cannot be read, and it may be there")
    );
}

/// Takes work and does none of it.
#[derive(Default)]
struct BusyWorkers(Mutex<Vec<Work>>);

impl std::fmt::Debug for BusyWorkers {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("BusyWorkers")
    }
}

impl Workers for BusyWorkers {
    fn run(&self, work: Work) -> BoxFuture<'static, Result<(), WorkLost>> {
        self.0.lock().unwrap().push(work);
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn who_hangs_up_withdraws_the_question() {
    let workers = Arc::new(BusyWorkers::default());
    let given = Given::working_with(Arc::clone(&workers) as Arc<dyn Workers>);
    let held = Arc::strong_count(&given.index);
    for path in ["search/?q=a", "search/?q=a%20%7C%20stats%20count()", "export/", "stats/", "patterns/"] {
        let request = Request::get(format!("/api/logs/{path}")).extension(RequestTenant(tenant("acme")));
        let answering = given.router().oneshot(request.body(Body::empty()).unwrap());
        assert!(answering.now_or_never().is_none(), "{path}");
        assert_eq!(Arc::strong_count(&given.index), held, "{path}");
    }
    let begun = std::mem::take(&mut *workers.0.lock().unwrap());
    assert_eq!(begun.len(), 5);
    // Nobody waits for them any more: they end without looking for anything.
    begun.into_iter().for_each(|work| work());
}
