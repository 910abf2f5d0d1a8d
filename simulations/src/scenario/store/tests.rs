//! What a store promises after a death at each of its steps, one after another.
//!
//! Invariant: what an opened store has shown is there after a power cut. It draws nothing: the scenario does.

use super::*;
use crate::scenario::store::workload::tenant;
use crate::world::Trace;

#[test]
fn what_an_open_has_shown_survives_a_power_cut() {
    let options = StoreOptions::new(PathBuf::from("data/index"));
    let open = |world: &World| open_store(world, &options).unwrap().store;
    for (seed, changes) in (0..8).flat_map(|seed| (1..14).map(move |changes| (seed, changes))) {
        let world = World::new(seed, Trace::hashed());
        let store = open(&world);
        world.files.die_after(changes);
        let erased = store.erase(tenant(0));
        world.files.kill_process();
        let is_erasing = open(&world).is_erasing(tenant(0));
        assert!(is_erasing || erased.is_err(), "an erasure is forgotten");
        world.files.cut_power();
        assert_eq!(open(&world).is_erasing(tenant(0)), is_erasing, "seed {seed}, death after {changes}");
    }
}
