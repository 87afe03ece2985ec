//! What notifications say, in both languages.

use contract::Language;
use domain::NotificationKind;
use engine::ports::DesktopNotice;

/// A sentence in both languages.
struct Sentence {
    zh: &'static str,
    en: &'static str,
}

impl Sentence {
    fn in_language(&self, language: Language) -> &'static str {
        match language {
            Language::ZhCn => self.zh,
            Language::En => self.en,
        }
    }
}

/// The button that brings the window forward.
const OPEN: Sentence = Sentence {
    zh: "打开 Pilothouse",
    en: "Open Pilothouse",
};

fn headline(kind: NotificationKind) -> Sentence {
    let (zh, en) = match kind {
        NotificationKind::Done => ("上线完成", "Rollout completed"),
        NotificationKind::Failed => ("上线失败，可以回滚", "Rollout failed; you can roll back"),
        NotificationKind::NeedsYou => ("需要你处理", "Action required"),
        NotificationKind::RolledBack => (
            "已回滚，旧版本健康",
            "Rolled back; the old version is healthy",
        ),
    };
    Sentence { zh, en }
}

/// A notification as the desktop gets it: plain text, nothing escaped yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    /// Environment and what happened there.
    pub title: String,
    /// Release and modules.
    pub body: String,
    /// Label of the button that brings the window forward.
    pub open: &'static str,
}

impl Words {
    pub(super) fn of(notice: &DesktopNotice, language: Language) -> Words {
        let (place, separator) = match language {
            Language::ZhCn => (&notice.environment_name.zh, "、"),
            Language::En => (&notice.environment_name.en, ", "),
        };
        let modules: Vec<_> = notice.modules.iter().map(|m| m.as_str()).collect();
        let modules = modules.join(separator);
        Words {
            title: format!("{place} · {}", headline(notice.kind).in_language(language)),
            body: format!("{} · {}\n{modules}", notice.release, notice.title),
            open: OPEN.in_language(language),
        }
    }

    /// The body for a daemon that may read it as markup: nothing in it is taken for a tag.
    #[cfg_attr(not(target_os = "linux"), allow(dead_code))]
    pub(super) fn escaped(&self) -> String {
        let escaped = self.body.replace('&', "&amp;");
        escaped.replace('<', "&lt;").replace('>', "&gt;")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(kind: NotificationKind, title: &str) -> DesktopNotice {
        DesktopNotice {
            kind,
            release: "REL-20260915-01".into(),
            title: title.into(),
            environment: "sz-prod".into(),
            environment_name: domain::Text {
                zh: "苏州 prod".into(),
                en: "Suzhou prod".into(),
            },
            modules: vec!["fission-router".into(), "fission-agent".into()],
        }
    }

    #[test]
    fn a_notification_names_place_release_and_modules_in_both_languages() {
        let notice = notice(NotificationKind::Failed, "26Q3-05 迭代上线");
        assert_eq!(
            Words::of(&notice, Language::ZhCn),
            Words {
                title: "苏州 prod · 上线失败，可以回滚".into(),
                body: "REL-20260915-01 · 26Q3-05 迭代上线\nfission-router、fission-agent".into(),
                open: "打开 Pilothouse",
            }
        );
        let english = Words::of(&notice, Language::En);
        assert_eq!(
            english.title,
            "Suzhou prod · Rollout failed; you can roll back"
        );
        assert!(english.body.ends_with("fission-router, fission-agent"));
    }

    #[test]
    fn markup_in_a_title_stays_text() {
        let notice = notice(NotificationKind::Done, "<a href=\"x\">&amp;</a>");
        let body = Words::of(&notice, Language::En).escaped();
        assert!(!body.contains('<') && !body.contains('>'), "{body}");
        assert!(
            body.contains("&lt;a href=\"x\"&gt;&amp;amp;&lt;/a&gt;"),
            "{body}"
        );
    }
}
