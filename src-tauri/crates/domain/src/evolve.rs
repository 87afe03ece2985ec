use crate::{Event, Instant, PersonId, Release};
/// Placeholder while the rules are written.
pub fn evolve(_release: &mut Option<Release>, _event: &Event, _at: Instant, _actor: Option<&PersonId>) {}
