//! Pairs of files that change while they are in use.
//!
//! Invariant: the files are those of the tests of the program; what a client sees of them is tried there.

use antler_events::clock::SystemClock;
use tempfile::TempDir;

use super::*;

const ONE: [&str; 2] = [
    include_str!("../../tests/program/certificates/one.crt"),
    include_str!("../../tests/program/certificates/one.key"),
];
const OTHER: [&str; 2] = [
    include_str!("../../tests/program/certificates/other.crt"),
    include_str!("../../tests/program/certificates/other.key"),
];
const ENDED: [&str; 2] = [
    include_str!("../../tests/program/certificates/ended.crt"),
    include_str!("../../tests/program/certificates/ended.key"),
];

fn put(dir: &TempDir, [certificate, key]: [&str; 2]) {
    std::fs::write(dir.path().join("a.pem"), certificate).unwrap();
    std::fs::write(dir.path().join("a.key"), key).unwrap();
}

fn open(dir: &TempDir) -> Result<Arc<Tls>, String> {
    let settings = antler_config::Tls {
        certificate: dir.path().join("a.pem"),
        key: dir.path().join("a.key"),
        ..Default::default()
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    Tls::open(&settings, &clock).map(Option::unwrap).map_err(|error| crate::cli::with_causes(&error))
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_with_the_file_that_is_wrong() {
    let check = |pair: [&str; 2], expected: &str| {
        let dir = tempfile::tempdir().unwrap();
        put(&dir, pair);
        let error = open(&dir).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(["", ONE[1]], "a.pem (tls.certificate) has no certificate in PEM");
    check([ONE[1], ONE[1]], "a.pem (tls.certificate) has no certificate in PEM");
    check([ONE[0], ONE[0]], "a.key (tls.key) has no private key in PEM");
    check([ONE[0], OTHER[1]], "cannot be used together");
    check([&"x".repeat((1 << 20) + 1), ONE[1]], "a.pem (tls.certificate) has more than");
    assert!(
        open(&tempfile::tempdir().unwrap()).unwrap_err().contains("a.pem (tls.certificate) cannot be read")
    );
}

#[test]
fn a_new_pair_comes_into_force_and_a_bad_one_leaves_the_old() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir, ONE);
    let tls = open(&dir).unwrap();
    let in_force = || tls.state().pair.fingerprint;
    let first = in_force();
    tls.look_again();
    assert_eq!((in_force(), tls.standing().refused), (first, None));
    assert!(tls.standing().days_left > 30_000);
    for bad in [[ONE[0], OTHER[1]], ENDED, ["", ""]] {
        put(&dir, bad);
        tls.look_again();
        assert_eq!(in_force(), first);
        assert!(tls.standing().refused.is_some());
    }
    std::fs::remove_file(dir.path().join("a.key")).unwrap();
    tls.look_again();
    assert!(tls.standing().refused.unwrap().contains("a.key (tls.key) cannot be read"));
    put(&dir, ONE);
    tls.look_again();
    assert_eq!((in_force(), tls.standing().refused), (first, None));
    put(&dir, OTHER);
    tls.look_again();
    assert_ne!(in_force(), first);
}

#[test]
fn a_certificate_that_has_ended_serves_until_there_is_a_better_one() {
    let dir = tempfile::tempdir().unwrap();
    put(&dir, ENDED);
    let tls = open(&dir).unwrap();
    assert!(tls.standing().days_left < 0);
    put(&dir, ONE);
    tls.look_again();
    assert!(tls.standing().days_left > 0);
}
