use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

fn document(lang: &str, meta: Json) -> Document {
    Document {
        id: "x".into(),
        lang: lang.parse().unwrap(),
        title: String::new(),
        text: "text".into(),
        meta: meta.as_object().unwrap().clone(),
    }
}

#[track_caller]
fn check(filter: Json, yes: &[Json], no: &[Json]) {
    let filter = Filter::parse(&filter).unwrap();
    let again = Filter::parse(&filter.to_json()).unwrap();
    assert_eq!(again.to_string(), filter.to_string());
    for (metas, expected) in [(yes, true), (no, false)] {
        for meta in metas {
            let doc = document("sw", meta.clone());
            assert_eq!(filter.matches(&doc), expected, "{filter} of {meta}");
            assert_eq!(again.matches(&doc), expected, "{again} of {meta}");
        }
    }
}

#[test]
fn a_field_has_a_value_if_any_of_its_elements_is_it() {
    check(
        json!({"tag": "a"}),
        &[json!({"tag": "a"}), json!({"tag": ["b", ["a"]]})],
        &[json!({}), json!({"tag": "A"}), json!({"tag": {"a": "a"}})],
    );
    check(
        json!({"tag": ["a", 1, true]}),
        &[
            json!({"tag": "a"}),
            json!({"tag": 1.0}),
            json!({"tag": true}),
        ],
        &[json!({"tag": "1"}), json!({"tag": false})],
    );
    check(json!({"tag": []}), &[], &[json!({}), json!({"tag": []})]);
}

#[test]
fn not_is_that_no_element_is_it() {
    check(
        json!({"tag": {"not": "a"}}),
        &[json!({}), json!({"tag": ["b"]})],
        &[json!({"tag": ["b", "a"]})],
    );
    check(
        json!({"tag": {"not": {"gte": 3}, "exists": true}}),
        &[json!({"tag": 2}), json!({"tag": "x"})],
        &[json!({}), json!({"tag": [2, 3]})],
    );
}

#[test]
fn ranges_go_over_numbers_or_dates() {
    check(
        json!({"year": {"gte": 1990, "lt": 2000}}),
        &[json!({"year": 1990}), json!({"year": [1, 1999.5]})],
        &[
            json!({"year": 2000}),
            json!({"year": [1, 3000]}),
            json!({"year": "1995"}),
        ],
    );
    let days = |low: &str, high: &str| json!({"on": {low: "2024-02-28", high: "2024-02-29"}});
    let moments = [
        "2024-02-27T23:59:59Z",
        "2024-02-28",
        "2024-02-28T23:59:59.999999Z",
        "2024-02-29T00:00:00+00:00",
        "2024-02-29T23:00:00Z",
        "2024-03-01",
    ];
    for (low, high, expected) in [
        ("gte", "lte", 1..5),
        ("gt", "lt", 3..3),
        ("gte", "lt", 1..3),
        ("gt", "lte", 3..5),
    ] {
        let all = moments.map(|on| json!({"on": on}));
        check(
            days(low, high),
            &all[expected.clone()],
            &all[..expected.start],
        );
        check(days(low, high), &[], &all[expected.end..]);
    }
}

#[test]
fn a_field_exists_if_it_or_one_inside_it_has_a_value() {
    let author = json!({"author": {"name": ["x".repeat(600)]}});
    check(
        json!({"author": {"exists": true}}),
        std::slice::from_ref(&author),
        &[json!({"author": null, "authors": 1})],
    );
    check(
        json!({"author.name": {"exists": false}}),
        &[json!({"author": "x"})],
        &[author, json!({"author.name": 1})],
    );
}

#[test]
fn filters_are_put_together() {
    check(
        json!({"a": 1, "or": [{"b": 2}, {"c": 3, "not": {"d": 4}}]}),
        &[json!({"a": 1, "b": 2}), json!({"a": 1, "c": 3})],
        &[
            json!({"a": 1}),
            json!({"b": 2}),
            json!({"a": 1, "c": 3, "d": 4}),
        ],
    );
    check(json!({}), &[json!({})], &[]);
    check(json!({"or": []}), &[], &[json!({})]);
}

