//! Many `<DOC>` in a file without a root: CLEF's newspapers, TREC's, NTCIR's and FIRE's.
//!
//! A document ends with `</DOC>`, or where the next one begins, or with the file. Its fields are those of its
//! collection.

mod blocks;
mod collections;

use std::path::Path;
use std::sync::Arc;

use xenoglot_engine::input::{Line, Lines, TextEncoding, checked_document};
use xenoglot_engine::sgml::{elements, first_tag};
use xenoglot_engine::{DocId, Document, Meta, Result};

use super::Record;
use blocks::Blocks;
use collections::{Collection, OTHER_TEXTS};

/// Elements that hold a document's identifier, the better ones first: Los Angeles Times' `DOCID` is a bare number.
const IDS: [&str; 2] = ["docno", "docid"];

/// The records of a file.
pub(super) fn records(
    lines: Lines,
    path: Arc<Path>,
    encoding: TextEncoding,
) -> impl Iterator<Item = Result<Record>> {
    let blocks = Blocks::new(lines, Arc::clone(&path));
    blocks.map(move |block| {
        let block = block?;
        let line = Line {
            path: &path,
            number: block.line,
            text: "",
        };
        // Each document is decoded by itself: files of different years and hands are often one file by now.
        let doc = read(&encoding.decode_or_guess(&block.bytes), line)?;
        Ok(Record {
            doc,
            path: Arc::clone(&path),
            line: block.line,
        })
    })
}

fn read(text: &str, line: Line<'_>) -> Result<Document> {
    let id = id(text, line)?;
    let collection = Collection::of(&id);
    let fields = |texts: &[&str]| {
        let found = elements(text, |name| {
            collection.title.contains(&name) || texts.contains(&name)
        });
        let joined = |names: &[&str], between| {
            let fields = found.iter().filter(|field| names.contains(&&*field.name));
            let fields = fields.map(|field| field.text.as_str());
            fields
                .filter(|text| !text.is_empty())
                .collect::<Vec<_>>()
                .join(between)
        };
        let title = joined(collection.title, " ").replace('\n', " ");
        (title, joined(texts, "\n"))
    };
    let (title, mut body) = fields(collection.text);
    for names in OTHER_TEXTS {
        if body.is_empty() {
            body = fields(names).1;
        }
    }
    let doc = Document {
        id: DocId(id),
        lang: collection.lang(),
        title,
        text: body,
        meta: Meta::new(),
    };
    checked_document(doc, line)
}

