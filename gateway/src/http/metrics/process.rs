//! What the kernel says about this process, from `/proc/self`, and how much of the machine it may use.
//!
//! Invariant: what cannot be read is left out, never made up. It keeps nothing between two readings.

use super::exposition::Family;

/// The unit of CPU time in `/proc`, the same on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// The soft limit of open files; `None` if there is none.
pub fn open_files_max() -> Option<f64> {
    files_limit(&read("limits"))
}

/// The families of the process under their usual names.
pub fn families(start_seconds: f64) -> Vec<Family> {
    let (stat, status) = (read("stat"), read("status"));
    let open = std::fs::read_dir("/proc/self/fd").ok().map(|names| names.count() as f64);
    let gauge = |name, help, value: Option<f64>| value.map(|value| Family::gauge(name, help, value));
    let cpu = cpu_seconds(&stat).map(|seconds| {
        Family::new(super::Kind::Counter, "process_cpu_seconds_total", "CPU time used, user and system.")
            .sample(&[], seconds)
    });
    let kib = |field| field_of(&status, field).map(|kib| kib * 1024.0);
    [
        cpu,
        gauge("process_resident_memory_bytes", "Memory in RAM.", kib("VmRSS:")),
        gauge("process_virtual_memory_bytes", "Address space.", kib("VmSize:")),
        gauge("process_peak_resident_memory_bytes", "Most memory in RAM so far.", kib("VmHWM:")),
        gauge("process_threads", "Threads.", field_of(&status, "Threads:")),
        gauge("process_open_fds", "Open file descriptors.", open),
        gauge("process_max_fds", "Most file descriptors that may be open.", open_files_max()),
        gauge("antler_machine_processors", "Processors that the program may use.", processors()),
        gauge("antler_machine_memory_bytes", "Memory that the program may use.", memory()),
        gauge("process_start_time_seconds", "Start of the process since 1970.", Some(start_seconds)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default()
}

fn processors() -> Option<f64> {
    std::thread::available_parallelism().ok().map(|count| count.get() as f64)
}

/// That of the machine, or of the control group if that is less.
fn memory() -> Option<f64> {
    let file = |path| std::fs::read_to_string(path).unwrap_or_default();
    let machine = field_of(&file("/proc/meminfo"), "MemTotal:").map(|kib| kib * 1024.0);
    let group = file("/sys/fs/cgroup/memory.max").trim().parse().ok();
    machine.into_iter().chain(group).reduce(f64::min)
}

fn files_limit(limits: &str) -> Option<f64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// Fields 14 and 15; the name in parentheses before them may hold spaces.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let ticks: Vec<f64> = behind_name.split_whitespace().skip(11).take(2).flat_map(str::parse).collect();
    (ticks.len() == 2).then(|| ticks.iter().sum::<f64>() / TICKS_PER_SECOND)
}

fn field_of(status: &str, name: &str) -> Option<f64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_in_the_kernels_texts() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 150 50 0 0 20 0 3 0 99 1000 10";
        assert_eq!(cpu_seconds(stat), Some(2.0));
        assert_eq!(cpu_seconds(""), None);
        assert_eq!(field_of("VmSize:\t 9 kB\nVmRSS:\t  12 kB\n", "VmRSS:"), Some(12.0));
        assert_eq!(files_limit("Max open files            1024         4096     files\n"), Some(1024.0));
        assert_eq!(files_limit("Max open files            unlimited    unlimited  files\n"), None);
    }

    #[test]
    fn this_process_has_every_family() {
        let names = families(1.0).len();
        assert!(names >= 7, "{names}");
    }
}
