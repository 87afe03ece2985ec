//! Then: what is really on the clusters and in the ledger, seen by others than ourselves.

use std::collections::{BTreeMap, BTreeSet};
use std::io::BufReader;

use engine::ports::Format;
use rehearsal::RequestRecord;
use serde_json::Value;
use tempfile::TempDir;

use super::{Caller, Ground, World};

/// The versions before the release.
pub const OLD: [(&str, &str); 3] = [
    ("fission-agent", "0.9.6"),
    ("fission-executor", "1.15.3"),
    ("fission-router", "1.15.3"),
];
/// The versions it brings.
pub const NEW: [(&str, &str); 3] = [
    ("fission-agent", "0.9.7"),
    ("fission-executor", "1.15.4"),
    ("fission-router", "1.15.4"),
];

impl World {
    /// Image tags of an environment's Deployments, as kubectl shows them.
    pub async fn versions(&self, environment: &str) -> BTreeMap<String, String> {
        self.seen(environment).await.0
    }

    /// Image tags of the Deployments and data of the ConfigMaps. One kubectl for all of it: starting
    /// it is most of what a look costs.
    async fn seen(&self, environment: &str) -> (BTreeMap<String, String>, BTreeMap<String, Value>) {
        let all = [
            "get",
            "deployments,configmaps",
            "--selector=app.kubernetes.io/part-of=fission",
            "--output=json",
        ];
        let list: Value = serde_json::from_str(&self.ask(environment, &all).await).expect("a list");
        let (mut versions, mut data) = (BTreeMap::new(), BTreeMap::new());
        for object in list["items"].as_array().expect("items") {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            if object["kind"] == "ConfigMap" {
                data.insert(name.to_owned(), object["data"].clone());
                continue;
            }
            let image = object["spec"]["template"]["spec"]["containers"][0]["image"]
                .as_str()
                .unwrap_or_default();
            let tag = image.rsplit(':').next().unwrap_or_default();
            versions.insert(name.to_owned(), tag.to_owned());
        }
        (versions, data)
    }

