//! The traffic of a shop with six services, second by second.
//!
//! Invariant: the lines of a second depend on the seed and the second alone, and stand in the order of their time. They name
//! nobody: addresses are those that are kept for documents. It sends nothing.

use antler_events::clock::Timestamp;
use serde_json::{Map, Value, json};

use super::draw::Draw;
use super::incidents::{self, Incident, Stage};

/// Of the streams that the lines are filed under.
pub(super) const NAMESPACE: &str = "demo";
const NANOS: i64 = 1_000_000_000;
const PATHS: [&str; 8] = [
    "/",
    "/products",
    "/products/1204",
    "/cart",
    "/checkout",
    "/search?q=shoes",
    "/account",
    "/static/app.js",
];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (X11; Linux x86_64)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X)",
    "curl/8.9.1",
];
const USERS: [&str; 6] = ["u1004", "u1027", "u1311", "u2040", "u2718", "u3141"];
const INTRUDER: &str = "203.0.113.77";
const STACK: &str = "PaymentDeclined: card network answered 502\n    at Gateway.charge (gateway.js:118:11)\n    at async Checkout.pay (checkout.js:64:20)\n    at async handle (server.js:31:5)";

/// A line at its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DemoLine {
    pub time: Timestamp,
    /// An object of JSON.
    pub text: String,
}

/// The lines of the second that begins at this second since 1970.
pub(super) fn of_second(seed: u64, second: i64) -> Vec<DemoLine> {
    let mut writer = Writer { draw: Draw::new(seed, second), second, lines: Vec::new() };
    let stage = incidents::at(second);
    let is = |incident| stage.is_some_and(|stage| stage.incident == incident);
    // Two waves: one of ten minutes, and one of a day.
    let wave = (second as f64 / 600.0).sin() * 0.25 + (second as f64 / 13_750.0).sin() * 0.35 + 1.0;
    let requests = (26.0 * wave) as u64 + writer.draw.below(5);
    for _ in 0..requests {
        writer.request(stage.filter(|stage| stage.incident == Incident::SlowDeploy));
    }
    for _ in 0..requests / 7 {
        writer.payment(is(Incident::ErrorBurst));
    }
    for _ in 0..requests / 3 {
        writer.search(stage.filter(|stage| stage.incident == Incident::Outage));
    }
    for _ in 0..requests / 9 {
        writer.login();
    }
    writer.worker();
    if let Some(stage) = stage {
        writer.marks(stage);
    }
    writer.lines.sort_by_key(|line| line.time);
    writer.lines
}

struct Writer {
    draw: Draw,
    second: i64,
    lines: Vec<DemoLine>,
}

impl Writer {
    fn time(&mut self) -> Timestamp {
        Timestamp::from_nanos(self.second * NANOS + self.draw.below(NANOS as u64) as i64)
    }

    fn line(&mut self, service: &str, level: &str, message: &str, fields: Value) {
        let time = self.time();
        self.line_at(time, service, level, message, fields);
    }

    fn line_at(&mut self, time: Timestamp, service: &str, level: &str, message: &str, fields: Value) {
        let host = format!("{service}-{}", 1 + self.draw.below(3));
        let mut line = Map::from_iter([
            ("timestamp".to_owned(), time.to_string().into()),
            ("level".to_owned(), level.into()),
            ("service".to_owned(), service.into()),
            ("environment".to_owned(), "production".into()),
            ("host".to_owned(), host.into()),
            ("message".to_owned(), message.into()),
            ("data_stream".to_owned(), json!({"namespace": NAMESPACE})),
        ]);
        if let Value::Object(fields) = fields {
            line.extend(fields);
        }
        self.lines.push(DemoLine { time, text: Value::Object(line).to_string() });
    }

