//! What a person looks for in the window, and waits for.

use std::time::Duration;

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::error::{CmdError, ErrorStatus};
use serde_json::Value;

use super::{LIMITS, Window, WindowFailure};
use crate::desktop::until;

fn selector(testid: &str) -> String {
    format!("[data-testid=\"{testid}\"]")
}

impl Window {
    /// Waits until something is to be seen.
    ///
    /// # Errors
    /// When it does not appear in time.
    pub async fn wait_for(&self, testid: &str) -> Result<(), WindowFailure> {
        self.wait_for_within(testid, LIMITS.step).await
    }

    /// The same, with another deadline.
    ///
    /// # Errors
    /// When it does not appear in time.
    pub async fn wait_for_within(
        &self,
        testid: &str,
        limit: Duration,
    ) -> Result<(), WindowFailure> {
        self.eventually(&format!("{testid} to appear"), limit, async || {
            Ok(self.shows(testid).await?.then_some(()))
        })
        .await
    }

    /// Waits until something is gone.
    ///
    /// # Errors
    /// When it stays.
    pub async fn wait_gone(&self, testid: &str, limit: Duration) -> Result<(), WindowFailure> {
        self.eventually(&format!("{testid} to go"), limit, async || {
            Ok((!self.shows(testid).await?).then_some(()))
        })
        .await
    }

    /// Waits until a text is what it should be, and returns it.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub async fn wait_text(
        &self,
        testid: &str,
        limit: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, WindowFailure> {
        self.eventually(&format!("the right text in {testid}"), limit, async || {
            Ok(self.text(testid).await?.filter(|text| wanted(text)))
        })
        .await
    }

    /// Waits until an attribute is what it should be, and returns it.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub async fn wait_attribute(
        &self,
        testid: &str,
        attribute: &str,
        limit: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, WindowFailure> {
        self.eventually(
            &format!("the right {attribute} of {testid}"),
            limit,
            async || {
                Ok(self
                    .attribute(testid, attribute)
                    .await?
                    .filter(|value| wanted(value)))
            },
        )
        .await
    }

    /// The code of a failure that is shown, once it is.
    ///
    /// # Errors
    /// When none is shown in time.
    pub async fn failure_code(&self, testid: &str) -> Result<String, WindowFailure> {
        self.wait_attribute(testid, "data-code", LIMITS.work, |code| !code.is_empty())
            .await
    }

    /// The text of something, as it is read now.
    ///
    /// # Errors
    /// When it does not appear in time.
    pub async fn read(&self, testid: &str) -> Result<String, WindowFailure> {
        self.wait_text(testid, LIMITS.step, |_| true).await
    }

