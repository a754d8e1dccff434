//! The demo's worlds on disk for as long as a demo runs: one that was killed goes on where it was, as a real cloud would.
//!
//! Nothing here may stop a demo: where the folder cannot be used, its worlds are in memory alone. Files are not synced; a power
//! cut may cost the last changes of a world that is made up.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use crate::{
    domain::time::Timestamp,
    sim::{
        http::OnChange,
        world::{World, WorldFile},
    },
};

/// Which nicdeck began it, and when.
const BEGAN: &str = "began";
/// Locked while a demo runs.
const LOCK: &str = "lock";

/// A folder that this demo alone writes to, until this is dropped.
#[derive(Debug)]
pub struct Kept {
    folder: PathBuf,
    /// When its worlds began: writes before that were to others.
    pub began: Timestamp,
    /// It goes on with the worlds of one that was killed.
    pub continued: bool,
    _lock: File,
}

impl Kept {
    /// Goes on with what a killed demo left there, or begins anew. `None`: the folder cannot be used, or another demo runs.
    pub fn open(folder: &Path, now: Timestamp) -> Option<Self> {
        Self::take(folder, now).ok()
    }

    fn take(folder: &Path, now: Timestamp) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
        let lock = File::create(folder.join(LOCK))?;
        lock.try_lock()?;
        let began = fs::read_to_string(folder.join(BEGAN)).ok().as_deref().and_then(read_began);
        let kept =
            Self { folder: folder.to_owned(), began: began.unwrap_or(now), continued: began.is_some(), _lock: lock };
        if began.is_none() {
            kept.begin()?;
        }
        Ok(kept)
    }

    /// Worlds as they are in the build, from now on.
    fn begin(&self) -> io::Result<()> {
        self.forget();
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                fs::remove_file(path)?;
            }
        }
        fs::write(self.folder.join(BEGAN), format!("{} {}\n", env!("CARGO_PKG_VERSION"), self.began.0))
    }

    /// All worlds as they were left, `fresh` where nothing was changed. `None`: one of them is not to be read, and all begin anew.
    pub fn worlds(&mut self, fresh: Vec<(String, World)>, now: Timestamp) -> Vec<(String, World)> {
        if !self.continued {
            return fresh;
        }
        let left = |(name, fresh): &(String, World)| -> Option<(String, World)> {
            let path = self.file(name);
            let text = match fs::read_to_string(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Some((name.clone(), fresh.clone())),
                text => text.ok()?,
            };
            let files: Vec<WorldFile> = serde_json::from_str(&text).ok()?;
            let named = files.into_iter().map(|file| (path.display().to_string(), file)).collect();
            let world = World::from_files(named).ok()?;
            (world.provider() == fresh.provider()).then_some((name.clone(), world))
        };
        if let Some(left) = fresh.iter().map(left).collect() {
            return left;
        }
        (self.continued, self.began) = (false, now);
        // Where that fails, the next start goes on with less than it could; this one is right.
        let _ = self.begin();
        fresh
    }

    /// Writes a world down whenever a call has changed it, before the call is answered.
    pub fn on_change(&self, name: &str) -> OnChange {
        let (path, began) = (self.file(name), self.folder.join(BEGAN));
        OnChange::new(move |world| {
            if write(&path, world).is_err() {
                // A world that is behind its journal would be worse than none.
                let _ = fs::remove_file(&began);
            }
        })
    }

    /// The demo ended as it should: the next one begins anew.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.folder.join(BEGAN));
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }
}

/// What another version keeps may mean something else.
fn read_began(text: &str) -> Option<Timestamp> {
    let (version, at) = text.trim_end().split_once(' ')?;
    (version == env!("CARGO_PKG_VERSION")).then(|| at.parse().ok().map(Timestamp))?
}

