//! The commands people type, by the real kubectl.

use acceptance::world::Caller;
use serde_json::{Value, json};

use crate::REGISTRY;
use crate::case::{Case, send};

async fn run(case: &Case, arguments: &str, input: &Value) -> (i32, String, String) {
    let mut all = vec!["--namespace", case.namespace.as_str()];
    all.extend(arguments.split(' '));
    let output = case
        .site
        .kubectl(Caller::Admin, &all, &input.to_string())
        .await;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Must succeed.
async fn ok(case: &Case, arguments: &str, input: &Value) -> String {
    let (code, out, err) = run(case, arguments, input).await;
    assert_eq!(code, 0, "kubectl {arguments}: {out}{err}");
    out
}

async fn say(case: &Case, arguments: &str) -> String {
    ok(case, arguments, &Value::Null).await
}

fn has(text: &str, part: &str) {
    assert!(text.contains(part), "{part:?} is not in:\n{text}");
}

pub async fn a_release_by_hand(case: &Case) {
    let (one, two) = (
        case.deployment("web", 2, "1"),
        case.deployment("web", 2, "2"),
    );
    has(
        &ok(case, "apply --server-side -f -", &one).await,
        "deployment.apps/web serverside-applied",
    );
    has(
        &say(case, "rollout status deployment/web --timeout=60s").await,
        "successfully rolled out",
    );
    let (code, diff, _) = run(case, "diff --server-side -f -", &two).await;
    assert_eq!(code, 1);
    let changes: Vec<&str> = diff
        .lines()
        .filter(|l| {
            (l.starts_with('+') || l.starts_with('-'))
                && !l.starts_with("+++")
                && !l.starts_with("---")
        })
        .map(str::trim_end)
        .collect();
    assert_eq!(
        changes,
        [
            "-  generation: 1",
            "+  generation: 2",
            &format!("-      - image: {REGISTRY}:1"),
            &format!("+      - image: {REGISTRY}:2")
        ]
    );
    ok(case, "apply --server-side -f -", &two).await;
    has(
        &say(case, "rollout status deployment/web --timeout=60s").await,
        "successfully rolled out",
    );
    has(
        &say(case, "rollout undo deployment/web").await,
        "rolled back",
    );
    say(case, "rollout status deployment/web --timeout=60s").await;
    has(
        &say(case, "get deployment web -o wide").await,
        &format!("{REGISTRY}:1"),
    );
    let history = say(case, "rollout history deployment/web").await;
    let revisions: Vec<&str> = history
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .filter(|w| w.parse::<u32>().is_ok())
        .collect();
    assert_eq!(revisions, ["2", "3"]);
    let (code, _, err) = run(case, "apply --server-side --field-manager=other -f -", &two).await;
    assert_eq!(code, 1);
    has(&err, "Apply failed with 1 conflict");
    has(&err, "using apps/v1");
}

pub async fn waiting_and_looking(case: &Case) {
    ok(
        case,
        "apply --server-side -f -",
        &case.deployment("web", 1, "1"),
    )
    .await;
    has(
        &say(
            case,
            "wait --for=condition=Available deployment/web --timeout=60s",
        )
        .await,
        "condition met",
    );
    has(
        &say(case, "describe deployment web").await,
        "NewReplicaSetAvailable",
    );
    let pod = say(case, "get pods -o name").await;
    let described = say(case, &format!("describe {}", pod.trim())).await;
    has(
        &described,
        &format!("Successfully assigned {}/web-", case.namespace),
    );
    has(&described, "Readiness:");
    assert!(!say(case, "logs deployment/web --tail=1").await.is_empty());
    say(case, "scale deployment/web --replicas=2").await;
    say(case, "rollout status deployment/web --timeout=60s").await;
    say(
        case,
        "annotate deployment/web kubernetes.io/change-cause=second",
    )
    .await;
    has(&say(case, "rollout pause deployment/web").await, "paused");
    say(
        case,
        "set image deployment/web main=pilothouse.example/conformance:2",
    )
    .await;
    has(&say(case, "rollout resume deployment/web").await, "resumed");
    say(case, "rollout status deployment/web --timeout=60s").await;
    has(&say(case, "rollout history deployment/web").await, "second");
    has(
        &say(case, "rollout restart deployment/web").await,
        "restarted",
    );
    say(case, "rollout status deployment/web --timeout=60s").await;
    say(case, "rollout pause deployment/web").await;
    let (code, _, err) = run(case, "rollout undo deployment/web", &Value::Null).await;
    assert_eq!(code, 1);
    has(&err, "cannot rollback a paused deployment");
    has(&say(case, "get events").await, "ScalingReplicaSet");
    say(case, "delete deployment web").await;
    say(case, "wait --for=delete pods --all --timeout=60s").await;
}

pub async fn tables_have_kubectls_columns(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    for (path, expected) in [
        (
            "apps/deployments",
            vec![
                "Name",
                "Ready",
                "Up-to-date",
                "Available",
                "Age",
                "Containers",
                "Images",
                "Selector",
            ],
        ),
        (
            "apps/replicasets",
            vec![
                "Name",
                "Desired",
                "Current",
                "Ready",
                "Age",
                "Containers",
                "Images",
                "Selector",
            ],
        ),
        (
            "pods",
            vec![
                "Name",
                "Ready",
                "Status",
                "Restarts",
                "Age",
                "IP",
                "Node",
                "Nominated Node",
                "Readiness Gates",
            ],
        ),
        (
            "services",
            vec![
                "Name",
                "Type",
                "Cluster-IP",
                "External-IP",
                "Port(s)",
                "Age",
                "Selector",
            ],
        ),
        ("configmaps", vec!["Name", "Data", "Age"]),
        ("secrets", vec!["Name", "Type", "Data", "Age"]),
    ] {
        let table = send(&case.admin, "GET", &case.path(path), None, accept)
            .await
            .good();
        assert_eq!(
            (table["kind"].as_str(), table["apiVersion"].as_str()),
            (Some("Table"), Some("meta.k8s.io/v1"))
        );
        let columns: Vec<_> = table["columnDefinitions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"].as_str().unwrap())
            .collect();
        assert_eq!(columns, expected, "{path}");
        for row in table["rows"].as_array().unwrap() {
            assert_eq!(
                row["cells"].as_array().unwrap().len(),
                columns.len(),
                "{path}"
            );
            assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
        }
    }
    let table = send(
        &case.admin,
        "GET",
        &case.path("apps/deployments"),
        None,
        accept,
    )
    .await
    .good();
    let cells = table["rows"][0]["cells"].as_array().unwrap();
    assert_eq!(cells[0..4], [json!("d"), json!("1/1"), json!(1), json!(1)]);
}

