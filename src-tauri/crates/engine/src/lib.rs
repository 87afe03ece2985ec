//! Runs releases. The engine owns the ports; adapters implement them and the desktop shell puts
//! both together. Every change of a cluster goes the same way: intent into the ledger, guarded call,
//! outcome into the ledger; no answer means unknown, and unknown is read back.

pub mod ports;
