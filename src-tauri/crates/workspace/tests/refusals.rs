//! Every refusal names the file, the line and the column.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::fs;
use std::path::Path;

use rstest::rstest;
use tempfile::TempDir;
use workspace::{Expectation, Limits, Misread, WorkspaceFailure, read, read_within};

const PILOTHOUSE: &str = "\
name: Shop
pipeline:
  - id: first
    name: { zh: 一, en: One }
    soakSeconds: 0
    gate: { votes: [operator], waivable: [soakPassed] }
    environments:
      - { id: dev, name: Dev, short: dev, tier: dev, cluster: c-1, namespace: shop }
modules:
  - id: back
    strategy: rolling
  - id: front
    strategy: rolling
    dependsOn: [back]
people:
  - { id: ann, name: Ann, roles: [operator, manager] }
  - { id: bob, name: Bob, roles: [verifier] }
checklist:
  - { id: tested, phase: pre, group: Tests, title: Tested, role: operator }
";

fn deployment(name: &str, version: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  namespace: shop
  labels:
    app.kubernetes.io/version: \"{version}\"
spec:
  template:
    spec:
      containers:
        - name: main
          image: registry.example:5000/{name}:{version}
"
    )
}

const BACK: &str = "modules/back/dev/all.yaml";
const FRONT: &str = "modules/front/dev/all.yaml";

fn write(root: &Path, file: &str, text: &str) {
    let path = root.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn workspace() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "pilothouse.yaml", PILOTHOUSE);
    write(folder.path(), BACK, &deployment("back", "1.0.0"));
    write(folder.path(), FRONT, &deployment("front", "2.0.0"));
    folder
}

#[test]
fn a_probe_is_read_with_what_it_expects() {
    let folder = workspace();
    let web = "probeHosts: [a.example, '127.0.0.1']\nchecklist:\n  \
        - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://a.example:8443/healthz?x=1', status: 204, contains: fine } }\n  \
        - { id: local, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'http://127.0.0.1:8080' } }\n";
    let text = PILOTHOUSE.replacen("checklist:\n", web, 1);
    write(folder.path(), "pilothouse.yaml", &text);
    let opened = read(folder.path()).unwrap();
    let probes: Vec<_> = opened
        .workspace
        .checklist
        .iter()
        .map(|item| item.probe.clone())
        .collect();
    let probe = |url: &str, status, contains: Option<&str>| {
        Some(domain::HttpProbe {
            url: url.to_owned(),
            status,
            contains: contains.map(str::to_owned),
        })
    };
    assert_eq!(
        probes,
        [
            probe("https://a.example:8443/healthz?x=1", 204, Some("fine")),
            probe("http://127.0.0.1:8080/", 200, None),
            None,
        ]
    );
}

#[test]
fn the_untouched_workspace_is_read() {
    let folder = workspace();
    let opened = read(folder.path()).unwrap();
    let modules: Vec<_> = opened
        .workspace
        .modules
        .iter()
        .map(|m| (m.id.to_string(), m.version.clone()))
        .collect();
    assert_eq!(
        modules,
        [
            ("back".into(), "1.0.0".into()),
            ("front".into(), "2.0.0".into())
        ]
    );
    assert_eq!(opened.draft.operator.as_str(), "ann");
    assert_eq!(opened.draft.verifier.as_str(), "bob");
}

