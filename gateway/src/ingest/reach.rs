//! Whether lines are of the streams that their sender is kept to.
//!
//! Invariant: a request with a line of another stream is refused as a whole, so that nothing of it is written. It does not
//! say which streams a sender is kept to: the key does.

use antler_events::access::StreamPatterns;
use antler_events::event::lines::LineDefaults;
use antler_events::line::{LineBatch, StreamName};

use super::decode::Decoded;
use crate::http::error::ApiError;

pub(crate) fn check(
    kept_to: Option<&StreamPatterns>,
    decoded: &Decoded,
    defaults: &LineDefaults,
) -> Result<(), ApiError> {
    let Some(streams) = kept_to else { return Ok(()) };
    let lines = decoded.batches.iter().flat_map(LineBatch::lines);
    let mut names = lines.map(|line| StreamName::of_line(line, defaults)).enumerate();
    let Some((before, name)) = names.find(|(_, name)| !streams.reach(name.as_str())) else { return Ok(()) };
    let reason = format!(
        "line {} is of the stream {name}, and the API key is kept to {streams}; nothing of this is taken",
        before + 1
    );
    Err(ApiError::Forbidden { reason })
}
