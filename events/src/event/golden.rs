//! The golden files: the bytes of every version of every control event, as the log holds them.
//!
//! Invariant: a golden file never changes, and every schema in `types.rs` has one. To add one, add its
//! sample below, run the test, and write the bytes that it prints. It writes no files itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use antler_config::limits::AccountLimits;

use super::asked::{Asked, Syntax};
use super::audit::{Deed, DeedNoted, LoginsFailed};
use super::key::{KeyChanged, KeyCreated, KeyEvent, KeySecretReplaced};
use super::mail::{MailEvent, MailGivenUp, MailKind, MailPromised};
use super::member::profile::{Prose, TimeZone, WebAddress};
use super::member::wire::{AlertThresholdV1, ThemeV1};
use super::member::{
    AccountClosed, AccountOpened, EmailVerified, MemberEvent, PasswordChanged, Profile, SessionsRevoked,
};
use super::name::{NameClaimed, NameEvent};
use super::samples::{
    LATER, NOW, SECRET, cause, email, key, name, password, tenant, upload_received, user, username,
};
use super::search::{SearchContent, SearchSaved};
use super::session::wire::SessionOpenedV1;
use super::session::{SessionEndReason, SessionEnded, SessionEvent, SessionOpened, SessionRenewed};
use super::tenant::wire::{TenantLimitsSetV1, TenantLimitsSetV2, TenantLimitsSetV3};
use super::tenant::{
    ErasureBegun, MachineAdded, MachineChanged, MachineRemoved, MemberInvited, MemberJoined, MemberRemoved,
    MemberRoleChanged, StreamRetention, TenantErased, TenantEvent, TenantLimitsSet, TenantRegistered,
    TenantRenamed, TenantRetention, TenantSuspended,
};
use super::upload::{UploadCounts, UploadFailed, UploadFinished, UploadProblem};
use super::*;
use crate::access::{Role, Scope, StreamPattern, StreamPatterns};
use crate::codec::CodecId;
use crate::wire::{ChainHash, EventType};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/event/golden");
/// The golden files that the tests of `lines.rs` and `note.rs` are about.
const LINES: [&str; 9] = [
    "lines_ingested_v1.bin",
    "lines_rejected_v1.bin",
    "event_set_aside_v1.bin",
    "request_answered_v1.bin",
    "searched_v1.bin",
    "searches_forgotten_v1.bin",
    "letters_dropped_v1.bin",
    "keys_used_v1.bin",
    "tenant_forgotten_v1.bin",
];

/// A version of an event: its bytes, and the event that is read from them today.
struct Sample {
    subject: Subject,
    entry: Entry,
    schema: u16,
    body: Vec<u8>,
    event: ControlEvent,
}

impl Sample {
    fn envelope(&self) -> Envelope {
        Envelope {
            codec: CodecId::BincodeZstd,
            event_type: self.entry.event_type,
            schema: SchemaVersion(self.schema),
            partition: PartitionId::new(3),
            offset: Offset::new(99),
            recorded_at: NOW,
            subject: self.subject,
            previous: ChainHash::START,
            body_stored: self.body.len() as u32,
            body_raw: self.body.len() as u32,
            body_crc: 0,
        }
    }

    fn file(&self) -> String {
        format!("{}_v{}.bin", self.entry.name, self.schema)
    }

    fn path(&self) -> PathBuf {
        Path::new(FOLDER).join(self.file())
    }
}

