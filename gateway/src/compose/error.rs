//! Why the program cannot be put together.
//!
//! Invariant: each says what was to be opened, and where a person can do something about it, what. It opens nothing.

use std::path::PathBuf;

use antler_actors::projector::arrivals::ArrivalsError;
use antler_actors::system::StartError;
use antler_events::log::ReadError;
use antler_events::log::jetstream;
use antler_events::log::segment::OpenError;
use antler_events::placement::PlacementError;
use antler_events::randomness::RandomnessError;
use antler_projections::index::columns::store::StoreError;
use antler_projections::views::port::ViewError;
use antler_projections::views::redb::ViewOpenError;

use crate::credentials::passwords::PasswordError;
use crate::credentials::token_key::TokenKeyError;
use crate::data_folder::DataFolderError;
use crate::mail::MailError;

/// Why the program cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    #[error("the event log cannot be opened")]
    Log(#[from] OpenError),
    #[error("the event log in NATS cannot be opened")]
    Nats(#[from] jetstream::OpenError),
    #[error(
        "this data folder was filled from another event log ({recorded}) than the settings name ({asked}); \
         name that log in [backends] and [nats], or an empty folder with --data, which is then filled from the log"
    )]
    OtherLog { asked: String, recorded: String },
    #[error(transparent)]
    Folder(#[from] DataFolderError),
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
    #[error(
        "the log in {} has {recorded} partitions, and storage.partitions is {asked}; \
         set it to {recorded}, or to 0 for what the folder has", dir.display()
    )]
    Partitions { dir: PathBuf, recorded: u16, asked: u16 },
    #[error("the threads that write the event log cannot be started")]
    Writers(#[source] std::io::Error),
    #[error("the threads of the index cannot be started")]
    Workers(#[source] std::io::Error),
    #[error("the search index cannot be opened")]
    Index(#[from] StoreError),
    #[error(transparent)]
    ViewsFile(#[from] ViewOpenError),
    #[error("the views cannot be read")]
    Views(#[from] ViewError),
    #[error("dead letters and answers cannot be read")]
    Arrivals(#[from] ArrivalsError),
    #[error("the event log cannot be read")]
    Read(#[from] ReadError),
    #[error(transparent)]
    Placement(#[from] PlacementError),
    #[error("the end of the event log cannot be found")]
    Tails(#[source] ReadError),
    #[error("the folder of uploaded files cannot be used")]
    Uploads(#[source] std::io::Error),
    #[error("the folder of archives cannot be used")]
    Archives(#[source] std::io::Error),
    #[error(transparent)]
    Actors(#[from] StartError),
    #[error(transparent)]
    TokenKey(#[from] TokenKeyError),
    #[error("mails cannot be sent")]
    Mail(#[from] MailError),
    #[error("passwords cannot be hashed")]
    Passwords(#[from] PasswordError),
}
