//! Given, when, then for the tenant, and its rules over any sequence of commands.
//!
//! Invariant: each rejection of the tenant is met here. It does not look at stored bytes.

use antler_config::limits::AccountLimits;
use proptest::prelude::*;

use super::*;
use crate::event::given::{self, Given};
use crate::event::samples::{LATER, NOW, SECRET, email, name, user};

const LIMITS: TenantLimits = TenantLimits {
    lines_per_day: 1_000_000,
    bytes_per_day: 1 << 30,
    retention_days: 30,
    seats: 3,
    calls_per_hour: 10_000,
    streams_max: 1_000,
};

fn given(events: &[TenantEvent]) -> Given<TenantState, TenantCommand, TenantEvent, TenantRejection> {
    given::given(decide, evolve, events)
}

/// A tenant founded by `admin`, and what happened next.
fn acme(next: &[TenantEvent]) -> Vec<TenantEvent> {
    let registered =
        TenantRegistered { name: name("Acme"), founder: user("admin"), email: email("admin@acme.example") };
    let mut events = vec![TenantEvent::Registered(registered), TenantEvent::LimitsSet(LIMITS.into())];
    events.extend_from_slice(next);
    events
}

fn register() -> TenantCommand {
    TenantCommand::Register {
        name: name("Acme"),
        founder: user("admin"),
        email: email("admin@acme.example"),
        limits: LIMITS,
    }
}

fn invite(id: &str, role: Role) -> TenantCommand {
    TenantCommand::InviteMember {
        user: user(id),
        email: email(&format!("{id}@acme.example")),
        role,
        secret: SECRET,
        expires_at: LATER,
    }
}

fn accept(id: &str) -> TenantCommand {
    TenantCommand::AcceptInvitation { user: user(id), secret: SECRET, now: NOW }
}

fn change_role(id: &str, role: Role) -> TenantCommand {
    TenantCommand::ChangeRole { user: user(id), role }
}

fn with_seats(seats: u32) -> TenantCommand {
    TenantCommand::SetLimits { limits: TenantLimits { seats, ..LIMITS } }
}

fn remove(id: &str) -> TenantCommand {
    TenantCommand::RemoveMember { user: user(id) }
}

fn invited(id: &str, role: Role) -> TenantEvent {
    TenantEvent::MemberInvited(MemberInvited {
        user: user(id),
        email: email(&format!("{id}@acme.example")),
        role,
        secret: SECRET,
        expires_at: LATER,
    })
}

fn joined(id: &str) -> TenantEvent {
    TenantEvent::MemberJoined(MemberJoined { user: user(id) })
}

fn role_changed(id: &str, role: Role) -> TenantEvent {
    TenantEvent::MemberRoleChanged(MemberRoleChanged { user: user(id), role })
}

fn removed(id: &str) -> TenantEvent {
    TenantEvent::MemberRemoved(MemberRemoved { user: user(id) })
}

fn suspended() -> TenantEvent {
    TenantEvent::Suspended(TenantSuspended { reason: name("unpaid") })
}

#[test]
fn a_registration_founds_a_tenant_with_its_limits() {
    given(&[]).when(register()).then(&acme(&[]));
}

#[test]
fn a_tenant_is_registered_once() {
    given(&acme(&[])).when(register()).then_rejected(TenantRejection::AlreadyRegistered);
}

#[test]
fn nothing_happens_to_a_tenant_that_does_not_exist() {
    for command in [TenantCommand::Close, TenantCommand::Resume, accept("member"), remove("admin")] {
        given(&[]).when(command).then_rejected(TenantRejection::NotRegistered);
    }
}

#[test]
fn the_founder_is_an_administrator() {
    let mut state = None;
    acme(&[]).iter().for_each(|event| evolve(&mut state, event));
    assert_eq!(state.unwrap().role_of(user("admin")), Some(Role::Admin));
}

#[test]
fn a_rename_changes_the_name_once() {
    let rename = TenantCommand::Rename { name: name("Acme Logs") };
    let renamed = TenantEvent::Renamed(TenantRenamed { name: name("Acme Logs") });
    given(&acme(&[])).when(rename.clone()).then(std::slice::from_ref(&renamed));
    given(&acme(&[renamed])).when(rename).then(&[]);
}

