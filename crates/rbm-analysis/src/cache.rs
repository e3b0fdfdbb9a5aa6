//! Simulated nulls that are kept for later calls.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// Results that depend on their key alone, computed once.
pub(crate) struct Cache<K, V>(Mutex<HashMap<K, Arc<V>>>);

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V> Cache<K, V> {
    /// The value of a key. The lock is not held while computing: two threads may compute the same value, and keep the first.
    pub(crate) fn get(&self, key: K, compute: impl FnOnce() -> V) -> Arc<V> {
        match self.try_get(key, || Ok::<V, std::convert::Infallible>(compute())) {
            Ok(value) => value,
            Err(never) => match never {},
        }
    }

    /// As [`Self::get`] for what may fail; failures are not kept.
    pub(crate) fn try_get<E>(
        &self,
        key: K,
        compute: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        // A panic elsewhere cannot leave the map half-written: entries are inserted whole.
        let lock = || self.0.lock().unwrap_or_else(|e| e.into_inner());
        if let Some(found) = lock().get(&key) {
            return Ok(found.clone());
        }
        let value = Arc::new(compute()?);
        Ok(lock().entry(key).or_insert(value).clone())
    }
}
