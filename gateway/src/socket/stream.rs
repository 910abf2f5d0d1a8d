//! The log stream: lines as they come, perhaps after those of the past.
//!
//! Invariant: lines come once and in order, or the client is told which it was not given; a filter that cannot be used
//! leaves the one before in force. While it is paused nothing is sent but a count.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use antler_actors::live::queue::Told;
use antler_actors::live::request::{Begin, Subscription, TailError, TailRequest};
use antler_actors::live::seq::Seq;
use antler_events::ids::TenantId;
use antler_events::query::tree::Filter;
use antler_projections::index::port::SearchError;
use axum::extract::ws::Utf8Bytes;
use serde_json::{Map, Value};
use tokio::time::{Interval, MissedTickBehavior};

use super::Sockets;
use super::connection::{Connection, Due, End, text};
use super::frames::LogFrames;
use super::messages::{Heard, Said};
use super::past::{Page, Past};
use crate::http::error::ApiError;
use crate::http::search::Watched;

/// How often a paused client is told how much there is.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Messages that are sent with one write.
const TOGETHER_MAX: usize = 16;
/// A tail that fails is asked for again so often in the life of a socket.
const FAILURES_MAX: u32 = 20;
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const MESSAGES: &str = "set_filters, pause, resume and ping";

pub(super) async fn serve(connection: &mut Connection, address: &str) -> End {
    match Stream::begin(connection, address).await {
        Ok(mut stream) => match stream.go_on(connection).await {
            Ok(never) => match never {},
            Err(end) => end,
        },
        Err(end) => end,
    }
}

struct Stream {
    frames: LogFrames,
    request: TailRequest,
    feed: Feed,
    is_paused: bool,
    /// What a paused client was told last.
    pending: u64,
    every: Interval,
    failures: u32,
}

/// Where lines come from now.
enum Feed {
    Past(Box<Past>),
    Tail(Subscription),
}

enum Next {
    Due(Due),
    Told(Told),
    Page(Result<Page, SearchError>),
    Count,
}

