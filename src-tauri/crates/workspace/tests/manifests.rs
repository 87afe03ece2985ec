//! Manifests as tools write them: what a cluster fills is left out and listed, lists are taken apart,
//! modules need no workload, and objects of the whole cluster only come where they are allowed.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

use domain::{LeftOut, Manifest, Rank};
use rstest::rstest;
use serde_json::{Value, json};
use tempfile::TempDir;
use workspace::{Opened, WorkspaceFailure, read};

const PILOTHOUSE: &str = "\
name: Shop
pipeline:
  - id: first
    name: First
    soakSeconds: 0
    gate: { votes: [operator] }
    environments:
      - { id: dev, name: Dev, short: dev, tier: dev, cluster: c-1, namespace: shop }
      - { id: test, name: Test, short: test, tier: test, cluster: c-1, namespace: shop-test }
modules:
  - id: base
    strategy: rolling
people:
  - { id: ann, name: Ann, roles: [operator, manager] }
  - { id: bob, name: Bob, roles: [verifier] }
";

const ALLOWED: &str = "    strategy: rolling\n    scope: cluster\n";

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A workspace of one module with these manifests in both environments.
fn workspace(module: &str, manifests: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = PILOTHOUSE.replace("    strategy: rolling\n", module);
    write(folder.path(), "pilothouse.yaml", &text);
    for environment in ["dev", "test"] {
        let file = format!("modules/base/{environment}/all.yaml");
        write(folder.path(), &file, manifests);
    }
    folder
}

fn opened(module: &str, manifests: &str) -> Opened {
    read(workspace(module, manifests).path()).unwrap_or_else(|failure| panic!("{failure}"))
}

fn refused(module: &str, manifests: &str) -> WorkspaceFailure {
    read(workspace(module, manifests).path()).unwrap_err()
}

/// What is sent to dev.
fn bodies(opened: &Opened) -> Vec<Value> {
    in_dev(opened)
        .map(|manifest| manifest.body.clone())
        .collect()
}

fn in_dev(opened: &Opened) -> impl Iterator<Item = &Manifest> {
    let manifests = &opened.workspace.modules[0].manifests;
    manifests.iter().filter(|m| m.environment.as_str() == "dev")
}

fn left_out(opened: &Opened) -> Vec<LeftOut> {
    let all = opened.workspace.left_out.iter();
    all.filter(|one| one.file.contains("/dev/"))
        .cloned()
        .collect()
}

/// With the module's version in `pilothouse.yaml`, so that a manifest needs none.
const GIVEN: &str = "    strategy: rolling\n    version: '1'\n";
const GIVEN_ALLOWED: &str = "    strategy: rolling\n    version: '1'\n    scope: cluster\n";

/// Reads one exported object; what is sent of it, and the fields that are not.
fn exported(object: &Value) -> (Value, Vec<String>) {
    let text = serde_saphyr::to_string(object).unwrap();
    let opened = opened(GIVEN_ALLOWED, &text);
    let sent = bodies(&opened).remove(0);
    let left_out = left_out(&opened);
    let fields = left_out.into_iter().flat_map(|one| one.fields).collect();
    (sent, fields)
}

#[test]
fn what_the_cluster_fills_is_left_out_and_listed_with_its_place() {
    let text = "\
# exported
---
# only this comment
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: config
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {}
    release.pilothouse/id: REL-1
    release.pilothouse/mutation: m
    team: shop
  creationTimestamp: '2026-01-01T00:00:00Z'
  generation: 2
  managedFields: []
  ownerReferences: [{ apiVersion: v1, kind: ConfigMap, name: a, uid: b }]
  resourceVersion: '12'
  selfLink: /api
  uid: 1b2c
data: { A: 'on' }
status: {}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: plain, annotations: null, labels: null, creationTimestamp: null }
";
    let opened = opened(GIVEN, text);
    let sent = bodies(&opened);
    assert_eq!(
        sent[0],
        json!({
            "apiVersion": "v1", "kind": "ConfigMap", "data": {"A": "on"},
            "metadata": {"name": "config", "namespace": "shop", "annotations": {"team": "shop"}},
        })
    );
    assert_eq!(
        sent[1]["metadata"],
        json!({"name": "plain", "namespace": "shop"})
    );
    let listed = left_out(&opened);
    assert_eq!(listed.len(), 2);
    let first = &listed[0];
    assert_eq!(
        (first.file.as_str(), first.line, first.object.as_str()),
        ("modules/base/dev/all.yaml", 5, "ConfigMap/config")
    );
    assert_eq!(
        first.fields,
        [
            "status",
            "metadata.uid",
            "metadata.resourceVersion",
            "metadata.generation",
            "metadata.selfLink",
            "metadata.managedFields",
            "metadata.creationTimestamp",
            "metadata.ownerReferences",
            "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
            "metadata.annotations.release.pilothouse/id",
            "metadata.annotations.release.pilothouse/mutation",
        ]
    );
    assert_eq!(
        listed[1].fields,
        [
            "metadata.creationTimestamp",
            "metadata.annotations",
            "metadata.labels"
        ]
    );
}

