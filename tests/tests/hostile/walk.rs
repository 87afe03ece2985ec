//! A walk through every screen with hostile text in every field.

use acceptance::folders;
use acceptance::play::Play;
use acceptance::play::example::{OPERATOR, Place, Stop};
use acceptance::window::LIMITS;

use crate::corpus::{LEAST, corpus};
use crate::desk::{Desk, Said};
use crate::outside::Outside;
use crate::{site, watch};

const STOP: Stop = Stop {
    id: "bj-offline",
    name: "bj-offline",
    environments: &[Place {
        id: "bj-dev",
        cluster: site::CONTEXT,
    }],
    votes: &[OPERATOR],
};

/// Where at least this many different strings have to have been on the page.
const PLACES: [(&str, usize); 22] = [
    ("log-lines", LEAST),
    ("events", LEAST),
    ("diff-lines", LEAST),
    ("import-wizard", LEAST),
    ("people-dialog", LEAST),
    ("about-release", LEAST),
    ("declarations", LEAST),
    ("on-call", LEAST),
    ("notification", LEAST),
    ("timeline", LEAST),
    ("record", LEAST),
    ("audit-row", LEAST),
    ("audit-detail", LEAST),
    ("release-stage", LEAST),
    ("banner-environment", LEAST),
    ("dock-stage", LEAST),
    ("way-back-state", LEAST),
    ("releases", LEAST),
    ("gate-summary", LEAST),
    ("next-step", LEAST),
    // Those of a checklist that are signed on the way have one string each.
    ("item-item", 400),
    ("watch-day2", 400),
];

struct Walk {
    play: Play,
    wrong: Vec<String>,
    taken: usize,
}

impl Walk {
    /// Looks at the page as it stands, scrolls through it, and takes a picture.
    async fn see(&mut self, what: &str) {
        let window = self.play.window();
        watch::scroll_through(window).await;
        for wrong in watch::look(window).await {
            self.wrong.push(format!("{what}: {wrong}"));
        }
        self.taken += 1;
        let name = format!("{:02}-{what}.png", self.taken);
        let folder = folders::evidence("hostile-pictures");
        window.screenshot(&folder.join(name)).await.said();
    }

    async fn go(&mut self, screen: &str, shows: &str) {
        let window = self.play.window();
        window.press(&format!("nav-{screen}")).await.said();
        window.wait_for(shows).await.said();
    }

    async fn dialog(&mut self, open: &str, dialog: &str, close: &str) {
        let window = self.play.window();
        window.press(open).await.said();
        window.wait_for(dialog).await.said();
        self.see(dialog).await;
        let window = self.play.window();
        window.press(close).await.said();
        window.wait_gone(dialog, LIMITS.step).await.said();
    }
}

