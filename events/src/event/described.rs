//! What an event says of whom, for an audit: an action, the thing it was done to, and that thing's values from then on.
//!
//! Invariant: no secret and no hash of one is among the values, of no event; a test goes through all of them. It does not
//! know what the values were before: whoever follows the events does.

use serde::{Deserialize, Serialize};

use super::ControlEvent;
use super::audit::{AuditEvent, Deed, DeedNoted, LoginsFailed};
use super::key::{KeyChanged, KeyCreated, KeyEvent};
use super::mail::{MailEvent, MailGivenUp, MailPromised};
use super::member::{MemberEvent, Profile};
use super::name::{NameClaimed, NameEvent};
use super::search::{SearchContent, SearchEvent};
use super::session::{SessionEndReason, SessionEnded, SessionEvent, SessionOpened, SessionRenewed};
use super::tenant::{
    ErasureBegun, MachineAdded, MachineChanged, StreamRetention, TenantEvent, TenantLimitsSet,
    TenantRetention,
};
use super::upload::{UploadCounts, UploadEvent, UploadLabels, UploadReceived};
use crate::access::{Scope, StreamPattern};
use crate::clock::Timestamp;
use crate::identity::DisplayName;

/// A value of a thing. A view stores it, so new kinds only come at the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    Nothing,
    Flag(bool),
    Whole(u64),
    Moment(Timestamp),
    Text(String),
    List(Vec<String>),
}

/// Values by their names.
pub type Values = Vec<(&'static str, Value)>;

/// What becomes of the thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// It has these values from now on, and keeps its others.
    Sets(Values),
    /// It is gone.
    Removes,
    /// The event says this, and the thing stays as it is.
    Says(Values),
}

/// An event in the words of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// If the event's own name does not say it.
    pub action: Option<&'static str>,
    pub kind: &'static str,
    pub id: String,
    pub effect: Effect,
}

impl ControlEvent {
    pub fn described(&self) -> Described {
        let of = |kind, id: &str, effect| Described { action: None, kind, id: id.to_owned(), effect };
        match self {
            Self::Tenant(event) => of_tenant(event),
            Self::Member(user, event) => of("member", user.as_str(), of_account(event)),
            Self::Key(key, event) => of("key", key.as_str(), of_key(event)),
            Self::Name(name, event) => of("name", name.as_str(), of_name(event)),
            Self::Session(session, event) => of("session", session.as_str(), of_session(event)),
            Self::Search(search, event) => of("search", search.as_str(), of_search(event)),
            Self::Upload(upload, event) => of("upload", upload.as_str(), of_upload(event)),
            Self::Mail(mail, event) => of("mail", mail.as_str(), of_mail(event)),
            Self::Audit(AuditEvent::LoginsFailed(LoginsFailed { user, count, since })) => {
                let says = vec![("count", Value::Whole(*count)), ("since", Value::Moment(*since))];
                of("member", user.as_str(), Effect::Says(says))
            }
            Self::Audit(AuditEvent::DeedNoted(DeedNoted { deed, object, count })) => {
                let says = vec![("count", Value::Whole(*count))];
                let kind = if *deed == Deed::QuotaWarned { "quota" } else { "request" };
                Described { action: Some(deed.as_str()), ..of(kind, object, Effect::Says(says)) }
            }
        }
    }
}

