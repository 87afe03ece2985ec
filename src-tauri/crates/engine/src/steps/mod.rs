//! How each kind of step is performed: what is so is observed, what is missing is done, what came of it is
//! confirmed. A step may be performed again after a restart.

mod apply;
mod restore;
mod wait;

pub(crate) use restore::{RollbackStart, created_here};
