use serde_json::{Value, json};

use super::*;
use crate::fields::changes;
use crate::owners::Fields;

fn shown(live: Option<Value>, after: Option<Value>, manifest: &Value) -> Vec<String> {
    let (live, after) = (live.map(Masked::of), after.map(Masked::of));
    let manifest = Masked::of(manifest.clone());
    let fields = after
        .as_ref()
        .map(|after| changes(live.as_ref(), after, &manifest, &Fields::default()))
        .unwrap_or_default();
    diff_lines(live.as_ref(), after.as_ref(), &fields)
        .into_iter()
        .map(|line| {
            let sign = match line.kind {
                LineKind::Same => ' ',
                LineKind::Section => '#',
                LineKind::Add => '+',
                LineKind::Delete => '-',
                LineKind::AutoAdd => 'a',
                LineKind::AutoDelete => 'd',
                LineKind::Gap => '~',
            };
            format!("{sign}{}", line.text)
        })
        .collect()
}

fn map(data: Value) -> Value {
    json!({"data": data, "metadata": {"name": "x"}, "kind": "ConfigMap", "apiVersion": "v1"})
}

#[test]
fn keys_are_in_the_usual_order_with_numbers_on_both_sides() {
    let live = Masked::of(map(json!({"a": "1", "b": "two"})));
    let after = Masked::of(map(json!({"a": "1", "b": "three"})));
    let fields = changes(Some(&live), &after, &after, &Fields::default());
    let lines = diff_lines(Some(&live), Some(&after), &fields);
    let rows: Vec<_> = lines
        .iter()
        .map(|l| (l.old, l.new, l.kind, l.text.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (None, None, LineKind::Gap, "2"),
            (Some(3), Some(3), LineKind::Section, "metadata:"),
            (Some(4), Some(4), LineKind::Same, "  name: x"),
            (Some(5), Some(5), LineKind::Section, "data:"),
            (Some(6), Some(6), LineKind::Same, "  a: \"1\""),
            (Some(7), None, LineKind::Delete, "  b: two"),
            (None, Some(7), LineKind::Add, "  b: three"),
        ]
    );
    assert_eq!(lines[5].path.as_deref(), Some("data.b"));
}

#[test]
fn unchanged_stretches_are_left_out() {
    let data = |last: &str| {
        let mut data = serde_json::Map::new();
        for i in 0..50 {
            data.insert(format!("key{i:02}"), json!("same"));
        }
        data.insert("z".into(), json!(last));
        map(Value::Object(data))
    };
    let after = data("new");
    let lines = shown(Some(data("old")), Some(after.clone()), &after);
    assert!(lines.contains(&"~47".to_owned()), "{lines:?}");
    assert_eq!(lines.iter().filter(|l| l.contains("same")).count(), CONTEXT);
}

#[test]
fn what_admission_writes_is_told_from_what_the_manifest_writes() {
    let pod = |containers: Value| json!({"kind": "Pod", "spec": {"containers": containers}});
    let manifest = pod(json!([{"name": "a", "image": "a:2"}]));
    let after = pod(json!([{"name": "a", "image": "a:2"}, {"name": "istio", "image": "i"}]));
    let lines = shown(
        Some(pod(json!([{"name": "a", "image": "a:1"}]))),
        Some(after),
        &manifest,
    );
    assert_eq!(
        lines,
        [
            " kind: Pod",
            "#spec:",
            "   containers:",
            "     - name: a",
            "-      image: a:1",
            "+      image: a:2",
            "a    - name: istio",
            "a      image: i",
        ]
    );
}

#[test]
fn a_new_and_a_removed_object_are_whole() {
    let object = map(json!({"a": "x"}));
    let new = shown(None, Some(object.clone()), &object);
    assert_eq!(
        new,
        [
            "+apiVersion: v1",
            "+kind: ConfigMap",
            "+metadata:",
            "+  name: x",
            "+data:",
            "+  a: x"
        ]
    );
    let gone = diff_lines(Some(&Masked::of(object)), None, &[]);
    assert!(gone.iter().all(|l| l.kind == LineKind::Delete) && gone.len() == 6);
}

#[test]
fn text_of_several_lines_is_a_block_and_its_end_can_be_seen() {
    let after = map(json!({"f": "a\nb\n", "g": "a\nb", "h": "a\u{1b}\nb"}));
    let lines = shown(None, Some(after.clone()), &after);
    let tail: Vec<_> = lines.iter().skip(5).map(String::as_str).collect();
    assert_eq!(
        tail,
        [
            "+  f: |",
            "+    a",
            "+    b",
            "+  g: |-",
            "+    a",
            "+    b",
            "+  h: \"a\\u001b\\nb\""
        ]
    );
    let lines = shown(
        Some(map(json!({"f": "a\nb\n"}))),
        Some(map(json!({"f": "a\nc\n"}))),
        &map(json!({"f": "a\nc\n"})),
    );
    assert!(
        lines.contains(&"-    b".to_owned())
            && lines.contains(&"+    c".to_owned())
            && lines.contains(&"     a".to_owned())
    );
}

#[test]
fn secrets_never_appear() {
    let secret = |value: &str| json!({"kind": "Secret", "data": {"a": value}});
    let (live, after) = (secret("aHVudGVyMg=="), secret("aHVudGVyMw=="));
    let lines = shown(Some(live), Some(after.clone()), &after).join("\n");
    assert!(!lines.contains("aHVudGVy"), "{lines}");
    assert!(
        lines.contains("-  a: sha256:") && lines.contains("+  a: sha256:"),
        "{lines}"
    );
}

#[test]
fn text_that_yaml_would_read_otherwise_is_quoted() {
    for (value, expected) in [
        ("true", "\"true\""),
        ("12", "\"12\""),
        ("", "\"\""),
        ("a: b", "\"a: b\""),
        ("#x", "\"#x\""),
        ("a\u{9b}b", "\"a\\u009bb\""),
        ("plain text", "plain text"),
        ("https://a/b", "https://a/b"),
    ] {
        let object = json!({"kind": value});
        assert_eq!(
            shown(None, Some(object.clone()), &object),
            [format!("+kind: {expected}")]
        );
    }
}
