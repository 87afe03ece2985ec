//! What a person does in the window.

use std::time::Duration;

use fantoccini::actions::{InputSource, MouseActions, PointerAction};

use super::looks::absent;
use super::{LIMITS, Window, WindowFailure};

/// Buttons have numbers; the left one is the first.
const LEFT: u64 = 0;

impl Window {
    /// Clicks what can be clicked, as soon as it can be.
    ///
    /// # Errors
    /// When it does not become clickable in time.
    pub async fn press(&self, testid: &str) -> Result<(), WindowFailure> {
        self.press_within(testid, LIMITS.step).await
    }

    /// The same, with another deadline.
    ///
    /// # Errors
    /// When it does not become clickable in time.
    pub async fn press_within(&self, testid: &str, limit: Duration) -> Result<(), WindowFailure> {
        if self.keyboard.get() {
            return self.key_press(testid, limit).await;
        }
        self.eventually(&format!("{testid} to be pressed"), limit, async || {
            let Some(element) = self.ready(testid).await? else {
                return Ok(None);
            };
            // A click that something else intercepts, or that comes too late for an element that
            // was drawn anew, was not made: it is safe to look again.
            match element.click().await {
                Ok(()) => Ok(Some(())),
                Err(error) => absent(error),
            }
        })
        .await
    }

    /// Replaces what stands in a field, key by key.
    ///
    /// # Errors
    /// When the field does not appear in time, or does not take the text.
    pub async fn type_into(&self, testid: &str, text: &str) -> Result<(), WindowFailure> {
        if self.keyboard.get() {
            return self.key_type(testid, text).await;
        }
        self.eventually(
            &format!("{testid} to take its text"),
            LIMITS.step,
            async || {
                let Some(element) = self.ready(testid).await? else {
                    return Ok(None);
                };
                let typed = async {
                    if element
                        .prop("value")
                        .await?
                        .is_some_and(|value| !value.is_empty())
                    {
                        element.clear().await?;
                    }
                    element.send_keys(text).await?;
                    element.prop("value").await
                };
                match typed.await {
                    Ok(value) => Ok((value.as_deref() == Some(text)).then_some(())),
                    Err(error) => absent(error),
                }
            },
        )
        .await
    }

    /// Chooses an option of a list by its value.
    ///
    /// # Errors
    /// When there is no such option in time.
    pub async fn choose(&self, testid: &str, value: &str) -> Result<(), WindowFailure> {
        if self.keyboard.get() {
            return self.key_choose(testid, value).await;
        }
        self.eventually(
            &format!("{testid} to offer {value}"),
            LIMITS.step,
            async || {
                let Some(element) = self.ready(testid).await? else {
                    return Ok(None);
                };
                match element.select_by_value(value).await {
                    Ok(()) => Ok(Some(())),
                    Err(error) => absent(error),
                }
            },
        )
        .await
    }

    /// Holds the pointer down on something.
    ///
    /// # Errors
    /// When it does not become clickable in time.
    pub async fn hold(&self, testid: &str, time: Duration) -> Result<(), WindowFailure> {
        if self.keyboard.get() {
            return self.key_hold(testid, time).await;
        }
        self.eventually(&format!("{testid} to be held"), LIMITS.step, async || {
            let Some(element) = self.ready(testid).await? else {
                return Ok(None);
            };
            let hand = MouseActions::new("hand".to_owned())
                .then(PointerAction::MoveToElement {
                    element,
                    duration: None,
                    x: 0.0,
                    y: 0.0,
                })
                .then(PointerAction::Down { button: LEFT })
                .then(PointerAction::Pause { duration: time })
                .then(PointerAction::Up { button: LEFT });
            match self.driver.client.perform_actions(hand).await {
                Ok(()) => Ok(Some(())),
                Err(error) => absent(error),
            }
        })
        .await
    }

    /// Presses keys together and lets them go, wherever the focus is.
    ///
    /// # Errors
    /// When the driver refuses.
    pub async fn key(&self, keys: &[char]) -> Result<(), WindowFailure> {
        self.stroke(keys, 1).await
    }

    /// Makes the window larger or smaller, up to the screen.
    ///
    /// # Errors
    /// When the driver refuses, or the page stays as it was.
    pub async fn resize(&self, (width, height): (u32, u32)) -> Result<(), WindowFailure> {
        let resized = self.driver.client.set_window_size(width, height).await;
        resized.map_err(|source| WindowFailure::Driver {
            what: format!("making the window {width} × {height}"),
            source: Box::new(source),
        })?;
        self.size.set((width, height));
        self.wait_fitting().await
    }

    /// Speaks a language: `zh-CN` or `en`.
    ///
    /// # Errors
    /// When the window goes on in another one.
    pub async fn language(&self, wanted: &str) -> Result<(), WindowFailure> {
        let spoken = async || {
            Ok::<_, WindowFailure>(
                self.script("return document.documentElement.lang", vec![])
                    .await?
                    .as_str()
                    == Some(wanted),
            )
        };
        if !spoken().await? {
            self.press("language").await?;
        }
        self.eventually(
            &format!("the window to speak {wanted}"),
            LIMITS.step,
            async || Ok(spoken().await?.then_some(())),
        )
        .await
    }

    /// Takes on a look: `light`, `dark` or `system`.
    ///
    /// # Errors
    /// When the window does not take it on.
    pub async fn theme(&self, wanted: &str) -> Result<(), WindowFailure> {
        self.eventually(&format!("the theme {wanted}"), LIMITS.step, async || {
            if self
                .attribute("theme", "data-theme-choice")
                .await?
                .as_deref()
                == Some(wanted)
            {
                return Ok(Some(()));
            }
            self.press("theme").await?;
            Ok(None)
        })
        .await
    }
}
