//! What a release has to know of Kubernetes' kinds. Every question about a kind is answered here, so that
//! two places can never answer it differently.

use crate::ObjectRef;

/// A kind that keeps pods running and replaces them when its template changes (`kubectl rollout status`
/// knows the same three).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// `apps/v1` Deployment.
    Deployment,
    /// `apps/v1` StatefulSet.
    StatefulSet,
    /// `apps/v1` DaemonSet.
    DaemonSet,
}

impl Workload {
    /// Whether the controller can be asked to hold a rollout (`spec.paused`). The controllers of the other
    /// kinds have no such field.
    pub fn can_pause(self) -> bool {
        self == Workload::Deployment
    }
}

/// Whether objects live in a namespace or belong to the whole cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In a namespace.
    Namespaced,
    /// The whole cluster.
    Cluster,
}

/// Where kinds stand in the order of writing: what others refer to goes first, so that a pod never starts
/// with configuration that is about to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// What gives other objects their place or their meaning: namespaces, definitions of kinds.
    Foundation,
    /// Rights, limits and storage that pods need to start.
    Requirement,
    /// ConfigMaps and Secrets.
    Configuration,
    /// Custom resources.
    Custom,
    /// Services, routes, autoscalers and the like.
    Surrounding,
    /// Whatever makes pods.
    Pods,
}

/// One line of the table. `group` is empty for the core group, `*` for any.
struct Row(&'static str, &'static str, Rank, Scope);

use Rank::{Configuration, Foundation, Pods, Requirement, Surrounding};
use Scope::{Cluster, Namespaced};

const KINDS: &[Row] = &[
    Row("", "Namespace", Foundation, Cluster),
    Row("*", "CustomResourceDefinition", Foundation, Cluster),
    Row("*", "APIService", Foundation, Cluster),
    Row("*", "PriorityClass", Foundation, Cluster),
    Row("*", "StorageClass", Foundation, Cluster),
    Row("*", "IngressClass", Foundation, Cluster),
    Row("*", "GatewayClass", Foundation, Cluster),
    Row("*", "RuntimeClass", Foundation, Cluster),
    Row("*", "ClusterRole", Foundation, Cluster),
    Row("*", "ClusterRoleBinding", Foundation, Cluster),
    Row("", "Node", Foundation, Cluster),
    Row("", "PersistentVolume", Foundation, Cluster),
    Row("*", "ValidatingWebhookConfiguration", Surrounding, Cluster),
    Row("*", "MutatingWebhookConfiguration", Surrounding, Cluster),
    Row("*", "ValidatingAdmissionPolicy", Surrounding, Cluster),
    Row(
        "*",
        "ValidatingAdmissionPolicyBinding",
        Surrounding,
        Cluster,
    ),
    Row("*", "MutatingAdmissionPolicy", Surrounding, Cluster),
    Row("*", "MutatingAdmissionPolicyBinding", Surrounding, Cluster),
    Row("*", "VolumeAttributesClass", Foundation, Cluster),
    Row("*", "VolumeSnapshotClass", Foundation, Cluster),
    Row("*", "VolumeSnapshotContent", Foundation, Cluster),
    Row("*", "DeviceClass", Foundation, Cluster),
    Row("*", "ServiceCIDR", Foundation, Cluster),
    Row("*", "IPAddress", Foundation, Cluster),
    Row("*", "ClusterTrustBundle", Foundation, Cluster),
    Row("*", "CSIDriver", Foundation, Cluster),
    Row("*", "CSINode", Foundation, Cluster),
    Row("*", "VolumeAttachment", Foundation, Cluster),
    Row("*", "CertificateSigningRequest", Foundation, Cluster),
    Row("*", "FlowSchema", Foundation, Cluster),
    Row("*", "PriorityLevelConfiguration", Foundation, Cluster),
    Row("", "ServiceAccount", Requirement, Namespaced),
    Row("*", "Role", Requirement, Namespaced),
    Row("*", "RoleBinding", Requirement, Namespaced),
    Row("", "ResourceQuota", Requirement, Namespaced),
    Row("", "LimitRange", Requirement, Namespaced),
    Row("", "PersistentVolumeClaim", Requirement, Namespaced),
    Row("", "ConfigMap", Configuration, Namespaced),
    Row("", "Secret", Configuration, Namespaced),
    Row("apps", "Deployment", Pods, Namespaced),
    Row("apps", "StatefulSet", Pods, Namespaced),
    Row("apps", "DaemonSet", Pods, Namespaced),
    Row("apps", "ReplicaSet", Pods, Namespaced),
    Row("", "Pod", Pods, Namespaced),
    Row("batch", "Job", Pods, Namespaced),
    Row("batch", "CronJob", Pods, Namespaced),
];

