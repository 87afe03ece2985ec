//! Checks that hold on every cluster, the rehearsal one and a real one. Each has a name of its own in
//! the namespace, so that they can run one after another on the same cluster.

use std::sync::Arc;
use std::time::Duration;

use cluster::{KubeClusters, Limits, kubeconfig};
use domain::{
    FieldConflict, LiveHead, MutationIntent, MutationOutcome, MutationVerb, ObjectRef, Precondition,
};
use engine::ports::{
    Cluster, ClusterFailure, Clusters, Context, Outgoing, Picture, RolloutPhase, WorkloadPicture,
};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

pub const NAMESPACE: &str = "fission";
/// Longest wait for a condition; a test that needs it has failed.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn limits() -> Limits {
    Limits {
        settle: Duration::from_secs(2),
        server_deadline: Duration::from_secs(1),
        ..Limits::default()
    }
}

pub struct Bench {
    pub context: Context,
    pub cluster: Arc<dyn Cluster>,
    /// Someone else who works on the same cluster.
    pub other: kube::Client,
    /// Images that start.
    pub images: [String; 2],
}

impl Bench {
    pub async fn new(kubeconfig_text: &str, images: [String; 2], limits: Limits) -> Bench {
        let preview = kubeconfig::preview(kubeconfig_text, None).unwrap();
        assert_eq!(preview.contexts[0].refused, None);
        let name = preview.contexts[0].name.clone();
        let context = kubeconfig::import(kubeconfig_text, None, &[name], false)
            .unwrap()
            .remove(0);
        let clusters = KubeClusters::new(limits);
        let identity = clusters
            .connect(context.clone(), None, None)
            .await
            .unwrap()
            .identity()
            .await
            .unwrap();
        let cluster = clusters
            .connect(context.clone(), Some(identity), None)
            .await
            .unwrap();
        let other = kube::config::Kubeconfig::from_yaml(kubeconfig_text).unwrap();
        let config = kube::Config::from_custom_kubeconfig(other, &Default::default())
            .await
            .unwrap();
        Bench {
            context,
            cluster,
            other: kube::Client::try_from(config).unwrap(),
            images,
        }
    }

    /// A change by someone else.
    pub async fn edits(&self, object: &ObjectRef, manager: &str, patch: Value) {
        let (group, version) = object
            .api_version
            .split_once('/')
            .unwrap_or(("", &object.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &object.kind));
        let api =
            Api::<DynamicObject>::namespaced_with(self.other.clone(), &object.namespace, &resource);
        let params = PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        };
        api.patch(&object.name, &params, &Patch::Merge(patch))
            .await
            .unwrap();
    }

    pub async fn head(&self, object: &ObjectRef) -> LiveHead {
        self.cluster.read(object).await.unwrap().unwrap().head
    }

    pub async fn apply(
        &self,
        id: &str,
        outgoing: &Outgoing,
        precondition: Precondition,
    ) -> MutationOutcome {
        let intent = intent(id, MutationVerb::Apply, &outgoing.object, precondition);
        self.cluster.send(&intent, Some(outgoing), &[]).await
    }

    /// Applies and insists.
    pub async fn applied(&self, id: &str, outgoing: &Outgoing) -> LiveHead {
        let precondition = match self.cluster.read(&outgoing.object).await.unwrap() {
            Some(live) => Precondition::Unchanged(live.head),
            None => Precondition::Absent,
        };
        match self.apply(id, outgoing, precondition).await {
            MutationOutcome::Applied { live: Some(live) } => live,
            other => panic!("{other:?}"),
        }
    }
}

pub fn config_map(name: &str, data: Value) -> Outgoing {
    let object = ObjectRef {
        api_version: "v1".into(),
        kind: "ConfigMap".into(),
        namespace: NAMESPACE.into(),
        name: name.into(),
    };
    let body =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data});
    Outgoing {
        object,
        body,
        release: "REL-1".into(),
        module: "router".into(),
    }
}

