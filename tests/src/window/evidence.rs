//! What a failure leaves behind: a picture, the words on the page, the program's log.

use std::path::Path;

use super::{Evidence, Window};

impl Window {
    /// Saves all of it; what cannot be had is left out, for there is a failure to report already.
    pub(super) async fn evidence(&self) -> Evidence {
        let folder = &self.evidence;
        if std::fs::create_dir_all(folder).is_err() {
            return Evidence(None);
        }
        if let Ok(text) = self.script("return document.body.innerText", vec![]).await {
            let _ = std::fs::write(folder.join("page.txt"), text.as_str().unwrap_or_default());
        }
        if let Ok(html) = self.driver.client.source().await {
            let _ = std::fs::write(folder.join("page.html"), html);
        }
        let mut log = std::fs::read(self.driver.log()).unwrap_or_default();
        for file in logs(&self.data_folder) {
            log.extend(format!("\n━━ {} ━━\n", file.display()).bytes());
            log.extend(std::fs::read(file).unwrap_or_default());
        }
        let _ = std::fs::write(folder.join("program.log"), log);
        // The whole screen: it shows something even when neither window nor driver answers.
        if let Ok(png) = self.pixels.png() {
            let _ = std::fs::write(folder.join("screenshot.png"), png);
        }
        Evidence(Some(folder.clone()))
    }
}

fn logs(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = [folder.to_owned(), folder.join("logs"), folder.join("log")]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| path.is_file() && path.to_string_lossy().contains(".log"))
        .collect();
    found.sort();
    found
}
