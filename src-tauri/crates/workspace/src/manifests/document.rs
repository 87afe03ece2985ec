use domain::{Environment, EnvironmentId, ObjectRef};
use serde_json::{Value, json};

use super::filled;
use crate::tree::{Node, Tree};
use crate::{Expectation, Place, WorkspaceFailure};

/// One object of a file.
pub(crate) struct Document {
    pub environment: EnvironmentId,
    pub object: ObjectRef,
    /// The object as it is sent: with the environment's namespace where it was left out, and without
    /// what the cluster fills.
    pub body: Value,
    pub file: String,
    pub place: Place,
    pub tree: Tree,
    /// Paths of what was left out because the cluster fills it.
    pub left_out: Vec<String>,
}

/// Mappings whose values Kubernetes wants to be texts: `1.10` without quotes would be another number.
const TEXTS: [&[&str]; 5] = [
    &["metadata", "labels"],
    &["metadata", "annotations"],
    &["spec", "selector", "matchLabels"],
    &["spec", "template", "metadata", "labels"],
    &["spec", "template", "metadata", "annotations"],
];

/// What a module's manifests may say.
#[derive(Clone, Copy)]
pub(crate) struct Allowed<'a> {
    pub environment: &'a Environment,
    /// Whether `pilothouse.yaml` allows the module objects of the whole cluster.
    pub cluster_scope: bool,
}

/// What stands in a place of a YAML document where an object may stand.
pub(crate) enum Read {
    /// Nothing: an empty document, or one of comments only.
    Nothing,
    /// An object.
    Object(Box<Document>),
    /// A list as `kubectl get` prints it: its elements are objects.
    List(Vec<Tree>),
}

impl Document {
    /// Reads one document, or one element of a list.
    pub fn read(
        file: &str,
        mut tree: Tree,
        allowed: Allowed<'_>,
    ) -> Result<Read, WorkspaceFailure> {
        match &tree.value {
            Node::Null => return Ok(Read::Nothing),
            Node::Map(_) => {}
            _ => {
                return Err(tree.expects(file, Expectation::Object));
            }
        }
        if is_kustomization(file, &tree) {
            return Err(tree.expects(file, Expectation::Rendered));
        }
        let api_version = text(file, &tree, &tree, "apiVersion")?;
        let kind = text(file, &tree, &tree, "kind")?;
        if let Some(items) = elements(file, &mut tree, &api_version, &kind)? {
            return Ok(Read::List(items));
        }
        let metadata = match tree.get("metadata") {
            Some(metadata) if matches!(metadata.value, Node::Map(_)) => metadata,
            _ => return Err(tree.expects(file, Expectation::Metadata)),
        };
        if let (None, Some(generated)) = (metadata.get("name"), metadata.get("generateName")) {
            return Err(generated.expects(file, Expectation::FixedName));
        }
        let name = text(file, metadata, metadata, "name")?;
        let mut object = ObjectRef {
            api_version,
            kind,
            namespace: String::new(),
            name,
        };
        object.namespace = namespace(file, &tree, &object, allowed)?;
        let left_out = filled::leave_out(&mut tree, object.group(), &object.kind);
        texts(file, &tree, &object.kind)?;
        let mut body = tree.to_json();
        if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
            match object.namespace.as_str() {
                "" => metadata.remove("namespace"),
                namespace => metadata.insert("namespace".to_owned(), json!(namespace)),
            };
        }
        let place = tree.place(file);
        Ok(Read::Object(Box::new(Document {
            environment: allowed.environment.id.clone(),
            object,
            body,
            file: file.to_owned(),
            place,
            tree,
            left_out,
        })))
    }

    /// Whether it is a workload, whose version is the module's.
    pub fn is_workload(&self) -> bool {
        self.object.is_workload()
    }
}

/// What `kustomize` reads is no object of a cluster. Flux has a kind of the same name that is one.
fn is_kustomization(file: &str, tree: &Tree) -> bool {
    let of = |key: &str| tree.get(key).and_then(Tree::text);
    match of("apiVersion") {
        Some(version) => version.starts_with("kustomize.config.k8s.io/"),
        None => file.ends_with("/kustomization.yaml") || of("kind") == Some("Kustomization"),
    }
}

/// The elements of a list; none when the document is an object. A kind of its own may be called
/// `…List` too: it has a name.
fn elements(
    file: &str,
    tree: &mut Tree,
    api_version: &str,
    kind: &str,
) -> Result<Option<Vec<Tree>>, WorkspaceFailure> {
    let Some(of) = kind.strip_suffix("List") else {
        return Ok(None);
    };
    if tree.at(&["metadata", "name"]).is_some() {
        return Ok(None);
    }
    let mut items = match tree.remove("items").map(|items| items.value) {
        Some(Node::List(items)) => items,
        _ => {
            let field = "items".to_owned();
            return Err(tree.expects(file, Expectation::Field { field }));
        }
    };
    // The API server leaves out of a list of one kind what its elements are.
    if !of.is_empty() {
        for item in &mut items {
            item.insert_if_absent("kind", of);
            item.insert_if_absent("apiVersion", api_version);
        }
    }
    Ok(Some(items))
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

/// The namespace of an object: the environment's, or none for an object of the whole cluster, which
/// only some modules may contain.
fn namespace(
    file: &str,
    tree: &Tree,
    object: &ObjectRef,
    allowed: Allowed<'_>,
) -> Result<String, WorkspaceFailure> {
    let environment = allowed.environment;
    let written = tree
        .at(&["metadata", "namespace"])
        .filter(|found| !found.is_null());
    let of_cluster = if object.is_of_custom_kind() {
        allowed.cluster_scope && written.is_none()
    } else {
        object.is_cluster_scoped()
    };
    if of_cluster && !allowed.cluster_scope {
        let kind = object.kind.clone();
        return Err(tree.expects(file, Expectation::Namespaced { kind }));
    }
    match written {
        Some(found) if of_cluster => {
            let kind = object.kind.clone();
            Err(found.expects(file, Expectation::NoNamespace { kind }))
        }
        None if of_cluster => Ok(String::new()),
        Some(found) if found.text() != Some(environment.namespace.as_str()) => Err(found.expects(
            file,
            Expectation::Namespace {
                namespace: environment.namespace.clone(),
                environment: environment.id.to_string(),
            },
        )),
        _ => Ok(environment.namespace.clone()),
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
