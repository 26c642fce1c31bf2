//! Files made by hand, to do harm.

use super::*;

/// A zip archive of stored `entries`.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let start = bytes.len() as u32;
        let size = (data.len() as u32).to_le_bytes();
        // The fields that both records have: version, flags, method, time, date, checksum, sizes, lengths of the names.
        let mut fields = vec![0; 14];
        fields.extend([size, size].concat());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        bytes.extend([b"PK\x03\x04", &fields[..], name.as_bytes(), data].concat());
        directory.extend(
            [
                b"PK\x01\x02\0\0",
                &fields[..],
                &[0; 10],
                &start.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let (start, n) = (bytes.len() as u32, (entries.len() as u16).to_le_bytes());
    bytes.extend(&directory);
    bytes.extend([b"PK\x05\x06\0\0\0\0", &n[..], &n].concat());
    bytes.extend([(directory.len() as u32).to_le_bytes(), start.to_le_bytes()].concat());
    bytes.extend([0, 0]);
    bytes
}

/// `pickle` as PyTorch saves it, with one storage of six numbers of four bytes.
pub(super) fn saved(pickle: &[u8]) -> Vec<u8> {
    archive(&[("a/data.pkl", pickle), ("a/data/0", &[0; 24])])
}

fn check(pickle: &[u8], expected: &str) {
    let pickle = [b"\x80\x02", pickle].concat();
    let sentence = sentence(Pickle::from_bytes(Path::new("hostile.bin"), saved(&pickle)));
    assert!(
        sentence.contains(expected),
        "{sentence:?}, expected {expected:?}"
    );
}

fn check_file(bytes: Vec<u8>, expected: &str) {
    let sentence = sentence(Pickle::from_bytes(Path::new("hostile.bin"), bytes));
    assert!(
        sentence.contains(expected),
        "{sentence:?}, expected {expected:?}"
    );
}

#[test]
fn imports_are_refused_by_name() {
    for (pickle, name) in [
        (&b"cos\nsystem\nX\x02\0\0\0ls\x85R."[..], "os.system"),
        (b"cposix\nsystem\nX\x02\0\0\0ls\x85R.", "posix.system"),
        (b"\x8c\x02os\x8c\x06system\x93.", "os.system"),
        (b"\x8c\x08builtins\x8c\x04eval\x93.", "builtins.eval"),
        (b"c__builtin__\neval\n.", "__builtin__.eval"),
        (b"(X\x02\0\0\0lsios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nX\x02\0\0\0lso.", "os.system"),
        (b"cos\nsystem\n)\x81.", "os.system"),
        (
            b"ccollections\nOrderedDict.__reduce__\n.",
            "collections.OrderedDict.__reduce__",
        ),
        (b"ctorch\nload\n.", "torch.load"),
        (b"ctorch\nXStorage\n.", "torch.XStorage"),
        (
            b"cnumpy.core.multiarray\n_reconstruct\n.",
            "numpy.core.multiarray._reconstruct",
        ),
        (b"c\x1b[2J\n\n.", "\\u{1b}[2J."),
    ] {
        check(
            pickle,
            &format!("the pickle asks for `{name}`, which is not among what a checkpoint needs"),
        );
    }
}

#[test]
fn opcodes_that_no_checkpoint_needs_are_refused() {
    for (pickle, expected) in [
        (&b"\x82\x01."[..], "`copyreg` registers"),
        (b"\x84\x01\0\0\0.", "`copyreg` registers"),
        (b"(icollections\nOrderedDict\n.", "an instance of a class"),
        (b"(ccollections\nOrderedDict\no.", "an instance of a class"),
        (b"ccollections\nOrderedDict\n)}\x92.", "named arguments"),
        (b"\x8f.", "a set"),
        (b"\x97.", "a buffer"),
        (b"Pid\n.", "by a text"),
        (b"S'text'\n.", "protocols 0 and 1"),
        (b"\xff.", "0xff is no opcode"),
        (b"\x80\x06N.", "protocol 6, expected 2 to 5"),
    ] {
        check(pickle, expected);
    }
}

#[test]
fn broken_pickles_are_errors() {
    for (pickle, expected) in [
        (&b""[..], "ends too early"),
        (b".", "takes more values"),
        (b"NN.", "left over"),
        (b"(N.", "left over"),
        (b"N(0.", "takes more values"),
        (b"N\x86.", "takes more values"),
        (b"N(N\x86.", "takes more values"),
        (b"t.", "a mark that it never set"),
        (b"]a.", "takes more values"),
        (b"Na.", "takes more values"),
        (b"NNa.", "fills a plain value"),
        (b"}Na.", "appends to a mapping"),
        (b"](NNu.", "sets keys of a list"),
        (b"}(Nu.", "without a value"),
        (b"h\x05.", "recalls 5, which it never remembered"),
        (b"q\x00.", "takes more values"),
        (b"X\xff\xff\xff\xffab.", "ends too early"),
        (b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.", "ends too early"),
        (b"X\x01\0\0\0\xff.", "not UTF-8"),
        (b"\x95\xff\0\0\0\0\0\0\0N.", "a frame reaches beyond"),
        (b"N)R.", "calls nothing, expected a function"),
        (b"NNR.", "nothing was found, expected a tuple"),
        (b"N}b.", "gives a state to nothing"),
        (b"]}b.", "gives a state to a list"),
        (
            b"ccollections\nOrderedDict\nN\x85R.",
            "OrderedDict with 1 arguments",
        ),
        (b"ctorch\nFloatStorage\n.", "it holds a function or a class"),
        (b"\x8a\x09\0\0\0\0\0\0\0\0\x01.", "more than 64 bits"),
        (b"cnumpy\ndtype\nX\x02\0\0\0O8\x85R.", "numpy's type `O8`"),
        (
            b"c_codecs\nencode\nX\x01\0\0\0aX\x05\0\0\0rot13\x86R.",
            "encoded as `rot13`",
        ),
        (
            b"c_codecs\nencode\nX\x02\0\0\0\xc4\x80X\x06\0\0\0latin1\x86R.",
            "beyond Latin-1",
        ),
        (b"N.N", "1 bytes lie behind the end"),
    ] {
        check(pickle, expected);
    }
}

/// A tensor over the storage of [`saved`]: numbers of it, offset, shape and strides.
fn tensor(count: &[u8], offset: &[u8], shape: &[u8], strides: &[u8]) -> Vec<u8> {
    let id = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu";
    let rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n(";
    let parts = [
        &rebuild[..],
        id,
        count,
        b"tQ",
        offset,
        b"(",
        shape,
        b"t(",
        strides,
        b"t",
    ];
    [&parts.concat()[..], b"\x89ccollections\nOrderedDict\n)RtR."].concat()
}

#[test]
fn tensors_stay_inside_their_storages() {
    const HUGE: &[u8] = b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f";
    let huge_twice = [HUGE, HUGE].concat();
    for (count, offset, shape, strides, expected) in [
        (
            &b"K\x06"[..],
            &b"K\x00"[..],
            &b"K\x02K\x03"[..],
            &b"K\x03K\x01"[..],
            "it was read",
        ),
        (
            b"K\x06",
            b"K\x01",
            b"K\x02K\x03",
            b"K\x03K\x01",
            "takes 28 bytes, and its storage `0` has 24",
        ),
        (
            b"K\x06",
            b"K\x00",
            b"K\x02K\x03",
            b"K\x04K\x01",
            "takes 28 bytes",
        ),
        (b"K\x06", b"K\x07", b"K\x00", b"K\x01", "takes 28 bytes"),
        (
            b"K\x07",
            b"K\x00",
            b"K\x02",
            b"K\x01",
            "its storage `0` has 24 bytes, expected 28",
        ),
        (
            b"K\x06",
            b"J\xff\xff\xff\xff",
            b"K\x02",
            b"K\x01",
            "-1 was found, expected a size",
        ),
        (
            b"K\x06",
            b"K\x00",
            b"J\xff\xff\xff\xff",
            b"K\x01",
            "-1 was found, expected a size",
        ),
        (
            b"K\x06",
            b"K\x05",
            b"K\x02",
            b"J\xff\xff\xff\xff",
            "-1 was found, expected a size",
        ),
        (
            b"K\x06",
            b"K\x00",
            b"K\x02K\x03",
            b"K\x01",
            "2 dimensions and 1 strides",
        ),
        (b"K\x06", b"K\x00", &huge_twice, b"K\x00K\x00", "too large"),
        (
            b"K\x06",
            b"K\x00",
            HUGE,
            b"K\x00",
            "many times the size of the file",
        ),
        (b"K\x06", HUGE, b"K\x02", HUGE, "too large"),
        (HUGE, b"K\x00", b"K\x02", b"K\x01", "too large"),
        (
            b"N",
            b"K\x00",
            b"K\x02",
            b"K\x01",
            "nothing was found, expected a size",
        ),
    ] {
        check(&tensor(count, offset, shape, strides), expected);
    }
}

#[test]
fn what_repeats_is_paid_for() {
    // Each list holds the one before it twice: a hundred bytes that would be 2^30 values.
    let mut laughs = b"]q\x000".to_vec();
    for i in 0..30 {
        laughs.extend([b'(', b'h', i, b'h', i, b't', b'q', i + 1, b'0']);
    }
    check(
        &[&laughs[..], b"h\x1e."].concat(),
        "by repeating what it holds once",
    );
    // A long text in many places.
    let text = [&b"X\0\x10\0\0"[..], &[b'a'; 0x1000], b"q\0"].concat();
    let many = b"h\0".repeat(0x1000);
    check(
        &[b"(", &text[..], &many, b"t."].concat(),
        "by repeating what it holds once",
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = |n: usize| [&b"N".to_vec()[..], &b"\x85".repeat(n), b"."].concat();
    check(&deep(50), "it was read");
    check(&deep(500), "nest more than 64 deep");
    check(&deep(900_000), "nest more than 64 deep");
    check(b"]q\0h\0a.", "nest more than 64 deep");
    check(&b"(".repeat(900_000), "ends too early");
    check(
        &b"]".repeat(1_100_000),
        "more than 1048576 texts, lists and tensors",
    );
}

#[test]
fn archives_are_read_strictly() {
    let pickle = b"\x80\x02N.";
    let whole = archive(&[("a/data.pkl", pickle)]);
    check_file(whole.clone(), "it was read");
    let entries = |entries: &[(&str, &[u8])]| archive(entries);
    check_file(entries(&[]), "without a `data.pkl`");
    check_file(entries(&[("data.pkl", pickle)]), "without a `data.pkl`");
    check_file(
        entries(&[("a/data.pkl", pickle), ("b/data.pkl", pickle)]),
        "several folders",
    );
    check_file(
        entries(&[("a/data.pkl", pickle), ("a/data.pkl", pickle)]),
        "comes twice",
    );
    check_file(
        entries(&[("a/data.pkl", pickle), ("a/byteorder", b"big")]),
        "`big`, expected `little`",
    );
    let changed = |from_end: usize, to: u8, expected: &str| {
        let mut bytes = whole.clone();
        let at = bytes.len() - from_end;
        bytes[at] = to;
        check_file(bytes, expected);
    };
    // The directory's record of the entry lies 78 bytes before the end.
    changed(78 - 8, 1, "is encrypted");
    changed(78 - 10, 8, "is compressed (method 8)");
    changed(78 - 20, 9, "has 9 bytes, expected 4");
    changed(78 - 42, 1, "is not where it should be");
    changed(78 - 46, b'b', "has another name");
    changed(22 - 10, 2, "damaged");
    changed(22 - 4, 1, "one part of a zip archive");
    changed(22 - 19, 1, "cut short");
    check_file(whole[..whole.len() - 1].to_vec(), "without an end");
}

#[test]
fn entries_do_not_overlap() {
    let mut bytes = archive(&[("a/data.pkl", b"\x80\x02N."), ("b", b"N.")]);
    // Both sizes of the first entry grow, in the directory: it reaches into the second.
    let at = bytes
        .windows(4)
        .position(|four| four == b"PK\x01\x02")
        .unwrap();
    bytes[at + 20] += 8;
    bytes[at + 24] += 8;
    check_file(bytes, "its entries `a/data.pkl` and `b` overlap");
}

/// An archive of one entry whose sizes and places are all said in 64 bits.
#[test]
fn archives_of_64_bits_are_read() {
    let pickle = b"\x80\x02N.";
    let mut bytes = archive(&[("a/data.pkl", pickle)]);
    let start = bytes.len() - 78;
    let mut record = bytes[start..bytes.len() - 22].to_vec();
    bytes.truncate(start);
    for at in [20, 24, 42] {
        record[at..at + 4].fill(0xff);
    }
    record[30] = 28;
    let numbers = |numbers: &[u64]| {
        numbers
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    record.extend([&b"\x01\0\x18\0"[..], &numbers(&[4, 4, 0])].concat());
    let end = (start + record.len()) as u64;
    bytes.extend(&record);
    bytes.extend(
        [
            b"PK\x06\x06",
            &numbers(&[44])[..],
            &[0; 12],
            &numbers(&[1, 1]),
        ]
        .concat(),
    );
    bytes.extend(numbers(&[record.len() as u64, start as u64]));
    bytes.extend([b"PK\x06\x07", &[0; 4][..], &numbers(&[end]), &[1, 0, 0, 0]].concat());
    bytes.extend([b"PK\x05\x06", &[0; 4][..], &[0xff; 12], &[0; 2]].concat());
    check_file(bytes.clone(), "it was read");
    // Its size in 64 bits, out of any file.
    bytes[start + 46 + 10 + 4 + 7] = 0xff;
    bytes[start + 46 + 10 + 4 + 8 + 7] = 0xff;
    check_file(bytes, "reaches beyond the file");
}

#[test]
fn other_files_are_told_apart() {
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, expected) in [
        (&b""[..], "it is empty"),
        (b"weights", "begins like no checkpoint"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "a pointer of git-lfs",
        ),
        (&tar, "a tar file of PyTorch"),
        (b"\x80\x02N.", "without the magic number of PyTorch"),
        (
            b"\x02\0\0\0\0\0\0\0{}",
            "a safetensors file, expected a pickle",
        ),
    ] {
        check_file(bytes.to_vec(), expected);
    }
    let tensors = |bytes: &[u8]| sentence(Checkpoint::from_bytes(Path::new("a"), bytes.to_vec()));
    assert_eq!(tensors(b"\x02\0\0\0\0\0\0\0{}"), "it was read");
    assert!(tensors(b"\xff\0\0\0\0\0\0\0{}").starts_with("a: cannot read these weights: "));
    let plain = saved(b"\x80\x02]K\x01a.");
    assert_eq!(
        tensors(&plain),
        "a: it holds a list, expected tensors by name"
    );
}

/// One opcode with arguments that fit, for programs at random.
pub(super) fn opcode() -> impl Strategy<Value = Vec<u8>> {
    let whole: Vec<&'static [u8]> = vec![
        b"(", b"0", b"1", b"N", b"\x88", b"K\x01", b"K\x00", b"]", b"}", b")", b"t", b"\x85", b"\x86", b"\x87", b"a",
        b"e", b"s", b"u", b"q\0", b"q\x01", b"h\0", b"h\x01", b"\x94", b"R", b"\x81", b"b", b"Q",
        b"X\x07\0\0\0storage", b"X\x01\0\0\x000", b"X\x06\0\0\0latin1", b"C\x01a", b"ctorch\nSize\n",
        b"ctorch\nFloatStorage\n", b"ctorch._utils\n_rebuild_tensor\n", b"ctorch._utils\n_rebuild_parameter\n",
        b"ccollections\nOrderedDict\n", b"c_codecs\nencode\n", b"cnumpy\ndtype\n", b"X\x02\0\0\0i1",
        b"cnumpy.core.multiarray\nscalar\n",
        b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQ",
        b"ctorch._utils\n_rebuild_tensor\n(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQK\0)",
    ];
    proptest::sample::select(whole).prop_map(<[u8]>::to_vec)
}
