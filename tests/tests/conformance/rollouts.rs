//! What a rollout leaves behind: revisions, labels, events, endpoints, logs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::REGISTRY;
use crate::case::{Case, MERGE, condition, is_rolled_out, name, send};

const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

fn revision(object: &Value) -> &str {
    object
        .pointer(REVISION)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn hash(object: &Value) -> &str {
    object["metadata"]["labels"]["pod-template-hash"]
        .as_str()
        .unwrap_or_default()
}

pub async fn revisions_and_labels_tie_everything_together(case: &Case) {
    let first = case.deploy(&case.deployment("d", 2, "1")).await;
    assert_eq!(revision(&first), "1");
    let second = case.deploy(&case.deployment("d", 2, "2")).await;
    assert_eq!(revision(&second), "2");
    let mut sets = case.replica_sets("d").await;
    sets.sort_by_key(|set| revision(set).to_owned());
    assert_eq!(sets.iter().map(revision).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(
        sets.iter()
            .map(|s| s["spec"]["replicas"].as_u64().unwrap())
            .collect::<Vec<_>>(),
        [0, 2]
    );
    for set in &sets {
        assert_eq!(name(set), format!("d-{}", hash(set)));
        let owner = &set["metadata"]["ownerReferences"][0];
        assert_eq!(
            owner,
            &json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "d", "uid": first["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true})
        );
        for (key, value) in [("desired-replicas", "2"), ("max-replicas", "3")] {
            assert_eq!(
                set["metadata"]["annotations"][format!("deployment.kubernetes.io/{key}")],
                value,
                "{set}"
            );
        }
        assert_eq!(
            set["spec"]["selector"]["matchLabels"]["pod-template-hash"],
            hash(set)
        );
    }
    for pod in case
        .pods("d")
        .await
        .iter()
        .filter(|p| p["metadata"]["deletionTimestamp"].is_null())
    {
        assert_eq!(hash(pod), hash(&sets[1]));
        assert!(
            name(pod).starts_with(&format!("{}-", name(&sets[1]))),
            "{}",
            name(pod)
        );
        assert_eq!(
            pod["metadata"]["generateName"],
            format!("{}-", name(&sets[1]))
        );
        let owner = &pod["metadata"]["ownerReferences"][0];
        assert_eq!(
            (owner["kind"].as_str(), owner["name"].as_str()),
            (Some("ReplicaSet"), Some(name(&sets[1])))
        );
        assert_eq!(pod["status"]["phase"], "Running");
        assert!(pod["spec"]["nodeName"].is_string() && pod["status"]["podIP"].is_string());
        for kind in ["PodScheduled", "Initialized", "ContainersReady", "Ready"] {
            assert_eq!(condition(pod, kind)["status"], "True", "{kind}");
        }
        let container = &pod["status"]["containerStatuses"][0];
        assert_eq!(
            (&container["ready"], &container["restartCount"]),
            (&json!(true), &json!(0))
        );
        assert!(
            container["state"]["running"]["startedAt"].is_string()
                && container["imageID"].is_string()
        );
    }
}

pub async fn events_name_what_happened(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    case.deploy(&case.deployment("d", 1, "2")).await;
    let expected: BTreeSet<(&str, &str, &str)> = [
        ("Deployment", "Normal", "ScalingReplicaSet"),
        ("ReplicaSet", "Normal", "SuccessfulCreate"),
        ("ReplicaSet", "Normal", "SuccessfulDelete"),
        ("Pod", "Normal", "Scheduled"),
        ("Pod", "Normal", "Pulled"),
        ("Pod", "Normal", "Created"),
        ("Pod", "Normal", "Started"),
        ("Pod", "Normal", "Killing"),
    ]
    .into();
    let all_there = |list: &Value| {
        let found: BTreeSet<_> = list["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(of_event)
            .collect();
        expected.iter().all(|(kind, severity, reason)| {
            found.contains(&(kind.to_string(), severity.to_string(), reason.to_string()))
        })
    };
    let events = case.until("events", "event of every kind", all_there).await;
    let of = |reason: &str| {
        events["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|e| e["reason"] == reason)
            .unwrap()
            .clone()
    };
    let scaling = of("ScalingReplicaSet");
    let message = scaling["message"].as_str().unwrap();
    assert!(
        message.starts_with("Scaled up replica set d-") && message.ends_with(" from 0 to 1"),
        "{message}"
    );
    assert_eq!(scaling["source"]["component"], "deployment-controller");
    assert_eq!(
        of("Scheduled")["message"]
            .as_str()
            .unwrap()
            .split(' ')
            .next(),
        Some("Successfully")
    );
    // Whether it was there before is the node's affair.
    let pulled = of("Pulled")["message"].as_str().unwrap().to_owned();
    assert!(
        pulled.contains("already present on machine")
            || pulled.starts_with("Successfully pulled image"),
        "{pulled}"
    );
    let chosen = case
        .items("events?fieldSelector=involvedObject.kind%3DDeployment,involvedObject.name%3Dd")
        .await;
    assert!(
        !chosen.is_empty()
            && chosen
                .iter()
                .all(|e| e["involvedObject"]["kind"] == "Deployment")
    );
}

fn of_event(event: &Value) -> (String, String, String) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&event["involvedObject"]["kind"]),
        text(&event["type"]),
        text(&event["reason"]),
    )
}

pub async fn an_old_template_takes_its_old_replica_set(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    let before = case.replica_sets("d").await;
    case.deploy(&case.deployment("d", 1, "2")).await;
    let back = case.deploy(&case.deployment("d", 1, "1")).await;
    assert_eq!(revision(&back), "3");
    let after = case.replica_sets("d").await;
    assert_eq!(after.len(), 2);
    let again = after
        .iter()
        .find(|set| name(set) == name(&before[0]))
        .expect("the old set");
    assert_eq!(revision(again), "3");
    assert_eq!(
        again["metadata"]["annotations"]["deployment.kubernetes.io/revision-history"],
        "1"
    );
}

pub async fn a_paused_deployment_starts_nothing(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    let patch = json!({"spec": {"paused": true, "template": {"spec": {"containers": [{"name": "main", "image": format!("{REGISTRY}:2")}]}}}});
    case.ask(
        "PATCH",
        "apps/deployments/d",
        crate::case::STRATEGIC,
        &patch,
    )
    .await
    .good();
    let paused = case
        .until("apps/deployments/d", "pause", |d| {
            condition(d, "Progressing")["reason"] == "DeploymentPaused"
        })
        .await;
    assert_eq!(condition(&paused, "Progressing")["status"], "Unknown");
    assert_eq!(case.replica_sets("d").await.len(), 1);
    case.ask(
        "PATCH",
        "apps/deployments/d",
        MERGE,
        &json!({"spec": {"paused": false}}),
    )
    .await
    .good();
    case.until("apps/deployments/d", "rollout", |d| {
        is_rolled_out(d) && revision(d) == "2"
    })
    .await;
}

pub async fn scale_changes_the_number_only(case: &Case) {
    let before = case.deploy(&case.deployment("d", 1, "1")).await;
    let scale = case.get("apps/deployments/d/scale").await.good();
    assert_eq!(
        (scale["kind"].as_str(), scale["apiVersion"].as_str()),
        (Some("Scale"), Some("autoscaling/v1"))
    );
    assert_eq!(scale["status"], json!({"replicas": 1, "selector": "app=d"}));
    let patched = case
        .ask(
            "PATCH",
            "apps/deployments/d/scale",
            MERGE,
            &json!({"spec": {"replicas": 2}}),
        )
        .await
        .good();
    assert_eq!(patched["spec"]["replicas"], 2);
    let after = case
        .until("apps/deployments/d", "second pod", is_rolled_out)
        .await;
    assert_eq!(after["status"]["readyReplicas"], 2);
    assert_eq!(after["spec"]["template"], before["spec"]["template"]);
    assert_eq!(revision(&after), "1");
}

pub async fn endpoints_are_the_ready_pods(case: &Case) {
    case.deploy(&case.deployment("d", 2, "1")).await;
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "d"}, "spec": {"selector": {"app": "d"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}});
    case.create("services", &service).await.good();
    let pods: BTreeSet<String> = case
        .pods("d")
        .await
        .iter()
        .map(|p| p["status"]["podIP"].as_str().unwrap().to_owned())
        .collect();
    let ready = |object: &Value| {
        let addresses = object["subsets"][0]["addresses"].as_array();
        addresses
            .into_iter()
            .flatten()
            .map(|a| a["ip"].as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let endpoints = case
        .until("endpoints/d", "addresses", |e| ready(e) == pods)
        .await;
    assert_eq!(
        endpoints["subsets"][0]["ports"],
        json!([{"name": "http", "port": 8080, "protocol": "TCP"}])
    );
    // A pod that never gets ready is known and not used.
    let mut hanging = case.deployment("d", 2, "hangs");
    hanging["spec"]["strategy"] = json!({"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}});
    case.apply("apps/deployments/d?force=true", "deployer", &hanging)
        .await
        .good();
    let with_hanging = |e: &Value| {
        e["subsets"][0]["notReadyAddresses"]
            .as_array()
            .is_some_and(|a| a.len() == 1)
    };
    let endpoints = case
        .until("endpoints/d", "address that is not ready", with_hanging)
        .await;
    assert_eq!(ready(&endpoints), pods);
}

pub async fn logs_come_as_text(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    let pods = case.pods("d").await;
    let pod = format!("pods/{}/log", name(&pods[0]));
    let all = case.get(&pod).await;
    assert_eq!(all.status, 200);
    assert!(
        all.text.lines().count() >= 2 && all.text.ends_with('\n'),
        "{}",
        all.text
    );
    let last = case.get(&format!("{pod}?tailLines=1")).await.text;
    assert_eq!(last.lines().count(), 1);
    assert!(
        all.text.contains(last.lines().next().unwrap())
            || case
                .get(&pod)
                .await
                .text
                .contains(last.lines().next().unwrap())
    );
    let timed = case
        .get(&format!("{pod}?tailLines=1&timestamps=true"))
        .await
        .text;
    let stamp = timed.split(' ').next().unwrap();
    assert!(
        stamp.len() >= 20 && stamp.contains('T') && (stamp.ends_with('Z') || stamp.contains('+')),
        "{timed}"
    );
    let message = case
        .get(&format!("{pod}?container=none"))
        .await
        .refused(400, "BadRequest");
    assert_eq!(
        message,
        format!("container none is not valid for pod {}", name(&pods[0]))
    );
    case.get(&format!("{pod}?previous=true"))
        .await
        .refused(400, "BadRequest");
    case.get("pods/none/log").await.refused(404, "NotFound");
    let verifier = case.site.client(acceptance::world::Caller::Verifier).await;
    assert_eq!(
        send(&verifier, "GET", &case.path(&pod), None, "*/*")
            .await
            .status,
        200
    );
}

pub async fn old_replica_sets_are_forgotten(case: &Case) {
    let body = |tag: &str, note: &str| {
        let mut body = case.deployment("d", 1, tag);
        body["spec"]["revisionHistoryLimit"] = json!(1);
        body["spec"]["template"]["metadata"]["annotations"] = json!({"note": note});
        body
    };
    for note in ["a", "b", "c"] {
        case.deploy(&body("1", note)).await;
    }
    let two = |list: &Value| list["items"].as_array().is_some_and(|sets| sets.len() == 2);
    let sets = case.until("apps/replicasets", "forgotten set", two).await;
    let mut left: Vec<_> = sets["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(revision)
        .collect();
    left.sort();
    assert_eq!(left, ["2", "3"]);
}
