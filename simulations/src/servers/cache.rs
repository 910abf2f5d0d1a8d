//! The folder of programs that were built or downloaded once.
//!
//! Invariant: what lies in the cache under a name is whole and was made by the recipe that asks for it; two processes that
//! want the same wait for each other. It does not clean up: the folder may be removed at any time that no server runs.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use rustix::process::{Pid, setpriority_process};

/// So much of what a command or a server said is shown when it failed.
const SAID_LINES: usize = 15;
const LEAST_PRIORITY: i32 = 19;
const RECIPE: &str = "recipe.txt";
const OF_THE_MACHINE: &str = "/var/cache/antler-services";

/// Where programs lie.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

/// How a program comes to be.
#[derive(Debug)]
pub(super) struct Recipe {
    /// With its version.
    pub(super) name: String,
    /// What the command finds in its folder.
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) program: &'static str,
    /// `{into}` stands for the folder that it fills.
    pub(super) arguments: Vec<String>,
    /// What to do when the program is not there.
    pub(super) way_out: &'static str,
    /// Puts right what the command has brought.
    pub(super) finish: fn(&Path) -> anyhow::Result<()>,
}

impl Cache {
    /// `ANTLER_SERVICES_CACHE`, or a folder beside what cargo builds, or the machine's where that one is closed to others.
    pub fn of_environment() -> Self {
        let chosen = std::env::var_os("ANTLER_SERVICES_CACHE").filter(|value| !value.is_empty());
        let is_root = rustix::process::geteuid().is_root();
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/services/cache");
        Self::at(chosen.map_or_else(|| usual(beside, is_root), PathBuf::from))
    }

    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder of what the recipe makes; it is made if it is not there.
    pub(super) fn provide(&self, recipe: &Recipe, say: &dyn Fn(String)) -> anyhow::Result<PathBuf> {
        let _guard = self.lock(&recipe.name)?;
        let folder = fs::canonicalize(&self.folder)?;
        let home = folder.join(&recipe.name);
        if fs::read_to_string(home.join(RECIPE)).is_ok_and(|text| text == recipe.text()) {
            return Ok(home);
        }
        say(format!("{} is not there yet: installing", recipe.name));
        let part = tempfile::Builder::new().prefix(".part-").tempdir_in(&folder)?;
        let into = part.path().join("into");
        recipe.run(part.path(), &into)?;
        fs::write(into.join(RECIPE), recipe.text())?;
        let _ = fs::remove_dir_all(&home);
        fs::rename(&into, &home).with_context(|| format!("cannot move {} into place", recipe.name))?;
        Ok(home)
    }

    /// Held until it is dropped.
    pub(super) fn lock(&self, name: &str) -> anyhow::Result<File> {
        let cannot = || format!("cannot write to the cache {}", self.folder.display());
        fs::create_dir_all(&self.folder).with_context(cannot)?;
        let file = File::create(self.folder.join(format!(".lock-{name}"))).with_context(cannot)?;
        file.lock().with_context(cannot)?;
        Ok(file)
    }
}

/// Root lets the search servers run as somebody else, who may not enter every folder.
fn usual(beside: PathBuf, is_root: bool) -> PathBuf {
    let is_closed = |folder: &Path| fs::metadata(folder).is_ok_and(|about| about.mode() & 0o001 == 0);
    if is_root && beside.ancestors().any(is_closed) { PathBuf::from(OF_THE_MACHINE) } else { beside }
}

impl Recipe {
    fn text(&self) -> String {
        let files = self.files.iter().map(|(name, text)| format!("== {name}\n{text}"));
        format!("{} {}\n{}", self.program, self.arguments.join(" "), files.collect::<String>())
    }

    fn run(&self, folder: &Path, into: &Path) -> anyhow::Result<()> {
        fs::create_dir(into)?;
        for (name, text) in self.files {
            fs::write(folder.join(name), text)?;
        }
        let said = folder.join("said.log");
        let output = File::create(&said)?;
        let arguments = self.arguments.iter();
        let arguments = arguments.map(|argument| argument.replace("{into}", &into.display().to_string()));
        let mut child = Command::new(self.program)
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stderr(output.try_clone()?)
            .stdout(output)
            .spawn()
            .with_context(|| format!("cannot run {}; {}", self.program, self.way_out))?;
        // Compilers would take the processors from servers that start meanwhile, and are waited for.
        let _ = setpriority_process(i32::try_from(child.id()).ok().and_then(Pid::from_raw), LEAST_PRIORITY);
        let status = child.wait()?;
        if !status.success() {
            let (program, name) = (self.program, &self.name);
            bail!("{program} could not install {name} ({status}); it said:\n{}", end_of(&said));
        }
        (self.finish)(into)
    }
}

/// The last lines of a file of text, or that there are none.
pub(super) fn end_of(log: &Path) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return String::from("  (nothing)");
    }
    let last = &lines[lines.len().saturating_sub(SAID_LINES)..];
    last.iter().map(|line| format!("  {line:.300}")).collect::<Vec<String>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn below_a_closed_folder_root_takes_that_of_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("target/services/cache");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(usual(beside.clone(), true), beside);
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert_eq!(usual(beside.clone(), true), Path::new(OF_THE_MACHINE));
        assert_eq!(usual(beside.clone(), false), beside);
    }

    fn recipe(script: &str) -> Recipe {
        Recipe {
            name: String::from("thing-1"),
            files: &[("given", "words\n")],
            program: "sh",
            arguments: vec![String::from("-c"), script.to_owned()],
            way_out: "install a shell",
            finish: |into| Ok(fs::write(into.join("finished"), "")?),
        }
    }

    #[test]
    fn what_is_there_is_not_made_again_unless_the_recipe_changes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let said = RefCell::new(Vec::new());
        let say = |line| said.borrow_mut().push(line);
        let home = cache.provide(&recipe("cp given {into}/thing"), &say).unwrap();
        assert_eq!(fs::read_to_string(home.join("thing")).unwrap(), "words\n");
        assert!(home.join("finished").exists());
        cache.provide(&recipe("cp given {into}/thing"), &say).unwrap();
        assert_eq!(said.borrow().as_slice(), ["thing-1 is not there yet: installing"]);
        let home = cache.provide(&recipe("cp given {into}/other"), &say).unwrap();
        assert!(home.join("other").exists() && !home.join("thing").exists());
        assert_eq!(said.borrow().len(), 2);
    }

    #[test]
    fn a_failed_install_says_what_the_program_said_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let broken = recipe("echo no network >&2; touch {into}/half; exit 3");
        let error = format!("{:#}", cache.provide(&broken, &|_| ()).unwrap_err());
        assert_eq!(error, "sh could not install thing-1 (exit status: 3); it said:\n  no network");
        assert!(!folder.path().join("thing-1").exists());
        let missing = Recipe { program: "no-such-program", ..recipe("") };
        let error = format!("{:#}", cache.provide(&missing, &|_| ()).unwrap_err());
        assert!(error.starts_with("cannot run no-such-program; install a shell: "), "{error}");
    }

    #[test]
    fn a_cache_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = format!("{:#}", Cache::at(file.join("below")).provide(&recipe(""), &|_| ()).unwrap_err());
        assert!(error.starts_with("cannot write to the cache "), "{error}");
    }

    #[test]
    fn only_the_end_of_a_long_log_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("said.log");
        let lines: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        fs::write(&log, lines.join("\n")).unwrap();
        assert!(end_of(&log).starts_with("  85\n") && end_of(&log).ends_with("\n  99"));
        assert_eq!(end_of(&folder.path().join("lost")), "  (nothing)");
    }
}
