//! Who sits at the workstation, and their keys.

use super::Play;
use super::example::{MANAGER, OPERATOR, PASSPHRASE, Person, VERIFIER};
use crate::window::{LIMITS, WindowFailure};

impl Play {
    /// Everyone makes a key of their own. The manager's is the first one, and the manager witnesses the
    /// others; the operator, who comes last, stays in the seat.
    ///
    /// # Errors
    /// When a key cannot be made.
    pub async fn create_keys(&mut self) -> Result<(), WindowFailure> {
        self.window.press("person-chip").await?;
        self.window.wait_for("people-dialog").await?;
        for person in [MANAGER, VERIFIER, OPERATOR] {
            self.say(&format!("{} makes a key", person.name));
            self.window
                .press(&format!("key-create-{}", person.id))
                .await?;
            self.window.type_into("passphrase", PASSPHRASE).await?;
            self.window
                .type_into("passphrase-again", PASSPHRASE)
                .await?;
            if person != MANAGER {
                self.window.choose("key-witness", MANAGER.id).await?;
                self.window
                    .type_into("witness-passphrase", PASSPHRASE)
                    .await?;
            }
            self.window.press("key-confirm").await?;
            let state = format!("key-state-{}", person.id);
            self.window
                .wait_attribute(&state, "data-state", LIMITS.work, |state| {
                    state == "unlocked"
                })
                .await?;
        }
        self.picture("people").await?;
        self.window.press("people-close").await?;
        self.window.wait_gone("people-dialog", LIMITS.step).await
    }

    /// Somebody sits down, with their passphrase.
    ///
    /// # Errors
    /// When the seat cannot be changed.
    pub async fn sit(&mut self, person: Person) -> Result<(), WindowFailure> {
        if self
            .window
            .attribute("person-chip", "data-person")
            .await?
            .as_deref()
            == Some(person.id)
        {
            return Ok(());
        }
        self.say(&format!("{} sits down", person.name));
        self.window.press("person-chip").await?;
        self.window.press(&format!("person-{}", person.id)).await?;
        self.window.type_into("passphrase", PASSPHRASE).await?;
        self.window.press("key-confirm").await?;
        self.window
            .wait_attribute("person-chip", "data-person", LIMITS.work, |id| {
                id == person.id
            })
            .await?;
        self.window.press("people-close").await?;
        self.window.wait_gone("people-dialog", LIMITS.step).await
    }

    /// Presses something that is signed, and opens the key if it is locked. Comes back as soon as
    /// it is done, which `done` tells.
    ///
    /// # Errors
    /// When it does not become done.
    pub(super) async fn sign(
        &self,
        press: &str,
        what: &str,
        done: impl AsyncFn() -> Result<bool, WindowFailure>,
    ) -> Result<(), WindowFailure> {
        self.window.press(press).await?;
        let window = &self.window;
        let opened = std::cell::Cell::new(false);
        window
            .eventually(what, LIMITS.work, async || {
                if done().await? {
                    return Ok(Some(()));
                }
                if !opened.get() && window.offers("passphrase").await? {
                    window.type_into("passphrase", PASSPHRASE).await?;
                    window.press("key-confirm").await?;
                    opened.set(true);
                }
                Ok(None)
            })
            .await
    }
}