    /// One of the proxy, and one of the service behind it.
    fn request(&mut self, slow: Option<Stage>) {
        let path = self.draw.one_of(&PATHS);
        let trace = format!("{:016x}{:016x}", self.draw.next(), self.draw.next());
        let slowness = slow.map_or(1.0, |stage| 1.0 + 18.0 * stage.second as f64 / stage.seconds as f64);
        let took = self.draw.milliseconds(32.0 * slowness);
        let status = match self.draw.share() {
            _ if took > 2_500.0 => 504,
            share if share < 0.004 => 500,
            share if share < 0.03 => 404,
            share if share < 0.06 => 302,
            _ => 200,
        };
        let version = incidents::round(self.second) % 100 - i64::from(slow.is_none());
        let level = match status {
            500.. => "error",
            _ if took > 1_000.0 => "warning",
            _ => "info",
        };
        let message = match status {
            504 => format!("GET {path} timed out after {took} ms"),
            _ if took > 1_000.0 => format!("GET {path} was slow: {took} ms"),
            _ => format!("GET {path} answered {status} in {took} ms"),
        };
        let fields = json!({"http": {"method": "GET", "path": path, "status": status}, "duration_ms": took,
            "trace_id": trace, "version": format!("2.{version}.0")});
        self.line("web", level, &message, fields);
        self.access(path, status, took);
    }

    fn access(&mut self, path: &str, status: u16, took: f64) {
        let time = self.time();
        let client = format!("198.51.100.{}", 1 + self.draw.below(254));
        let bytes = 200 + self.draw.below(48_000);
        let agent = self.draw.one_of(&AGENTS);
        let text = format!(
            "{client} - - [{time}] \"GET {path} HTTP/1.1\" {status} {bytes} \"-\" \"{agent}\" {:.3}",
            took / 1_000.0
        );
        self.line_at(time, "nginx", "info", &text, json!({"source": "access.log"}));
    }

    fn payment(&mut self, fails: bool) {
        let order = 100_000 + self.draw.below(900_000);
        let amount = self.draw.below(25_000) as f64 / 100.0;
        let took = self.draw.milliseconds(180.0);
        let fields = json!({"order_id": order, "amount": amount, "currency": "EUR", "duration_ms": took});
        if fails && self.draw.is(0.7) {
            let mut fields = fields;
            fields["error"] = json!({"type": "PaymentDeclined", "stack": STACK});
            self.line(
                "payments",
                "error",
                &format!("payment of order {order} failed: card network answered 502"),
                fields,
            );
        } else if self.draw.is(0.02) {
            self.line(
                "payments",
                "warning",
                &format!("payment of order {order} was declined: insufficient funds"),
                fields,
            );
        } else {
            self.line("payments", "info", &format!("payment of order {order} settled in {took} ms"), fields);
        }
    }

    fn search(&mut self, outage: Option<Stage>) {
        let took = self.draw.milliseconds(21.0);
        let Some(stage) = outage else {
            let hits = self.draw.below(4_000);
            let fields = json!({"hits": hits, "duration_ms": took, "index": "products"});
            return self.line("search", "info", &format!("query found {hits} products in {took} ms"), fields);
        };
        // A minute of retries, then nobody is asked any more.
        if stage.second < 60 {
            let attempt = 1 + self.draw.below(5);
            let wait = 100 << attempt;
            let fields = json!({"attempt": attempt, "dependency": "catalog-db", "error": {"type": "ConnectionRefused",
                "stack": "ConnectionRefused: 10.0.3.7:5432\n    at Pool.acquire (pool.rs:211)\n    at Catalog::find (catalog.rs:88)"}});
            let message =
                format!("catalog-db refused the connection, attempt {attempt} of 5, next in {wait} ms");
            self.line("search", if attempt == 5 { "error" } else { "warning" }, &message, fields);
        } else {
            let fields = json!({"dependency": "catalog-db", "circuit": "open", "duration_ms": 0.4});
            self.line(
                "search",
                "error",
                "circuit breaker for catalog-db is open, answering from the cache",
                fields,
            );
        }
    }

    fn login(&mut self) {
        let user = self.draw.one_of(&USERS);
        let from = format!("198.51.100.{}", 1 + self.draw.below(254));
        match self.draw.is(0.06) {
            true => self.failed_login(user, &from),
            false => self.line(
                "auth",
                "info",
                &format!("user {user} logged in"),
                json!({"user": user, "client_ip": from}),
            ),
        }
    }