#[tokio::test]
async fn hostile_text_stays_text_on_every_screen() {
    let Some(desk) = Desk::set_up("hostile").await else {
        return;
    };
    let outside = Outside::listen().await;
    let all = corpus(&outside.host());
    let folder = desk.desktop.folder();
    let workspace = folder.join("workspace");
    site::workspace(&workspace, &all);
    let cluster = site::cluster(&all).await;
    let kubeconfig = folder.join("kubeconfig");
    site::kubeconfig(&kubeconfig, &cluster, &all);
    let good = folder.join("kubeconfig-good");
    std::fs::write(&good, cluster.kubeconfig("zhangsan")).unwrap();

    let window = desk.window().await;
    window.wait_for("open-example").await.said();
    watch::begin(&window).await;
    let mut walk = Walk {
        play: Play::new(window),
        wrong: Vec::new(),
        taken: 0,
    };

    // Paths that people type are shown again in failures.
    let path = format!("/nowhere/{}", all[0].text);
    walk.play
        .window()
        .type_into("workspace-path", &path)
        .await
        .said();
    walk.play.window().press("open-workspace").await.said();
    walk.play
        .window()
        .wait_for("workspace-failure")
        .await
        .said();
    walk.see("workspace-failure").await;

    walk.play.open_workspace(&workspace).await.said();
    walk.see("releases").await;
    walk.play.create_keys().await.said();
    walk.dialog("person-chip", "people-dialog", "people-close")
        .await;

    walk.go("environments", "environments").await;
    walk.play.window().press("import").await.said();
    let path = kubeconfig.display().to_string();
    walk.play
        .window()
        .type_into("import-path", &path)
        .await
        .said();
    walk.play.window().press("import-look").await.said();
    walk.play
        .window()
        .wait_for_within(&format!("context-{}", site::CONTEXT), LIMITS.work)
        .await
        .said();
    walk.see("import").await;
    walk.play.window().press("import-close").await.said();
    walk.play.bind(&good, site::CONTEXT, "bj-dev").await.said();
    walk.see("environments").await;

    walk.play.sit(OPERATOR).await.said();
    walk.play.window().press("nav-releases").await.said();
    walk.play.window().press("new-release").await.said();
    walk.play.window().wait_for("form-title").await.said();
    walk.see("release-form").await;
    walk.play.create_release().await.said();
    walk.see("overview").await;
    walk.dialog("document-0", "document-dialog", "document-keep")
        .await;
    walk.dialog("help", "help-dialog", "help-close").await;
    walk.play.select(&STOP.environments[0]).await.said();

    walk.play.prepare(&STOP).await.said();
    walk.go("changes", "screen-changes").await;
    let window = walk.play.window();
    let listed = window.eventually("the objects to be listed", LIMITS.work, async || {
        let objects = window.ids("object-").await?;
        Ok((!objects.is_empty()).then_some(objects))
    });
    let objects = listed.await.said();
    for object in objects
        .iter()
        .filter(|id| id.ends_with("hostile") || id.contains("Deployment"))
    {
        walk.play.window().press(object).await.said();
        walk.see("changes").await;
    }
    walk.go("checklist", "screen-checklist").await;
    for phase in ["pre", "post", "day2"] {
        walk.play
            .window()
            .press(&format!("phase-{phase}"))
            .await
            .said();
        walk.see(&format!("checklist-{phase}")).await;
    }
    walk.play.pass_gate(&STOP).await.said();
    walk.see("gate").await;

    let place = &STOP.environments[0];
    let module = "fission-executor";
    walk.play.arm(place, module).await.said();
    walk.play.start(place, module).await.said();
    // Every pod, of which there are four at most, has said all of them; then the log stays where it is
    // while somebody reads it.
    let lines = |label: &str| {
        let digits: String = label.chars().filter(char::is_ascii_digit).collect();
        digits
            .parse()
            .is_ok_and(|lines: usize| lines > 4 * all.len())
    };
    walk.play
        .window()
        .wait_attribute("log-lines", "aria-label", LIMITS.work, lines)
        .await
        .said();
    walk.play.window().press("log-hold").await.said();
    // However long it takes to read all of it: the log is there for as long as the rollout is.
    walk.play.window().press("rollout-pause").await.said();
    walk.play
        .window()
        .wait_for_within("rollout-resume", LIMITS.work)
        .await
        .said();
    walk.see("rollout").await;
    site::unrest(&cluster, &all).await;
    walk.see("rollout-unrest").await;
    walk.play.window().press("rollout-resume").await.said();
    walk.play
        .watch(module, |status| status == "passed")
        .await
        .said();
    walk.see("rollout-passed").await;

    walk.go("overview", "overview").await;
    walk.see("overview-after").await;
    walk.dialog("bell", "bell-dialog", "bell-close").await;
    walk.go("audit", "screen-audit").await;
    walk.see("audit").await;
    for row in walk
        .play
        .window()
        .ids("audit-row-")
        .await
        .said()
        .iter()
        .take(4)
    {
        walk.play.window().press(row).await.said();
        walk.play.window().wait_for("audit-json").await.said();
    }
    walk.see("audit-detail").await;
    walk.play.upgrade_record().await.said();
    walk.see("record").await;
    walk.play.window().language("en").await.said();
    walk.see("record-en").await;
    for (screen, shows) in [
        ("overview", "overview"),
        ("gate", "screen-gate"),
        ("rollout", "screen-rollout"),
    ] {
        walk.go(screen, shows).await;
        walk.see(&format!("{screen}-en")).await;
    }
    finish(walk, &outside).await;
    cluster.shutdown().await;
}

async fn finish(mut walk: Walk, outside: &Outside) {
    let window = walk.play.window();
    let told = watch::told(window).await;
    println!("{} strings were on the page", told.all);
    for (at, count) in &told.markers {
        println!("{count:>5} strings in {at}");
    }
    for (at, count) in &told.marks {
        println!("{count:>5} texts with marks in {at}");
    }
    assert_eq!(told.ran, Vec::<serde_json::Value>::new(), "something ran");
    assert_eq!(told.found, Vec::<String>::new(), "text became markup");
    assert_eq!(
        told.broken,
        Vec::<String>::new(),
        "the policy had to refuse something"
    );
    assert_eq!(outside.came(), 0, "somebody outside was talked to");
    assert!(walk.wrong.is_empty(), "{:#?}", walk.wrong);
    for (place, least) in PLACES {
        let seen = told.markers.get(place).copied().unwrap_or_default();
        assert!(seen >= least, "{seen} strings in {place}");
    }

    // The watch is not blind: what must not be is put onto the page by hand.
    let planted = "const box = document.createElement('div'); box.style.width = '9000px'; \
        box.innerHTML = '<img src=x onerror=\"window.__pwned=1\"><a href=x>y</a>'; document.body.append(box);";
    window.script(planted, vec![]).await.said();
    walk.wrong.extend(watch::look(window).await);
    let told = watch::told(window).await;
    assert!(told.found.len() >= 3, "{:?}", told.found);
    assert!(!told.broken.is_empty());
    assert!(
        walk.wrong.iter().any(|wrong| wrong.contains("wide")),
        "{:?}",
        walk.wrong
    );
}
