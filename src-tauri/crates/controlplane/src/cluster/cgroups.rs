//! The control groups of containers. They are the one thing of a cluster that
//! does not end with its namespaces.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Where containerd 1 and 2 note what they run, below their root folder.
const NOTES: [&str; 2] = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime"];

/// The groups of all containers that containerd with this root folder ran last.
pub(super) fn of_containers(containerd: &Path) -> Vec<PathBuf> {
    let ids: Vec<PathBuf> = NOTES
        .iter()
        .flat_map(|notes| ["sandboxes", "containers"].map(|kind| containerd.join(notes).join(kind)))
        .flat_map(|folder| folders(&folder))
        .filter_map(|folder| folder.file_name().map(PathBuf::from))
        .collect();
    // Version 1 has a hierarchy for each controller, version 2 one for all.
    let root = PathBuf::from("/sys/fs/cgroup");
    let mut hierarchies = folders(&root);
    hierarchies.push(root);
    hierarchies
        .iter()
        .flat_map(|hierarchy| ids.iter().map(move |id| hierarchy.join("k8s.io").join(id)))
        .filter(|group| group.is_dir())
        .collect()
}

/// Removes groups, which are empty as soon as the kernel has buried their
/// processes. A group that stays is untidy and no more, so this is no error.
pub(super) fn remove(groups: &[PathBuf]) {
    let deadline = Instant::now() + Duration::from_secs(2);
    for group in groups {
        while fs::remove_dir(group).is_err() && group.is_dir() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    for parent in groups.iter().filter_map(|group| group.parent()) {
        // The kernel refuses while another cluster has groups in there.
        let _ = fs::remove_dir(parent);
    }
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}
