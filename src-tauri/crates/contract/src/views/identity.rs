use domain::{ClusterIdentity, EnvironmentId, Instant, Register, Release};

use super::common::{at, hex_with_colons};
use crate::{Failure, IdentityState, IdentityView};

/// What an environment's identity is judged by.
#[derive(Clone, Copy)]
pub struct IdentityInput<'a> {
    /// The environment asked about.
    pub environment: Option<&'a EnvironmentId>,
    /// The open release, whose own checks count too.
    pub release: Option<&'a Release>,
    /// What holds across releases: bindings, and the checks of this session.
    pub register: &'a Register,
    /// Now.
    pub now: Instant,
    /// Why the newest try to ask the cluster got no answer, if it got none.
    pub failure: Option<&'a Failure>,
    /// After how many seconds a check is too old.
    pub limit_s: u32,
}

/// Whether the cluster behind an environment is the one that was pinned, as the newest check found
/// it. The banner and the list of environments say the same because both come from here.
pub fn identity_view(input: &IdentityInput<'_>) -> IdentityView {
    let id = input.environment;
    let binding = id.and_then(|id| input.register.bindings.get(id));
    let state = id.and_then(|id| input.release?.environments.get(id));
    let noted = state.and_then(|s| s.identity.as_ref());
    let session = id.and_then(|id| input.register.checks.get(id));
    let newest = noted
        .into_iter()
        .chain(session)
        .max_by_key(|check| check.at);
    let found = newest
        .filter(|check| !check.verified)
        .map(|check| &check.found);
    let fresh = newest.is_some_and(|check| {
        // As the gate judges it: a check from the future says nothing.
        (0..=i64::from(input.limit_s)).contains(&(input.now - check.at).num_seconds())
    });
    IdentityView {
        state: match (binding, newest) {
            (None, _) => IdentityState::Unbound,
            (Some(_), Some(check)) if !check.verified => IdentityState::Mismatch,
            (Some(_), _) if input.failure.is_some() => IdentityState::Unreachable,
            (Some(_), Some(_)) if fresh => IdentityState::Verified,
            (Some(_), _) => IdentityState::Stale,
        },
        verified_at: newest
            .filter(|check| check.verified)
            .map(|check| at(check.at)),
        limit_s: input.limit_s,
        uid: binding.map(|b| b.identity.uid.clone()),
        ca: binding.and_then(|b| ca_of(&b.identity)),
        issuer: binding
            .and_then(|b| b.identity.issuer_sha256.as_deref())
            .map(hex_with_colons),
        found_uid: found.map(|f| f.uid.clone()),
        found_ca: found.and_then(ca_of),
        why: input.failure.filter(|_| binding.is_some()).cloned(),
    }
}

/// What is pinned besides the UID; none where the system's roots vouch for the server.
fn ca_of(identity: &ClusterIdentity) -> Option<String> {
    let pinned = Some(identity.ca_sha256.as_str()).filter(|ca| !ca.is_empty());
    pinned.map(hex_with_colons)
}
