//! Every pattern with lines of its form.
//!
//! Invariant: each template of the table and each scanner has a line here that it reads. It does not test whole files.

use antler_events::clock::Timestamp;

use super::*;

fn patterns(preset: Option<Preset>, name: &str) -> Patterns {
    // 2026-01-02T03:04:05Z.
    let times = Times::new(None, 0, Timestamp::from_nanos(1_767_323_045_000_000_000));
    Patterns::new(times, preset, name)
}

fn shown(found: Option<Match<'_>>) -> String {
    let Some(found) = found else { return "none".to_owned() };
    let time = found.time.map_or("-".to_owned(), |time| time.to_string());
    let fields: Vec<String> = found.fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
    format!("{} {time} {}{} | {}", found.pattern, found.level.unwrap_or("-"), fields.concat(), found.message)
}

fn check(line: &str, expected: &str) {
    assert_eq!(shown(patterns(None, "a.log").read(line)), expected, "{line}");
}

#[test]
fn access_logs_are_read() {
    let common = r#"192.0.2.7 - ada [10/Oct/2000:13:55:36 -0700] "GET /index.html?a=1 HTTP/1.0" 200 2326"#;
    check(
        common,
        &format!(
            "apache_common 2000-10-10T20:55:36.000Z info client_ip=192.0.2.7 user=ada method=GET \
             path=/index.html?a=1 protocol=HTTP/1.0 status=200 bytes=2326 | {common}"
        ),
    );
    let combined = r#"2001:db8::1 - - [01/May/2024:12:00:00 +0000] "POST /pay HTTP/2.0" 502 - "https://shop.example/\"x\"" "curl/8.0 (x; y)""#;
    check(
        combined,
        &format!(
            "apache_combined 2024-05-01T12:00:00.000Z error client_ip=2001:db8::1 method=POST path=/pay \
             protocol=HTTP/2.0 status=502 referrer=https://shop.example/\\\"x\\\" user_agent=curl/8.0 (x; y) | {combined}"
        ),
    );
    let host = r#"shop.example:443 192.0.2.7 - - [01/May/2024:12:00:00 +0000] "\x16\x03\x01" 400 0 "-" "-""#;
    check(
        host,
        &format!(
            "apache_combined 2024-05-01T12:00:00.000Z warning host=shop.example:443 client_ip=192.0.2.7 \
             request=\\x16\\x03\\x01 status=400 bytes=0 | {host}"
        ),
    );
    let nginx = r#"192.0.2.7 - - [01/May/2024:12:00:00 +0000] "GET / HTTP/1.1" 301 5 "-" "agent" "198.51.100.1" rt=0.003"#;
    check(
        nginx,
        &format!(
            "nginx_access 2024-05-01T12:00:00.000Z info client_ip=192.0.2.7 method=GET path=/ protocol=HTTP/1.1 \
             status=301 bytes=5 user_agent=agent forwarded_for=198.51.100.1 rest=rt=0.003 | {nginx}"
        ),
    );
    let named = patterns(None, "nginx-access.log").read(common).map(|found| found.pattern);
    assert_eq!(named, Some("nginx_access"));
}

#[test]
fn error_logs_of_web_servers_are_read() {
    check(
        "[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6",
        "generic 2005-12-04T04:47:44.000Z error | mod_jk child workerEnv in error state 6",
    );
    check(
        "[Sun Dec 04 04:47:44 2005] [error] [client 192.0.2.7] Directory index forbidden: /var/www/",
        "apache_error 2005-12-04T04:47:44.000Z error client=192.0.2.7 | Directory index forbidden: /var/www/",
    );
    check(
        "[Wed Oct 11 14:32:52.123456 2000] [core:error] [pid 35708:tid 43286] [client 192.0.2.7:1234] File does not exist",
        "apache_error 2000-10-11T14:32:52.123456Z error module=core pid=35708 tid=43286 client=192.0.2.7:1234 | \
         File does not exist",
    );
    check(
        "[Wed Oct 11 14:32:52 2000] [mpm:notice] [pid 7:tid 8] AH00489: resuming",
        "apache_error 2000-10-11T14:32:52.000Z notice module=mpm pid=7 tid=8 | AH00489: resuming",
    );
    check(
        "[Wed Oct 11 14:32:52 2000] [ssl:warn] [pid 7] [client 192.0.2.7:1] x",
        "apache_error 2000-10-11T14:32:52.000Z warn module=ssl pid=7 client=192.0.2.7:1 | x",
    );
    check(
        "[Wed Oct 11 14:32:52 2000] [ssl:warn] [pid 7] x",
        "apache_error 2000-10-11T14:32:52.000Z warn module=ssl pid=7 | x",
    );
    check(
        "2024/05/01 12:00:00 [error] 31#32: *7 open() \"/x\" failed (2: No such file), client: 192.0.2.7",
        "nginx_error 2024-05-01T12:00:00.000Z error pid=31 tid=32 connection=7 | \
         open() \"/x\" failed (2: No such file), client: 192.0.2.7",
    );
    check(
        "2024/05/01 12:00:00 [notice] 1#1: exit",
        "nginx_error 2024-05-01T12:00:00.000Z notice pid=1 tid=1 | exit",
    );
}

