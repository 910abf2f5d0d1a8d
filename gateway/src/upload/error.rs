//! Why a file, or a part of it, cannot be read.
//!
//! Invariant: an error names what is wrong and what to do, and quotes no more of the file than names of files in an
//! archive, made harmless. It does not choose a status of HTTP: `http/error.rs` does.

use std::io;

/// Why nothing more is read of a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    #[error("the file is empty")]
    Empty,
    #[error("the file looks like {found}; send text, JSON or CSV, or gz, zstd or zip of these")]
    NotText { found: &'static str },
    #[error("the file is {found} inside of an archive or of a packed file; send it by itself")]
    Nested { found: &'static str },
    #[error("the file becomes more than {bytes_max} bytes when it is unpacked; send it in parts")]
    Inflates { bytes_max: u64 },
    #[error("the file is not whole {form}: {reason}")]
    Damaged { form: &'static str, reason: String },
    #[error("the archive has {count} files, more than {max}; send it in parts")]
    TooManyFiles { count: u64, max: u32 },
    #[error("the archive holds no file")]
    NoFiles,
    #[error("{name:?} in the archive is encrypted; pack it without a password")]
    Encrypted { name: String },
    #[error("{name:?} in the archive is packed by method {method}; pack it with deflate, zstd or not at all")]
    Method { name: String, method: u16 },
    #[error("{option} {value:?} is not possible: {reason}")]
    Option { option: &'static str, value: String, reason: String },
    #[error("the file could not be read: {reason}")]
    Read { reason: String },
}

impl UploadError {
    /// A name for programs; it stays the same when the message changes.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::NotText { .. } => "not_text",
            Self::Nested { .. } => "nested_archive",
            Self::Inflates { .. } => "inflates",
            Self::Damaged { .. } => "damaged_file",
            Self::TooManyFiles { .. } => "too_many_files",
            Self::NoFiles => "empty_archive",
            Self::Encrypted { .. } => "encrypted",
            Self::Method { .. } => "unknown_method",
            Self::Option { .. } => "invalid_option",
            Self::Read { .. } => "unreadable_file",
        }
    }

    pub(super) fn option(option: &'static str, value: &str, reason: impl Into<String>) -> Self {
        Self::Option { option, value: value.chars().take(100).collect(), reason: reason.into() }
    }
}

/// A reader below can only say an `io::Error`; what it means is inside.
impl From<io::Error> for UploadError {
    fn from(error: io::Error) -> Self {
        let reason = error.to_string();
        error.downcast::<Self>().unwrap_or(Self::Read { reason })
    }
}

impl From<UploadError> for io::Error {
    fn from(error: UploadError) -> Self {
        Self::other(error)
    }
}
