use domain::Event;
use engine::ports::{Ledger as _, Search, Stream};
use ledger::SqliteLedger;

use crate::given::{at, cancelled, entry, imported, release, vote};

async fn ledger(folder: &std::path::Path) -> SqliteLedger {
    let ledger = SqliteLedger::open(folder).await.unwrap();
    let suzhou = || "suzhou-prod".into();
    ledger
        .append(&Stream::Register, 0, vec![imported("beijing-dev")])
        .await
        .unwrap();
    let first = vec![
        entry(
            "chen",
            Event::Disarmed {
                environment: suzhou(),
            },
        ),
        vote("苏州生产环境观察正常，可以上线"),
        cancelled("faasapi 5xx 错误率上升 over 1 %"),
    ];
    ledger
        .append(&release("REL-20260915-01"), 0, first)
        .await
        .unwrap();
    let failed = Event::WayBackFailed {
        environment: suzhou(),
        reason: r#"he said "no" (NEAR * -x:y)"#.into(),
    };
    ledger
        .append(
            &release("REL-20260916-01"),
            0,
            vec![entry("li", failed), cancelled("late")],
        )
        .await
        .unwrap();
    ledger
}

async fn found(ledger: &SqliteLedger, words: &str) -> Vec<u64> {
    let search = Search {
        words: words.to_owned(),
        limit: 100,
        ..Search::default()
    };
    let found = ledger.page(&search).await.unwrap();
    assert_eq!(found.matches, found.entries.len() as u64, "{words}");
    found.entries.iter().map(|entry| entry.sequence).collect()
}

#[tokio::test]
async fn words_are_found_in_any_language_and_length() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path()).await;
    for (words, expected) in [
        ("", vec![6, 5, 4, 3, 2, 1]),
        ("生产环境", vec![3]),
        ("苏州", vec![3]),
        ("州", vec![3]),
        ("错误率 faasapi", vec![4]),
        ("faasapi 苏州", vec![]),
        ("FAASAPI", vec![4]),
        ("5x", vec![4]),
        ("5X", vec![4]),
        ("%", vec![4]),
        // At the end of an entry's text.
        ("te", vec![6, 3, 1]),
        ("É", vec![]),
        ("苏州 观察", vec![3]),
        ("苏州 5x", vec![]),
        ("disarmed", vec![2]),
        ("REL-20260916-01", vec![6, 5]),
        ("suzhou-prod", vec![5, 2]),
        ("beijing-dev", vec![1]),
        ("nothing-like-it", vec![]),
        // Names of fields are no content.
        ("environment", vec![]),
        ("release", vec![6, 4]),
    ] {
        assert_eq!(found(&ledger, words).await, expected, "{words}");
    }
}

#[tokio::test]
async fn search_words_are_never_syntax() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path()).await;
    for (words, expected) in [
        ("\"no\"", vec![5]),
        ("(NEAR", vec![5]),
        ("-x:y)", vec![5]),
        ("faasapi OR late", vec![]),
        ("faasapi*", vec![]),
        ("NOT", vec![]),
        ("text:late", vec![]),
        ("\"", vec![5]),
        ("\"\"\"", vec![]),
        ("'; DROP TABLE entries; --", vec![]),
        ("late\u{0}", vec![6]),
        ("\u{0}", vec![6, 5, 4, 3, 2, 1]),
        ("{words}:late", vec![]),
        ("^late", vec![]),
        ("_", vec![]),
    ] {
        assert_eq!(found(&ledger, words).await, expected, "{words:?}");
    }
    assert_eq!(ledger.verify().await.unwrap().entries, 6);
}

