//! The banner.

use super::support::*;
use std::collections::BTreeMap;

use crate::common::*;
use chrono::Duration;
use contract::views::*;
use contract::*;
use domain::{
    Command, Declaration, EnvironmentId, Event, Instant, MutationOutcome, PersonId, Refusal,
    RegisterEvent, StageId, Verdict,
};
use engine::ports::{
    ClusterFailure, Entry, LedgerFailure, Picture, PodPicture, Record, RolloutPhase,
    RolloutReading, Stream, VaultFailure, WorkloadPicture,
};
use rstest::rstest;

#[test]
fn the_banner_says_why_nothing_can_be_changed() {
    let mut story = Story::created();
    story.open("bj", &["dev", "test"]);
    let failure = Failure::new(FailureCode::ClusterUnreachable);
    let banner = |story: &Story, me: &str, environment: Option<&str>, unreachable: bool| {
        let me = PersonId::from(me);
        let release = story.release();
        banner_view(&BannerInput {
            stages: &release.plan.stages,
            environment: environment.map(|e| release.plan.environment(&e.into()).unwrap()),
            release: Some(release),
            register: &story.register,
            me: Some(&me),
            now: story.now,
            failure: unreachable.then_some(&failure),
            cluster_user: None,
            identity_limit_s: release.plan.timings.identity_limit_s,
            acts_as: None,
            credential_ends: None,
        })
    };
    let why = |view: &BannerView| (view.identity.state, view.arming.reason);
    let view = banner(&story, OPERATOR, None, false);
    assert_eq!(
        (view.look, view.arming.reason),
        (BannerLook::Unselected, Some(ReadOnlyReason::Unselected))
    );
    let dev = banner(&story, OPERATOR, Some("dev"), false);
    assert_eq!(
        why(&dev),
        (IdentityState::Verified, Some(ReadOnlyReason::NotArmed))
    );
    assert_eq!(
        (dev.stop, dev.stops, dev.role, dev.host.as_str()),
        (1, 2, Some(RoleView::Operator), "dev:6443")
    );
    let verifier = banner(&story, VERIFIER, Some("dev"), false);
    assert_eq!(verifier.arming.reason, Some(ReadOnlyReason::Verifier));
    let prod = banner(&story, OPERATOR, Some("prod"), false);
    assert_eq!(
        why(&prod),
        (IdentityState::Stale, Some(ReadOnlyReason::GateClosed))
    );
    assert!(prod.arming.asks_name && !dev.arming.asks_name);

    story.arm("dev", "executor").unwrap();
    let armed = banner(&story, OPERATOR, Some("dev"), false);
    assert_eq!(
        (armed.arming.state, armed.arming.module.as_deref()),
        (ArmingState::Armed, Some("executor"))
    );
    story.wait(61);
    story.must(
        OPERATOR,
        Command::Disarm {
            environment: "dev".into(),
        },
    );
    let stale = banner(&story, OPERATOR, Some("dev"), false);
    assert_eq!(
        why(&stale),
        (IdentityState::Stale, Some(ReadOnlyReason::IdentityStale))
    );
    assert_eq!(
        banner(&story, OPERATOR, Some("dev"), true).identity.state,
        IdentityState::Unreachable
    );

    let other = Command::RecordIdentity {
        environment: "dev".into(),
        found: identity("prod"),
    };
    story.must(OPERATOR, other);
    let mismatch = banner(&story, OPERATOR, Some("dev"), false);
    assert_eq!(
        why(&mismatch),
        (
            IdentityState::Mismatch,
            Some(ReadOnlyReason::IdentityMismatch)
        )
    );
    assert_eq!(mismatch.identity.found_uid.as_deref(), Some("uid-prod"));
    story.register.bindings.clear();
    assert_eq!(
        banner(&story, OPERATOR, Some("dev"), false).identity.state,
        IdentityState::Unbound
    );
}
