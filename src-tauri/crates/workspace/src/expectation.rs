//! What should have stood in a file instead: data, so that a window can say it in the person's
//! language. The text of each is the English one, for logs and for who mends the file with a tool.

use crate::Place;

/// What was expected at a place of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expectation {
    /// Fewer files.
    #[error("at most {most} files in all")]
    Files {
        /// The bound.
        most: usize,
    },
    /// A smaller file.
    #[error("at most {most} bytes")]
    Bytes {
        /// The bound.
        most: u64,
    },
    /// Smaller files.
    #[error("at most {most} bytes in all files")]
    BytesInAll {
        /// The bound.
        most: u64,
    },
    /// A file, where there is something else.
    #[error("a file")]
    File,
    /// A folder, where there is something else.
    #[error("a folder")]
    Folder,
    /// Text.
    #[error("text in UTF-8")]
    Utf8,
    /// Names that are text.
    #[error("file names in UTF-8")]
    Utf8Names,
    /// No link out of the workspace.
    #[error("a file inside of the workspace, not a link that leads out of it")]
    Inside,
    /// Other YAML.
    #[error("other YAML: {0}")]
    Yaml(Misread),
    /// An identifier.
    #[error("an identifier: 1 to 63 lower-case letters, digits and `-`, no `-` at either end")]
    Identifier,
    /// A line of text.
    #[error("a line of text")]
    Line,
    /// A text of few characters.
    #[error("at most {most} characters")]
    Characters {
        /// The bound.
        most: u32,
    },
    /// A number in a range.
    #[error("{from} to {to}")]
    Range {
        /// The least.
        from: u32,
        /// The most.
        to: u32,
    },
    /// A shorter time.
    #[error("at most {most} seconds")]
    Seconds {
        /// The bound.
        most: u32,
    },
    /// Something of a list that is empty.
    #[error("at least one {what}")]
    AtLeastOne {
        /// Of what.
        what: Thing,
    },
    /// Something that is not there already.
    #[error("another {what}: this one is at {first} already")]
    Another {
        /// What is there twice.
        what: Thing,
        /// Where it is first.
        first: Place,
    },
    /// A name that the file has elsewhere.
    #[error("a {what} of this file")]
    Known {
        /// A name of what.
        what: Thing,
    },
    /// A folder whose name the file has.
    #[error("the name of one {what} in pilothouse.yaml")]
    FolderOf {
        /// A folder of what.
        what: Thing,
    },
    /// No dependency that leads back.
    #[error("no dependency here: modules that go before each other lead round in a circle")]
    NoCircle,
    /// Somebody with a role.
    #[error("at least one person who is {}", word(*.role))]
    SomebodyWho {
        /// Has what role.
        role: domain::Role,
    },
    /// A person with a role.
    #[error("a person of this file whose roles include {}", word(*.role))]
    PersonWho {
        /// Has what role.
        role: domain::Role,
    },
    /// Somebody else.
    #[error("another person than the operator")]
    NotOperator,
    /// Two people for two roles.
    #[error("a verifier who is another person than the operator")]
    TwoPeople,
    /// A manual item.
    #[error("`manual`: before the stage nothing is rolled out that could be probed")]
    Manual,
    /// An item that is asked after the rollout.
    #[error("`post`: an address is asked right after the rollout, before it nothing new answers")]
    ProbePhase,
    /// An item of the kind that asks an address.
    #[error("`kind: http` for an item with `http`")]
    ProbeKind,
    /// An address to ask.
    #[error("an http or https address without credentials and without `#`")]
    ProbeUrl,
    /// A host that may be asked.
    #[error("an address of a host that `probeHosts` names: {host} is not among them")]
    ProbeHost {
        /// The host of the address.
        host: String,
    },
    /// A host's name.
    #[error("a host name in lower case or an IP address, without scheme, port or path")]
    ProbeHostName,
    /// A condition that may be waived.
    #[error(
        "`soakPassed` or `checklistComplete`: the other conditions keep a release safe and are never waived"
    )]
    Waivable,
    /// A cluster's name.
    #[error("a cluster name of letters, digits and signs, without spaces")]
    ClusterName,
    /// A namespace's name.
    #[error("the name of a namespace")]
    NamespaceName,
    /// An https address.
    #[error("an https address")]
    Https,
    /// What a declaration may name.
    #[error("`Kind/name`, `Kind/*` or `*`")]
    DeclaredObject,
    /// Manifests of a module for an environment.
    #[error("manifests of this module in {path}/*.yaml")]
    Manifests {
        /// The folder.
        path: String,
    },
    /// Files, where there is a folder.
    #[error("manifests here, not a folder: it would not be read")]
    NoFolder,
    /// The right ending of a name.
    #[error("a name that ends in `.yaml`: the file would not be read")]
    YamlName,
    /// An object.
    #[error("an object: a mapping with `apiVersion`, `kind` and `metadata`")]
    Object,
    /// Objects, not what they are built from.
    #[error(
        "objects as the cluster reads them, not a kustomization: write them with `kubectl kustomize`"
    )]
    Rendered,
    /// A name that stays the same.
    #[error("a fixed `name`: with `generateName` each release would create another object")]
    FixedName,
    /// An object in a namespace.
    #[error(
        "an object in a namespace: {kind} affects the whole cluster; `scope: cluster` at the module in pilothouse.yaml allows it"
    )]
    Namespaced {
        /// The kind that is none.
        kind: String,
    },
    /// No namespace.
    #[error("no namespace: {kind} belongs to the whole cluster")]
    NoNamespace {
        /// The kind that is in none.
        kind: String,
    },
    /// The same object as another environment of the cluster has.
    #[error(
        "the same {object} as at {first}: both environments are on cluster {cluster}, where it exists once"
    )]
    SameInCluster {
        /// The object.
        object: String,
        /// The cluster.
        cluster: String,
        /// Where it is first.
        first: Place,
    },
    /// `metadata` with a name.
    #[error("`metadata` with a `name`")]
    Metadata,
    /// A field.
    #[error("`{field}`")]
    Field {
        /// Its name.
        field: String,
    },
    /// A field that is a word.
    #[error("`{field}` as a text without spaces")]
    Word {
        /// Its name.
        field: String,
    },
    /// A value that is a text.
    #[error("a text for `{field}`: put it in quotes")]
    Quoted {
        /// The key.
        field: String,
    },
    /// The namespace of the environment.
    #[error("namespace `{namespace}`, the one of environment {environment}")]
    Namespace {
        /// Its name.
        namespace: String,
        /// The environment.
        environment: String,
    },
    /// No object that is there already.
    #[error("no second {object} here: it is at {first} already")]
    NoSecond {
        /// The object.
        object: String,
        /// Where it is first.
        first: Place,
    },
    /// Something that says which version the module has.
    #[error(
        "a version of {module}: a label `{label}` on one of its objects, an image with a tag, or `version` here"
    )]
    VersionOfModule {
        /// Of which module.
        module: String,
        /// The label.
        label: String,
    },
    /// The version that the module has elsewhere.
    #[error("version {version} of {module}, as at {first}, instead of {found}")]
    SameVersion {
        /// The version there.
        version: String,
        /// The module.
        module: String,
        /// Where it is said first.
        first: Place,
        /// The version here.
        found: String,
    },
    /// A tag that says which version.
    #[error("a tag that names one version, not `latest`")]
    ExactTag,
    /// A label or a tag that says which version.
    #[error(
        "a label `{label}`, an image with a tag, or `version` at the module in pilothouse.yaml"
    )]
    VersionLabel {
        /// The label.
        label: String,
    },
    /// A version.
    #[error("a version: 1 to 63 letters, digits, dots, hyphens, underscores or plus signs")]
    Version,
    /// An image of the version that the label says.
    #[error("an image of version {version}, as the label at {first} says")]
    ImageOf {
        /// The version.
        version: String,
        /// Where the label is.
        first: Place,
    },
    /// The version that the workload's own label says.
    #[error("version {version}, as the workload's own label says")]
    VersionOf {
        /// The version.
        version: String,
    },
}

