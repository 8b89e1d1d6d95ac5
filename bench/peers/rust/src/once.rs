//! Get-or-compute. dashmap and scc compute while they hold a shard's or an entry's lock, so exactly once; `dashmap-cell` holds
//! it only to find a OnceLock, which a careful user would choose since a computation may need the map. papaya promises nothing
//! of the kind: a computation that loses a race is thrown away, and the driver does not ask it for exactly-once.
//! Its mode of growth: see names.rs.
use crate::work::{compute_value, lookup_keys, results_checksum, Slots, LOOKUP_BLOCK};
use crate::{on_threads, timed, Outcome, Request};
use foldhash::fast::FixedState;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

fn all<F: FnMut(u64) -> u64>(
    request: &Request,
    keys: &[u64],
    results: &mut [u64],
    make: impl Fn() -> F + Sync,
) -> u64 {
    let slots = Slots::new(results);
    let block_items = LOOKUP_BLOCK as usize;
    let (ns, ()) = timed(|| {
        on_threads(request.threads, |thread| {
            let mut value_of = make();
            for block in (thread..keys.len() / block_items).step_by(request.threads) {
                for i in block * block_items..(block + 1) * block_items {
                    slots.put(i, value_of(keys[i]));
                }
            }
        })
    });
    ns
}

pub fn row(request: &Request) -> Option<Outcome> {
    let keys = lookup_keys(request.size);
    let mut results = vec![1u64; request.size as usize];
    let computed = AtomicU64::new(0);
    let compute = |key| {
        computed.fetch_add(1, Ordering::Relaxed);
        compute_value(key)
    };
    let ns = match request.library.as_str() {
        "dashmap" => {
            let map: dashmap::DashMap<u64, u64, FixedState> =
                dashmap::DashMap::with_hasher(FixedState::default());
            all(request, keys, &mut results, || {
                |key| match map.get(&key) {
                    Some(value) => *value,
                    None => *map.entry(key).or_insert_with(|| compute(key)),
                }
            })
        }
        "dashmap-cell" => {
            let map: dashmap::DashMap<u64, Arc<OnceLock<u64>>, FixedState> =
                dashmap::DashMap::with_hasher(FixedState::default());
            all(request, keys, &mut results, || {
                |key| {
                    let found = map
                        .get(&key)
                        .map(|cell| cell.get().copied().ok_or_else(|| cell.clone()));
                    let cell = match found {
                        Some(Ok(value)) => return value,
                        Some(Err(cell)) => cell,
                        None => map.entry(key).or_default().clone(),
                    };
                    *cell.get_or_init(|| compute(key))
                }
            })
        }
        "papaya" => {
            let map: papaya::HashMap<u64, u64, FixedState> = papaya::HashMap::builder()
                .resize_mode(papaya::ResizeMode::Blocking)
                .hasher(FixedState::default())
                .build();
            all(request, keys, &mut results, || {
                let map = map.pin();
                move |key| match map.get(&key) {
                    Some(value) => *value,
                    None => *map.get_or_insert_with(key, || compute(key)),
                }
            })
        }
        "scc" => {
            let map: scc::HashMap<u64, u64, FixedState> = scc::HashMap::with_hasher(FixedState::default());
            all(request, keys, &mut results, || {
                |key| match map.read_sync(&key, |_, value| *value) {
                    Some(value) => value,
                    None => *map.entry_sync(key).or_insert_with(|| compute(key)).get(),
                }
            })
        }
        _ => return None,
    };
    Some(Outcome {
        ns,
        checksum: results_checksum(&results),
        count: computed.into_inner(),
    })
}