impl Stream {
    async fn begin(connection: &mut Connection, address: &str) -> Result<Self, End> {
        let now = connection.sockets.clock.now();
        let watched = Watched::of_address(&connection.caller, address, &["token", "event", "resume"], now);
        let opened = match (watched, Opening::read(address)) {
            (Ok(watched), Ok(opening)) => Ok((watched, opening)),
            (Err(error), _) | (_, Err(error)) => Err(error),
        };
        let (watched, opening) = match opened {
            Ok(opened) => opened,
            Err(error) => return Err(refused(connection, &error).await),
        };
        let begin = opening.resume.map_or(Begin::Now, |seq| Begin::At(seq.next()));
        let request = match request(connection, watched.filter.clone(), opening.frames, begin) {
            Ok(request) => request,
            Err(error) => return Err(refused(connection, &error).await),
        };
        let past = match (opening.resume, watched.from) {
            (None, Some(from)) => {
                Past::begin(connection.caller.tenant, &connection.sockets, watched.filter, from).await
            }
            _ => None,
        };
        let (feed, ahead) = match past {
            Some(past) => (Feed::Past(Box::new(past)), None),
            None => open(connection.caller.tenant, &connection.sockets, &request).await?,
        };
        let hello = connection.hello(watched.notes);
        connection.say(&hello).await?;
        if let Some(error) = ahead {
            connection.say(&Said::wrong("unknown_position", error.to_string())).await?;
        }
        let mut every = tokio::time::interval(COUNT_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let frames = opening.frames;
        Ok(Self { frames, request, feed, is_paused: false, pending: 0, every, failures: 0 })
    }

    async fn go_on(&mut self, connection: &mut Connection) -> Result<Infallible, End> {
        loop {
            match self.next(connection).await {
                Next::Due(due) => {
                    if let Some(heard) = connection.attend(due).await? {
                        self.answer(connection, heard).await?;
                    }
                }
                Next::Told(told) => self.tell(connection, told).await?,
                Next::Page(page) => self.turn(connection, page).await?,
                Next::Count => self.tell_pending(connection).await?,
            }
        }
    }

    async fn next(&mut self, connection: &mut Connection) -> Next {
        let (sockets, frames) = (Arc::clone(&connection.sockets), self.frames);
        let (is_paused, feed) = (self.is_paused, &mut self.feed);
        let told = async {
            match feed {
                _ if is_paused => std::future::pending().await,
                Feed::Past(past) => Next::Page(past.next(&sockets, frames).await),
                Feed::Tail(tail) => Next::Told(tail.next().await),
            }
        };
        tokio::select! {
            biased;
            due = connection.due() => Next::Due(due),
            told = told => told,
            _ = self.every.tick(), if is_paused => Next::Count,
        }
    }

    /// Sends what there is, and what waits behind it.
    async fn tell(&mut self, connection: &mut Connection, first: Told) -> Result<(), End> {
        let Feed::Tail(tail) = &self.feed else { return Ok(()) };
        let mut texts: Vec<Utf8Bytes> = Vec::new();
        let mut told = Some(first);
        let mut has_ended = false;
        while let Some(one) = told.take() {
            match one {
                Told::Frame(frame) => texts.push(text(frame.bytes)?),
                Told::Gap(gap) => texts.push(Said::gap(gap).text()),
                Told::Ended => has_ended = true,
            }
            if !has_ended && texts.len() < TOGETHER_MAX {
                told = tail.take();
            }
        }
        connection.send_all(texts).await?;
        if has_ended { self.follow_again(connection).await } else { Ok(()) }
    }

    /// Goes on where the tail failed.
    async fn follow_again(&mut self, connection: &mut Connection) -> Result<(), End> {
        let Feed::Tail(tail) = &self.feed else { return Ok(()) };
        let request = self.request.beginning(Begin::At(tail.position()));
        loop {
            self.failures += 1;
            if self.failures > FAILURES_MAX {
                return Err(End::Failed("the live tail of this filter keeps failing".to_owned()));
            }
            let pause = PAUSE_AFTER_FAILURE * (1 << self.failures.min(6));
            connection.rest(pause.min(LONGEST_PAUSE)).await?;
            match connection.sockets.system.tail(connection.caller.tenant, &request).await {
                Ok(tail) => break self.feed = Feed::Tail(tail),
                Err(TailError::Failing { .. } | TailError::Starting | TailError::Log { .. }) => {}
                Err(error) => return Err(end_of(error)),
            }
        }
        if let (true, Feed::Tail(tail)) = (self.is_paused, &self.feed) {
            tail.pause();
        }
        Ok(())
    }

    /// Sends a page of the past, or leaves it behind.
    async fn turn(
        &mut self,
        connection: &mut Connection,
        page: Result<Page, SearchError>,
    ) -> Result<(), End> {
        match page {
            Ok(Page::Frames(frames)) => connection.send_frames(frames).await,
            Ok(Page::End(seq)) => {
                let warnings = match &mut self.feed {
                    Feed::Past(past) => past.take_warnings(),
                    Feed::Tail(_) => Vec::new(),
                };
                let request = self.request.beginning(Begin::At(seq));
                let opened = open(connection.caller.tenant, &connection.sockets, &request).await?;
                self.feed = opened.0;
                connection.say(&Said::caught_up(seq, warnings)).await
            }
            Err(error) => {
                let error = ApiError::from(error);
                connection.say(&Said::error(&error)).await?;
                Err(End::Later("the past cannot be searched now".to_owned()))
            }
        }
    }

    async fn tell_pending(&mut self, connection: &mut Connection) -> Result<(), End> {
        let pending = self.pending();
        if pending == self.pending {
            return Ok(());
        }
        self.pending = pending;
        connection.say(&Said::Paused { pending }).await
    }

    fn pending(&self) -> u64 {
        match &self.feed {
            Feed::Past(_) => 0,
            Feed::Tail(tail) => tail.pending(),
        }
    }

    async fn answer(&mut self, connection: &mut Connection, heard: Heard) -> Result<(), End> {
        match heard.kind.as_str() {
            "ping" => connection.pong().await,
            "set_filters" => self.change_filters(connection, heard.rest).await,
            "pause" => {
                self.is_paused = true;
                if let Feed::Tail(tail) = &self.feed {
                    tail.pause();
                }
                self.pending = self.pending();
                connection.say(&Said::Paused { pending: self.pending }).await
            }
            "resume" => {
                self.is_paused = false;
                connection.say(&Said::Resumed).await?;
                if let Feed::Tail(tail) = &self.feed {
                    tail.resume();
                }
                Ok(())
            }
            _ => connection.say(&heard.unknown(MESSAGES)).await,
        }
    }

    async fn change_filters(
        &mut self,
        connection: &mut Connection,
        mut rest: Map<String, Value>,
    ) -> Result<(), End> {
        let filters = match rest.remove("filters") {
            None | Some(Value::Null) => rest,
            Some(Value::Object(filters)) => filters,
            Some(_) => {
                let said =
                    Said::wrong("invalid_message", "filters is an object, such as {\"level\":\"error\"}");
                return connection.say(&said).await;
            }
        };
        match self.watch(connection, filters.clone()).await {
            Ok(warnings) => connection.say(&Said::FiltersUpdated { filters, warnings }).await,
            Err(Refused::Filters(error)) => connection.say(&Said::error(&error)).await,
            Err(Refused::Tail(TailError::Stopping)) => Err(End::Stopping),
            Err(Refused::Tail(error)) => connection.say(&Said::wrong("unavailable", error.to_string())).await,
        }
    }

    /// Watches other lines from where the stream is.
    async fn watch(
        &mut self,
        connection: &mut Connection,
        filters: Map<String, Value>,
    ) -> Result<Vec<String>, Refused> {
        let watched = Watched::of_filters(&connection.caller, filters, connection.sockets.clock.now())?;
        let request = request(connection, watched.filter.clone(), self.frames, Begin::Now)?;
        match &mut self.feed {
            Feed::Past(past) => past.restart(watched.filter),
            Feed::Tail(tail) => {
                let request = request.beginning(Begin::At(tail.exact_position().await));
                let other = connection.sockets.system.tail(connection.caller.tenant, &request).await?;
                if self.is_paused {
                    other.pause();
                }
                *tail = other;
            }
        }
        self.request = request;
        Ok(watched.notes)
    }
}

/// Why filters are not taken.
enum Refused {
    Filters(ApiError),
    Tail(TailError),
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self::Filters(error)
    }
}

