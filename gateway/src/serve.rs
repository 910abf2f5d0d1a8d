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

use antler_config::{BasePath, Config, Loaded};
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::RealFiles;
use antler_events::ids::TenantId;
use antler_events::log::segment::Finding;
use antler_events::randomness::RandomnessError;
use antler_projections::views::port::ViewError;
use axum::Router;
use tokio::net::{TcpListener, UdpSocket};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::allocator;
use crate::compose::{self, ComposeError, Program};
use crate::credentials::secret::DrawnSecret;
use crate::data_folder::{DataFolder, DataFolderError};
use crate::demo::{self, DemoError};
use crate::http::connections::{self, Front};
use crate::http::proxies::Proxies;
use crate::http::{Shared, router};
use crate::ingest::connections::serve as serve_connections;
use crate::ingest::http_json;
use crate::ingest::syslog::{self, tcp::SyslogTcp};
use crate::ingest::tcp::TcpLines;
use crate::ingest::udp::UdpLines;
use crate::listeners::{self, ListenError, Listeners};
use crate::own_log;
use crate::ports_file::{self, PortsFileError};
use crate::signals::Signals;
use crate::tls::{Tls, TlsError};

/// The program promises to be gone 10 s after a signal.
const STOP_MAX: Duration = Duration::from_millis(9_500);

/// Sockets get so long to hear that the server stops.
const SOCKETS_STOP_MAX: Duration = Duration::from_secs(2);

/// A start waits so long for the index to have what was in the log.
const CATCH_UP_MAX: Duration = Duration::from_secs(20);

/// Connections with lines get so long at a stop, once those of HTTP are done.
const LINES_DRAIN_MAX: Duration = Duration::from_secs(1);

