use std::collections::BTreeMap;

use crate::{
    ClusterIdentity, EnvironmentId, IdentityCheck, Instant, KeyPeriod, PersonId, PublicKey,
    RegisterEvent,
};

/// What holds across releases: keys, bindings, allowed commands, rehearsal clusters.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Register {
    /// The key that each person signs with now.
    pub keys: BTreeMap<PersonId, PublicKey>,
    /// Every key that was ever registered, oldest first.
    pub key_periods: Vec<KeyPeriod>,
    /// What each environment is pinned to.
    pub bindings: BTreeMap<EnvironmentId, Binding>,
    /// SHA-256 of the allowed credential command, by context and path. Importing a context anew takes
    /// it back.
    pub plugins: BTreeMap<(String, String), String>,
    /// Identities of rehearsal clusters started on this workstation.
    pub rehearsals: Vec<ClusterIdentity>,
    /// The newest check of each environment's identity in this session. Not from the ledger: the
    /// engine re-checks often, and writes down only what changes.
    pub checks: BTreeMap<EnvironmentId, IdentityCheck>,
    /// The workspace opened last.
    pub workspace: Option<String>,
}

/// An environment pinned to a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The keychain entry.
    pub context: String,
    /// What is pinned.
    pub identity: ClusterIdentity,
}

impl Register {
    /// Folds one event in, with the time of its entry.
    pub fn evolve(&mut self, event: &RegisterEvent, at: Instant) {
        match event {
            RegisterEvent::KeyRegistered {
                person,
                key,
                witnessed,
            } => {
                let witness = witnessed.as_ref().map(|signed| &signed.statement.witness);
                self.begin_key(person, key, witness, at);
            }
            RegisterEvent::KeyRevoked { person, key } => self.end_key(person, key, at),
            RegisterEvent::EnvironmentBound {
                environment,
                context,
                identity,
                ..
            } => {
                let binding = Binding {
                    context: context.clone(),
                    identity: identity.clone(),
                };
                self.bindings.insert(environment.clone(), binding);
            }
            RegisterEvent::ContextForgotten { context } => {
                self.bindings
                    .retain(|_, binding| &binding.context != context);
                self.plugins.retain(|(of, _), _| of != context);
            }
            RegisterEvent::PluginAllowed {
                context,
                path,
                sha256,
            } => {
                self.plugins
                    .insert((context.clone(), path.clone()), sha256.clone());
            }
            RegisterEvent::RehearsalStarted { identity, .. } => {
                if !self.is_rehearsal(identity) {
                    self.rehearsals.push(identity.clone());
                }
            }
            RegisterEvent::WorkspaceOpened { path, .. } => self.workspace = Some(path.clone()),
            // What was allowed was allowed with the words that it had then.
            RegisterEvent::ContextImported { context } => {
                self.plugins.retain(|(of, _), _| of != context);
            }
            RegisterEvent::LedgerExported { .. } => {}
        }
    }

    /// Whether this identity is that of a rehearsal cluster of this workstation. The port may
    /// change from start to start; UID and CA do not.
    pub fn is_rehearsal(&self, identity: &ClusterIdentity) -> bool {
        self.rehearsals
            .iter()
            .any(|rehearsal| rehearsal.is_same_cluster(identity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importing_a_context_anew_takes_back_what_was_allowed_for_it() {
        let allowed = |context: &str| RegisterEvent::PluginAllowed {
            context: context.to_owned(),
            path: "/usr/bin/login".to_owned(),
            sha256: "ab".repeat(32),
        };
        let imported = |context: &str| RegisterEvent::ContextImported {
            context: context.to_owned(),
        };
        let mut register = Register::default();
        for event in [imported("dev"), allowed("dev"), allowed("prod")] {
            register.evolve(&event, Instant::default());
        }
        assert_eq!(register.plugins.len(), 2);
        register.evolve(&imported("dev"), Instant::default());
        let left: Vec<_> = register.plugins.keys().map(|(of, _)| of.as_str()).collect();
        assert_eq!(left, ["prod"]);
    }
}