fn of_tenant(event: &TenantEvent) -> Described {
    let of = |kind, id: &str, effect| Described { action: None, kind, id: id.to_owned(), effect };
    let itself = |values| of("tenant", "", Effect::Sets(values));
    let standing = |word: &str| ("standing", text(word));
    match event {
        TenantEvent::Registered(registered) => itself(vec![
            ("name", text(registered.name.as_str())),
            standing("active"),
            ("founder", text(registered.founder.as_str())),
        ]),
        TenantEvent::Renamed(renamed) => itself(vec![("name", text(renamed.name.as_str()))]),
        TenantEvent::LimitsSet(limits) => itself(of_limits(limits)),
        TenantEvent::Suspended(suspended) => {
            itself(vec![standing("suspended"), ("reason", text(suspended.reason.as_str()))])
        }
        TenantEvent::Resumed => itself(vec![standing("active"), ("reason", Value::Nothing)]),
        TenantEvent::Closed => itself(vec![standing("closed"), ("reason", Value::Nothing)]),
        TenantEvent::MemberInvited(invited) => {
            let values = vec![
                ("email", text(invited.email.as_str())),
                ("role", text(invited.role.as_str())),
                ("joined", Value::Flag(false)),
                ("invited_until", Value::Moment(invited.expires_at)),
            ];
            of("member", invited.user.as_str(), Effect::Sets(values))
        }
        TenantEvent::MemberJoined(joined) => {
            let values = vec![("joined", Value::Flag(true)), ("invited_until", Value::Nothing)];
            of("member", joined.user.as_str(), Effect::Sets(values))
        }
        TenantEvent::MemberRoleChanged(changed) => {
            let values = vec![("role", text(changed.role.as_str()))];
            of("member", changed.user.as_str(), Effect::Sets(values))
        }
        TenantEvent::MemberRemoved(removed) => of("member", removed.user.as_str(), Effect::Removes),
        TenantEvent::RetentionSet(retention) => itself(of_retention(retention)),
        TenantEvent::MachineAdded(MachineAdded { user, name, role }) => {
            let values = vec![("name", text(name.as_str())), ("role", text(role.as_str()))];
            of("service_account", user.as_str(), Effect::Sets(values))
        }
        TenantEvent::MachineChanged(MachineChanged { user, name, role, disabled }) => {
            let values = vec![
                ("name", text(name.as_str())),
                ("role", text(role.as_str())),
                ("disabled", Value::Flag(*disabled)),
            ];
            of("service_account", user.as_str(), Effect::Sets(values))
        }
        TenantEvent::MachineRemoved(removed) => of("service_account", removed.user.as_str(), Effect::Removes),
        TenantEvent::ErasureBegun(begun) => of("tenant", "", Effect::Says(of_erasure(begun))),
        TenantEvent::Erased(erased) => itself(vec![standing("erased"), ("receipt", text(&erased.receipt))]),
    }
}

fn of_retention(retention: &TenantRetention) -> Values {
    let TenantRetention { days, streams } = retention;
    let stream = |of: &StreamRetention| format!("{}={}", of.stream.as_str(), of.days);
    vec![
        ("kept_days", days.map_or(Value::Nothing, |days| Value::Whole(days.into()))),
        ("kept_streams", Value::List(streams.iter().map(stream).collect())),
    ]
}

fn of_erasure(begun: &ErasureBegun) -> Values {
    let ErasureBegun { at: _, lines, bytes, files, members, dead_letters } = *begun;
    vec![
        ("lines", Value::Whole(lines)),
        ("bytes", Value::Whole(bytes)),
        ("files", Value::Whole(files)),
        ("members", Value::Whole(members)),
        ("dead_letters", Value::Whole(dead_letters)),
    ]
}

fn of_limits(limits: &TenantLimitsSet) -> Values {
    let TenantLimitsSet { lines_per_day, bytes_per_day, retention_days, seats, calls_per_hour, streams_max } =
        *limits;
    vec![
        ("lines_per_day", Value::Whole(lines_per_day)),
        ("bytes_per_day", Value::Whole(bytes_per_day)),
        ("retention_days", Value::Whole(retention_days.into())),
        ("seats", Value::Whole(seats.into())),
        ("api_calls_per_hour", Value::Whole(calls_per_hour)),
        ("streams_max", Value::Whole(streams_max)),
    ]
}

fn of_account(event: &MemberEvent) -> Effect {
    match event {
        MemberEvent::AccountOpened(opened) => Effect::Sets(vec![
            ("username", text(opened.username.as_str())),
            ("email", text(opened.email.as_str())),
        ]),
        MemberEvent::PasswordChanged(_) | MemberEvent::SessionsRevoked(_) => Effect::Says(Vec::new()),
        MemberEvent::ProfileChanged(profile) => Effect::Sets(of_profile(profile)),
        MemberEvent::EmailVerified(_) => Effect::Sets(vec![("email_verified", Value::Flag(true))]),
        MemberEvent::AccountClosed(_) => Effect::Sets(vec![("closed", Value::Flag(true))]),
    }
}

