//! What the window may ask for: each a few lines that lead to the engine and back to a view.

pub mod changes;
pub mod closing;
pub mod clusters;
pub mod data;
pub mod documents;
pub mod gates;
pub mod ledger;
pub mod logs;
pub mod paths;
pub mod people;
mod place;
pub mod releases;
pub mod rollouts;
pub mod start;
