//! One check's namespace, and the API in a few words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use acceptance::world::{Caller, Site};
use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};

use crate::REGISTRY;

pub const JSON: &str = "application/json";
pub const APPLY: &str = "application/apply-patch+yaml";
pub const MERGE: &str = "application/merge-patch+json";
pub const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub const JSON_PATCH: &str = "application/json-patch+json";

/// Where a check works.
pub struct Case {
    pub site: Arc<Site>,
    pub namespace: String,
    pub admin: Client,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
    pub body: Value,
    pub warning: Option<String>,
}

impl Answer {
    /// The body of an answer that has to be good.
    #[track_caller]
    pub fn good(self) -> Value {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            self.text
        );
        self.body
    }

    /// Checks that it is a refusal: a `Status` with this code and reason. Gives its message.
    #[track_caller]
    pub fn refused(self, code: u16, reason: &str) -> String {
        assert_eq!(self.status, code, "{}", self.text);
        assert_eq!(
            (
                self.body["kind"].as_str(),
                self.body["apiVersion"].as_str(),
                self.body["status"].as_str()
            ),
            (Some("Status"), Some("v1"), Some("Failure")),
            "{}",
            self.text
        );
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert_eq!(
            self.body["reason"].as_str().unwrap_or_default(),
            reason,
            "{}",
            self.text
        );
        self.body["message"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends one request.
pub async fn send(
    client: &Client,
    method: &str,
    path: &str,
    content: Option<(&str, &Value)>,
    accept: &str,
) -> Answer {
    let mut request = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("accept", accept);
    let mut bytes = Vec::new();
    if let Some((kind, body)) = content {
        request = request.header("content-type", kind);
        bytes = serde_json::to_vec(body).unwrap();
    }
    let answer = client
        .send(request.body(Body::from(bytes)).unwrap())
        .await
        .unwrap();
    let status = answer.status().as_u16();
    let warning = answer
        .headers()
        .get("warning")
        .map(|w| w.to_str().unwrap().to_owned());
    let bytes = answer.into_body().collect_bytes().await.unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer {
        status,
        text,
        body,
        warning,
    }
}

impl Case {
    pub async fn new(site: Arc<Site>, number: usize) -> Case {
        let admin = site.client(Caller::Admin).await;
        let case = Case {
            site,
            namespace: format!("case-{number}"),
            admin,
        };
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": case.namespace}});
        case.ask("POST", "/api/v1/namespaces", JSON, &namespace)
            .await
            .good();
        case
    }

    /// Takes the namespace away; nobody waits for it.
    pub async fn forget(&self) {
        let path = format!("/api/v1/namespaces/{}", self.namespace);
        send(&self.admin, "DELETE", &path, None, JSON).await;
    }

    /// `configmaps/c` → `/api/v1/namespaces/…/configmaps/c`; `apps/deployments/d` and so on likewise.
    pub fn path(&self, what: &str) -> String {
        let group = ["apps", "batch"]
            .into_iter()
            .find(|g| what.strip_prefix(g).is_some_and(|r| r.starts_with('/')));
        match group {
            Some(group) => format!(
                "/apis/{group}/v1/namespaces/{}{}",
                self.namespace,
                &what[group.len()..]
            ),
            None => format!("/api/v1/namespaces/{}/{what}", self.namespace),
        }
    }

    fn full(&self, path: &str) -> String {
        if path.starts_with('/') {
            path.to_owned()
        } else {
            self.path(path)
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(&self.admin, "GET", &self.full(path), None, JSON).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        send(&self.admin, "DELETE", &self.full(path), None, JSON).await
    }

    pub async fn ask(&self, method: &str, path: &str, kind: &str, body: &Value) -> Answer {
        send(
            &self.admin,
            method,
            &self.full(path),
            Some((kind, body)),
            JSON,
        )
        .await
    }

    pub async fn create(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, JSON, body).await
    }

    /// Server-side apply.
    pub async fn apply(&self, path: &str, manager: &str, body: &Value) -> Answer {
        let sign = if path.contains('?') { '&' } else { '?' };
        self.ask(
            "PATCH",
            &format!("{path}{sign}fieldManager={manager}"),
            APPLY,
            body,
        )
        .await
    }

    pub async fn items(&self, path: &str) -> Vec<Value> {
        self.get(path).await.good()["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Waits until the object is as it has to be.
    pub async fn until(&self, path: &str, what: &str, met: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let body = self.get(path).await.body;
            if met(&body) {
                return body;
            }
            assert!(
                Instant::now() < deadline,
                "no {what} after a minute: {body}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn map(&self, name: &str, data: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
    }

    /// A Deployment of a conformance image.
    pub fn deployment(&self, name: &str, replicas: u32, tag: &str) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {
                        "terminationGracePeriodSeconds": 1,
                        "containers": [{
                            "name": "main", "image": format!("{REGISTRY}:{tag}"), "imagePullPolicy": "IfNotPresent",
                            "ports": [{"containerPort": 8080, "name": "http"}],
                            "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
                        }],
                    },
                },
            },
        })
    }

    /// Applies a Deployment and waits for its rollout.
    pub async fn deploy(&self, body: &Value) -> Value {
        let name = body["metadata"]["name"].as_str().unwrap();
        let path = format!("apps/deployments/{name}");
        self.apply(&format!("{path}?force=true"), "deployer", body)
            .await
            .good();
        self.until(&path, "finished rollout", is_rolled_out).await
    }

    pub async fn pods(&self, app: &str) -> Vec<Value> {
        self.items(&format!("pods?labelSelector=app%3D{app}")).await
    }

    pub async fn replica_sets(&self, app: &str) -> Vec<Value> {
        self.items(&format!("apps/replicasets?labelSelector=app%3D{app}"))
            .await
    }
}

/// As `kubectl rollout status` judges, and with the old pods gone from the count.
pub fn is_rolled_out(deployment: &Value) -> bool {
    let (spec, status) = (&deployment["spec"], &deployment["status"]);
    let count = |name: &str| status[name].as_u64().unwrap_or(0);
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    status["observedGeneration"] == deployment["metadata"]["generation"]
        && [
            count("replicas"),
            count("updatedReplicas"),
            count("availableReplicas"),
        ] == [wanted; 3]
        && condition(deployment, "Progressing")["reason"] == "NewReplicaSetAvailable"
}

pub fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.into_iter().flatten().find(|c| c["type"] == kind);
    found.cloned().unwrap_or(Value::Null)
}

pub fn name(object: &Value) -> &str {
    object["metadata"]["name"].as_str().unwrap_or_default()
}

/// The example's definitions. A real server serves them a moment later.
pub async fn install_definitions(site: &Arc<Site>) {
    let client = site.client(Caller::Admin).await;
    let definition: Value =
        serde_saphyr::from_str(workspace::example::definitions().unwrap()).unwrap();
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/environments.fission.io";
    let apply = format!("{path}?fieldManager=conformance&force=true");
    send(&client, "PATCH", &apply, Some((APPLY, &definition)), JSON)
        .await
        .good();
    let deadline = Instant::now() + Duration::from_secs(30);
    while send(
        &client,
        "GET",
        "/apis/fission.io/v1/environments",
        None,
        JSON,
    )
    .await
    .status
        != 200
    {
        assert!(Instant::now() < deadline, "the definition is not served");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
