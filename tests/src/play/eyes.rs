//! Looks at every screen as people who see or hear it in other ways would have it: axe in light and
//! dark and both languages, and the smallest window and everything twice as large without lost controls.

use std::collections::BTreeSet;

use crate::desktop::SIZE;
use crate::window::{Window, WindowFailure};

/// The smallest window that the program allows.
pub const SMALLEST: (u32, u32) = (1120, 720);

/// The largest that everything can be, in percent.
const LARGEST: u32 = 200;

/// Controls that are cut off where nothing scrolls to them, and a page wider than its window.
const LOST: &str = r#"
const lost = (one) => {
  let box = one.getBoundingClientRect();
  if (box.width <= 1 || box.height <= 1) return false;
  for (let up = one.parentElement; up && up !== document.documentElement; up = up.parentElement) {
    const { overflowX, overflowY } = getComputedStyle(up), clip = up.getBoundingClientRect();
    if (/auto|scroll/.test(overflowX + overflowY)) { box = clip; continue; }
    if (/hidden|clip/.test(overflowX) && (box.right > clip.right + 3 || box.left < clip.left - 3)) return true;
    if (/hidden|clip/.test(overflowY) && (box.bottom > clip.bottom + 3 || box.top < clip.top - 3)) return true;
  }
  return box.right > innerWidth + 1 || box.left < -1 || box.bottom > innerHeight + 1 || box.top < -1;
};
const wrong = [...document.querySelectorAll('button, a[href], input, select, textarea')]
  .filter((one) => one.checkVisibility() && lost(one))
  .map((one) => `${one.dataset.testid ?? one.outerHTML.slice(0, 80)} is cut off`);
// The page may be longer than its place, never wider.
const main = document.querySelector('main > *');
if (main && main.scrollWidth > main.clientWidth) wrong.push(`the screen is ${main.scrollWidth} wide, its place ${main.clientWidth}`);
for (const { scrollWidth, scrollHeight } of [document.scrollingElement, document.body]) {
  if (scrollWidth > innerWidth) wrong.push(`the page is ${scrollWidth} wide, the window ${innerWidth}`);
  if (scrollHeight > innerHeight) wrong.push(`the page is ${scrollHeight} high, the window ${innerHeight}`);
}
return wrong;
"#;

/// What was looked at, and what was wrong with it.
#[derive(Debug, Default)]
pub struct Eyes {
    seen: BTreeSet<String>,
    looks: usize,
    wrong: BTreeSet<String>,
}

impl Eyes {
    /// Everything that was found wrong, once each.
    pub fn wrong(&self) -> Vec<String> {
        self.wrong.iter().cloned().collect()
    }

    /// How many times axe looked at a page.
    pub fn looks(&self) -> usize {
        self.looks
    }

    /// Looks at a screen that it has not seen before; one of another stage is the same.
    pub(super) async fn look(&mut self, window: &Window, name: &str) -> Result<(), WindowFailure> {
        let kind: Vec<&str> = name.split('-').take(2).collect();
        if !self.seen.insert(kind.join("-")) {
            return Ok(());
        }
        // Behind a dialog, nobody can turn the language.
        let dialog = "return Boolean(document.querySelector('[aria-modal=true]'))";
        let languages: &[&str] = match window.script(dialog, vec![]).await?.as_bool() {
            Some(true) => &["zh-CN"],
            _ => &["en", "zh-CN"],
        };
        for language in languages {
            window.language(language).await?;
            for theme in ["light", "dark"] {
                self.looks += 1;
                for wrong in window.axe(theme).await? {
                    self.wrong
                        .insert(format!("{name}, {language}, {theme}: {wrong}"));
                }
            }
            window.resize(SMALLEST).await?;
            self.miss(window, &format!("{name}, {language}, smallest"))
                .await?;
            window.zoom(LARGEST).await?;
            self.miss(
                window,
                &format!("{name}, {language}, smallest at {LARGEST} %"),
            )
            .await?;
            window.resize(SIZE).await?;
            self.miss(window, &format!("{name}, {language}, {LARGEST} %"))
                .await?;
            window.zoom(100).await?;
        }
        Ok(())
    }

    /// Looks for controls that nobody can reach.
    async fn miss(&mut self, window: &Window, where_: &str) -> Result<(), WindowFailure> {
        let lost = window.script(LOST, vec![]).await?;
        let lost = lost.as_array().into_iter().flatten();
        self.wrong
            .extend(lost.map(|wrong| format!("{where_}: {wrong}")));
        Ok(())
    }
}
