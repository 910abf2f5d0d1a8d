//! What an operator sees of a running server: headers, health, metrics, and the state of the actors.

use super::client::{register, send, ship};
use super::running::{Answer, Running, get, request};

const TOKEN: &str = "an operator's own token";

fn with_operator(dir: &std::path::Path) -> Running {
    let config = super::client::settings(
        dir,
        format!("[listeners]\noperator_token = \"{TOKEN}\"\nhttps_in_front = true\n"),
    );
    Running::start(&dir.join("data"), &["--config", super::client::path_text(&config)])
}

fn asked(running: &Running, method: &str, path: &str, token: &str) -> Answer {
    send(running, method, path, &format!("\r\nAuthorization: Bearer {token}"), b"")
}

#[test]
fn every_answer_has_the_headers_that_keep_browsers_careful() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    for path in ["/health", "/metrics", "/nope", "/api/logs/search/"] {
        let head = get(running.http, path).head.to_lowercase();
        for header in [
            "x-content-type-options: nosniff",
            "x-frame-options: deny",
            "referrer-policy: no-referrer",
            "permissions-policy: camera=()",
            "content-security-policy: default-src 'none'",
            "cache-control: no-store",
        ] {
            assert!(head.contains(header), "{path}: {header} is not in {head}");
        }
        assert!(!head.contains("strict-transport-security"), "{head}");
    }
    let other = tempfile::tempdir().unwrap();
    let behind_a_proxy = with_operator(other.path());
    assert!(get(behind_a_proxy.http, "/health").head.contains("strict-transport-security: max-age="));
}

#[test]
fn health_and_metrics_tell_of_everything_that_the_server_needs() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    let (_, key) = register(&running, "ann");
    assert_eq!(ship(&running, &key, "text/plain", b"one\ntwo\n").0, 200);
    let health = running.json("/health");
    for name in ["log", "index", "views", "tenants", "projectors"] {
        let found = &health["dependencies"][name];
        assert_eq!(found["status"], "ok", "{name}: {health}");
        assert!(found["latency_ms"].is_f64() && found["detail"].is_string(), "{health}");
    }
    assert_eq!(health["dependencies"]["tenants"]["detail"], "tenants that run: 1");
    let metrics = get(running.http, "/metrics").body;
    for sample in [
        "antler_tenants_running 1",
        "antler_tenants_parked 0",
        "antler_ingest_stored_lines_total 2",
        "antler_ingest_refused_total{reason=\"tenant_busy\"} 0",
        "antler_projector_running{projection=\"index\",partition=\"0\"} 1",
        "antler_projector_lag_seconds{projection=\"views\",partition=\"0\"} ",
        "antler_projector_lag_bytes{projection=\"index\",partition=\"0\"} ",
        "antler_index_parts_set_aside 0",
        "antler_view_documents{view=\"tenants\"} 1",
        "antler_view_documents{view=\"keys\"} ",
        "antler_view_documents{view=\"answers\"} 0",
        "antler_cache_bytes_limit 16777216",
        "antler_sockets_open{kind=\"stream\"} 0",
        "antler_live_waiting_bytes_limit 268435456",
        "antler_http_requests_total{route=\"ingest\",status=\"200\"} 1",
    ] {
        assert!(metrics.contains(sample), "{sample} is not in {metrics}");
    }
    assert!(!metrics.contains("route=\"unknown\""), "{metrics}");
    let families: Vec<&str> = metrics.lines().filter_map(|line| line.strip_prefix("# HELP ")).collect();
    for family in ["antler_cache_hits_total ", "antler_cache_misses_total ", "antler_cache_entries "] {
        assert!(families.iter().any(|found| found.starts_with(family)), "{family} is not in {families:?}");
    }
}

#[test]
fn the_operator_sees_all_tenants_and_an_admin_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let running = with_operator(dir.path());
    let (ann, ann_key) = register(&running, "ann");
    let (bob, bob_key) = register(&running, "bob");
    ship(&running, &ann_key, "text/plain", b"one\n");
    ship(&running, &bob_key, "text/plain", b"one\n");
    let tree = asked(&running, "GET", "/api/admin/actors/", TOKEN).json();
    assert_eq!(tree["platform"]["tenants_running"], 2, "{tree}");
    assert_eq!(tree["tenants"].as_array().unwrap().len(), 2);
    assert_eq!(tree["tenants"][0]["shards"][0]["status"], "running");
    assert!(tree["projectors"].as_array().unwrap().iter().any(|of| of["projection"] == "index"), "{tree}");
    let own = asked(&running, "GET", "/api/v1/admin/actors", &ann).json();
    let others = asked(&running, "GET", "/api/admin/actors/", &bob).json();
    assert_eq!(own["tenants"].as_array().unwrap().len(), 1, "{own}");
    assert_ne!(own["tenants"][0]["id"], others["tenants"][0]["id"]);
    assert!(own["platform"].is_null() && own["projectors"].is_null(), "{own}");
    let status =
        |token: &str, method: &str, path: &str| asked(&running, method, path, token).head[9..12].to_owned();
    assert_eq!(status(&ann_key, "GET", "/api/admin/actors/"), "403");
    assert_eq!(status("an operator's own tokeN", "GET", "/api/admin/actors/"), "401");
    assert!(request(running.http, "GET /api/admin/actors/ HTTP/1.1").head.starts_with("HTTP/1.1 401"));
    let revive = format!("/api/admin/tenants/{}/revive/", own["tenants"][0]["id"].as_str().unwrap());
    assert_eq!(status(&ann, "POST", &revive), "403");
    assert_eq!(asked(&running, "POST", &revive, TOKEN).json()["revived"], false);
    assert_eq!(status(TOKEN, "POST", "/api/admin/tenants/../revive/"), "404");
    assert_eq!(status(TOKEN, "GET", "/api/logs/search/"), "401");
    let (data, config) = (dir.path().join("data"), dir.path().join("antler.toml"));
    let (data, config, http) =
        (super::client::path_text(&data), super::client::path_text(&config), running.http.to_string());
    let doctor = ["doctor", "--data", data, "--config", config, "--listen", &http];
    super::check(&doctor, 0, "ok       server, index: ");
    super::check(&doctor, 0, "ok       platform: 2 tenants run, 0 are set aside");
    super::check(&doctor, 0, "ok       projector views 0: running");
    super::check(&["doctor", "--data", data, "--listen", "127.0.0.1:0"], 0, "name its address with --listen");
}

#[test]
fn without_a_token_in_the_settings_there_is_no_operator() {
    let dir = tempfile::tempdir().unwrap();
    let running = Running::start(dir.path(), &[]);
    assert!(asked(&running, "GET", "/api/admin/actors/", "").head.starts_with("HTTP/1.1 401"));
    let config = super::client::settings(dir.path(), "[listeners]\noperator_token = \"short\"\n");
    super::check(
        &["config", "check", "--config", super::client::path_text(&config)],
        1,
        "at least 16 characters",
    );
}
