//! Files that a process holds while it works on something.

use std::fs::File;
use std::io;
use std::path::Path;

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

#[cfg(test)]
mod tests {
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
