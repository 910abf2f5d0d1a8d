//! The killed writer, in a small number: `kill --kills N` does more.
//!
//! Invariant: nothing that a killed process acknowledged is lost. It does not measure anything.

use std::process::Command;

#[test]
fn what_a_killed_writer_acknowledged_is_in_the_log() {
    let output = Command::new(env!("CARGO_BIN_EXE_kill")).args(["--kills", "30"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("30 kills") && text.contains("nothing lost"), "{text}");
}