    /// Whether something is to be seen now.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn shows(&self, testid: &str) -> Result<bool, WindowFailure> {
        // Not the driver's own judgement: WebKit's takes a short text that is cut off nowhere, in a box
        // that would cut it off, for hidden.
        let script = "const one = document.querySelector(`[data-testid=\"${arguments[0]}\"]`), box = one?.getBoundingClientRect();\
            return Boolean(one?.checkVisibility({ visibilityProperty: true, opacityProperty: true })) && box.width > 0 && box.height > 0";
        let shown = self.script(script, vec![testid.into()]).await?;
        Ok(shown.as_bool() == Some(true))
    }

    /// Whether something is to be seen and can be pressed now.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn offers(&self, testid: &str) -> Result<bool, WindowFailure> {
        Ok(self.ready(testid).await?.is_some())
    }

    /// An attribute of something that is there now.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn attribute(
        &self,
        testid: &str,
        attribute: &str,
    ) -> Result<Option<String>, WindowFailure> {
        let Some(element) = self.find(testid).await? else {
            return Ok(None);
        };
        Ok(self.or_absent(element.attr(attribute).await)?.flatten())
    }

    /// The ids that begin with a prefix and can be seen now, in the order of the page.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn ids(&self, prefix: &str) -> Result<Vec<String>, WindowFailure> {
        let script = "return [...document.querySelectorAll(`[data-testid^=\"${arguments[0]}\"]`)]\
            .filter((one) => one.checkVisibility()).map((one) => one.dataset.testid)";
        let found = self.script(script, vec![prefix.into()]).await?;
        let ids = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|id| id.as_str().map(str::to_owned));
        Ok(ids.collect())
    }

    /// The ids that begin with a prefix with an attribute of theirs, where they have it.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn attributes(
        &self,
        prefix: &str,
        attribute: &str,
    ) -> Result<Vec<(String, String)>, WindowFailure> {
        let script = "return [...document.querySelectorAll(`[data-testid^=\"${arguments[0]}\"][${arguments[1]}]`)]\
            .map((one) => [one.dataset.testid, one.getAttribute(arguments[1])])";
        let found = self
            .script(script, vec![prefix.into(), attribute.into()])
            .await?;
        let pairs = found.as_array().into_iter().flatten().filter_map(|pair| {
            Some((
                pair.get(0)?.as_str()?.to_owned(),
                pair.get(1)?.as_str()?.to_owned(),
            ))
        });
        Ok(pairs.collect())
    }

    /// Waits for a condition on the window, and says what it was about when it does not come.
    ///
    /// # Errors
    /// When the condition does not come in time.
    pub async fn eventually<T>(
        &self,
        what: &str,
        limit: Duration,
        look: impl AsyncFn() -> Result<Option<T>, WindowFailure>,
    ) -> Result<T, WindowFailure> {
        if let Some(found) = until(limit, look).await? {
            return Ok(found);
        }
        Err(WindowFailure::Waited {
            what: what.to_owned(),
            seconds: limit.as_secs(),
            seen: self.seen().await,
            evidence: self.evidence().await,
        })
    }

    /// Runs a script that only looks. Whatever is done is done by clicks and keys.
    ///
    /// # Errors
    /// When the driver fails.
    pub async fn script(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, WindowFailure> {
        let ran = self.driver.client.execute(script, arguments).await;
        ran.map_err(|source| WindowFailure::Driver {
            what: format!("running {script}"),
            source: Box::new(source),
        })
    }

    /// Runs a script that ends by calling its last argument with what it found.
    ///
    /// # Errors
    /// When the driver fails, or the script does not end in time.
    pub async fn script_until(
        &self,
        script: &str,
        arguments: Vec<Value>,
    ) -> Result<Value, WindowFailure> {
        let ran = self.driver.client.execute_async(script, arguments).await;
        ran.map_err(|source| WindowFailure::Driver {
            what: "running a script to its end".to_owned(),
            source: Box::new(source),
        })
    }

    async fn text(&self, testid: &str) -> Result<Option<String>, WindowFailure> {
        let Some(element) = self.find(testid).await? else {
            return Ok(None);
        };
        self.or_absent(element.text().await)
    }

    async fn find(&self, testid: &str) -> Result<Option<Element>, WindowFailure> {
        self.or_absent(
            self.driver
                .client
                .find(Locator::Css(&selector(testid)))
                .await,
        )
    }

    /// The element, if it can be seen and pressed.
    pub(super) async fn ready(&self, testid: &str) -> Result<Option<Element>, WindowFailure> {
        let Some(element) = self.find(testid).await? else {
            return Ok(None);
        };
        let enabled = self.or_absent(element.is_enabled().await)?;
        let ready = enabled.unwrap_or(false) && self.shows(testid).await?;
        Ok(ready.then_some(element))
    }

    fn or_absent<T>(&self, answer: Result<T, CmdError>) -> Result<Option<T>, WindowFailure> {
        match answer {
            Ok(found) => Ok(Some(found)),
            Err(error) => absent(error),
        }
    }

    /// What is on the page, in few words.
    async fn seen(&self) -> String {
        let script = "const note = document.querySelector('[data-code]');\
            return `screen ${document.querySelector('[data-testid=app]')?.dataset.screen}` + (note ? `, failure ${note.dataset.code}: ${note.innerText}` : '')";
        match self.script(script, vec![]).await {
            Ok(Value::String(seen)) => seen,
            Ok(_) => "nothing was to be seen".to_owned(),
            Err(error) => error.to_string(),
        }
    }
}

/// Not there, or not any more, or not to be clicked yet: look again. Anything else is a failure.
pub(super) fn absent<T>(error: CmdError) -> Result<Option<T>, WindowFailure> {
    let passing = error.is_no_such_element()
        || error.is_stale_element_reference()
        || matches!(&error, CmdError::Standard(answer) if answer.error == ErrorStatus::ElementClickIntercepted)
        || error.is_element_not_interactable()
        // Drawn anew while the driver was describing it: an element that was not found yet.
        || error.to_string().contains("Could not parse element info");
    if passing {
        return Ok(None);
    }
    Err(WindowFailure::Driver {
        what: "driving the window".to_owned(),
        source: Box::new(error),
    })
}
