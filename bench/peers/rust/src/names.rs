//! Interning: interners (lasso, ustr, symbol_table) and concurrent maps from text to number (dashmap, papaya, scc), as their
//! guides show: look first, insert only what is missing. All with foldhash where the hash can be chosen: SipHash, the default
//! of most, would make them two to three times slower. papaya in its blocking mode of growth: in the incremental one, its default, lookups
//! walk two tables for as long as one grows, and are ten times slower in a table that grows all the time.
use crate::work::{name_checksum, Slots, Stream};
use crate::{on_threads, timed, Outcome, Request};
use foldhash::fast::FixedState;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

fn keep(name: &str) -> &'static str {
    Box::leak(name.into())
}

/// Interns the whole stream; `intern` is made once for each thread. Returns the time and the ids.
fn all<T: Copy + Send, F: FnMut(&'static str) -> T>(
    stream: &Stream,
    threads: usize,
    fill: T,
    make: impl Fn() -> F + Sync,
) -> (u64, Vec<T>) {
    let mut ids = vec![fill; stream.len()];
    let slots = Slots::new(&mut ids);
    let (ns, ()) = timed(|| {
        on_threads(threads, |thread| {
            let mut intern = make();
            for i in stream.share(thread, threads) {
                slots.put(i, intern(stream.name(i)));
            }
        })
    });
    (ns, ids)
}

fn outcome<T: std::hash::Hash + Eq>(ns: u64, ids: &[T], text: impl Fn(&T) -> String) -> Option<Outcome> {
    let mut counts: HashMap<&T, u64> = HashMap::new();
    for id in ids {
        *counts.entry(id).or_insert(0) += 1;
    }
    let checksum = counts.iter().fold(0u64, |sum, (id, count)| {
        sum.wrapping_add(name_checksum(&text(id), *count))
    });
    Some(Outcome {
        ns,
        checksum,
        count: counts.len() as u64,
    })
}

pub fn row(request: &Request) -> Option<Outcome> {
    let stream = Stream::open(&request.file, request.size);
    let threads = request.threads;
    let next = AtomicU32::new(0);
    let number = || next.fetch_add(1, Ordering::Relaxed);
    match request.library.as_str() {
        "lasso" => {
            let names: lasso::ThreadedRodeo<lasso::Spur, FixedState> =
                lasso::ThreadedRodeo::with_hasher(FixedState::default());
            let (ns, ids) = all(&stream, threads, lasso::Spur::default(), || {
                |name| names.get_or_intern(name)
            });
            outcome(ns, &ids, |id| names.resolve(id).into())
        }
        // For one thread only, and so no peer of ours: printed as what concurrency costs.
        "lasso-sequential" if threads == 1 => {
            let mut names: lasso::Rodeo<lasso::Spur, FixedState> =
                lasso::Rodeo::with_hasher(FixedState::default());
            let mut ids = vec![lasso::Spur::default(); stream.len()];
            let (ns, ()) =
                timed(|| (0..stream.len()).for_each(|i| ids[i] = names.get_or_intern(stream.name(i))));
            outcome(ns, &ids, |id| names.resolve(id).into())
        }
        "ustr" => {
            let (ns, ids) = all(&stream, threads, ustr::ustr(""), || ustr::ustr);
            outcome(ns, &ids, |id| id.as_str().into())
        }
        "symbol_table" => {
            let names = symbol_table::SymbolTable::new();
            let (ns, ids) = all(&stream, threads, None, || |name| Some(names.intern(name)));
            outcome(ns, &ids, |id| names.resolve(id.unwrap()).into())
        }
        "dashmap" => {
            let names: dashmap::DashMap<&str, u32, FixedState> =
                dashmap::DashMap::with_hasher(FixedState::default());
            let (ns, ids) = all(&stream, threads, 0, || {
                |name| match names.get(name) {
                    Some(id) => *id,
                    None => *names.entry(keep(name)).or_insert_with(number),
                }
            });
            let texts: HashMap<u32, &str> =
                names.iter().map(|entry| (*entry.value(), *entry.key())).collect();
            outcome(ns, &ids, |id| texts[id].into())
        }
        "papaya" => {
            let names: papaya::HashMap<&str, u32, FixedState> = papaya::HashMap::builder()
                .resize_mode(papaya::ResizeMode::Blocking)
                .hasher(FixedState::default())
                .build();
            let (ns, ids) = all(&stream, threads, 0, || {
                let names = names.pin();
                move |name| match names.get(name) {
                    Some(id) => *id,
                    None => *names.get_or_insert_with(keep(name), number),
                }
            });
            let texts: HashMap<u32, &str> = names.pin().iter().map(|(name, id)| (*id, *name)).collect();
            outcome(ns, &ids, |id| texts[id].into())
        }
        "scc" => {
            let names: scc::HashMap<&str, u32, FixedState> = scc::HashMap::with_hasher(FixedState::default());
            let (ns, ids) = all(&stream, threads, 0, || {
                |name| match names.read_sync(name, |_, id| *id) {
                    Some(id) => id,
                    None => *names.entry_sync(keep(name)).or_insert_with(number).get(),
                }
            });
            let mut texts: HashMap<u32, &str> = HashMap::new();
            names.iter_sync(|name, id| texts.insert(*id, name).is_none());
            outcome(ns, &ids, |id| texts[id].into())
        }
        _ => None,
    }
}
