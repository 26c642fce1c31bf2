//! When work is no longer wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// When work is no longer wanted: after a moment, or once whoever asked has gone. The default is never.
#[derive(Debug, Clone, Default)]
pub struct Deadline {
    moment: Option<Instant>,
    gone: Option<Arc<AtomicBool>>,
}

impl Deadline {
    /// After `moment`, where there is one.
    pub fn at(moment: Option<Instant>) -> Self {
        Self { moment, gone: None }
    }

    /// The same, or as soon as `gone` is set.
    #[must_use]
    pub fn or_when(self, gone: Arc<AtomicBool>) -> Self {
        Self {
            gone: Some(gone),
            ..self
        }
    }

    /// The same, or `moment` where that is earlier.
    #[must_use]
    pub fn no_later_than(self, moment: Instant) -> Self {
        let earlier = self.moment.map_or(moment, |own| own.min(moment));
        Self {
            moment: Some(earlier),
            ..self
        }
    }

    /// Whether there may come a moment from which work is not wanted.
    pub fn may_come(&self) -> bool {
        self.moment.is_some() || self.gone.is_some()
    }

    /// Whether it has come.
    pub fn is_over(&self) -> bool {
        self.moment.is_some_and(|moment| Instant::now() >= moment) || self.is_deserted()
    }

    /// Whether whoever asked has gone.
    pub fn is_deserted(&self) -> bool {
        self.gone
            .as_ref()
            .is_some_and(|gone| gone.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_comes_with_its_moment_or_when_somebody_goes() {
        let now = Instant::now();
        let later = Some(now + Duration::from_secs(3_600));
        assert!(!Deadline::default().is_over() && !Deadline::default().may_come());
        assert!(Deadline::at(Some(now)).is_over());
        assert!(!Deadline::at(later).is_over() && Deadline::at(later).may_come());
        assert!(Deadline::at(later).no_later_than(now).is_over());
        let gone = Arc::new(AtomicBool::new(false));
        let deadline = Deadline::at(later).or_when(Arc::clone(&gone));
        assert!(!deadline.is_over());
        gone.store(true, Ordering::Relaxed);
        assert!(deadline.is_over());
    }
}
