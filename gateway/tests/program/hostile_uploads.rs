//! Files of bad will, and requests that are none: each is answered with a sentence, and nothing of it stays behind.

use std::path::Path;

use serde_json::{Value, json};

use super::client::{register, send, start_with};
use super::running::Running;
use super::uploads::{ask, ended, form, get, gzip, lines, post, upload, zip};

fn refused(running: &Running, token: &str, body: &[u8], status: u16, sentence: &str) {
    let (answered, answer) = post(running, token, "/api/logs/upload/", body);
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert!(answered == status && message.contains(sentence), "{answered} {answer}, not {status} {sentence}");
}

/// Files that are stored.
fn stored(data: &Path) -> usize {
    let tenants = std::fs::read_dir(data.join("uploads")).unwrap();
    tenants.map(|tenant| std::fs::read_dir(tenant.unwrap().path()).unwrap().count()).sum()
}

#[test]
fn files_that_cannot_be_read_are_refused_with_a_sentence_and_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let limits = "[limits.upload]\nfile_bytes_max = \"64 KiB\"\nstored_files_per_tenant_max = 3\n\
                  stored_bytes_per_tenant_max = \"100 KiB\"\nunpacked_bytes_max = \"1 MiB\"\n";
    let running = start_with(dir.path(), limits);
    let (ann, _) = register(&running, "ann");
    let one = |name: &str, bytes: &[u8]| form(&[], &[(name, bytes)]);
    let check =
        |bytes: &[u8], status, sentence| refused(&running, &ann, &one("a.log", bytes), status, sentence);
    check(b"", 400, "the file is empty");
    check(b" \n\n", 400, "the file is empty");
    check(b"\x89PNG\r\n\x1a\n", 415, "an image (PNG)");
    check(&gzip(&gzip(b"one\n")), 415, "a gz file inside of an archive");
    check(&gzip(b"one\n")[..12], 400, "the file is not whole gzip");
    check(&zip(&[]), 400, "the archive holds no file");
    check(&zip(&[("a.png", b"\x89PNG\r\n\x1a\n")]), 415, "an image (PNG)");
    check(&vec![b'a'; 70_000], 413, "a.log has more than 64 KiB");
    refused(&running, &ann, &form(&[("format", "xml")], &[("a", b"x")]), 422, "choose auto, json, ndjson");
    refused(&running, &ann, &form(&[("colour", "red")], &[("a", b"x")]), 422, "the parameter colour");
    refused(&running, &ann, &form(&[("source", "x")], &[]), 400, "the form has no file");
    let cut = one("a.log", b"one\ntwo\n");
    refused(&running, &ann, &cut[..cut.len() - 20], 400, "the form cannot be read");
    let two: [(&str, &[u8]); 2] = [("a.log", b"one\n"), ("b.png", b"\x89PNG\r\n\x1a\n")];
    refused(&running, &ann, &form(&[], &two), 415, "an image (PNG)");
    let many: Vec<(&str, &[u8])> = vec![("a.log", b"one\n"); 11];
    refused(&running, &ann, &form(&[], &many), 413, "3 files are stored");
    let large: Vec<(&str, Vec<u8>)> = (0..2).map(|_| ("a.log", b"word ".repeat(12_000))).collect();
    let large: Vec<(&str, &[u8])> = large.iter().map(|(name, bytes)| (*name, &bytes[..])).collect();
    refused(&running, &ann, &form(&[], &large), 413, "100 KiB in all may be stored");
    let headers = format!("\r\nAuthorization: Bearer {ann}\r\nContent-Type: application/json");
    assert!(send(&running, "POST", "/api/logs/upload/", &headers, b"{}").head.starts_with("HTTP/1.1 415"));
    assert!(send(&running, "POST", "/api/logs/upload/", "", &cut).head.starts_with("HTTP/1.1 401"));
    assert_eq!(get(&running, "/api/logs/metadata/", &ann)["total"], 0);
    assert_eq!(stored(&dir.path().join("data")), 0);
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn of_files_that_go_wrong_in_the_middle_nothing_is_lost_without_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let running =
        start_with(dir.path(), "[limits.upload]\nretry_after = \"10 ms\"\nunpacked_bytes_max = \"4 MiB\"\n");
    let (ann, _) = register(&running, "ann");
    let sent = |name: &str, bytes: &[u8]| {
        let id = upload(&running, &ann, &[], name, bytes);
        (ended(&running, &ann, &id), id)
    };
    // A bomb: what comes out of it before the limit is taken.
    let line = b"a line that says nothing new\n";
    let (now, id) = sent("bomb.gz", &gzip(&line.repeat(300_000)));
    assert_eq!((&now["status"], &now["error"]["code"]), (&json!("FAILURE"), &json!("inflates")), "{now}");
    let indexed = now["result"]["indexed"].as_u64().unwrap();
    assert!(indexed > 100_000 && indexed <= (4 << 20) / line.len() as u64, "{now}");
    lines(&running, &ann, &id, indexed as usize);
    let (status, again) = ask(&running, "POST", &format!("/api/logs/upload/{id}/retry/"), &ann, &Value::Null);
    assert_eq!(status, 200, "{again}");
    assert_eq!(ended(&running, &ann, &id)["result"]["indexed"], indexed);
    lines(&running, &ann, &id, indexed as usize);

    let (now, _) = sent("endless.log", &vec![b'x'; 3 << 20]);
    assert_eq!(now["result"], json!({"status": "completed", "total": 1, "indexed": 0, "failed": 1}), "{now}");
    assert_eq!(now["errors"][0]["code"], "line_too_long");
    let letters = get(&running, "/api/logs/dead-letters/", &ann);
    let letter = &letters["results"][0];
    assert_eq!(
        (&letter["protocol"], &letter["origin"]),
        (&json!("upload"), &json!("endless.log")),
        "{letter}"
    );

    let ragged =
        b"time,level,message\n2026-03-01T08:00:00Z,info,a\n1,2,3,4,5\nx\n2026-03-01T08:00:01Z,info,b\n";
    let (now, id) = sent("ragged.csv", ragged);
    assert_eq!((&now["result"]["indexed"], now["errors"].as_array().unwrap().len()), (&json!(4), 2), "{now}");
    assert_eq!(lines(&running, &ann, &id, 4)["results"].as_array().unwrap().len(), 4);

    let (now, id) = sent("mixed.log", b"plain\nutf-8 \xc3\xa4\nlatin \xe4\nplain again\n");
    assert_eq!(now["result"]["indexed"], 4, "{now}");
    lines(&running, &ann, &id, 4);

    let (now, id) =
        sent("tricks.zip", &zip(&[("../../../etc/passwd", b"root:x:0\n"), ("/abs.log", b"two\n")]));
    assert_eq!(now["result"]["indexed"], 2, "{now}");
    let found = lines(&running, &ann, &id, 2);
    let names: Vec<&str> = found["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["archive_file"].as_str().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.contains("..") && !name.starts_with('/')), "{names:?}");
    assert_eq!(running.stop("TERM").0, Some(0));
}

#[test]
fn a_look_at_a_file_shows_its_lines_and_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (ann, _) = register(&running, "ann");
    let rows = b"time;level;message\n2026-03-01T08:00:00Z;error;disk full\n2026-03-01T08:00:01Z;info\n";
    let (status, look) = post(&running, &ann, "/api/logs/upload/preview/", &form(&[], &[("b.csv", rows)]));
    assert_eq!(status, 200, "{look}");
    assert_eq!(
        (&look["format"], &look["delimiter"], &look["estimated_entries"]),
        (&json!("csv"), &json!(";"), &json!(2))
    );
    assert_eq!(look["columns"], json!(["time", "level", "message"]));
    assert_eq!(look["entries"][0]["message"], "disk full");
    assert_eq!(look["errors"][0]["code"], "ragged_row");
    let (status, look) =
        post(&running, &ann, "/api/logs/upload/preview/", &form(&[("delimiter", ",")], &[("b.csv", rows)]));
    assert_eq!((status, &look["columns"].as_array().unwrap().len()), (200, &1), "{look}");
    assert_eq!(get(&running, "/api/logs/metadata/", &ann)["total"], 0);
    assert_eq!(stored(dir.path()), 0);
}