fn tenant_events() -> Vec<ControlEvent> {
    let (user, email) = (user("u1"), email("admin@acme.example"));
    let events = [
        TenantEvent::Registered(TenantRegistered { name: name("Acme"), founder: user, email: email.clone() }),
        TenantEvent::Renamed(TenantRenamed { name: name("Größe & Söhne") }),
        TenantEvent::LimitsSet(TenantLimitsSet {
            lines_per_day: 1 << 40,
            bytes_per_day: 1 << 50,
            retention_days: 30,
            seats: 250,
            calls_per_hour: 1 << 30,
            streams_max: 1 << 20,
        }),
        TenantEvent::RetentionSet(TenantRetention {
            days: Some(30),
            streams: vec![StreamRetention {
                stream: StreamPattern::parse("logs-*-pt", &AccountLimits::default()).unwrap(),
                days: 365,
            }],
        }),
        TenantEvent::Suspended(TenantSuspended { reason: name("unpaid") }),
        TenantEvent::Resumed,
        TenantEvent::Closed,
        TenantEvent::MemberInvited(MemberInvited {
            user,
            email,
            role: Role::SecurityAdmin,
            secret: SECRET,
            expires_at: LATER,
        }),
        TenantEvent::MemberJoined(MemberJoined { user }),
        TenantEvent::MemberRoleChanged(MemberRoleChanged { user, role: Role::Developer }),
        TenantEvent::MemberRemoved(MemberRemoved { user }),
        TenantEvent::MachineAdded(MachineAdded { user, name: name("shipper"), role: Role::Developer }),
        TenantEvent::MachineChanged(MachineChanged {
            user,
            name: name("shipper 2"),
            role: Role::Viewer,
            disabled: true,
        }),
        TenantEvent::MachineRemoved(MachineRemoved { user }),
        TenantEvent::ErasureBegun(ErasureBegun {
            at: NOW,
            lines: 1 << 33,
            bytes: 1 << 41,
            files: 3,
            members: 250,
            dead_letters: 7,
        }),
        TenantEvent::Erased(TenantErased {
            receipt: "{\"tenant\":\"acme\"}".to_owned(),
            key: [7; 32],
            signature: vec![9; 64],
        }),
    ];
    events.map(ControlEvent::Tenant).into()
}

fn member_events() -> Vec<ControlEvent> {
    let events = [
        MemberEvent::AccountOpened(AccountOpened {
            username: username("Admin"),
            email: email("admin@acme.example"),
            password: password("c2FsdA"),
        }),
        MemberEvent::PasswordChanged(PasswordChanged { password: password("bmV3"), epoch: 1 }),
        MemberEvent::SessionsRevoked(SessionsRevoked { epoch: 300 }),
        MemberEvent::AccountClosed(AccountClosed { epoch: 3 }),
        MemberEvent::ProfileChanged(Profile {
            first_name: Some(name("Ann")),
            last_name: None,
            avatar: Some(WebAddress::parse("https://acme.example/a.png", &AccountLimits::default()).unwrap()),
            bio: Some(Prose::parse("one\ntwo", &AccountLimits::default()).unwrap()),
            theme: ThemeV1::Dark,
            timezone: Some(TimeZone::parse("Europe/Lisbon").unwrap()),
            email: true,
            browser: false,
            slack: true,
            default_dashboard: Some(name("home")),
            email_alerts: false,
            push_notifications: true,
            alert_threshold: AlertThresholdV1::High,
            metadata: [(name("desk"), name("4.12"))].into(),
        }),
        MemberEvent::EmailVerified(EmailVerified { email: email("admin@acme.example") }),
    ];
    events.map(|event| ControlEvent::Member(user("u1"), event)).into()
}

fn key_events() -> Vec<ControlEvent> {
    let streams = StreamPatterns::parse(["logs-*-pt", "audit"], &AccountLimits::default()).unwrap();
    let events = [
        KeyEvent::Created(KeyCreated {
            name: name("ci"),
            owner: user("u1"),
            secret: SECRET,
            scopes: [Scope::Read, Scope::Ingest].into(),
            streams: streams.clone(),
            expires_at: Some(LATER),
        }),
        KeyEvent::Revoked,
        KeyEvent::Changed(KeyChanged {
            name: name("deploy"),
            scopes: [Scope::Write].into(),
            streams,
            expires_at: None,
        }),
        KeyEvent::SecretReplaced(KeySecretReplaced { secret: SECRET }),
    ];
    events.map(|event| ControlEvent::Key(key(), event)).into()
}

