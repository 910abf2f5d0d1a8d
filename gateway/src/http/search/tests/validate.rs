//! Validation and completion.

use serde_json::{Value, json};

use super::given::Given;

async fn offered(given: &Given, query: &str, cursor: usize) -> (Value, Vec<String>) {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let answer = given.json(&format!("/api/logs/validate-query/?q={query}&cursor={cursor}")).await;
    let texts = answer["completion"]["suggestions"].as_array().unwrap().iter();
    let texts = texts.map(|suggestion| suggestion["text"].as_str().unwrap().to_owned()).collect();
    (answer, texts)
}

#[tokio::test]
async fn names_and_values_of_the_tenant_are_offered() {
    let given = Given::filled().await;
    for (query, cursor, expected) in [
        ("lev", 3, vec!["level"]),
        ("pri", 3, vec!["price"]),
        ("level:e", 7, vec!["error"]),
        ("service:", 8, vec!["pay", "web"]),
        ("service:w and x", 9, vec!["web"]),
        ("* | sta", 7, vec!["stats"]),
        ("timestamp>now-1", 15, vec!["now-15m", "now-1h"]),
    ] {
        let (answer, texts) = offered(&given, query, cursor).await;
        assert_eq!(texts, expected, "{query}: {answer}");
    }
}

#[tokio::test]
async fn places_count_as_javascript_does() {
    let given = Given::filled().await;
    let (answer, texts) = offered(&given, "😀 serv and x", 7).await;
    assert_eq!(
        (texts, &answer["valid"]),
        (vec!["service".to_owned(), "service_name".to_owned()], &json!(true))
    );
    assert_eq!((&answer["completion"]["start"], &answer["completion"]["end"]), (&json!(3), &json!(7)));
    assert_eq!(answer["understood"], json!("\"😀\" and serv and x"));
}

#[tokio::test]
async fn every_mistake_is_told_with_its_place() {
    let given = Given::filled().await;
    let answer = given.json("/api/logs/validate-query/?q=level:(error%20%7C%20stats%20cuont()").await;
    assert_eq!((&answer["valid"], &answer["understood"]), (&json!(false), &Value::Null));
    assert_eq!(answer["diagnostics"][0]["severity"], json!("error"));
    let other = given.json("/api/logs/validate-query/?q=*%20%7C%20stats%20cuont()").await;
    assert_eq!(other["diagnostics"][0]["suggestion"], json!("count"));
    assert_eq!(
        (&other["diagnostics"][0]["start"], &other["diagnostics"][0]["end"]),
        (&json!(10), &json!(15))
    );
}
