//! Pictures of the window.

use std::path::Path;

use super::{LIMITS, Window, WindowFailure};

impl Window {
    /// Saves a picture of the window.
    ///
    /// # Errors
    /// When it cannot be taken (never without OpenGL), is of another size, or cannot be written.
    pub async fn screenshot(&self, path: &Path) -> Result<(), WindowFailure> {
        // Without OpenGL the driver waits for a frame for ever.
        let taken = tokio::time::timeout(LIMITS.step, async {
            self.drawn().await?;
            let taken = self.driver.client.screenshot().await;
            taken.map_err(|source| WindowFailure::Driver {
                what: "taking a picture".to_owned(),
                source: Box::new(source),
            })
        });
        let png = taken.await.map_err(|_| WindowFailure::NoPicture)??;
        let write = |path: &Path| {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, &png)
        };
        write(path).map_err(|source| WindowFailure::Write {
            path: path.to_owned(),
            source,
        })?;
        match size(&png) {
            Some(size) if size == self.size.get() => Ok(()),
            found => {
                let (width, height) = found.unwrap_or_default();
                Err(WindowFailure::Picture(width, height))
            }
        }
    }

    /// Waits until what the page is now has been drawn: the second frame comes after the first
    /// one is on the screen.
    async fn drawn(&self) -> Result<(), WindowFailure> {
        let script = "const done = arguments[0];\
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0)))";
        let drawn = self.driver.client.execute_async(script, vec![]).await;
        drawn.map(drop).map_err(|source| WindowFailure::Driver {
            what: "waiting for a frame".to_owned(),
            source: Box::new(source),
        })
    }
}

/// Width and height of a PNG: two numbers in the header chunk, which is always first.
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let number = |at: usize| png.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
    Some((number(16)?, number(20)?))
}