/// Known difference: they send protobuf.
pub async fn generators_of_built_in_kinds_work(case: &Case) {
    say(case, "create configmap made --from-literal=a=1").await;
    assert_eq!(case.get("configmaps/made").await.good()["data"]["a"], "1");
}

/// Known difference: it sends protobuf.
pub async fn kubectl_says_what_one_may_do(case: &Case) {
    assert_eq!(
        say(case, "auth can-i patch deployments.apps").await,
        "yes\n"
    );
}

/// Known difference.
pub async fn explain_knows_the_fields(case: &Case) {
    has(
        &say(case, "explain deployment.spec.minReadySeconds").await,
        "Minimum number of seconds",
    );
}

/// Known difference: there are no ControllerRevisions.
pub async fn undo_of_a_stateful_set_goes_back(case: &Case) {
    let body = |tag: &str| {
        let mut body = case.deployment("s", 1, tag);
        body["kind"] = json!("StatefulSet");
        body["spec"]["serviceName"] = json!("s");
        body
    };
    ok(case, "apply --server-side -f -", &body("1")).await;
    say(case, "rollout status statefulset/s --timeout=60s").await;
    ok(case, "apply --server-side -f -", &body("2")).await;
    say(case, "rollout status statefulset/s --timeout=60s").await;
    say(case, "rollout undo statefulset/s").await;
    say(case, "rollout status statefulset/s --timeout=60s").await;
    has(
        &say(case, "get statefulset s -o wide").await,
        &format!("{REGISTRY}:1"),
    );
}

/// Known difference.
pub async fn a_command_runs_in_a_container(case: &Case) {
    case.deploy(&case.deployment("d", 1, "1")).await;
    assert_eq!(
        say(case, "exec deployment/d -- cat /www/version").await,
        "1"
    );
}
