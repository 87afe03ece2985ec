//! Whether a rollback may delete an object that the release created. In a namespace it may: the object
//! is the release's own. What belongs to the whole cluster is used by others as soon as it is there, and
//! deleting it takes theirs along (a definition its custom resources, a namespace everything in it).

use crate::{ObjectRef, Scope};

/// What uses an object of the whole cluster, as far as that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// Nothing refers to it: what it says holds by itself, and no longer when it is gone.
    Nothing,
    /// Every object in the namespace of its name, but what each namespace is given by the cluster
    /// (`default` ServiceAccount, `kube-root-ca.crt`, events).
    ObjectsWithin,
    /// Custom resources of the kind that it defines, in every namespace.
    Instances,
    /// Objects with its name in a field, in every namespace.
    References {
        /// API group of what refers to it, empty for the core group.
        group: &'static str,
        /// Their plural resource.
        resource: &'static str,
        /// The field, as a JSON pointer.
        field: &'static str,
    },
    /// Role bindings with it in `roleRef`, in every namespace and of the cluster.
    Bindings,
    /// Nobody can tell: another program gives it its meaning.
    Unknown,
}

/// What was found out about an object before it is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RemovalFacts {
    /// Whether the backup of the environment says that the object did not exist.
    pub absent_before: bool,
    /// Whether the live object is the one that this release created (its UID).
    pub is_ours: bool,
    /// How many objects use it; none when that was not asked or could not be told.
    pub users: Option<u32>,
}

/// Why an object stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stays {
    /// It was there before the release: it is put back, not deleted.
    WasThere,
    /// Somebody deleted it and made it again since.
    IsAnothers,
    /// Others use it: how many.
    InUse(u32),
    /// Whether others use it is not known, so that it counts as used.
    UseUnknown,
}

impl std::fmt::Display for Stays {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Stays::WasThere => f.write_str("it was there before the release, and stays"),
            Stays::IsAnothers => f.write_str("it was deleted and created again since, and stays"),
            Stays::InUse(users) => write!(f, "{users} objects use it, and it stays"),
            Stays::UseUnknown => {
                f.write_str("it belongs to the whole cluster and others may use it: it stays")
            }
        }
    }
}

/// What uses an object; none for one in a namespace, which is the release's own.
pub fn used_by(object: &ObjectRef) -> Option<UsedBy> {
    use UsedBy::{Bindings, Instances, Nothing, ObjectsWithin, References, Unknown};
    if object.scope() == Scope::Namespaced {
        return None;
    }
    let of = |group, resource, field| References {
        group,
        resource,
        field,
    };
    Some(match (object.group(), object.kind.as_str()) {
        ("", "Namespace") => ObjectsWithin,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Instances,
        ("rbac.authorization.k8s.io", "ClusterRole") => Bindings,
        ("scheduling.k8s.io", "PriorityClass") => of("", "pods", "/spec/priorityClassName"),
        ("node.k8s.io", "RuntimeClass") => of("", "pods", "/spec/runtimeClassName"),
        ("storage.k8s.io", "StorageClass") => {
            of("", "persistentvolumeclaims", "/spec/storageClassName")
        }
        ("networking.k8s.io", "IngressClass") => {
            of("networking.k8s.io", "ingresses", "/spec/ingressClassName")
        }
        ("gateway.networking.k8s.io", "GatewayClass") => of(
            "gateway.networking.k8s.io",
            "gateways",
            "/spec/gatewayClassName",
        ),
        // Rights, rules and webhooks: that they end when the release is rolled back is the point.
        (
            "rbac.authorization.k8s.io"
            | "admissionregistration.k8s.io"
            | "flowcontrol.apiserver.k8s.io",
            _,
        ) => Nothing,
        _ => Unknown,
    })
}

/// Whether a rollback may delete an object. What it may not delete stays, and is named.
///
/// # Errors
/// Why the object stays.
pub fn may_remove(object: &ObjectRef, facts: RemovalFacts) -> Result<(), Stays> {
    if !facts.absent_before {
        return Err(Stays::WasThere);
    }
    if !facts.is_ours {
        return Err(Stays::IsAnothers);
    }
    match (used_by(object), facts.users) {
        (None | Some(UsedBy::Nothing), _) => Ok(()),
        (Some(UsedBy::Unknown), _) | (_, None) => Err(Stays::UseUnknown),
        (_, Some(0)) => Ok(()),
        (_, Some(users)) => Err(Stays::InUse(users)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str, namespace: &str) -> ObjectRef {
        ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: namespace.to_owned(),
            name: "a".to_owned(),
        }
    }

    const CREATED: RemovalFacts = RemovalFacts {
        absent_before: true,
        is_ours: true,
        users: None,
    };

    fn used(users: u32) -> RemovalFacts {
        RemovalFacts {
            users: Some(users),
            ..CREATED
        }
    }

    #[test]
    fn what_the_release_created_in_a_namespace_may_go() {
        let config = object("v1", "ConfigMap", "shop");
        assert_eq!(may_remove(&config, CREATED), Ok(()));
        let custom = object("example.org/v1", "Widget", "shop");
        assert_eq!(may_remove(&custom, CREATED), Ok(()));
    }

    #[test]
    fn what_was_there_before_is_never_deleted() {
        for object in [
            object("v1", "ConfigMap", "shop"),
            object("v1", "Namespace", ""),
            object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", ""),
        ] {
            let facts = RemovalFacts {
                absent_before: false,
                ..used(0)
            };
            assert_eq!(may_remove(&object, facts), Err(Stays::WasThere));
            let facts = RemovalFacts {
                is_ours: false,
                ..used(0)
            };
            assert_eq!(may_remove(&object, facts), Err(Stays::IsAnothers));
        }
    }

    #[test]
    fn what_others_use_stays_and_so_does_what_nobody_asked_about() {
        for object in [
            object("v1", "Namespace", ""),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition", ""),
            object("scheduling.k8s.io/v1", "PriorityClass", ""),
            object("rbac.authorization.k8s.io/v1", "ClusterRole", ""),
            object("storage.k8s.io/v1", "StorageClass", ""),
        ] {
            assert_eq!(may_remove(&object, used(0)), Ok(()), "{object}");
            assert_eq!(may_remove(&object, used(3)), Err(Stays::InUse(3)));
            assert_eq!(may_remove(&object, CREATED), Err(Stays::UseUnknown));
        }
    }

    #[test]
    fn what_holds_by_itself_ends_with_the_rollback() {
        for object in [
            object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", ""),
            object(
                "admissionregistration.k8s.io/v1",
                "ValidatingWebhookConfiguration",
                "",
            ),
        ] {
            assert_eq!(may_remove(&object, CREATED), Ok(()), "{object}");
        }
    }

    #[test]
    fn a_custom_kind_of_the_whole_cluster_stays_whatever_was_counted() {
        let issuer = object("cert-manager.io/v1", "ClusterIssuer", "");
        assert_eq!(may_remove(&issuer, used(0)), Err(Stays::UseUnknown));
        let node = object("v1", "Node", "");
        assert_eq!(may_remove(&node, used(0)), Err(Stays::UseUnknown));
    }
}
