//! The binary `antler`: runs a command and turns its end into an exit code.
//!
//! Invariant: 0 means done, 1 a problem was found, 2 wrong usage; a failure is one message on standard error.
//! It decides nothing: `cli` does.

use std::io::{self, Write};
use std::process::ExitCode;

use antler_gateway::cli::{self, Outcome};

/// Large buffers come and go with every batch; this allocator keeps their pages, where the system's gives
/// them back and pays for page faults again and again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let outcome = match cli::run(&mut io::stdout().lock()) {
        Ok(outcome) => outcome,
        // A reader such as `head` has seen enough.
        Err(error) if error.is_closed_output() => Outcome::Done,
        Err(error) => {
            let outcome = error.outcome();
            // Standard error may be closed; the exit code still tells.
            let _ = writeln!(io::stderr(), "antler: {:#}", anyhow::Error::new(error));
            outcome
        }
    };
    match outcome {
        Outcome::Done => ExitCode::SUCCESS,
        Outcome::FoundProblem => ExitCode::from(1),
        Outcome::WrongUsage => ExitCode::from(2),
    }
}

#[cfg(test)]
mod tests {
    use antler_gateway::allocator::{Frugality, KEPT_MS, kept_ms};

    /// Alone in its program, as the allocator is. The first line fails if mimalloc counts its options in another way.
    #[test]
    fn memory_is_kept_again_when_the_last_frugal_one_is_done() {
        assert_eq!(kept_ms(), KEPT_MS, "what mimalloc begins with");
        let frugality = Frugality::default();
        let (one, other) = (frugality.begin(), frugality.begin());
        drop(one);
        assert!(kept_ms() < KEPT_MS);
        drop(other);
        assert_eq!(kept_ms(), KEPT_MS);
    }
}
