//! The same things done with keys alone: the target is reached by Tab and arrow keys from wherever
//! the focus is, never by a script or the pointer.

use std::time::Duration;

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use serde::Deserialize;

use super::{LIMITS, Window, WindowFailure};

const TAB: char = '\u{e004}';
const SHIFT: char = '\u{e008}';
pub(super) const CONTROL: char = '\u{e009}';
const UP: char = '\u{e013}';
const RIGHT: char = '\u{e014}';
const DOWN: char = '\u{e015}';
const DELETE: char = '\u{e017}';

/// More than the stops of any screen: whoever presses Tab so often goes round in a circle.
const ROUNDS: usize = 60;

/// Where the focus is, and where it has to go. Only looks.
const WHERE: &str = r#"
const able = 'button, a[href], input, select, textarea, summary, [tabindex]';
const there = (one) => !one.disabled && one.checkVisibility();
const found = document.querySelector(`[data-testid="${arguments[0]}"]`);
if (!found) return null;
const target = found.matches(able) ? found : (found.querySelector(able) ?? found.closest(able));
if (!target || !there(target)) return null;
const dialogs = document.querySelectorAll('[aria-modal=true]');
const inside = dialogs[dialogs.length - 1] ?? document.body;
const stops = [...inside.querySelectorAll(able)].filter((one) => one.tabIndex >= 0 && there(one));
const active = document.activeElement;
// One stop for a group; arrow keys move within.
const one_of = (one) => target.type === 'radio' && one.type === 'radio' && one.name === target.name;
const group = target.tabIndex < 0 ? target.closest('[role=tablist], [role=radiogroup], [role=listbox], [role=grid]') : null;
const mates = stops.filter((one) => (group ? group.contains(one) : one_of(one)));
const way = group || mates.length ? (mates.find((one) => one.checked) ?? mates[0]) : target;
const box = active.getBoundingClientRect();
const over = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 12));
// Around it, or around the box that it fills.
const ring = [active, active.parentElement].some((one) => {
  const style = one && getComputedStyle(one);
  return style && ((style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none');
});
return {
  there: active === target,
  at: stops.indexOf(active),
  to: way ? stops.indexOf(way) : -1,
  in_group: Boolean(group ? group.contains(active) : one_of(active)),
  seen: active !== target || (ring && Boolean(over) && (active.contains(over) || over.contains(active))),
};
"#;

#[derive(Debug, Deserialize)]
struct Where {
    there: bool,
    at: i64,
    to: i64,
    in_group: bool,
    seen: bool,
}

impl Window {
    /// From now on everything is done with the keyboard.
    pub fn use_keyboard(&self) {
        self.keyboard.set(true);
    }

    /// What had the focus without showing it, or under something else.
    pub fn unseen_focus(&self) -> Vec<String> {
        self.unseen.borrow().clone()
    }

    /// Brings the focus to something. None while it cannot be reached.
    async fn reach(&self, testid: &str) -> Result<Option<()>, WindowFailure> {
        for _ in 0..ROUNDS {
            let found = self.script(WHERE, vec![testid.into()]).await?;
            let Ok(found) = serde_json::from_value::<Where>(found) else {
                return Ok(None);
            };
            if found.there {
                if !found.seen {
                    self.unseen.borrow_mut().push(testid.to_owned());
                }
                return Ok(Some(()));
            }
            if found.in_group {
                self.stroke(&[RIGHT], 1).await?;
            } else if found.to < 0 {
                return Ok(None);
            } else if found.at < 0 || found.to > found.at {
                let steps = if found.at < 0 { 1 } else { found.to - found.at };
                self.stroke(&[TAB], steps).await?;
            } else {
                self.stroke(&[SHIFT, TAB], found.at - found.to).await?;
            }
        }
        Ok(None)
    }

    /// Presses keys together and lets them go, so many times.
    pub(super) async fn stroke(&self, keys: &[char], times: i64) -> Result<(), WindowFailure> {
        let once = || {
            let down = keys.iter().map(|key| KeyAction::Down { value: *key });
            let up = keys.iter().rev().map(|key| KeyAction::Up { value: *key });
            down.chain(up)
        };
        let all = (0..times.max(1)).flat_map(|_| once());
        self.strokes(all).await
    }

    async fn strokes(&self, all: impl Iterator<Item = KeyAction>) -> Result<(), WindowFailure> {
        let hands = all.fold(KeyActions::new("hands".to_owned()), KeyActions::then);
        let pressed = self.driver.client.perform_actions(hands).await;
        pressed.map_err(|source| WindowFailure::Driver {
            what: "pressing keys".to_owned(),
            source: Box::new(source),
        })
    }

    pub(super) async fn key_press(
        &self,
        testid: &str,
        limit: Duration,
    ) -> Result<(), WindowFailure> {
        let what = format!("{testid} to be reached by keys, and pressed");
        self.eventually(&what, limit, async || {
            if self.ready(testid).await?.is_none() || self.reach(testid).await?.is_none() {
                return Ok(None);
            }
            self.stroke(&[' '], 1).await.map(Some)
        })
        .await
    }

    pub(super) async fn key_hold(&self, testid: &str, time: Duration) -> Result<(), WindowFailure> {
        let what = format!("{testid} to be reached by keys, and held");
        self.eventually(&what, LIMITS.step, async || {
            if self.ready(testid).await?.is_none() || self.reach(testid).await?.is_none() {
                return Ok(None);
            }
            let held = [
                KeyAction::Down { value: ' ' },
                KeyAction::Pause { duration: time },
                KeyAction::Up { value: ' ' },
            ];
            self.strokes(held.into_iter()).await.map(Some)
        })
        .await
    }

    pub(super) async fn key_type(&self, testid: &str, text: &str) -> Result<(), WindowFailure> {
        let what = format!("{testid} to be reached by keys, and typed into");
        self.eventually(&what, LIMITS.step, async || {
            if self.ready(testid).await?.is_none() || self.reach(testid).await?.is_none() {
                return Ok(None);
            }
            self.stroke(&[CONTROL, 'a'], 1).await?;
            self.stroke(&[DELETE], 1).await?;
            let keys = text
                .chars()
                .flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
            self.strokes(keys).await?;
            let script =
                "return document.querySelector(`[data-testid=\"${arguments[0]}\"]`)?.value";
            let value = self.script(script, vec![testid.into()]).await?;
            Ok((value.as_str() == Some(text)).then_some(()))
        })
        .await
    }

    pub(super) async fn key_choose(&self, testid: &str, value: &str) -> Result<(), WindowFailure> {
        let what = format!("{value} to be chosen by keys in {testid}");
        self.eventually(&what, LIMITS.step, async || {
            if self.ready(testid).await?.is_none() || self.reach(testid).await?.is_none() {
                return Ok(None);
            }
            let script = "const list = document.querySelector(`[data-testid=\"${arguments[0]}\"]`);\
                return [...list.options].findIndex((one) => one.value === arguments[1]) - list.selectedIndex";
            let off = async || {
                let off = self.script(script, vec![testid.into(), value.into()]).await?;
                Ok::<_, WindowFailure>(off.as_i64().unwrap_or(0))
            };
            match off().await? {
                0 => {}
                down if down > 0 => self.stroke(&[DOWN], down).await?,
                up => self.stroke(&[UP], -up).await?,
            }
            Ok((off().await? == 0).then_some(()))
        })
        .await
    }
}
