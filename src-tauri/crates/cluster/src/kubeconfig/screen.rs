//! Joins each context with the entries that it names.

use std::collections::BTreeMap;

use super::file::{Cluster, File, User};
use super::judge::judge;
use super::value::hidden;
use super::{Entry, Refusal, Repeated};
use crate::printable::scrub;

/// A context with the entries that it names.
pub(super) struct Screened<'a> {
    pub name: &'a str,
    pub user_name: &'a str,
    pub cluster: Option<&'a Cluster>,
    pub user: Option<&'a User>,
    pub refused: Option<Refusal>,
}

static NO_USER: User = User {
    token: None,
    token_file: None,
    username: None,
    password: None,
    client_certificate: None,
    client_certificate_data: None,
    client_key: None,
    client_key_data: None,
    exec: None,
    auth_provider: None,
    impersonate: None,
    as_uid: None,
    as_groups: None,
    as_user_extra: None,
};

pub(super) fn all(file: &File) -> Vec<Screened<'_>> {
    let clusters = named(
        file.clusters
            .iter()
            .flatten()
            .map(|c| (c.name.as_str(), c.cluster.as_ref())),
    );
    let users = named(
        file.users
            .iter()
            .flatten()
            .map(|u| (u.name.as_str(), Some(u.user.as_ref().unwrap_or(&NO_USER)))),
    );
    let contexts = named(
        file.contexts
            .iter()
            .flatten()
            .map(|c| (c.name.as_str(), Some(()))),
    );
    file.contexts
        .iter()
        .flatten()
        .map(|context| {
            let names = context.context.as_ref();
            let cluster_name = names.and_then(|c| c.cluster.as_deref()).unwrap_or_default();
            let user_name = names.and_then(|c| c.user.as_deref()).unwrap_or_default();
            let cluster = clusters.get(cluster_name);
            let user = users.get(user_name);
            let twice = contexts.get(context.name.as_str()).is_some_and(|c| c.1 > 1)
                || cluster.is_some_and(|c| c.1 > 1)
                || user.is_some_and(|u| u.1 > 1);
            let cluster = cluster.and_then(|c| c.0);
            let user = user.and_then(|u| u.0);
            let refused = if twice {
                Some(Refusal::DuplicateName)
            } else if hidden([context.name.as_str(), cluster_name, user_name])
                || context.name.is_empty()
            {
                Some(Refusal::Unprintable)
            } else {
                judge(cluster, user).err()
            };
            Screened {
                name: &context.name,
                user_name,
                cluster,
                user,
                refused,
            }
        })
        .collect()
}

pub(super) fn repeated(file: &File) -> Vec<Repeated> {
    let contexts = file.contexts.iter().flatten().map(|c| c.name.as_str());
    let clusters = file.clusters.iter().flatten().map(|c| c.name.as_str());
    let users = file.users.iter().flatten().map(|u| u.name.as_str());
    let lists: [(Entry, Vec<&str>); 3] = [
        (Entry::Context, contexts.collect()),
        (Entry::Cluster, clusters.collect()),
        (Entry::User, users.collect()),
    ];
    let of_list = |(entry, names): (Entry, Vec<&str>)| {
        let counted = named(names.into_iter().map(|name| (name, ())));
        let repeated = counted.into_iter().filter(|(_, (_, times))| *times > 1);
        repeated
            .map(|(name, (_, times))| Repeated {
                entry,
                name: scrub(name),
                times,
            })
            .collect::<Vec<_>>()
    };
    lists.into_iter().flat_map(of_list).collect()
}

fn named<'a, T>(entries: impl Iterator<Item = (&'a str, T)>) -> BTreeMap<&'a str, (T, usize)> {
    let mut found: BTreeMap<&str, (T, usize)> = BTreeMap::new();
    for (name, entry) in entries {
        found
            .entry(name)
            .and_modify(|known| known.1 += 1)
            .or_insert((entry, 1));
    }
    found
}
