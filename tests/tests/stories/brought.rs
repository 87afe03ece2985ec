//! What users bring, on a real API server: manifests exported from a cluster, modules without a
//! workload, objects of the whole cluster. Skipped loudly where clusters cannot run.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use acceptance::world::{Caller, Given, NEW, OLD, Site, World};
use controlplane::{Behaviour, ControlPlane, Image, Options, runnable};
use domain::{Declaration, FieldAuthor, ModuleStatus, Permission, ReleaseId, StepEnd};
use serde_json::Value;

use crate::{DEV, EXECUTOR};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_users_bring() {
    if !runnable(1) {
        return;
    }
    let serves = |(module, version): &(&str, &str)| {
        let reference = format!("pilothouse.example/{module}:{version}");
        let version = (*version).to_owned();
        Image::new(reference, Behaviour::Serves { version })
    };
    let once = Image::new(
        "pilothouse.example/once:1.15.4",
        Behaviour::Exits { code: 0 },
    );
    let images: Vec<Image> = OLD.iter().chain(&NEW).map(serves).chain([once]).collect();
    let options = Options::named("bj-dev-01").with_images(images);
    let plane = tokio::task::spawn_blocking(move || ControlPlane::start(options));
    let plane = plane.await.expect("a thread").expect("a cluster");
    let site = Arc::new(Site::real(plane));
    what_is_exported_and_released_again_is_no_difference(site.clone()).await;
    modules_without_a_workload_and_of_the_whole_cluster_go_forward_and_back(site.clone()).await;
    if let Some(site) = Arc::into_inner(site) {
        site.end().await;
    }
}

/// A workspace of one module in a namespace of its own, used by an administrator: the operator of these
/// clusters has no rights at the cluster scope.
async fn world(site: Arc<Site>, namespace: &str) -> Option<World> {
    let given = Given {
        caller: Caller::Admin,
        alone_in: Some(namespace.to_owned()),
        ..Given::default()
    };
    given.shared(vec![site]).await
}

async fn everything_is_declared(world: &World) {
    let declaration = Declaration {
        text: "everything".to_owned(),
        object: "*".to_owned(),
        path: String::new(),
    };
    world.declare(declaration).await.expect("a declaration");
}

fn write(folder: &Path, file: &str, text: &str) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What kubectl says as an administrator.
async fn kubectl(site: &Site, arguments: &[&str], input: &str) -> String {
    let output = site.kubectl(Caller::Admin, arguments, input).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One object of each kind, as somebody writes them: as little as the API server takes.
const SIXTEEN: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: { name: settings }
data: { A: 'on', B: '2' }
---
apiVersion: v1
kind: Secret
metadata: { name: secret }
data: { password: aHVzaA== }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: store }
spec:
  replicas: 0
  serviceName: store
  selector: { matchLabels: { app: store } }
  template:
    metadata: { labels: { app: store }, creationTimestamp: null }
    spec: { containers: [{ name: main, image: 'pilothouse.example/fission-executor:1.15.4' }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: node-agent }
spec:
  selector: { matchLabels: { app: node-agent } }
  template:
    metadata: { labels: { app: node-agent } }
    spec: { containers: [{ name: main, image: 'pilothouse.example/fission-executor:1.15.4' }] }
---
apiVersion: v1
kind: Service
metadata: { name: outside }
spec: { type: NodePort, selector: { app: store }, ports: [{ port: 80 }] }
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: door }
spec: { rules: [{ host: shop.example, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: outside, port: { number: 80 } } } }] } }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: scaler }
spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: StatefulSet, name: store } }
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: budget }
spec: { maxUnavailable: 1, selector: { matchLabels: { app: store } } }
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: disk }
spec: { storageClassName: '', accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: 'pilothouse.example/once:1.15.4' }] } } }
---
apiVersion: batch/v1
kind: CronJob
metadata: { name: nightly }
spec: { schedule: '0 3 * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: Never, containers: [{ name: main, image: 'pilothouse.example/once:1.15.4' }] } } } } }
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: runner }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: { name: reader }
rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get] }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader }
subjects: [{ kind: ServiceAccount, name: runner }]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: closed }
spec: { podSelector: {} }
";

