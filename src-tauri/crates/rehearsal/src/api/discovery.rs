//! `/version`, `/api`, `/apis` (plain and aggregated) and the resource lists.

use crate::resource::Resource;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

const VERBS: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];

/// Reviews are served without being stored.
const REVIEWS: &[(&str, &str, &str)] = &[
    (
        "authentication.k8s.io",
        "selfsubjectreviews",
        "SelfSubjectReview",
    ),
    (
        "authorization.k8s.io",
        "selfsubjectaccessreviews",
        "SelfSubjectAccessReview",
    ),
    (
        "authorization.k8s.io",
        "selfsubjectrulesreviews",
        "SelfSubjectRulesReview",
    ),
];

pub(crate) fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": "v1.36.3+rehearsal",
        "gitCommit": "0000000000000000000000000000000000000000", "gitTreeState": "clean",
        "buildDate": "2026-10-14T00:00:00Z", "goVersion": "go1.26", "compiler": "gc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

pub(crate) fn core_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

fn groups(resources: &[Arc<Resource>]) -> BTreeMap<String, Vec<String>> {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let reviews = REVIEWS.iter().map(|(group, ..)| (*group, "v1"));
    let stored = resources
        .iter()
        .map(|r| (r.group.as_str(), r.version.as_str()));
    for (group, version) in stored.chain(reviews) {
        let versions = groups.entry(group.to_owned()).or_default();
        if !versions.iter().any(|v| v == version) {
            versions.push(version.to_owned());
        }
    }
    groups
}

pub(crate) fn group_list(resources: &[Arc<Resource>]) -> Value {
    let list: Vec<Value> = groups(resources)
        .into_iter()
        .filter(|(group, _)| !group.is_empty())
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|v| json!({"groupVersion": format!("{group}/{v}"), "version": v}))
                .collect();
            json!({"name": group, "versions": versions, "preferredVersion": versions[0]})
        })
        .collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": list})
}

pub(crate) fn resource_list(
    resources: &[Arc<Resource>],
    group: &str,
    version: &str,
) -> Option<Value> {
    let mut list = Vec::new();
    for resource in resources
        .iter()
        .filter(|r| r.group == group && r.version == version)
    {
        let mut entry = json!({
            "name": resource.plural, "singularName": resource.singular,
            "namespaced": resource.namespaced, "kind": resource.kind, "verbs": VERBS,
        });
        if !resource.short.is_empty() {
            entry["shortNames"] = json!(resource.short);
        }
        if !resource.categories.is_empty() {
            entry["categories"] = json!(resource.categories);
        }
        list.push(entry);
        for sub in &resource.subresources {
            let (kind, verbs) = subresource(resource, sub);
            let mut entry = json!({
                "name": format!("{}/{sub}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": kind, "verbs": verbs,
            });
            if sub == "scale" {
                entry["group"] = json!("autoscaling");
                entry["version"] = json!("v1");
            }
            list.push(entry);
        }
    }
    for (_, plural, kind) in REVIEWS
        .iter()
        .filter(|(g, ..)| *g == group && version == "v1")
    {
        list.push(json!({
            "name": plural, "singularName": kind.to_lowercase(), "namespaced": false,
            "kind": kind, "verbs": ["create"],
        }));
    }
    if list.is_empty() {
        return None;
    }
    let group_version = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version,
        "resources": list,
    }))
}

fn subresource<'a>(resource: &'a Resource, name: &str) -> (&'a str, &'static [&'static str]) {
    match name {
        "scale" => ("Scale", &["get", "patch", "update"]),
        "log" => (&resource.kind, &["get"]),
        _ => (&resource.kind, &["get", "patch", "update"]),
    }
}

/// `apidiscovery.k8s.io/v2`: everything in one answer. `core` tells `/api` from `/apis`.
pub(crate) fn aggregated(resources: &[Arc<Resource>], core: bool) -> Value {
    let items: Vec<Value> = groups(resources)
        .into_iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let versions: Vec<Value> = versions
                .iter()
                .map(|version| json!({
                    "version": version, "freshness": "Current",
                    "resources": aggregated_resources(resources, &group, version),
                }))
                .collect();
            match core {
                true => json!({"metadata": {"creationTimestamp": null}, "versions": versions}),
                false => json!({"metadata": {"name": group, "creationTimestamp": null}, "versions": versions}),
            }
        })
        .collect();
    json!({
        "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {}, "items": items,
    })
}

fn aggregated_resources(resources: &[Arc<Resource>], group: &str, version: &str) -> Vec<Value> {
    let scope = |namespaced: bool| if namespaced { "Namespaced" } else { "Cluster" };
    let mut list: Vec<Value> = resources
        .iter()
        .filter(|r| r.group == group && r.version == version)
        .map(|r| {
            let kind = json!({"group": r.group, "version": r.version, "kind": r.kind});
            let subresources: Vec<Value> = r
                .subresources
                .iter()
                .map(|sub| {
                    let (name, verbs) = subresource(r, sub);
                    let kind = match sub.as_str() {
                        "scale" => json!({"group": "autoscaling", "version": "v1", "kind": name}),
                        _ => kind.clone(),
                    };
                    json!({"subresource": sub, "responseKind": kind, "verbs": verbs})
                })
                .collect();
            json!({
                "resource": r.plural, "responseKind": kind, "scope": scope(r.namespaced),
                "singularResource": r.singular, "verbs": VERBS, "shortNames": r.short,
                "categories": r.categories, "subresources": subresources,
            })
        })
        .collect();
    for (_, plural, kind) in REVIEWS.iter().filter(|(g, ..)| *g == group) {
        list.push(json!({
            "resource": plural, "scope": "Cluster", "singularResource": kind.to_lowercase(),
            "responseKind": {"group": group, "version": "v1", "kind": kind}, "verbs": ["create"],
        }));
    }
    list
}