#[rstest]
#[case::duplicate_environment("      - { id: dev,", "      - { id: dev, name: A, short: a, tier: dev, cluster: c-2, namespace: shop }\n      - { id: dev,", (9, 15), "pilothouse.yaml:8:15")]
#[case::same_namespace_twice("      - { id: dev,", "      - { id: a, name: A, short: a, tier: dev, cluster: c-1, namespace: shop }\n      - { id: dev,", (9, 79), "another cluster and namespace")]
#[case::duplicate_module("- id: front", "- id: back", (12, 9), "another module")]
#[case::unknown_dependency("dependsOn: [back]", "dependsOn: [bakc]", (14, 17), "a module of this file")]
#[case::circle("  - id: back\n", "  - id: back\n    dependsOn: [front]\n", (11, 17), "circle")]
#[case::own_dependency("  - id: back\n", "  - id: back\n    dependsOn: [back]\n", (11, 17), "circle")]
#[case::unknown_key("    strategy: rolling\n  - id: front", "    strategie: rolling\n  - id: front", (11, 5), "strategie")]
#[case::unknown_strategy("    strategy: rolling\n  - id: front", "    strategy: rollin\n  - id: front", (11, 15), "rollin")]
#[case::key_twice("name: Shop\n", "name: Shop\nname: Shop\n", (2, 1), "name")]
#[case::no_role("roles: [verifier]", "roles: []", (17, 34), "at least one role")]
#[case::no_verifier("roles: [verifier]", "roles: [operator]", (16, 3), "verifier")]
#[case::verifier_is_operator("roles: [operator, manager] }\n  - { id: bob, name: Bob, roles: [verifier] }", "roles: [operator, manager, verifier] }", (16, 3), "another person")]
#[case::unwaivable("waivable: [soakPassed]", "waivable: [backupTaken]", (6, 43), "never waived")]
#[case::unknown_condition("waivable: [soakPassed]", "waivable: [everything]", (6, 43), "everything")]
#[case::bad_id("id: tested", "id: Tested Twice", (19, 11), "an identifier")]
#[case::probe_before_the_stage("role: operator }\n", "role: operator, kind: rolloutsHealthy }\n", (19, 82), "manual")]
#[case::probe_without_address("phase: pre, group: Tests, title: Tested, role: operator }", "phase: post, group: Tests, title: Tested, role: operator, kind: http }", (19, 83), "`http`")]
#[case::address_without_probe("role: operator }\n", "role: operator, http: { url: 'https://a.example/' } }\n", (19, 82), "`kind: http`")]
#[case::probe_in_another_phase("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: day1, group: A, title: B, role: operator, kind: http, http: { url: 'https://a.example/' } }\n", (20, 71), "`post`")]
#[case::host_not_named("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://b.example/' } }\n", (20, 90), "b.example is not among them")]
#[case::host_by_another_name("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://b.example/?a.example' } }\n", (20, 90), "b.example is not among them")]
#[case::address_with_password("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://u:p@a.example/' } }\n", (20, 90), "without credentials")]
#[case::address_of_a_file("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'file:///etc/passwd' } }\n", (20, 90), "http or https")]
#[case::status_out_of_range("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://a.example/', status: 99 } }\n", (20, 120), "100 to 599")]
#[case::nothing_to_look_for("checklist:\n", "probeHosts: [a.example]\nchecklist:\n  - { id: web, phase: post, group: A, title: B, role: operator, kind: http, http: { url: 'https://a.example/', contains: '' } }\n", (20, 122), "a line of text")]
#[case::host_with_port("checklist:", "probeHosts: ['a.example:80']\nchecklist:", (18, 14), "without scheme")]
#[case::host_in_capitals("checklist:", "probeHosts: [A.example]\nchecklist:", (18, 14), "lower case")]
#[case::host_twice("checklist:", "probeHosts: [a.example, a.example]\nchecklist:", (18, 25), "another host")]
#[case::item_of_unknown_stage("role: operator }\n", "role: operator, stages: [second] }\n", (19, 85), "a stage of this file")]
#[case::empty_text("name: Shop\n", "name: ' '\n", (1, 7), "a line of text")]
#[case::one_language("name: { zh: 一, en: One }", "name: { zh: 一 }", (4, 13), "missing field `en`")]
#[case::timing_out_of_range("checklist:", "timings: { armingSeconds: 5 }\nchecklist:", (18, 27), "60 to 7200")]
#[case::no_stage("pipeline:", "pipeline: []\nx:", (3, 1), "unknown field `x`")]
#[case::draft_names_nobody("checklist:", "draft: { operator: bob }\nchecklist:", (18, 20), "operator")]
fn pilothouse_is_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] at: (u32, u32),
    #[case] says: &str,
) {
    let folder = workspace();
    assert!(PILOTHOUSE.contains(from), "the case changes nothing");
    write(
        folder.path(),
        "pilothouse.yaml",
        &PILOTHOUSE.replacen(from, to, 1),
    );
    assert_refused(folder.path(), "pilothouse.yaml", at, says);
}

#[rstest]
#[case::other_namespace("namespace: shop", "namespace: kube-system", (5, 14), "namespace `shop`")]
#[case::cluster_scoped("apiVersion: apps/v1\nkind: Deployment", "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole", (1, 1), "`scope: cluster` at the module")]
#[case::no_name("  name: front\n", "", (4, 3), "`name`")]
#[case::generated_name("  name: front\n", "  generateName: front-\n", (4, 17), "`generateName`")]
#[case::no_metadata("metadata:", "metadatas:", (1, 1), "`metadata`")]
#[case::kustomization("apiVersion: apps/v1\nkind: Deployment", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization", (1, 1), "kubectl kustomize")]
#[case::number_as_label("\"2.0.0\"", "2.0", (7, 32), "put it in quotes")]
#[case::latest("front:2.0.0", "front:latest", (13, 18), "`latest`")]
#[case::label_and_image_differ("front:2.0.0", "front:1.9.9", (13, 18), "an image of version 2.0.0")]
#[case::same_object_in_two_modules("  name: front\n", "  name: back\n", (1, 1), "modules/back/dev/all.yaml:1:1")]
#[case::not_an_object("apiVersion: apps/v1\n", "- a\n---\napiVersion: apps/v1\n", (1, 1), "an object")]
#[case::bad_yaml("    spec:\n", "   spec: [\n", (12, 9), "only valid inside a block")]
#[case::key_twice("kind: Deployment\n", "kind: Deployment\nkind: Deployment\n", (3, 1), "kind")]
fn a_manifest_is_refused(
    #[case] from: &str,
    #[case] to: &str,
    #[case] at: (u32, u32),
    #[case] says: &str,
) {
    let folder = workspace();
    let text = deployment("front", "2.0.0");
    assert!(text.contains(from), "the case changes nothing");
    write(folder.path(), FRONT, &text.replacen(from, to, 1));
    assert_refused(folder.path(), FRONT, at, says);
}

