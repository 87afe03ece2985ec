//! No sequence of commands, however odd, gets past the rules. What is checked here is computed from
//! the events alone, not by the functions under test.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod audit;
#[path = "../common/mod.rs"]
mod common;
mod tries;

use domain::Event;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};
use proptest::strategy::Strategy;

use crate::audit::Audit;
use crate::common::{Story, replay};
use crate::tries::{carry_out, tries};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_gets_past_the_rules(steps in tries()) {
        let mut story = Story::created();
        let mut counter = 0;
        for step in &steps {
            carry_out(&mut story, step, &mut counter);
        }
        let mut audit = Audit::default();
        for (at, actor, event) in &story.events {
            audit.see(*at, actor, event);
        }
        prop_assert_eq!(replay(&story.events), story.release);
    }
}

/// The property above says something only if its sequences get as far as gates and writes.
#[test]
fn the_sequences_reach_gates_and_writes() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut gates, mut writes, mut backs) = (0, 0, 0);
    for _ in 0..100 {
        let steps = tries().new_tree(&mut runner).unwrap().current();
        let mut story = Story::created();
        let mut counter = 0;
        for step in &steps {
            carry_out(&mut story, step, &mut counter);
        }
        let mut audit = Audit::default();
        story
            .events
            .iter()
            .for_each(|(at, actor, event)| audit.see(*at, actor, event));
        gates += u32::from(audit.gates > 0);
        writes += u32::from(audit.writes > 0);
        backs += u32::from(
            story
                .events
                .iter()
                .any(|(_, _, e)| matches!(e, Event::WayBackStarted { .. })),
        );
    }
    println!("of 100 sequences {gates} opened a gate, {writes} wrote, {backs} went back");
    assert!(gates > 50 && writes > 30 && backs > 5);
}
