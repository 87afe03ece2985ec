//! The allowed directions between our crates.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::failure::Failure;
use crate::process::metadata;

/// Which of our crates a crate may depend on. What is not here is not allowed
/// to exist: a new crate has to say where it stands.
const ALLOWED: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("engine", &["domain"]),
    ("contract", &["domain", "engine"]),
    ("cluster", &["domain", "engine"]),
    ("ledger", &["domain", "engine"]),
    ("signals", &["domain", "engine"]),
    ("vault", &["domain", "engine"]),
    ("workspace", &["domain", "engine"]),
    ("rehearsal", &[]),
    ("controlplane", &[]),
    (
        "pilothouse",
        &[
            "domain",
            "engine",
            "contract",
            "cluster",
            "ledger",
            "signals",
            "vault",
            "workspace",
            "rehearsal",
        ],
    ),
    ("xtask", &["controlplane"]),
    // Stories need everything, and nothing needs stories.
    (
        "acceptance",
        &[
            "domain",
            "engine",
            "contract",
            "cluster",
            "ledger",
            "signals",
            "vault",
            "workspace",
            "rehearsal",
            "controlplane",
            "pilothouse",
        ],
    ),
];

/// What the domain must not even reach through others: it has no IO and no clock.
const NOT_IN_DOMAIN: [&str; 5] = ["tokio", "kube", "sqlx", "reqwest", "tauri"];

pub(crate) fn check() -> Result<(), Failure> {
    let violations = violations(&metadata(&[])?);
    if violations.is_empty() {
        println!(
            "  all directions between {} crates are allowed",
            ALLOWED.len()
        );
        return Ok(());
    }
    Err(Failure::Directions(violations))
}

fn violations(metadata: &Value) -> Vec<String> {
    let members: BTreeSet<&str> = list(&metadata["workspace_members"])
        .filter_map(Value::as_str)
        .collect();
    let names: BTreeMap<&str, &str> = list(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
        .collect();
    let ours: BTreeSet<&str> = members
        .iter()
        .filter_map(|id| names.get(id).copied())
        .collect();
    let packages = list(&metadata["packages"]).filter(|package| {
        package["id"]
            .as_str()
            .is_some_and(|id| members.contains(id))
    });
    let mut found: Vec<String> = packages
        .flat_map(|package| direct(package, &ours))
        .collect();
    found.extend(reached_by_domain(metadata, &members, &names));
    found
}

fn direct(package: &Value, ours: &BTreeSet<&str>) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or_default();
    let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{name} is in no rule: add it to xtask's deps.rs")];
    };
    list(&package["dependencies"])
        // Tests may reach across, but the domain's need nothing either.
        .filter(|dependency| dependency["kind"] != "dev" || name == "domain")
        .filter_map(|dependency| dependency["name"].as_str())
        .filter(|dependency| ours.contains(dependency) && !allowed.contains(dependency))
        .map(|dependency| format!("{name} → {dependency}"))
        .collect()
}

fn reached_by_domain(
    metadata: &Value,
    members: &BTreeSet<&str>,
    names: &BTreeMap<&str, &str>,
) -> Vec<String> {
    let nodes: BTreeMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let name_of = |id: &str| names.get(id).copied().unwrap_or_default();
    let mut open: Vec<(&str, String)> = members
        .iter()
        .filter(|id| name_of(id) == "domain")
        .map(|id| (*id, "domain".to_owned()))
        .collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    while let Some((id, path)) = open.pop() {
        if !seen.insert(id) {
            continue;
        }
        if NOT_IN_DOMAIN.contains(&name_of(id)) {
            found.push(path);
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        for dependency in list(&node["deps"]) {
            let linked = list(&dependency["dep_kinds"]).any(|kind| kind["kind"] != "dev");
            // The domain's own tests count, those of others are not even built.
            if let Some(next) = dependency["pkg"].as_str()
                && (linked || path == "domain")
            {
                open.push((next, format!("{path} → {}", name_of(next))));
            }
        }
    }
    found
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A workspace of these crates with these dependencies; `dev:` marks a dev-dependency.
    fn workspace(crates: &[(&str, &[&str])], foreign: &[(&str, &[&str])]) -> Value {
        let split = |name: &&str| match name.strip_prefix("dev:") {
            Some(name) => (name.to_owned(), json!("dev")),
            None => ((*name).to_owned(), Value::Null),
        };
        let all = || crates.iter().chain(foreign);
        json!({
            "workspace_members": crates.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            "packages": all().map(|(name, dependencies)| json!({
                "id": name,
                "name": name,
                "dependencies": dependencies.iter().map(split).map(|(name, kind)| json!({
                    "name": name, "kind": kind,
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "resolve": { "nodes": all().map(|(name, dependencies)| json!({
                "id": name,
                "deps": dependencies.iter().map(split).map(|(name, kind)| json!({
                    "pkg": name, "dep_kinds": [{ "kind": kind }],
                })).collect::<Vec<_>>(),
            })).collect::<Vec<_>>() },
        })
    }

    #[test]
    fn allowed_directions_pass() {
        let metadata = workspace(
            &[
                ("domain", &["chrono"]),
                ("engine", &["domain", "tokio"]),
                ("cluster", &["engine", "domain", "kube", "dev:rehearsal"]),
                ("rehearsal", &[]),
            ],
            &[("chrono", &[]), ("tokio", &[]), ("kube", &["tokio"])],
        );
        assert_eq!(violations(&metadata), Vec::<String>::new());
    }

    #[test]
    fn adapters_never_know_each_other() {
        let metadata = workspace(
            &[
                ("cluster", &["ledger"]),
                ("ledger", &["domain"]),
                ("domain", &[]),
            ],
            &[],
        );
        assert_eq!(violations(&metadata), ["cluster → ledger"]);
    }

    #[test]
    fn the_domain_knows_nothing_of_ours_not_even_in_its_tests() {
        let metadata = workspace(&[("domain", &["dev:engine"]), ("engine", &[])], &[]);
        assert_eq!(violations(&metadata), ["domain → engine"]);
    }

    #[test]
    fn the_domain_does_not_reach_io_through_others() {
        let metadata = workspace(
            &[("domain", &["harmless"])],
            &[
                ("harmless", &["middle", "dev:reqwest"]),
                ("middle", &["tokio"]),
                ("tokio", &[]),
                ("reqwest", &[]),
            ],
        );
        assert_eq!(
            violations(&metadata),
            ["domain → harmless → middle → tokio"]
        );
    }

    #[test]
    fn a_crate_without_a_rule_is_a_violation() {
        let metadata = workspace(&[("helpers", &[])], &[]);
        assert_eq!(violations(&metadata).len(), 1);
    }
}
