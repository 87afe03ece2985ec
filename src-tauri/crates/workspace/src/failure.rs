use std::fmt;

use crate::Expectation;

/// A place in a file of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, relative to the workspace, with slashes.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, in characters.
    pub column: u32,
}

impl Place {
    /// The beginning of a file, or a folder as such.
    pub fn start_of(file: impl Into<String>) -> Self {
        Place {
            file: file.into(),
            line: 1,
            column: 1,
        }
    }

    /// The failure that says what was expected here.
    pub(crate) fn expects(&self, expected: Expectation) -> WorkspaceFailure {
        WorkspaceFailure::Invalid {
            file: self.file.clone(),
            line: self.line,
            column: self.column,
            expected: Box::new(expected),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why a folder is not a workspace that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WorkspaceFailure {
    /// Something in a file is wrong.
    #[error("{file}:{line}:{column}: expected {expected}")]
    Invalid {
        /// The file, relative to the workspace, with slashes.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1, in characters.
        column: u32,
        /// What was expected there.
        expected: Box<Expectation>,
    },
    /// The folder, or something in it, cannot be read at all.
    #[error("{path} cannot be read: {why}")]
    Unreadable {
        /// What cannot be read.
        path: String,
        /// Why, as the operating system words it.
        why: String,
    },
}
