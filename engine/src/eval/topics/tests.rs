use super::*;

fn read(content: &str) -> Result<Vec<Topic>> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("topics");
    std::fs::write(&path, content).unwrap();
    read_topics(&path)
}

#[track_caller]
fn check(content: &str, expected: &[(&str, &str, &str)]) {
    let topics = read(content).unwrap();
    let found: Vec<_> = topics
        .iter()
        .map(|topic| (topic.id.as_str(), topic.query.as_str(), topic.lang.code()))
        .collect();
    assert_eq!(found, expected, "{content}");
}

#[track_caller]
fn check_error(content: &str, expected: &str) {
    let error = read(content).unwrap_err().to_string();
    assert!(error.contains(expected), "{content}: {error}");
}

#[test]
fn json_lines_and_tsv_are_told_apart_by_their_content() {
    check("", &[]);
    check(
        r#"{"id": "1", "query": "maji safi", "lang": "swa"}"#,
        &[("1", "maji safi", "sw")],
    );
    check(
        "{\"_id\": 7, \"text\": \"a\"}\n\n{\"id\": \"8\", \"query\": \"b\", \"text\": \"long\", \"lang\": null}\n",
        &[("7", "a", "und"), ("8", "b", "und")],
    );
    check(
        "C141\tLetter bomb\r\nC142\tChristo\twraps \n",
        &[
            ("C141", "Letter bomb", "und"),
            ("C142", "Christo\twraps", "und"),
        ],
    );
}

#[test]
fn a_bad_line_is_named_with_its_field() {
    check_error("1\ta\n\n1\tb\n", "topics:3: field `id`: got \"1\"");
    check_error("1 no tab\n", "topics:1: field `query`: got \"1 no tab\"");
    check_error("1\ta\n2\t  \n", "topics:2: field `query`: got \"\"");
    check_error("a b\tc\n", "topics:1: field `id`: got \"a b\"");
    check_error("#1\tc\n", "topics:1: field `id`: got \"#1\"");
    check_error("{\"id\": \"1\"}\n", "topics:1: field `query`");
    check_error(
        "{\"id\": [1], \"query\": \"a\"}\n",
        "topics:1: field `id`: got \"[1]\"",
    );
    check_error(
        "{\"id\": \"1\", \"query\": \"a\"}\nnot json\n",
        "topics:2: field `line`: got \"not json\"",
    );
    check_error(
        "{\"id\": \"1\", \"query\": \"a\", \"lang\": \"klingon\"}\n",
        "topics:1: field `lang`",
    );
}

#[track_caller]
fn check_chosen(content: &str, choice: &TopicChoice, expected: &[(&str, &str, &str)]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("topics");
    std::fs::write(&path, content).unwrap();
    let topics = read_topics_as(&path, choice).unwrap();
    let found: Vec<_> = topics
        .iter()
        .map(|topic| (topic.id.as_str(), topic.query.as_str(), topic.lang.code()))
        .collect();
    assert_eq!(found, expected, "{content}");
}

#[track_caller]
fn check_not_chosen(content: &str, choice: &TopicChoice, expected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("topics");
    std::fs::write(&path, content).unwrap();
    let error = read_topics_as(&path, choice).unwrap_err().to_string();
    assert!(error.contains(expected), "{content}: {error}");
}

fn fields(fields: &[TopicField]) -> TopicChoice {
    TopicChoice {
        fields: fields.to_vec(),
        ..TopicChoice::default()
    }
}

const TREC: &str = "<top>\n\n<num> Number: AR26\n<title> River Ferries \n\n<desc> Description: \nWhich ferries\nstill run?\n\n<narr> Narrative:\nTimetables are relevant.\n\n</top>\n\n<top>\n<num> Number: AR027\n<title> Salt\n<desc> Description:\nWho makes it?\n</top>\n";
const CLEF: &str = "<?xml version='1.0'?>\n<topics>\n<top>\n<num> C141 </num>\n<FR-title> Bacs &amp; rivi&egrave;res </FR-title>\n<FR-desc> Quels bacs\ncirculent encore ? </FR-desc>\n</top>\n</topics>";

