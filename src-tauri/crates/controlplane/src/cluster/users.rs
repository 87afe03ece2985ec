//! Who may ask the API server, by token.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A person's role in a cluster. What each may do is in `rbac.yaml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum User {
    /// May do everything (`system:masters`).
    Admin,
    /// May do what a release needs, in every namespace.
    Operator,
    /// May read.
    Verifier,
}

impl User {
    /// All roles.
    pub const ALL: [User; 3] = [User::Admin, User::Operator, User::Verifier];

    /// The user name the API server knows.
    pub fn name(self) -> &'static str {
        match self {
            User::Admin => "admin",
            User::Operator => "operator",
            User::Verifier => "verifier",
        }
    }
}

/// Those who have a token: people and the cluster's own components.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Account {
    Person(User),
    ControllerManager,
    Scheduler,
    Proxy,
    Kubelet,
}

pub(super) struct Tokens {
    node: String,
    tokens: Vec<(Account, String)>,
    revoked: Vec<User>,
}

impl Tokens {
    pub(super) fn make(node: &str, given: &[(User, String)]) -> io::Result<Tokens> {
        let components = [
            Account::ControllerManager,
            Account::Scheduler,
            Account::Proxy,
            Account::Kubelet,
        ];
        let accounts = User::ALL.map(Account::Person).into_iter().chain(components);
        let tokens = accounts
            .map(|account| {
                let given = given
                    .iter()
                    .find(|(user, _)| Account::Person(*user) == account);
                let token = given.map_or_else(random, |(_, token)| Ok(token.clone()))?;
                Ok((account, token))
            })
            .collect::<io::Result<_>>()?;
        Ok(Tokens {
            node: node.to_owned(),
            tokens,
            revoked: Vec::new(),
        })
    }

    pub(super) fn of(&self, account: Account) -> &str {
        self.tokens
            .iter()
            .find(|(known, _)| *known == account)
            .map_or("", |(_, token)| token.as_str())
    }

    pub(super) fn set_revoked(&mut self, user: User, revoked: bool) {
        self.revoked.retain(|known| *known != user);
        if revoked {
            self.revoked.push(user);
        }
    }

    /// The API server's `--token-auth-file`: token, user, uid, groups.
    pub(super) fn file(&self) -> String {
        let mut file = String::new();
        for (account, token) in &self.tokens {
            let (user, group) = match account {
                Account::Person(user) if self.revoked.contains(user) => continue,
                Account::Person(User::Admin) => ("admin".to_owned(), "system:masters"),
                Account::Person(user) => (user.name().to_owned(), "pilothouse"),
                // Otherwise each of its controllers would first have to fetch a token of its own.
                Account::ControllerManager => (
                    "system:kube-controller-manager".to_owned(),
                    "system:masters",
                ),
                Account::Scheduler => ("system:kube-scheduler".to_owned(), ""),
                Account::Proxy => ("system:kube-proxy".to_owned(), ""),
                Account::Kubelet => (format!("system:node:{}", self.node), "system:nodes"),
            };
            let _ = writeln!(file, "{token},{user},{user},\"{group}\"");
        }
        file
    }
}

fn random() -> io::Result<String> {
    let mut bytes = [0u8; 24];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// One way into one cluster.
pub(super) struct Entry<'a> {
    pub(super) cluster: &'a str,
    pub(super) url: &'a str,
    pub(super) ca_pem: &'a str,
    pub(super) user: &'a str,
    pub(super) token: &'a str,
}

/// A kubeconfig with one context for each entry, named after the cluster; the
/// first is the current one. Everything is embedded: the file can be moved.
pub(super) fn kubeconfig(entries: &[Entry<'_>]) -> String {
    let mut clusters = String::new();
    let mut contexts = String::new();
    let mut users = String::new();
    for Entry {
        cluster,
        url,
        ca_pem,
        user,
        token,
    } in entries
    {
        let ca = STANDARD.encode(ca_pem);
        let _ = writeln!(
            clusters,
            "- name: {cluster}\n  cluster:\n    server: {url}\n    certificate-authority-data: {ca}"
        );
        let _ = writeln!(
            contexts,
            "- name: {cluster}\n  context:\n    cluster: {cluster}\n    user: {cluster}-{user}"
        );
        let _ = writeln!(
            users,
            "- name: {cluster}-{user}\n  user:\n    token: {token}"
        );
    }
    let current = entries.first().map_or("", |entry| entry.cluster);
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n{clusters}contexts:\n{contexts}users:\n{users}current-context: {current}\n"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_revoked_token_is_no_longer_in_the_file() {
        let mut tokens = Tokens::make("node", &[]).unwrap();
        let token = tokens.of(Account::Person(User::Operator)).to_owned();
        assert!(tokens.file().contains(&token));
        tokens.set_revoked(User::Operator, true);
        assert!(!tokens.file().contains(&token));
        tokens.set_revoked(User::Operator, false);
        assert!(tokens.file().contains(&token));
    }
}