fn name_events() -> Vec<ControlEvent> {
    let key = NameKey::parse("n1").unwrap();
    let claimed = NameClaimed { tenant: tenant(), user: user("u1"), at: NOW };
    [NameEvent::Claimed(claimed), NameEvent::Released].map(|event| ControlEvent::Name(key, event)).into()
}

fn session_events() -> Vec<ControlEvent> {
    let session = SessionId::parse("s1").unwrap();
    let events = [
        SessionEvent::Opened(SessionOpened {
            user: user("u1"),
            epoch: 3,
            token: SECRET,
            expires_at: LATER,
            address: Some([192, 0, 2, 9].into()),
            agent: Some(name("curl/8.5")),
        }),
        SessionEvent::Renewed(SessionRenewed { token: SECRET, expires_at: LATER }),
        SessionEvent::Ended(SessionEnded { reason: SessionEndReason::PasswordChanged }),
    ];
    events.map(|event| ControlEvent::Session(session, event)).into()
}

fn search_events() -> Vec<ControlEvent> {
    let filters =
        [("level".to_owned(), vec!["error".to_owned()]), ("from".to_owned(), vec!["now-1h".to_owned()])];
    let content = SearchContent {
        name: name("Größe errors"),
        description: "what broke".to_owned(),
        asked: Asked { query: "lane:${lane}".to_owned(), syntax: Syntax::Lucene, filters: filters.into() },
        columns: vec!["message".to_owned(), "host".to_owned()],
        is_shared: true,
        is_template: true,
    };
    let events = [
        SearchEvent::Saved(SearchSaved { owner: user("u1"), content: content.clone() }),
        SearchEvent::Changed(SearchContent { is_shared: false, ..content }),
        SearchEvent::Deleted,
    ];
    let search = SearchId::parse("q1").unwrap();
    events.map(|event| ControlEvent::Search(search, event)).into()
}

fn upload_events() -> Vec<ControlEvent> {
    let received = upload_received();
    let problem = UploadProblem { line: 3, code: "invalid_json".to_owned(), message: "no value".to_owned() };
    let counts = UploadCounts { items: 300, indexed: 299, failed: 1, problems: vec![problem] };
    let failed = UploadFailed {
        counts: counts.clone(),
        code: "damaged_file".to_owned(),
        message: "the file is not whole gzip".to_owned(),
    };
    let events = [
        UploadEvent::Received(received.clone()),
        UploadEvent::Progressed(counts.clone()),
        UploadEvent::Finished(UploadFinished { counts, took_ms: 1_500 }),
        UploadEvent::Failed(failed),
        UploadEvent::Cancelled,
        UploadEvent::Retried,
        UploadEvent::Edited(received.labels),
        UploadEvent::Deleted,
    ];
    let upload = UploadId::parse("f1").unwrap();
    events.map(|event| ControlEvent::Upload(upload, event)).into()
}

fn audit_events() -> Vec<ControlEvent> {
    let events = [
        AuditEvent::LoginsFailed(LoginsFailed { user: user("u1"), count: 700, since: NOW }),
        AuditEvent::DeedNoted(DeedNoted { deed: Deed::LettersDropped, object: "17".to_owned(), count: 3 }),
    ];
    events.map(ControlEvent::Audit).into()
}

/// Every event in its newest schema, as `record` writes it.
fn mail_events() -> Vec<ControlEvent> {
    let promised = MailPromised {
        kind: MailKind::PasswordReset,
        user: user("u1"),
        to: email("admin@acme.example"),
        epoch: 300,
        at: NOW,
        expires_at: LATER,
    };
    let events = [
        MailEvent::Promised(promised),
        MailEvent::Sent,
        MailEvent::GivenUp(MailGivenUp { reason: name("no such mailbox") }),
    ];
    events.map(|event| ControlEvent::Mail(MailId::parse("m1").unwrap(), event)).into()
}

