//! Files that are either the old ones or the new ones, never torn.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

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

/// Opens an empty file to hold a lock on, made if need be. What is there is not changed, and a link not followed: it
/// could lead to a file of something else.
///
/// # Errors
/// What the system said, and anything there that is no plain file.
pub fn open_lock(path: &Path) -> io::Result<File> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => Err(io::Error::other("it is no plain file; remove it")),
        _ => File::options()
            .write(true)
            .create(true)
            .truncate(false)
            .open(path),
    }
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
pub fn write_with(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempfile_in(directory)?;
    content(&mut file)?;
    file.as_file().sync_all()?;
    // Temporary files are private; what a run leaves is as readable as any other file.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(0o644);
        file.as_file().set_permissions(permissions)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    // The rename itself lasts only once the directory is on disk.
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        super::write(&path, b"old").unwrap();
        super::write(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert!(super::write(&dir.path().join("missing/a"), b"x").is_err());
        let blocked = dir.path().join("d");
        std::fs::create_dir_all(blocked.join("full")).unwrap();
        assert!(super::write(&blocked, b"x").is_err());
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);

        std::fs::write(dir.path().join(".writing-abc"), b"half").unwrap();
        super::remove_leftovers(dir.path()).unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        assert!(super::remove_leftovers(&dir.path().join("missing")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_lock_changes_no_file_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let (lock, file) = (dir.path().join("lock"), dir.path().join("file"));
        std::fs::write(&file, "mine").unwrap();
        std::os::unix::fs::symlink(&file, &lock).unwrap();
        let error = super::open_lock(&lock).unwrap_err().to_string();
        assert!(error.contains("no plain file"), "{error}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
        // Nor is a file made where a link leads to none.
        std::fs::remove_file(&file).unwrap();
        assert!(super::open_lock(&lock).is_err() && !file.exists());
        std::fs::remove_file(&lock).unwrap();
        super::open_lock(&lock).unwrap();
        std::fs::write(&lock, "kept").unwrap();
        super::open_lock(&lock).unwrap();
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), "kept");
    }
}