#[test]
fn limits_change_once_and_are_never_zero() {
    let more = TenantLimits { retention_days: 90, ..LIMITS };
    given(&acme(&[]))
        .when(TenantCommand::SetLimits { limits: more })
        .then(&[TenantEvent::LimitsSet(more.into())]);
    given(&acme(&[])).when(TenantCommand::SetLimits { limits: LIMITS }).then(&[]);
    for (name, limits) in [
        ("retention_days", TenantLimits { retention_days: 0, ..LIMITS }),
        ("calls_per_hour", TenantLimits { calls_per_hour: 0, ..LIMITS }),
        ("streams_max", TenantLimits { streams_max: 0, ..LIMITS }),
    ] {
        given(&acme(&[]))
            .when(TenantCommand::SetLimits { limits })
            .then_rejected(TenantRejection::ZeroLimit { name });
    }
}

#[test]
fn a_tenant_chooses_how_long_its_lines_are_kept_within_its_limits() {
    let of = |stream: &str, days| StreamRetention {
        stream: StreamPattern::parse(stream, &AccountLimits::default()).unwrap(),
        days,
    };
    let retention = |days, streams: &[StreamRetention]| TenantRetention { days, streams: streams.to_vec() };
    let set = |retention: &TenantRetention| TenantCommand::SetRetention { retention: retention.clone() };
    let chosen = retention(Some(7), &[of("logs-audit-*", 30), of("logs-*", 1)]);
    let event = TenantEvent::RetentionSet(chosen.clone());
    given(&acme(&[])).when(set(&chosen)).then(std::slice::from_ref(&event));
    given(&acme(std::slice::from_ref(&event))).when(set(&chosen)).then(&[]);
    let refused = |days| TenantRejection::RetentionBeyondLimit { days, most: 30 };
    given(&acme(&[])).when(set(&retention(Some(31), &[]))).then_rejected(refused(31));
    given(&acme(&[])).when(set(&retention(None, &[of("logs-*", 0)]))).then_rejected(refused(0));
    let twice = retention(None, &[of("logs-*", 1), of("logs-*", 2)]);
    let rejection = TenantRejection::StreamTwice { stream: "logs-*".to_owned() };
    given(&acme(&[])).when(set(&twice)).then_rejected(rejection);
}

#[test]
fn tighter_limits_count_more_than_what_was_chosen_before() {
    let stream = StreamPattern::parse("logs-*", &AccountLimits::default()).unwrap();
    let streams = vec![StreamRetention { stream, days: 20 }];
    let chosen = TenantEvent::RetentionSet(TenantRetention { days: Some(7), streams });
    let limits = TenantLimits { retention_days: 5, ..LIMITS };
    let mut state = None;
    for event in acme(&[chosen, TenantEvent::LimitsSet(limits.into())]) {
        evolve(&mut state, &event);
    }
    let tenant = state.unwrap();
    let of_streams: Vec<u32> = tenant.streams_kept().map(|(_, days)| days).collect();
    assert_eq!((tenant.days_kept(), of_streams), (5, vec![5]));
}

#[test]
fn a_suspended_tenant_takes_no_members_until_it_is_resumed() {
    let reason = name("unpaid");
    let suspend = TenantCommand::Suspend { reason: reason.clone() };
    given(&acme(&[])).when(suspend.clone()).then(&[suspended()]);
    given(&acme(&[suspended()])).when(suspend).then(&[]);
    let rejection = TenantRejection::Suspended { reason };
    given(&acme(&[suspended()])).when(invite("member", Role::Viewer)).then_rejected(rejection.clone());
    given(&acme(&[invited("member", Role::Viewer), suspended()]))
        .when(accept("member"))
        .then_rejected(rejection);
    given(&acme(&[suspended()])).when(TenantCommand::Resume).then(&[TenantEvent::Resumed]);
    given(&acme(&[suspended(), TenantEvent::Resumed])).when(TenantCommand::Resume).then(&[]);
}

#[test]
fn closed_and_suspended_tenants_reject_lines() {
    let admitted = |events: &[TenantEvent]| {
        let mut state = None;
        acme(events).iter().for_each(|event| evolve(&mut state, event));
        state.unwrap().admit_lines()
    };
    assert_eq!(admitted(&[]), Ok(()));
    assert_eq!(admitted(&[suspended()]), Err(TenantRejection::Suspended { reason: name("unpaid") }));
    assert_eq!(admitted(&[suspended(), TenantEvent::Resumed]), Ok(()));
    assert_eq!(admitted(&[TenantEvent::Closed]), Err(TenantRejection::Closed));
}

#[test]
fn a_closed_tenant_stays_as_it_is() {
    given(&acme(&[])).when(TenantCommand::Close).then(&[TenantEvent::Closed]);
    given(&acme(&[TenantEvent::Closed])).when(TenantCommand::Close).then(&[]);
    for command in [TenantCommand::Resume, register(), invite("member", Role::Viewer), remove("admin")] {
        given(&acme(&[TenantEvent::Closed])).when(command).then_rejected(TenantRejection::Closed);
    }
}