#[test]
fn a_manifest_without_such_fields_is_not_in_the_list() {
    let text = "apiVersion: v1\nkind: Service\nmetadata: { name: s }\nspec: { clusterIP: 10.0.0.9, clusterIPs: [10.0.0.9] }\n";
    let opened = opened(GIVEN, text);
    assert_eq!(left_out(&opened), []);
    // An address that somebody wrote down is theirs; only an exported one was handed out.
    assert_eq!(bodies(&opened)[0]["spec"]["clusterIP"], "10.0.0.9");
}

#[test]
fn an_exported_service_keeps_its_ports_and_loses_its_address() {
    let service = |address: &str| {
        json!({
            "apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "s", "uid": "u", "resourceVersion": "1"},
            "spec": {"clusterIP": address, "clusterIPs": [address], "type": "NodePort",
                "ports": [{"port": 80, "nodePort": 30080}]},
        })
    };
    let (sent, fields) = exported(&service("10.96.0.12"));
    assert_eq!(
        sent["spec"],
        json!({"type": "NodePort", "ports": [{"port": 80, "nodePort": 30080}]})
    );
    assert!(fields.contains(&"spec.clusterIPs".to_owned()), "{fields:?}");
    let (headless, _) = exported(&service("None"));
    assert_eq!(headless["spec"]["clusterIP"], "None");
}

#[test]
fn a_claim_loses_the_volume_that_the_controller_chose_and_keeps_one_that_a_person_chose() {
    let claim = |annotations: Value| {
        json!({
            "apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c", "annotations": annotations, "finalizers": ["kubernetes.io/pvc-protection"]},
            "spec": {"volumeName": "pvc-1"},
        })
    };
    let (sent, fields) = exported(&claim(json!({
        "pv.kubernetes.io/bound-by-controller": "yes", "pv.kubernetes.io/bind-completed": "yes",
    })));
    assert_eq!(sent["metadata"], json!({"name": "c", "namespace": "shop"}));
    assert_eq!(sent["spec"], json!({}));
    assert!(fields.contains(&"metadata.finalizers".to_owned()));
    let (sent, _) = exported(&claim(json!({"team": "shop"})));
    assert_eq!(sent["spec"]["volumeName"], "pvc-1");
}

#[test]
fn a_job_loses_what_ties_it_to_its_own_pods() {
    let job = |manual: bool| {
        json!({
            "apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "j", "labels": {"batch.kubernetes.io/controller-uid": "u", "app": "j"}},
            "spec": {"manualSelector": manual, "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
                "template": {
                    "metadata": {"creationTimestamp": null, "labels": {"controller-uid": "u", "job-name": "j", "app": "j"}},
                    "spec": {"containers": [{"name": "a", "image": "a:1"}]},
                }},
        })
    };
    let (sent, _) = exported(&job(false));
    assert_eq!(sent["metadata"]["labels"], json!({"app": "j"}));
    assert_eq!(sent["spec"].get("selector"), None);
    assert_eq!(
        sent["spec"]["template"]["metadata"],
        json!({"labels": {"app": "j"}})
    );
    let (sent, _) = exported(&job(true));
    assert!(sent["spec"]["selector"].is_object());
}

#[test]
fn what_the_cluster_fills_deeper_down_is_left_out_too() {
    let (sent, fields) = exported(&json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "db"}}},
            "volumeClaimTemplates": [{"metadata": {"name": "data", "creationTimestamp": null}, "status": {"phase": "Pending"}}],
        },
    }));
    assert_eq!(
        sent["spec"],
        json!({
            "template": {"metadata": {"labels": {"app": "db"}}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        })
    );
    assert_eq!(
        fields,
        [
            "spec.volumeClaimTemplates[0].status",
            "spec.template.metadata.creationTimestamp",
            "spec.volumeClaimTemplates[0].metadata.creationTimestamp",
        ]
    );
    let (sent, _) = exported(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "runner"},
        "secrets": [{"name": "runner-token-x7f2q"}, {"name": "runner-token-mine"}],
    }));
    assert_eq!(sent["secrets"], json!([{"name": "runner-token-mine"}]));
}

