//! Pictures of the window, as it stands on the screen.

use std::path::Path;

use super::{Window, WindowFailure};
use crate::desktop::{Area, DesktopFailure};

/// Looks at a screen that does not come to rest: something on it moves, and it is a picture all the same.
const LOOKS: usize = 12;

impl Window {
    /// Saves a picture of the window.
    ///
    /// # Errors
    /// When the window is of another size or not on the screen, or the picture cannot be written.
    pub async fn screenshot(&self, path: &Path) -> Result<(), WindowFailure> {
        self.drawn().await?;
        let area = self.area().await?;
        let png = self.pixels.still(area, LOOKS).await?;
        let write = |path: &Path| {
            path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
            std::fs::write(path, &png)
        };
        write(path).map_err(|source| WindowFailure::Write {
            path: path.to_owned(),
            source,
        })
    }

    /// Takes everything from the screen that the notification daemon shows over the window.
    ///
    /// # Errors
    /// When the daemon does not answer.
    pub async fn dismiss_notifications(&self) -> Result<(), WindowFailure> {
        let dismissed = async {
            let bus = zbus::connection::Builder::address(self.bus.as_str())?
                .build()
                .await?;
            let daemon = zbus::Proxy::new(
                &bus,
                "org.freedesktop.Notifications",
                "/org/freedesktop/Notifications",
                "org.dunstproject.cmd0",
            );
            daemon
                .await?
                .call_noreply("NotificationCloseAll", &())
                .await
        };
        Ok(dismissed.await.map_err(DesktopFailure::from)?)
    }

    /// Where the window is: as large as it was made.
    async fn area(&self) -> Result<Area, WindowFailure> {
        let asked = self.driver.client.get_window_rect().await;
        let (left, top, wide, high) = asked.map_err(|source| WindowFailure::Driver {
            what: "asking where the window is".to_owned(),
            source: Box::new(source),
        })?;
        let (width, height) = self.size.get();
        if (wide, high) != (width.into(), height.into()) {
            return Err(WindowFailure::Picture(wide, high));
        }
        let pixels = |length: u64| {
            let nowhere = DesktopFailure::NotReady("the window's place on the screen");
            u32::try_from(length).map_err(|_| nowhere)
        };
        Ok(Area {
            left: pixels(left)?,
            top: pixels(top)?,
            width,
            height,
        })
    }

    /// Waits until what the page is now has been drawn: the second frame comes after the first
    /// one is on its way to the screen.
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
