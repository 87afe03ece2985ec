//! What holds across releases: keys, bindings, identities, allowed credential commands.

use domain::{
    Binding, ClusterIdentity, Command, EnvironmentId, IdentityCheck, Instant, PersonId, PublicKey,
    RegisterEvent, ReleaseId, Status,
};

use crate::handles::bounded;
use crate::ports::{About, Cluster, ClusterFailure};
use crate::{Engine, EngineFailure};

/// The credential that an environment's cluster is asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialInUse {
    /// When it ends, if that can be told.
    pub ends_at: Option<Instant>,
    /// As whom it acts, if as somebody else than it logs in as.
    pub acts_as: Option<String>,
}

/// What a cluster says of itself before anything is pinned.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Who it is.
    pub identity: ClusterIdentity,
    /// Version, user, clock.
    pub about: About,
    /// As whom the context acts, if as somebody else than it logs in as.
    pub acts_as: Option<String>,
}

impl Engine {
    /// Writes into the register what happened on this workstation. Handles that were made with what
    /// has changed are dropped.
    pub async fn note(
        &self,
        actor: Option<&PersonId>,
        event: RegisterEvent,
    ) -> Result<(), EngineFailure> {
        let context = match &event {
            RegisterEvent::ContextImported { context }
            | RegisterEvent::ContextForgotten { context }
            | RegisterEvent::PluginAllowed { context, .. } => Some(context.clone()),
            _ => None,
        };
        self.book().note(actor, event).await?;
        if let Some(context) = context {
            self.handles().drop_context(&context);
        }
        Ok(())
    }

    /// Allows a credential command by the digest of its file (SHA-256, hex).
    pub async fn allow_plugin(
        &self,
        actor: Option<&PersonId>,
        context: &str,
        path: &str,
        sha256: &str,
    ) -> Result<(), EngineFailure> {
        let event = RegisterEvent::PluginAllowed {
            context: context.to_owned(),
            path: path.to_owned(),
            sha256: sha256.to_owned(),
        };
        self.note(actor, event).await
    }

    /// Asks the cluster of a context who it is, with a handle that nobody keeps. Nothing is pinned.
    pub async fn probe(
        &self,
        _environment: &EnvironmentId,
        context: &str,
    ) -> Result<Probe, EngineFailure> {
        let register = self.register();
        let cluster = self.handles().connect(context, None, &register).await?;
        let question = self.limits().question;
        let identity = bounded(question, cluster.identity()).await?;
        let about = bounded(question, cluster.about()).await?;
        Ok(Probe {
            identity,
            about,
            acts_as: cluster.acts_as(),
        })
    }

    /// What an environment's cluster says of itself and of the user.
    pub async fn about(&self, environment: &EnvironmentId) -> Result<About, EngineFailure> {
        let cluster = self.cluster(environment).await?;
        Ok(bounded(self.limits().question, cluster.about()).await?)
    }

    /// Pins an environment to the cluster that was shown. Connects afresh and refuses if another
    /// one answers, or if a release has changes on the cluster that the environment is pinned to.
    pub async fn bind(
        &self,
        actor: Option<&PersonId>,
        environment: &EnvironmentId,
        context: &str,
        expected: &ClusterIdentity,
    ) -> Result<(), EngineFailure> {
        let register = self.register();
        if let Some(binding) = register.bindings.get(environment)
            && !binding.identity.is_same_cluster(expected)
        {
            self.no_release_depends_on(environment)?;
        }
        let cluster = self.handles().connect(context, None, &register).await?;
        let found = bounded(self.limits().question, cluster.identity()).await?;
        if &found != expected {
            return Err(ClusterFailure::AnotherCluster {
                expected: Box::new(expected.clone()),
                found: Box::new(found),
            }
            .into());
        }
        let event = RegisterEvent::EnvironmentBound {
            environment: environment.clone(),
            context: context.to_owned(),
            identity: found.clone(),
            issuer_before: None,
        };
        self.note(actor, event).await?;
        self.handles().drop(environment);
        self.book().forget_check(environment);
        self.book().note_check(environment, self.check(found, true));
        Ok(())
    }

    fn no_release_depends_on(&self, environment: &EnvironmentId) -> Result<(), EngineFailure> {
        let holds = |release: &&std::sync::Arc<domain::Release>| {
            let state = release.environments.get(environment);
            let under_way =
                state.is_some_and(|e| e.work != domain::Work::Idle || e.pending.is_some());
            let may_go_back =
                release.status == Status::Running && release.has_way_back(environment);
            under_way || may_go_back
        };
        match self.book().releases_going_on().iter().find(holds) {
            None => Ok(()),
            Some(release) => Err(EngineFailure::BindingInUse {
                release: release.plan.id.clone(),
                environment: environment.clone(),
            }),
        }
    }

    /// When the credential in use for an environment ends, and as whom it acts. Asks nobody: none
    /// of both where nothing has been asked of the cluster in this session.
    pub fn credential(&self, environment: &EnvironmentId) -> CredentialInUse {
        self.handles().credential(environment)
    }

