use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::{Binding, ClusterIdentity, EnvironmentId, Register};

use crate::EngineFailure;
use crate::ports::{
    AllowedCommand, Cluster, ClusterFailure, Clusters, Context, Vault, VaultFailure,
};
use crate::workstation::CredentialInUse;

type Held = BTreeMap<EnvironmentId, (Binding, Arc<dyn Cluster>)>;

/// Handles to the clusters of environments. A handle is good for the binding it was made for, and
/// is made anew when that changes; there is no current cluster.
pub(crate) struct Handles {
    clusters: Arc<dyn Clusters>,
    vault: Arc<dyn Vault>,
    question: Duration,
    held: Mutex<Held>,
}

impl Handles {
    pub(crate) fn new(
        clusters: Arc<dyn Clusters>,
        vault: Arc<dyn Vault>,
        question: Duration,
    ) -> Self {
        Handles {
            clusters,
            vault,
            question,
            held: Mutex::default(),
        }
    }

    /// The handle to the cluster that the environment is pinned to.
    pub(crate) async fn of(
        &self,
        environment: &EnvironmentId,
        register: &Register,
    ) -> Result<Arc<dyn Cluster>, EngineFailure> {
        let unbound = || EngineFailure::NotBound {
            environment: environment.clone(),
        };
        let binding = register.bindings.get(environment).ok_or_else(unbound)?;
        if let Some((of, cluster)) = self.lock().get(environment)
            && of.context == binding.context
            && of.identity.is_kept_by(&binding.identity)
        {
            return Ok(Arc::clone(cluster));
        }
        let pinned = Some(binding.identity.clone());
        let cluster = self.connect(&binding.context, pinned, register).await?;
        let held = (binding.clone(), Arc::clone(&cluster));
        self.lock().insert(environment.clone(), held);
        Ok(cluster)
    }

    /// A fresh handle that nobody keeps.
    pub(crate) async fn connect(
        &self,
        context: &str,
        pinned: Option<ClusterIdentity>,
        register: &Register,
    ) -> Result<Arc<dyn Cluster>, EngineFailure> {
        let context = self.vault.context(context).await?;
        let allowed = allowed_commands(&context, register);
        let connecting = self.clusters.connect(context, pinned, allowed);
        Ok(bounded(self.question, connecting).await?)
    }

    /// Asks whether the keychain still has what an environment's handle was made with. If it has
    /// lost it, the handle goes, too: whoever took a credential out of there wants nothing more done
    /// with it. A keychain that is locked or silent says nothing about that.
    pub(crate) async fn recall(&self, environment: &EnvironmentId) -> Result<(), EngineFailure> {
        let held = self.lock().get(environment).map(|(of, _)| of.clone());
        // Without a handle the next use asks the keychain anyway.
        let Some(binding) = held else {
            return Ok(());
        };
        match self.vault.context(&binding.context).await {
            Err(lost @ VaultFailure::NoEntry(_)) => {
                self.drop_context(&binding.context);
                Err(lost.into())
            }
            Err(failure) => {
                tracing::info!(%environment, %failure, "the keychain could not be asked");
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// What the handle of an environment logs in with, without asking anybody.
    pub(crate) fn credential(&self, environment: &EnvironmentId) -> CredentialInUse {
        match self.lock().get(environment) {
            Some((_, cluster)) => CredentialInUse {
                ends_at: cluster.credential_ends(),
                acts_as: cluster.acts_as(),
            },
            None => CredentialInUse::default(),
        }
    }

    /// Lets go of an environment's handle.
    pub(crate) fn drop(&self, environment: &EnvironmentId) {
        self.lock().remove(environment);
    }

    /// Lets go of every handle that was made with a context.
    pub(crate) fn drop_context(&self, context: &str) {
        self.lock()
            .retain(|_, (binding, _)| binding.context != context);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What was allowed to run for a context. The adapter looks for the file that it is about to run
/// among them.
fn allowed_commands(context: &Context, register: &Register) -> Vec<AllowedCommand> {
    let of_context = register
        .plugins
        .iter()
        .filter(|((of, _), _)| of == &context.name);
    of_context
        .map(|((_, path), sha256)| AllowedCommand {
            path: path.clone(),
            sha256: sha256.clone(),
        })
        .collect()
}

/// A question to a cluster with a bound: no answer in time is no contact. For questions only; a
/// mutation is never cut off.
pub(crate) async fn bounded<T>(
    limit: Duration,
    question: impl Future<Output = Result<T, ClusterFailure>>,
) -> Result<T, ClusterFailure> {
    let late = || ClusterFailure::Unreachable(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, question)
        .await
        .unwrap_or_else(|_| Err(late()))
}