pub fn deployment(name: &str, image: &str) -> Outgoing {
    let object = ObjectRef {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: NAMESPACE.into(),
        name: name.into(),
    };
    let body = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": 2, "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [{"name": "main", "image": image, "imagePullPolicy": "IfNotPresent"}],
            }},
        },
    });
    Outgoing {
        object,
        body,
        release: "REL-1".into(),
        module: "router".into(),
    }
}

pub fn intent(
    id: &str,
    verb: MutationVerb,
    object: &ObjectRef,
    precondition: Precondition,
) -> MutationIntent {
    MutationIntent {
        id: id.into(),
        verb,
        object: object.clone(),
        body: None,
        precondition,
    }
}

pub fn reason(outcome: MutationOutcome) -> String {
    match outcome {
        MutationOutcome::NotApplied { reason } => reason,
        other => panic!("{other:?}"),
    }
}

pub async fn everything(bench: &Bench) {
    identity_is_pinned(bench).await;
    it_says_who_it_is(bench).await;
    an_object_is_created_once(bench).await;
    what_the_manifest_drops_goes(bench).await;
    a_change_since_the_diff_keeps_it_from_being_sent(bench).await;
    fields_of_others_are_taken_over_only_when_agreed(bench).await;
    a_refused_manifest_says_why(bench).await;
    secrets_stay_masked(bench).await;
    an_object_is_removed_and_restored(bench).await;
    an_unknown_kind_is_said(bench).await;
    read_back_knows_what_was_applied(bench).await;
    a_rollout_is_paused_goes_on_and_is_seen(bench).await;
}

