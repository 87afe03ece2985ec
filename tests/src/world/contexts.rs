//! The contexts that a story's program works with, and what environments are pinned to.

use domain::{EnvironmentId, PersonId, RegisterEvent};

use super::{Caller, World};

impl World {
    /// Imports the contexts of all clusters into the keychain and binds every environment to its own.
    pub(super) async fn import(&self, caller: Caller, mut through: Option<(String, String)>) {
        for site in self.sites.values() {
            let text = match through.take() {
                Some((url, ca_pem)) => site.kubeconfig_through(caller, &url, &ca_pem),
                None => site.kubeconfig(caller),
            };
            let names = [site.name().to_owned()];
            let contexts =
                cluster::kubeconfig::import(&text, None, &names, false).expect("contexts");
            for context in contexts {
                self.store(context).await;
            }
        }
        for environment in self.environments() {
            let name = self.place(&environment).0.name().to_owned();
            self.try_bind(&environment, &name).await.expect("a binding");
        }
    }

    /// Pins an environment to the cluster of a context, if the program lets it.
    pub async fn try_bind(
        &self,
        environment: &str,
        context: &str,
    ) -> Result<(), engine::EngineFailure> {
        let (environment, context) = (EnvironmentId::from(environment), context.to_owned());
        self.on(|engine| async move {
            let probe = engine.probe(&environment, &context).await?;
            let person = PersonId::from("zhangsan");
            engine
                .bind(Some(&person), &environment, &context, &probe.identity)
                .await
        })
        .await
    }

    /// Puts a context into the keychain, in place of one with the same name.
    pub async fn store(&self, context: engine::ports::Context) {
        let vault = self.vault.clone().expect("a vault");
        let name = context.name.clone();
        self.on(|engine| async move {
            vault.store(context).await.expect("a stored context");
            engine
                .note(None, RegisterEvent::ContextImported { context: name })
                .await
                .expect("a note");
        })
        .await;
    }
}
