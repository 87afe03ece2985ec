use serde::de::DeserializeOwned;
use serde_saphyr::{DuplicateKeyPolicy, Error, MessageFormatter, Options, UserMessageFormatter};

use crate::tree::Tree;
use crate::{Expectation, Limits, Misread, Place, WorkspaceFailure};

/// One document into a type.
pub(crate) fn one<T: DeserializeOwned>(
    file: &str,
    text: &str,
    limits: &Limits,
) -> Result<T, WorkspaceFailure> {
    serde_saphyr::from_str_with_options(text, options(limits))
        .map_err(|error| invalid(file, &error))
}

/// Every document of a file, whatever it says. Empty documents are left out.
pub(crate) fn documents(
    file: &str,
    text: &str,
    limits: &Limits,
) -> Result<Vec<Tree>, WorkspaceFailure> {
    serde_saphyr::from_multiple_with_options::<Tree>(text, options(limits))
        .map_err(|error| invalid(file, &error))
}

/// Strict where YAML is lenient (duplicate keys), bounded everywhere, and otherwise as `kubectl`
/// reads it: `yes` is a boolean and `0644` is octal, so that an object is the same however it is
/// applied.
fn options(limits: &Limits) -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: limits.depth,
            max_documents: limits.documents,
            max_aliases: limits.aliases,
            max_anchors: limits.aliases,
            max_merge_keys: limits.aliases,
            max_recorded_anchor_events: limits.replayed,
            max_total_scalar_bytes: usize::try_from(limits.file_bytes).unwrap_or(usize::MAX),
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: limits.replayed,
            max_replay_stack_depth: limits.depth,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: false,
        legacy_octal_numbers: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn invalid(file: &str, error: &Error) -> WorkspaceFailure {
    let place = match error.location() {
        Some(at) => Place {
            file: file.to_owned(),
            line: u32::try_from(at.line()).unwrap_or(u32::MAX).max(1),
            column: u32::try_from(at.column()).unwrap_or(u32::MAX).max(1),
        },
        None => Place::start_of(file),
    };
    place.expects(Expectation::Yaml(misread(error.without_snippet())))
}

fn misread(error: &Error) -> Misread {
    let said = || UserMessageFormatter.format_message(error).into_owned();
    let listed = |known: &[&str]| known.iter().map(|one| (*one).to_owned()).collect();
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => Misread::UnknownField {
            field: field.clone(),
            known: listed(expected),
        },
        Error::SerdeMissingField { field, .. } => Misread::MissingField {
            field: (*field).to_owned(),
        },
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => Misread::UnknownWord {
            found: variant.clone(),
            known: listed(expected),
        },
        Error::DuplicateMappingKey { key, .. } => Misread::Twice {
            field: key.clone().unwrap_or_default(),
        },
        Error::Budget { .. }
        | Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => Misread::Excess,
        Error::MultipleDocuments { .. } => Misread::SeveralDocuments,
        Error::Message { .. }
        | Error::Unexpected { .. }
        | Error::NullIntoString { .. }
        | Error::InvalidScalar { .. }
        | Error::QuotingRequired { .. }
        | Error::SerdeInvalidType { .. }
        | Error::SerdeInvalidValue { .. }
        | Error::SerdeInvalidLength { .. }
        | Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. }
        | Error::UnexpectedValueForUnitEnumVariant { .. }
        | Error::TaggedScalarCannotDeserializeIntoString { .. } => Misread::WrongKind(said()),
        _ => Misread::Syntax(said()),
    }
}