/// All of it or nothing. What is under way in it has come to its end: nobody would be there to end it.
fn write(path: &Path, world: &World) -> io::Result<()> {
    let mut rested = world.clone();
    rested.settle(Timestamp(i64::MAX));
    let new = path.with_extension("new");
    fs::write(&new, serde_json::to_vec(&rested.to_files())?)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{providers, sim::world::Becomes};

    fn worlds() -> Vec<(String, World)> {
        let of = |cloud: &&'static dyn providers::provider::Provider| {
            let descriptor = cloud.descriptor();
            let world = World::parse(&[(descriptor.id, descriptor.demo_world)]).unwrap();
            (format!("p-{}", descriptor.id), world)
        };
        providers::all().iter().map(of).collect()
    }

    fn told(world: &World) -> serde_json::Value {
        serde_json::to_value(world.to_files()).unwrap()
    }

    #[test]
    fn a_demo_that_was_killed_goes_on_with_what_its_clouds_had_become() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("demo");
        let mut first = Kept::open(&folder, Timestamp(1)).unwrap();
        assert!(!first.continued);
        let mut changed = first.worlds(worlds(), Timestamp(1));
        for (name, world) in changed.iter_mut().skip(1) {
            let more = |nic: &&crate::sim::world::SimNic| nic.addresses.iter().any(|address| !address.primary);
            let nic = world.nics().iter().find(more).unwrap().clone();
            let ip = nic.addresses.iter().find(|address| !address.primary).unwrap().ip;
            assert_eq!(world.release(&nic.id, &[ip]), 1);
            first.on_change(name).tell(world);
        }
        // One is on its way off when the process dies: it arrives.
        let (name, world) = &mut changed[1];
        let nic = world.nics().iter().find(|nic| !nic.primary && nic.instance_id.is_some()).unwrap().id.clone();
        let free = world.nics().iter().find(|nic| nic.instance_id.is_none()).unwrap().status.clone();
        assert!(world.begin(&nic, "moving", Becomes::Detached { status: free.clone() }, Timestamp(7)));
        first.on_change(name).tell(world);
        assert!(Kept::open(&folder, Timestamp(2)).is_none(), "one demo at a time");
        drop(first);

        let mut second = Kept::open(&folder, Timestamp(3)).unwrap();
        assert_eq!((second.continued, second.began), (true, Timestamp(1)));
        let left = second.worlds(worlds(), Timestamp(3));
        let (name, world) = &left[1];
        let moved = world.nic(&nic).unwrap();
        assert_eq!((&moved.status, &moved.instance_id), (&free, &None));
        changed[1].1.settle(Timestamp(i64::MAX));
        for ((name, world), (_, expected)) in left.iter().zip(&changed) {
            assert_eq!(told(world), told(expected), "{name}");
        }

        // One that cannot be read is no world to go on with, and neither are the others.
        fs::write(folder.join(format!("{name}.json")), "[{").unwrap();
        assert_eq!(second.worlds(worlds(), Timestamp(4)), worlds());
        assert_eq!((second.continued, second.began), (false, Timestamp(4)));
        drop(second);
        let third = Kept::open(&folder, Timestamp(5)).unwrap();
        assert_eq!((third.continued, third.began), (true, Timestamp(4)));
        third.forget();
        drop(third);
        assert!(!Kept::open(&folder, Timestamp(6)).unwrap().continued, "after a good end all begins anew");
    }

    #[test]
    fn what_cannot_be_kept_stops_no_demo_and_is_not_half_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Kept::open(&file.join("demo"), Timestamp(1)).is_none());
        let demo = folder.path().join("demo");
        let kept = Kept::open(&demo, Timestamp(1)).unwrap();
        let (name, world) = worlds().remove(0);
        // Something is in the way.
        fs::create_dir(demo.join(format!("{name}.new"))).unwrap();
        kept.on_change(&name).tell(&world);
        drop(kept);
        assert!(!Kept::open(&demo, Timestamp(2)).unwrap().continued);
        fs::write(demo.join(BEGAN), "0.0.0 5\n").unwrap();
        assert!(!Kept::open(&demo, Timestamp(3)).unwrap().continued, "another version's");
    }
}