#[test]
fn an_erasure_closes_the_tenant_and_ends_once() {
    let begun = ErasureBegun { at: NOW, lines: 7, bytes: 70, files: 1, members: 1, dead_letters: 0 };
    let erased = TenantErased { receipt: "{}".to_owned(), key: [1; 32], signature: vec![2; 64] };
    let begin = || TenantCommand::BeginErasure(begun);
    let finish = || TenantCommand::FinishErasure(erased.clone());
    let [has_begun, is_done] = [TenantEvent::ErasureBegun(begun), TenantEvent::Erased(erased.clone())];
    given(&acme(&[])).when(begin()).then(&[TenantEvent::Closed, has_begun.clone()]);
    given(&acme(&[TenantEvent::Closed])).when(begin()).then(std::slice::from_ref(&has_begun));
    given(&acme(&[TenantEvent::Closed])).when(finish()).then_rejected(TenantRejection::NotErasing);
    let erasing = acme(&[TenantEvent::Closed, has_begun.clone()]);
    given(&erasing).when(begin()).then(&[]);
    given(&erasing).when(finish()).then(std::slice::from_ref(&is_done));
    given(&erasing).when(TenantCommand::Resume).then_rejected(TenantRejection::Closed);
    let done = acme(&[TenantEvent::Closed, has_begun, is_done]);
    given(&done).when(begin()).then(&[]);
    given(&done).when(finish()).then(&[]);
    let mut state = None;
    done.iter().for_each(|event| evolve(&mut state, event));
    let left = state.unwrap();
    assert!(left.members.is_empty() && left.machines.is_empty());
    assert_eq!((left.name.as_str(), left.retention), ("erased", TenantRetention::default()));
}

#[test]
fn an_invited_person_joins_with_the_secret_in_time() {
    let open = acme(&[invited("member", Role::Analyst)]);
    given(&acme(&[])).when(invite("member", Role::Analyst)).then(&[invited("member", Role::Analyst)]);
    given(&open).when(accept("member")).then(&[joined("member")]);
    let wrong = SecretHash::from_bytes([1; 32]);
    given(&open)
        .when(TenantCommand::AcceptInvitation { user: user("member"), secret: wrong, now: NOW })
        .then_rejected(TenantRejection::WrongInvitation);
    given(&open)
        .when(TenantCommand::AcceptInvitation { user: user("member"), secret: SECRET, now: LATER })
        .then_rejected(TenantRejection::InvitationExpired);
}

#[test]
fn an_invitation_is_accepted_once() {
    let rejection = TenantRejection::NotInvited { user: user("member") };
    given(&acme(&[])).when(accept("member")).then_rejected(rejection.clone());
    given(&acme(&[invited("member", Role::Viewer), joined("member")]))
        .when(accept("member"))
        .then_rejected(rejection);
}

#[test]
fn an_invitation_can_be_repeated_until_it_is_accepted() {
    let open = acme(&[invited("member", Role::Viewer)]);
    given(&open).when(invite("member", Role::Developer)).then(&[invited("member", Role::Developer)]);
    given(&acme(&[invited("member", Role::Viewer), joined("member")]))
        .when(invite("member", Role::Viewer))
        .then_rejected(TenantRejection::AlreadyMember { user: user("member") });
}

#[test]
fn an_open_invitation_is_found_by_its_address() {
    let mut state = None;
    let events = acme(&[invited("member", Role::Viewer), invited("guest", Role::Viewer), joined("member")]);
    events.iter().for_each(|event| evolve(&mut state, event));
    let invited = |address: &str| state.as_ref().unwrap().invited(&email(address));
    assert_eq!(invited("guest@acme.example"), Some(user("guest")));
    assert_eq!(invited("member@acme.example"), None);
}

#[test]
fn an_address_has_one_place_in_a_tenant() {
    let again = TenantCommand::InviteMember {
        user: user("admin2"),
        email: email("ADMIN@acme.example"),
        role: Role::Viewer,
        secret: SECRET,
        expires_at: LATER,
    };
    given(&acme(&[]))
        .when(again)
        .then_rejected(TenantRejection::EmailTaken { email: email("admin@acme.example") });
}

#[test]
fn open_invitations_take_seats() {
    let full = acme(&[invited("member", Role::Viewer), joined("member"), invited("guest", Role::Viewer)]);
    given(&full).when(invite("other", Role::Viewer)).then_rejected(TenantRejection::NoSeat { seats: 3 });
    given(&full).when(invite("guest", Role::Analyst)).then(&[invited("guest", Role::Analyst)]);
}

