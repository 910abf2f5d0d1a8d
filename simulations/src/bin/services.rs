//! `services`: brings the real servers of cluster mode up on this machine, for tests and for trying it out.
//!
//! Invariant: exit status 0 means that all is as asked, 1 that something is not, 2 wrong usage.
//! It is a shell over `servers`: what it does, a test can do without it.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use antler_simulations::servers::board::{self, Order};
use antler_simulations::servers::{Cache, Kind, Wishes};
use clap::{Args, Parser, Subcommand};

/// Real servers of cluster mode, on free ports of this machine.
#[derive(Parser)]
#[command(name = "services")]
struct Arguments {
    #[command(subcommand)]
    command: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Install what is missing, start what does not run, wait until it answers
    Up {
        #[command(flatten)]
        which: Which,
        /// Three NATS servers that form a cluster
        #[arg(long)]
        nats_cluster: bool,
        /// A user with a drawn password, where the server's build knows passwords
        #[arg(long)]
        secure: bool,
        /// 512 MiB of heap instead of 1 GiB for each search server
        #[arg(long)]
        small: bool,
        #[arg(long, default_value_t = Wishes::default().elasticsearch_version)]
        elasticsearch_version: String,
    },
    /// Stop what was brought up
    Down {
        #[command(flatten)]
        which: Which,
        /// Delete the data, too
        #[arg(long)]
        remove: bool,
    },
    /// Say what is up and whether it answers
    Status {
        #[command(flatten)]
        which: Which,
        #[arg(long)]
        json: bool,
    },
}

#[derive(Args)]
struct Which {
    /// nats, elasticsearch, opensearch, mongo, redis; all when none is named
    names: Vec<Kind>,
    /// Where the servers keep their files [default: target/services/run]
    #[arg(long)]
    dir: Option<PathBuf>,
}

impl Which {
    fn order(self) -> anyhow::Result<Order> {
        let folder = self.dir.map_or_else(board::usual_folder, Ok)?;
        Ok(Order::new(folder, self.names))
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let out = &mut std::io::stdout().lock();
    let is_good = match Arguments::parse().command {
        Action::Up { which, nats_cluster, secure, small, elasticsearch_version } => {
            let wishes = Wishes { nats_cluster, is_secure: secure, is_small: small, elasticsearch_version };
            board::up(&which.order()?, &wishes, &Cache::of_environment(), out)
        }
        Action::Down { which, remove } => board::down(&which.order()?, remove, out),
        Action::Status { which, json } => {
            let is_named = !which.names.is_empty();
            board::status(&which.order()?, is_named, json, out)
        }
    };
    out.flush()?;
    Ok(if is_good? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
