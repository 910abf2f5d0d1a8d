//! The program itself on a log in NATS: two of them, each with a folder of its own.

use antler_simulations::servers::{Kind, Server, Wishes, scratch, wait_for};
use serde_json::json;

use super::site::{PATIENCE, Site, Tenant, numbers};

fn settings(server: &Server) -> Vec<(String, String)> {
    [
        ("ANTLER__BACKENDS__LOG", "nats"),
        ("ANTLER__NATS__SERVERS", &server.url()),
        ("ANTLER__NATS__TIMEOUT", "1 s"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Sends until it is taken: 503 says that it was not, and to come again.
fn send(site: &Site, tenant: &Tenant, number: u32) {
    let line = json!({"level": "info", "message": format!("number={number} of many")});
    let taken = wait_for(PATIENCE, || match site.send(&tenant.key, &line) {
        Some(200) => Some(()),
        Some(503) => None,
        other => panic!("line {number}: {other:?}"),
    });
    assert!(taken.is_some(), "line {number} was refused all the time");
}

#[test]
#[ignore = "starts a real NATS and the program"]
fn two_programs_share_a_log_and_lose_nothing_with_their_server_or_with_one_of_them() {
    let folder = scratch().unwrap();
    let mut server = Server::start(Kind::Nats, folder.path(), &Wishes::default()).unwrap();
    let mut one = Site::start_with(&folder.path().join("one"), settings(&server));
    let two = Site::start_with(&folder.path().join("two"), settings(&server));
    let ann = one.register("ann");
    let ann_at_two =
        wait_for(PATIENCE, || two.log_in(&ann, "ann")).expect("the second program folds the same log");
    for number in 0..100 {
        send(if number % 2 == 0 { &one } else { &two }, &ann, number);
    }
    server.kill9();
    // One that was on its way is answered when the server has said what became of it; all others are refused at once.
    let line = json!({"message": "in doubt"});
    let refused = wait_for(PATIENCE, || (two.send(&ann.key, &line) == Some(503)).then_some(()));
    assert!(refused.is_some(), "without its log a program takes nothing");
    server.restart().unwrap();
    one.kill9();
    one.restart();
    for number in 100..200 {
        send(if number % 2 == 0 { &one } else { &two }, &ann, number);
    }
    let ann = wait_for(PATIENCE, || one.log_in(&ann, "ann")).expect("an account outlives a kill");
    for tenant in [&ann, &ann_at_two] {
        let found = tenant.wait_for_lines("message:number*", 200, &String::new);
        assert_eq!(numbers(&found), (0..200).collect::<Vec<u32>>());
    }
}