async fn identity_is_pinned(bench: &Bench) {
    let identity = bench.cluster.identity().await.unwrap();
    assert_eq!(identity, bench.cluster.identity().await.unwrap());
    assert!(
        identity.uid.len() == 36 && identity.ca_sha256.len() == 64,
        "{identity:?}"
    );
    assert!(
        identity.url.starts_with("https://")
            && identity
                .url
                .rsplit(':')
                .next()
                .unwrap()
                .parse::<u16>()
                .is_ok()
    );
    for wrong in [
        domain::ClusterIdentity {
            uid: "11111111-1111-1111-1111-111111111111".into(),
            ..identity.clone()
        },
        domain::ClusterIdentity {
            url: "https://other:1".into(),
            ..identity.clone()
        },
        domain::ClusterIdentity {
            ca_sha256: "00".repeat(32),
            ..identity.clone()
        },
    ] {
        let failure = KubeClusters::default()
            .connect(bench.context.clone(), Some(wrong.clone()), None)
            .await
            .err()
            .unwrap();
        assert_eq!(
            failure,
            ClusterFailure::AnotherCluster {
                expected: Box::new(wrong),
                found: Box::new(identity.clone())
            }
        );
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let ca = rcgen::CertificateParams::new(vec!["other".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap()
        .pem();
    let stranger = Context {
        ca_pem: ca,
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(stranger, None, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Untrusted(_)),
        "{failure:?}"
    );
    let nowhere = Context {
        server: "https://127.0.0.1:1".into(),
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(nowhere, None, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert!(
        matches!(failure, ClusterFailure::Unreachable(_)),
        "{failure:?}"
    );
    let token = secrecy::SecretString::from("hunter2-hunter2");
    let unknown = Context {
        credential: engine::ports::Credential::Token(token),
        ..bench.context.clone()
    };
    let failure = KubeClusters::default()
        .connect(unknown, None, None)
        .await
        .unwrap()
        .identity()
        .await
        .unwrap_err();
    assert_eq!(failure, ClusterFailure::CredentialRefused);
}

async fn it_says_who_it_is(bench: &Bench) {
    let about = bench.cluster.about().await.unwrap();
    assert!(about.version.starts_with("v1."), "{about:?}");
    assert!(
        !about.user.is_empty() && about.clock_skew_s.abs() < 3.0,
        "{about:?}"
    );
    let objects = [
        deployment("any", "x").object,
        config_map("any", json!({})).object,
    ];
    let needed = bench.cluster.needed(&objects).await.unwrap();
    let names: Vec<String> = needed
        .iter()
        .map(|p| {
            format!(
                "{} {}.{}/{} {}",
                p.verb, p.resource, p.group, p.subresource, p.namespace
            )
        })
        .collect();
    for wanted in [
        "patch deployments.apps/ fission",
        "delete configmaps./ fission",
        "get pods./log fission",
        "watch replicasets.apps/ fission",
    ] {
        assert!(
            names.contains(&wanted.to_owned()),
            "{wanted} is not in {names:?}"
        );
    }
    assert_eq!(bench.cluster.denied(&needed).await.unwrap(), []);
}

async fn an_object_is_created_once(bench: &Bench) {
    let outgoing = config_map("once", json!({"a": "1"}));
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
    let preview = bench.cluster.preview(&outgoing).await.unwrap();
    assert!(preview.live.is_none() && preview.rejected.is_none() && preview.conflicts.is_empty());
    assert!(
        preview
            .fields
            .iter()
            .any(|f| f.path == "data.a" && f.after.as_deref() == Some("\"1\""))
    );
    assert_eq!(
        bench.cluster.read(&outgoing.object).await.unwrap(),
        None,
        "a dry run changes nothing"
    );
    let outcome = bench.apply("m-once", &outgoing, Precondition::Absent).await;
    let live = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    assert_eq!(
        outcome,
        MutationOutcome::Applied {
            live: Some(live.head.clone())
        }
    );
    assert_eq!(
        live.body["metadata"]["annotations"]["release.pilothouse/mutation"],
        "m-once"
    );
    assert_eq!(
        live.body["metadata"]["annotations"]["release.pilothouse/id"],
        "REL-1"
    );
    assert!(
        live.body["metadata"].get("uid").is_none()
            && live.body["metadata"].get("managedFields").is_none()
    );
    assert!(
        reason(
            bench
                .apply("m-twice", &outgoing, Precondition::Absent)
                .await
        )
        .contains("exists")
    );
    assert_eq!(bench.head(&outgoing.object).await, live.head);
    let again = bench.cluster.preview(&outgoing).await.unwrap();
    assert!(
        again
            .fields
            .iter()
            .all(|f| f.author == domain::FieldAuthor::Automatic),
        "{:?}",
        again.fields
    );
}

/// Only an apply's own fields go when a later manifest lacks them: creating must not be a POST.
async fn what_the_manifest_drops_goes(bench: &Bench) {
    bench
        .applied("m-a", &config_map("drops", json!({"a": "1", "b": "2"})))
        .await;
    let fewer = config_map("drops", json!({"a": "1"}));
    let preview = bench.cluster.preview(&fewer).await.unwrap();
    let gone = preview.fields.iter().find(|f| f.path == "data.b").unwrap();
    assert_eq!(
        (gone.before.as_deref(), gone.after.as_deref(), gone.author),
        (Some("\"2\""), None, domain::FieldAuthor::Manifest)
    );
    bench.applied("m-b", &fewer).await;
    assert_eq!(
        bench
            .cluster
            .read(&fewer.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"],
        json!({"a": "1"})
    );
}

async fn a_change_since_the_diff_keeps_it_from_being_sent(bench: &Bench) {
    let outgoing = config_map("moved", json!({"a": "1"}));
    let head = bench.applied("m-1", &outgoing).await;
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"b": "theirs"}}),
        )
        .await;
    let next = config_map("moved", json!({"a": "2"}));
    assert_eq!(
        reason(
            bench
                .apply("m-2", &next, Precondition::Unchanged(head.clone()))
                .await
        ),
        "changed since the diff"
    );
    assert_eq!(
        bench
            .cluster
            .read(&next.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"],
        json!({"a": "1", "b": "theirs"})
    );
    let other = LiveHead {
        uid: "22222222-2222-2222-2222-222222222222".into(),
        ..bench.head(&next.object).await
    };
    assert!(
        reason(
            bench
                .apply("m-3", &next, Precondition::Unchanged(other))
                .await
        )
        .contains("created again")
    );
    let absent = config_map("never", json!({}));
    assert_eq!(
        reason(
            bench
                .apply("m-4", &absent, Precondition::Unchanged(head))
                .await
        ),
        "it is gone"
    );
    assert_eq!(bench.cluster.read(&absent.object).await.unwrap(), None);
}

async fn fields_of_others_are_taken_over_only_when_agreed(bench: &Bench) {
    bench
        .applied("m-1", &config_map("owned", json!({"a": "1"})))
        .await;
    let next = config_map("owned", json!({"a": "ours"}));
    bench
        .edits(
            &next.object,
            "kubectl-edit",
            json!({"data": {"a": "theirs"}}),
        )
        .await;
    let preview = bench.cluster.preview(&next).await.unwrap();
    assert_eq!(
        preview.conflicts,
        [FieldConflict {
            manager: "kubectl-edit".into(),
            path: ".data.a".into()
        }]
    );
    assert!(
        preview
            .fields
            .iter()
            .any(|f| f.path == "data.a" && f.after.as_deref() == Some("\"ours\"")),
        "{:?}",
        preview.fields
    );
    let head = preview.live.unwrap().head;
    let refused = bench
        .apply("m-2", &next, Precondition::Unchanged(head.clone()))
        .await;
    assert!(reason(refused).contains("kubectl-edit"));
    let sends = intent(
        "m-3",
        MutationVerb::Apply,
        &next.object,
        Precondition::Unchanged(head),
    );
    let others = [FieldConflict {
        manager: "kubectl-edit".into(),
        path: ".data.other".into(),
    }];
    assert!(matches!(
        bench.cluster.send(&sends, Some(&next), &others).await,
        MutationOutcome::NotApplied { .. }
    ));
    assert!(matches!(
        bench
            .cluster
            .send(&sends, Some(&next), &preview.conflicts)
            .await,
        MutationOutcome::Applied { .. }
    ));
    assert_eq!(
        bench
            .cluster
            .read(&next.object)
            .await
            .unwrap()
            .unwrap()
            .body["data"]["a"],
        "ours"
    );
}

async fn a_refused_manifest_says_why(bench: &Bench) {
    let mut unknown = deployment("refused", "x:1");
    unknown.body["spec"]["replicsa"] = json!(3);
    let rejected = bench
        .cluster
        .preview(&unknown)
        .await
        .unwrap()
        .rejected
        .unwrap();
    assert!(rejected.contains("replicsa"), "{rejected}");
    let mut invalid = deployment("refused", "x:1");
    invalid.body["spec"]["template"]["metadata"]["labels"] = json!({"app": "other"});
    let preview = bench.cluster.preview(&invalid).await.unwrap();
    assert!(preview.after.is_none() && preview.rejected.unwrap().contains("selector"));
    let outcome = bench.apply("m-1", &invalid, Precondition::Absent).await;
    assert!(reason(outcome).contains("422"));
}

async fn secrets_stay_masked(bench: &Bench) {
    let object = ObjectRef {
        api_version: "v1".into(),
        kind: "Secret".into(),
        namespace: NAMESPACE.into(),
        name: "masked".into(),
    };
    let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "masked"}, "stringData": {"password": "hunter2hunter2"}});
    let secret = Outgoing {
        object,
        body,
        release: "REL-1".into(),
        module: "router".into(),
    };
    let preview = bench.cluster.preview(&secret).await.unwrap();
    let shown = format!("{:?}", preview.fields);
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMm") && shown.contains("sha256:"),
        "{shown}"
    );
    let field = preview
        .fields
        .iter()
        .find(|f| f.path == "data.password")
        .unwrap();
    assert_eq!(field.author, domain::FieldAuthor::Manifest);
    let lines = cluster::diff_lines(None, preview.after.as_ref(), &preview.fields);
    assert!(!format!("{lines:?}").contains("aHVudGVyMm"));
}

