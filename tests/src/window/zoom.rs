//! How large everything in the window is.

use std::cmp::Ordering;

use super::keyboard::CONTROL;
use super::{LIMITS, Window, WindowFailure};

impl Window {
    /// Makes everything so large, in percent, with the keys for it: they work behind dialogs, too.
    ///
    /// # Errors
    /// When the window stays as it was.
    pub async fn zoom(&self, percent: u32) -> Result<(), WindowFailure> {
        self.eventually(&format!("a zoom of {percent}"), LIMITS.step, async || {
            let key = match self.shown_zoom().await?.cmp(&u64::from(percent)) {
                Ordering::Less => '+',
                Ordering::Greater => '-',
                Ordering::Equal => return Ok(Some(())),
            };
            self.key(&[CONTROL, key]).await?;
            Ok(None)
        })
        .await?;
        self.wait_zoomed(percent).await
    }

    /// Waits until everything is so large, in percent, and the window says so.
    ///
    /// # Errors
    /// When it does not become so in time.
    pub async fn wait_zoomed(&self, percent: u32) -> Result<(), WindowFailure> {
        let says = async || Ok((self.shown_zoom().await? == u64::from(percent)).then_some(()));
        self.eventually(&format!("{percent} % to be shown"), LIMITS.step, says)
            .await?;
        self.zoom.set(percent);
        self.wait_fitting().await
    }

    /// Waits until the page is as large as window and zoom make it, in its own pixels.
    pub(super) async fn wait_fitting(&self) -> Result<(), WindowFailure> {
        let (width, height) = self.size.get();
        let zoomed = |pixels: u32| pixels * 100 / self.zoom.get();
        let (width, height) = (zoomed(width), zoomed(height));
        let what = format!("the page to be {width} × {height}");
        self.eventually(&what, LIMITS.step, async || {
            let script = "return innerWidth === arguments[0] && innerHeight === arguments[1]";
            let fits = self
                .script(script, vec![width.into(), height.into()])
                .await?;
            Ok((fits.as_bool() == Some(true)).then_some(()))
        })
        .await
    }

    async fn shown_zoom(&self) -> Result<u64, WindowFailure> {
        let script = "return Number(document.querySelector('[data-testid=zoom]')?.value)";
        let shown = self.script(script, vec![]).await?;
        Ok(shown.as_u64().unwrap_or_default())
    }
}
