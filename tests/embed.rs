//! `xenoglot embed`: a vector for every text, in their order, in three formats that agree.

use std::io::{Cursor, Write};
use std::path::Path;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use arrow_ipc::reader::FileReader;

use crate::support::{
    Ran, TOY, World, bert, gzip, in_time, on_a_terminal, onnx_runtime, workspace, zstd,
};

/// A vector.
type Row = Vec<f32>;

const FORMATS: [&str; 3] = ["jsonl", "npy", "arrow"];

/// What an Arrow file holds: its columns, the identifiers and the vectors.
struct Table {
    columns: Vec<String>,
    ids: Vec<Option<String>>,
    rows: Vec<Row>,
    n_batches: usize,
}

#[track_caller]
fn read_jsonl(text: &str) -> Vec<Row> {
    let row = |line: &str| {
        let numbers = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let numbers = numbers.unwrap_or_else(|| panic!("not an array: {line}"));
        numbers
            .split(',')
            .map(|number| number.parse().unwrap())
            .collect()
    };
    text.lines().map(row).collect()
}

/// The format as NumPy's own documents have it, version 1.0; the shape, and the rows.
#[track_caller]
fn read_npy(bytes: &[u8]) -> ([usize; 2], Vec<Row>) {
    let (start, rest) = bytes.split_at(10);
    assert_eq!(&start[..8], b"\x93NUMPY\x01\x00");
    let length = u16::from_le_bytes([start[8], start[9]]) as usize;
    assert_eq!((10 + length) % 64, 0);
    let (header, numbers) = rest.split_at(length);
    let header = str::from_utf8(header).unwrap();
    assert!(header.ends_with('\n'), "{header:?}");
    for said in ["'descr': '<f4'", "'fortran_order': False"] {
        assert!(header.contains(said), "nothing of {said}: {header}");
    }
    let shape = header.split_once('(').unwrap().1.split_once(')').unwrap().0;
    let shape: Vec<usize> = shape.split(", ").map(|n| n.parse().unwrap()).collect();
    let shape: [usize; 2] = shape.try_into().unwrap();
    assert_eq!(numbers.len(), shape[0] * shape[1] * 4, "{shape:?}");
    let rows = numbers.chunks_exact(4 * shape[1]).map(|row| {
        let numbers = row.as_chunks::<4>().0.iter();
        numbers.map(|bytes| f32::from_le_bytes(*bytes)).collect()
    });
    (shape, rows.collect())
}

#[track_caller]
fn read_arrow(bytes: Vec<u8>) -> Table {
    let reader = FileReader::try_new(Cursor::new(bytes), None).unwrap();
    let schema = reader.schema();
    let mut table = Table {
        columns: schema.fields().iter().map(|f| f.name().clone()).collect(),
        ids: Vec::new(),
        rows: Vec::new(),
        n_batches: reader.num_batches(),
    };
    for batch in reader {
        let batch = batch.unwrap();
        let vectors = batch["vector"].as_fixed_size_list();
        let row = |i| {
            vectors
                .value(i)
                .as_primitive::<Float32Type>()
                .values()
                .to_vec()
        };
        table.rows.extend((0..vectors.len()).map(row));
        if let Some(ids) = batch.column_by_name("id") {
            let ids = ids.as_string::<i32>().iter();
            table.ids.extend(ids.map(|id| id.map(str::to_owned)));
        }
    }
    table
}

/// The vectors of `input`, as JSON lines give them.
#[track_caller]
fn embedded(world: &World, args: &str, input: impl AsRef<[u8]>) -> Vec<Row> {
    let ran = world.xenoglot("embed").words(args).input(input).succeeds();
    read_jsonl(&ran.stdout)
}

/// The vectors of the file `name`, which every format must give alike: to a file, and to a pipe.
#[track_caller]
fn embedded_in_every_format(world: &World, name: &str, args: &str) -> (Vec<Row>, Table) {
    let rows = embedded(world, &format!("{name} {args}"), "");
    for format in FORMATS {
        let words = format!("embed {name} {args} --format {format}");
        let to_file = world.xenoglot(&words).words("--output vectors").succeeds();
        assert_eq!(to_file.stdout, "");
        let file = std::fs::read(world.path("vectors")).unwrap();
        let to_pipe = world.shell("\"$0\" \"$@\" | cat > piped", &words);
        to_pipe.succeeds();
        assert!(
            std::fs::read(world.path("piped")).unwrap() == file,
            "{format}"
        );
        match format {
            "npy" => assert!(read_npy(&file).1 == rows, "{format}"),
            "arrow" => assert!(read_arrow(file).rows == rows, "{format}"),
            _ => assert!(
                read_jsonl(str::from_utf8(&file).unwrap()) == rows,
                "{format}"
            ),
        }
    }
    let arrow = format!("embed {name} {args} --format arrow --output vectors");
    world.xenoglot(&arrow).succeeds();
    let table = read_arrow(std::fs::read(world.path("vectors")).unwrap());
    (rows, table)
}

