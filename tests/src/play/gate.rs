//! What opens a gate: checks, the diff, the backup, the checklist, votes.

use std::time::Duration;

use super::example::{Item, OPERATOR, Person, Place, STOPS, Stop, VERIFIER};
use super::{Look, Play, example};
use crate::window::{LIMITS, WindowFailure};

/// A gate waits for the soak of the stage before it, 30 s at most in the example.
const SOAK: Duration = Duration::from_secs(75);

impl Play {
    /// Everything that the gate of a stage asks for, but time and votes.
    ///
    /// # Errors
    /// When a step cannot be done.
    pub async fn prepare(&mut self, stop: &Stop) -> Result<(), WindowFailure> {
        self.sit(OPERATOR).await?;
        for place in stop.environments {
            self.check_permissions(place).await?;
        }
        for place in stop.environments {
            self.review(place).await?;
        }
        self.show_gate(stop).await?;
        self.picture_in(
            &format!("gate-closed-{}", stop.id),
            if stop.id == "suzhou" {
                &[Look::English]
            } else {
                &[]
            },
        )
        .await?;
        self.sign_checklist(stop, "pre", OPERATOR).await?;
        self.sign_checklist(stop, "pre", VERIFIER).await
    }

    /// Waits for the gate's conditions, has everyone vote, and opens it.
    ///
    /// # Errors
    /// When the gate stays closed.
    pub async fn pass_gate(&mut self, stop: &Stop) -> Result<(), WindowFailure> {
        self.show_gate(stop).await?;
        self.say(&format!(
            "wait for the conditions of the gate to {}",
            stop.name
        ));
        self.window
            .eventually("all conditions but the identities", SOAK, async || {
                // Identities go stale while one waits, and are checked last.
                let states = self.window.attributes("condition-", "data-state").await?;
                let holds = |(id, state): &(String, String)| {
                    id == "condition-identityVerified" || state == "met" || state == "waived"
                };
                Ok((!states.is_empty() && states.iter().all(holds)).then_some(()))
            })
            .await?;
        for person in stop.votes {
            self.vote(stop, *person).await?;
        }
        self.sit(OPERATOR).await?;
        self.say(&format!(
            "verify who answers, and open the gate to {}",
            stop.name
        ));
        for place in stop.environments {
            self.verify_identity(place).await?;
        }
        self.show_gate(stop).await?;
        self.picture_in(&format!("gate-ready-{}", stop.id), &[])
            .await?;
        self.window.press_within("gate-open", LIMITS.work).await?;
        self.window.wait_for("gate-opened").await?;
        self.picture(&format!("gate-open-{}", stop.id)).await
    }

    /// What was to be seen after the rollouts of a stage.
    ///
    /// # Errors
    /// When an item cannot be signed.
    pub async fn verify(&mut self, stop: &Stop) -> Result<(), WindowFailure> {
        self.sign_checklist(stop, "post", VERIFIER).await?;
        self.picture(&format!("checklist-{}", stop.id)).await
    }

    pub(super) async fn check_permissions(&mut self, place: &Place) -> Result<(), WindowFailure> {
        self.say(&format!("check permissions in {}", place.id));
        self.go("environments", "environments").await?;
        self.window
            .press(&format!("environment-{}", place.id))
            .await?;
        self.window.press("permissions-check").await?;
        self.window
            .wait_for_within("permissions-rows", LIMITS.work)
            .await?;
        if place.id == "bj-dev" {
            self.picture("environments").await?;
        }
        Ok(())
    }

    async fn verify_identity(&mut self, place: &Place) -> Result<(), WindowFailure> {
        self.go("environments", "environments").await?;
        self.window
            .press(&format!("environment-{}", place.id))
            .await?;
        self.window.press("pin-verify").await?;
        self.window
            .wait_attribute(
                "banner-environment",
                "data-environment",
                LIMITS.step,
                |id| id == place.id,
            )
            .await?;
        self.window
            .wait_attribute("banner", "data-identity", LIMITS.work, |state| {
                state == "verified"
            })
            .await?;
        Ok(())
    }

