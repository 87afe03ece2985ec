use domain::{Environment, EnvironmentId, ObjectRef, Scope};
use serde_json::Value;

use crate::tree::{Node, Tree};
use crate::{Expectation, Place, WorkspaceFailure};

/// One object of a file.
pub(crate) struct Document {
    pub environment: EnvironmentId,
    pub object: ObjectRef,
    /// The object as written, with the environment's namespace filled in where it was left out.
    pub body: Value,
    pub file: String,
    pub place: Place,
    pub tree: Tree,
}

/// What a cluster writes into an object. A manifest that carries it was exported from a cluster and
/// would fail, or fight over fields, when it is applied.
const WRITTEN_BY_CLUSTER: [&[&str]; 7] = [
    &["status"],
    &["metadata", "uid"],
    &["metadata", "resourceVersion"],
    &["metadata", "managedFields"],
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "selfLink"],
];

/// Mappings whose values Kubernetes wants to be texts: `1.10` without quotes would be another number.
const TEXTS: [&[&str]; 5] = [
    &["metadata", "labels"],
    &["metadata", "annotations"],
    &["spec", "selector", "matchLabels"],
    &["spec", "template", "metadata", "labels"],
    &["spec", "template", "metadata", "annotations"],
];

impl Document {
    /// Checks one document; none when it is empty.
    pub fn check(
        file: &str,
        tree: Tree,
        environment: &Environment,
    ) -> Result<Option<Document>, WorkspaceFailure> {
        match &tree.value {
            Node::Null => return Ok(None),
            Node::Map(_) => {}
            _ => {
                return Err(tree.expects(file, Expectation::Object));
            }
        }
        let api_version = text(file, &tree, &tree, "apiVersion")?;
        let kind = text(file, &tree, &tree, "kind")?;
        if kind.ends_with("List") {
            return Err(tree.expects(file, Expectation::OneObject));
        }
        let metadata = match tree.get("metadata") {
            Some(metadata) if matches!(metadata.value, Node::Map(_)) => metadata,
            _ => return Err(tree.expects(file, Expectation::Metadata)),
        };
        let name = text(file, metadata, metadata, "name")?;
        namespace(file, metadata, environment)?;
        for path in WRITTEN_BY_CLUSTER {
            if let Some(found) = tree.at(path) {
                let field = path.join(".");
                return Err(found.expects(file, Expectation::NotField { field }));
            }
        }
        texts(file, &tree, &kind)?;

        let object = ObjectRef {
            api_version,
            kind,
            namespace: environment.namespace.clone(),
            name,
        };
        if object.scope() == Scope::Cluster {
            let kind = object.kind;
            return Err(tree.expects(file, Expectation::Namespaced { kind }));
        }
        let mut body = tree.to_json();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert(
                "namespace".to_owned(),
                Value::String(object.namespace.clone()),
            );
        }
        let place = tree.place(file);
        Ok(Some(Document {
            environment: environment.id.clone(),
            object,
            body,
            file: file.to_owned(),
            place,
            tree,
        }))
    }

    /// Whether it is a workload, whose version is the module's.
    pub fn is_workload(&self) -> bool {
        self.object.is_workload()
    }
}

/// A text that has to be there; `around` is where its absence is shown.
fn text(file: &str, tree: &Tree, around: &Tree, key: &str) -> Result<String, WorkspaceFailure> {
    let field = key.to_owned();
    let Some(found) = tree.get(key) else {
        return Err(around.expects(file, Expectation::Field { field }));
    };
    match found.text() {
        Some(text)
            if !text.is_empty()
                && !text.contains(|c: char| c.is_control() || c.is_whitespace()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err(found.expects(file, Expectation::Word { field })),
    }
}

/// An environment is one namespace: a manifest of it can name no other.
fn namespace(
    file: &str,
    metadata: &Tree,
    environment: &Environment,
) -> Result<(), WorkspaceFailure> {
    match metadata.get("namespace") {
        None => Ok(()),
        Some(found) if found.text() == Some(environment.namespace.as_str()) => Ok(()),
        Some(found) => Err(found.expects(
            file,
            Expectation::Namespace {
                namespace: environment.namespace.clone(),
                environment: environment.id.to_string(),
            },
        )),
    }
}

fn texts(file: &str, tree: &Tree, kind: &str) -> Result<(), WorkspaceFailure> {
    let data: &[&[&str]] = if matches!(kind, "ConfigMap" | "Secret") {
        &[&["data"], &["stringData"], &["binaryData"]]
    } else {
        &[]
    };
    for path in TEXTS.iter().chain(data) {
        for (key, value) in tree.at(path).map_or(&[][..], Tree::entries) {
            if value.text().is_none() {
                return Err(value.expects(file, Expectation::Quoted { field: key.clone() }));
            }
        }
    }
    Ok(())
}