/// The vector of one of the toy's concepts; without one, of a text that it knows nothing in.
fn concept(axis: Option<usize>) -> Row {
    let mut row = vec![0.0; 8];
    if let Some(axis) = axis {
        row[axis] = 1.0;
    }
    row
}

const SEA: Option<usize> = Some(0);
const MOON: Option<usize> = Some(1);
const BREAD: Option<usize> = Some(2);

#[test]
fn every_line_has_a_vector_in_its_place() {
    let world = World::new();
    let check = |args: &str, input: &str, expected: &[Option<usize>]| {
        let expected: Vec<Row> = expected.iter().copied().map(concept).collect();
        assert_eq!(embedded(&world, args, input), expected, "{input:?}");
    };
    let lines = "moon\n\nBrot\r\n \nnothing of this\nbahari";
    check("", lines, &[MOON, None, BREAD, None, None, SEA]);
    check("-", lines, &[MOON, None, BREAD, None, None, SEA]);
    check("--input lines", "\n{\"text\":\"moon\"}\n", &[None, MOON]);
    check("", "\u{feff}moon\n", &[MOON]);
    check("", "\n", &[None]);
    check("", "", &[]);
    check("--input jsonl", "\n\n", &[]);
    check(
        "",
        "\n\n{\"_id\":\"a\",\"query\":\"moon\"}\n\n{\"text\":\"sea\"}\n",
        &[MOON, SEA],
    );
    check(
        "",
        "{\"text\":\"\"}\n{\"title\":\"Brot\",\"text\":\"?\"}\n",
        &[None, BREAD],
    );
    // The first line says what all are.
    check("", "{\"id\":\"a\"}\nmoon\n", &[None, MOON]);
}

#[test]
fn a_summary_goes_to_standard_error_and_vectors_to_standard_output() {
    let world = World::new();
    let ran = world.xenoglot("embed").input("moon\nsea\n").succeeds();
    assert_eq!(
        ran.stdout,
        "[0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0]\n[1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0]\n"
    );
    assert_eq!(ran.stderr.lines().count(), 1, "{ran}");
    ran.explained().says("2 texts").says(" s (");
}

#[test]
fn packed_files_are_read_as_they_are() {
    let world = World::new();
    let rows = embedded(&world, "corpus.jsonl", "");
    assert_eq!(rows.len(), 8);
    let corpus = world.read("corpus.jsonl");
    world.write("a.jsonl.gz", gzip(&corpus));
    world.write("a.zst", zstd(&corpus));
    assert_eq!(embedded(&world, "a.jsonl.gz", ""), rows);
    assert_eq!(embedded(&world, "a.zst", ""), rows);
    assert_eq!(embedded(&world, "", zstd(&corpus)), rows);
}

#[test]
fn many_texts_stay_in_order_in_every_format() {
    let world = World::new();
    let words = ["sea", "Mond", "pan", "schach"];
    let n_texts = 5_000;
    let line = |i: usize| format!("{} {i}\n", words[i % 4]);
    world.write("many.txt", (0..n_texts).map(line).collect::<String>());
    let (rows, table) = embedded_in_every_format(&world, "many.txt", "");
    let expected: Vec<Row> = (0..n_texts).map(|i| concept(Some(i % 4))).collect();
    assert!(rows == expected);
    // Memory is bounded by a batch.
    assert!(table.n_batches > 1);
    assert_eq!(table.columns, ["vector"]);
}

#[test]
fn every_format_has_the_same_vectors_of_the_encoder_inside_the_program() {
    let world = World::new();
    let model = workspace().join("models/xenoglot-static");
    let args = format!("--model {}", model.display());
    let (rows, table) = embedded_in_every_format(&world, "corpus.jsonl", &args);
    assert_eq!(table.columns, ["id", "vector"]);
    let ids: Vec<_> = table.ids.iter().map(|id| id.as_deref().unwrap()).collect();
    assert_eq!((ids.len(), ids[0], ids[7]), (8, "tides-en", "tea-ja"));
    for row in &rows {
        let norm: f32 = row.iter().map(|x| x * x).sum();
        assert!((norm - 1.0).abs() < 1e-5 && row.len() >= 128, "{norm}");
    }
    let inside = world
        .xenoglot("embed corpus.jsonl")
        .without_env("XENOGLOT_MODEL");
    assert_eq!(read_jsonl(&inside.succeeds().stdout), rows);
}

