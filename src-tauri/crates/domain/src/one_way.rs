//! Changes that an update cannot take back. Named in the diff and at the gate, because the rollback cannot
//! do it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{FieldChange, ObjectRef, path_within};

/// Why a change cannot be taken back by a rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "specta", derive(specta::Type))]
#[serde(rename_all = "camelCase")]
pub enum OneWay {
    /// The API server refuses to change the field back; deleting the object and creating it again works.
    OnlyByDeleteAndCreate,
    /// Deleting it would lose what it stands for (data, an address, stored objects).
    CannotBeUndone,
}

use OneWay::{CannotBeUndone, OnlyByDeleteAndCreate};

/// When a change of the row's field is one-way.
#[derive(Clone, Copy)]
enum When {
    /// The field had a value: it cannot be changed once it is set.
    WasSet,
    /// It becomes `true`.
    BecomesTrue,
    /// It becomes this text.
    Becomes(&'static str),
}

use When::{Becomes, BecomesTrue, WasSet};

/// `group` is empty for the core group. A `*` in the path stands for any list element.
struct Row(&'static str, &'static str, &'static str, When, OneWay);

/// Kubernetes 1.36; each is refused by a real API server in `cluster/tests/rollback`.
const ROWS: &[Row] = &[
    Row(
        "",
        "ConfigMap",
        "immutable",
        BecomesTrue,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "",
        "Secret",
        "immutable",
        BecomesTrue,
        OnlyByDeleteAndCreate,
    ),
    Row("", "Secret", "type", WasSet, OnlyByDeleteAndCreate),
    Row(
        "apps",
        "Deployment",
        "spec.selector",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "apps",
        "DaemonSet",
        "spec.selector",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "apps",
        "StatefulSet",
        "spec.selector",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "apps",
        "StatefulSet",
        "spec.serviceName",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "apps",
        "StatefulSet",
        "spec.podManagementPolicy",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "apps",
        "StatefulSet",
        "spec.volumeClaimTemplates",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "batch",
        "Job",
        "spec.selector",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "batch",
        "Job",
        "spec.template",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "batch",
        "Job",
        "spec.completionMode",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "",
        "Service",
        "spec.clusterIP",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    // The address is given up; going back gets another one.
    Row(
        "",
        "Service",
        "spec.type",
        Becomes("ExternalName"),
        CannotBeUndone,
    ),
    Row(
        "",
        "PersistentVolumeClaim",
        "spec.storageClassName",
        WasSet,
        CannotBeUndone,
    ),
    Row(
        "",
        "PersistentVolumeClaim",
        "spec.accessModes",
        WasSet,
        CannotBeUndone,
    ),
    Row(
        "",
        "PersistentVolumeClaim",
        "spec.volumeMode",
        WasSet,
        CannotBeUndone,
    ),
    // It can only grow.
    Row(
        "",
        "PersistentVolumeClaim",
        "spec.resources.requests.storage",
        WasSet,
        CannotBeUndone,
    ),
    // Objects are stored in this version from now on, so that it has to stay served.
    Row(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        "spec.versions*.storage",
        BecomesTrue,
        CannotBeUndone,
    ),
    Row(
        "rbac.authorization.k8s.io",
        "RoleBinding",
        "roleRef",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        "roleRef",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "scheduling.k8s.io",
        "PriorityClass",
        "value",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "storage.k8s.io",
        "StorageClass",
        "provisioner",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "storage.k8s.io",
        "StorageClass",
        "parameters",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
    Row(
        "storage.k8s.io",
        "StorageClass",
        "reclaimPolicy",
        WasSet,
        OnlyByDeleteAndCreate,
    ),
];

/// Whether a rollback can take this change back; none if it can. Only what changes an object that exists
/// is asked about: one that the release creates is deleted again.
pub fn one_way(object: &ObjectRef, change: &FieldChange) -> Option<OneWay> {
    let of = |row: &&Row| row.0 == object.group() && row.1 == object.kind;
    let row = ROWS
        .iter()
        .filter(of)
        .find(|row| is_at(&change.path, row.2) && happens(row.3, change))?;
    Some(row.4)
}

fn is_at(path: &str, field: &str) -> bool {
    let Some((list, below)) = field.split_once('*') else {
        return path_within(path, field);
    };
    let element = path
        .strip_prefix(list)
        .and_then(|rest| rest.split_once(']'));
    element.is_some_and(|(label, rest)| label.starts_with('[') && path_within(rest, below))
}

fn happens(when: When, change: &FieldChange) -> bool {
    let after = change.after.as_deref();
    match when {
        WasSet => change.before.is_some() || nested(change),
        BecomesTrue => after == Some("true"),
        Becomes(text) => after == Some(Value::from(text).to_string().as_str()),
    }
}

/// A value that is added below a field that is set (a label of a selector).
fn nested(change: &FieldChange) -> bool {
    [
        "spec.selector.",
        "spec.template.",
        "spec.volumeClaimTemplates",
        "parameters.",
    ]
    .iter()
    .any(|above| change.path.starts_with(above))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FieldAuthor;

    fn found(
        api_version: &str,
        kind: &str,
        path: &str,
        before: &str,
        after: &str,
    ) -> Option<OneWay> {
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: "n".into(),
            name: "x".into(),
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let change = FieldChange {
            path: path.into(),
            before: some(before),
            after: some(after),
            author: FieldAuthor::Manifest,
        };
        one_way(&object, &change)
    }

    #[test]
    fn the_table_knows_what_cannot_go_back() {
        for (api_version, kind, path, before, after, expected) in [
            (
                "v1",
                "ConfigMap",
                "immutable",
                "",
                "true",
                Some(OnlyByDeleteAndCreate),
            ),
            ("v1", "ConfigMap", "data.immutable", "", "true", None),
            ("v1", "ConfigMap", "data.a", "\"1\"", "\"2\"", None),
            ("x.io/v1", "ConfigMap", "immutable", "", "true", None),
            (
                "apps/v1",
                "Deployment",
                "spec.selector.matchLabels.app",
                "\"a\"",
                "\"b\"",
                Some(OnlyByDeleteAndCreate),
            ),
            (
                "apps/v1",
                "Deployment",
                "spec.selector.matchLabels.tier",
                "",
                "\"b\"",
                Some(OnlyByDeleteAndCreate),
            ),
            ("apps/v1", "Deployment", "spec.selectors", "1", "2", None),
            (
                "v1",
                "PersistentVolumeClaim",
                "spec.resources.requests.storage",
                "\"1Gi\"",
                "\"2Gi\"",
                Some(CannotBeUndone),
            ),
            (
                "v1",
                "Service",
                "spec.type",
                "\"ClusterIP\"",
                "\"ExternalName\"",
                Some(CannotBeUndone),
            ),
            (
                "v1",
                "Service",
                "spec.type",
                "\"ClusterIP\"",
                "\"NodePort\"",
                None,
            ),
            (
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "spec.versions[name=v2].storage",
                "",
                "true",
                Some(CannotBeUndone),
            ),
            (
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                "spec.versions[name=v2].served",
                "",
                "true",
                None,
            ),
        ] {
            assert_eq!(
                found(api_version, kind, path, before, after),
                expected,
                "{kind} {path}"
            );
        }
    }
}