fn assert_refused(root: &Path, in_file: &str, at: (u32, u32), says: &str) {
    let failure = read(root).unwrap_err();
    let WorkspaceFailure::Invalid {
        file,
        line,
        column,
        expected,
    } = &failure
    else {
        panic!("{failure}");
    };
    assert_eq!(
        (file.as_str(), (*line, *column)),
        (in_file, at),
        "{failure}"
    );
    assert!(expected.to_string().contains(says), "{failure}");
}

#[test]
fn a_version_that_differs_between_environments_is_refused_with_both_places() {
    let folder = workspace();
    let second = "      - { id: test, name: Test, short: test, tier: test, cluster: c-1, namespace: shop2 }\nmodules:";
    write(
        folder.path(),
        "pilothouse.yaml",
        &PILOTHOUSE.replacen("modules:", second, 1),
    );
    let other =
        |name, version| deployment(name, version).replace("namespace: shop", "namespace: shop2");
    write(
        folder.path(),
        "modules/front/test/all.yaml",
        &other("front", "2.0.0"),
    );
    write(
        folder.path(),
        "modules/back/test/all.yaml",
        &other("back", "1.0.1"),
    );
    assert_refused(
        folder.path(),
        "modules/back/test/all.yaml",
        (7, 32),
        "modules/back/dev/all.yaml:7:32",
    );
}

#[test]
fn a_module_without_manifests_for_an_environment_is_refused_at_its_name() {
    let folder = workspace();
    fs::remove_dir_all(folder.path().join("modules/front/dev")).unwrap();
    assert_refused(
        folder.path(),
        "pilothouse.yaml",
        (12, 9),
        "modules/front/dev/*.yaml",
    );
}

#[test]
fn folders_and_files_that_would_be_passed_over_are_refused() {
    for (stray, says) in [
        ("modules/frnot/dev/all.yaml", "the name of one module"),
        ("modules/front/prd/all.yaml", "the name of one environment"),
        ("modules/front/dev/more.yml", "ends in `.yaml`"),
        ("modules/front/dev/more/all.yaml", "not a folder"),
    ] {
        let folder = workspace();
        write(folder.path(), stray, "");
        let failure = read(folder.path()).unwrap_err().to_string();
        assert!(failure.contains(says), "{stray}: {failure}");
    }
}

#[test]
fn hostile_yaml_ends_in_a_refusal() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let before = format!("*a{}", level - 1);
        bomb += &format!(
            "a{level}: &a{level} [{}]\n",
            [before.as_str(); 9].join(", ")
        );
    }
    let deep = format!(
        "apiVersion: v1\nkind: ConfigMap\nx: {}{}\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let large = format!("# {}\n", "x".repeat(1024 * 1024));
    let binary = "\u{0}\u{1}".to_owned();
    for (name, text) in [
        ("bomb", bomb),
        ("deep", deep),
        ("large", large),
        ("binary", binary),
    ] {
        let folder = workspace();
        write(folder.path(), FRONT, &text);
        let failure = read(folder.path()).unwrap_err();
        assert!(
            matches!(&failure, WorkspaceFailure::Invalid { file, .. } if file == FRONT),
            "{name}: {failure}"
        );
    }
}