#[test]
fn syslog_is_read() {
    check(
        "<34>Oct 11 22:14:15 mymachine su[77]: 'su root' failed",
        "syslog_rfc3164 2025-10-11T22:14:15.000Z critical facility=auth host=mymachine service=su pid=77 | 'su root' failed",
    );
    check(
        "Jun  4 15:16:01 combo sshd(pam_unix)[19939]: check pass; user unknown",
        "syslog_rfc3164 2025-06-04T15:16:01.000Z - host=combo service=sshd(pam_unix) pid=19939 | check pass; user unknown",
    );
    check(
        "Jun 14 15:16:01 combo kernel: up",
        "syslog_rfc3164 2025-06-14T15:16:01.000Z - host=combo service=kernel | up",
    );
    check(
        "Jun 14 15:16:01 combo last message repeated 2 times",
        "syslog_rfc3164 2025-06-14T15:16:01.000Z - host=combo | last message repeated 2 times",
    );
    check(
        "2024-05-01T12:00:00.5+02:00 web-1 cron[9]: (root) CMD (true)",
        "syslog 2024-05-01T10:00:00.500Z - host=web-1 service=cron pid=9 | (root) CMD (true)",
    );
    check(
        "2024-05-01T12:00:00Z web-1 systemd: started",
        "syslog 2024-05-01T12:00:00.000Z - host=web-1 service=systemd | started",
    );
    check(
        "<165>1 2003-10-11T22:14:15.003Z host app 12 ID47 [ex@1 a=\"b \\\"c\\\"\" d=\"]\"][z@2] BOM text",
        "syslog_rfc5424 2003-10-11T22:14:15.003Z notice facility=local4 host=host service=app pid=12 message_id=ID47 \
         ex@1.a=b \"c\" ex@1.d=] | BOM text",
    );
    check("<14>1 - - - - - - x", "syslog_rfc5424 - info facility=user | x");
    check("<14>1 - host app - - -", "syslog_rfc5424 - info facility=user host=host service=app | ");
}

#[test]
fn logs_of_python_are_read() {
    let time = "2024-01-01T12:00:00.123Z";
    check(
        "2024-01-01 12:00:00,123 - a.b - WARNING - low - disk",
        &format!("python {time} WARNING logger=a.b | low - disk"),
    );
    check("2024-01-01 12:00:00,123 - INFO - a.b - up", &format!("python {time} INFO logger=a.b | up"));
    check("2024-01-01 12:00:00,123 - INFO - up and running", &format!("python {time} INFO | up and running"));
    check("2024-01-01 12:00:00,123 a.b INFO up", &format!("python {time} INFO logger=a.b | up"));
    check("ERROR:root:it broke", "python - ERROR logger=root | it broke");
    check("[2024-01-01 12:00:00,123] ERROR in app: broke", &format!("flask {time} ERROR logger=app | broke"));
    check(
        "[2024-01-01 12:00:00,123: INFO/MainProcess] ready",
        &format!("celery {time} INFO process=MainProcess | ready"),
    );
    check(
        "[2024-01-01 12:00:00 +0000] [7] [INFO] Booting",
        "gunicorn 2024-01-01T12:00:00.000Z INFO pid=7 | Booting",
    );
    check(
        "2024-01-01 12:00:00.123 | INFO     | app.main:run:12 - up",
        &format!("loguru {time} INFO logger=app.main function=run line=12 | up"),
    );
    check(
        "INFO 2024-01-01 12:00:00,123 views 12 140 GET /x",
        &format!("django {time} INFO module=views pid=12 thread_id=140 | GET /x"),
    );
}

#[test]
fn logs_of_java_are_read() {
    let time = "2024-05-01T12:00:00.123Z";
    check(
        "2024-05-01 12:00:00,123 INFO  [main] c.e.App - up",
        &format!("log4j {time} INFO thread=main logger=c.e.App | up"),
    );
    check(
        "2024-05-01 12:00:00,123 INFO [main] c.e.App: up",
        &format!("log4j {time} INFO thread=main logger=c.e.App | up"),
    );
    check(
        "2024-05-01 12:00:00.123 [pool 1] WARN  c.e.App - low",
        &format!("logback {time} WARN thread=pool 1 logger=c.e.App | low"),
    );
    check(
        "12:00:00.123 [main] DEBUG c.e.App - x",
        "logback - DEBUG clock=12:00:00.123 thread=main logger=c.e.App | x",
    );
    check(
        "2024-05-01 12:00:00.123  INFO 12 --- [           main] c.e.App   : Started",
        &format!("spring_boot {time} INFO pid=12 thread=main logger=c.e.App | Started"),
    );
    check(
        "2024-05-01T12:00:00.123Z  INFO 12 --- [shop] [main] c.e.App : Started",
        &format!("spring_boot {time} INFO pid=12 application=shop thread=main logger=c.e.App | Started"),
    );
    check(
        "2024-05-01 12:00:00,123 - WARN  [Quorum[myid=1]/0:0:2181:Fast@774] - time out: 3200",
        &format!("log4j {time} WARN thread=Quorum[myid=1]/0:0:2181:Fast@774 | time out: 3200"),
    );
    check(
        "2024-05-01 12:00:00,123 INFO [org.jboss] (Thread-1) up",
        &format!("jboss {time} INFO logger=org.jboss thread=Thread-1 | up"),
    );
    check(
        "2024-05-01 12:00:00,123 INFO (main) [c.e.App] up",
        &format!("log4j {time} INFO thread=main logger=c.e.App | up"),
    );
    check(
        "01-May-2024 12:00:00.123 INFO [main] org.apache.X.y Server startup",
        &format!("tomcat {time} INFO thread=main logger=org.apache.X.y | Server startup"),
    );
    check(
        "081109 203615 148 INFO dfs.Node$R: done",
        "hadoop 2008-11-09T20:36:15.000Z INFO pid=148 logger=dfs.Node$R | done",
    );
    check("17/06/09 20:10:40 INFO a.B: up", "log4j 2017-06-09T20:10:40.000Z INFO logger=a.B | up");
}

