//! What was made once, in memory until others displace it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Result;

/// Values by their keys, at most so many; whichever was not used for longest makes room.
pub(crate) struct Resident<K, V> {
    max: usize,
    /// The one that was used last comes last.
    slots: Mutex<Vec<(K, Slot<V>)>>,
}

/// A value, or the place where one is being made.
type Slot<V> = Arc<Mutex<Option<Arc<V>>>>;

impl<K: Clone + PartialEq, V> Resident<K, V> {
    /// Room for `max` values, and for one at least.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            max: max.max(1),
            slots: Mutex::default(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    /// The value of `key`, made if it is not there. Whoever asks for it meanwhile waits; others do not.
    ///
    /// `make` must not wait for anybody who may ask for the same value: no rayon.
    ///
    /// # Errors
    /// Those of `make`; nothing stays then.
    pub(crate) fn get(&self, key: &K, make: impl FnOnce() -> Result<V>) -> Result<Arc<V>> {
        let slot = self.slot(key);
        let mut value = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = &*value {
            return Ok(Arc::clone(value));
        }
        let forget = |_: &_| self.lock().retain(|(known, _)| known != key);
        let made = Arc::new(make().inspect_err(forget)?);
        *value = Some(Arc::clone(&made));
        Ok(made)
    }

    fn slot(&self, key: &K) -> Slot<V> {
        let mut slots = self.lock();
        let known = slots.iter().position(|(known, _)| known == key);
        let slot = match known {
            Some(i) => slots.remove(i).1,
            None => Slot::default(),
        };
        if slots.len() >= self.max {
            slots.remove(0);
        }
        slots.push((key.clone(), Arc::clone(&slot)));
        slot
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(K, Slot<V>)>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn what_was_not_used_for_longest_makes_room() {
        let resident = Resident::new(2);
        let made = Mutex::new(Vec::new());
        let get = |key: char| {
            let make = || {
                made.lock().unwrap().push(key);
                Ok(key)
            };
            assert_eq!(*resident.get(&key, make).unwrap(), key);
        };
        "abacab".chars().for_each(get);
        assert_eq!(*made.lock().unwrap(), ['a', 'b', 'c', 'b']);
        assert_eq!(resident.len(), 2);
    }

    #[test]
    fn what_cannot_be_made_takes_no_room() {
        let resident: Resident<char, ()> = Resident::new(1);
        assert!(resident.get(&'a', || Err(Error::Heads)).is_err());
        assert_eq!(resident.len(), 0);
        assert!(resident.get(&'a', || Ok(())).is_ok());
    }
}
