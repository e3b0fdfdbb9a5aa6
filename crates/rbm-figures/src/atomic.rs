//! Files that are either the old ones or the new ones, never torn.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockWriteGuard};

/// Held by each file that is being written, and by [`hold()`] alone.
static WRITING: RwLock<()> = RwLock::new(());

/// How files begin that are being written.
const PREFIX: &str = ".writing-";

/// Whether a file is what a killed process was writing, of a run or a report.
pub fn is_leftover(name: &str) -> bool {
    name.starts_with(PREFIX) || (name.starts_with('.') && name.ends_with(".tmp"))
}

/// Removes what a killed process was writing in a directory. Nobody else may be writing there.
///
/// # Errors
/// What the system said.
pub fn remove_leftovers(directory: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Waits until no file of this process is being written; none begins before the guard is dropped. A process that ends now
/// leaves nothing behind.
pub fn hold() -> RwLockWriteGuard<'static, ()> {
    WRITING.write().unwrap_or_else(PoisonError::into_inner)
}

/// Writes beside the place, syncs, and renames.
///
/// # Errors
/// What the system said; an existing file is then as it was, and nothing is left beside it.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], with what `content` writes.
///
/// # Errors
/// As [`write()`], and what `content` says.
///
/// # Examples
/// ```
/// use rbm_figures::atomic;
/// use std::io::{Error, Write};
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("numbers");
/// atomic::write(&path, b"1 2 3")?;
/// // Broken off halfway: the old file is as it was, and nothing lies beside it.
/// let failed = atomic::write_with(&path, |file| {
///     file.write_all(b"4 5")?;
///     Err(Error::other("no more numbers"))
/// });
/// assert!(failed.is_err());
/// assert_eq!(std::fs::read(&path)?, b"1 2 3");
/// assert_eq!(std::fs::read_dir(directory.path())?.count(), 1);
/// # Ok::<(), Error>(())
/// ```
pub fn write_with(
    path: &Path,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    place(path, content, true)?;
    // The rename itself lasts only once the directory is on disk.
    sync_directory(directory(path))
}

/// As [`write_with()`], for a file that others see whole at once, but that is on disk for certain only after [`sync()`].
///
/// # Errors
/// As [`write_with()`].
pub fn write_unsynced(
    path: &Path,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> io::Result<()> {
    place(path, content, false)
}

/// Brings files that were written before to disk, with their names.
///
/// # Errors
/// What the system said.
pub fn sync(files: &[PathBuf]) -> io::Result<()> {
    for file in files {
        File::open(file)?.sync_all()?;
    }
    let directories: BTreeSet<&Path> = files.iter().map(|file| directory(file)).collect();
    directories.into_iter().try_for_each(sync_directory)
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn sync_directory(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

fn place(
    path: &Path,
    content: impl FnOnce(&mut File) -> io::Result<()>,
    sync: bool,
) -> io::Result<()> {
    let _writing = WRITING.read().unwrap_or_else(PoisonError::into_inner);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX);
    // Temporary files are private; this one is to be as readable as any other, as the umask says.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(directory(path))?;
    content(file.as_file_mut())?;
    if sync {
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        super::write(&path, b"old").unwrap();
        super::write(&path, b"new").unwrap();
        super::write_unsynced(&path, |file| file.write_all(b"new")).unwrap();
        super::sync(std::slice::from_ref(&path)).unwrap();
        assert!(super::sync(&[dir.path().join("missing")]).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(super::write(&dir.path().join("missing/a"), b"x").is_err());
        let blocked = dir.path().join("d");
        std::fs::create_dir_all(blocked.join("full")).unwrap();
        assert!(super::write(&blocked, b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);

        // Who holds waits for what is being written.
        std::thread::scope(|scope| {
            let held = super::hold();
            let writer = scope.spawn(|| super::write(&path, b"later"));
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
            drop(held);
            writer.join().unwrap().unwrap();
        });
        assert_eq!(std::fs::read(&path).unwrap(), b"later");

        std::fs::write(dir.path().join(".writing-abc"), b"half").unwrap();
        super::remove_leftovers(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(super::remove_leftovers(&dir.path().join("missing")).is_err());
    }
}
