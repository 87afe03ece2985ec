//! Gate conditions.
