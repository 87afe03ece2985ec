use domain::{Environment, Instant, PersonId, Register, Release, Role, Stage, Tier, Work};

use super::common::{at, hex_with_colons, host_of, look, role_view, text};
use crate::{
    ArmingState, ArmingView, BannerLook, BannerView, IdentityState, IdentityView, ReadOnlyReason,
    RoleView,
};

/// What the banner is made from. Without a release only the workspace is known.
#[derive(Clone, Copy)]
pub struct BannerInput<'a> {
    /// Stages of the release, else of the workspace.
    pub stages: &'a [Stage],
    /// The selected environment.
    pub environment: Option<&'a Environment>,
    /// The release that is open.
    pub release: Option<&'a Release>,
    /// What holds across releases.
    pub register: &'a Register,
    /// Who sits at the workstation.
    pub me: Option<&'a PersonId>,
    /// Now.
    pub now: Instant,
    /// Whether the newest try to ask the cluster got no answer.
    pub unreachable: bool,
    /// Who one is at the cluster.
    pub cluster_user: Option<&'a str>,
    /// After how many seconds an identity check is too old.
    pub identity_limit_s: u32,
}

/// Which cluster this window can change, and whether it can.
pub fn banner_view(input: &BannerInput<'_>) -> BannerView {
    let environment = input.environment;
    let stop = environment
        .and_then(|e| {
            input
                .stages
                .iter()
                .position(|s| s.environments.iter().any(|of| of.id == e.id))
        })
        .map_or(0, |index| index + 1);
    let binding = environment.and_then(|e| input.register.bindings.get(&e.id));
    let identity = identity(input);
    BannerView {
        look: environment.map_or(BannerLook::Unselected, |e| look(input.stages, e)),
        environment: environment.map(|e| e.id.to_string()),
        name: environment.map(|e| text(&e.name)),
        stop: super::common::count(stop),
        stops: super::common::count(input.stages.len()),
        cluster: environment.map(|e| e.cluster.clone()).unwrap_or_default(),
        host: binding
            .map(|b| host_of(&b.identity.url))
            .unwrap_or_default(),
        namespaces: environment
            .map(|e| vec![e.namespace.clone()])
            .unwrap_or_default(),
        cluster_user: input.cluster_user.map(str::to_owned),
        person: input.me.map(ToString::to_string),
        role: role(input),
        arming: arming(input, identity.state),
        identity,
        rehearsal: binding.is_some_and(|b| input.register.is_rehearsal(&b.identity)),
    }
}

/// What the person is in the open release.
fn role(input: &BannerInput<'_>) -> Option<RoleView> {
    let plan = &input.release?.plan;
    let roles = [Role::Operator, Role::Verifier, Role::Manager];
    roles
        .into_iter()
        .find(|role| input.me == Some(plan.holder(*role)))
        .map(role_view)
}

fn identity(input: &BannerInput<'_>) -> IdentityView {
    let id = input.environment.map(|e| &e.id);
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
        (0..=i64::from(input.identity_limit_s)).contains(&(input.now - check.at).num_seconds())
    });
    IdentityView {
        state: match (binding, newest) {
            (None, _) => IdentityState::Unbound,
            (Some(_), Some(check)) if !check.verified => IdentityState::Mismatch,
            (Some(_), _) if input.unreachable => IdentityState::Unreachable,
            (Some(_), Some(_)) if fresh => IdentityState::Verified,
            (Some(_), _) => IdentityState::Stale,
        },
        verified_at: newest
            .filter(|check| check.verified)
            .map(|check| at(check.at)),
        limit_s: input.identity_limit_s,
        uid: binding.map(|b| b.identity.uid.clone()),
        ca: binding.map(|b| hex_with_colons(&b.identity.ca_sha256)),
        found_uid: found.map(|f| f.uid.clone()),
        found_ca: found.map(|f| hex_with_colons(&f.ca_sha256)),
    }
}

fn arming(input: &BannerInput<'_>, identity: IdentityState) -> ArmingView {
    let state = input
        .environment
        .and_then(|e| input.release?.environments.get(&e.id));
    let asks_name = input.environment.is_some_and(|e| e.tier == Tier::Prod);
    let view = |state, reason, module, until| ArmingView {
        state,
        reason,
        module,
        until,
        asks_name,
    };
    if state.is_some_and(|s| s.work == Work::Back) {
        return view(ArmingState::RollingBack, None, None, None);
    }
    let armed = state
        .and_then(|s| s.armed.as_ref())
        .filter(|(_, until)| input.now <= *until);
    if let Some((module, until)) = armed {
        return view(
            ArmingState::Armed,
            None,
            Some(module.to_string()),
            Some(at(*until)),
        );
    }
    view(
        ArmingState::ReadOnly,
        Some(read_only(input, identity)),
        None,
        None,
    )
}

/// The first reason that has to be settled before anything can be changed.
fn read_only(input: &BannerInput<'_>, identity: IdentityState) -> ReadOnlyReason {
    let Some(environment) = input.environment else {
        return ReadOnlyReason::Unselected;
    };
    match identity {
        IdentityState::Unbound => return ReadOnlyReason::Unbound,
        IdentityState::Mismatch => return ReadOnlyReason::IdentityMismatch,
        IdentityState::Verified | IdentityState::Stale | IdentityState::Unreachable => {}
    }
    let Some(release) = input.release else {
        return ReadOnlyReason::NoRelease;
    };
    if input.me == Some(&release.plan.verifier) {
        return ReadOnlyReason::Verifier;
    }
    let stage = release
        .plan
        .stage_of(&environment.id)
        .and_then(|s| release.stages.get(&s.id));
    if super::place::has_passed(release, environment) {
        ReadOnlyReason::Done
    } else if stage.is_none_or(|s| s.opened.is_none()) {
        ReadOnlyReason::GateClosed
    } else if identity != IdentityState::Verified {
        ReadOnlyReason::IdentityStale
    } else {
        ReadOnlyReason::NotArmed
    }
}