    pub(super) async fn review(&mut self, place: &Place) -> Result<(), WindowFailure> {
        self.select(place).await?;
        self.say(&format!("compute the changes in {}", place.id));
        self.go("changes", "screen-changes").await?;
        self.window.press("diff-run").await?;
        self.window.wait_for_within("review", LIMITS.work).await?;
        self.window.wait_gone("diff-running", LIMITS.work).await?;
        if place.id == STOPS[0].environments[0].id {
            self.declare().await?;
        }
        self.say(&format!("review and sign the changes in {}", place.id));
        let reviewed = async || self.window.shows("diff-reviewed").await;
        self.sign("diff-review", "the review to be signed", reviewed)
            .await?;
        self.say(&format!("back up {}", place.id));
        self.window
            .eventually("the backup to be taken", LIMITS.work, async || {
                let class = self.window.attribute("backup", "class").await?;
                if class.is_some_and(|class| class.contains("done")) {
                    return Ok(Some(()));
                }
                // One of the same objects, not written to since, still holds: it is not offered then.
                if self.window.offers("backup-take").await? {
                    self.window.press("backup-take").await?;
                }
                Ok(None)
            })
            .await?;
        self.picture(&format!("changes-{}", place.id)).await
    }

    /// One change that nobody wrote down is in the example: it has to be declared.
    async fn declare(&mut self) -> Result<(), WindowFailure> {
        let listed = self.window.eventually(
            "the router's configuration to be listed",
            LIMITS.step,
            async || {
                let objects = self.window.ids("object-").await?;
                Ok(objects
                    .into_iter()
                    .find(|id| id.ends_with("fission-router-config")))
            },
        );
        let object = listed.await?;
        self.window.press(&object).await?;
        self.window.wait_for("undeclared-0").await?;
        self.say("a change that nobody declared: MAX_FUNC_TIMEOUT");
        self.picture("changes-undeclared").await?;
        self.window.press("declare-0").await?;
        self.window
            .type_into("declare-text-0", "函数最长执行时间随 executor 一起调整")
            .await?;
        self.window.press("declare-save-0").await?;
        self.window.wait_gone("undeclared-0", LIMITS.work).await
    }

    async fn sign_checklist(
        &mut self,
        stop: &Stop,
        phase: &str,
        person: Person,
    ) -> Result<(), WindowFailure> {
        self.sit(person).await?;
        self.go("checklist", "screen-checklist").await?;
        self.window.choose("checklist-stage", stop.id).await?;
        self.window.press(&format!("phase-{phase}")).await?;
        self.window
            .wait_attribute(
                &format!("phase-{phase}"),
                "aria-selected",
                LIMITS.step,
                |selected| selected == "true",
            )
            .await?;
        self.picture(&format!("checklist-{}-{phase}-{}", stop.id, person.role))
            .await?;
        let items: Vec<_> = example::items(stop, phase, person).collect();
        for item in &items {
            self.tick(item).await?;
        }
        self.say(&format!(
            "{} signed {} items ({phase}, {})",
            person.name,
            items.len(),
            stop.name
        ));
        Ok(())
    }

    async fn tick(&self, item: &Item) -> Result<(), WindowFailure> {
        let row = format!("item-{}", item.id);
        let passed = async || {
            let state = self.window.attribute(&row, "data-state").await?;
            Ok(state.as_deref() == Some("passed"))
        };
        let what = format!("{} to be signed", item.id);
        self.sign(&format!("tick-{}", item.id), &what, passed).await
    }

    async fn show_gate(&mut self, stop: &Stop) -> Result<(), WindowFailure> {
        self.go("gate", "screen-gate").await?;
        self.window
            .press(&format!("gate-stage-{}", stop.id))
            .await?;
        self.window.wait_for("gate-met").await
    }

    async fn vote(&mut self, stop: &Stop, person: Person) -> Result<(), WindowFailure> {
        self.sit(person).await?;
        self.show_gate(stop).await?;
        self.say(&format!("{} votes go for {}", person.name, stop.name));
        self.window
            .type_into("vote-reason", "条件齐备，同意上线")
            .await?;
        let vote = format!("vote-{}", person.role);
        let voted =
            async || Ok(self.window.attribute(&vote, "data-vote").await?.as_deref() == Some("go"));
        self.sign("vote-go", "the vote to be cast", voted).await
    }
}