    fn failed_login(&mut self, user: &str, from: &str) {
        let fields = json!({"user": user, "client_ip": from, "reason": "bad_password"});
        self.line("auth", "warning", &format!("login of {user} failed from {from}: wrong password"), fields);
    }

    fn worker(&mut self) {
        let queue = self.draw.one_of(&["email", "thumbnails", "invoices"]);
        let job = self.draw.below(1_000_000);
        let took = self.draw.milliseconds(400.0);
        let fields =
            json!({"queue": queue, "job_id": job, "duration_ms": took, "waiting": self.draw.below(40)});
        self.line("worker", "info", &format!("job {job} of queue {queue} done in {took} ms"), fields);
        if self.draw.is(0.1) {
            self.line("worker", "debug", &format!("queue {queue} was looked at"), json!({"queue": queue}));
        }
    }

    /// What tells of the incident itself.
    fn marks(&mut self, stage: Stage) {
        let version = incidents::round(self.second) % 100;
        match (stage.incident, stage.second) {
            (Incident::SlowDeploy, 0) => {
                let fields = json!({"event": "deploy", "version": format!("2.{version}.0")});
                self.line("web", "info", &format!("deployed version 2.{version}.0"), fields);
            }
            (Incident::SlowDeploy, _) if stage.is_last() => {
                let fields = json!({"event": "rollback", "version": format!("2.{}.0", version - 1)});
                self.line(
                    "web",
                    "warning",
                    &format!("rolled back version 2.{version}.0: p95 is above 1 s"),
                    fields,
                );
            }
            (Incident::Outage, _) if stage.is_last() => {
                let fields = json!({"dependency": "catalog-db", "circuit": "closed"});
                self.line("search", "info", "catalog-db answers again, circuit breaker closed", fields);
            }
            (Incident::BruteForce, _) if stage.is_last() => {
                let fields = json!({"user": "admin", "client_ip": INTRUDER, "event": "account_locked"});
                self.line(
                    "auth",
                    "critical",
                    &format!("account admin locked: too many wrong passwords from {INTRUDER}"),
                    fields,
                );
            }
            (Incident::BruteForce, _) => {
                for _ in 0..6 + self.draw.below(8) {
                    self.failed_login("admin", INTRUDER);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: i64 = 1_772_352_000;

    #[test]
    fn traffic_is_the_same_for_the_same_seed_and_in_order() {
        for second in START..START + 100 {
            let lines = of_second(7, second);
            assert_eq!(lines, of_second(7, second));
            assert_ne!(lines, of_second(8, second));
            assert!(lines.is_sorted_by_key(|line| line.time));
            assert!(lines.iter().all(|line| line.time.nanos() / NANOS == second));
        }
    }

    #[test]
    fn an_hour_has_every_service_every_level_and_a_bearable_rate() {
        let lines: Vec<DemoLine> = (START..START + 3_600).flat_map(|second| of_second(1, second)).collect();
        let rate = lines.len() / 3_600;
        assert!((30..200).contains(&rate), "{rate} lines a second");
        for part in [
            "\"service\":\"web\"",
            "\"service\":\"payments\"",
            "\"service\":\"search\"",
            "\"service\":\"auth\"",
            "\"service\":\"worker\"",
            "\"level\":\"debug\"",
            "\"level\":\"warning\"",
            "\"level\":\"error\"",
            "\"level\":\"critical\"",
            "deployed version",
            "rolled back version",
            "card network answered 502",
            "circuit breaker for catalog-db is open",
            "catalog-db answers again",
            "account admin locked",
        ] {
            assert!(lines.iter().any(|line| line.text.contains(part)), "{part} never comes");
        }
        assert!(lines.iter().any(|line| line.text.contains(r#"HTTP/1.1\" 504"#)));
    }

    #[test]
    fn lines_say_their_time_and_that_they_are_of_a_demo() {
        for line in (START..START + 1_800).step_by(60).flat_map(|second| of_second(3, second)) {
            let fields: Value = serde_json::from_str(&line.text).unwrap();
            assert_eq!(fields["timestamp"], line.time.to_string());
            assert_eq!(fields["data_stream"]["namespace"], "demo");
        }
    }
}