async fn an_object_is_removed_and_restored(bench: &Bench) {
    let outgoing = config_map("back", json!({"a": "1"}));
    bench.applied("m-1", &outgoing).await;
    let backup = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    let head = bench
        .applied("m-2", &config_map("back", json!({"a": "2", "new": "x"})))
        .await;
    assert_ne!(head.content, backup.head.content);
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"a": "3"}}),
        )
        .await;
    let restore = intent(
        "m-3",
        MutationVerb::Restore,
        &outgoing.object,
        Precondition::Unchanged(head),
    );
    let body = Outgoing {
        body: backup.body.clone(),
        ..outgoing.clone()
    };
    assert!(matches!(
        bench.cluster.send(&restore, Some(&body), &[]).await,
        MutationOutcome::Applied { .. }
    ));
    let restored = bench.cluster.read(&outgoing.object).await.unwrap().unwrap();
    assert_eq!(
        restored.head.content, backup.head.content,
        "{}",
        restored.body
    );
    let remove = |precondition| intent("m-4", MutationVerb::Remove, &outgoing.object, precondition);
    let stale = LiveHead {
        content: domain::Digest::new("other"),
        ..restored.head.clone()
    };
    assert!(matches!(
        bench
            .cluster
            .send(&remove(Precondition::Unchanged(stale)), None, &[])
            .await,
        MutationOutcome::NotApplied { .. }
    ));
    let remove = remove(Precondition::Unchanged(restored.head));
    assert_eq!(
        bench.cluster.send(&remove, None, &[]).await,
        MutationOutcome::Applied { live: None }
    );
    assert_eq!(bench.cluster.read(&outgoing.object).await.unwrap(), None);
    assert_eq!(
        bench.cluster.read_back(&remove).await.unwrap(),
        MutationOutcome::Applied { live: None }
    );
}