#[test]
fn fields_of_trecs_and_clefs_topics_are_found_and_joined() {
    use TopicField::{Description, Narrative, Title};
    check(
        TREC,
        &[("AR26", "River Ferries", "und"), ("AR027", "Salt", "und")],
    );
    check(CLEF, &[("C141", "Bacs & rivières", "fr")]);
    check(
        "<top lang='hi'>\n<num>176</num>\n<title>घाट</title>\n</top>",
        &[("176", "घाट", "hi")],
    );
    check(
        "<topic lang=\"de\"><identifier>10.2452/451-AH</identifier><title>Fähren</title></topic>",
        &[("10.2452/451-AH", "Fähren", "de")],
    );
    check_chosen(
        TREC.split("\n\n<top>").next().unwrap(),
        &fields(&[Description, Title, Narrative]),
        &[(
            "AR26",
            "Which ferries still run? River Ferries Timetables are relevant.",
            "und",
        )],
    );
    check_chosen(
        CLEF,
        &fields(&[Title, Description]),
        &[(
            "C141",
            "Bacs & rivières Quels bacs circulent encore ?",
            "fr",
        )],
    );
    check_not_chosen(
        TREC,
        &fields(&[Narrative]),
        "topics:15: field `narrative`: got \"nothing\"",
    );
    check_error("<top>\n<title>a</title></top>", "topics:1: field `num`");
}

#[test]
fn a_language_is_chosen_where_there_are_several() {
    let both = "<top><num>1</num><DE-title>Fähre</DE-title><EN-title>Ferry</EN-title></top>";
    let lang = |code: &str| TopicChoice {
        lang: Some(code.parse().unwrap()),
        ..TopicChoice::default()
    };
    check(both, &[("1", "Ferry", "en")]);
    check_chosen(both, &lang("deu"), &[("1", "Fähre", "de")]);
    check_not_chosen(both, &lang("fi"), "topics:1: field `lang`: got \"de, en\"");
    // A file that does not say believes the one who does.
    check_chosen("1\tkivuko\n", &lang("swa"), &[("1", "kivuko", "sw")]);
}

#[test]
fn latin_1_is_read_where_tags_or_blocks_stand() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("Top-fi03.txt");
    for text in [
        &b"<top>\n<num> C9 </num>\n<FI-title> J\xe4\xe4tie </FI-title>\n</top>"[..],
        b"query_id: C9\ntitle: J\xe4\xe4tie\n",
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(read_topics(&path).unwrap()[0].query, "Jäätie");
    }
}

#[test]
fn blocks_are_read_with_their_longer_lines() {
    use TopicField::{Description, Title};
    let text = "\nquery_id: C141\ntitle: Vivuko\ndescription: Ni vivuko gani\n  bado: vinaenda?\n\nquery_id: C142\ntitle: Chumvi\n";
    check(
        text,
        &[("C141", "Vivuko", "und"), ("C142", "Chumvi", "und")],
    );
    check_chosen(
        text.split("\n\n").next().unwrap(),
        &fields(&[Title, Description]),
        &[("C141", "Vivuko Ni vivuko gani bado: vinaenda?", "und")],
    );
    check_not_chosen(
        text,
        &fields(&[Description]),
        "topics:7: field `description`: got \"nothing\"",
    );
    check_error("query_id:\ntitle: a\n", "topics:1: field `id`: got \"\"");
}

const HC4: &str = r#"{"topic_id": "7", "languages_with_qrels": ["zho"], "topics": [{"lang": "eng", "source": "original", "topic_title": "Ferries", "topic_description": "Which run?"}, {"lang": "zho", "source": "human translation", "topic_title": "渡轮", "topic_description": "哪些？"}, {"lang": "fas", "source": "mt-1", "topic_title": "کشتی"}, {"lang": "rus", "source": "mt-1", "topic_title": "Паром"}, {"lang": "rus", "source": "mt-2", "topic_title": "Паромы"}], "narratives": {"zho": {"very_valuable": "Timetables.", "non_relevant": "Novels."}}}"#;