/// Kinds of Kubernetes itself that have no status, or none that anybody waits for. `group` as in [`KINDS`].
const STATELESS: &[(&str, &str)] = &[
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "ServiceAccount"),
    ("", "LimitRange"),
    ("", "ResourceQuota"),
    ("", "Endpoints"),
    ("", "PodTemplate"),
    ("", "Event"),
    ("apps", "ControllerRevision"),
    ("*", "EndpointSlice"),
    ("*", "Lease"),
    ("*", "NetworkPolicy"),
    ("*", "IngressClass"),
    ("*", "Role"),
    ("*", "RoleBinding"),
    ("*", "ClusterRole"),
    ("*", "ClusterRoleBinding"),
    ("*", "PriorityClass"),
    ("*", "StorageClass"),
    ("*", "CSIDriver"),
    ("*", "RuntimeClass"),
    ("*", "ValidatingWebhookConfiguration"),
    ("*", "MutatingWebhookConfiguration"),
    ("*", "ValidatingAdmissionPolicyBinding"),
    ("*", "MutatingAdmissionPolicy"),
    ("*", "MutatingAdmissionPolicyBinding"),
];

impl ObjectRef {
    /// API group, empty for the core group.
    pub fn group(&self) -> &str {
        let parts = self.api_version.split_once('/');
        parts.map_or("", |(group, _)| group)
    }

    /// Which kind of workload it is; none for everything whose rollout nobody waits for.
    pub fn workload(&self) -> Option<Workload> {
        match (self.group(), self.kind.as_str()) {
            ("apps", "Deployment") => Some(Workload::Deployment),
            ("apps", "StatefulSet") => Some(Workload::StatefulSet),
            ("apps", "DaemonSet") => Some(Workload::DaemonSet),
            _ => None,
        }
    }

    /// Whether it is a workload.
    pub fn is_workload(&self) -> bool {
        self.workload().is_some()
    }

    /// Whether its rollout can be paused.
    pub fn can_pause(&self) -> bool {
        self.workload().is_some_and(Workload::can_pause)
    }

    /// Whether it is a Job, which runs once and cannot be changed afterwards.
    pub fn is_job(&self) -> bool {
        (self.group(), self.kind.as_str()) == ("batch", "Job")
    }

    /// Whether its status says, or may say, when what was written is in effect. The kinds without one are
    /// in effect once they are written: nothing is waited for (kstatus calls them current at once).
    pub fn is_judged(&self) -> bool {
        let known = STATELESS.iter().any(|(group, kind)| {
            *kind == self.kind && (*group == self.group() || (*group == "*" && !self.is_custom()))
        });
        !known
    }

    /// Whether it is a claim on storage.
    pub fn is_claim(&self) -> bool {
        self.kind == "PersistentVolumeClaim" && self.group().is_empty()
    }

    /// Whether its values must not be shown or kept in the clear.
    pub fn is_secret(&self) -> bool {
        self.kind == "Secret" && self.group().is_empty()
    }

    /// Whether it belongs to the whole cluster. Of a custom kind only the cluster can tell: it counts
    /// as what the reference says, which has a namespace or none. A kind of Kubernetes' own that is not
    /// in the table is namespaced.
    pub fn scope(&self) -> Scope {
        match self.row() {
            Some(Row(.., scope)) => *scope,
            None if self.is_custom() && self.namespace.is_empty() => Cluster,
            None => Namespaced,
        }
    }