/// What others see of a person, and which entries of its own it keeps; not what stands in these.
fn of_profile(profile: &Profile) -> Values {
    let name = |name: &Option<DisplayName>| name.as_ref().map_or(Value::Nothing, |name| text(name.as_str()));
    vec![
        ("first_name", name(&profile.first_name)),
        ("last_name", name(&profile.last_name)),
        ("avatar", profile.avatar.as_ref().map_or(Value::Nothing, |avatar| text(avatar.as_str()))),
        ("bio", profile.bio.as_ref().map_or(Value::Nothing, |bio| text(bio.as_str()))),
        ("email_alerts", Value::Flag(profile.email_alerts)),
        ("push_notifications", Value::Flag(profile.push_notifications)),
        ("metadata", list(profile.metadata.keys().map(DisplayName::as_str))),
    ]
}

fn of_key(event: &KeyEvent) -> Effect {
    match event {
        KeyEvent::Created(created) => {
            let KeyCreated { name, owner, secret: _, scopes, streams, expires_at } = created.clone();
            let mut values = of_key_content(&KeyChanged { name, scopes, streams, expires_at });
            values.push(("owner", text(owner.as_str())));
            Effect::Sets(values)
        }
        KeyEvent::Changed(changed) => Effect::Sets(of_key_content(changed)),
        KeyEvent::SecretReplaced(_) => Effect::Says(Vec::new()),
        KeyEvent::Revoked => Effect::Sets(vec![("revoked", Value::Flag(true))]),
    }
}

fn of_key_content(changed: &KeyChanged) -> Values {
    let KeyChanged { name, scopes, streams, expires_at } = changed;
    vec![
        ("name", text(name.as_str())),
        ("scopes", list(scopes.iter().copied().map(Scope::as_str))),
        ("streams", list(streams.iter().map(StreamPattern::as_str))),
        ("expires_at", expires_at.map_or(Value::Nothing, Value::Moment)),
    ]
}

fn of_name(event: &NameEvent) -> Effect {
    match event {
        NameEvent::Claimed(NameClaimed { tenant, user, at: _ }) => {
            Effect::Sets(vec![("tenant", text(tenant.as_str())), ("user", text(user.as_str()))])
        }
        NameEvent::Released => Effect::Removes,
    }
}

fn of_session(event: &SessionEvent) -> Effect {
    match event {
        SessionEvent::Opened(opened) => {
            let SessionOpened { user, epoch: _, token: _, expires_at, address, agent } = opened;
            let address = address.map_or(Value::Nothing, |address| Value::Text(address.to_string()));
            Effect::Sets(vec![
                ("user", text(user.as_str())),
                ("expires_at", Value::Moment(*expires_at)),
                ("address", address),
                ("agent", agent.as_ref().map_or(Value::Nothing, |agent| text(agent.as_str()))),
            ])
        }
        SessionEvent::Renewed(SessionRenewed { token: _, expires_at }) => {
            Effect::Sets(vec![("expires_at", Value::Moment(*expires_at))])
        }
        SessionEvent::Ended(SessionEnded { reason }) => {
            let reason = match reason {
                SessionEndReason::LoggedOut => "logged_out",
                SessionEndReason::TokenReused => "token_reused",
                SessionEndReason::PasswordChanged => "password_changed",
                SessionEndReason::Revoked => "revoked",
            };
            Effect::Sets(vec![("ended", text(reason))])
        }
    }
}

fn of_search(event: &SearchEvent) -> Effect {
    match event {
        SearchEvent::Saved(saved) => {
            let mut values = of_search_content(&saved.content);
            values.push(("owner", text(saved.owner.as_str())));
            Effect::Sets(values)
        }
        SearchEvent::Changed(content) => Effect::Sets(of_search_content(content)),
        SearchEvent::Deleted => Effect::Removes,
    }
}

fn of_search_content(content: &SearchContent) -> Values {
    let SearchContent { name, description, asked, columns, is_shared, is_template } = content;
    let filter = |(name, values): (&String, &Vec<String>)| format!("{name}={}", values.join(","));
    vec![
        ("name", text(name.as_str())),
        ("description", text(description)),
        ("query", text(&asked.query)),
        ("syntax", text(asked.syntax.as_str())),
        ("filters", Value::List(asked.filters.iter().map(filter).collect())),
        ("columns", Value::List(columns.clone())),
        ("shared", Value::Flag(*is_shared)),
        ("template", Value::Flag(*is_template)),
    ]
}

