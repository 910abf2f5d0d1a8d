//! Builds the dashboard, and writes down what it is made of.
//!
//! Without the feature `dashboard` it does nothing, and needs no Node. It does not check the dashboard: `cargo ci` does.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, exit};

/// What the dashboard is made from.
const SOURCES: [&str; 7] = [
    "src",
    "index.html",
    "package.json",
    "package-lock.json",
    "vite.config.ts",
    "tools/compress.mjs",
    ".npmrc",
];

/// What npm writes when everything is there that the lock names.
const INSTALLED: &str = "node_modules/.package-lock.json";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_DASHBOARD").is_none() {
        return;
    }
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")).join("dashboard");
    for source in SOURCES {
        println!("cargo::rerun-if-changed=dashboard/{source}");
    }
    let out = PathBuf::from(variable("OUT_DIR"));
    let built = out.join("dashboard");
    if is_older(&folder.join(INSTALLED), &folder.join("package-lock.json")) {
        run(&folder, "npm", &["ci", "--no-audit", "--no-fund"]);
    }
    let built_text = built.to_str().expect("cargo chooses a folder with a plain name");
    run(
        &folder,
        "node",
        &["node_modules/vite/bin/vite.js", "build", "--outDir", built_text, "--emptyOutDir"],
    );
    run(&folder, "node", &["tools/compress.mjs", built_text]);
    fs::write(out.join("dashboard.rs"), table(&built)).expect("cargo's own folder can be written");
}

fn variable(name: &str) -> String {
    env::var(name).expect("cargo sets what a build script asks for")
}

fn is_older(one: &Path, other: &Path) -> bool {
    let changed = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    changed(one) < changed(other)
}

/// Runs a program in the folder of the dashboard; the build ends with what it said, if it failed.
fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let shown = format!("{program} {}", arguments.join(" "));
    let way_out = "the dashboard is built with Node 20.19 or newer and npm; without them, \
        `cargo build --no-default-features` builds a server without a dashboard";
    match Command::new(program).args(arguments).env("NO_COLOR", "1").current_dir(folder).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            end(&format!("`{shown}` failed:\n{}\n{way_out}", String::from_utf8_lossy(&said)));
        }
        Err(error) => end(&format!("`{program}` cannot be started: {error}\n{way_out}")),
    }
}

/// Cargo shows the reason, and stops.
fn end(reason: &str) -> ! {
    for line in reason.lines() {
        println!("cargo::error={line}");
    }
    exit(1);
}

/// Rust text with every file: its name, its bytes, and the bytes compressed by gzip and by brotli.
fn table(built: &Path) -> String {
    let mut text = "&[\n".to_owned();
    let mut names = Vec::new();
    collect(built, built, &mut names);
    names.sort();
    for name in names {
        let path = built.join(&name);
        let path = path.to_str().expect("cargo chooses a folder with a plain name");
        let bytes = |ending| format!("include_bytes!({:?})", format!("{path}{ending}"));
        let (plain, gzip, brotli) = (bytes(""), bytes(".gz"), bytes(".br"));
        writeln!(text, "    Built {{ name: {name:?}, plain: {plain}, gzip: {gzip}, brotli: {brotli} }},")
            .expect("a text takes everything");
    }
    text + "]\n"
}

fn collect(root: &Path, folder: &Path, names: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("what was just built can be read") {
        let path = entry.expect("what was just built can be read").path();
        let is_compressed = path.extension().is_some_and(|extension| extension == "gz" || extension == "br");
        if path.is_dir() {
            collect(root, &path, names);
        } else if !is_compressed {
            let name = path.strip_prefix(root).expect("it was found below");
            names.push(name.to_str().expect("names are chosen by the build").to_owned());
        }
    }
}
