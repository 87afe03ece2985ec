//! Pictures in the order in which they were taken.

use std::path::{Path, PathBuf};

use crate::window::{Window, WindowFailure};

/// A language and a theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// English, light.
    English,
    /// Chinese, dark.
    Dark,
}

/// A folder of numbered pictures.
pub struct Album {
    folder: PathBuf,
    taken: usize,
    looks: bool,
}

impl Album {
    /// An empty album in a folder, whose older pictures go.
    ///
    /// # Errors
    /// When the folder cannot be made or emptied.
    pub fn new(folder: &Path) -> Result<Album, WindowFailure> {
        let failed = |source| WindowFailure::Write {
            path: folder.to_owned(),
            source,
        };
        std::fs::create_dir_all(folder).map_err(failed)?;
        for entry in std::fs::read_dir(folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if path.extension().is_some_and(|ending| ending == "png") {
                std::fs::remove_file(&path).map_err(failed)?;
            }
        }
        Ok(Album {
            folder: folder.to_owned(),
            taken: 0,
            looks: false,
        })
    }

    /// Takes English and dark samples, too.
    pub fn with_looks(self) -> Album {
        Album {
            looks: true,
            ..self
        }
    }

    pub(super) async fn take(&mut self, window: &Window, name: &str) -> Result<(), WindowFailure> {
        self.taken += 1;
        window.dismiss_notifications().await?;
        window
            .screenshot(&self.folder.join(format!("{:02}-{name}.png", self.taken)))
            .await
    }

    pub(super) async fn take_in(
        &mut self,
        window: &Window,
        name: &str,
        looks: &[Look],
    ) -> Result<(), WindowFailure> {
        if !self.looks {
            return Ok(());
        }
        for look in looks {
            match look {
                Look::English => {
                    window.language("en").await?;
                    self.take(window, &format!("{name}-en")).await?;
                    window.language("zh-CN").await?;
                }
                Look::Dark => {
                    window.theme("dark").await?;
                    self.take(window, &format!("{name}-dark")).await?;
                    window.theme("light").await?;
                }
            }
        }
        Ok(())
    }
}
