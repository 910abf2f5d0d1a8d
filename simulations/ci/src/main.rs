//! `cargo ci`: runs every check, prints each with its time, and ends with a table.
//!
//! Invariant: exit status 0 means that every stage passed, 1 that one did not, 2 wrong usage.
//! Without root it installs nothing: it says which line would, and ends with 1.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use antler_ci::{Stage, fast, provide, run, stages};

const USAGE: &str = "cargo ci [all|fast]: every check of the project, or those that need no server, browser, root \
                     or network";

fn main() -> io::Result<ExitCode> {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some(stages) = chosen(&words) else {
        writeln!(io::stderr(), "{USAGE}")?;
        return Ok(ExitCode::from(2));
    };
    let top =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate is two folders deep");
    let out = &mut io::stdout().lock();
    if !provide(&stages, top, rustix::process::geteuid().is_root(), out)? {
        return Ok(ExitCode::FAILURE);
    }
    let report = run(&stages, top, out)?;
    Ok(if report.is_success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chosen(words: &[String]) -> Option<Vec<Stage>> {
    match words {
        [] => Some(stages()),
        [extent] => match extent.as_str() {
            "all" => Some(stages()),
            "fast" => Some(fast()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_checks_are_run_unless_the_fast_ones_are_asked_for() {
        let count = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            chosen(&words).map(|stages| stages.len())
        };
        assert_eq!(count(&[]), Some(stages().len()));
        assert_eq!(count(&["all"]), count(&[]));
        assert_eq!(count(&["fast"]), Some(fast().len()));
        assert_eq!(count(&["fats"]), None);
        assert_eq!(count(&["fast", "all"]), None);
    }
}
