//! Opening on a bad disk: faults that strike, a disk that is full, a process that dies on the way.
//!
//! Invariant: afterwards the disk is good again, whatever came of it. It does not judge: what was opened is
//! the scenario's to check.

use crate::world::{Fault, World};

/// Opens while some of the faults are armed; nothing if that failed, or if the process was about to die.
pub(super) fn open_with_faults<T>(
    world: &mut World,
    armed: &[(Fault, u16)],
    open: impl FnOnce(&World) -> anyhow::Result<T>,
) -> Option<T> {
    let World { rng, faults, files, .. } = &mut *world;
    (0..2).map(|_| *rng.pick(armed)).for_each(|(fault, per_mille)| faults.arm(fault, per_mille));
    match rng.below(10) {
        0..3 => files.set_free(Some(rng.below(300))),
        3..6 => files.die_after(rng.between(1, 25)),
        _ => {}
    }
    let opened = open(world);
    let World { rng, faults, files, trace, .. } = world;
    faults.disarm_all();
    files.set_free(None);
    let dying = files.is_dying();
    match opened {
        Ok(opened) if !dying => return Some(opened),
        Ok(_) => trace.note(format_args!("opened, and about to die")),
        Err(error) => trace.note(format_args!("not opened: {error:#}")),
    }
    match rng.below(if dying { 2 } else { 3 }) {
        0 => files.cut_power(),
        1 => files.kill_process(),
        _ => {}
    }
    None
}
