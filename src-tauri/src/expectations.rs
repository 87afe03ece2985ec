//! What should have stood in a workspace's file, as the window says it.

use contract::{Expected, Failure, Thing};
use domain::Role;
use workspace::{Expectation, Misread};

/// A failure with what was expected instead, and the values that it names.
pub fn with(failure: Failure, expectation: &Expectation) -> Failure {
    use Expectation as E;
    let of = |expected| failure.clone().expected(expected);
    let most = |expected, most: String| of(expected).with("most", most);
    let key = |expected, key: &String| of(expected).with("key", key);
    match expectation {
        E::Files { most: n } => most(Expected::Files, n.to_string()),
        E::Bytes { most: n } => most(Expected::Bytes, n.to_string()),
        E::BytesInAll { most: n } => most(Expected::BytesInAll, n.to_string()),
        E::Characters { most: n } => most(Expected::Characters, n.to_string()),
        E::Seconds { most: n } => most(Expected::Seconds, n.to_string()),
        E::Range { from, to } => of(Expected::Range)
            .with("from", from.to_string())
            .with("to", to.to_string()),
        E::File => of(Expected::File),
        E::Folder => of(Expected::Folder),
        E::Utf8 => of(Expected::Utf8),
        E::Utf8Names => of(Expected::Utf8Names),
        E::Inside => of(Expected::Inside),
        E::Yaml(misread) => of_yaml(failure, misread),
        E::Identifier => of(Expected::Identifier),
        E::Line => of(Expected::Line),
        E::AtLeastOne { what } => of(Expected::AtLeastOne).thing(thing(*what)),
        E::Another { what, first } => of(Expected::Another)
            .thing(thing(*what))
            .with("first", first.to_string()),
        E::Known { what } => of(Expected::Known).thing(thing(*what)),
        E::FolderOf { what } => of(Expected::FolderOf).thing(thing(*what)),
        E::NoCircle => of(Expected::NoCircle),
        E::SomebodyWho { role } => of(Expected::SomebodyWho).with("role", role_name(*role)),
        E::PersonWho { role } => of(Expected::PersonWho).with("role", role_name(*role)),
        E::NotOperator => of(Expected::NotOperator),
        E::TwoPeople => of(Expected::TwoPeople),
        E::Manual => of(Expected::Manual),
        E::ProbePhase => of(Expected::ProbePhase),
        E::ProbeKind => of(Expected::ProbeKind),
        E::ProbeUrl => of(Expected::ProbeUrl),
        E::ProbeHost { host } => of(Expected::ProbeHost).with("host", host),
        E::ProbeHostName => of(Expected::ProbeHostName),
        E::Waivable => of(Expected::Waivable),
        E::ClusterName => of(Expected::ClusterName),
        E::NamespaceName => of(Expected::NamespaceName),
        E::Https => of(Expected::Https),
        E::DeclaredObject => of(Expected::DeclaredObject),
        E::Manifests { path } => of(Expected::Manifests).with("path", path),
        E::NoFolder => of(Expected::NoFolder),
        E::YamlName => of(Expected::YamlName),
        E::Object => of(Expected::Object),
        E::Rendered => of(Expected::Rendered),
        E::FixedName => of(Expected::FixedName),
        E::Namespaced { kind } => of(Expected::Namespaced).with("kind", kind),
        E::NoNamespace { kind } => of(Expected::NoNamespace).with("kind", kind),
        E::SameInCluster {
            object,
            cluster,
            first,
        } => of(Expected::SameInCluster)
            .with("object", object)
            .with("cluster", cluster)
            .with("first", first.to_string()),
        E::Metadata => of(Expected::Metadata),
        E::Field { field } => key(Expected::Key, field),
        E::Word { field } => key(Expected::Word, field),
        E::Quoted { field } => key(Expected::Quoted, field),
        E::Namespace {
            namespace,
            environment,
        } => of(Expected::Namespace)
            .with("namespace", namespace)
            .with("environment", environment),
        E::NoSecond { object, first } => of(Expected::NoSecond)
            .with("object", object)
            .with("first", first.to_string()),
        E::VersionOfModule { module, label } => of(Expected::VersionOfModule)
            .with("module", module)
            .with("label", label),
        E::SameVersion {
            version,
            module,
            first,
            found,
        } => of(Expected::SameVersion)
            .with("version", version)
            .with("module", module)
            .with("first", first.to_string())
            .with("found", found),
        E::ExactTag => of(Expected::ExactTag),
        E::VersionLabel { label } => key(Expected::VersionLabel, label),
        E::Version => of(Expected::Version),
        E::ImageOf { version, first } => of(Expected::ImageOf)
            .with("version", version)
            .with("first", first.to_string()),
        E::VersionOf { version } => of(Expected::VersionOf).with("version", version),
    }
}

