//! How a world ends: everything is sealed, compacted and proved, and then one bit is flipped.
//!
//! Invariant: a proof names exactly the files that were damaged, and lines that cannot be read are missing
//! by name only. It repairs nothing: after an ending the world is over.

use std::collections::BTreeSet;
use std::sync::Arc;

use antler_events::files::FileSystem;
use antler_projections::index::columns::store::{Finding, StoreVerification, verify};
use anyhow::{Context as _, bail, ensure};

use super::Course;
use super::life::number_of;
use crate::world::files::Flip;

/// First bytes of a group that nobody reads: its trailer says the same.
const HEAD_BYTES: u64 = 8;

impl Course<'_> {
    pub(super) fn end(mut self) -> anyhow::Result<()> {
        let store = self.open()?;
        let mut life = self.life(&store);
        life.begin()?;
        life.settle()?;
        drop(life);
        let snapshot = store.snapshot();
        let missing: BTreeSet<u64> = snapshot.missing.iter().map(|group| group.entry.number).collect();
        drop((snapshot, store));
        self.check_proof(&missing)?;
        if self.world.rng.chance(500) { self.flip_and_prove(&missing) } else { Ok(()) }
    }

    /// What is taken out is named, and of the rest what was flipped may be, if it matters.
    fn check_proof(&mut self, missing: &BTreeSet<u64>) -> anyhow::Result<()> {
        let verification = self.verify()?.context("there is no store to prove")?;
        let named = named(&verification)?;
        let unnamed = missing.difference(&named).next();
        ensure!(unnamed.is_none(), "group {unnamed:?} is missing, and verify does not name it");
        let mut others = named.difference(missing);
        let wrong = others.find(|number| !self.stock.flipped.contains(number));
        ensure!(wrong.is_none(), "group {wrong:?} was not damaged, and verify names it");
        Ok(())
    }

    /// A bit is flipped somewhere: the proof names the file, and every line that is seen is right.
    fn flip_and_prove(mut self, missing: &BTreeSet<u64>) -> anyhow::Result<()> {
        let folder = self.options.dir.clone();
        let is_used = |path: &std::path::Path| {
            let is_flipped = number_of(path).is_some_and(|number| self.stock.flipped.contains(&number));
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            path.starts_with(&folder) && !is_flipped && !["quarantined", "draft"].contains(&ending)
        };
        let Some(flip) = self.world.files.flip_at_rest(is_used) else { return Ok(()) };
        self.world.trace.note(format_args!("{flip:?}"));
        let proved = self.verify();
        if flip.path.ends_with("format") {
            ensure!(
                proved.is_err() || self.is_newline(&flip),
                "the format was damaged, and verify says nothing"
            );
            return Ok(());
        }
        let verification = proved?.context("there is no store to prove")?;
        match number_of(&flip.path) {
            None => {
                let is_named = |finding: &Finding| matches!(finding, Finding::Catalogue { file, .. } if *file == flip.path);
                ensure!(verification.findings.iter().any(is_named), "{flip:?} is not named by verify");
                self.is_catalogue_flipped = true;
            }
            Some(number) => {
                let is_named = named(&verification)?.contains(&number);
                ensure!(is_named || flip.position < HEAD_BYTES, "{flip:?} is not named by verify");
                ensure!(!missing.contains(&number), "a group is missing and still in use");
                self.stock.flipped.insert(number);
            }
        }
        let store = self.open()?;
        let mut life = self.life(&store);
        life.begin()?;
        life.settle()
    }

    /// White space at the end of the format means nothing.
    fn is_newline(&self, flip: &Flip) -> bool {
        let bytes = self.world.files.bytes(&flip.path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).trim_end() == "antler index 1"
    }

    fn verify(&self) -> anyhow::Result<Option<StoreVerification>> {
        let files: Arc<dyn FileSystem> = Arc::clone(&self.world.files) as _;
        Ok(verify(&files, &self.options.dir)?)
    }
}

/// Groups that a proof names; in a store that was opened and closed nothing else is wrong.
fn named(verification: &StoreVerification) -> anyhow::Result<BTreeSet<u64>> {
    let mut named = BTreeSet::new();
    for finding in &verification.findings {
        match finding {
            Finding::Group { group, .. } => drop(named.insert(*group)),
            Finding::Leftover { .. } | Finding::Catalogue { .. } => bail!("verify finds {finding}"),
        }
    }
    Ok(named)
}
