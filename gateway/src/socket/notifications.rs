//! What the people of a tenant should know: notes of the hub, and errors as they come in.
//!
//! Invariant: a person sees notes of his own tenant, for all or for himself; errors are shown up to a rate, and the rest is
//! counted. It decides nothing about notes: whoever tells the hub does.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use antler_actors::live::queue::{Gap, QueueBounds, Told};
use antler_actors::live::request::{Begin, Subscription, TailRequest};
use antler_events::line::{Level, Role};
use antler_events::query::tree::{FieldName, Filter, Scalar, Test};
use axum::extract::ws::Utf8Bytes;
use serde_json::Value;
use std::ops::Bound;
use tokio::time::{Interval, MissedTickBehavior};

use super::connection::{Connection, Due, End};
use super::frames::EventFrames;
use super::hub::{Listener, Topic};
use super::messages::{Heard, Said};

/// Errors that are shown in a second.
const EVENTS_PER_SECOND: u32 = 10;
/// Errors that wait for one socket.
const QUEUE: QueueBounds = QueueBounds { frames_max: 50, bytes_max: 128 << 10 };

/// `user`: whose notes are asked for, if the address says so.
pub(super) async fn serve(connection: &mut Connection, user: Option<&str>) -> End {
    let own = connection.caller.user();
    if user.is_some_and(|user| user != own.as_str()) {
        return End::Forbidden("these are the notifications of somebody else".to_owned());
    }
    match Notifications::begin(connection).await {
        Ok(mut notifications) => match notifications.go_on(connection).await {
            Ok(never) => match never {},
            Err(end) => end,
        },
        Err(end) => end,
    }
}

struct Notifications {
    topics: BTreeSet<Topic>,
    listener: Listener,
    errors: TailRequest,
    /// None while errors are not wanted, or their tail has ended.
    tail: Option<Subscription>,
    /// Errors that may be shown before the next second begins.
    allowance: u32,
    every: Interval,
}

/// What happens next.
enum Next {
    Due(Due),
    Note(Topic, Utf8Bytes),
    Told(Told),
    Second,
}

impl Notifications {
    async fn begin(connection: &mut Connection) -> Result<Self, End> {
        connection.check_streams()?;
        let caller = &connection.caller;
        let listener = connection.sockets.hub.listen(caller.tenant, caller.user());
        let errors = TailRequest::new(errors(), Arc::new(EventFrames), Begin::Now, QUEUE);
        let errors = errors.map_err(|error| End::Failed(error.to_string()))?;
        let mut every = tokio::time::interval(Duration::from_secs(1));
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let topics = BTreeSet::from(Topic::ALL);
        let mut notifications =
            Self { topics, listener, errors, tail: None, allowance: EVENTS_PER_SECOND, every };
        notifications.follow(connection).await;
        let hello = connection.hello(Vec::new());
        connection.say(&hello).await?;
        Ok(notifications)
    }

    async fn go_on(&mut self, connection: &mut Connection) -> Result<Infallible, End> {
        loop {
            match self.next(connection).await {
                Next::Due(Due::Stop) => {
                    let message = "the server is stopping; connect again in a moment".to_owned();
                    let note = Said::System { code: "stopping", message, count: None };
                    connection.say_last(&note).await;
                    return Err(End::Stopping);
                }
                Next::Due(due) => {
                    if let Some(heard) = connection.attend(due).await? {
                        self.answer(connection, heard).await?;
                    }
                }
                Next::Note(topic, note) => self.pass_on(connection, topic, note).await?,
                Next::Told(told) => self.tell(connection, told).await?,
                Next::Second => {
                    self.allowance = EVENTS_PER_SECOND;
                    if self.tail.is_none() {
                        self.follow(connection).await;
                    }
                }
            }
        }
    }