/// Every event in its newest schema.
pub(super) fn newest_events() -> Vec<ControlEvent> {
    let events = [
        tenant_events(),
        member_events(),
        key_events(),
        name_events(),
        session_events(),
        search_events(),
        upload_events(),
        mail_events(),
        audit_events(),
    ];
    events.concat()
}

fn newest() -> Vec<Sample> {
    let sample = |event: ControlEvent| {
        let recorded = event.record(tenant(), &cause(), NOW).unwrap();
        let entry = types::find(recorded.event_type).unwrap();
        let (subject, schema, body) = (recorded.subject, recorded.schema.0, recorded.body.to_vec());
        Sample { subject, entry, schema, body, event }
    };
    newest_events().into_iter().map(sample).collect()
}

/// Schemas that are no longer written, and what is made of them.
fn older() -> Vec<Sample> {
    let limits_v1 = TenantLimitsSetV1 { lines_per_day: 1 << 40, retention_days: 30, seats: 250 };
    let limits_v2 =
        TenantLimitsSetV2 { lines_per_day: 1 << 40, bytes_per_day: 1 << 50, retention_days: 30, seats: 250 };
    let limits_v3 = TenantLimitsSetV3 { calls_per_hour: 1 << 30, ..limits_v2.clone().into() };
    let limits = |bytes_per_day, calls_per_hour| TenantLimitsSet {
        lines_per_day: 1 << 40,
        bytes_per_day,
        retention_days: 30,
        seats: 250,
        calls_per_hour,
        streams_max: u64::MAX,
    };
    let session = SessionId::parse("s1").unwrap();
    let opened_v1 = SessionOpenedV1 { user: user("u1"), epoch: 3, token: SECRET, expires_at: LATER };
    let opened = SessionOpened::from(opened_v1);
    assert_eq!((opened.address, &opened.agent), (None, &None));
    vec![
        Sample {
            subject: Subject::control(tenant(), Aggregate::Tenant),
            entry: types::TENANT_LIMITS_SET,
            schema: 1,
            body: stored::write(&cause(), &limits_v1).unwrap().into(),
            event: ControlEvent::Tenant(TenantEvent::LimitsSet(limits(u64::MAX, u64::MAX))),
        },
        Sample {
            subject: Subject::control(tenant(), Aggregate::Tenant),
            entry: types::TENANT_LIMITS_SET,
            schema: 2,
            body: stored::write(&cause(), &limits_v2).unwrap().into(),
            event: ControlEvent::Tenant(TenantEvent::LimitsSet(limits(1 << 50, u64::MAX))),
        },
        Sample {
            subject: Subject::control(tenant(), Aggregate::Tenant),
            entry: types::TENANT_LIMITS_SET,
            schema: 3,
            body: stored::write(&cause(), &limits_v3).unwrap().into(),
            event: ControlEvent::Tenant(TenantEvent::LimitsSet(limits(1 << 50, 1 << 30))),
        },
        Sample {
            subject: Subject::control(tenant(), Aggregate::Session(session)),
            entry: types::SESSION_OPENED,
            schema: 1,
            body: stored::write(&cause(), &opened_v1).unwrap().into(),
            event: ControlEvent::Session(session, SessionEvent::Opened(opened)),
        },
    ]
}

fn all() -> Vec<Sample> {
    newest().into_iter().chain(older()).collect()
}

#[test]
fn every_version_has_its_golden_bytes() {
    let mut wrong = String::new();
    for sample in all() {
        let golden = std::fs::read(sample.path()).unwrap_or_default();
        if golden != sample.body {
            let hex: String = sample.body.iter().map(|byte| format!("{byte:02x}")).collect();
            wrong += &format!("{} is missing or differs from {hex}\n", sample.file());
        }
    }
    assert!(wrong.is_empty(), "a version that was released keeps its bytes:\n{wrong}");
}

