use domain::ObjectRef;

/// Kinds that belong to a whole cluster. A release changes one namespace of one cluster, so that a
/// way back and least privilege (sop P5) stay possible.
const CLUSTER_SCOPED: [&str; 22] = [
    "Namespace",
    "Node",
    "PersistentVolume",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "StorageClass",
    "IngressClass",
    "GatewayClass",
    "PriorityClass",
    "RuntimeClass",
    "ValidatingWebhookConfiguration",
    "MutatingWebhookConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "APIService",
    "CSIDriver",
    "CSINode",
    "VolumeAttachment",
    "CertificateSigningRequest",
    "FlowSchema",
    "PriorityLevelConfiguration",
];

pub(super) fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// Whether its rollout is waited for and its pod template carries the version.
pub(crate) fn is_workload(object: &ObjectRef) -> bool {
    object.api_version.starts_with("apps/")
        && matches!(
            object.kind.as_str(),
            "Deployment" | "StatefulSet" | "DaemonSet"
        )
}

/// Where an object stands in the order of writing: what others refer to goes first, so that a pod
/// never starts with the configuration of yesterday.
pub(super) fn rank(object: &ObjectRef) -> u8 {
    match object.kind.as_str() {
        "ServiceAccount"
        | "Role"
        | "RoleBinding"
        | "ResourceQuota"
        | "LimitRange"
        | "PersistentVolumeClaim" => 0,
        "ConfigMap" | "Secret" => 1,
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "Pod" | "Job" | "CronJob" => 4,
        _ if is_custom(object) => 2,
        _ => 3,
    }
}

/// The API groups of Kubernetes itself have no dot, or end in `.k8s.io`.
fn is_custom(object: &ObjectRef) -> bool {
    let group = object
        .api_version
        .split_once('/')
        .map_or("", |(group, _)| group);
    group.contains('.') && !group.ends_with(".k8s.io")
}
