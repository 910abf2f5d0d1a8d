//! Clients as their makers publish them send lines to the program, which are then searched for: each is there once, says
//! what was sent, and nobody else sees it. `ANTLER_PROGRAM` names the program, else it is that of the last release build.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "shippers/elastic.rs"]
mod elastic;
#[path = "shippers/filebeat.rs"]
mod filebeat;
#[path = "shippers/opentelemetry.rs"]
mod opentelemetry;
#[expect(dead_code, reason = "the rest is for the tests of the log in NATS")]
#[path = "shippers/site.rs"]
mod site;
#[path = "shippers/snippets.rs"]
mod snippets;
#[path = "shippers/syslog.rs"]
mod syslog;