#[test]
fn a_language_without_script_is_meant_in_any() {
    let found = |filter: Json, lang: &str| {
        Filter::parse(&filter)
            .unwrap()
            .matches(&document(lang, json!({"lang": "de"})))
    };
    assert!(
        found(json!({"lang": "zh"}), "zh-Hant")
            && found(json!({"lang": ["so", "zh-hant"]}), "zh-Hant")
    );
    assert!(!found(json!({"lang": "zh-Hant"}), "zh") && !found(json!({"lang": "de"}), "zh"));
    assert!(found(json!({"lang": {"not": "de"}}), "und") && found(json!({"lang": "und"}), "und"));
}

#[test]
fn what_is_no_filter_is_refused_by_its_place() {
    let deep = (0..17).fold(json!({}), |filter, _| json!({"not": filter}));
    let many: Vec<usize> = (0..1_025).collect();
    for (filter, expected) in [
        (
            json!([]),
            "filter $: got [], expected an object such as {\"lang\": \"sw\"}",
        ),
        (
            json!({"and": {}}),
            "filter $.and: got {}, expected a list of filters",
        ),
        (
            json!({"or": [{"lang": "klingon"}]}),
            "filter $.or[0].lang: got \"klingon\", expected a language code such as \"sw\" or \"zh-Hant\"",
        ),
        (
            json!({"lang": {"gt": "a"}}),
            "filter $.lang.gt: got `gt`, expected a language, a list of them, or `not`",
        ),
        (
            json!({"a": {"b": 1}}),
            "filter $.a.b: got `b`, expected `gt`, `gte`, `lt`, `lte`, `not` or `exists`; dots name a field inside another",
        ),
        (
            json!({"a": {}}),
            "filter $.a: got {}, expected `gt`, `gte`, `lt`, `lte`, `not` or `exists`",
        ),
        (
            json!({"a": [null]}),
            "filter $.a[0]: got null, expected a string, a number, true or false; {\"exists\": false} asks for no value",
        ),
        (
            json!({"a": {"gt": "x"}}),
            "filter $.a.gt: got \"x\", expected a day such as \"2024-02-29\" or a timestamp such as \"2024-02-29T12:30:00Z\"",
        ),
        (
            json!({"a": {"gt": 1, "lt": "2024-01-01"}}),
            "filter $.a.lt: got \"2024-01-01\", expected bounds of one kind, numbers or dates",
        ),
        (
            json!({"a": {"gt": 1, "gte": 2}}),
            "filter $.a.gte: got 2, expected one bound on each side",
        ),
        (
            json!({"a": {"exists": 1}}),
            "filter $.a.exists: got 1, expected true or false",
        ),
        (
            json!({"a": "x".repeat(513)}),
            "filter $.a: got a string of 513 bytes, expected at most 512 bytes",
        ),
        (
            json!({"": 1}),
            "filter $.: got \"\", expected the name of a field, of 1 to 256 bytes",
        ),
        (
            json!({"a": many}),
            "filter $.a[1024]: got one value more, expected at most 1024 values in one filter",
        ),
    ] {
        assert_eq!(Filter::parse(&filter).unwrap_err().to_string(), expected);
    }
    let error = Filter::parse(&deep).unwrap_err().to_string();
    assert!(
        error.ends_with("expected filters at most 16 deep in each other"),
        "{error}"
    );
}

#[test]
fn filters_that_say_the_same_in_another_order_are_written_the_same() {
    let shown = |filter| Filter::parse(&filter).unwrap().to_string();
    assert_eq!(
        shown(json!({"tag": ["b", "a", "b"], "lang": "SWA"})),
        shown(json!({"and": [{"lang": "sw"}, {"tag": ["a", "b"]}]}))
    );
    assert_eq!(
        shown(json!({"n": {"gt": 1, "lte": 2.5}})),
        r#"{"n":{"gt":1.0,"lte":2.5}}"#
    );
}

proptest! {
    #[test]
    fn no_json_makes_the_reader_panic(text in "\\PC{0,12}", number in any::<f64>(), key in "(and|or|not|lang|a|gt)") {
        for json in [json!({&key: text}), json!({&key: {&key: number}}), json!({&key: [{&key: text}]})] {
            if let Ok(filter) = Filter::parse(&json) {
                prop_assert_eq!(Filter::parse(&filter.to_json()).unwrap().to_string(), filter.to_string());
            }
        }
    }
}