/// Why the server did not run, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Compose(#[from] ComposeError),
    #[error(transparent)]
    PortsFile(#[from] PortsFileError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("it cannot be found out whether anybody has registered")]
    Views(#[from] ViewError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error("the event log was not closed cleanly: {reason}")]
    Flush { reason: String },
    #[error("the system refused what every server needs")]
    System(#[from] io::Error),
}

/// Runs until a signal says stop. `demo`: plays traffic, too.
pub fn run(loaded: &Loaded, ports_file: Option<&Path>, demo: bool) -> Result<(), ServeError> {
    let config = &loaded.config;
    let said = own_log::start(&config.logging);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let folder = DataFolder::open_or_create(&RealFiles, &config.storage.data)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().thread_name("antler-http").enable_all().build()?;
    let tenants = Tenants::read(loaded)?;
    let tls = Tls::open(&config.tls, &clock)?;
    let (mut signals, listeners) = runtime
        .block_on(async { Ok::<_, ServeError>((Signals::catch()?, Listeners::open(loaded).await?)) })?;
    let log = runtime.block_on(compose::open_log(&folder, config))?;
    log.findings().iter().for_each(report);
    let events = Arc::clone(&log.log);
    let http = listeners.addresses().first().map(|(_, http)| http.to_string()).unwrap_or_default();
    let site = site(config, &http);
    let program = runtime.block_on(Program::start(&folder, (config, &site), events, Arc::clone(&clock)))?;
    let caught_up = runtime.block_on(async { tokio::time::timeout(CATCH_UP_MAX, program.caught_up()).await });
    if caught_up.is_err() {
        tracing::warn!("the index is still behind the log; until it has caught up, answers lack lines");
    }
    if let Err(error) = runtime.block_on(program.uploads.resume()) {
        tracing::error!(%error, "uploads that were not read to their ends are read at the next start");
    }
    if let Err(error) = runtime.block_on(program.archives.resume()) {
        tracing::error!(%error, "exports and imports that were cut off go on at the next start");
    }
    if let Err(error) = runtime.block_on(program.erasures.resume()) {
        tracing::error!(%error, "erasures that were cut off go on at the next start");
    }
    let places = listeners.places.clone();
    let shared = Arc::new(Shared::new(config.clone(), clock, log, program, places, tls, said));
    announce(&shared, &listeners.addresses(), ports_file)?;
    runtime.block_on(welcome_first(&shared))?;
    if demo {
        runtime.block_on(play(&shared, &folder))?;
    }
    let stopping_since = serve_until_signal(&runtime, listeners, &tenants, &shared, &mut signals);
    runtime.block_on(shared.demos.stop_all());
    let flushed = runtime.block_on(flush(Arc::clone(&shared), stopping_since + STOP_MAX));
    // Whatever still runs has had its time.
    runtime.shutdown_background();
    tracing::info!(clean = flushed.is_ok(), "stopped");
    flushed
}

/// Names the setting that holds the address of HTTP, where its value came from, and the way out.
pub(crate) fn cannot_listen(loaded: &Loaded, source: io::Error) -> ServeError {
    listeners::cannot_listen(loaded, &loaded.config.listeners.http, "listeners.http", source).into()
}

/// Whose lines are those that come without a credential.
struct Tenants {
    tcp: Option<TenantId>,
    udp: Option<TenantId>,
    http_json: Option<TenantId>,
    syslog: Option<TenantId>,
}

impl Tenants {
    fn read(loaded: &Loaded) -> Result<Self, ListenError> {
        let named = &loaded.config.listeners;
        Ok(Self {
            tcp: listeners::tenant(loaded, "listeners.tcp_tenant", &named.tcp_tenant)?,
            udp: listeners::tenant(loaded, "listeners.udp_tenant", &named.udp_tenant)?,
            http_json: listeners::tenant(loaded, "listeners.http_json_tenant", &named.http_json_tenant)?,
            syslog: listeners::tenant(loaded, "listeners.syslog_tenant", &named.syslog_tenant)?,
        })
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
fn announce(
    shared: &Shared,
    addresses: &[(&'static str, SocketAddr)],
    ports_file: Option<&Path>,
) -> Result<(), ServeError> {
    if let Some(path) = ports_file {
        ports_file::write(path, addresses)?;
    }
    let others = addresses.iter().filter(|(name, _)| *name != "http");
    let others: Vec<String> = others.map(|(name, address)| format!("{name} {address}")).collect();
    let data = &shared.config.storage.data;
    let data = std::path::absolute(data).unwrap_or_else(|_| data.clone());
    let start_ms = u64::try_from(shared.clock.elapsed().as_millis()).unwrap_or(u64::MAX);
    let lines = others.join(", ");
    let http = &shared.program.gate.site;
    tracing::info!(http, lines, data = %data.display(), start_ms, "ready");
    Ok(())
}

/// What all addresses of its pages begin with.
pub(crate) fn site(config: &Config, http: &str) -> String {
    let server = &config.server;
    if server.public_url.is_set() {
        return format!("{}{}", server.public_url, server.base_path);
    }
    let scheme = if config.tls.is_set() { "https" } else { "http" };
    format!("{scheme}://{http}{}", server.base_path)
}

/// Says how to become the superadmin of an installation that nobody has registered in.
async fn welcome_first(shared: &Shared) -> Result<(), ServeError> {
    let gate = &shared.program.gate;
    if !gate.accounts.views.tenants(None, 1).await?.is_empty() {
        return Ok(());
    }
    let secret = DrawnSecret::draw(&*gate.randomness)?;
    gate.setup.open(&secret);
    let link = format!("{}/register?setup_token={}", gate.site, secret.text());
    tracing::info!(link, "nobody has registered yet; who does so with this link once runs the platform");
    Ok(())
}

/// Begins the demo, and says how to see it.
async fn play(shared: &Shared, folder: &DataFolder) -> Result<(), DemoError> {
    let gate = &shared.program.gate;
    let (username, password) = demo::play(&shared.demos, gate, &folder.credentials_dir()).await?;
    // Who starts the demo is to log in; the same stands in the file of the data folder.
    tracing::info!(username, password, "the demo plays; log in to see it");
    Ok(())
}

/// Answers when the stop began.
fn serve_until_signal(
    runtime: &Runtime,
    listeners: Listeners,
    tenants: &Tenants,
    shared: &Arc<Shared>,
    signals: &mut Signals,
) -> Duration {
    let mut since = Duration::ZERO;
    let (stop, stopping) = watch::channel(false);
    let signalled = async {
        let name = signals.next().await;
        since = shared.clock.elapsed();
        shared.stopping.store(true, Ordering::Relaxed);
        stop.send_replace(true);
        tracing::info!(signal = name, "stopping");
        shared.program.sockets.open.stop(SOCKETS_STOP_MAX).await;
    };
    runtime.block_on(async {
        let limits = &shared.config.limits.http;
        let Listeners { http, tcp, udp, http_json, syslog, .. } = listeners;
        let mut others = serve_lines((tcp, udp, http_json), tenants, shared, &stopping);
        if let Some(sockets) = syslog {
            serve_syslog(sockets, tenants.syslog, shared, &mut others, &stopping);
        }
        let figures = Arc::clone(&shared.connections);
        let base = shared.config.server.base_path.clone();
        let front = front(router::router(shared), base, shared);
        connections::serve(http, front, limits, figures, signalled).await;
        let ended = async { while others.join_next().await.is_some() {} };
        if tokio::time::timeout(limits.drain_timeout.min(LINES_DRAIN_MAX), ended).await.is_err() {
            tracing::warn!("connections with lines did not finish in time and are cut off");
        }
    });
    since
}

fn front(router: Router, base: BasePath, shared: &Shared) -> Arc<Front> {
    let tls = shared.tls.clone();
    Arc::new(Front { router, base, proxies: Proxies::new(&shared.config.server), tls })
}

/// Serves what takes nothing but lines, and keeps certificates and memory in order.
fn serve_lines(
    (tcp, udp, http_json): (Option<TcpListener>, Option<UdpSocket>, Option<TcpListener>),
    tenants: &Tenants,
    shared: &Arc<Shared>,
    stopping: &watch::Receiver<bool>,
) -> JoinSet<()> {
    let intake = &shared.program.intake;
    let mut serving = JoinSet::new();
    serving.spawn(allocator::keep_lean(stopping.clone()));
    if let Some(tls) = &shared.tls {
        serving.spawn(Arc::clone(tls).keep_up(stopping.clone()));
    }
    if let Some(listener) = tcp {
        let tls = shared.tls.clone().filter(|_| shared.config.tls.tcp);
        let lines = TcpLines { intake: Arc::clone(intake), tenant: tenants.tcp, tls };
        serving.spawn(serve_connections(Arc::new(lines), listener, stopping.clone()));
    }
    if let Some(socket) = udp {
        let lines = UdpLines::plain(Arc::clone(intake), tenants.udp);
        serving.spawn(lines.serve(socket, stopping.clone()));
    }
    if let Some(listener) = http_json {
        let router = http_json::router(shared, intake, tenants.http_json);
        let front = front(router, BasePath::default(), shared);
        let (limits, figures) = (shared.config.limits.http.clone(), Arc::clone(&shared.connections));
        let mut stopping = stopping.clone();
        let stop = async move { drop(stopping.wait_for(|stops| *stops).await) };
        serving.spawn(async move { connections::serve(listener, front, &limits, figures, stop).await });
    }
    serving
}

fn serve_syslog(
    (listener, socket): (TcpListener, UdpSocket),
    tenant: Option<TenantId>,
    shared: &Arc<Shared>,
    serving: &mut JoinSet<()>,
    stopping: &watch::Receiver<bool>,
) {
    let intake = &shared.program.intake;
    let tls = shared.tls.clone().filter(|_| shared.config.tls.tcp);
    let messages = SyslogTcp { intake: Arc::clone(intake), tenant, tls };
    serving.spawn(serve_connections(Arc::new(messages), listener, stopping.clone()));
    serving.spawn(syslog::datagrams(Arc::clone(intake), tenant).serve(socket, stopping.clone()));
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
    let reason = match tokio::time::timeout(patience, shared.log.stop()).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "what keeps it does not answer; what was acknowledged is safe".to_owned(),
    };
    Err(ServeError::Flush { reason })
}