/// The identifier: an element's or, as in Gigaword, an attribute of `<DOC>`.
fn id(text: &str, line: Line<'_>) -> Result<String> {
    let found = elements(text, |name| IDS.contains(&name));
    let named = |name: &&str| found.iter().find(|field| field.name == *name);
    let element = IDS.iter().find_map(named).map(|field| field.text.clone());
    let attribute = || first_tag(text).and_then(|tag| tag.attribute("id"));
    let id = element.or_else(|| attribute().map(|id| id.trim().to_owned()));
    id.ok_or_else(|| line.malformed("DOCNO", "nothing", "an identifier in <DOCNO> or <DOCID>"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use xenoglot_engine::input::read_lines;

    use super::*;

    fn read_bytes(bytes: &[u8]) -> Vec<Result<Record>> {
        let path = Path::new("docs.sgml");
        let lines = read_lines(path, std::io::Cursor::new(bytes.to_vec())).unwrap();
        records(lines, path.into(), TextEncoding::default()).collect()
    }

    #[track_caller]
    fn check(text: &str, expected: &[(u64, [&str; 3])]) {
        let records = read_bytes(text.as_bytes());
        let found: Vec<_> = records
            .iter()
            .map(|record| {
                let Record { doc, line, .. } = record.as_ref().unwrap();
                (*line, [doc.id.0.as_str(), &doc.title, &doc.text])
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn documents_end_however_they_end() {
        let one = "<DOC><DOCNO>a</DOCNO><TEXT>x</TEXT></DOC>";
        check(one, &[(1, ["a", "", "x"])]);
        check(&one.to_lowercase(), &[(1, ["a", "", "x"])]);
        check(
            "\n junk\n<DOC>\n<DOCNO> a </DOCNO>\n<TEXT>x\n<DOC id='b' type=\"story\"><TEXT>y</DOC><doc\n id=c><text>z",
            &[
                (3, ["a", "", "x"]),
                (6, ["b", "", "y"]),
                (6, ["c", "", "z"]),
            ],
        );
        check("", &[]);
        check("<DOCS><!-- none --></DOCS>", &[]);
    }

    #[test]
    fn fields_of_unknown_collections_have_the_usual_names() {
        check(
            "<DOC><DOCNO>x1</DOCNO><DOCID>9</DOCID><HL>Ti\ntle</HL><DATE>1 May</DATE><LD>lead<TX>one<TX>two</DOC>",
            &[(1, ["x1", "Ti tle", "lead\none\ntwo"])],
        );
        check(
            "<DOC><DOCID>7</DOCID><BODY>a<P>b</BODY>",
            &[(1, ["7", "", "a\nb"])],
        );
        check(
            "<DOC><DOCID>7</DOCID><P>a</P><P>b</P>",
            &[(1, ["7", "", "a\nb"])],
        );
        // A headline without a story is what there is to find.
        check(
            "<DOC><DOCID>7</DOCID><TITLE>Weather</TITLE><TEXT> </TEXT></DOC>",
            &[(1, ["7", "", "Weather"])],
        );
    }

    #[test]
    fn a_wrong_document_is_named_and_the_next_one_read() {
        let records = read_bytes(
            b"<DOC><TEXT>x</TEXT></DOC>\n<DOC><DOCNO>a b</DOCNO><TEXT>x</TEXT></DOC>\n<DOC><DOCNO>c</DOCNO></DOC>\n\
              <DOC><DOCNO>d</DOCNO><TEXT>x</TEXT></DOC>",
        );
        let complaints: Vec<_> = records
            .iter()
            .map(|record| record.as_ref().err().map(ToString::to_string))
            .collect();
        let expected = [
            Some(
                "docs.sgml:1: field `DOCNO`: got \"nothing\", expected an identifier in <DOCNO> or <DOCID>",
            ),
            Some("docs.sgml:2: field `id`: got \"a b\", expected a string without white space"),
            Some("docs.sgml:3: field `text`: got \"\", expected a string that is not empty"),
            None,
        ];
        assert_eq!(complaints, expected.map(|text| text.map(str::to_owned)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200), tags in "(<DOC>|</DOC>|<DOCNO>|<TEXT>|a|\n){0,40}") {
            read_bytes(&bytes);
            read_bytes(&[tags.as_bytes(), &bytes, tags.as_bytes()].concat());
        }

        #[test]
        fn a_document_written_is_read_as_it_was(
            title in "[\\PC&&[^ ]]{1,8}( [\\PC&&[^ ]]{1,8}){0,3}",
            text in "\\w{1,8}([ \n][<>&;\\w.]{1,8}){0,9}",
            latin1: bool,
        ) {
            prop_assume!(!title.contains(|c: char| c.is_whitespace() || c.is_control()) || title.split_whitespace().collect::<Vec<_>>().join(" ") == title);
            let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('\n', "\n<P>\n");
            let written = format!("<DOC>\n<DOCNO>d</DOCNO>\n<TITLE>{}</TITLE>\n<TEXT>{}</TEXT>\n</DOC>\n", escape(&title), escape(&text));
            let in_latin1: Option<Vec<u8>> = written.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|byte| !(0x80..0xa0).contains(byte))).collect();
            let bytes = in_latin1.filter(|bytes| latin1 && std::str::from_utf8(bytes).is_err()).unwrap_or(written.into_bytes());
            let doc = read_bytes(&bytes).pop().unwrap().unwrap().doc;
            prop_assert_eq!((doc.title, doc.text), (title, text));
        }
    }
}
