//! The life of the server: take the data folder, listen, open the log, serve, flush, go.
//!
//! Invariants: the folder is locked before anything else happens; nothing is reported ready before it is;
//! a stop ends within `STOP_MAX`. It does not know what requests mean.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use antler_config::{ListenAddress, Loaded};
use antler_events::clock::{Clock, SystemClock};
use antler_events::files::RealFiles;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::data_folder::{DataFolder, DataFolderError};
use crate::http::{Shared, connections, router};
use crate::own_log;
use crate::ports_file::{self, PortsFileError};
use crate::signals::Signals;

/// Why the server did not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error(transparent)]
    DataFolder(#[from] DataFolderError),
    #[error("cannot listen on {address} ({setting}, from {origin}){}", way_out(source))]
    Listen { address: ListenAddress, setting: &'static str, origin: String, source: io::Error },
    #[error(transparent)]
    PortsFile(#[from] PortsFileError),
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
    let mut signals = runtime.block_on(async { Signals::catch() })?;
    let (listener, address) = runtime.block_on(listen(loaded))?;
    let shared = Arc::new(Shared::new(config.clone(), Arc::clone(&clock)));
    if let Some(path) = ports_file {
        ports_file::write(path, &[("http", address)])?;
    }
    let data = std::path::absolute(folder.path()).unwrap_or_else(|_| PathBuf::from(folder.path()));
    let start_ms = clock.elapsed().as_millis();
    tracing::info!(http = %format_args!("http://{address}"), data = %data.display(), start_ms, "ready");
    serve_until_signal(&runtime, listener, &shared, &mut signals);
    Ok(())
}

async fn listen(loaded: &Loaded) -> Result<(TcpListener, SocketAddr), ServeError> {
    let address = &loaded.config.listeners.http;
    let refused = |source| {
        let origin = loaded.origin("listeners.http").to_string();
        ServeError::Listen { address: address.clone(), setting: "listeners.http", origin, source }
    };
    let listener = TcpListener::bind((address.host(), address.port())).await.map_err(refused)?;
    let bound = listener.local_addr().map_err(refused)?;
    Ok((listener, bound))
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            ": another program has this port; stop it, or choose another port with --listen, such as --listen 127.0.0.1:8001"
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

fn serve_until_signal(runtime: &Runtime, listener: TcpListener, shared: &Arc<Shared>, signals: &mut Signals) {
    let stop = async {
        let name = signals.next().await;
        shared.stopping.store(true, Ordering::Relaxed);
        tracing::info!(signal = name, "stopping");
    };
    let figures = Arc::clone(&shared.connections);
    runtime.block_on(connections::serve(
        listener,
        router::router(shared),
        &shared.config.limits.http,
        figures,
        stop,
    ));
}
