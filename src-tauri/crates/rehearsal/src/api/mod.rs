//! The HTTP side: routing, authorization, and the verbs.

pub(crate) mod access;
mod cells;
pub(crate) mod discovery;
pub(crate) mod form;
pub(crate) mod logs;
pub(crate) mod openapi;
pub(crate) mod read;
pub(crate) mod route;
pub(crate) mod serve;
pub(crate) mod table;
pub(crate) mod verbs;
pub(crate) mod watch;
