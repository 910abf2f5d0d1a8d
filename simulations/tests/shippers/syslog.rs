//! rsyslogd and logger send messages over TCP and UDP, in both formats and both framings.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use antler_simulations::servers::{Running, scratch};
use serde_json::Value;

use super::site::{Site, Tenant, numbers, text};

const LINES: u32 = 200;

/// How messages go out, and what rsyslog has to be told for it.
const ROADS: [(&str, &str); 3] = [
    ("octets", "protocol=\"tcp\" TCP_Framing=\"octet-counted\""),
    ("lines", "protocol=\"tcp\" TCP_Framing=\"traditional\""),
    ("datagrams", "protocol=\"udp\""),
];

#[test]
#[ignore = "needs a release build and rsyslog"]
fn rsyslog_sends_each_line_once_over_every_road() {
    let folder = scratch().unwrap();
    let site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let settings: String =
        ROADS.iter().map(|(name, how)| road(folder.path(), &site, &ann, name, how)).collect();
    for (name, _) in ROADS {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let rsyslog = start_rsyslog(folder.path(), &format!("module(load=\"imfile\")\n{settings}"));
    let said = || rsyslog.said();
    for (name, _) in ROADS {
        let lines = |numbers: std::ops::RangeInclusive<u32>| -> String {
            numbers.map(|number| format!("number={number} over {name}\n")).collect()
        };
        fs::write(folder.path().join(name), lines(1..=LINES)).unwrap();
    }
    for (name, _) in ROADS {
        let query = format!("service:{name}");
        let found = ann.wait_for_lines(&query, LINES as usize, &said);
        assert_eq!(numbers(&found), (1..=LINES).collect::<Vec<u32>>(), "{name}: {}", said());
        let line = ann.wait_for_line(&format!("\"number=7 over {name}\""), &said);
        assert_eq!(text(&line, "message").trim_start(), format!("number=7 over {name}"));
        assert_eq!((text(&line, "level"), text(&line, "service")), ("error", name), "{line:#}");
        assert_eq!(text(&line, "host"), host_name(), "{line:#}");
        assert!(line.to_string().contains("local3"), "{line:#}");
    }
    no_key_is_seen(&ann);
    assert_eq!(bob.search("*"), Vec::<Value>::new());
}

/// An input, a template that brings the key, and where it all goes.
fn road(folder: &Path, site: &Site, tenant: &Tenant, name: &str, how: &str) -> String {
    let (syslog, key, file) = (site.port("syslog"), &tenant.key, folder.join(name));
    let mut text = String::new();
    let template = format!(
        "<%PRI%>1 %TIMESTAMP:::date-rfc3339% %HOSTNAME% %APP-NAME% %PROCID% %MSGID% \
         [antler token=\\\"{key}\\\"]%STRUCTURED-DATA% %msg%"
    );
    writeln!(text, "template(name=\"{name}\" type=\"string\" string=\"{template}\")").unwrap();
    writeln!(
        text,
        "input(type=\"imfile\" File=\"{}\" Tag=\"{name}:\" Severity=\"error\" Facility=\"local3\" \
         ruleset=\"{name}\")",
        file.display()
    )
    .unwrap();
    writeln!(
        text,
        "ruleset(name=\"{name}\") {{ action(type=\"omfwd\" target=\"{}\" port=\"{}\" {how} template=\"{name}\") }}",
        syslog.ip(),
        syslog.port()
    )
    .unwrap();
    text
}

/// A daemon of its own: it touches no socket, no state and no settings of the machine's.
pub(super) fn start_rsyslog(folder: &Path, settings: &str) -> Running {
    let work = folder.join("rsyslog");
    fs::create_dir_all(&work).unwrap();
    let file = folder.join("rsyslog.conf");
    let settings = format!("global(workDirectory=\"{}\")\n{settings}", work.display());
    fs::write(&file, settings).unwrap();
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-f"]).arg(&file).arg("-i").arg(folder.join("rsyslog.pid"));
    Running::start(&mut command, &folder.join("rsyslog.log")).unwrap()
}

#[test]
#[ignore = "needs a release build and logger"]
fn logger_sends_both_formats_over_tcp_and_udp() {
    let folder = scratch().unwrap();
    let mut site = Site::start(folder.path());
    let (ann, bob) = (site.register("ann"), site.register("bob"));
    let forms = [
        ("tcp-5424", "-T --rfc5424"),
        ("octets-5424", "-T --rfc5424 --octet-count"),
        ("udp-5424", "-d --rfc5424"),
        ("tcp-3164", "-T --rfc3164"),
        ("octets-3164", "-T --rfc3164 --octet-count"),
        ("udp-3164", "-d --rfc3164"),
    ];
    // Messages of RFC 3164 have no place for a key, and logger takes no name such as `antler` for a part of its data.
    site.set("ANTLER__LISTENERS__SYSLOG_TENANT", &ann.id);
    site.restart();
    for (name, form) in forms {
        let mut logger = Command::new("logger");
        let syslog = site.port("syslog");
        logger.args(["-n", &syslog.ip().to_string(), "-P", &syslog.port().to_string()]);
        logger.args(form.split(' ')).args(["-t", name, "-p", "local3.err", "--id=4711"]);
        if form.contains("5424") {
            logger.args(["--msgid", "M1"]);
            logger.args(["--sd-id", "shop@32473", "--sd-param", "basket=\"7\""]);
        }
        let mut logger =
            Running::start(logger.arg(format!("words over {name}")), &folder.path().join("logger.log"))
                .unwrap();
        logger.finish(super::site::PATIENCE).unwrap();
        let said = || logger.said();
        let line = ann.wait_for_line(&format!("\"words over {name}\""), &said);
        let of = |field| text(&line, field);
        assert_eq!(
            (of("message"), of("level")),
            (format!("words over {name}").as_str(), "error"),
            "{line:#}"
        );
        assert_eq!((of("service"), of("host")), (name, host_name().as_str()), "{line:#}");
        assert!(line["pid"] == 4711 && line.to_string().contains("local3"), "{line:#}");
        if form.contains("5424") {
            assert!(line.to_string().contains("M1"), "{line:#}");
            assert!(line.to_string().contains("basket"), "{line:#}");
        }
    }
    no_key_is_seen(&ann);
    assert_eq!(bob.search("*"), Vec::<Value>::new());
}

fn no_key_is_seen(tenant: &Tenant) {
    let lines = tenant.search("*");
    let with_key = lines.iter().find(|line| line.to_string().contains(&tenant.key));
    assert_eq!(with_key, None);
}

fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    name.trim().split('.').next().unwrap().to_owned()
}
