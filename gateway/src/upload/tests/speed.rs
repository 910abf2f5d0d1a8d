//! How quickly files are read, printed for whoever asks: `cargo test … speed -- --ignored --nocapture`.
//!
//! Invariant: it measures and does not judge, because a machine may be busy. It does not read files of the machine.

use antler_events::clock::{Clock as _, SystemClock};

use super::*;

#[test]
#[ignore = "takes a while, and only prints"]
fn the_speed_of_each_form_is_printed() {
    let access = "192.0.2.7 - ada [10/Oct/2000:13:55:36 -0700] \"GET /index.html?a=1 HTTP/1.0\" 200 2326 \
                  \"https://shop.example/cart\" \"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\"\n";
    for (name, unit) in [
        ("lines.txt", "a line of text, as long as lines of text usually are, and no longer than that\n"),
        (
            "lines.ndjson",
            "{\"time\":\"2024-05-01T12:00:00Z\",\"level\":\"info\",\"message\":\"a line\",\"status\":200,\"path\":\"/index\"}\n",
        ),
        (
            "list.json",
            "{\"time\":\"2024-05-01T12:00:00Z\",\"level\":\"info\",\"message\":\"a line\",\"status\":200,\"path\":\"/index\"}\n",
        ),
        ("rows.csv", "2024-05-01T12:00:00Z,info,\"a line, and more of it\",200,/index,a,b,c\n"),
        ("access.log", access),
        (
            "python.log",
            "2024-01-01 12:00:00,123 - shop.cart - WARNING - the cart of this user is rather full\n",
        ),
        (
            "syslog.log",
            "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; logname= uid=0 euid=0\n",
        ),
    ] {
        let file = unit.repeat((32 << 20) / unit.len());
        let said: &[(&str, &str)] = if name.ends_with(".json") { &[("format", "json")] } else { &[] };
        let clock = SystemClock::new();
        let mut parts = Parts::open(Cursor::new(file.as_bytes()), name, &limits()).unwrap();
        let part = parts.next_part().unwrap().unwrap();
        let mut entries = Entries::open(part, &options(said), &limits(), 1 << 20, ARRIVAL).unwrap();
        let (mut count, mut problems) = (0, 0);
        while let Some(item) = entries.next_item().unwrap() {
            count = item.number;
            problems += usize::from(item.problem.is_some());
        }
        let seconds = clock.elapsed().as_secs_f64();
        let speed = file.len() as f64 / seconds / 1e6;
        println!(
            "{name}: {speed:.0} MB/s, {count} items, {problems} problems, {:?}",
            entries.found().pattern
        );
    }
}
