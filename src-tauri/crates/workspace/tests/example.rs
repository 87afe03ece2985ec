//! The example is a workspace, and tells the story it is meant to tell.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use domain::{Digest, Phase, ReleaseId};
use serde_json::Value;
use workspace::{Opened, PlanFailure, example, plan, read};

fn opened() -> (tempfile::TempDir, Opened) {
    let folder = tempfile::tempdir().unwrap();
    example::write_to(folder.path()).unwrap();
    let opened = read(folder.path()).unwrap();
    (folder, opened)
}

#[test]
fn it_has_three_modules_in_five_environments() {
    let (_folder, opened) = opened();
    let modules: Vec<_> = opened
        .workspace
        .modules
        .iter()
        .map(|m| (m.id.as_str(), m.version.as_str()))
        .collect();
    assert_eq!(
        modules,
        [
            ("fission-executor", "1.15.4"),
            ("fission-router", "1.15.4"),
            ("fission-agent", "0.9.7")
        ]
    );
    let environments: Vec<_> = opened
        .workspace
        .stages
        .iter()
        .flat_map(|s| &s.environments)
        .map(|e| e.id.as_str())
        .collect();
    assert_eq!(
        environments,
        ["bj-dev", "bj-test", "bj-ontest", "sz-prod", "bj-prod"]
    );
    for module in &opened.workspace.modules {
        let found: BTreeSet<_> = module
            .manifests
            .iter()
            .map(|m| m.environment.as_str())
            .collect();
        assert_eq!(found.len(), 5, "{}", module.id);
        assert_eq!(module.manifests.last().unwrap().object.kind, "Deployment");
    }
}

#[test]
fn in_english_it_is_the_same_without_a_chinese_name_or_draft() {
    let (_folder, chinese) = opened();
    let folder = tempfile::tempdir().unwrap();
    example::write_in(folder.path(), example::Language::En).unwrap();
    let english = read(folder.path()).unwrap();

    let mut said: Vec<String> = Vec::new();
    let environments = english
        .workspace
        .stages
        .iter()
        .flat_map(|s| &s.environments);
    said.extend(environments.map(|e| e.short.clone()));
    said.extend(english.workspace.people.iter().map(|p| p.name.clone()));
    said.extend([
        english.draft.title.clone(),
        english.draft.background.clone(),
    ]);
    said.extend(english.draft.documents.iter().map(|d| d.title.clone()));
    said.extend(english.draft.declarations.iter().map(|d| d.text.clone()));
    assert_eq!(said.len(), 5 + 4 + 2 + 2 + 3);
    for text in &said {
        assert!(text.is_ascii() && !text.is_empty(), "{text}");
    }

    // Nothing but these texts differs.
    let mut same = english.workspace.clone();
    for (mine, theirs) in same.people.iter_mut().zip(&chinese.workspace.people) {
        mine.name.clone_from(&theirs.name);
    }
    let stages = same.stages.iter_mut().zip(&chinese.workspace.stages);
    for (mine, theirs) in stages.flat_map(|(a, b)| a.environments.iter_mut().zip(&b.environments)) {
        mine.short.clone_from(&theirs.short);
    }
    assert_eq!(same, chinese.workspace);
    assert_eq!(english.draft.modules, chinese.draft.modules);
    let covered = |opened: &Opened| -> Vec<(String, String)> {
        let declared = opened.draft.declarations.iter();
        declared
            .map(|d| (d.object.clone(), d.path.clone()))
            .collect()
    };
    assert_eq!(covered(&english), covered(&chinese));
}

#[test]
fn it_can_be_written_again_and_never_overwrites_an_edit() {
    let (folder, first) = opened();
    assert_eq!(read(folder.path()).unwrap().digest, first.digest);
    assert!(
        !folder.path().join("before").exists(),
        "what is on the clusters is no part of the workspace"
    );

    let edited = folder
        .path()
        .join("modules/fission-router/bj-dev/config.yaml");
    let mine = fs::read_to_string(&edited).unwrap().replace("900", "600");
    fs::write(&edited, &mine).unwrap();
    let removed = folder.path().join("pilothouse.schema.json");
    fs::remove_file(&removed).unwrap();
    example::write_to(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&edited).unwrap(), mine);
    assert!(!removed.exists(), "what the user removed stays removed");
    assert_ne!(read(folder.path()).unwrap().digest, first.digest);

    // A crash before the end: the mark is missing, the edit is kept all the same.
    fs::remove_file(folder.path().join("pilothouse.yaml")).unwrap();
    example::write_to(folder.path()).unwrap();
    assert_eq!(fs::read_to_string(&edited).unwrap(), mine);
    assert!(removed.exists());
}

/// Every leaf of an object by its path.
fn leaves(value: &Value, path: &str, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{path}.{key}"), into)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(i, value)| leaves(value, &format!("{path}[{i}]"), into)),
        leaf => {
            into.insert(path.trim_start_matches('.').to_owned(), leaf.to_string());
        }
    }
}

