use super::Refusal;

/// Why a kubeconfig cannot be read. No text of it holds anything of the file but names.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KubeconfigFailure {
    /// Larger than any kubeconfig.
    #[error("the kubeconfig has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// The parser refused it.
    #[error("the kubeconfig cannot be read: {problem} (line {}, column {})", .line.unwrap_or(0), .column.unwrap_or(0))]
    Malformed {
        /// What is wrong, without the text that is.
        problem: Malformation,
        /// Line, from 1.
        line: Option<u64>,
        /// Column, from 1.
        column: Option<u64>,
    },
    /// It is YAML, but no kubeconfig.
    #[error("this is no kubeconfig: it has no contexts")]
    NotKubeconfig,
    /// There is no such context.
    #[error("the kubeconfig has no context {0}")]
    UnknownContext(String),
    /// The context must not be imported.
    #[error("the context {context} cannot be imported: {refusal}")]
    Refused {
        /// Its name, printable.
        context: String,
        /// Why.
        refusal: Refusal,
    },
    /// It goes through a proxy, acts as somebody else or checks no certificate, and nobody has
    /// confirmed that.
    #[error("what is unusual in the context {context} was not confirmed")]
    NotConfirmed {
        /// Its name, printable.
        context: String,
    },
    /// It refers to files, and embedding them was not allowed.
    #[error("the context {context} refers to files: {}", .files.join(", "))]
    FilesNotEmbedded {
        /// Its name.
        context: String,
        /// The files.
        files: Vec<String>,
    },
    /// A file it refers to cannot be embedded.
    #[error("{path} cannot be embedded: {problem}")]
    File {
        /// The file, printable.
        path: String,
        /// Why.
        problem: FileProblem,
    },
}

/// What is wrong with the text of a kubeconfig.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformation {
    /// No valid YAML.
    #[error("no valid YAML")]
    Syntax,
    /// A value is of another kind than it has to be.
    #[error("a value of the wrong kind")]
    Shape,
    /// A key occurs twice in one mapping.
    #[error("a key twice")]
    DuplicateKey,
    /// Too deep, too many aliases, too many nodes.
    #[error("too deep, too many values or aliases")]
    Excess,
    /// More than one document.
    #[error("more than one document")]
    SeveralDocuments,
}

/// Why a file cannot be embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// The path is relative, and the kubeconfig was pasted.
    #[error("its path is relative to an unknown folder")]
    NoBase,
    /// Not there, or not readable.
    #[error("it cannot be read")]
    Unreadable,
    /// A folder, a device, a pipe.
    #[error("it is no regular file")]
    NotRegular,
    /// Larger than any certificate, key or token.
    #[error("it is too large")]
    TooLarge,
    /// Not text.
    #[error("it is no text")]
    NotText,
}
