//! Bounds at which a kill costs milliseconds instead of minutes, in the proportions of the program.

use std::time::Duration;

use crate::world::{quick_cluster, quick_engine};

/// Of the engine.
pub(super) fn of_engine() -> engine::Limits {
    let ms = Duration::from_millis;
    engine::Limits {
        not_applied_gap: ms(20),
        read_back_first: ms(20),
        read_back_most: ms(100),
        retry_first: ms(20),
        tick: ms(20),
        settle_pause: ms(20),
        ..quick_engine()
    }
}

/// Of the adapter. A rehearsal cluster carries a request out the moment it comes, so that settling
/// may be short; a story that holds one back has to let it go sooner.
pub(super) fn of_cluster() -> cluster::Limits {
    let ms = Duration::from_millis;
    cluster::Limits {
        settle: ms(300),
        settle_poll: ms(15),
        picture: ms(10),
        watch_pause: ms(20),
        ..quick_cluster()
    }
}