/// What kind of mistake it is has to be known, not only worded: a window says it in two languages.
#[test]
fn mistakes_in_yaml_are_told_apart() {
    let of = |from: &str, to: &str| {
        assert!(PILOTHOUSE.contains(from), "the case changes nothing");
        let folder = workspace();
        let text = PILOTHOUSE.replacen(from, to, 1);
        write(folder.path(), "pilothouse.yaml", &text);
        match read(folder.path()).unwrap_err() {
            WorkspaceFailure::Invalid { expected, .. } => match *expected {
                Expectation::Yaml(misread) => misread,
                other => panic!("{other}"),
            },
            other => panic!("{other}"),
        }
    };
    let strategy = "    strategy: rolling\n  - id: front";
    assert!(matches!(
        of(strategy, "    strategie: rolling\n  - id: front"),
        Misread::UnknownField { field, known } if field == "strategie" && known.contains(&"strategy".to_owned())
    ));
    assert!(matches!(
        of(strategy, "    strategy: rollin\n  - id: front"),
        Misread::UnknownWord { found, known } if found == "rollin" && known.contains(&"rolling".to_owned())
    ));
    assert!(matches!(
        of("name: { zh: 一, en: One }", "name: { zh: 一 }"),
        Misread::MissingField { field } if field == "en"
    ));
    assert!(matches!(
        of("name: Shop\n", "name: Shop\nname: Shop\n"),
        Misread::Twice { field } if field == "name"
    ));
    assert!(matches!(
        of("soakSeconds: 0", "soakSeconds: soon"),
        Misread::WrongKind(_)
    ));
    assert!(matches!(
        of("modules:\n", "modules: [\n"),
        Misread::Syntax(_)
    ));
    assert!(matches!(
        of("role: operator }\n", "role: operator }\n---\nname: Shop\n"),
        Misread::SeveralDocuments
    ));
}

#[test]
fn limits_hold_over_all_files() {
    let folder = workspace();
    for limits in [
        Limits {
            files: 2,
            ..Limits::default()
        },
        Limits {
            total_bytes: 1000,
            ..Limits::default()
        },
    ] {
        let failure = read_within(folder.path(), &limits).unwrap_err().to_string();
        assert!(failure.contains("at most"), "{failure}");
    }
}

#[cfg(unix)]
#[test]
fn no_file_outside_of_the_folder_is_read() {
    use std::os::unix::fs::symlink;

    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.yaml", "password: hunter2\n");

    let folder = workspace();
    fs::remove_file(folder.path().join(FRONT)).unwrap();
    symlink(
        outside.path().join("secret.yaml"),
        folder.path().join(FRONT),
    )
    .unwrap();
    let failure = read(folder.path()).unwrap_err().to_string();
    assert!(
        failure.contains("a link that leads out") && !failure.contains("hunter2"),
        "{failure}"
    );

    let folder = workspace();
    fs::remove_dir_all(folder.path().join("modules/front")).unwrap();
    symlink(outside.path(), folder.path().join("modules/front")).unwrap();
    let failure = read(folder.path()).unwrap_err().to_string();
    assert!(failure.contains("a link that leads out"), "{failure}");

    let folder = workspace();
    fs::rename(folder.path().join(FRONT), folder.path().join("front.yaml")).unwrap();
    symlink("../../../front.yaml", folder.path().join(FRONT)).unwrap();
    assert!(
        read(folder.path()).is_ok(),
        "a link inside of the folder is fine"
    );
}

#[test]
fn a_folder_that_is_none_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nowhere"), folder.path().to_owned()] {
        assert!(matches!(
            read(&path),
            Err(WorkspaceFailure::Unreadable { .. })
        ));
    }
}

#[test]
fn objects_are_written_in_an_order_in_which_nothing_refers_to_what_is_yet_to_come() {
    let folder = workspace();
    let service = "apiVersion: v1\nkind: Service\nmetadata: { name: front }\n";
    let config = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{ name: {name} }}\ndata: {{ A: 'on' }}\n"
        )
    };
    let custom = "apiVersion: fission.io/v1\nkind: Environment\nmetadata: { name: node }\n";
    let text = [
        service.to_owned(),
        custom.to_owned(),
        config("b"),
        config("a"),
    ]
    .join("---\n");
    write(folder.path(), "modules/front/dev/zz.yaml", &text);
    let opened = read(folder.path()).unwrap();
    let labels: Vec<String> = opened.workspace.modules[1]
        .manifests
        .iter()
        .map(|m| m.object.label())
        .collect();
    assert_eq!(
        labels,
        [
            "ConfigMap/b",
            "ConfigMap/a",
            "Environment/node",
            "Service/front",
            "Deployment/front"
        ]
    );
    let service = &opened.workspace.modules[1].manifests[3];
    assert_eq!(
        service.body["metadata"]["namespace"], "shop",
        "a left out namespace is the environment's"
    );
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let folder = workspace();
    let text = deployment("front", "2.0.0").replace(
        "    spec:\n",
        "    spec:\n      hostNetwork: no\n      volumes:\n        - name: s\n          secret: { secretName: s, defaultMode: 0400 }\n",
    );
    write(folder.path(), FRONT, &text);
    let opened = read(folder.path()).unwrap();
    let spec = &opened.workspace.modules[1].manifests[0].body["spec"]["template"]["spec"];
    assert_eq!(spec["hostNetwork"], false);
    assert_eq!(spec["volumes"][0]["secret"]["defaultMode"], 256);
}