#[test]
fn one_change_of_each_environment_is_undeclared() {
    let (_folder, opened) = opened();
    let planned = plan(&opened, &opened.draft, ReleaseId::new("REL-20260915-01")).unwrap();
    for environment in planned.plan.environments() {
        let before = example::before(environment.id.as_str()).unwrap();
        let before: Vec<Value> = serde_saphyr::from_multiple(before).unwrap();
        assert_eq!(before[0]["kind"], "Namespace");
        assert_eq!(
            before[0]["metadata"]["name"],
            environment.namespace.as_str()
        );
        let mut undeclared = Vec::new();
        let mut changes = 0;
        for (module, object) in planned.plan.objects(&environment.id) {
            let (_, body) = &planned.bodies[&object.body];
            let after: Value = serde_json::from_slice(body).unwrap();
            let old = before
                .iter()
                .find(|o| {
                    o["kind"] == object.object.kind.as_str()
                        && o["metadata"]["name"] == object.object.name.as_str()
                })
                .expect("every object was there before");
            let (mut from, mut to) = (BTreeMap::new(), BTreeMap::new());
            leaves(old, "", &mut from);
            leaves(&after, "", &mut to);
            assert_eq!(
                from.keys().collect::<Vec<_>>(),
                to.keys().collect::<Vec<_>>()
            );
            for (path, value) in to.iter().filter(|(path, value)| from[*path] != **value) {
                changes += 1;
                let of_version = value.trim_matches('"').ends_with(&module.version);
                if !of_version
                    && !planned
                        .plan
                        .declarations
                        .iter()
                        .any(|d| d.covers(&object.object, path))
                {
                    undeclared.push((
                        object.object.label(),
                        path.clone(),
                        from[path].clone(),
                        value.clone(),
                    ));
                }
            }
        }
        let expected = (
            "ConfigMap/fission-router-config",
            "data.MAX_FUNC_TIMEOUT",
            "\"300\"",
            "\"900\"",
        );
        let expected = (
            expected.0.into(),
            expected.1.into(),
            expected.2.into(),
            expected.3.into(),
        );
        assert_eq!(undeclared, [expected], "{}", environment.id);
        assert_eq!(
            changes, 13,
            "three modules: image, two labels, one declared key; and the undeclared one"
        );
    }
    assert!(example::before("nowhere").is_none());
    assert!(
        example::definitions()
            .unwrap()
            .contains("environments.fission.io")
    );
}

#[test]
fn its_checklist_has_a_sensible_size() {
    let (_folder, opened) = opened();
    let planned = plan(&opened, &opened.draft, ReleaseId::new("REL-20260915-01"))
        .unwrap()
        .plan;
    let count = |stage: &str, phase| planned.items(&stage.into(), phase).count();
    assert_eq!(
        [count("bj-offline", Phase::Pre), count("suzhou", Phase::Pre)],
        [5, 6]
    );
    assert_eq!(
        [
            count("bj-offline", Phase::Post),
            count("suzhou", Phase::Post)
        ],
        [4, 5]
    );
    assert_eq!(
        [
            count("bj-offline", Phase::Day1),
            count("beijing", Phase::Day2)
        ],
        [0, 2]
    );
}

#[test]
fn a_plan_names_each_body_by_its_digest_and_goes_in_order() {
    let (_folder, opened) = opened();
    let mut draft = opened.draft.clone();
    draft.modules.reverse();
    let planned = plan(&opened, &draft, ReleaseId::new("R")).unwrap();
    let order: Vec<_> = planned.plan.modules.iter().map(|m| m.id.as_str()).collect();
    assert_eq!(
        order,
        ["fission-executor", "fission-router", "fission-agent"]
    );
    for (digest, (_, bytes)) in &planned.bodies {
        assert_eq!(&Digest::of(bytes), digest);
    }

    // Without the router in between, the agent still waits for the executor.
    draft
        .modules
        .retain(|m| m.module.as_str() != "fission-router");
    let planned = plan(&opened, &draft, ReleaseId::new("R")).unwrap();
    assert_eq!(
        planned.plan.modules[1].depends_on,
        ["fission-executor".into()]
    );
}

#[test]
fn a_replaced_body_is_replaced_in_the_plan() {
    let (_folder, opened) = opened();
    let mut planned = plan(&opened, &opened.draft, ReleaseId::new("R")).unwrap();
    assert!(planned.secrets().is_empty());
    let old = planned.plan.modules[0].objects[0].body.clone();
    planned.replace(&old, b"sealed".to_vec());
    let new = Digest::of(b"sealed");
    assert_eq!(planned.plan.modules[0].objects[0].body, new);
    assert!(planned.bodies.contains_key(&new) && !planned.bodies.contains_key(&old));
}

#[test]
fn a_draft_that_does_not_fit_the_workspace_makes_no_plan() {
    let (_folder, opened) = opened();
    let with = |change: &dyn Fn(&mut workspace::ReleaseDraft)| {
        let mut draft = opened.draft.clone();
        change(&mut draft);
        plan(&opened, &draft, ReleaseId::new("R")).unwrap_err()
    };
    assert_eq!(with(&|d| d.modules.clear()), PlanFailure::NoModules);
    assert!(matches!(
        with(&|d| d.modules[0].version = "9".into()),
        PlanFailure::VersionUnknown { .. }
    ));
    assert!(matches!(
        with(&|d| d.modules[0].module = "x".into()),
        PlanFailure::ModuleUnknown(_)
    ));
    let twice = with(&|d| d.modules.push(d.modules[0].clone()));
    assert!(matches!(twice, PlanFailure::ModuleUnknown(_)));
}
