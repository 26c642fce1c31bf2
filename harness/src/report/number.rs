//! Numbers as the field prints them.

/// What stands where there is no number.
pub(super) const NONE: &str = "–";

const SECONDS_PER_DAY: u64 = 86_400;

/// Three decimals and no zero before the point: `.457`, `1.000`.
pub(super) fn value(value: f64) -> String {
    let digits = format!("{:.3}", value.abs());
    let digits = digits.strip_prefix('0').unwrap_or(&digits);
    match value < 0.0 && digits != ".000" {
        true => format!("−{digits}"),
        false => digits.to_owned(),
    }
}

/// The same, or a dash.
pub(super) fn optional(number: Option<f64>) -> String {
    number.map_or_else(|| NONE.to_owned(), value)
}

/// The same with a sign always: `+.012`, `−.012`, `±.000`.
pub(super) fn difference(difference: f64) -> String {
    let digits = value(difference);
    match digits.as_str() {
        ".000" => "±.000".to_owned(),
        _ if digits.starts_with('−') => digits,
        _ => format!("+{digits}"),
    }
}

/// A probability; what three decimals cannot tell from nothing is `<.001`.
pub(super) fn probability(p: f64) -> String {
    match p < 0.001 {
        true => "<.001".to_owned(),
        false => value(p),
    }
}

/// Two digits that matter: `4.2 GB`.
pub(super) fn bytes(bytes: u64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    format!("{} {}", short(size), units[unit])
}

/// `320 ms`, `4.2 s`, `17 min`, `3.1 h`.
pub(super) fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 0.9995 => format!("{} ms", short(s * 1000.0)),
        s if s < 120.0 => format!("{} s", short(s)),
        s if s < 7200.0 => format!("{} min", short(s / 60.0)),
        s => format!("{} h", short(s / 3600.0)),
    }
}

/// Milliseconds without their unit: as many decimals as matter.
pub(super) fn milliseconds(ms: f64) -> String {
    match ms {
        ms if ms < 0.995 => format!("{ms:.2}"),
        ms => short(ms),
    }
}

/// One decimal below ten, none above.
fn short(number: f64) -> String {
    match number < 9.95 && number.fract() != 0.0 {
        true => format!("{number:.1}"),
        false => format!("{number:.0}"),
    }
}

/// A count with thin gaps: `1 190`.
pub(super) fn count(count: usize) -> String {
    let digits = count.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        // Four digits read as well without.
        if i > 0 && digits.len() > 4 && (digits.len() - i).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number and what is counted, in one or in many.
pub(super) fn counted(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(n), if n == 1 { one } else { many })
}

/// The day of a moment since 1970, in UTC: `2026-11-23`.
pub(super) fn date(seconds: u64) -> String {
    // Years begin in March, so that the leap day ends one; a cycle of the calendar is 400 years.
    let days = seconds / SECONDS_PER_DAY + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, year) = match month < 10 {
        true => (month + 3, cycle * 400 + year),
        false => (month - 9, cycle * 400 + year + 1),
    };
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_papers_print_them() {
        for (number, expected, signed) in [
            (0.4567, ".457", "+.457"),
            (1.0, "1.000", "+1.000"),
            (0.9996, "1.000", "+1.000"),
            (0.0, ".000", "±.000"),
            (-0.0001, ".000", "±.000"),
            (-0.0126, "−.013", "−.013"),
            (12.5, "12.500", "+12.500"),
        ] {
            assert_eq!(value(number), expected);
            assert_eq!(difference(number), signed);
        }
        assert_eq!(probability(0.000_9), "<.001");
        assert_eq!(probability(0.0123), ".012");
        assert_eq!(optional(None), "–");
    }

    #[test]
    fn sizes_and_times_keep_the_digits_that_matter() {
        for (number, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_234, "1.2 kB"),
            (45_600_000, "46 MB"),
            (999_900_000, "1.0 GB"),
        ] {
            assert_eq!(bytes(number), expected);
        }
        for (number, expected) in [
            (0.32, "320 ms"),
            (4.21, "4.2 s"),
            (1020.0, "17 min"),
            (11_160.0, "3.1 h"),
        ] {
            assert_eq!(seconds(number), expected);
        }
        assert_eq!(milliseconds(0.1234), "0.12");
        assert_eq!(milliseconds(38.4), "38");
        assert_eq!(count(1190), "1190");
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(counted(1, "topic", "topics"), "1 topic");
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (951_868_800, "2000-03-01"),
            (1_795_392_000, "2026-11-23"),
            (4_107_542_399, "2100-02-28"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }
}
