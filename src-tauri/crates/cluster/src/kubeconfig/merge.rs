//! Several kubeconfigs as one, by kubectl's rules: the first file that has a name decides what it
//! stands for, whole; later ones add only names that are new. Relative paths start from the folder of
//! the file that they stand in.

use std::collections::BTreeSet;
use std::path::Path;

use super::file::{self, Cluster, File, User};
use super::{KubeconfigFailure, Source};

pub(super) fn all(sources: &[Source]) -> Result<File, KubeconfigFailure> {
    let mut merged = File {
        kind: None,
        clusters: Some(Vec::new()),
        users: Some(Vec::new()),
        contexts: Some(Vec::new()),
    };
    for source in sources {
        let mut file = file::parse_part(&source.text)?;
        if let Some(base) = source.base.as_deref().filter(|base| base.is_absolute()) {
            rebase(&mut file, base);
        }
        add(&mut merged.clusters, file.clusters, |one| &one.name);
        add(&mut merged.users, file.users, |one| &one.name);
        add(&mut merged.contexts, file.contexts, |one| &one.name);
    }
    if merged.contexts.as_ref().is_none_or(Vec::is_empty) {
        return Err(KubeconfigFailure::NotKubeconfig);
    }
    Ok(merged)
}

/// Adds what has a name that no file before has. A name twice in one file stays twice, and is refused.
fn add<T>(to: &mut Option<Vec<T>>, from: Option<Vec<T>>, name: impl Fn(&T) -> &String) {
    let to = to.get_or_insert_default();
    let known: BTreeSet<String> = to.iter().map(|one| name(one).clone()).collect();
    let new = from.into_iter().flatten();
    to.extend(new.filter(|one| !known.contains(name(one))));
}

fn rebase(file: &mut File, base: &Path) {
    let join = |written: &mut Option<String>| {
        if let Some(path) = written.as_mut().filter(|path| !path.is_empty())
            && !Path::new(path).is_absolute()
            && let Some(joined) = base.join(&*path).to_str()
        {
            *path = joined.to_owned();
        }
    };
    let clusters = file.clusters.iter_mut().flatten();
    for Cluster {
        certificate_authority,
        ..
    } in clusters.filter_map(|one| one.cluster.as_mut())
    {
        join(certificate_authority);
    }
    let users = file.users.iter_mut().flatten();
    for User {
        token_file,
        client_certificate,
        client_key,
        exec,
        ..
    } in users.filter_map(|one| one.user.as_mut())
    {
        join(token_file);
        join(client_certificate);
        join(client_key);
        // A bare name is looked for in PATH, as by client-go.
        if let Some(exec) = exec
            && exec
                .command
                .as_ref()
                .is_some_and(|c| c.contains(['/', '\\']))
        {
            join(&mut exec.command);
        }
    }
}