#[test]
fn hc4_has_languages_sources_and_judged_languages() {
    use TopicField::{Description, Narrative, Title};
    let choice = |lang: &str, source: Option<&str>| TopicChoice {
        lang: Some(lang.parse().unwrap()),
        source: source.map(str::to_owned),
        ..TopicChoice::default()
    };
    check(HC4, &[("7", "Ferries", "en")]);
    check_chosen(HC4, &choice("zho", None), &[("7", "渡轮", "zh")]);
    check_chosen(
        HC4,
        &choice("fa", Some("machine translation")),
        &[("7", "کشتی", "fa")],
    );
    check_chosen(HC4, &choice("ru", Some("mt-2")), &[("7", "Паромы", "ru")]);
    check_not_chosen(
        HC4,
        &choice("ru", Some("machine translation")),
        "topics:1: field `source`: got \"mt-1, mt-2\", expected one machine translation",
    );
    check_not_chosen(
        HC4,
        &choice("fa", Some("mt-9")),
        "topics:1: field `source`: got \"mt-1\"",
    );
    // Nobody translated it by hand into a language in which it was not judged.
    check_chosen(HC4, &choice("fa", None), &[]);
    let judged_in = |code: &str| TopicChoice {
        judged_in: Some(code.parse().unwrap()),
        ..fields(&[Title, Description, Narrative])
    };
    check_chosen(
        HC4,
        &judged_in("zho"),
        &[("7", "Ferries Which run? Timetables. Novels.", "en")],
    );
    check_chosen(HC4, &judged_in("fas"), &[]);
    check_error(
        r#"{"topic_id": "1", "topics": [{"lang": "eng"}]}"#,
        "topics:1: field `source`: got \"null\"",
    );
    check_error(
        r#"{"topic_id": "1", "topics": 3}"#,
        "topics:1: field `topics`: got \"3\"",
    );
}

#[test]
fn patapscos_and_squads_questions_are_topics() {
    check(
        r#"{"id":"001","lang":"eng","text":"ferries","query":"","report":""}"#,
        &[("001", "ferries", "en")],
    );
    check(
        r#"{"data": [{"title": "T", "paragraphs": [{"context": "c", "qas": [{"id": "q1", "question": "Who?", "answers": []}]}]}]}"#,
        &[("q1", "Who?", "und")],
    );
    check(
        r#"{"id":"1","title":"ferries","description":"d"}"#,
        &[("1", "ferries", "und")],
    );
}

#[test]
fn machine_quotes_are_taken_off_a_query() {
    check(
        "14\t\"Series \"\"Tehran\"\" \"\n",
        &[("14", "Series \"Tehran\"", "und")],
    );
    check("15\t\"The Cry\"\n", &[("15", "\"The Cry\"", "und")]);
}

#[test]
fn what_a_format_has_not_is_refused() {
    check_not_chosen(
        "1\ta\n",
        &fields(&[TopicField::Description]),
        "a field of topics is description",
    );
    check_not_chosen(
        "1\ta\n",
        &TopicChoice {
            source: Some("original".into()),
            ..TopicChoice::default()
        },
        "the source of topics is original",
    );
}

#[test]
fn identifiers_are_numbers_where_that_is_wanted() {
    for (id, expected) in [
        ("AR26", Some("26")),
        ("C141", Some("141")),
        ("301-AH", Some("301")),
        ("10.2452/451-AH", Some("451")),
        ("007", Some("7")),
        ("q0", Some("0")),
        ("first", None),
    ] {
        assert_eq!(number(id).as_deref(), expected, "{id}");
    }
    let numeric = TopicChoice {
        numeric_ids: true,
        ..TopicChoice::default()
    };
    check_chosen(CLEF, &numeric, &[("141", "Bacs & rivières", "fr")]);
    check_not_chosen(
        "C1\ta\nC01\tb\n",
        &numeric,
        "topics:2: field `id`: got \"1\"",
    );
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_topics_or_an_error(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
        start in "(\\{|<top>|query_id:|<num>|<EN-title>|\\{\"data\": \\[|\\{\"topic_id\": 1, \"topics\": |a|\n|\t){0,8}",
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("topics");
        std::fs::write(&path, [start.as_bytes(), &bytes].concat()).unwrap();
        let _ = read_topics_as(&path, &fields(&[TopicField::Title, TopicField::Description]));
        let _ = read_topics(&path);
    }
}
