//! What the user may do at a cluster: all that a release needs, and nothing that it never needs.

use domain::{Command, EnvironmentId, ObjectRef, Permission, ReleaseId};

use crate::handles::bounded;
use crate::{Engine, EngineFailure};

/// Verbs on things of the whole cluster that no release needs. Whoever holds one can break more than
/// what is released (sop P5, least privilege).
const TOO_MUCH: [(&str, &str, &str); 9] = [
    ("delete", "", "namespaces"),
    ("patch", "", "nodes"),
    ("delete", "", "nodes"),
    ("delete", "", "persistentvolumes"),
    ("get", "", "secrets"),
    ("patch", "rbac.authorization.k8s.io", "clusterroles"),
    ("create", "rbac.authorization.k8s.io", "clusterrolebindings"),
    (
        "delete",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
    ),
    (
        "patch",
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
    ),
];

impl Engine {
    /// Asks the cluster what the user may do of all that releasing needs; true for allowed.
    pub async fn check_permissions(
        &self,
        id: &ReleaseId,
        environment: &EnvironmentId,
    ) -> Result<Vec<(Permission, bool)>, EngineFailure> {
        let (release, _) = self.environment(id, environment)?;
        let objects: Vec<ObjectRef> = release
            .plan
            .objects(environment)
            .map(|(_, planned)| planned.object.clone())
            .collect();
        let answers = self.ask_permissions(environment, &objects).await?;
        let refused = answers.iter().filter(|(_, allowed)| !allowed);
        let missing = refused.map(|(permission, _)| permission.clone()).collect();
        let command = Command::RecordPermissions {
            environment: environment.clone(),
            missing,
        };
        self.book().commit(id, None, command).await?;
        Ok(answers)
    }

    /// Asks the same for objects that belong to no release yet; nothing is written down.
    pub async fn ask_permissions(
        &self,
        environment: &EnvironmentId,
        objects: &[ObjectRef],
    ) -> Result<Vec<(Permission, bool)>, EngineFailure> {
        let cluster = self.cluster(environment).await?;
        let question = self.limits().question;
        let needed = bounded(question, cluster.needed(objects)).await?;
        // One question a permission: the bound grows with them.
        let bound = question * u32::try_from(needed.len().max(1)).unwrap_or(u32::MAX);
        let missing = bounded(bound, cluster.denied(&needed)).await?;
        let answer = |permission: Permission| {
            let allowed = !missing.contains(&permission);
            (permission, allowed)
        };
        Ok(needed.into_iter().map(answer).collect())
    }

    /// What the user may do at the cluster that no release needs. Nothing is refused for it: who
    /// gives out permissions is told, by the person.
    pub async fn ask_too_much(
        &self,
        environment: &EnvironmentId,
    ) -> Result<Vec<Permission>, EngineFailure> {
        let cluster = self.cluster(environment).await?;
        let asked = TOO_MUCH.map(|(verb, group, resource)| Permission {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource: resource.to_owned(),
            subresource: String::new(),
            namespace: String::new(),
        });
        let bound = self.limits().question * 2;
        let denied = bounded(bound, cluster.denied(&asked)).await?;
        let allowed = asked.into_iter().filter(|one| !denied.contains(one));
        Ok(allowed.collect())
    }
}