async fn an_unknown_kind_is_said(bench: &Bench) {
    for (api_version, kind) in [("nowhere.io/v1", "Thing"), ("apps/v1", "Thing")] {
        let object = ObjectRef {
            api_version: api_version.into(),
            kind: kind.into(),
            namespace: NAMESPACE.into(),
            name: "x".into(),
        };
        let failure = bench.cluster.read(&object).await.unwrap_err();
        assert_eq!(
            failure,
            ClusterFailure::KindUnknown(format!("{api_version} {kind}"))
        );
    }
    let elsewhere = ObjectRef {
        name: "../../secrets/x".into(),
        ..config_map("x", json!({})).object
    };
    assert!(matches!(
        bench.cluster.read(&elsewhere).await.unwrap_err(),
        ClusterFailure::Unreadable(_)
    ));
}

async fn read_back_knows_what_was_applied(bench: &Bench) {
    let outgoing = config_map("asked", json!({"a": "1"}));
    let never = intent(
        "m-never",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Absent,
    );
    assert!(reason(bench.cluster.read_back(&never).await.unwrap()).contains("not there after"));
    let head = bench.applied("m-1", &outgoing).await;
    assert!(
        reason(bench.cluster.read_back(&never).await.unwrap()).contains("somebody else created")
    );
    let sent = intent(
        "m-1",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Absent,
    );
    assert_eq!(
        bench.cluster.read_back(&sent).await.unwrap(),
        MutationOutcome::Applied {
            live: Some(head.clone())
        }
    );
    let next = intent(
        "m-2",
        MutationVerb::Apply,
        &outgoing.object,
        Precondition::Unchanged(head),
    );
    assert!(reason(bench.cluster.read_back(&next).await.unwrap()).contains("not there after"));
    bench
        .edits(
            &outgoing.object,
            "kubectl-edit",
            json!({"data": {"b": "2"}}),
        )
        .await;
    assert!(
        reason(bench.cluster.read_back(&next).await.unwrap()).contains("somebody else changed")
    );
}

