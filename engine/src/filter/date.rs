//! Dates: a day of ISO 8601 (`2024-02-29`), or a timestamp of RFC 3339 (`2024-02-29T12:30:00+01:00`).

use std::fmt;

const MICROS: i64 = 1_000_000;
const DAY_SECONDS: i64 = 86_400;
/// Seconds of the years 0 to 9999.
const YEARS: std::ops::Range<i64> = -62_167_219_200..253_402_300_800;

/// Microseconds since 1970 began in Greenwich; what a timestamp has of finer ones is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

/// What a text that is a date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Date {
    /// A day, in Greenwich; where it begins.
    Day(Moment),
    Moment(Moment),
}

impl Date {
    /// The day's first moment, or the moment.
    pub(crate) fn start(self) -> Moment {
        match self {
            Self::Day(moment) | Self::Moment(moment) => moment,
        }
    }

    /// The day's last moment, or the moment.
    pub(super) fn last(self) -> Moment {
        match self {
            Self::Day(Moment(start)) => Moment(start + DAY_SECONDS * MICROS - 1),
            Self::Moment(moment) => moment,
        }
    }
}

/// The date that `text` is, if it is one.
pub(crate) fn day_or_moment(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let (day, rest) = bytes.split_at_checked(10)?;
    let start = days(day)? * DAY_SECONDS;
    if rest.is_empty() {
        return Some(Date::Day(Moment(start * MICROS)));
    }
    let (time, rest) = rest.split_at_checked(9)?;
    let [b'T' | b't' | b' ', hour @ .., b':', m1, m2, b':', s1, s2] = time else {
        return None;
    };
    let hour = number(hour, 23)?;
    let minute = number(&[*m1, *m2], 59)?;
    // A leap second is the next minute's first.
    let second = number(&[*s1, *s2], 60)?;
    let (micros, rest) = fraction(rest)?;
    let seconds = start + hour * 3_600 + minute * 60 + second - offset(rest)?;
    // In Greenwich it may be another year, which must be one that can be written.
    (YEARS.contains(&seconds)).then_some(Date::Moment(Moment(seconds * MICROS + micros)))
}

/// Days since 1970 began.
fn days(day: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = day else {
        return None;
    };
    let year = number(&[*y1, *y2, *y3, *y4], 9_999)?;
    let month = number(&[*m1, *m2], 12)?;
    let day = number(&[*d1, *d2], 31)?;
    if month == 0 || day == 0 || day > days_in(year, month) {
        return None;
    }
    Some(days_before_year(year) - days_before_year(1970) + days_before_month(year, month) + day - 1)
}

/// Days of the years from 0 to before `year`, all of them Gregorian.
fn days_before_year(year: i64) -> i64 {
    // Year 0 is a leap year, which the divisions count from year 1 on.
    let before = year - 1;
    let leap_years = match year {
        0 => 0,
        _ => before / 4 - before / 100 + before / 400 + 1,
    };
    year * 365 + leap_years
}

fn days_before_month(year: i64, month: i64) -> i64 {
    (1..month).map(|month| days_in(year, month)).sum()
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Microseconds of `.123`, and what stands behind; 0 where there is no fraction.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let [b'.', rest @ ..] = text else {
        return Some((0, text));
    };
    let n_digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(n_digits);
    let digit = |at: usize| digits.get(at).map_or(0, |byte| i64::from(byte - b'0'));
    let micros = (0..6).fold(0, |micros, at| micros * 10 + digit(at));
    (n_digits > 0).then_some((micros, rest))
}

/// Seconds that a clock of the zone is ahead.
fn offset(zone: &[u8]) -> Option<i64> {
    match zone {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let seconds = number(&[*h1, *h2], 23)? * 3_600 + number(&[*m1, *m2], 59)? * 60;
            Some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// The number that `digits` write, up to `max`.
fn number(digits: &[u8], max: i64) -> Option<i64> {
    let mut value = 0;
    for digit in digits {
        value = value * 10 + i64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    (value <= max).then_some(value)
}

impl fmt::Display for Moment {
    /// A timestamp in Greenwich, with microseconds where they are not 0.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0.div_euclid(MICROS), self.0.rem_euclid(MICROS));
        let (days, second) = (
            seconds.div_euclid(DAY_SECONDS),
            seconds.rem_euclid(DAY_SECONDS),
        );
        let mut rest = days + days_before_year(1970);
        let mut year = rest / 366;
        while days_before_year(year + 1) <= rest {
            year += 1;
        }
        rest -= days_before_year(year);
        let mut month = 1;
        while rest >= days_in(year, month) {
            rest -= days_in(year, month);
            month += 1;
        }
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        let day = rest + 1;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        if micros > 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<i64>) {
        let seconds = day_or_moment(text).map(|date| date.start().0.div_euclid(MICROS));
        assert_eq!(seconds, expected, "{text}");
    }

    #[test]
    fn days_and_timestamps_are_dates() {
        check("1970-01-01", Some(0));
        check("1969-12-31", Some(-86_400));
        check("2000-03-01", Some(951_868_800));
        check("2024-02-29T12:30:00+01:00", Some(1_709_206_200));
        check("2024-02-29 11:30:00.5z", Some(1_709_206_200));
        check("0000-01-01", Some(-62_167_219_200));
        check("2016-12-31T23:59:60Z", Some(1_483_228_800));
    }

    #[test]
    fn other_texts_are_not() {
        for text in [
            "",
            "2024",
            "2024-2-29",
            "2023-02-29",
            "2024-00-10",
            "2024-13-01",
            "2024-02-29T12:30",
            "2024-02-29T12:30:00",
            "2024-02-29T24:00:00Z",
            "2024-02-29T12:30:00.Z",
            "+024-02-29",
            "2024-02-29x",
            "2024-02-2é",
            "2024-02-29T12:30:00+1:00",
            "9999-12-31T23:59:60Z",
            "0000-01-01T00:00:00+00:01",
        ] {
            check(text, None);
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_read_as_it_is_written(micros in -62_167_219_200_000_000i64..253_402_300_800_000_000) {
            let moment = Moment(micros);
            prop_assert_eq!(day_or_moment(&moment.to_string()), Some(Date::Moment(moment)));
        }
    }
}