    /// What kubectl says as an administrator in an environment.
    async fn ask(&self, environment: &str, arguments: &[&str]) -> String {
        let (site, namespace) = self.place(environment);
        let mut all = vec!["--namespace", namespace.as_str()];
        all.extend(arguments);
        let output = site.kubectl(Caller::Admin, &all, "").await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{environment}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Checks the versions of an environment, and that kubectl calls its rollouts done. Gives the
    /// data of its ConfigMaps.
    pub async fn then_versions(
        &self,
        environment: &str,
        expected: &[(&str, &str)],
    ) -> BTreeMap<String, Value> {
        let (found, data) = self.seen(environment).await;
        let of = |(module, version): &(&str, &str)| ((*module).to_owned(), (*version).to_owned());
        let expected: BTreeMap<String, String> = expected.iter().map(of).collect();
        assert_eq!(found, expected, "{environment}");
        let status = [
            "rollout",
            "status",
            "deployment",
            "--selector=app.kubernetes.io/part-of=fission",
            "--timeout=60s",
        ];
        let said = self.ask(environment, &status).await;
        let done = said.matches("successfully rolled out").count();
        assert_eq!(done, expected.len(), "{environment}: {said}");
        data
    }

    /// The new versions and nothing else.
    pub async fn then_new(&self, environment: &str) {
        let data = self.then_versions(environment, &NEW).await;
        assert_eq!(data["fission-router-config"]["MAX_FUNC_TIMEOUT"], "900");
    }

    /// The old versions and configuration, as if nothing had been.
    pub async fn then_old(&self, environment: &str) {
        let data = self.then_versions(environment, &OLD).await;
        assert_eq!(data["fission-router-config"]["MAX_FUNC_TIMEOUT"], "300");
        assert_eq!(data["fission-router-config"]["KEEPALIVE_CONNECTIONS"], "64");
        assert_eq!(
            data["fission-executor-config"]["POOL_RECYCLE_SECONDS"],
            "120"
        );
        assert_eq!(data["fission-agent-config"]["LOG_SAMPLE_RATIO"], "1.0");
    }

    /// A ConfigMap's data.
    pub async fn config(&self, environment: &str, name: &str) -> Value {
        let (site, namespace) = self.place(environment);
        site.get(&namespace, "configmap", name)
            .await
            .expect("a ConfigMap")["data"]
            .clone()
    }

    /// Writes that the rehearsal cluster of an environment received from the program, dry runs and
    /// access reviews left out.
    pub fn writes(&self, environment: &str) -> Vec<RequestRecord> {
        let (site, namespace) = self.place(environment);
        let inside = format!("/namespaces/{namespace}/");
        let ours = |record: &RequestRecord| {
            record.user == Caller::Operator.name()
                && ["create", "update", "patch", "delete", "deletecollection"]
                    .contains(&record.verb.as_str())
                && record.path.contains(&inside)
                && !record.query.contains("dryRun")
        };
        site.rehearsed()
            .requests()
            .into_iter()
            .filter(ours)
            .collect()
    }

    /// Writes of one object that were carried out.
    pub fn carried_out(&self, environment: &str, path_end: &str) -> usize {
        let all = self.writes(environment);
        all.iter()
            .filter(|record| record.path.ends_with(path_end) && record.status < 300)
            .count()
    }

    /// The chain, the export, and no secret anywhere.
    pub async fn then_the_ledger_holds(&self) {
        let folder = TempDir::with_prefix("pilothouse-export-").expect("a folder");
        let export = folder.path().join("export.jsonl");
        let file = export.clone();
        let (report, exported) = self
            .on(|engine| async move {
                let report = engine.ledger().verify().await.expect("a report");
                let exported = engine
                    .ledger()
                    .export(Format::JsonLines, &file)
                    .await
                    .expect("an export");
                (report, exported)
            })
            .await;
        assert_eq!((report.broken_at, report.verified), (None, report.entries));
        let text = std::fs::read(&export).expect("the export");
        let again = ledger::verify_export(BufReader::new(text.as_slice()));
        assert_eq!(
            (again.broken_at, again.verified, &again.head),
            (None, exported.entries, &report.head)
        );
        let tokens = self.sites.values().flat_map(|site| match site.ground() {
            // It is a part of every token there.
            Ground::Rehearsal => vec![super::given::SECRET.to_owned()],
            Ground::Real => [Caller::Admin, Caller::Operator, Caller::Verifier]
                .map(|caller| site.token(caller))
                .to_vec(),
        });
        let secrets: BTreeSet<String> = tokens.collect();
        let mut files = vec![export];
        let kept = std::fs::read_dir(self.data()).expect("the data folder");
        files.extend(
            kept.flatten()
                .map(|entry| entry.path())
                .filter(|path| path.is_file()),
        );
        assert!(files.len() > 1, "the ledger's own file is looked at, too");
        for file in files {
            let bytes = std::fs::read(&file).expect("a file");
            // The standard library's search is optimised even in a debug build.
            let text = String::from_utf8_lossy(&bytes);
            for secret in &secrets {
                let found = text.contains(secret.as_str());
                assert!(!found, "a token is in {}", file.display());
            }
        }
    }

    /// Names of the release's events in order, as the ledger writes them.
    pub fn events(&self) -> Vec<String> {
        let session = self.session.as_ref().expect("a program");
        let snapshot = session
            .engine()
            .release(&self.release)
            .expect("the release");
        let name = |entry: &engine::ports::Entry| match &entry.record {
            engine::ports::Record::Release(event) => {
                let json = serde_json::to_value(event).unwrap_or_default();
                json["type"].as_str().unwrap_or_default().to_owned()
            }
            engine::ports::Record::Register(_) | engine::ports::Record::Unknown(_) => String::new(),
        };
        snapshot.entries.iter().map(name).collect()
    }
}
