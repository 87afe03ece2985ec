use chrono::Duration;
use domain::{
    Environment, Instant, ModuleState, ModuleStatus, PersonId, Register, Release, Role, Stage,
    Status, Tier, Work,
};

use super::common::{at, host_of, look, role_view, text};
use super::identity::{IdentityInput, identity_view};
use crate::{
    ArmingState, ArmingView, BannerLook, BannerView, CredentialEnd, Failure, IdentityState,
    ReadOnlyReason, RoleView,
};

/// What the banner is made from. Without a release only the workspace is known.
#[derive(Clone, Copy)]
pub struct BannerInput<'a> {
    /// Stages of the release, else of the workspace.
    pub stages: &'a [Stage],
    /// The selected environment.
    pub environment: Option<&'a Environment>,
    /// The release under way here, else the newest one that ended.
    pub release: Option<&'a Release>,
    /// What holds across releases.
    pub register: &'a Register,
    /// Who sits at the workstation.
    pub me: Option<&'a PersonId>,
    /// Now.
    pub now: Instant,
    /// Why the newest try to ask the cluster got no answer, if it got none.
    pub failure: Option<&'a Failure>,
    /// Who one is at the cluster.
    pub cluster_user: Option<&'a str>,
    /// After how many seconds an identity check is too old.
    pub identity_limit_s: u32,
    /// As whom the context acts, if as somebody else.
    pub acts_as: Option<&'a str>,
    /// When the credential in use ends, if that can be told.
    pub credential_ends: Option<Instant>,
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
    let identity = identity_view(&IdentityInput {
        environment: environment.map(|e| &e.id),
        release: input.release,
        register: input.register,
        now: input.now,
        failure: input.failure,
        limit_s: input.identity_limit_s,
    });
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
        acts_as: input.acts_as.map(str::to_owned),
        credential: credential_end(input),
    }
}

/// How long before its end a credential is warned of, at least.
const WARNED_BEFORE: Duration = Duration::minutes(15);

/// The credential's end, when it is over, near, or before what is under way here may be: each module
/// that has not passed may take as long as its deadline, and then has to stay healthy.
fn credential_end(input: &BannerInput<'_>) -> Option<CredentialEnd> {
    let ends = input.credential_ends?;
    let id = input.environment.map(|e| &e.id);
    let rest = id
        .and_then(|id| {
            let release = input.release?;
            let state = release.environments.get(id)?;
            if state.work == Work::Idle {
                return None;
            }
            let passed = |m: &&ModuleState| m.status == ModuleStatus::Passed;
            let left = state.modules.values().filter(|m| !passed(m));
            let timings = &release.plan.timings;
            let each = i64::from(timings.progress_deadline_s) + i64::from(timings.stable_s);
            let left = i64::try_from(left.count()).unwrap_or(i64::MAX);
            Some(Duration::seconds(each.saturating_mul(left)))
        })
        .unwrap_or(Duration::zero());
    (ends - input.now <= WARNED_BEFORE.max(rest)).then(|| CredentialEnd {
        at: at(ends),
        over: ends <= input.now,
    })
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
    if release.status != Status::Running {
        return ReadOnlyReason::ReleaseOver;
    }
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