    /// Asks the keychain whether it still has an environment's credential. If it has lost it, nothing
    /// more is asked or sent with it before it is imported again.
    pub async fn recall(&self, environment: &EnvironmentId) -> Result<(), EngineFailure> {
        self.handles().recall(environment).await
    }

    /// Asks the cluster of an environment who it is. What changes is written into the named release;
    /// another cluster than the pinned one is written into every release under way, its handle is
    /// dropped, and nothing is written to it.
    pub async fn verify_identity(
        &self,
        release: Option<&ReleaseId>,
        environment: &EnvironmentId,
    ) -> Result<IdentityCheck, EngineFailure> {
        let found = match self.ask_identity(environment).await {
            Ok(found) => found,
            Err(EngineFailure::Cluster(ClusterFailure::AnotherCluster { found, .. })) => {
                return Ok(self.check(*found, false));
            }
            Err(failure) => return Err(failure),
        };
        let check = self.check(found, true);
        if let Some(id) = release {
            self.record_identity(id, environment, &check).await?;
        }
        Ok(check)
    }

    /// Asks for the identity, and sees to everything that follows from another cluster's answer.
    pub(crate) async fn ask_identity(
        &self,
        environment: &EnvironmentId,
    ) -> Result<ClusterIdentity, EngineFailure> {
        let asked = match self.cluster(environment).await {
            Ok(cluster) => self.identity_of(environment, cluster.as_ref()).await,
            Err(failure) => Err(failure),
        };
        match &asked {
            Ok(found) => self
                .book()
                .note_check(environment, self.check(found.clone(), true)),
            Err(EngineFailure::Cluster(ClusterFailure::AnotherCluster { found, .. })) => {
                self.mismatch(environment, found).await;
            }
            // A token may have been renewed in the keychain meanwhile.
            Err(EngineFailure::Cluster(
                ClusterFailure::CredentialRefused | ClusterFailure::CredentialExpired(_),
            )) => {
                self.handles().drop(environment);
            }
            Err(_) => {}
        }
        asked
    }

    async fn identity_of(
        &self,
        environment: &EnvironmentId,
        cluster: &dyn Cluster,
    ) -> Result<ClusterIdentity, EngineFailure> {
        let found = bounded(self.limits().question, cluster.identity()).await?;
        let register = self.register();
        match register.bindings.get(environment) {
            Some(binding) if binding.identity.is_kept_by(&found) => {
                self.keep_issuer(environment, binding, &found).await;
                Ok(found)
            }
            Some(binding) => Err(ClusterFailure::AnotherCluster {
                expected: Box::new(binding.identity.clone()),
                found: Box::new(found),
            }
            .into()),
            None => Err(EngineFailure::NotBound {
                environment: environment.clone(),
            }),
        }
    }

    /// Writes down that the pinned cluster came with a certificate of another public issuer. What
    /// pins it is its UID, so that nothing is cut off by it, and a ledger that refuses the entry
    /// now gets it with the next check.
    async fn keep_issuer(
        &self,
        environment: &EnvironmentId,
        binding: &Binding,
        found: &ClusterIdentity,
    ) {
        if binding.identity.issuer_sha256 == found.issuer_sha256 {
            return;
        }
        let event = RegisterEvent::EnvironmentBound {
            environment: environment.clone(),
            context: binding.context.clone(),
            identity: found.clone(),
            issuer_before: binding.identity.issuer_sha256.clone(),
        };
        if let Err(failure) = self.note(None, event).await {
            tracing::warn!(%environment, %failure, "another issuer could not be written down");
        }
    }

    fn check(&self, found: ClusterIdentity, verified: bool) -> IdentityCheck {
        IdentityCheck {
            at: self.now(),
            found,
            verified,
        }
    }

    /// Another cluster answers: say so wherever it matters, and let go of the handle.
    async fn mismatch(&self, environment: &EnvironmentId, found: &ClusterIdentity) {
        self.handles().drop(environment);
        let check = self.check(found.clone(), false);
        self.book().note_check(environment, check.clone());
        for release in self.book().releases_going_on() {
            let concerned = release.environments.get(environment).is_some_and(|state| {
                release.status == Status::Running || state.work != domain::Work::Idle
            });
            if !concerned {
                continue;
            }
            let id = &release.plan.id;
            if let Err(failure) = self.record_identity(id, environment, &check).await {
                tracing::warn!(release = %id, %environment, %failure, "a mismatch could not be written down");
            }
        }
    }

    /// Writes a check into a release if it says something new: another verdict, or the last one
    /// there is too old to count.
    pub(crate) async fn record_identity(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
        check: &IdentityCheck,
    ) -> Result<(), EngineFailure> {
        let (release, state) = self.environment(id, environment)?;
        let limit = i64::from(release.plan.timings.identity_limit_s);
        let known = state.identity.as_ref().is_some_and(|last| {
            let young = (0..=limit).contains(&(check.at - last.at).num_seconds());
            let same = last.verified == check.verified && last.found == check.found;
            same && (young || !check.verified)
        });
        if known {
            return Ok(());
        }
        let command = Command::RecordIdentity {
            environment: environment.clone(),
            found: check.found.clone(),
        };
        self.book().commit(id, None, command).await
    }
}