async fn a_rollout_is_paused_goes_on_and_is_seen(bench: &Bench) {
    let old = deployment("seen", &bench.images[0]);
    let watching = bench
        .cluster
        .watch(std::slice::from_ref(&old.object))
        .await
        .unwrap();
    let mut pictures = watching.pictures();
    let empty = picture(&mut pictures, |p| p.connected).await;
    assert_eq!(
        (empty.workloads.len(), &empty.workloads[0].rollout),
        (1, &None)
    );
    assert_eq!(
        bench.cluster.rollout(&old.object).await.unwrap().phase,
        RolloutPhase::Missing
    );

    bench.applied("m-1", &old).await;
    picture(&mut pictures, |p| complete(&p.workloads[0])).await;
    let reading = bench.cluster.rollout(&old.object).await.unwrap();
    assert_eq!(
        (reading.phase, reading.wanted, reading.available),
        (RolloutPhase::Complete, 2, 2)
    );
    let mut logs = watching.logs(&old.object, 10);
    let line = tokio::time::timeout(PATIENCE, logs.recv())
        .await
        .unwrap()
        .unwrap();
    assert!(
        line.at.is_some() && line.pod.starts_with("seen-") && !line.text.is_empty(),
        "{line:?}"
    );

    let head = bench.head(&old.object).await;
    let pause = intent(
        "m-2",
        MutationVerb::Pause,
        &old.object,
        Precondition::Unchanged(head.clone()),
    );
    let MutationOutcome::Applied { live: Some(paused) } =
        bench.cluster.send(&pause, None, &[]).await
    else {
        panic!()
    };
    assert_eq!(
        paused.content, head.content,
        "pausing is no change of content"
    );
    assert!(bench.cluster.rollout(&old.object).await.unwrap().paused);
    assert!(matches!(
        bench.cluster.read_back(&pause).await.unwrap(),
        MutationOutcome::Applied { .. }
    ));
    let new = deployment("seen", &bench.images[1]);
    let preview = bench.cluster.preview(&new).await.unwrap();
    assert!(preview.conflicts.is_empty(), "{:?}", preview.conflicts);
    let by_person: Vec<_> = preview
        .fields
        .iter()
        .filter(|f| f.author == domain::FieldAuthor::Manifest)
        .map(|f| f.path.as_str())
        .collect();
    assert_eq!(
        by_person,
        ["spec.template.spec.containers[name=main].image"]
    );
    bench.applied("m-3", &new).await;
    let unpause = intent(
        "m-4",
        MutationVerb::Unpause,
        &old.object,
        Precondition::Unchanged(bench.head(&old.object).await),
    );
    assert!(matches!(
        bench.cluster.send(&unpause, None, &[]).await,
        MutationOutcome::Applied { .. }
    ));
    let done = picture(&mut pictures, |p| {
        complete(&p.workloads[0]) && p.workloads[0].pods.len() == 2
    })
    .await;
    assert!(
        done.workloads[0]
            .pods
            .iter()
            .all(|p| p.newest && p.ready && p.node.is_some() && p.ready_at.is_some())
    );
    assert!(
        done.events
            .iter()
            .any(|e| e.object == "Deployment/seen" && e.reason == "ScalingReplicaSet"),
        "{:?}",
        done.events
    );
    let newest: Vec<String> = done.workloads[0]
        .pods
        .iter()
        .map(|p| p.name.clone())
        .collect();
    let of_new = async {
        while let Some(line) = logs.recv().await {
            if newest.contains(&line.pod) {
                return true;
            }
        }
        false
    };
    assert!(
        tokio::time::timeout(PATIENCE, of_new).await.unwrap(),
        "no log of a new pod"
    );
    drop(watching);
    assert!(
        tokio::time::timeout(PATIENCE, pictures.wait_for(|_| false))
            .await
            .unwrap()
            .is_err(),
        "a dropped watch ends"
    );
}

fn complete(workload: &WorkloadPicture) -> bool {
    let done = workload
        .rollout
        .as_ref()
        .is_some_and(|r| r.phase == RolloutPhase::Complete && !r.paused);
    done && workload.pods.iter().filter(|p| p.newest && p.ready).count() == 2
}

pub async fn picture(
    pictures: &mut tokio::sync::watch::Receiver<Option<Picture>>,
    holds: impl Fn(&Picture) -> bool,
) -> Picture {
    let wait = pictures.wait_for(|picture| picture.as_ref().is_some_and(&holds));
    let found = tokio::time::timeout(PATIENCE, wait).await;
    if let Ok(found) = found {
        return found.unwrap().clone().unwrap();
    }
    drop(found);
    panic!("never so: {:#?}", pictures.borrow().clone())
}
