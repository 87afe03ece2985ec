//! What axe-core finds on the page, in the real web view with its real colours and boxes.

use serde_json::Value;

use super::{Window, WindowFailure};
use crate::folders;

/// Ends with the violations as texts: rule, elements, and what is wrong with the first.
const RUN: &str = r#"
const done = arguments[arguments.length - 1];
axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
  .then(({ violations }) => done(violations.map(({ id, nodes }) =>
    `${id} in ${nodes.map(({ target }) => target.join(' ')).slice(0, 3).join(' | ')} (${nodes.length}): ${nodes[0].failureSummary.replace(/\s+/g, ' ')}`)))
  .catch((error) => done([`axe itself failed: ${error}`]));
"#;

impl Window {
    /// Everything that axe finds wrong with the page as it stands, in a theme (`light`, `dark`).
    ///
    /// # Errors
    /// When axe-core is not installed, or the driver fails.
    pub async fn axe(&self, theme: &str) -> Result<Vec<String>, WindowFailure> {
        let is_there = self.script("return Boolean(window.axe)", vec![]).await?;
        if is_there != Value::Bool(true) {
            let path = folders::project().join("ui/node_modules/axe-core/axe.min.js");
            let failed = |source| WindowFailure::Read {
                path: path.clone(),
                source,
            };
            let source = std::fs::read_to_string(&path).map_err(failed)?;
            self.script(&source, vec![]).await?;
        }
        // A look only: the program's own choice stays what it is.
        let look = "const html = document.documentElement, was = html.dataset.theme; \
            html.dataset.theme = arguments[0]; return was";
        let was = self.script(look, vec![theme.into()]).await?;
        let found = self.script_until(RUN, vec![]).await?;
        self.script(look, vec![was]).await?;
        let texts = found.as_array().into_iter().flatten();
        Ok(texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect())
    }
}
