//! Bench `search`: how soon the usual questions are answered over HTTP, once the server holds the corpus.
//!
//! Invariant: the mix is asked one after the other, in turn, over one connection; an answer that is not whole ends the
//! bench. Whether answers are right is not looked at: the bench `query` does that with the same questions.

use antler_events::clock::Clock as _;
use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::feeding::{Feeding, json_lines};
use super::http::{Account, Answer, Connection};
use super::process::Server;
use crate::bench::questions::{Question, questions};
use crate::bench::{Figure, Report, Setting, batches, percentile};

const BODY_BYTES: usize = 2_000_000;
const CONNECTIONS: usize = 4;
/// A page of the table that people look at.
const PAGE_LINES: usize = 50;
/// Around the times of the corpus: lines without one are of today, and an answer has so many buckets at most.
const HISTOGRAM: &str = "/api/logs/histogram/?interval=1m&from=2026-03-01T07:00:00Z&to=2026-03-01T19:00:00Z";
/// How often the mix is asked; the first time warms the server.
const TIMES: usize = 21;

/// What is asked.
struct Asked {
    name: &'static str,
    request: Request,
    took_ms: Vec<f64>,
}

enum Request {
    Search(Value),
    Get(&'static str),
}

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let corpus = json_lines(&setting.corpus);
    let mut mix = mix(&questions(&corpus)?);
    let (server, account) = Server::with_account(setting)?;
    report.note(&format!("search: {} MB are sent", corpus.len() / 1_000_000))?;
    let bodies = batches(&corpus, BODY_BYTES);
    let feeding = Feeding {
        bodies: &bodies,
        accounts: std::slice::from_ref(&account),
        connections: CONNECTIONS,
        every: None,
    };
    feeding.run(server.http, &setting.clock)?;
    server.quiet()?;
    report.note(&format!("search: {} questions", mix.len()))?;
    let mut connection = Connection::open(server.http)?;
    for time in 0..TIMES {
        for asked in &mut mix {
            let began = setting.clock.elapsed();
            let answer = asked.request.send(&mut connection, &account);
            let took = setting.clock.elapsed() - began;
            check(&answer?).with_context(|| format!("the question {}", asked.name))?;
            if time > 0 {
                asked.took_ms.push(took.as_secs_f64() * 1e3);
            }
        }
    }
    let mut figure = |name: &str, value| {
        report.figure(&Figure { name: format!("search.{name}"), value, unit: "ms", yardstick: None })
    };
    for asked in &mix {
        figure(&format!("{}.p50", asked.name), percentile(&asked.took_ms, 50))?;
    }
    let all: Vec<f64> = mix.iter().flat_map(|asked| &asked.took_ms).copied().collect();
    [50, 95, 99].into_iter().try_for_each(|percent| figure(&format!("p{percent}"), percentile(&all, percent)))
}

/// The usual questions, and what a page asks that shows lines beside their counts.
fn mix(questions: &[Question]) -> Vec<Asked> {
    let search = |name, query: &str, size: usize| Asked {
        name,
        request: Request::Search(json!({"query": query, "size": size})),
        took_ms: Vec::new(),
    };
    let get = |name, path| Asked { name, request: Request::Get(path), took_ms: Vec::new() };
    let usual =
        questions.iter().map(|of| search(of.name, &of.text, of.lines.unwrap_or(PAGE_LINES).min(PAGE_LINES)));
    let page = [
        search("newest", "", PAGE_LINES),
        search("errors", "level:error", PAGE_LINES),
        get("page_histogram", HISTOGRAM),
        get("fields", "/api/logs/fields/"),
        get("services", "/api/logs/fields/service/values/"),
    ];
    usual.chain(page).collect()
}

fn check(answer: &Answer) -> anyhow::Result<()> {
    answer.expect(200)?;
    let said = answer.json()?;
    ensure!(said["partial"] != true, "the answer is not whole: {}", said["warnings"]);
    Ok(())
}

impl Request {
    fn send(&self, connection: &mut Connection, account: &Account) -> anyhow::Result<Answer> {
        match self {
            Self::Search(body) => {
                let body = body.to_string();
                connection.post("/api/logs/search/", &account.token, "application/json", body.as_bytes())
            }
            Self::Get(path) => connection.get(path, &account.token),
        }
    }
}