impl From<TailError> for Refused {
    fn from(error: TailError) -> Self {
        Self::Tail(error)
    }
}

/// What the address asks for beside filters.
struct Opening {
    frames: LogFrames,
    /// The last line that the client has.
    resume: Option<Seq>,
}

impl Opening {
    fn read(address: &str) -> Result<Self, ApiError> {
        let mut opening = Self { frames: LogFrames::Log, resume: None };
        for (name, value) in form_urlencoded::parse(address.as_bytes()) {
            let invalid = |reason: &str| ApiError::InvalidParameter {
                field: name.clone().into_owned(),
                reason: reason.to_owned(),
            };
            match (&*name, &*value) {
                ("event", "log" | "") => {}
                ("event", "new_log") => opening.frames = LogFrames::NewLog,
                ("event", _) => return Err(invalid("it is log or new_log")),
                ("resume", number) => {
                    let seq = number.parse().ok().and_then(Seq::from_number);
                    opening.resume =
                        Some(seq.ok_or_else(|| invalid("it is the seq of the last line that was received"))?);
                }
                _ => {}
            }
        }
        Ok(opening)
    }
}

fn request(
    connection: &Connection,
    filter: Filter,
    frames: LogFrames,
    begin: Begin,
) -> Result<TailRequest, ApiError> {
    let queue = connection.sockets.queue_bounds();
    TailRequest::new(filter, Arc::new(frames), begin, queue)
        .map_err(|error| ApiError::InvalidQuery { message: error.to_string(), details: Map::new() })
}

/// The tail; if the place to begin is not there yet, from now on, and why.
async fn open(
    tenant: TenantId,
    sockets: &Sockets,
    request: &TailRequest,
) -> Result<(Feed, Option<TailError>), End> {
    let system = &sockets.system;
    match system.tail(tenant, request).await {
        Ok(tail) => Ok((Feed::Tail(tail), None)),
        Err(ahead @ TailError::Ahead { .. }) => {
            let tail = system.tail(tenant, &request.beginning(Begin::Now)).await.map_err(end_of)?;
            Ok((Feed::Tail(tail), Some(ahead)))
        }
        Err(error) => Err(end_of(error)),
    }
}

fn end_of(error: TailError) -> End {
    match error {
        TailError::Stopping => End::Stopping,
        TailError::Spread { .. } => End::Failed(error.to_string()),
        other => End::Later(other.to_string()),
    }
}

/// Says what is wrong with the address, whole; a reason for closing is short.
async fn refused(connection: &mut Connection, error: &ApiError) -> End {
    match connection.say(&Said::error(error)).await {
        Ok(()) => End::Policy(error.to_string()),
        Err(end) => end,
    }
}
