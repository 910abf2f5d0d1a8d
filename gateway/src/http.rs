//! HTTP: connections, routes, answers, and what is measured about them.
//!
//! Invariant: every answer has a request id, and every error answer has the same form.
//! It decides nothing about logs: handlers translate between requests and the rest of the program.

pub mod accounts;
pub(crate) mod addresses;
pub mod admin;
pub mod answer;
mod archives;
pub mod audit;
pub mod auth;
mod base;
pub mod connections;
mod dashboard;
pub mod dead_letters;
mod demo;
mod elastic;
pub mod erasure;
pub mod error;
mod headers;
pub mod health;
mod jobs;
mod lag;
mod lingering;
mod listing;
pub mod logs;
pub mod metrics;
pub mod observe;
pub mod openapi;
pub mod origins;
mod otlp;
mod paging;
pub mod peer;
pub mod proxies;
mod quota;
pub mod rates;
pub mod route_class;
pub mod router;
pub mod search;
mod shared;
pub mod slow;
mod small_body;
pub mod uploads;

pub use shared::Shared;