fn of_yaml(failure: Failure, misread: &Misread) -> Failure {
    match misread {
        Misread::Syntax(said) => failure.expected(Expected::ValidYaml).detail(said),
        Misread::WrongKind(said) => failure.expected(Expected::OtherKind).detail(said),
        Misread::UnknownField { field, known } => failure
            .expected(Expected::KnownKey)
            .with("key", field)
            .with("known", known.join(", ")),
        Misread::MissingField { field } => failure.expected(Expected::Key).with("key", field),
        Misread::UnknownWord { found, known } => failure
            .expected(Expected::KnownWord)
            .with("found", found)
            .with("known", known.join(", ")),
        Misread::Twice { field } => failure.expected(Expected::Once).with("key", field),
        Misread::Excess => failure.expected(Expected::FewerValues),
        Misread::SeveralDocuments => failure.expected(Expected::OneDocument),
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Operator => "operator",
        Role::Verifier => "verifier",
        Role::Manager => "manager",
    }
}

fn thing(thing: workspace::Thing) -> Thing {
    use workspace::Thing as T;
    match thing {
        T::Stage => Thing::Stage,
        T::Environment => Thing::Environment,
        T::ClusterAndNamespace => Thing::ClusterAndNamespace,
        T::Module => Thing::Module,
        T::Dependency => Thing::Dependency,
        T::Person => Thing::Person,
        T::Role => Thing::Role,
        T::Vote => Thing::Vote,
        T::Condition => Thing::Condition,
        T::Item => Thing::Item,
        T::Host => Thing::Host,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use std::path::Path;

    use contract::FailureCode;
    use workspace::{Expectation as E, Misread as M, Place, Thing as T};

    use super::*;

    /// Everything that names a value: what the window's sentence asks for has to be there.
    fn all_with_values() -> Vec<Expectation> {
        let text = || "x".to_owned();
        let first = || Place::start_of("a.yaml");
        let known = || vec![text(), text()];
        vec![
            E::Files { most: 1 },
            E::Bytes { most: 1 },
            E::BytesInAll { most: 1 },
            E::Characters { most: 1 },
            E::Seconds { most: 1 },
            E::Range { from: 1, to: 2 },
            E::AtLeastOne { what: T::Stage },
            E::Another {
                what: T::Vote,
                first: first(),
            },
            E::Known { what: T::Module },
            E::FolderOf {
                what: T::Environment,
            },
            E::SomebodyWho {
                role: Role::Operator,
            },
            E::PersonWho {
                role: Role::Manager,
            },
            E::ProbeHost { host: text() },
            E::Manifests { path: text() },
            E::Namespaced { kind: text() },
            E::NoNamespace { kind: text() },
            E::SameInCluster {
                object: text(),
                cluster: text(),
                first: first(),
            },
            E::Field { field: text() },
            E::Word { field: text() },
            E::Quoted { field: text() },
            E::Namespace {
                namespace: text(),
                environment: text(),
            },
            E::NoSecond {
                object: text(),
                first: first(),
            },
            E::VersionOfModule {
                module: text(),
                label: text(),
            },
            E::SameVersion {
                version: text(),
                module: text(),
                first: first(),
                found: text(),
            },
            E::VersionLabel { label: text() },
            E::ImageOf {
                version: text(),
                first: first(),
            },
            E::VersionOf { version: text() },
            E::Yaml(M::UnknownField {
                field: text(),
                known: known(),
            }),
            E::Yaml(M::MissingField { field: text() }),
            E::Yaml(M::UnknownWord {
                found: text(),
                known: known(),
            }),
            E::Yaml(M::Twice { field: text() }),
        ]
    }

    #[test]
    fn every_value_that_a_phrase_names_is_given() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ui/messages/zh-CN/phrases.json");
        let phrases: serde_json::Value =
            serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        for expectation in all_with_values() {
            let failure = with(Failure::new(FailureCode::WorkspaceInvalid), &expectation);
            let code = &failure.params["expectation"];
            let phrase = phrases[format!("expected_{code}")].as_str().unwrap();
            let named: Vec<&str> = phrase
                .split('{')
                .skip(1)
                .map(|part| part.split('}').next().unwrap())
                .collect();
            assert!(!named.is_empty(), "{code} names nothing");
            for name in named {
                assert!(failure.params.contains_key(name), "{code}: {name}");
            }
        }
    }
}