#[tokio::test]
async fn filters_narrow_and_pages_follow_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(folder.path()).await;
    let all = Search {
        limit: 100,
        ..Search::default()
    };
    let sequences = async |search: Search| {
        let found = ledger.page(&search).await.unwrap();
        (
            found
                .entries
                .iter()
                .map(|entry| entry.sequence)
                .collect::<Vec<_>>(),
            found.matches,
        )
    };
    assert_eq!(
        sequences(Search {
            release: Some("REL-20260915-01".into()),
            ..all.clone()
        })
        .await,
        (vec![4, 3, 2], 3)
    );
    assert_eq!(
        sequences(Search {
            environment: Some("suzhou-prod".into()),
            ..all.clone()
        })
        .await,
        (vec![5, 2], 2)
    );
    assert_eq!(
        sequences(Search {
            actor: Some("li".into()),
            ..all.clone()
        })
        .await,
        (vec![5, 3], 2)
    );
    assert_eq!(
        sequences(Search {
            verb: Some("releaseCancelled".into()),
            ..all.clone()
        })
        .await,
        (vec![6, 4], 2)
    );
    let within = Search {
        release: Some("REL-20260916-01".into()),
        words: "releaseCancelled".into(),
        ..all.clone()
    };
    assert_eq!(sequences(within).await, (vec![6], 1));
    let nowhere = Search {
        release: Some("REL-20260917-01".into()),
        words: "releaseCancelled".into(),
        ..all.clone()
    };
    assert_eq!(sequences(nowhere).await, (vec![], 0));
    let both = Search {
        actor: Some("li".into()),
        words: "可以上线".into(),
        ..all.clone()
    };
    assert_eq!(sequences(both).await, (vec![3], 1));

    // The count is of all pages, the page only of those before.
    assert_eq!(
        sequences(Search {
            limit: 2,
            ..all.clone()
        })
        .await,
        (vec![6, 5], 6)
    );
    assert_eq!(
        sequences(Search {
            limit: 2,
            before: Some(5),
            ..all.clone()
        })
        .await,
        (vec![4, 3], 6)
    );
    assert_eq!(
        sequences(Search {
            limit: 0,
            ..all.clone()
        })
        .await,
        (vec![], 6)
    );

    let found = ledger.page(&all).await.unwrap();
    assert_eq!(
        found.verbs,
        [
            "contextImported",
            "disarmed",
            "releaseCancelled",
            "voteCast",
            "wayBackFailed"
        ]
    );
    assert_eq!(found.actors, ["chen".into(), "li".into()]);
    assert_eq!(found.since, Some(at(0)));
}

#[tokio::test]
async fn matches_are_counted_so_far_and_all_entries_always() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let entries = |count: usize| vec![cancelled("苏州：错误率上升"); count];
    let found = async |words: &str, before: Option<u64>| {
        let search = Search {
            words: words.to_owned(),
            before,
            limit: 3,
            ..Search::default()
        };
        let found = ledger.page(&search).await.unwrap();
        let sequences: Vec<u64> = found.entries.iter().map(|entry| entry.sequence).collect();
        (sequences, found.matches, found.more)
    };
    let stream = release("REL-20260915-01");
    ledger.append(&stream, 0, entries(10_000)).await.unwrap();
    for words in ["错误率", "苏州"] {
        let newest = vec![10_000, 9_999, 9_998];
        assert_eq!(found(words, None).await, (newest, 10_000, false), "{words}");
    }
    ledger.append(&stream, 10_000, entries(2)).await.unwrap();
    for words in ["错误率", "苏州"] {
        let newest = vec![10_002, 10_001, 10_000];
        assert_eq!(found(words, None).await, (newest, 10_000, true), "{words}");
        // The last page is there, however few were counted.
        assert_eq!(found(words, Some(3)).await, (vec![2, 1], 10_000, true));
    }
    assert_eq!(found("", Some(2)).await, (vec![1], 10_002, false));
}

#[tokio::test]
async fn an_empty_ledger_has_no_since() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = SqliteLedger::open(folder.path()).await.unwrap();
    let found = ledger
        .page(&Search {
            words: "x".into(),
            limit: 10,
            ..Search::default()
        })
        .await
        .unwrap();
    assert_eq!(found, engine::ports::Found::default());
}