#[test]
fn lists_are_taken_apart() {
    let text = "\
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: { name: a, uid: u }
  - apiVersion: v1
    kind: ConfigMapList
    metadata: { resourceVersion: '7' }
    items:
      - metadata: { name: b }
  - apiVersion: v1
    kind: List
    items: []
---
apiVersion: example.org/v1
kind: AllowList
metadata: { name: c }
items: [x]
";
    let opened = opened(GIVEN, text);
    let labels: Vec<String> = in_dev(&opened).map(|m| m.object.label()).collect();
    assert_eq!(labels, ["ConfigMap/a", "ConfigMap/b", "AllowList/c"]);
    assert_eq!(bodies(&opened)[1]["apiVersion"], "v1");
    assert_eq!(bodies(&opened)[2]["items"], json!(["x"]));
    let found = left_out(&opened);
    assert_eq!((found.len(), found[0].line), (1, 4));
    let failure = refused(GIVEN, "apiVersion: v1\nkind: SecretList\n").to_string();
    assert!(failure.contains("`items`"), "{failure}");
    // What is refused in an element is refused at its place.
    let twice = "apiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: ConfigMap\n    metadata: { generateName: x }\n";
    let failure = refused(GIVEN, twice).to_string();
    assert!(failure.contains("all.yaml:6:31"), "{failure}");
}

#[test]
fn a_kustomization_is_refused_and_one_of_flux_is_an_object() {
    let folder = workspace(
        GIVEN,
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: { name: k }\n",
    );
    assert!(read(folder.path()).is_ok());
    write(
        folder.path(),
        "modules/base/dev/kustomization.yaml",
        "resources: [all.yaml]\n",
    );
    let failure = read(folder.path()).unwrap_err().to_string();
    assert!(failure.contains("kubectl kustomize"), "{failure}");
}

#[rstest]
#[case::label_of_any_object(
    "    strategy: rolling\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: s, labels: { app.kubernetes.io/version: 2.0.0 } }\n",
    "2.0.0"
)]
#[case::label_before_image(
    "    strategy: rolling\n",
    "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j, labels: { app.kubernetes.io/version: 2.0.0 } }\nspec: { template: { spec: { containers: [{ image: 'kubectl:1.36' }] } } }\n",
    "2.0.0"
)]
#[case::image_of_a_job(
    "    strategy: rolling\n",
    "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec: { template: { spec: { containers: [{ image: 'migrate:3.1' }] } } }\n",
    "3.1"
)]
#[case::image_of_a_cron_job(
    "    strategy: rolling\n",
    "apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: j }\nspec: { jobTemplate: { spec: { template: { spec: { containers: [{ image: 'nightly:4' }] } } } } }\n",
    "4"
)]
#[case::custom_resource_with_a_given_version(
    "    strategy: rolling\n    version: 26Q3\n",
    "apiVersion: fission.io/v1\nkind: Function\nmetadata: { name: f }\n",
    "26Q3"
)]
#[case::digest_only_with_a_given_version(
    "    strategy: rolling\n    version: '5'\n",
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: d }\nspec: { template: { spec: { containers: [{ image: 'a@sha256:ab' }] } } }\n",
    "5"
)]
fn a_module_without_a_workload_has_a_version(
    #[case] module: &str,
    #[case] manifests: &str,
    #[case] version: &str,
) {
    let opened = opened(module, manifests);
    assert_eq!(opened.workspace.modules[0].version, version);
    let plan = workspace::plan(&opened, &opened.draft, "REL-1".into()).unwrap();
    assert_eq!(plan.plan.modules[0].version, version);
}

