//! A cluster with somebody else on it, and what is applied to it.

use std::sync::Arc;
use std::time::Duration;

use cluster::{KubeClusters, Limits, kubeconfig};
use domain::{LiveHead, MutationIntent, MutationOutcome, MutationVerb, ObjectRef, Precondition};
use engine::ports::{Cluster, Clusters, Context, Outgoing};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use serde_json::{Value, json};

pub const NAMESPACE: &str = "fission";
/// Longest wait for a condition; a test that needs it has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

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
            .connect(context.clone(), None, Vec::new())
            .await
            .unwrap()
            .identity()
            .await
            .unwrap();
        let cluster = clusters
            .connect(context.clone(), Some(identity), Vec::new())
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
        let sent = self.cluster.send(&intent, Some(outgoing), &[]).await;
        sent.outcome
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
        MutationOutcome::NotApplied { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}
