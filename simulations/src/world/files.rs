//! A file system in memory that fails the way disks, kernels and power supplies do.
//!
//! Invariant: only what was synced, file and folder, is sure to survive `cut_power`; nothing else is sure to
//! be lost either. Folders themselves are durable at once, as the port promises.
//! It does not rename across folders: nothing of ours does.

mod content;
mod names;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use antler_events::files::{Access, File, FileSystem, Lock};

use self::content::{Content, whole_sectors};
use self::names::{FileNumber, Names};
use super::{Fault, Faults, SimulatedClock};

/// What a sync takes at most when the disk is slow.
const SLOW_MAX: Duration = Duration::from_secs(2);

/// The disk of a world.
#[derive(Debug)]
pub struct SimulatedFiles {
    disk: Arc<Mutex<Disk>>,
    faults: Arc<Faults>,
    clock: Arc<SimulatedClock>,
}

#[derive(Debug, Default)]
struct Disk {
    folders: BTreeMap<PathBuf, Names>,
    files: Vec<Content>,
    locks: BTreeSet<PathBuf>,
    /// Bytes that may still be written; `None` is enough.
    free: Option<u64>,
    /// Changes that still happen before nothing happens any more.
    changes_left: Option<u64>,
    /// Which life of the program this is: handles of an earlier one are dead.
    life: u64,
}

/// A bit that was flipped at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flip {
    pub path: PathBuf,
    pub position: u64,
}

impl SimulatedFiles {
    pub fn new(faults: Arc<Faults>, clock: Arc<SimulatedClock>) -> Self {
        Self { disk: Arc::default(), faults, clock }
    }

    /// The power goes: handles die, and what was not synced survives in part.
    pub fn cut_power(&self) {
        self.faults.count(Fault::PowerCut);
        self.with(|disk| {
            disk.end_life();
            disk.files.iter_mut().for_each(|content| content.cut_power(&self.faults));
            disk.folders.values_mut().for_each(|names| names.cut_power(&self.faults));
        });
    }

    /// The process dies and the kernel lives: handles die, what was written stays as it is.
    pub fn kill_process(&self) {
        self.faults.count(Fault::ProcessKilled);
        self.with(Disk::end_life);
    }

    /// After so many changes of files and names every further one fails, until the power is cut or the process is
    /// killed. To the disk this is a death between two steps of whatever the program is doing then.
    pub fn die_after(&self, changes: u64) {
        self.with(|disk| disk.changes_left = Some(changes));
    }

    /// Whether the program is to die soon, or is dead already.
    pub fn is_dying(&self) -> bool {
        self.with(|disk| disk.changes_left.is_some())
    }

    /// From now on only so many bytes more fit; `None` makes room again.
    pub fn set_free(&self, bytes: Option<u64>) {
        self.with(|disk| disk.free = bytes);
    }

    /// Flips a random bit of a random synced byte of a file that `concerns` names.
    pub fn flip_at_rest(&self, concerns: impl Fn(&Path) -> bool) -> Option<Flip> {
        let candidates: Vec<(PathBuf, FileNumber, u64)> = self.with(|disk| disk.stored_files(&concerns));
        let total = candidates.iter().map(|(_, _, size)| size).sum::<u64>();
        if total == 0 {
            return None;
        }
        let (mut position, bit) = self.faults.random(|rng| (rng.below(total), rng.below(8) as u8));
        for (path, file, size) in candidates {
            if position < size {
                self.with(|disk| disk.files[file].flip(position, bit));
                self.faults.count(Fault::BitFlipAtRest);
                return Some(Flip { path, position });
            }
            position -= size;
        }
        unreachable!("a position below the total lies in a file")
    }

    /// The bytes of a file as a reader sees them, without any fault.
    pub fn bytes(&self, path: &Path) -> Option<Vec<u8>> {
        self.with(|disk| disk.find(path).ok().map(|file| disk.files[file].bytes().to_vec()))
    }

    /// Puts durable bytes into a file, without any fault. The folder must be there.
    pub fn place(&self, path: &Path, bytes: &[u8]) {
        self.with(|disk| {
            let mut content = Content::default();
            content.write(0, bytes);
            content.sync();
            disk.files.push(content);
            let file = disk.files.len() - 1;
            let (names, name) = disk.folder_of(path).expect("the caller made the folder");
            names.link(name, file);
            names.sync();
        });
    }

    fn with<T>(&self, action: impl FnOnce(&mut Disk) -> T) -> T {
        action(&mut self.disk.lock().expect("nothing panics while it holds the disk"))
    }

