//! Tests of the table: that it says what people decided, and that no change of it would go unnoticed.
//!
//! Invariant: what is expected stands in lists beside the table, which people edit by hand: `who_may.txt`, and
//! `held_and_noted.txt` for limits and audit. They do not ask a server: the tests of the program do.

use antler_config::audit::ReadKind;
use antler_events::access::StreamPatterns;
use antler_events::ids::{KeyId, SessionId, TenantId, UserId};

use super::super::audited::{Audited, audited};
use super::super::{Caller, Identity};
use super::*;
use crate::http::route_class::RouteClass;

#[test]
fn a_route_is_found_in_all_its_spellings() {
    let check = |method, path: &str, expected| assert_eq!(asked(&method, path), expected, "{path}");
    check(Method::GET, "/api/auth/user", Asked::Permission(Person));
    check(Method::HEAD, "/api/v1/auth/user/", Asked::Permission(Person));
    check(Method::DELETE, "/api/users/profile/api-keys/{id}/", Asked::Permission(Person));
    check(Method::PUT, "/api/auth/user/", Asked::OtherMethods);
    check(Method::GET, "/api/auth", Asked::Unknown);
    check(Method::GET, "/", Asked::Unknown);
}

#[test]
fn each_line_is_plain_and_stands_once() {
    for (at, (method, path, _)) in TABLE.iter().enumerate() {
        assert_eq!(plain(path), *path);
        assert!(!TABLE[..at].iter().any(|(m, p, _)| (m, p) == (method, path)), "{method} {path} twice");
    }
}

/// Who gets in, by asking for everybody. The list beside this file says the same in its own words, and is edited by hand.
fn who_may(method: &str, path: &str, permission: Permission) -> String {
    let (user, id) = (UserId::parse("u").unwrap(), KeyId::parse("k").unwrap());
    let person = |role| Identity::Person { user, session: SessionId::parse("s").unwrap(), epoch: 0, role };
    let key = |scope| {
        let (scopes, streams) = (BTreeSet::from([scope]), StreamPatterns::default());
        Identity::Key { id, owner: user, scopes, streams }
    };
    let people = Role::ALL.into_iter().map(|role| (role.to_string(), person(role)));
    let keys = Scope::ALL.into_iter().map(|scope| (format!("key:{scope}"), key(scope)));
    let is_in = |identity| {
        let tenant = TenantId::parse("t").unwrap();
        Caller { tenant, identity, is_unverified: false }.check(permission).is_ok()
    };
    let mut names: Vec<String> =
        people.chain(keys).filter(|(_, identity)| is_in(identity.clone())).map(|(name, _)| name).collect();
    names.extend(matches!(permission, Operator | AdminOrOperator).then(|| "operator".to_owned()));
    let names = if permission == Anyone { "anyone".to_owned() } else { names.join(" ") };
    let place = if matches!(permission, Permission::Socket(_)) { "over a socket " } else { "" };
    format!("{method} {path}: {place}{names}")
}

/// Whether it is counted against what callers may ask in an hour, and what it leaves in the audit.
fn held_and_noted(method: &str, path: &str, class: RouteClass, audited: Audited) -> String {
    let counted = if class.is_counted() { "counted" } else { "free" };
    let left = match audited {
        Audited::Nothing => "nothing".to_owned(),
        Audited::Changes => "changes".to_owned(),
        Audited::Reads(kind) => format!("reads:{kind}"),
    };
    format!("{method} {path}: {} {counted} {left}", class.name())
}

/// All that is declared of one route, as the lists beside this file say it.
type Declared = [String; 2];

fn declared() -> Vec<Declared> {
    let of_route = |(method, path, permission): &Line| {
        let parsed = method.parse().unwrap();
        let held = held_and_noted(method, path, RouteClass::of(&parsed, path), audited(&parsed, path));
        [who_may(method, path, *permission), held]
    };
    TABLE.iter().map(of_route).collect()
}