/// The same objects for kubectl; the Deployment is the example's own.
const EXPORTED: [&str; 16] = [
    "configmap/settings",
    "secret/secret",
    "deployment/fission-executor",
    "statefulset/store",
    "daemonset/node-agent",
    "service/outside",
    "ingress/door",
    "hpa/scaler",
    "pdb/budget",
    "pvc/disk",
    "job/once",
    "cronjob/nightly",
    "serviceaccount/runner",
    "role/reader",
    "rolebinding/reader",
    "networkpolicy/closed",
];

/// A volume for the claim: bound by the controller, which then writes into the claim.
const VOLUME: &str = "\
apiVersion: v1
kind: PersistentVolume
metadata: { name: brought }
spec:
  storageClassName: ''
  accessModes: [ReadWriteOnce]
  capacity: { storage: 1Gi }
  hostPath: { path: /tmp/brought }
";

async fn what_is_exported_and_released_again_is_no_difference(site: Arc<Site>) {
    let Some(mut world) = world(site.clone(), "exports").await else {
        return;
    };
    kubectl(&site, &["apply", "-f", "-"], VOLUME).await;
    let manifests = format!("modules/{EXECUTOR}/{DEV}");
    let brought = format!("{manifests}/brought.yaml");
    write(&world.workspace(), &brought, SIXTEEN);
    world.given_release().await;
    everything_is_declared(&world).await;
    world.when_stage_is_ready("bj-offline").await;
    let status = world.roll_out(DEV, EXECUTOR).await;
    let reason = world.reason(DEV, EXECUTOR);
    assert_eq!(status, ModuleStatus::Passed, "{reason}");
    let namespace = ["-n", "exports"];
    for (of, condition) in [
        ("pvc/disk", "jsonpath={.status.phase}=Bound"),
        ("job/once", "condition=Complete"),
    ] {
        let condition = format!("--for={condition}");
        let wait = ["wait", of, condition.as_str(), "--timeout=60s"];
        kubectl(&site, &[&namespace[..], &wait].concat(), "").await;
    }

    // All in one list, and each in a document of its own.
    let get = [&namespace[..], &["get"], &EXPORTED, &["-o", "yaml"]].concat();
    let list = kubectl(&site, &get, "").await;
    let mut single = Vec::new();
    for one in EXPORTED {
        let get = [&namespace[..], &["get", one, "-o", "yaml"]].concat();
        single.push(kubectl(&site, &get, "").await);
    }
    let deployment = format!("{manifests}/deployment.yaml");
    fs::remove_file(world.workspace().join(deployment)).unwrap();
    for (number, text) in [list, single.join("---\n")].into_iter().enumerate() {
        write(&world.workspace(), &brought, &text);
        let opened = world.opened();
        let listed = &opened.workspace.left_out;
        assert_eq!(listed.len(), EXPORTED.len(), "{listed:?}");
        world.release = ReleaseId::new(format!("REL-20260916-0{number}"));
        world.given_release().await;
        world.check(DEV).await;
        let full = world.diff(DEV).await.unwrap();
        let mut seen = 0;
        for object in &full.diff.objects {
            let label = object.object.label();
            assert_eq!(object.rejected, None, "{label}");
            assert_eq!(object.conflicts, [], "{label}");
            let changed: Vec<_> = object
                .fields
                .iter()
                .filter(|field| !field.path.contains("release.pilothouse/"))
                .collect();
            assert!(changed.is_empty(), "{label}: {changed:?}");
            let manifest = |field: &&domain::FieldChange| field.author == FieldAuthor::Manifest;
            assert_eq!(object.fields.iter().filter(manifest).count(), 0, "{label}");
            seen += 1;
        }
        // With the example's own ConfigMap, Service and custom resource.
        assert_eq!(seen, EXPORTED.len() + 3);
    }
    world.then_the_ledger_holds().await;
    world.end().await;
    kubectl(&site, &["delete", "pv/brought", "--wait=false"], "").await;
}

const MODULES: &str = "
  - id: settings
    strategy: rolling
  - id: functions
    strategy: rolling
    version: 26Q3
  - id: everywhere
    strategy: rolling
    version: 26Q3
    scope: cluster

people:";

fn settings(version: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: shop-settings, namespace: bare, labels: {{ app.kubernetes.io/version: '{version}' }} }}\ndata: {{ MODE: {value} }}\n"
    )
}