    /// Before every change.
    fn strike(&self, fault: Fault) -> io::Result<()> {
        self.with(|disk| disk.live(&self.faults))?;
        if self.faults.strikes(fault) { Err(failure(fault)) } else { Ok(()) }
    }
}

impl FileSystem for SimulatedFiles {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.strike(Fault::CreateError)?;
        self.with(|disk| {
            for folder in path.ancestors() {
                disk.folders.entry(folder.to_owned()).or_default();
            }
        });
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.with(|disk| disk.list(dir))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        if access == Access::Create {
            self.strike(Fault::CreateError)?;
        }
        let (number, life) = self.with(|disk| {
            let number = if access == Access::Create { disk.create(path) } else { disk.find(path) };
            number.map(|number| (number, disk.life))
        })?;
        Ok(Box::new(SimulatedFile {
            disk: Arc::clone(&self.disk),
            faults: Arc::clone(&self.faults),
            clock: Arc::clone(&self.clock),
            number,
            life,
            writable: access != Access::Read,
        }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.strike(Fault::RenameError)?;
        if from.parent() != to.parent() {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        self.with(|disk| {
            let file = disk.find(from)?;
            let (_, to) = disk.folder_of(to)?;
            let (names, from) = disk.folder_of(from)?;
            names.rename(from, to, file);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.strike(Fault::RemoveError)?;
        self.with(|disk| {
            let file = disk.find(path)?;
            let size = disk.files[file].bytes().len() as u64;
            let (names, name) = disk.folder_of(path)?;
            names.unlink(name);
            disk.free = disk.free.map(|free| free + size);
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.strike(Fault::SyncDirError)?;
        self.with(|disk| disk.folders.get_mut(dir).map(Names::sync).ok_or_else(|| not_found(dir)))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Lock>> {
        self.with(|disk| {
            if disk.find(path).is_err() {
                disk.create(path)?;
            }
            if !disk.locks.insert(path.to_owned()) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let lock =
                SimulatedLock { disk: Arc::downgrade(&self.disk), path: path.to_owned(), life: disk.life };
            Ok(Box::new(lock) as Box<dyn Lock>)
        })
    }
}

impl Disk {
    fn end_life(&mut self) {
        self.life += 1;
        self.locks.clear();
        self.changes_left = None;
    }

    /// One change more, if the program still lives.
    fn live(&mut self, faults: &Faults) -> io::Result<()> {
        match &mut self.changes_left {
            None => Ok(()),
            Some(0) => Err(failure(Fault::DeathInside)),
            Some(left) => {
                *left -= 1;
                if *left == 0 {
                    faults.count(Fault::DeathInside);
                }
                Ok(())
            }
        }
    }

    fn folder_of(&mut self, path: &Path) -> io::Result<(&mut Names, String)> {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or(io::ErrorKind::InvalidInput)?;
        let folder = path.parent().and_then(|parent| self.folders.get_mut(parent));
        Ok((folder.ok_or_else(|| not_found(path))?, name.to_owned()))
    }

    fn find(&mut self, path: &Path) -> io::Result<FileNumber> {
        let (names, name) = self.folder_of(path)?;
        names.find(&name).ok_or_else(|| not_found(path))
    }

    fn create(&mut self, path: &Path) -> io::Result<FileNumber> {
        let number = self.files.len();
        if self.free == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let (names, name) = self.folder_of(path)?;
        if names.find(&name).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        names.link(name, number);
        self.files.push(Content::default());
        Ok(number)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.folders.get(dir).ok_or_else(|| not_found(dir))?;
        let mut listed: Vec<String> = names.seen().map(|(name, _)| name.to_owned()).collect();
        let inside = self.folders.keys().filter(|folder| folder.parent() == Some(dir));
        listed.extend(inside.filter_map(|folder| Some(folder.file_name()?.to_str()?.to_owned())));
        listed.sort_unstable();
        Ok(listed)
    }

    fn stored_files(&self, concerns: impl Fn(&Path) -> bool) -> Vec<(PathBuf, FileNumber, u64)> {
        let in_folder = |(dir, names): (&PathBuf, &Names)| {
            let sized = |(name, file): (&str, FileNumber)| {
                (dir.join(name), file, self.files[file].stored().len() as u64)
            };
            names.seen().map(sized).collect::<Vec<_>>()
        };
        self.folders.iter().flat_map(in_folder).filter(|(path, _, _)| concerns(path)).collect()
    }
}

/// An open file; dead when the life it was opened in is over.
#[derive(Debug)]
struct SimulatedFile {
    disk: Arc<Mutex<Disk>>,
    faults: Arc<Faults>,
    clock: Arc<SimulatedClock>,
    number: FileNumber,
    life: u64,
    writable: bool,
}

impl SimulatedFile {
    fn with<T>(&self, action: impl FnOnce(&mut Content, &mut Option<u64>) -> T) -> io::Result<T> {
        let mut disk = self.disk.lock().expect("nothing panics while it holds the disk");
        if disk.life != self.life {
            return Err(io::Error::other("the file was opened before the crash"));
        }
        let Disk { files, free, .. } = &mut *disk;
        Ok(action(&mut files[self.number], free))
    }

    fn strike(&self, fault: Fault) -> io::Result<()> {
        if self.faults.strikes(fault) { Err(failure(fault)) } else { Ok(()) }
    }

    /// Before every change.
    fn change(&self) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        self.disk.lock().expect("nothing panics while it holds the disk").live(&self.faults)
    }
}

impl File for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        self.with(|content, _| content.bytes().len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.strike(Fault::ReadError)?;
        let mut count = self.with(|content, _| {
            let rest = content.bytes().get(at as usize..).unwrap_or_default();
            let count = rest.len().min(into.len());
            into[..count].copy_from_slice(&rest[..count]);
            count
        })?;
        if count > 1 && self.faults.strikes(Fault::ShortRead) {
            count = 1 + self.faults.random(|rng| rng.index(count - 1));
        }
        if count > 0 && self.faults.strikes(Fault::BitFlipInRead) {
            let (byte, bit) = self.faults.random(|rng| (rng.index(count), rng.below(8)));
            into[byte] ^= 1 << bit;
        }
        Ok(count)
    }

    fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.change()?;
        let failed = self.faults.strikes(Fault::WriteError);
        let partial = self.faults.random(|rng| rng.index(bytes.len() + 1));
        let full = self.with(|content, free| {
            let end = at + bytes.len() as u64;
            let grows = end.saturating_sub(content.bytes().len() as u64);
            let fits = free.is_none_or(|free| grows <= free);
            *free = free.map(|free| free.saturating_sub(grows));
            let partial = whole_sectors(at, partial, content.bytes().len() as u64);
            let written = if fits && !failed { bytes } else { &bytes[..partial] };
            content.write(at, written);
            !fits
        })?;
        match (full, failed) {
            (true, _) => {
                self.faults.count(Fault::DiskFull);
                Err(io::ErrorKind::StorageFull.into())
            }
            (false, true) => Err(failure(Fault::WriteError)),
            (false, false) => Ok(()),
        }
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        self.change()?;
        self.strike(Fault::WriteError)?;
        self.with(|content, _| content.set_size(size))
    }

    fn sync(&self) -> io::Result<()> {
        if self.writable {
            self.change()?;
        }
        if self.faults.strikes(Fault::SlowDisk) {
            self.clock.advance_up_to(SLOW_MAX);
        }
        if self.faults.strikes(Fault::SyncError) {
            self.with(|content, _| self.faults.random(|rng| content.fail_sync(rng)))?;
            // A file system that allocates late finds out here that there is no space.
            let late = self.faults.random(|rng| rng.chance(300));
            return Err(if late { io::ErrorKind::StorageFull.into() } else { failure(Fault::SyncError) });
        }
        self.with(|content, _| content.sync())
    }
}

#[derive(Debug)]
struct SimulatedLock {
    disk: Weak<Mutex<Disk>>,
    path: PathBuf,
    life: u64,
}

impl Lock for SimulatedLock {}

impl Drop for SimulatedLock {
    fn drop(&mut self) {
        let Some(disk) = self.disk.upgrade() else { return };
        let mut disk = disk.lock().expect("nothing panics while it holds the disk");
        if disk.life == self.life {
            disk.locks.remove(&self.path);
        }
    }
}

fn failure(fault: Fault) -> io::Error {
    io::Error::other(format!("simulated {}", fault.name()))
}

fn not_found(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{} does not exist", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Rng;
    use antler_events::files::{read_full, read_whole, replace};

    fn disk() -> (SimulatedFiles, Arc<Faults>) {
        let faults = Arc::new(Faults::new(Rng::new(3)));
        let clock = Arc::new(SimulatedClock::new(Rng::new(4)));
        let files = SimulatedFiles::new(Arc::clone(&faults), clock);
        files.create_dir(Path::new("data/log")).unwrap();
        (files, faults)
    }

    #[test]
    fn a_synced_file_without_a_synced_name_may_be_lost() {
        let lost = (0..20).filter(|seed| {
            let (files, faults) = disk();
            faults.random(|rng| *rng = Rng::new(*seed));
            let file = files.open(Path::new("data/log/a"), Access::Create).unwrap();
            file.write_at(0, b"abc").unwrap();
            file.sync().unwrap();
            files.cut_power();
            files.bytes(Path::new("data/log/a")).is_none()
        });
        assert!((1..20).contains(&lost.count()));
    }

    #[test]
    fn replace_survives_every_power_cut_whole() {
        for seed in 0..200 {
            let (files, faults) = disk();
            faults.random(|rng| *rng = Rng::new(seed));
            let path = Path::new("data/log/mark");
            replace(&files, path, b"one").unwrap();
            if seed % 2 == 0 {
                replace(&files, path, b"two").unwrap();
            }
            files.cut_power();
            let expected: &[u8] = if seed % 2 == 0 { b"two" } else { b"one" };
            assert_eq!(read_whole(&files, path, 10).unwrap(), expected, "seed {seed}");
        }
    }

    #[test]
    fn handles_and_locks_end_with_their_life() {
        let (files, _) = disk();
        let path = Path::new("data/log/a");
        let file = files.open(path, Access::Create).unwrap();
        file.write_at(0, b"abc").unwrap();
        let lock = files.lock(Path::new("data/lock")).unwrap();
        assert_eq!(files.lock(Path::new("data/lock")).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        files.kill_process();
        assert!(file.sync().is_err() && file.size().is_err());
        assert_eq!(files.bytes(path).unwrap(), b"abc");
        let again = files.lock(Path::new("data/lock")).unwrap();
        drop(lock);
        assert!(files.lock(Path::new("data/lock")).is_err(), "the old lock does not end the new one");
        drop(again);
        assert!(files.lock(Path::new("data/lock")).is_ok());
    }

    #[test]
    fn a_full_disk_takes_a_part_and_says_so() {
        let (files, faults) = disk();
        let file = files.open(Path::new("data/log/a"), Access::Create).unwrap();
        files.set_free(Some(2));
        file.write_at(0, b"ab").unwrap();
        assert_eq!(file.write_at(2, b"cd").unwrap_err().kind(), io::ErrorKind::StorageFull);
        let refused = files.open(Path::new("data/log/b"), Access::Create).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        file.write_at(0, b"AB").expect("writing over needs no space");
        files.set_free(None);
        file.write_at(2, b"cd").unwrap();
        assert_eq!(faults.counts().of(Fault::DiskFull), 1);
    }

    #[test]
    fn after_a_death_nothing_changes_until_the_next_life() {
        let (files, faults) = disk();
        let path = Path::new("data/log/a");
        let file = files.open(path, Access::Create).unwrap();
        files.die_after(2);
        file.write_at(0, b"abc").unwrap();
        file.sync().unwrap();
        assert!(file.write_at(0, b"x").is_err() && file.sync().is_err());
        assert!(files.sync_dir(Path::new("data/log")).is_err() && files.remove(path).is_err());
        assert_eq!(file.read_at(0, &mut [0; 3]).unwrap(), 3, "what reads sees nothing of it");
        files.kill_process();
        assert_eq!(files.bytes(path).unwrap(), b"abc");
        files.remove(path).unwrap();
        assert_eq!(faults.counts().of(Fault::DeathInside), 1);
    }

    #[test]
    fn short_reads_and_flips_strike_as_armed() {
        let (files, faults) = disk();
        let path = Path::new("data/log/a");
        files.place(path, &[7; 4096]);
        let file = files.open(path, Access::Read).unwrap();
        let mut bytes = [0; 4096];
        faults.arm(Fault::ShortRead, 500);
        assert_eq!(read_full(&*file, 0, &mut bytes).unwrap(), 4096);
        assert_eq!(bytes, [7; 4096]);
        faults.arm(Fault::BitFlipInRead, 1000);
        file.read_at(0, &mut bytes).unwrap();
        assert_ne!(bytes, [7; 4096]);
        let flip = files.flip_at_rest(|_| true).unwrap();
        assert_ne!(files.bytes(path).unwrap()[flip.position as usize], 7);
        assert!(file.write_at(0, b"x").is_err(), "it was opened to read");
    }

    #[test]
    fn a_folder_lists_files_and_folders_in_order() {
        let (files, _) = disk();
        files.place(Path::new("data/log/b"), b"");
        files.place(Path::new("data/log/a"), b"");
        files.create_dir(Path::new("data/log/c")).unwrap();
        assert_eq!(files.list(Path::new("data/log")).unwrap(), ["a", "b", "c"]);
        assert_eq!(files.list(Path::new("data/none")).unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