const LISTS: [(&str, &str); 2] = [
    ("who_may.txt", include_str!("../who_may.txt")),
    ("held_and_noted.txt", include_str!("../held_and_noted.txt")),
];

/// What the lists say otherwise: people edit them, and nothing is made from them.
fn faults(declared: &[Declared]) -> Vec<String> {
    let mut faults = Vec::new();
    for (at, (name, list)) in LISTS.iter().enumerate() {
        let listed: BTreeSet<&str> = list.lines().collect();
        let written: BTreeSet<&str> = declared.iter().map(|of_route| of_route[at].as_str()).collect();
        faults.extend(written.difference(&listed).map(|line| format!("not in {name}, is it so? {line}")));
        faults.extend(listed.difference(&written).map(|line| format!("only in {name}: {line}")));
    }
    faults
}

#[test]
fn every_route_declares_who_may_how_it_is_held_and_what_it_leaves_and_the_lists_say_the_same() {
    let faults = faults(&declared());
    assert!(faults.is_empty(), "{faults:#?}");
    for (method, path, _) in TABLE {
        assert!(LISTS.iter().all(|(_, list)| list.contains(&format!("{method} {path}: "))));
    }
}

/// All that one route could declare in place of what it does.
fn other_declarations((method, path, permission): &Line) -> Vec<Declared> {
    let parsed = method.parse().unwrap();
    let (class, left) = (RouteClass::of(&parsed, path), audited(&parsed, path));
    let scoped =
        Scope::ALL.into_iter().flat_map(|scope| [Permission::Scope(scope), Permission::Socket(scope)]);
    let permissions = scoped.chain([Anyone, Person, Administrator, Operator, AdminOrOperator]);
    let permissions = permissions.filter(|other| other != permission).map(|other| (other, class, left));
    let classes = RouteClass::ALL.into_iter().filter(|other| *other != class);
    let classes = classes.map(|other| (*permission, other, left));
    let reads = ReadKind::ALL.into_iter().map(Audited::Reads);
    let others = reads.chain([Audited::Nothing, Audited::Changes]).filter(|other| *other != left);
    let others = others.map(|other| (*permission, class, other));
    let said = |(permission, class, left)| {
        [who_may(method, path, permission), held_and_noted(method, path, class, left)]
    };
    permissions.chain(classes).chain(others).map(said).collect()
}

#[test]
fn every_change_of_what_one_route_declares_is_noticed() {
    let right = declared();
    let (mut count, mut unnoticed) = (0, Vec::new());
    for (at, line) in TABLE.iter().enumerate() {
        let mut wrong = right.clone();
        for other in other_declarations(line) {
            wrong[at] = other;
            count += 1;
            if faults(&wrong).is_empty() {
                unnoticed.push(format!("{:?} in place of {:?}", wrong[at], right[at]));
            }
        }
        wrong.remove(at);
        count += 1;
        assert!(!faults(&wrong).is_empty(), "without {line:?}");
    }
    assert!(unnoticed.is_empty(), "{unnoticed:#?}");
    assert!(count > 30 * TABLE.len(), "only {count} changes were tried");
}

#[test]
fn a_route_that_is_not_in_the_table_is_closed() {
    for (method, path, _) in TABLE {
        let without = |line: &&Line| (line.0, line.1) != (*method, *path);
        let left = TABLE.iter().filter(without).any(|(_, known, _)| known == path);
        let expected = if left { Asked::OtherMethods } else { Asked::Unknown };
        let without: Vec<Line> = TABLE.iter().filter(without).copied().collect();
        assert_eq!(asked_of(&without, &method.parse().unwrap(), path), expected, "{method} {path}");
    }
}

#[test]
fn no_role_but_those_of_admins_may_administer() {
    for role in Role::ALL {
        assert_eq!(scopes_of(role).contains(&Scope::Admin), role.administers());
    }
}
