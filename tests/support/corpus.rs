//! Documents in a few languages and scripts, about things that the token table of [`model`](super::model) knows.

use std::io::Write;

use serde_json::json;

/// Eight documents: tides twice, bread, chess, rain, music, iron and tea.
pub(crate) const CORPUS: &str = r#"{"id":"tides-en","title":"Tides","text":"The moon lifts the sea twice a day. Sailors keep a table of its hours.","lang":"en","meta":{"year":1999}}
{"id":"tides-de","title":"Ebbe und Flut","text":"Der Mond hebt das Meer zweimal am Tag.","lang":"de"}
{"id":"bread-es","title":"La masa","text":"El pan crece en el horno.","lang":"es"}
{"id":"chess-ru","title":"Игра","text":"Шахматы пришли из Индии через Персию.","lang":"ru"}
{"id":"rain-ar","title":"المطر","text":"ينزل المطر على الجبال في الشتاء ثم يجري الماء إلى الوادي.","lang":"ar"}
{"id":"music-zh","title":"古琴","text":"古琴是一种有三千年历史的音乐乐器。","lang":"zh"}
{"id":"iron-en","title":"Iron","text":"Smiths heat iron until it glows like the evening sun.","lang":"en"}
{"id":"tea-ja","title":"お茶の歴史","text":"お茶は中国から日本に伝わった。","lang":"ja"}
"#;

/// One line of JSON.
pub(crate) fn document(id: &str, text: &str, lang: &str) -> String {
    format!("{}\n", json!({ "id": id, "text": text, "lang": lang }))
}

/// `n` documents about bread, `PREFIX-0` and so on: a corpus unlike [`CORPUS`] in every identifier.
pub(crate) fn many(prefix: &str, n: usize) -> String {
    let line = |i| {
        let text = format!(
            "Loaf {i} of bread rests {i} minutes before it is cut into {} slices.",
            i % 17
        );
        document(&format!("{prefix}-{i}"), &text, "en")
    };
    (0..n).map(line).collect()
}

pub(crate) fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    zstd::encode_all(bytes.as_ref(), 3).unwrap()
}
