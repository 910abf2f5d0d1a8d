//! The life of the server: take the data folder, listen, open the log, serve, flush, go.
//!
//! Invariants: the folder is locked before anything else happens; nothing is reported ready before it is;
//! a stop ends within `STOP_MAX`. It does not know what requests mean.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use antler_config::{ListenAddress, Loaded};
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::RealFiles;
use antler_events::log::EventLog;
use antler_events::log::segment::Finding;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::compose::{self, ComposeError, Program};
use crate::data_folder::{DataFolder, DataFolderError};
use crate::http::{Shared, connections, router};
use crate::own_log;
use crate::ports_file::{self, PortsFileError};
use crate::signals::Signals;

/// The program promises to be gone 10 s after a signal.
const STOP_MAX: Duration = Duration::from_millis(9_500);

/// A start waits so long for the index to have what was in the log.
const CATCH_UP_MAX: Duration = Duration::from_secs(20);

/// Why the server did not run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error("cannot listen on {address} ({setting}, from {origin}){}", way_out(source))]
    Listen { address: ListenAddress, setting: &'static str, origin: String, source: io::Error },
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    PortsFile(#[from] PortsFileError),
    #[error("the event log was not closed cleanly: {reason}")]
    Flush { reason: String },
    #[error("the system refused what every server needs")]
    System(#[from] io::Error),
}

/// Runs until a signal says stop.
pub fn run(loaded: &Loaded, ports_file: Option<&Path>) -> Result<(), ServeError> {
    let config = &loaded.config;
    own_log::start(&config.logging);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let folder = DataFolder::open_or_create(&RealFiles, &config.storage.data)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_name("antler-http").enable_all().build()?;
    let (mut signals, listener) =
        runtime.block_on(async { Ok::<_, ServeError>((Signals::catch()?, listen(loaded).await?)) })?;
    let log = compose::open_log(&folder, &config.storage)?;
    log.findings.iter().for_each(report);
    let events = Arc::clone(&log.log) as Arc<dyn EventLog>;
    let program =
        runtime.block_on(Program::start(&folder, config, Arc::clone(&events), Arc::clone(&clock)))?;
    let caught_up =
        runtime.block_on(async { tokio::time::timeout(CATCH_UP_MAX, program.caught_up(&*events)).await });
    if caught_up.is_err() {
        tracing::warn!("the index is still behind the log; until it has caught up, answers lack lines");
    }
    let shared = Arc::new(Shared::new(config.clone(), clock, log, program));
    announce(&shared, listener.local_addr()?, ports_file)?;
    let stopping_since = serve_until_signal(&runtime, listener, &shared, &mut signals);
    let flushed = runtime.block_on(flush(Arc::clone(&shared), stopping_since + STOP_MAX));
    // Whatever still runs has had its time.
    runtime.shutdown_background();
    tracing::info!(clean = flushed.is_ok(), "stopped");
    flushed
}

async fn listen(loaded: &Loaded) -> Result<TcpListener, ServeError> {
    let address = &loaded.config.listeners.http;
    let bound = TcpListener::bind((address.host(), address.port())).await;
    bound.map_err(|source| cannot_listen(loaded, source))
}

/// Names the setting that holds the address, where its value came from, and the way out.
pub(crate) fn cannot_listen(loaded: &Loaded, source: io::Error) -> ServeError {
    let setting = "listeners.http";
    let origin = loaded.origin(setting).to_string();
    ServeError::Listen { address: loaded.config.listeners.http.clone(), setting, origin, source }
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": another program has this port; stop it, or choose another port with --listen, \
             such as --listen 127.0.0.1:8001"
        }
        io::ErrorKind::PermissionDenied => {
            ": ports below 1024 need a privilege; choose a higher one with --listen"
        }
        io::ErrorKind::AddrNotAvailable => {
            ": this machine does not have this address; choose another with --listen"
        }
        _ => "; choose another address with --listen",
    }
}

/// What a crash leaves is expected; damage is not.
fn report(finding: &Finding) {
    match finding {
        Finding::TornTail { .. } => tracing::info!(%finding, "removed the end of an append that was cut off"),
        Finding::Damaged(_) => tracing::error!(%finding, "the event log is damaged"),
    }
}

/// Says where the server is, once it is ready.
fn announce(shared: &Shared, http: SocketAddr, ports_file: Option<&Path>) -> Result<(), ServeError> {
    if let Some(path) = ports_file {
        ports_file::write(path, &[("http", http)])?;
    }
    let data = &shared.config.storage.data;
    let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
    let start_ms = u64::try_from(shared.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(http = %format_args!("http://{http}"), data = %data.display(), start_ms, "ready");
    Ok(())
}

/// Answers when the stop began.
fn serve_until_signal(
    runtime: &Runtime,
    listener: TcpListener,
    shared: &Arc<Shared>,
    signals: &mut Signals,
) -> Duration {
    let mut since = Duration::ZERO;
    let stop = async {
        let name = signals.next().await;
        since = shared.clock.elapsed();
        shared.stopping.store(true, Ordering::Relaxed);
        tracing::info!(signal = name, "stopping");
    };
    let figures = Arc::clone(&shared.connections);
    let limits = &shared.config.limits.http;
    runtime.block_on(connections::serve(listener, router::router(shared), limits, figures, stop));
    since
}

/// Lets the log write what waits, for a bounded time: a disk that hangs must not hold the exit.
async fn flush(shared: Arc<Shared>, until: Duration) -> Result<(), ServeError> {
    if tokio::time::timeout(until.saturating_sub(shared.clock.elapsed()), shared.program.stop())
        .await
        .is_err()
    {
        tracing::warn!("the actors did not stop in time");
    }
    let patience = until.saturating_sub(shared.clock.elapsed());
    let closing =
        tokio::task::spawn_blocking(move || shared.log.writers.stop().map_err(|error| error.to_string()));
    let reason = match tokio::time::timeout(patience, closing).await {
        Ok(Ok(Ok(()))) => return Ok(()),
        Ok(Ok(Err(reason))) => reason,
        Ok(Err(panic)) => panic.to_string(),
        Err(_) => "the disk does not answer; what was acknowledged is safe".to_owned(),
    };
    Err(ServeError::Flush { reason })
}