#[test]
fn identifiers_that_are_not_there_are_null() {
    let world = World::new();
    world.write(
        "some.jsonl",
        "{\"text\":\"sea\"}\n{\"id\":7,\"text\":\"moon\"}\n{\"id\":null,\"_id\":\"b\",\"query\":\"bread\"}\n",
    );
    let (rows, table) = embedded_in_every_format(&world, "some.jsonl", "");
    assert_eq!(table.ids, [None, Some("7".into()), Some("b".into())]);
    assert_eq!(rows, [SEA, MOON, BREAD].map(concept));
}

#[test]
fn no_texts_are_no_rows_of_the_right_length() {
    let world = World::new();
    for (args, columns) in [("", &["vector"][..]), ("--input jsonl", &["id", "vector"])] {
        world.write("empty", "");
        let (rows, table) = embedded_in_every_format(&world, "empty", args);
        assert!(rows.is_empty() && table.rows.is_empty());
        assert_eq!(table.columns, columns);
        assert_eq!(table.n_batches, 0);
        let npy = format!("embed empty {args} --format npy --output vectors");
        world.xenoglot(&npy).succeeds().says("0 texts");
        let bytes = std::fs::read(world.path("vectors")).unwrap();
        assert_eq!(read_npy(&bytes).0, [0, 8]);
    }
    let ran = world.xenoglot("embed").succeeds();
    assert_eq!(ran.stdout, "");
}

#[test]
fn a_role_is_the_prompt_that_the_model_wants_for_it() {
    let Some(runtime) = onnx_runtime() else {
        return;
    };
    let world = World::new();
    bert(&world.path("plain"), TOY);
    bert(&world.path("prompted"), TOY);
    world.write(
        "prompted/config_sentence_transformers.json",
        r#"{"prompts": {"query": "chess ", "passage": "iron "}}"#,
    );
    let check = |args: &str, same_as: &str| {
        let run = |args: &str, text: &str| {
            let program = world.xenoglot("embed").env("XENOGLOT_ORT_DYLIB", &runtime);
            let ran = program.words(args).input(text).succeeds();
            read_jsonl(&ran.stdout).remove(0)
        };
        let [found, expected] = [
            run(&format!("--model prompted {args}"), "moon"),
            run("--model plain --role none", same_as),
        ];
        let cosine: f32 = found.iter().zip(&expected).map(|(x, y)| x * y).sum();
        assert!(cosine > 0.9999, "{args}: {cosine}");
    };
    check("--role query", "chess moon");
    check("--role passage", "iron moon");
    check("", "iron moon");
    check("--role none", "moon");
}

#[test]
fn a_long_text_is_one_vector() {
    let world = World::new();
    let text = "moon ".repeat(210_000) + "\nsea\n";
    assert!(text.len() > 1 << 20);
    assert_eq!(embedded(&world, "", &text), [MOON, SEA].map(concept));
    let model = workspace().join("models/xenoglot-static");
    let args = format!("--model {}", model.display());
    assert_eq!(embedded(&world, &args, &text).len(), 2);
}

/// Three lines of which the third is wrong: refused from a file and from the standard input, in every format, and what
/// was at the output stays.
#[track_caller]
fn check_line(line: impl AsRef<[u8]>, said: &str) {
    let world = World::new();
    let mut input = b"{\"text\":\"moon\"}\n\n".to_vec();
    input.extend(line.as_ref());
    input.extend(b"\n{\"text\":\"sea\"}\n");
    world.write("bad.jsonl", &input);
    world.write("there", "what was there");
    let before = world.names(".");
    for format in FORMATS {
        for output in ["there", "new"] {
            let args = format!("embed bad.jsonl --format {format} --output {output}");
            let ran = world.xenoglot(&args).fails();
            ran.says("bad.jsonl:3:").says(said);
            assert_eq!(world.read("there"), "what was there");
            assert_eq!(world.names("."), before, "{format}");
        }
    }
    world
        .xenoglot("embed")
        .input(&input)
        .fails()
        .says("-:3:")
        .says(said);
}

#[test]
fn a_wrong_line_names_file_line_and_field_and_leaves_no_output() {
    check_line("moon", "`line`");
    check_line("{\"text\":\"moon\"", "expected one JSON object");
    check_line("[\"moon\"]", "expected one JSON object");
    check_line("{\"id\":\"a\"}", "`text`");
    check_line("{\"text\":7}", "`text`: got \"7\", expected a string");
    check_line("{\"query\":[\"moon\"]}", "`query`");
    check_line("{\"text\":\"moon\",\"title\":7}", "`title`");
    check_line("{\"text\":\"moon\",\"id\":{}}", "`id`");
}