    /// Whether every namespace of the cluster is affected when it changes.
    pub fn is_cluster_scoped(&self) -> bool {
        self.scope() == Cluster
    }

    /// Whether the kind is none of Kubernetes' own, so that its scope is not in the table.
    pub fn is_of_custom_kind(&self) -> bool {
        self.row().is_none() && self.is_custom()
    }

    /// Where it stands in the order of writing.
    pub fn rank(&self) -> Rank {
        match self.row() {
            Some(Row(_, _, rank, _)) => *rank,
            None if self.is_custom() => Rank::Custom,
            None => Surrounding,
        }
    }

    /// Whether a definition brought its kind. The API groups of Kubernetes itself have no dot, or end in
    /// `.k8s.io`.
    pub fn is_custom(&self) -> bool {
        let group = self.group();
        group.contains('.') && !group.ends_with(".k8s.io")
    }

    fn row(&self) -> Option<&'static Row> {
        let (group, custom) = (self.group(), self.is_custom());
        KINDS.iter().find(|Row(of, kind, ..)| {
            *kind == self.kind && (*of == group || (*of == "*" && !custom))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str, kind: &str) -> ObjectRef {
        ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: "fission".to_owned(),
            name: "a".to_owned(),
        }
    }

    #[test]
    fn a_kind_of_another_group_with_a_known_name_is_not_the_known_kind() {
        assert!(object("apps/v1", "Deployment").is_workload());
        assert!(!object("extensions.example.org/v1", "Deployment").is_workload());
        assert!(object("v1", "Secret").is_secret());
        assert!(!object("vault.example.org/v1", "Secret").is_secret());
        assert_eq!(
            object("example.org/v1", "Namespace").scope(),
            Scope::Namespaced
        );
    }

    #[test]
    fn what_has_no_status_is_not_waited_for() {
        for (api_version, kind) in [
            ("v1", "ConfigMap"),
            ("v1", "Secret"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("networking.k8s.io/v1", "NetworkPolicy"),
        ] {
            assert!(!object(api_version, kind).is_judged(), "{kind}");
        }
        for (api_version, kind) in [
            ("apps/v1", "Deployment"),
            ("batch/v1", "Job"),
            ("v1", "Service"),
            ("v1", "PersistentVolumeClaim"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            ("fission.io/v1", "Function"),
            ("vault.example.org/v1", "Secret"),
        ] {
            assert!(object(api_version, kind).is_judged(), "{kind}");
        }
    }

    #[test]
    fn a_custom_kind_is_of_the_whole_cluster_when_the_reference_has_no_namespace() {
        let issuer = ObjectRef {
            namespace: String::new(),
            ..object("cert-manager.io/v1", "ClusterIssuer")
        };
        assert!(issuer.is_cluster_scoped());
        assert_eq!(issuer.to_string(), "ClusterIssuer/a");
        for kind in ["ConfigMap", "Service"] {
            let namespace = String::new();
            let own = ObjectRef {
                namespace,
                ..object("v1", kind)
            };
            assert!(!own.is_cluster_scoped(), "{kind}");
        }
        let config = object("v1", "ConfigMap");
        assert_eq!(config.to_string(), "fission/ConfigMap/a");
    }

    #[test]
    fn only_deployments_can_be_paused() {
        assert!(object("apps/v1", "Deployment").can_pause());
        assert!(!object("apps/v1", "StatefulSet").can_pause());
        assert!(!object("apps/v1", "DaemonSet").can_pause());
    }

    #[test]
    fn what_others_refer_to_is_written_first() {
        let order = [
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            ("rbac.authorization.k8s.io/v1", "Role"),
            ("v1", "Secret"),
            ("fission.io/v1", "Function"),
            ("networking.k8s.io/v1", "Ingress"),
            ("batch/v1", "Job"),
        ];
        let ranks: Vec<Rank> = order.map(|(of, kind)| object(of, kind).rank()).into();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
    }
}
