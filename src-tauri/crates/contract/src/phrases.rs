//! Parts of sentences that failures name by a code, so that the window can say them in the person's
//! language. They are values among a failure's params; what a phrase names itself is beside it.

use serde::{Deserialize, Serialize};
use specta::Type;

/// What went wrong, as the param `problem`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Problem {
    /// The credential command does not start.
    CommandNotStarted,
    /// It took too long. Params: seconds.
    CommandLate,
    /// It ended with another exit code than 0. Params: code.
    CommandExited,
    /// It was ended by a signal. Params: signal.
    CommandKilled,
    /// It wrote too much. Params: limit (bytes).
    CommandTooLong,
    /// It wrote no `ExecCredential`.
    CommandNotCredential,
    /// It wrote one of another version.
    CommandOtherVersion,
    /// It gave neither a token nor a certificate with its key.
    CommandEmpty,
    /// Its certificate or key cannot be used.
    CommandBadCertificate,
    /// Its credential has ended already.
    CommandExpired,
    /// A file’s path is relative to an unknown folder.
    FileNoBase,
    /// It cannot be read.
    FileUnreadable,
    /// It is no regular file.
    FileNotRegular,
    /// It is too large.
    FileTooLarge,
    /// It is no text.
    FileNotText,
}

/// What should have been there instead, as the param `expectation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Expected {
    /// Fewer files. Params: most.
    Files,
    /// A smaller file. Params: most.
    Bytes,
    /// Smaller files. Params: most.
    BytesInAll,
    /// Fewer values in one message. Params: most.
    Values,
    /// JSON.
    Json,
    /// A file, where there is something else.
    File,
    /// A folder, where there is something else.
    Folder,
    /// Text.
    Utf8,
    /// File names that are text.
    Utf8Names,
    /// No link out of the workspace.
    Inside,
    /// Valid YAML.
    ValidYaml,
    /// A value of another kind.
    OtherKind,
    /// A field that exists. Params: key, known.
    KnownKey,
    /// A word that exists. Params: found, known.
    KnownWord,
    /// A key only once. Params: key.
    Once,
    /// Every key only once.
    KeysOnce,
    /// Less of everything.
    FewerValues,
    /// One document.
    OneDocument,
    /// An identifier.
    Identifier,
    /// A line of text.
    Line,
    /// A shorter text. Params: most.
    Characters,
    /// A number in a range. Params: from, to.
    Range,
    /// A shorter time. Params: most.
    Seconds,
    /// Something in an empty list. Params: thing.
    AtLeastOne,
    /// Something that is not there yet. Params: thing, first (its place).
    Another,
    /// A name that the file has elsewhere. Params: thing.
    Known,
    /// A folder whose name the file has. Params: thing.
    FolderOf,
    /// No dependency that leads back.
    NoCircle,
    /// Somebody with a role. Params: role.
    SomebodyWho,
    /// A person with a role. Params: role.
    PersonWho,
    /// Somebody else.
    NotOperator,
    /// Two people for two roles.
    TwoPeople,
    /// A manual item.
    Manual,
    /// A phase after the rollout.
    ProbePhase,
    /// The kind of an item with `http`.
    ProbeKind,
    /// An address that can be asked.
    ProbeUrl,
    /// A host that the workspace names. Params: host.
    ProbeHost,
    /// A host’s name.
    ProbeHostName,
    /// A condition that may be waived.
    Waivable,
    /// A cluster’s name.
    ClusterName,
    /// A namespace’s name.
    NamespaceName,
    /// An https address.
    Https,
    /// What a declaration may name.
    DeclaredObject,
    /// Manifests of a module. Params: path.
    Manifests,
    /// Files, where there is a folder.
    NoFolder,
    /// The right ending of a name.
    YamlName,
    /// An object.
    Object,
    /// Objects, not a kustomization.
    Rendered,
    /// A name, not the beginning of one.
    FixedName,
    /// An object in a namespace. Params: kind.
    Namespaced,
    /// No namespace. Params: kind.
    NoNamespace,
    /// The object as another environment of the cluster has it. Params: object, cluster, first.
    SameInCluster,
    /// `metadata` with a name.
    Metadata,
    /// A field. Params: key.
    Key,
    /// A field that is a word. Params: key.
    Word,
    /// A value that is a text. Params: key.
    Quoted,
    /// The namespace of the environment. Params: namespace, environment.
    Namespace,
    /// No object twice. Params: object, first.
    NoSecond,
    /// What says the version of a module. Params: module, label.
    VersionOfModule,
    /// The version that the module has elsewhere. Params: version, module, first, found.
    SameVersion,
    /// A tag that says which version.
    ExactTag,
    /// A label or a tag. Params: key.
    VersionLabel,
    /// A version.
    Version,
    /// An image of the version that the label says. Params: version, first.
    ImageOf,
    /// The version that the workload says. Params: version.
    VersionOf,
    /// A kubeconfig.
    Kubeconfig,
    /// A context of the file. Params: context.
    ContextOfFile,
    /// Agreement to embed files. Params: context, files.
    FilesAgreed,
    /// What is unusual in the context is confirmed. Params: context.
    UnusualConfirmed,
    /// An absolute path.
    AbsolutePath,
    /// A path that is text.
    TextPath,
    /// Somebody at the workstation.
    Somebody,
    /// The person in the seat.
    PersonInSeat,
    /// A longer text. Params: least.
    Longer,
    /// A person without a key. Params: person.
    NoKeyYet,
    /// A condition of the gate.
    GateCondition,
    /// A date and time.
    DateAndTime,
    /// Modules, each once.
    ModulesOnce,
    /// The version that the workspace has. Params: module, version.
    WorkspaceVersion,
    /// A person of the workspace.
    WorkspacePerson,
    /// An address for a browser.
    WebAddress,
    /// The address that was shown.
    ShownAddress,
    /// A browser.
    Browser,
}

/// What an expectation is about, as the param `thing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Thing {
    /// A stage.
    Stage,
    /// An environment.
    Environment,
    /// A cluster and a namespace in it.
    ClusterAndNamespace,
    /// A module.
    Module,
    /// A dependency of a module.
    Dependency,
    /// A person.
    Person,
    /// A role.
    Role,
    /// A role that has to vote.
    Vote,
    /// A condition of a gate.
    Condition,
    /// An item of the checklist.
    Item,
    /// A host that probes may ask.
    Host,
}

/// A field that a person fills in, as the param `field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Field {
    /// The kubeconfig.
    Kubeconfig,
    /// A path.
    Path,
    /// A person.
    Person,
    /// A passphrase.
    Passphrase,
    /// The address of a document.
    Address,
    /// A condition.
    Condition,
    /// When something is made up for.
    MakeUpBy,
    /// Modules and versions.
    Modules,
    /// A title.
    Title,
    /// Stages.
    Stages,
    /// Documents.
    Documents,
    /// Declared changes.
    Declarations,
    /// A description.
    Text,
    /// An object.
    Object,
}