#[test]
fn half_a_surrogate_pair_names_file_line_and_field() {
    check_line(r#"{"text":"\ud800"}"#, "`text`");
    check_line(
        r#"{"text":"moon \udc00"}"#,
        "expected a string without lone surrogates",
    );
    check_line(r#"{"query":"\ud83d\ud83d"}"#, "`query`");
    let world = World::new();
    // The first line, too, where nothing but it says what the lines are.
    let first = world
        .xenoglot("embed")
        .input(r#"{"text":"\ud800"}"#)
        .fails();
    first.says("-:1: field `text`").says("lone surrogates");
    // A pair is a character, and what nobody reads may be as it is.
    let whole = r#"{"text":"moon \ud83c\udf0d","meta":"\ud800"}"#;
    assert_eq!(embedded(&world, "", whole), [concept(MOON)]);
}

#[test]
fn text_that_is_not_utf8_names_file_and_line() {
    check_line(b"{\"text\":\"f\xfcnf\"}", "UTF-8");
    let world = World::new();
    for input in [&b"moon\nf\xfcnf\n"[..], b"\n\xff\n"] {
        let ran = world.xenoglot("embed --input lines").input(input).fails();
        ran.says("-:2: field `line`").says("UTF-8");
        world.xenoglot("embed").input(input).fails().says("-:2:");
    }
}

#[test]
fn what_cannot_be_read_or_written_is_named() {
    let world = World::new();
    world.write("cut.gz", &gzip("moon\n".repeat(5_000))[..60]);
    let before = world.names(".");
    for (args, said) in [
        ("nowhere.txt", "nowhere.txt"),
        ("model", "model"),
        ("cut.gz --output out --format npy", "cut.gz"),
        ("corpus.jsonl --output nowhere/out", "nowhere/out"),
        ("corpus.jsonl --output model", "model"),
        ("corpus.jsonl --output corpus.jsonl/out", "corpus.jsonl/out"),
        (
            "corpus.jsonl --model corpus.jsonl --output out",
            "corpus.jsonl",
        ),
    ] {
        world.xenoglot("embed").words(args).fails().says(said);
        assert_eq!(world.names("."), before, "{args}");
    }
}

#[test]
fn an_output_that_is_there_is_replaced_when_all_is_well() {
    let world = World::new();
    world.write("out", "what was there, and longer than what comes");
    world
        .xenoglot("embed --output out")
        .input("moon")
        .succeeds();
    assert_eq!(read_jsonl(&world.read("out")), [concept(MOON)]);
    world
        .xenoglot("embed")
        .env("XENOGLOT_OUTPUT", "out")
        .input("sea")
        .succeeds();
    assert_eq!(read_jsonl(&world.read("out")), [concept(SEA)]);
    assert_eq!(world.names("."), ["corpus.jsonl", "model", "out"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_output() {
    for signal in ["INT", "TERM"] {
        let world = World::new();
        let mut running = world.xenoglot("embed --format npy --output out").start();
        running.input().write_all(b"moon\n").unwrap();
        let folder = world.path(".");
        in_time(move || while names(&folder) < 3 {});
        running.signal(signal);
        let ran: Ran = running.finish_with_open_input();
        ran.has_code(1).explained().says("interrupted");
        assert_eq!(world.names("."), ["corpus.jsonl", "model"]);
    }
}

#[cfg(unix)]
fn names(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[cfg(unix)]
#[test]
fn a_terminal_gets_no_binary_format() {
    let world = World::new();
    for format in ["npy", "arrow"] {
        let args = format!("embed corpus.jsonl --format {format}");
        let Some(shown) = on_a_terminal(world.xenoglot(&args)) else {
            return;
        };
        let shown = shown.run().has_code(1);
        shown.prints("--output").prints("terminal");
        let to_file = on_a_terminal(world.xenoglot(&args).words("--output out"));
        to_file.unwrap().succeeds().prints("8 texts");
    }
    let lines = on_a_terminal(world.xenoglot("embed corpus.jsonl")).unwrap();
    lines.succeeds().prints("[0.0,0.0,1.0,0.0");
}

#[cfg(unix)]
#[test]
fn a_reader_who_has_enough_ends_an_endless_input() {
    let world = World::new();
    let script = "yes moon | { \"$0\" \"$@\"; echo \"code $?\" >&2; } | head -c 40 > head";
    for format in ["jsonl", "arrow"] {
        let ran = world.shell(script, &format!("embed --format {format} --input lines"));
        ran.succeeds().says("code 0");
        assert_eq!(std::fs::read(world.path("head")).unwrap().len(), 40);
    }
}

#[cfg(unix)]
#[test]
fn a_vector_comes_before_the_next_text_is_written() {
    let world = World::new();
    let script = "mkfifo texts vectors; \"$0\" \"$@\" <texts >vectors & exec 3>texts 4<vectors; \
                  for word in moon sea; do echo $word >&3; read -r vector <&4; echo $vector; done; \
                  exec 3>&-; wait $!";
    let ran = world.shell(script, "embed").succeeds();
    assert_eq!(read_jsonl(&ran.stdout), [MOON, SEA].map(concept));
}