#[test]
fn a_role_changes_once_and_only_for_members() {
    let two = acme(&[invited("member", Role::Viewer), joined("member")]);
    given(&two).when(change_role("member", Role::Developer)).then(&[role_changed("member", Role::Developer)]);
    given(&two).when(change_role("member", Role::Viewer)).then(&[]);
    given(&two)
        .when(change_role("guest", Role::Viewer))
        .then_rejected(TenantRejection::NotMember { user: user("guest") });
}

#[test]
fn only_the_operator_makes_a_superadmin() {
    given(&acme(&[]))
        .when(invite("member", Role::Superadmin))
        .then_rejected(TenantRejection::SuperadminReserved);
    given(&acme(&[]))
        .when(change_role("admin", Role::Superadmin))
        .then_rejected(TenantRejection::SuperadminReserved);
    given(&acme(&[]))
        .when(TenantCommand::GrantSuperadmin { user: user("admin") })
        .then(&[role_changed("admin", Role::Superadmin)]);
}

#[test]
fn the_last_administrator_is_neither_demoted_nor_removed() {
    let rejection = TenantRejection::LastAdministrator;
    // An administrator who has not joined yet cannot stand in.
    let alone = acme(&[invited("member", Role::Admin)]);
    given(&alone).when(change_role("admin", Role::Viewer)).then_rejected(rejection.clone());
    given(&alone).when(remove("admin")).then_rejected(rejection);
    let two = acme(&[invited("member", Role::Admin), joined("member")]);
    given(&two).when(change_role("admin", Role::Viewer)).then(&[role_changed("admin", Role::Viewer)]);
    given(&two).when(remove("admin")).then(&[removed("admin")]);
}

#[test]
fn a_removed_member_has_no_role_and_an_invitation_can_be_withdrawn() {
    let events = acme(&[invited("member", Role::Viewer), joined("member"), invited("guest", Role::Viewer)]);
    given(&events).when(remove("member")).then(&[removed("member")]);
    given(&events).when(remove("guest")).then(&[removed("guest")]);
    given(&events).when(remove("other")).then_rejected(TenantRejection::NotMember { user: user("other") });
    let mut state = None;
    events.iter().chain(&[removed("member")]).for_each(|event| evolve(&mut state, event));
    assert_eq!(state.unwrap().role_of(user("member")), None);
}

fn any_command() -> impl Strategy<Value = TenantCommand> {
    let id = || prop::sample::select(vec!["admin", "member", "guest", "other"]);
    let role = || prop::sample::select(Role::ALL.to_vec());
    prop_oneof![
        1 => Just(register()),
        1 => Just(TenantCommand::Suspend { reason: name("unpaid") }),
        2 => Just(TenantCommand::Resume),
        1 => Just(TenantCommand::Close),
        1 => (0..4u32).prop_map(with_seats),
        8 => (id(), role()).prop_map(|(id, role)| invite(id, role)),
        8 => id().prop_map(accept),
        6 => (id(), role()).prop_map(|(id, role)| change_role(id, role)),
        1 => id().prop_map(|id| TenantCommand::GrantSuperadmin { user: user(id) }),
        5 => id().prop_map(remove),
    ]
}

fn check_rules(before: &Tenant, tenant: &Tenant) {
    assert!(tenant.members.values().any(Membership::is_administrator), "{tenant:?}");
    let mut emails: Vec<_> = tenant.members.values().map(|member| &member.email).collect();
    emails.sort_unstable();
    emails.dedup();
    assert_eq!(emails.len(), tenant.members.len(), "{tenant:?}");
    let grown = tenant.members.len() > before.members.len();
    assert!(!grown || tenant.members.len() <= tenant.limits.seats as usize, "{tenant:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_rules_hold_after_any_commands(commands in prop::collection::vec(any_command(), 1..60)) {
        let mut state = None;
        acme(&[]).iter().for_each(|event| evolve(&mut state, event));
        for command in commands {
            let before = state.clone().unwrap();
            let Ok(events) = decide(&state, command.clone()) else { continue };
            prop_assert!(events.is_empty() || before.standing != Standing::Closed);
            events.iter().for_each(|event| evolve(&mut state, event));
            let after = state.as_ref().unwrap();
            check_rules(&before, after);
            prop_assert_eq!(events.is_empty(), before == *after, "{:?}", command);
        }
    }

    /// Also events that no `decide` would make in this order, as after damage that was skipped.
    #[test]
    fn evolve_takes_any_events(
        commands in prop::collection::vec(any_command(), 1..40),
        kept_every in 1..5usize,
    ) {
        let (mut whole, mut holed) = (None, None);
        for (number, command) in [register()].into_iter().chain(commands).enumerate() {
            for event in decide(&whole, command).unwrap_or_default() {
                evolve(&mut whole, &event);
                if number % kept_every == 0 {
                    evolve(&mut holed, &event);
                }
            }
        }
        prop_assert!(whole.is_some() && holed.is_some());
    }
}