#[test]
fn other_usual_forms_are_read() {
    let time = "2024-05-01T12:00:00.000Z";
    check("2024-05-01 12:00:00 UTC [12] LOG:  ready", &format!("postgresql {time} LOG pid=12 | ready"));
    check(
        "2024-05-01 12:00:00, Info                  CBS    Loaded x",
        &format!("windows_cbs {time} Info component=CBS | Loaded x"),
    );
    check(
        "[2024-05-01 12:00:00] production.ERROR: broke",
        &format!("laravel {time} ERROR environment=production | broke"),
    );
    check("[2024-05-01T12:00:00Z] [warn] x", &format!("generic {time} warn | x"));
    check("[2024-05-01T12:00:00Z] error: x", &format!("generic {time} error | x"));
    check("[2024-05-01T12:00:00Z] ERROR x y", &format!("generic {time} ERROR | x y"));
    check("2024-05-01T12:00:00Z [info] x", &format!("generic {time} info | x"));
    check("2024-05-01T12:00:00Z error: x", &format!("generic {time} error | x"));
    check("2024-05-01T12:00:00Z INFO x y", &format!("generic {time} INFO | x y"));
    check("[INFO] 2024-05-01T12:00:00Z x", &format!("generic {time} INFO | x"));
    check("INFO [2024-05-01T12:00:00Z] x", &format!("generic {time} INFO | x"));
    check("INFO 2024-05-01T12:00:00Z x", &format!("generic {time} INFO | x"));
    check("[2024-05-01T12:00:00Z] x", &format!("timestamped {time} - | x"));
    check("2024-05-01T12:00:00Z GET /x", &format!("timestamped {time} - | GET /x"));
    check("2024-05-01T12:00:00Z INFO one\n  two", &format!("generic {time} INFO | one\n  two"));
}

#[test]
fn what_is_no_log_line_fits_nothing() {
    for line in ["", " ", "hello", "INFO", "[x] y", "1 2 3", "2024-05-01", "error: no time", "<999>x", "é: ü"]
    {
        check(line, "none");
    }
    check("2024-05-01T12:00:00Z success was had", "timestamped 2024-05-01T12:00:00.000Z - | success was had");
}

#[test]
fn each_template_is_the_first_that_fits_some_line() {
    let source = include_str!("tests.rs");
    for (_, name, _) in known::TEMPLATES {
        assert!(source.contains(&format!("{name} ")), "{name} has no line in the tests");
    }
}

#[test]
fn a_preset_and_the_sample_say_what_is_tried_first() {
    let line = "2024-05-01T12:00:00Z info app: x";
    let first = |preset| patterns(preset, "a.log").read(line).map(|found| found.pattern);
    assert_eq!(first(None), Some("log4j"));
    assert_eq!(first(Some(Preset::System)), Some("syslog"));
    let mut patterns = patterns(None, "a.log");
    let sample = [
        "2024-05-01T12:00:00Z INFO x",
        "2024-05-01T12:00:00Z [info] x",
        "2024-05-01T12:00:00Z INFO y",
        "none",
    ];
    assert_eq!(patterns.prefer_those_of(sample.into_iter()), (3, Some("generic")));
    assert_eq!(shown(patterns.read(sample[1])), "generic 2024-05-01T12:00:00.000Z info | x");
}

#[test]
fn a_hostile_line_costs_no_more_than_its_length() {
    for line in [
        "[".repeat(200_000),
        "2024-05-01 12:00:00 INFO [".repeat(8_000),
        "<14>1 - - - - - [a b=\"".repeat(9_000),
    ] {
        // It is enough that this ends: a pattern that goes back would take hours.
        let found = patterns(None, "a.log").read(&line).map(|found| found.message.len());
        assert!(found.is_none_or(|length| length <= line.len()));
    }
}
