//! Field ownership: the part of structured-merge-diff that server-side apply needs.
//!
//! `shape` says how lists merge, `set` holds sets of fields (FieldsV1), `ownership` keeps
//! managedFields, `apply` merges an applied configuration and finds conflicts.

pub(crate) mod apply;
pub(crate) mod ownership;
pub(crate) mod set;
pub(crate) mod shape;
