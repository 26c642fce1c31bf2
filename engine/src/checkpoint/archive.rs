//! PyTorch's zip archives.
//!
//! The directory is read here and not by a library: of two entries with one name, libraries silently keep the last, and
//! all that is wanted of an entry is where its bytes lie. PyTorch compresses nothing, so nothing is decompressed.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Found;
use super::file::quoted;

const END: &[u8] = b"PK\x05\x06";
const END_LEN: usize = 22;
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const LOCATOR_64_LEN: usize = 20;
const CENTRAL: &[u8] = b"PK\x01\x02";
const CENTRAL_LEN: usize = 46;
const LOCAL: &[u8] = b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// The files of PyTorch inside an archive.
pub(super) struct Archive<'a> {
    prefix: &'a str,
    entries: BTreeMap<&'a str, Range<usize>>,
}

impl<'a> Archive<'a> {
    /// The archive in `bytes`, whose files are below the folder that holds `data.pkl`.
    pub(super) fn open(bytes: &'a [u8]) -> Found<Self> {
        let entries = entries(bytes)?;
        let mut prefixes = entries
            .keys()
            .filter_map(|name| name.strip_suffix("/data.pkl"))
            .filter(|prefix| !prefix.contains('/'));
        let prefix = prefixes.next().ok_or(
            "it is a zip archive without a `data.pkl`, expected one that `torch.save` wrote",
        )?;
        if prefixes.next().is_some() {
            return Err("it holds several folders with a `data.pkl`, expected one".into());
        }
        let archive = Self { prefix, entries };
        // Files from before PyTorch 2.1 do not say, and are little-endian unless a rare machine wrote them.
        let byteorder = archive.place("byteorder").and_then(|at| bytes.get(at));
        match byteorder {
            None | Some(b"little") => Ok(archive),
            Some(order) => {
                let order = quoted(&String::from_utf8_lossy(order));
                Err(format!("its byte order is {order}, expected `little`"))
            }
        }
    }

    /// Where the file `name` lies.
    pub(super) fn place(&self, name: &str) -> Option<Range<usize>> {
        let name = format!("{}/{name}", self.prefix);
        self.entries.get(name.as_str()).cloned()
    }
}

/// Where the directory lies.
struct Directory {
    n_entries: u64,
    place: Range<usize>,
}

/// Where the bytes of each entry lie, by name.
fn entries(bytes: &[u8]) -> Found<BTreeMap<&str, Range<usize>>> {
    let directory = directory(bytes)?;
    let mut rest = bytes.get(directory.place.clone()).ok_or_else(cut_short)?;
    let mut entries = BTreeMap::new();
    let mut taken = Vec::new();
    for _ in 0..directory.n_entries {
        let entry = Entry::read(rest)?;
        let (whole, data) = entry.place(bytes)?;
        taken.push((whole, entry.name));
        if entries.insert(entry.name, data).is_some() {
            return Err(format!("its entry {} comes twice", quoted(entry.name)));
        }
        rest = rest.get(entry.len..).ok_or_else(cut_short)?;
    }
    if !rest.is_empty() {
        return Err("its directory holds more than its entries".into());
    }
    taken.push((directory.place, "(its directory)"));
    taken.sort_by_key(|(place, _)| (place.start, place.end));
    for pair in taken.windows(2) {
        if let [(one, name), (other, other_name)] = pair
            && one.end > other.start
        {
            let (name, other_name) = (quoted(name), quoted(other_name));
            return Err(format!("its entries {name} and {other_name} overlap"));
        }
    }
    Ok(entries)
}

/// What the end of the archive says about its directory.
fn directory(bytes: &[u8]) -> Found<Directory> {
    let at = find_end(bytes).ok_or("it is a zip archive without an end; it may be cut short")?;
    let end = bytes.get(at..).ok_or_else(cut_short)?;
    let mut n_entries = u64::from(u16_at(end, 10)?);
    let mut size = u64::from(u32_at(end, 12)?);
    let mut start = u64::from(u32_at(end, 16)?);
    let mut disks = u32::from(u16_at(end, 4)? | u16_at(end, 6)?);
    let locator = at
        .checked_sub(LOCATOR_64_LEN)
        .and_then(|at| bytes.get(at..));
    if let Some(locator) = locator.filter(|bytes| bytes.starts_with(LOCATOR_64)) {
        let at = usize::try_from(u64_at(locator, 8)?).map_err(|_| cut_short())?;
        let end = bytes.get(at..).filter(|bytes| bytes.starts_with(END_64));
        let end = end.ok_or("the end of its zip64 directory is not where it should be")?;
        n_entries = u64_at(end, 32)?;
        size = u64_at(end, 40)?;
        start = u64_at(end, 48)?;
        disks = u32_at(end, 16)? | u32_at(end, 20)?;
    }
    if disks != 0 {
        return Err("it is one part of a zip archive, expected a whole one".into());
    }
    let place = place(start, size).ok_or_else(cut_short)?;
    Ok(Directory { n_entries, place })
}

