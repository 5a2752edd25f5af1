//! Whether files are still those that were read, told without reading them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

/// The state of a list of files at one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamps(Vec<(PathBuf, Option<Stamp>)>);

/// Of the file itself, where a symlink leads: another one under the same name has another inode, also where its
/// size and its time of change were copied along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamps {
    /// A file that cannot be reached has no stamp; it gets one when it can.
    pub(super) fn of(files: Vec<PathBuf>) -> Stamps {
        let stamped = |file: PathBuf| {
            let stamp = fs::metadata(&file).ok().map(|metadata| Stamp {
                device: metadata.dev(),
                inode: metadata.ino(),
                bytes: metadata.size(),
                modified: (metadata.mtime(), metadata.mtime_nsec()),
                changed: (metadata.ctime(), metadata.ctime_nsec()),
            });
            (file, stamp)
        };
        Stamps(files.into_iter().map(stamped).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::Stamps;

    fn check(what: &str, change: impl FnOnce(&Path), is_seen: bool) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for version in ["v1", "v2"] {
            fs::create_dir(path.join(version)).unwrap();
            fs::write(path.join(version).join("facts"), "one").unwrap();
        }
        symlink("v1", path.join("..data")).unwrap();
        symlink("..data/facts", path.join("linked")).unwrap();
        fs::write(path.join("plain"), "one").unwrap();
        let look = || Stamps::of(["plain", "linked", "missing"].map(|name| path.join(name)).into());
        let before = look();
        change(path);
        assert_eq!(look() != before, is_seen, "{what}");
    }

    #[test]
    fn another_file_under_the_same_name_is_seen() {
        check("nothing", |_| {}, false);
        let swap = |path: &Path| {
            fs::copy(path.join("plain"), path.join("new")).unwrap();
            fs::rename(path.join("new"), path.join("plain")).unwrap();
        };
        check("a rename", swap, true);
        // As Kubernetes swaps a ConfigMap.
        let swap = |path: &Path| {
            symlink("v2", path.join("..data_tmp")).unwrap();
            fs::rename(path.join("..data_tmp"), path.join("..data")).unwrap();
        };
        check("a symlink above the file", swap, true);
        check("written in place", |path| fs::write(path.join("v1/facts"), "more").unwrap(), true);
        check("gone", |path| fs::remove_file(path.join("plain")).unwrap(), true);
        check("come", |path| fs::write(path.join("missing"), "").unwrap(), true);
        check("beside it", |path| fs::write(path.join("v2/facts"), "more").unwrap(), false);
    }
}
