//! Bench `uploads`: how fast a file is taken and read, what memory that needs, and what others feel of ten at once.
//!
//! Invariant: the time of a file goes from its first byte to every line of it being found, none of them rejected. Memory
//! counts above what the server needs when it has nothing to do.

use std::time::Duration;

use antler_events::clock::Clock as _;
use anyhow::{Context as _, ensure};
use bytes::Bytes;
use serde_json::Value;

use super::beside::{Over, report_acks};
use super::feeding::json_lines;
use super::http::{Account, Connection};
use super::pause;
use super::process::Server;
use crate::bench::{Figure, ROUNDS, Report, Setting, batches, median};

const FILE_BYTES: usize = 100_000_000;
const SMALL_BYTES: usize = 10_000_000;
const AT_ONCE: usize = 10;
const FORM: &str = "multipart/form-data; boundary=antler-bench";
const POLL: Duration = Duration::from_millis(10);

pub fn run(setting: &Setting, report: &mut Report<'_>) -> anyhow::Result<()> {
    let corpus = json_lines(&setting.corpus);
    let file = file_of(&corpus, FILE_BYTES);
    let (mut speeds, mut grown) = (Vec::new(), Vec::new());
    for round in 1..=ROUNDS {
        report.note(&format!("uploads: round {round} of {ROUNDS}"))?;
        let (server, account) = Server::with_account(setting)?;
        server.quiet()?;
        let (idle, began) = (server.memory()?.resident, setting.clock.elapsed());
        upload(&server, &account, &file)?;
        speeds.push(file.len() as f64 / (setting.clock.elapsed() - began).as_secs_f64() / 1e6);
        grown.push((server.memory()?.peak - idle) / f64::from(1 << 20));
    }
    let mut figure = |name: &str, value, unit| {
        report.figure(&Figure { name: format!("uploads.{name}"), value, unit, yardstick: None })
    };
    figure("speed", median(&speeds), "MB/s")?;
    figure("memory", median(&grown), "MiB")?;
    let small = file_of(&corpus, SMALL_BYTES);
    let (server, account) = Server::with_account(setting)?;
    let other = Connection::open(server.http)?.register("uploader")?;
    let work = |over: &Over| keep_uploading(&server, &other, &small, over);
    report_acks(setting, &corpus, (&server, &account), ("uploads", &work), report)
}

/// Whole lines of the corpus as the body of a form, of about so many bytes; a short corpus comes more than once.
fn file_of(corpus: &Bytes, bytes: usize) -> Bytes {
    let mut body = b"--antler-bench\r\nContent-Disposition: form-data; name=\"file\"; \
        filename=\"bench.ndjson\"\r\n\r\n"
        .to_vec();
    let pieces = batches(corpus, bytes.min(corpus.len()));
    for piece in pieces.iter().take(1).cycle().take(bytes.div_ceil(pieces[0].len())) {
        body.extend_from_slice(piece);
    }
    body.extend_from_slice(b"\r\n--antler-bench--\r\n");
    body.into()
}

fn keep_uploading(server: &Server, account: &Account, file: &Bytes, over: &Over) -> anyhow::Result<()> {
    let one = || {
        while !over.is_over() {
            upload(server, account, file)?;
        }
        anyhow::Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(one)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("nobody who uploads panics"))
    })
}

/// Returns when the file has been read.
fn upload(server: &Server, account: &Account, file: &Bytes) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.http)?;
    let answer = connection.post("/api/logs/upload/", &account.token, FORM, file)?;
    answer.expect(202)?;
    let said = answer.json()?;
    let task = said["task_id"].as_str().with_context(|| format!("no task in {said}"))?;
    let path = format!("/api/logs/upload/status/{task}/");
    loop {
        let said: Value = connection.get(&path, &account.token)?.json()?;
        match said["status"].as_str() {
            Some("SUCCESS") => {
                ensure!(said["result"]["failed"] == 0, "lines were rejected: {said}");
                return Ok(());
            }
            Some("FAILURE") | None => anyhow::bail!("the file was not read: {said}"),
            Some(_) => pause(POLL),
        }
    }
}
