//! How much room there is where the data folder is.
//!
//! Invariant: what the system does not tell is left out. It touches no file.

use std::path::Path;

use super::exposition::Family;

pub(super) fn families(data: &Path) -> Vec<Family> {
    let Ok(of) = rustix::fs::statvfs(data) else { return Vec::new() };
    let bytes = |blocks: u64| (blocks as f64) * (of.f_frsize as f64);
    vec![
        Family::gauge(
            "antler_disk_free_bytes",
            "Room for the program on the disk of the data folder.",
            bytes(of.f_bavail),
        ),
        Family::gauge("antler_disk_size_bytes", "The size of that disk.", bytes(of.f_blocks)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_a_disk_and_what_is_not_there_has_none() {
        assert_eq!(families(tempfile::tempdir().unwrap().path()).len(), 2);
        assert_eq!(families(Path::new("/nowhere/at/all")).len(), 0);
    }
}