fn word(role: domain::Role) -> &'static str {
    match role {
        domain::Role::Operator => "operator",
        domain::Role::Verifier => "verifier",
        domain::Role::Manager => "manager",
    }
}

/// What a workspace names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Thing {
    /// A stage of the pipeline.
    #[error("stage")]
    Stage,
    /// An environment.
    #[error("environment")]
    Environment,
    /// A cluster and a namespace in it.
    #[error("cluster and namespace")]
    ClusterAndNamespace,
    /// A module.
    #[error("module")]
    Module,
    /// A dependency of a module.
    #[error("dependency")]
    Dependency,
    /// A person.
    #[error("person")]
    Person,
    /// A role.
    #[error("role")]
    Role,
    /// A role that has to vote Go.
    #[error("role that has to vote Go")]
    Vote,
    /// A condition of a gate.
    #[error("condition")]
    Condition,
    /// An item of the checklist.
    #[error("item")]
    Item,
    /// A host that probes may ask.
    #[error("host")]
    Host,
}

/// What is wrong with a YAML file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// No valid YAML.
    #[error("{0}")]
    Syntax(String),
    /// A value of the wrong kind.
    #[error("{0}")]
    WrongKind(String),
    /// A field that does not exist.
    #[error("unknown field `{field}`, expected one of {}", .known.join(", "))]
    UnknownField {
        /// Its name.
        field: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// A field that is not there.
    #[error("missing field `{field}`")]
    MissingField {
        /// Its name.
        field: String,
    },
    /// A word that does not exist.
    #[error("unknown word `{found}`, expected one of {}", .known.join(", "))]
    UnknownWord {
        /// The word.
        found: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// A key that is there twice.
    #[error("the key `{field}` is there twice")]
    Twice {
        /// The key.
        field: String,
    },
    /// Too deep, too many values or aliases.
    #[error("too deep, too many values or aliases")]
    Excess,
    /// More than one document.
    #[error("more than one document")]
    SeveralDocuments,
}