#[rstest]
#[case::none(
    "    strategy: rolling\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n",
    ("pilothouse.yaml", 11, 9),
    "or `version` here"
)]
#[case::another_than_given(
    "    strategy: rolling\n    version: '2'\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, labels: { app.kubernetes.io/version: '1' } }\n",
    ("pilothouse.yaml", 13, 14),
    "version 1 of base, as at modules/base/dev/all.yaml:3:59"
)]
#[case::two_labels(
    "    strategy: rolling\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c, labels: { app.kubernetes.io/version: '1' } }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: d, labels: { app.kubernetes.io/version: '2' } }\n",
    ("modules/base/dev/all.yaml", 7, 59),
    "instead of 2"
)]
#[case::latest(
    "    strategy: rolling\n",
    "apiVersion: batch/v1\nkind: Job\nmetadata: { name: j }\nspec: { template: { spec: { containers: [{ image: 'migrate:latest' }] } } }\n",
    ("modules/base/dev/all.yaml", 4, 51),
    "`latest`"
)]
#[case::unreadable(
    "    strategy: rolling\n    version: 'two words'\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\n",
    ("pilothouse.yaml", 13, 14),
    "a version"
)]
fn a_version_that_is_missing_or_ambiguous_is_refused(
    #[case] module: &str,
    #[case] manifests: &str,
    #[case] at: (&str, u32, u32),
    #[case] says: &str,
) {
    let failure = refused(module, manifests);
    let WorkspaceFailure::Invalid {
        file,
        line,
        column,
        expected,
    } = &failure
    else {
        panic!("{failure}");
    };
    assert_eq!((file.as_str(), *line, *column), at, "{failure}");
    assert!(expected.to_string().contains(says), "{failure}");
}

const CLUSTER_ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: r, labels: { app.kubernetes.io/version: '1' } }\n";

#[test]
fn objects_of_the_whole_cluster_come_first_and_have_no_namespace() {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: c }}\n---\n{CLUSTER_ROLE}---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{ name: i }}\n---\napiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{ name: t, namespace: NAMESPACE }}\n"
    );
    let folder = workspace(ALLOWED, "");
    for (environment, namespace) in [("dev", "shop"), ("test", "shop-test")] {
        let file = format!("modules/base/{environment}/all.yaml");
        write(folder.path(), &file, &text.replace("NAMESPACE", namespace));
    }
    let opened = read(folder.path()).unwrap();
    let found: Vec<(String, String)> = in_dev(&opened)
        .map(|m| (m.object.label(), m.object.namespace.clone()))
        .collect();
    let expected = [
        ("ClusterRole/r", ""),
        ("ConfigMap/c", "shop"),
        ("ClusterIssuer/i", ""),
        ("Certificate/t", "shop"),
    ];
    assert_eq!(
        found,
        expected.map(|(label, namespace)| (label.to_owned(), namespace.to_owned()))
    );
    let first = in_dev(&opened).next().unwrap();
    assert_eq!(first.object.rank(), Rank::Foundation);
    assert_eq!(first.body["metadata"].get("namespace"), None);
    assert_eq!(opened.workspace.modules[0].version, "1");
}

#[test]
fn they_are_refused_where_they_are_not_allowed_and_a_namespace_is_refused_for_them() {
    let failure = refused("    strategy: rolling\n", CLUSTER_ROLE).to_string();
    assert!(failure.contains("`scope: cluster`"), "{failure}");
    let placed = CLUSTER_ROLE.replace("name: r,", "name: r, namespace: shop,");
    let failure = refused(ALLOWED, &placed).to_string();
    assert!(failure.contains("no namespace: ClusterRole"), "{failure}");
    // Without the permission a custom resource is one of the environment's namespace.
    let custom = "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: { name: i }\n";
    let opened = opened(GIVEN, custom);
    assert_eq!(bodies(&opened)[0]["metadata"]["namespace"], "shop");
}

#[test]
fn two_environments_of_one_cluster_have_the_same_object_of_it() {
    let folder = workspace(ALLOWED, CLUSTER_ROLE);
    assert!(read(folder.path()).is_ok());
    let other = CLUSTER_ROLE.to_owned() + "rules: []\n";
    write(folder.path(), "modules/base/test/all.yaml", &other);
    let failure = read(folder.path()).unwrap_err().to_string();
    assert!(
        failure.starts_with("modules/base/test/all.yaml:1:1")
            && failure.contains("modules/base/dev/all.yaml:1:1")
            && failure.contains("cluster c-1"),
        "{failure}"
    );
    let apart = PILOTHOUSE
        .replace("    strategy: rolling\n", ALLOWED)
        .replace(
            "cluster: c-1, namespace: shop-test",
            "cluster: c-2, namespace: shop-test",
        );
    write(folder.path(), "pilothouse.yaml", &apart);
    assert!(read(folder.path()).is_ok());
}
