use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use serde_saphyr::Spanned;

use crate::{Expectation, Place, WorkspaceFailure};

/// A value of a YAML file with where it stands, so that every check can name the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Located<T> {
    /// The value.
    pub value: T,
    /// Line, from 1; 0 when the value was left out.
    pub line: u32,
    /// Column, from 1; 0 when the value was left out.
    pub column: u32,
}

impl<T> Located<T> {
    /// Where it stands in this file.
    pub fn place(&self, file: &str) -> Place {
        Place {
            file: file.to_owned(),
            line: self.line.max(1),
            column: self.column.max(1),
        }
    }

    /// The failure that says what was expected here.
    pub fn expects(&self, file: &str, expected: Expectation) -> WorkspaceFailure {
        self.place(file).expects(expected)
    }

    /// The same place with another value.
    pub fn with<U>(&self, value: U) -> Located<U> {
        Located {
            value,
            line: self.line,
            column: self.column,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Located<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<T>::deserialize(deserializer)?;
        let line = u32::try_from(spanned.referenced.line()).unwrap_or(u32::MAX);
        let column = u32::try_from(spanned.referenced.column()).unwrap_or(u32::MAX);
        Ok(Located {
            value: spanned.value,
            line,
            column,
        })
    }
}

/// In the schema a located value is the value.
impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}