fn of_upload(event: &UploadEvent) -> Effect {
    let ended = |stage: &str, counts: &UploadCounts| {
        let mut values = of_counts(counts);
        values.push(("stage", text(stage)));
        values
    };
    Effect::Sets(match event {
        UploadEvent::Received(received) => of_received(received),
        UploadEvent::Progressed(counts) => of_counts(counts),
        UploadEvent::Finished(finished) => ended("finished", &finished.counts),
        UploadEvent::Failed(failed) => {
            let mut values = ended("failed", &failed.counts);
            values.push(("failure", text(&failed.message)));
            values
        }
        UploadEvent::Cancelled => vec![("stage", text("cancelled"))],
        UploadEvent::Retried => vec![("stage", text("open"))],
        UploadEvent::Edited(labels) => of_labels(labels),
        UploadEvent::Deleted => return Effect::Removes,
    })
}

fn of_received(received: &UploadReceived) -> Values {
    let optional = |value: &Option<String>| value.as_deref().map_or(Value::Nothing, text);
    let UploadReceived { owner, file_name, file_bytes, format, source, service, environment, labels, .. } =
        received;
    let mut values = vec![
        ("owner", text(owner.as_str())),
        ("file_name", text(file_name)),
        ("file_bytes", Value::Whole(*file_bytes)),
        ("format", text(format)),
        ("source", optional(source)),
        ("service", optional(service)),
        ("environment", optional(environment)),
        ("stage", text("open")),
    ];
    values.extend(of_labels(labels));
    values
}

fn of_labels(labels: &UploadLabels) -> Values {
    vec![("description", text(&labels.description)), ("tags", Value::List(labels.tags.clone()))]
}

fn of_counts(counts: &UploadCounts) -> Values {
    let UploadCounts { items, indexed, failed, problems: _ } = counts;
    vec![
        ("items", Value::Whole(*items)),
        ("indexed", Value::Whole(*indexed)),
        ("failed", Value::Whole(*failed)),
    ]
}

fn of_mail(event: &MailEvent) -> Effect {
    Effect::Sets(match event {
        MailEvent::Promised(MailPromised { kind, user, to, epoch: _, at: _, expires_at }) => vec![
            ("about", text(kind.as_str())),
            ("user", text(user.as_str())),
            ("to", text(to.as_str())),
            ("link_until", Value::Moment(*expires_at)),
            ("stage", text("waiting")),
        ],
        MailEvent::Sent => vec![("stage", text("sent"))],
        MailEvent::GivenUp(MailGivenUp { reason }) => {
            vec![("stage", text("given_up")), ("failure", text(reason.as_str()))]
        }
    })
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    Value::List(texts.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::golden::newest_events;
    use super::super::types;
    use super::*;

    /// All that is said of an event, as one text.
    fn said(event: &ControlEvent) -> String {
        format!("{:?}", event.described())
    }

    #[test]
    fn no_event_tells_a_secret() {
        let events = newest_events();
        let control = types::ALL.iter().filter(|entry| entry.event_type.0 >= 16).count();
        assert_eq!(events.len(), control, "an event of the list is not looked at");
        for event in &events {
            let said = said(event);
            // The samples have these as their secrets: hashes of tokens, of keys, and of passwords.
            for secret in ["a5a5", "argon2", "aGFzaA", "165, 165", "SecretHash", "PasswordHash"] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }

    #[test]
    fn an_event_names_its_thing_and_what_it_sets() {
        let text = |event: &ControlEvent| {
            let Described { action, kind, id, effect } = event.described();
            format!("{action:?} {kind} {id:?} {effect:?}")
        };
        let said: Vec<String> = newest_events().iter().map(text).collect();
        let check =
            |expected: &str| assert!(said.iter().any(|said| said == expected), "{expected}: {said:#?}");
        check("None tenant \"\" Sets([(\"name\", Text(\"Größe & Söhne\"))])");
        check("None member \"u1\" Sets([(\"role\", Text(\"developer\"))])");
        check("None member \"u1\" Removes");
        check("None member \"u1\" Says([])");
        check("Some(\"dead_letters_dropped\") request \"17\" Says([(\"count\", Whole(3))])");
    }
}
