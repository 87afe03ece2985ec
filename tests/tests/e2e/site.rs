//! A cluster and a workspace of one's own, beside the example's.

use std::path::{Path, PathBuf};

use rehearsal::{Cluster, ClusterSpec, Pace, User};

/// The administrator's token.
pub const TOKEN: &str = "not-a-secret-of-anybody";
const NAMESPACES: [&str; 3] = ["fission-dev", "fission-test", "fission-ontest"];

/// `bj-dev-01` with `zhangsan` as its administrator.
pub fn spec(seed: u64, storage: Option<PathBuf>, port: Option<u16>) -> ClusterSpec {
    let mut spec = ClusterSpec::new("bj-dev-01", seed);
    spec.namespaces = NAMESPACES.map(str::to_owned).to_vec();
    spec.users = vec![User::admin("zhangsan", TOKEN)];
    spec.pace = Pace::brisk();
    spec.storage = storage;
    spec.port = port;
    spec
}

/// `sz-prod-01`, with the same administrator.
pub fn production(seed: u64) -> ClusterSpec {
    let mut spec = ClusterSpec::new("sz-prod-01", seed);
    spec.namespaces = vec!["fission".to_owned()];
    spec.users = vec![User::admin("zhangsan", TOKEN)];
    spec.pace = Pace::brisk();
    spec
}

/// The port that a cluster listens at.
pub fn port(cluster: &Cluster) -> u16 {
    let url = cluster.url();
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// A copy of the example's workspace, which is then a workspace like any other.
pub fn workspace(folder: &Path) -> PathBuf {
    let workspace = folder.join("workspace");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/example");
    copy(&example, &workspace);
    workspace
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// The first file below a folder that has a text in it.
pub fn file_with(folder: &Path, text: &str) -> Option<PathBuf> {
    files(folder).into_iter().find(|path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(text)
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}