fn machine(id: &str, command: MachineCommand) -> TenantCommand {
    TenantCommand::Machine { user: user(id), command }
}

fn add_machine(called: &str, role: Role) -> MachineCommand {
    MachineCommand::Add { name: name(called), role, machines_max: 2 }
}

fn machine_added(id: &str, role: Role) -> TenantEvent {
    TenantEvent::MachineAdded(MachineAdded { user: user(id), name: name(id), role })
}

fn machine_changed(id: &str, role: Role, disabled: bool) -> TenantEvent {
    TenantEvent::MachineChanged(MachineChanged { user: user(id), name: name(id), role, disabled })
}

#[test]
fn a_service_account_is_added_changed_and_removed() {
    let added = acme(&[machine_added("m", Role::Developer)]);
    let change = |role, disabled| MachineCommand::Change(Machine { name: name("m"), role, disabled });
    given(&acme(&[]))
        .when(machine("m", add_machine("m", Role::Developer)))
        .then(&[machine_added("m", Role::Developer)]);
    given(&added).when(machine("m", change(Role::Developer, false))).then(&[]);
    given(&added).when(machine("m", change(Role::Viewer, true))).then(&[machine_changed(
        "m",
        Role::Viewer,
        true,
    )]);
    let removed = TenantEvent::MachineRemoved(MachineRemoved { user: user("m") });
    given(&added).when(machine("m", MachineCommand::Remove)).then(&[removed]);
    for command in [MachineCommand::Remove, change(Role::Viewer, false)] {
        given(&acme(&[]))
            .when(machine("m", command))
            .then_rejected(TenantRejection::NoMachine { user: user("m") });
    }
}

#[test]
fn service_accounts_have_names_of_their_own_and_a_bound_and_never_run_the_platform() {
    let one = acme(&[machine_added("a", Role::Viewer)]);
    let taken = TenantRejection::MachineNameTaken { name: name("a") };
    given(&one).when(machine("b", add_machine("a", Role::Viewer))).then_rejected(taken.clone());
    let two = acme(&[machine_added("a", Role::Viewer), machine_added("b", Role::Viewer)]);
    let too_many = TenantRejection::TooManyMachines { machines_max: 2 };
    given(&two).when(machine("c", add_machine("c", Role::Viewer))).then_rejected(too_many);
    let rename = MachineCommand::Change(Machine { name: name("a"), role: Role::Viewer, disabled: false });
    given(&two).when(machine("b", rename)).then_rejected(taken);
    let reserved = TenantRejection::SuperadminReserved;
    given(&one).when(machine("b", add_machine("b", Role::Superadmin))).then_rejected(reserved.clone());
    let raise = MachineCommand::Change(Machine { name: name("a"), role: Role::Superadmin, disabled: false });
    given(&one).when(machine("a", raise)).then_rejected(reserved);
}

#[test]
fn a_service_account_is_not_the_administrator_that_a_tenant_has_to_have() {
    let with_machine = acme(&[machine_added("m", Role::Admin)]);
    let last = TenantRejection::LastAdministrator;
    given(&with_machine).when(remove("admin")).then_rejected(last.clone());
    given(&with_machine).when(change_role("admin", Role::Viewer)).then_rejected(last);
    given(&with_machine).when(remove("m")).then_rejected(TenantRejection::NotMember { user: user("m") });
}

#[test]
fn a_disabled_service_account_has_no_role() {
    let mut state = None;
    for event in acme(&[machine_added("m", Role::Developer)]) {
        evolve(&mut state, &event);
    }
    assert_eq!(state.as_ref().unwrap().role_of(user("m")), Some(Role::Developer));
    evolve(&mut state, &machine_changed("m", Role::Developer, true));
    assert_eq!(state.as_ref().unwrap().role_of(user("m")), None);
    evolve(&mut state, &machine_changed("m", Role::Viewer, false));
    assert_eq!(state.as_ref().unwrap().role_of(user("m")), Some(Role::Viewer));
}
