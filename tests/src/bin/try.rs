#![allow(missing_docs, clippy::unwrap_used)]
use acceptance::desktop::Desktop;
use acceptance::window::*;
use acceptance::play::*;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let began = std::time::Instant::now();
    let desktop = Desktop::start().await.unwrap();
    println!("desktop {:?}", began.elapsed());
    let window = Window::open(&desktop, &desktop.folder().join("program"), &acceptance::folders::evidence("try")).await;
    println!("window {:?} {:?}", began.elapsed(), window.as_ref().map(|_|()).map_err(|e| e.to_string()));
    let window = window.unwrap();
    println!("{:?}", window.screenshot("/tmp/w/try.png".as_ref()).await);
    println!("{:?}", desktop.screen().windows(".*"));
    println!("{:?}", window.ids("").await);
    println!("{:?}", desktop.screen().focused());
    let play = Play::new(window);
    for s in ["gate","changes","rollout","checklist","environments","audit","overview"] {
        println!("{s} {:?}", play.window().press(&format!("nav-{s}")).await.map_err(|e| e.to_string()));
        println!("  {:?}", play.window().ids("").await.unwrap().len());
    }
    println!("{:?}", play.window().language("en").await.map_err(|e| e.to_string()));
    println!("{:?}", play.window().theme("dark").await.map_err(|e| e.to_string()));
    println!("{:?}", play.window().screenshot("/tmp/w/try2.png".as_ref()).await);
    play.window().press("nav-audit").await.unwrap();
    println!("{:?}", play.window().type_into("audit-search", "函数 abc").await.map_err(|e| e.to_string()));
    play.window().press("nav-checklist").await.unwrap();
    println!("{:?}", play.window().hold("way-back", BACK_HOLD).await.map_err(|e| e.to_string()));
    println!("{:?}", play.window().attribute("way-back-state", "data-state").await);
    println!("{:?}", play.window().key(&['\u{e009}','k']).await.map_err(|e| e.to_string()));
    println!("{:?}", play.window().wait_for("cluster-picker").await.map_err(|e| e.to_string()));
    println!("{:?}", play.window().screenshot("/tmp/w/try3.png".as_ref()).await);
    println!("done {:?}", began.elapsed());
    drop(play);
    println!("dropped window {:?}", began.elapsed());
    drop(desktop);
    println!("dropped {:?}", began.elapsed());
}