#[test]
fn every_golden_file_has_its_sample() {
    let entries = std::fs::read_dir(FOLDER).unwrap();
    let files: BTreeSet<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let samples = all().iter().map(Sample::file).chain(LINES.map(str::to_owned)).collect();
    assert_eq!(files, samples);
}

#[test]
fn every_golden_file_is_read_as_the_event_of_today() {
    for sample in all() {
        let golden = std::fs::read(sample.path()).unwrap();
        let event = decode(&sample.envelope(), &golden.into()).unwrap();
        assert_eq!(
            event,
            Event::Control { cause: cause(), event: sample.event.clone() },
            "{}",
            sample.file()
        );
    }
}

#[test]
fn every_schema_of_the_list_has_a_sample() {
    let samples = all();
    let listed = types::ALL.iter().filter(|entry| entry.event_type >= types::TENANT_REGISTERED.event_type);
    for (entry, schema) in listed.flat_map(|entry| (1..=entry.newest.0).map(move |schema| (entry, schema))) {
        let found = samples.iter().any(|sample| sample.entry == *entry && sample.schema == schema);
        assert!(found, "{}_v{schema} has no sample", entry.name);
    }
}

#[test]
fn a_cut_or_lengthened_body_is_an_error_that_names_the_event() {
    for sample in all() {
        let mut body = sample.body.clone();
        for cut in 0..body.len() {
            assert!(matches!(
                decode(&sample.envelope(), &body[..cut].to_vec().into()),
                Err(EventError::Body { .. })
            ));
        }
        body.push(0);
        let error = decode(&sample.envelope(), &body.into()).unwrap_err().to_string();
        let (name, schema) = (sample.entry.name, sample.schema);
        assert_eq!(error, format!("event 99 of partition 3 does not hold a {name} of schema {schema}"));
    }
}

#[test]
fn an_event_of_a_later_version_is_an_error_that_names_type_and_schema() {
    let sample = newest().remove(0);
    let check = |envelope: Envelope, expected: &str| {
        assert_eq!(decode(&envelope, &sample.body.clone().into()).unwrap_err().to_string(), expected);
    };
    check(
        Envelope { event_type: EventType(999), ..sample.envelope() },
        "event 99 of partition 3 has type 999, which this version does not know",
    );
    for schema in [0, 2] {
        check(
            Envelope { schema: SchemaVersion(schema), ..sample.envelope() },
            &format!(
                "event 99 of partition 3 is a tenant_registered of schema {schema}, \
                 and this version reads schemas 1 to 1"
            ),
        );
    }
}

#[test]
fn an_event_on_a_foreign_subject_is_an_error() {
    let subjects = [
        Subject::lines(tenant()),
        Subject::control(tenant(), Aggregate::Tenant),
        Subject::control(tenant(), Aggregate::Member(user("u1"))),
        Subject::control(tenant(), Aggregate::Key(key())),
        Subject::control(tenant(), Aggregate::Name(NameKey::parse("n1").unwrap())),
        Subject::control(tenant(), Aggregate::Session(SessionId::parse("s1").unwrap())),
        Subject::control(tenant(), Aggregate::Search(SearchId::parse("q1").unwrap())),
        Subject::control(tenant(), Aggregate::Upload(UploadId::parse("f1").unwrap())),
        Subject::control(tenant(), Aggregate::Audit),
    ];
    for sample in all() {
        for subject in subjects.into_iter().filter(|subject| *subject != sample.subject) {
            let envelope = Envelope { subject, ..sample.envelope() };
            let error = decode(&envelope, &sample.body.clone().into()).unwrap_err();
            assert!(matches!(error, EventError::Misplaced { .. }), "{error}");
        }
    }
}
