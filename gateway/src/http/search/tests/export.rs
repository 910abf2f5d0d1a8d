//! Exports: all formats, whole and broken.

use std::sync::Arc;
use std::time::Duration;

use antler_events::event::lines::LineDefaults;
use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::given::{Given, LINES, tenant};
use crate::http::search::RequestTenant;

#[tokio::test]
async fn csv_has_a_head_and_a_row_for_each_line() {
    let given = Given::filled().await;
    let answered = given.ask("acme", "/api/logs/export/?format=csv&q=n:*").await;
    assert_eq!(answered.headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(
        answered.headers["content-disposition"],
        "attachment; filename=\"logs-2026-03-01T081000Z.csv\""
    );
    let rows: Vec<&str> = answered.text().split("\r\n").collect();
    assert_eq!(rows.len(), LINES + 2);
    assert_eq!(rows[0], "timestamp,level,service,source,environment,host,message,id,received_at");
    assert!(
        rows[1].starts_with("2026-03-01T08:04:59.000Z,info,pay,,,,order 299 shipped to lane 5,0-"),
        "{}",
        rows[1]
    );
    let chosen = given.ask("acme", "/api/logs/export?q=n:7&columns=n,price,deep.a.b,nowhere").await;
    assert_eq!(chosen.text(), "n,price,deep.a.b,nowhere\r\n7,12.50,v1,\r\n");
    let all = given.ask("acme", "/api/logs/export?q=n:7&columns=*").await;
    assert!(all.text().starts_with(
        "timestamp,level,service,source,environment,host,message,id,received_at,big,deep.a.b,n,price\r\n"
    ));
    let bolt = given.ask("bolt", "/api/logs/export?columns=message&sort=timestamp").await;
    assert_eq!(bolt.text(), "message\r\n'=cmd|calc\r\nplain bolt\r\n");
}

#[tokio::test]
async fn json_is_a_list_or_an_object_for_each_line() {
    let given = Given::filled().await;
    let list = given.ask("acme", "/api/logs/export/?format=json&level=error").await.json();
    assert_eq!((list.as_array().unwrap().len(), &list[0]["n"]), (30, &json!(290)));
    let lines = given.ask("acme", "/api/logs/export/?format=ndjson&sort=timestamp&include=raw").await;
    let lines: Vec<Value> = lines.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[7]["n"]), (LINES, &json!(7)));
    assert_eq!(lines[7]["raw"], json!(super::given::line(7)));
    let chosen = given.ask("acme", "/api/logs/export/?format=ndjson&q=n:7&columns=n,service,big").await;
    assert_eq!(chosen.text(), "{\"n\":7,\"service\":\"pay\",\"big\":12345678901234567890123}\n");
    let none = given.ask("acme", "/api/logs/export/?format=json&q=nothing").await;
    assert_eq!(none.json(), json!([]));
}

#[tokio::test]
async fn text_is_for_people_and_raw_as_it_came() {
    let given = Given::empty().await;
    let lines = ["a\u{1b}[2J b".to_owned(), r#"{"level":"warn","app":"x","msg":"two\nlines"}"#.to_owned()];
    given.feed("acme", 1, &lines, LineDefaults::default()).await;
    let text = given.ask("acme", "/api/logs/export/?format=txt&sort=timestamp").await;
    let time = "2026-03-01T08:00:00.000000005Z";
    assert_eq!(text.text(), format!("{time} - - a\\u001b[2J b\n{time} warning x two\\nlines\n"));
    let raw = given.ask("acme", "/api/logs/export/?format=raw&sort=timestamp").await;
    assert_eq!(raw.text(), lines.map(|line| line + "\n").concat());
}

#[tokio::test]
async fn tables_of_pipes_are_exported() {
    let given = Given::filled().await;
    let path = |format: &str| {
        format!(
            "/api/logs/export/?format={format}&q=*%20%7C%20stats%20count()%20by%20level%20%7C%20sort%20by%20level"
        )
    };
    assert_eq!(given.ask("acme", &path("csv")).await.text(), "level,count\r\ninfo,270\r\nerror,30\r\n");
    assert_eq!(given.ask("acme", &path("txt")).await.text(), "level\tcount\ninfo\t270\nerror\t30\n");
    assert_eq!(
        given.ask("acme", &path("json")).await.json(),
        json!([{"level":"info","count":270},{"level":"error","count":30}])
    );
}

#[tokio::test]
async fn many_pages_make_one_file() {
    let given = Given::empty().await;
    for offset in 0..25 {
        let lines: Vec<String> = (0..100).map(|n| super::given::line(offset as usize * 100 + n)).collect();
        given.feed("acme", 1 + offset, &lines, LineDefaults::default()).await;
    }
    let all = given.ask("acme", "/api/logs/export/?format=ndjson&columns=n").await;
    let expected: String = (0..2_500).rev().map(|n| format!("{{\"n\":{n}}}\n")).collect();
    assert_eq!(all.text(), expected);
}

#[tokio::test]
async fn an_export_that_cannot_go_on_says_so_and_breaks_off() {
    let mut given = Given::filled().await;
    given.limits.time_max = Duration::ZERO;
    for (format, last) in [
        (
            "csv",
            "\"# error: The export broke off: the time of a page ran out again and again without a line; ask for less.\"",
        ),
        (
            "ndjson",
            "{\"error\":\"The export broke off: the time of a page ran out again and again without a line; ask for less.\"}",
        ),
    ] {
        let request = Request::get(format!("/api/logs/export/?format={format}"))
            .extension(RequestTenant(tenant("acme")));
        let response = given.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let mut body = response.into_body().into_data_stream();
        let mut text = Vec::new();
        let mut broke = None;
        while let Some(piece) = futures_util::StreamExt::next(&mut body).await {
            match piece {
                Ok(piece) => text.extend_from_slice(&piece),
                Err(error) => broke = Some(error.to_string()),
            }
        }
        let text = String::from_utf8(text).unwrap();
        assert_eq!(text.trim_end().lines().last().unwrap(), last, "{format}");
        assert_eq!(
            broke.as_deref(),
            Some("the time of a page ran out again and again without a line; ask for less")
        );
    }
}

#[tokio::test]
async fn an_export_that_lacks_lines_says_so_in_its_last_line() {
    let given = Given::filled().await;
    given.damage_a_group().await;
    for (format, first) in
        [("csv", "# warning: Lines "), ("txt", "# warning: Lines "), ("ndjson", "{\"warning\":\"Lines ")]
    {
        let answered = given.ask("acme", &format!("/api/logs/export/?format={format}")).await;
        let last = answered.text().trim_end().lines().last().unwrap();
        assert!(last.starts_with(first) && last.contains("of the index"), "{last}");
    }
    let list = given.ask("acme", "/api/logs/export/?format=json").await.json();
    let list = list.as_array().unwrap();
    assert!(list.len() < LINES && list.last().unwrap()["warning"].is_string());
}

#[tokio::test]
async fn who_hangs_up_keeps_nothing_running() {
    let given = Given::filled().await;
    let held = Arc::strong_count(&given.index);
    let request = Request::get("/api/logs/export/?format=csv").extension(RequestTenant(tenant("acme")));
    let router = given.router();
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let mut body = response.into_body().into_data_stream();
    futures_util::StreamExt::next(&mut body).await.unwrap().unwrap();
    assert!(Arc::strong_count(&given.index) > held);
    drop(body);
    assert_eq!(Arc::strong_count(&given.index), held);
}