/// Where the record lies whose comment ends with the file.
fn find_end(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_LEN)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|at| {
        let end = bytes.get(*at..).unwrap_or_default();
        end.starts_with(END) && u16_at(end, 20).is_ok_and(|n| END_LEN + usize::from(n) == end.len())
    })
}

/// An entry as the directory has it.
struct Entry<'a> {
    name: &'a str,
    size: u64,
    start: u64,
    /// Bytes of its record in the directory.
    len: usize,
}

impl<'a> Entry<'a> {
    fn read(record: &'a [u8]) -> Found<Self> {
        if !record.starts_with(CENTRAL) {
            return Err("its directory is damaged".into());
        }
        let name_end = CENTRAL_LEN + usize::from(u16_at(record, 28)?);
        let extra_end = name_end + usize::from(u16_at(record, 30)?);
        let name = record.get(CENTRAL_LEN..name_end).ok_or_else(cut_short)?;
        let name = std::str::from_utf8(name).map_err(|_| "the name of an entry is not UTF-8")?;
        let flags = u16_at(record, 8)?;
        if flags & (1 | 1 << 6 | 1 << 13) != 0 {
            return Err(format!("its entry {} is encrypted", quoted(name)));
        }
        let method = u16_at(record, 10)?;
        if method != 0 {
            let name = quoted(name);
            return Err(format!(
                "its entry {name} is compressed (method {method}), expected it stored, as PyTorch does"
            ));
        }
        let extra = record.get(name_end..extra_end).ok_or_else(cut_short)?;
        let (size, packed, start) = sizes(record, extra)?;
        if size != packed {
            let name = quoted(name);
            return Err(format!(
                "its entry {name} has {packed} bytes, expected {size}"
            ));
        }
        let len = extra_end + usize::from(u16_at(record, 32)?);
        Ok(Self {
            name,
            size,
            start,
            len,
        })
    }

    /// Where it lies with its header, and without.
    fn place(&self, bytes: &[u8]) -> Found<(Range<usize>, Range<usize>)> {
        let beyond = || format!("its entry {} reaches beyond the file", quoted(self.name));
        let start = usize::try_from(self.start).map_err(|_| beyond())?;
        let header = bytes.get(start..).unwrap_or_default();
        if !header.starts_with(LOCAL) {
            return Err(format!(
                "its entry {} is not where it should be",
                quoted(self.name)
            ));
        }
        let name_end = LOCAL_LEN + usize::from(u16_at(header, 26)?);
        if header.get(LOCAL_LEN..name_end) != Some(self.name.as_bytes()) {
            return Err(format!(
                "its entry {} has another name in its place",
                quoted(self.name)
            ));
        }
        let data = start + name_end + usize::from(u16_at(header, 28)?);
        let data = place(data as u64, self.size).filter(|place| place.end <= bytes.len());
        let data = data.ok_or_else(beyond)?;
        Ok((start..data.end, data))
    }
}

/// An entry's size, its size in the archive, and where it begins.
fn sizes(record: &[u8], extra: &[u8]) -> Found<(u64, u64, u64)> {
    let mut large = zip64_field(extra);
    let mut field = |at| -> Found<u64> {
        let small = u32_at(record, at)?;
        let (Some(fields), u32::MAX) = (&mut large, small) else {
            return Ok(small.into());
        };
        let value = u64_at(fields, 0)?;
        *fields = fields.get(8..).unwrap_or_default();
        Ok(value)
    };
    let (size, packed) = (field(24)?, field(20)?);
    Ok((size, packed, field(42)?))
}

/// What the extra fields hold for sizes that need 64 bits.
fn zip64_field(mut extra: &[u8]) -> Option<&[u8]> {
    while let (Ok(id), Ok(len)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(len);
        if id == 1 {
            return extra.get(4..end);
        }
        extra = extra.get(end..)?;
    }
    None
}

fn place(start: u64, len: u64) -> Option<Range<usize>> {
    let end = usize::try_from(start.checked_add(len)?).ok()?;
    Some(usize::try_from(start).ok()?..end)
}

fn number<const N: usize>(bytes: &[u8], at: usize) -> Found<[u8; N]> {
    let number = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    number.copied().ok_or_else(cut_short)
}

fn u16_at(bytes: &[u8], at: usize) -> Found<u16> {
    number(bytes, at).map(u16::from_le_bytes)
}

fn u32_at(bytes: &[u8], at: usize) -> Found<u32> {
    number(bytes, at).map(u32::from_le_bytes)
}

fn u64_at(bytes: &[u8], at: usize) -> Found<u64> {
    number(bytes, at).map(u64::from_le_bytes)
}

fn cut_short() -> String {
    "its zip directory is damaged or cut short".into()
}