    async fn next(&mut self, connection: &mut Connection) -> Next {
        let wants_errors = self.topics.contains(&Topic::LogEvent);
        let waits = wants_errors && (self.allowance < EVENTS_PER_SECOND || self.tail.is_none());
        let told = async {
            match &self.tail {
                Some(tail) if self.allowance > 0 => tail.next().await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            due = connection.due() => Next::Due(due),
            _ = self.every.tick(), if waits => Next::Second,
            (topic, note) = self.listener.next() => Next::Note(topic, note),
            told = told => Next::Told(told),
        }
    }

    /// Begins to follow errors, if they are wanted. If that fails it is tried again later.
    async fn follow(&mut self, connection: &mut Connection) {
        self.tail = None;
        if self.topics.contains(&Topic::LogEvent) {
            match connection.sockets.system.tail(connection.caller.tenant, &self.errors).await {
                Ok(tail) => self.tail = Some(tail),
                Err(error) => tracing::debug!(%error, "errors cannot be followed now"),
            }
        }
    }

    async fn answer(&mut self, connection: &mut Connection, heard: Heard) -> Result<(), End> {
        match heard.kind.as_str() {
            "ping" => connection.pong().await,
            "subscribe" => match topics(&heard) {
                Ok(topics) => {
                    self.topics = topics;
                    self.follow(connection).await;
                    let topics = self.topics.iter().map(|topic| topic.name()).collect();
                    connection.say(&Said::SubscriptionUpdated { topics }).await
                }
                Err(said) => connection.say(&said).await,
            },
            _ => connection.say(&heard.unknown("ping and subscribe")).await,
        }
    }

    async fn pass_on(&self, connection: &mut Connection, topic: Topic, note: Utf8Bytes) -> Result<(), End> {
        if self.topics.contains(&topic) {
            connection.send_all([note]).await?;
        }
        match self.listener.missed() {
            0 => Ok(()),
            missed => {
                let message = format!("{missed} notifications came faster than they were read, and are lost");
                connection.say(&left_out("notifications_left_out", message, missed)).await
            }
        }
    }

    async fn tell(&mut self, connection: &mut Connection, told: Told) -> Result<(), End> {
        match told {
            Told::Frame(frame) => {
                self.allowance -= 1;
                connection.send_frames([frame.bytes]).await
            }
            Told::Gap(Gap { count, .. }) => {
                let count = count.unwrap_or_default();
                let message = format!("{count} more errors came in than can be shown one by one");
                connection.say(&left_out("log_events_left_out", message, count)).await
            }
            Told::Ended => {
                self.tail = None;
                Ok(())
            }
        }
    }
}

fn left_out(code: &'static str, message: String, count: u64) -> Said {
    Said::System { code, message, count: Some(count) }
}

/// Lines that are errors, or worse.
fn errors() -> Filter {
    let from = |level| Bound::Included(Scalar::Level(level));
    Filter::is(FieldName::Role(Role::Level), Test::Range(from(Level::Error), from(Level::Critical)))
}

/// Which topics a client wants; all if it names none.
fn topics(heard: &Heard) -> Result<BTreeSet<Topic>, Said> {
    let named = ["topics", "types", "channels"].into_iter().find_map(|name| heard.rest.get(name));
    let named = match named {
        None | Some(Value::Null) => return Ok(BTreeSet::from(Topic::ALL)),
        Some(Value::Array(named)) => named.iter().collect(),
        Some(one) => vec![one],
    };
    let topic = |name: &Value| {
        let found = name.as_str().and_then(|name| Topic::ALL.into_iter().find(|topic| topic.name() == name));
        let known = || Topic::ALL.map(Topic::name).join(", ");
        found.ok_or_else(|| {
            Said::wrong("invalid_parameter", format!("there is no such topic; the topics are {}", known()))
        })
    };
    named.into_iter().map(topic).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_those_that_are_named_or_all() {
        let read = |text: &str| topics(&Heard::read(text).unwrap());
        let names = |text: &str| read(text).unwrap().iter().map(|topic| topic.name()).collect::<Vec<_>>();
        assert_eq!(names(r#"{"type":"subscribe"}"#).len(), 4);
        assert_eq!(names(r#"{"type":"subscribe","topics":["system","alert"]}"#), ["alert", "system"]);
        assert_eq!(names(r#"{"type":"subscribe","channels":"alert"}"#), ["alert"]);
        let refused = read(r#"{"type":"subscribe","topics":["nope"]}"#).unwrap_err().text();
        assert!(refused.contains("the topics are alert, log_event, system, upload_status"), "{refused}");
    }
}
