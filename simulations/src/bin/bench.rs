//! `bench`: measures parts of the product and prints one line per figure.
//!
//! Invariant: figures go to standard output and nothing else does; remarks go to standard error.
//! It does not judge: it exits 0 whatever the figures are, and 2 for a name it does not know.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use antler_events::clock::SystemClock;
use antler_simulations::bench::{BENCHES, Bench, Report, Setting};
use antler_simulations::corpus::source::{Kind, Source};
use anyhow::Context as _;
use clap::Parser;

/// The same as the product's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measure parts of Antler; each figure is a line: name, value, unit, yardstick, ratio.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which benches to run; `all` runs every one.
    #[arg(required = true, value_name = "NAME")]
    names: Vec<String>,
    /// Size of the corpus, which scales everything.
    #[arg(long, default_value_t = 256_000_000)]
    bytes: usize,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Kind::Mixed)]
    corpus: Kind,
    /// Mix real lines from DIR/NAME/*.log into the corpus.
    #[arg(long, value_name = "DIR")]
    samples: Option<PathBuf>,
    /// Over how many tenants the benches `store` and `query` deal the lines, in small batches.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tenants: u32,
    /// The only question that the bench `query` asks, such as `needle`; may be given several times.
    #[arg(long = "question", value_name = "NAME")]
    questions: Vec<String>,
    /// How many threads work on one question of the bench `query`.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    workers: u32,
    /// Leave the cold step out of the benches `store` and `query`: it takes longer than all else.
    #[arg(long)]
    without_cold: bool,
    /// A folder on the disk to be measured; the system's temporary folder if not given.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let benches = match chosen(&arguments.names) {
        Ok(benches) => benches,
        Err(message) => {
            writeln!(std::io::stderr().lock(), "{message}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let (mut figures, mut notes) = (std::io::stdout().lock(), std::io::stderr().lock());
    measure(&arguments, &benches, &mut Report { figures: &mut figures, notes: &mut notes })?;
    Ok(ExitCode::SUCCESS)
}

/// The benches of these names, each once, in their own order.
fn chosen(names: &[String]) -> Result<Vec<Bench>, String> {
    let known = |name: &str| name == "all" || BENCHES.iter().any(|(bench, _)| *bench == name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<&str> = BENCHES.iter().map(|(name, _)| *name).collect();
        return Err(format!("there is no bench {unknown:?}; the names are {}, all", all.join(", ")));
    }
    let wanted = |bench: &str| names.iter().any(|name| name == bench || name == "all");
    Ok(BENCHES.iter().filter(|(name, _)| wanted(name)).map(|(_, bench)| *bench).collect())
}

fn measure(arguments: &Arguments, benches: &[Bench], report: &mut Report<'_>) -> anyhow::Result<()> {
    let mut source = Source::open(arguments.corpus, arguments.seed, arguments.samples.as_deref())?;
    let parent = arguments.dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::Builder::new()
        .prefix("antler-bench-")
        .tempdir_in(&parent)
        .with_context(|| format!("cannot create a folder in {}", parent.display()))?;
    let corpus = source.write_bytes(arguments.bytes).into();
    let setting = Setting {
        corpus,
        dir: dir.path().to_owned(),
        clock: SystemClock::new(),
        samples: arguments.samples.clone(),
        tenants: arguments.tenants,
        workers: arguments.workers,
        questions: arguments.questions.clone(),
        is_aged: !arguments.without_cold,
    };
    for bench in benches {
        bench(&setting, report)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_choose_benches_once_each() {
        let check = |names: &[&str], count: usize| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(chosen(&names).map(|benches| benches.len()), Ok(count), "{names:?}");
        };
        check(&["log"], 1);
        check(&["log", "log"], 1);
        check(&["all", "log"], BENCHES.len());
    }

    #[test]
    fn an_unknown_name_is_told_with_the_known_ones() {
        let message = chosen(&["log".to_owned(), "dog".to_owned()]).unwrap_err();
        assert!(message.starts_with("there is no bench \"dog\"; the names are log"), "{message}");
    }

    #[test]
    fn figures_are_lines_of_name_value_unit_yardstick_and_ratio() {
        let arguments = Arguments::parse_from(["bench", "parse", "--bytes", "20000"]);
        let (mut figures, mut notes) = (Vec::new(), Vec::new());
        let mut report = Report { figures: &mut figures, notes: &mut notes };
        measure(&arguments, &chosen(&arguments.names).unwrap(), &mut report).unwrap();
        let said = String::from_utf8(figures).unwrap();
        assert!(said.lines().count() > 1 && said.ends_with('\n'), "{said}");
        for line in said.lines() {
            let columns: Vec<&str> = line.split('\t').collect();
            let [name, value, unit, yardstick, ratio] = columns[..] else { panic!("{line}") };
            assert!(name.starts_with("parse") && !unit.is_empty(), "{line}");
            assert!(value.parse::<f64>().is_ok_and(f64::is_finite), "{line}");
            let is_number = |text: &str| text == "-" || text.parse::<f64>().is_ok();
            assert!(is_number(yardstick) && is_number(ratio), "{line}");
            assert_eq!(yardstick == "-", ratio == "-", "{line}");
        }
    }
}
