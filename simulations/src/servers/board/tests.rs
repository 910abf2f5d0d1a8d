//! Tests of the three commands with records of processes that are no servers.

use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::*;
use crate::servers::process::Leader;
use crate::servers::seat::Seat;

fn record(folder: &Path, process: Leader) -> Record {
    let seat = Seat::draw("redis", Kind::Redis, folder, &Wishes::default()).unwrap();
    Record { seat, process }
}

fn written(folder: &Path, process: Leader) {
    State { servers: vec![record(folder, process)] }.write(folder).unwrap();
}

fn ours() -> Leader {
    Leader::of(std::process::id()).unwrap()
}

fn order(folder: &Path) -> Order {
    Order::new(folder.to_owned(), vec![Kind::Redis, Kind::Redis])
}

fn shown(run: impl FnOnce(&mut dyn Write) -> anyhow::Result<bool>) -> (bool, String) {
    let mut out = Vec::new();
    let is_good = run(&mut out).unwrap();
    (is_good, String::from_utf8(out).unwrap())
}

#[test]
fn without_names_all_are_meant() {
    assert_eq!(Order::new(PathBuf::new(), Vec::new()).kinds, Kind::ALL);
    assert_eq!(order(Path::new("d")).kinds, [Kind::Redis]);
}

#[test]
fn a_process_with_the_id_of_a_server_that_ended_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Leader { pid, started_ticks, boot } = ours();
    written(folder.path(), Leader { pid, started_ticks: started_ticks + 1, boot });
    let (is_down, said) = shown(|out| down(&order(folder.path()), false, out));
    assert!(is_down);
    let expected = format!("the id {pid} belongs to another program now, which is left alone\n");
    assert!(said.starts_with("redis ran no more; ") && said.ends_with(&expected), "{said}");
    let (_, said) = shown(|out| down(&order(folder.path()), false, out));
    assert_eq!(said, "redis was not up\n");
}

#[test]
fn what_was_started_is_ended_and_forgotten_and_removed_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("sleep").arg("600").process_group(0).spawn().unwrap();
    written(folder.path(), Leader::of(child.id()).unwrap());
    std::fs::create_dir_all(folder.path().join("redis/data")).unwrap();
    let (is_down, said) = shown(|out| down(&order(folder.path()), true, out));
    assert!(is_down && said.starts_with("redis is down\n"), "{said}");
    assert!(!folder.path().join("redis").exists());
    assert!(State::read(folder.path()).unwrap().servers.is_empty());
    child.wait().unwrap();
}

#[test]
fn who_runs_but_does_not_answer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path(), ours());
    let (is_good, said) = shown(|out| status(&order(folder.path()), false, false, out));
    assert!(!is_good && said.contains("NO: nobody listens on 127.0.0.1:"), "{said}");
    let (is_good, said) = shown(|out| status(&order(folder.path()), false, true, out));
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(!is_good);
    assert_eq!(told["servers"][0]["answers"], false);
    assert_eq!(told["servers"][0]["pid"], std::process::id());
    let (is_up, said) =
        shown(|out| up(&order(folder.path()), &Wishes::default(), &Cache::of_environment(), out));
    assert!(
        !is_up && said.contains("redis runs but does not answer; `services down redis` ends it"),
        "{said}"
    );
}

#[test]
fn a_name_that_was_not_brought_up_is_a_failure_only_when_it_was_named() {
    let folder = tempfile::tempdir().unwrap();
    let (is_good, said) = shown(|out| status(&order(folder.path()), true, false, out));
    assert_eq!((is_good, said.as_str()), (false, "redis was not brought up\n"));
    let (is_good, said) = shown(|out| status(&order(folder.path()), false, false, out));
    assert_eq!((is_good, said), (true, format!("nothing is up in {}\n", folder.path().display())));
}

#[test]
fn who_answers_is_left_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let record = record(folder.path(), ours());
    let listener = TcpListener::bind(record.seat.address).unwrap();
    State { servers: vec![record] }.write(folder.path()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            use std::io::Read as _;
            let mut stream = listener.accept().unwrap().0;
            stream.read_exact(&mut [0; 14]).unwrap();
            stream.write_all(b"+PONG\r\n").unwrap();
        });
        let (is_up, said) =
            shown(|out| up(&order(folder.path()), &Wishes::default(), &Cache::of_environment(), out));
        assert!(is_up && said.starts_with("redis runs already: "), "{said}");
        assert!(said.contains("\nANTLER_SERVICES_REDIS=redis://127.0.0.1:"), "{said}");
    });
}
