//! How busy a tenant is, every second.
//!
//! Invariant: the figures are of the caller's own tenant. It counts nothing: the counters do.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::connection::{Connection, End};
use super::messages::{Heard, Metrics, Said};

const EVERY: Duration = Duration::from_secs(1);

pub(super) async fn serve(connection: &mut Connection) -> End {
    match begin_and_go_on(connection).await {
        Ok(never) => match never {},
        Err(end) => end,
    }
}

async fn begin_and_go_on(connection: &mut Connection) -> Result<std::convert::Infallible, End> {
    connection.check_streams()?;
    let hello = connection.hello(Vec::new());
    connection.say(&hello).await?;
    tell_all(connection).await?;
    let mut every = tokio::time::interval(EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    every.reset();
    loop {
        let due = tokio::select! {
            biased;
            due = connection.due() => Some(due),
            _ = every.tick() => None,
        };
        match due {
            None => tell_now(connection).await?,
            Some(due) => {
                if let Some(heard) = connection.attend(due).await? {
                    answer(connection, &heard).await?;
                }
            }
        }
    }
}

async fn answer(connection: &mut Connection, heard: &Heard) -> Result<(), End> {
    match heard.kind.as_str() {
        "ping" => connection.pong().await,
        "refresh" => tell_all(connection).await,
        _ => connection.say(&heard.unknown("ping and refresh")).await,
    }
}

async fn tell_all(connection: &mut Connection) -> Result<(), End> {
    let now = connection.sockets.clock.now();
    let history = connection.sockets.counters.history(connection.caller.tenant, now);
    connection.say(&Said::history(&history)).await?;
    tell_now(connection).await
}

async fn tell_now(connection: &mut Connection) -> Result<(), End> {
    let (tenant, now) = (connection.caller.tenant, connection.sockets.clock.now());
    let rates = connection.sockets.counters.rates(tenant, now);
    let users = connection.sockets.open.connected_users(tenant);
    connection.say(&Said::MetricsUpdate(Box::new(Metrics::new(now.to_string(), rates, users)))).await
}