fn everywhere(description: &str, verb: &str) -> String {
    format!(
        "\
apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {{ name: shop-first }}
value: 1000
description: {description}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{ name: shop-reader }}
rules: [{{ apiGroups: [''], resources: [configmaps], verbs: [{verb}] }}]
"
    )
}

const CREATED: &str = "---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: { name: shop-created }
rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
";

const FUNCTIONS: &str = "\
apiVersion: fission.io/v1
kind: Environment
metadata: { name: python }
spec: { version: 3, poolsize: 2, runtime: { image: 'pilothouse.example/python-env:3' } }
";

async fn modules_without_a_workload_and_of_the_whole_cluster_go_forward_and_back(site: Arc<Site>) {
    let Some(mut world) = world(site.clone(), "bare").await else {
        return;
    };
    let before = [settings("1", "old"), everywhere("old", "get")].join("---\n");
    kubectl(&site, &["apply", "-f", "-"], &before).await;
    let home = world.workspace();
    let file = home.join("pilothouse.yaml");
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replacen("\npeople:", MODULES, 1).replacen(
        "modules: [fission-executor]",
        "modules: [settings, functions, everywhere]",
        1,
    );
    fs::write(&file, text).unwrap();
    let after = everywhere("new", "list") + CREATED;
    for (module, manifests) in [
        ("settings", settings("2", "new").as_str()),
        ("functions", FUNCTIONS),
        ("everywhere", &after),
    ] {
        write(
            &home,
            &format!("modules/{module}/{DEV}/all.yaml"),
            manifests,
        );
    }
    world.given_release().await;
    everything_is_declared(&world).await;

    // The rights at the cluster scope are asked for, and nothing of pods in no namespace.
    let needed: Vec<Permission> = world
        .does(DEV, |engine, id, _, environment| async move {
            engine.check_permissions(&id, &environment).await
        })
        .await
        .unwrap()
        .into_iter()
        .map(|(permission, _)| permission)
        .collect();
    let at_cluster: Vec<&str> = needed
        .iter()
        .filter(|permission| permission.namespace.is_empty())
        .map(|permission| permission.resource.as_str())
        .collect();
    assert!(at_cluster.contains(&"clusterroles") && at_cluster.contains(&"priorityclasses"));
    assert!(!at_cluster.contains(&"pods"), "{at_cluster:?}");

    world.when_stage_is_ready("bj-offline").await;
    for module in ["settings", "functions", "everywhere"] {
        let status = world.roll_out(DEV, module).await;
        let reason = world.reason(DEV, module);
        assert_eq!(status, ModuleStatus::Passed, "{module}: {reason}");
    }
    let new = seen(&site).await;
    assert_eq!(new, ["new", "new", "list", "python", "shop-created"]);

    world.go_back(DEV).await;
    // Whether others use what the release created for the whole cluster is not asked: it stays, and is named.
    let kept = world
        .environment(DEV)
        .way_back
        .unwrap()
        .run
        .ended
        .into_values();
    let kept = kept.filter_map(|(end, _)| match end {
        StepEnd::Left { reasons } => Some(reasons.to_string()),
        _ => None,
    });
    let kept: Vec<_> = kept.collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert!(kept[0].contains("ClusterRole/shop-created"), "{kept:?}");
    assert_eq!(seen(&site).await, ["old", "old", "get", "", "shop-created"]);
    world.then_the_ledger_holds().await;
    world.end().await;
}

/// What of the release is on the cluster.
async fn seen(site: &Site) -> [String; 5] {
    let get = |of: &'static [&'static str], path: &'static str| async move {
        let all = [
            &["-n", "bare", "get", "--ignore-not-found", "-o", "json"],
            of,
        ]
        .concat();
        let text = kubectl(site, &all, "").await;
        let object: Value = serde_json::from_str(&text).unwrap_or_default();
        let found = object.pointer(path).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    [
        get(&["configmap", "shop-settings"], "/data/MODE").await,
        get(&["priorityclass", "shop-first"], "/description").await,
        get(&["clusterrole", "shop-reader"], "/rules/0/verbs/0").await,
        get(&["environments.fission.io", "python"], "/metadata/name").await,
        get(&["clusterrole", "shop-created"], "/metadata/name").await,
    ]
}
