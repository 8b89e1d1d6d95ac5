//! The parallel-for rows. Where a library has an automatic grain, `X` uses it and `X-hand` the best grain found by hand.
use crate::forks::{chili_pool, forte_with, rayon_pool};
use crate::work::{self, Slots};
use crate::{median_timed, stealing, Outcome, Request};
use rayon::prelude::*;

fn chili_range(begin: u32, end: u32, grain: u32, scope: &mut chili::Scope, body: &(impl Fn(u32) + Sync)) {
    if end - begin <= grain {
        return (begin..end).for_each(body);
    }
    let middle = begin + (end - begin) / 2;
    scope.join(
        |s| chili_range(begin, middle, grain, s, body),
        |s| chili_range(middle, end, grain, s, body),
    );
}

fn forte_range(begin: u32, end: u32, grain: u32, worker: &forte::Worker, body: &(impl Fn(u32) + Sync)) {
    if end - begin <= grain {
        return (begin..end).for_each(body);
    }
    let middle = begin + (end - begin) / 2;
    worker.join(
        |w| forte_range(middle, end, grain, w, body),
        |w| forte_range(begin, middle, grain, w, body),
    );
}

/// Time of `body` for 0 … count - 1, after a warm-up over a tenth of it. None: not one of the libraries here.
fn time(request: &Request, is_equal: bool, body: impl Fn(u32) + Sync) -> Option<u64> {
    let (threads, count, few) = (request.threads, request.size, request.size / 10);
    let hand: u32 = if is_equal { 1000 } else { 4 };
    let ns = match request.library.as_str() {
        "rayon" => rayon_pool(threads).install(|| {
            (0..few).into_par_iter().for_each(&body);
            median_timed(|| (0..count).into_par_iter().for_each(&body)).0
        }),
        "rayon-hand" => rayon_pool(threads).install(|| {
            let run = |count: u32| {
                (0..count)
                    .into_par_iter()
                    .with_max_len(hand as usize)
                    .for_each(&body)
            };
            run(few);
            median_timed(|| run(count)).0
        }),
        // Heartbeats make small leaves cheap: one item for `chili` and `forte`, as their guides do it.
        "chili" | "chili-hand" => {
            let pool = chili_pool(threads);
            let mut scope = pool.scope();
            let grain = if request.library == "chili" { 1 } else { hand / 4 };
            chili_range(0, few, grain, &mut scope, &body);
            median_timed(|| chili_range(0, count, grain, &mut scope, &body)).0
        }
        "forte" | "forte-hand" => forte_with(threads, |worker| {
            let grain = if request.library == "forte" { 1 } else { hand / 4 };
            forte_range(0, few, grain, worker, &body);
            median_timed(|| forte_range(0, count, grain, worker, &body)).0
        }),
        "crossbeam" => {
            stealing::for_each(threads, few, hand, &body);
            median_timed(|| stealing::for_each(threads, count, hand, &body)).0
        }
        // Static shares, as OpenMP's default; `-dynamic` takes items one by one. Its idle threads spin.
        "fork_union" | "fork_union-dynamic" => {
            let mut pool = fork_union::spawn(threads);
            let is_static = request.library == "fork_union";
            let mut run = |count: u32| {
                if is_static {
                    let _ = pool.for_n(count as usize, |prong| body(prong.task_index as u32));
                } else {
                    let _ = pool.for_n_dynamic(count as usize, |prong| body(prong.task_index as u32));
                }
            };
            run(few);
            median_timed(|| run(count)).0
        }
        _ => return None,
    };
    Some(ns)
}

pub fn row(request: &Request, is_equal: bool) -> Option<Outcome> {
    let mut results = vec![1u64; request.size as usize];
    let slots = Slots::new(&mut results);
    let rounds = work::unequal_rounds(request.size);
    let ns = if is_equal {
        time(request, true, |i| slots.put(i as usize, work::item(i as u64)))
    } else {
        time(request, false, |i| {
            slots.put(i as usize, work::rounds(i as u64, rounds[i as usize]))
        })
    }?;
    Some(Outcome {
        ns,
        checksum: work::results_checksum(&results),
        count: request.size as u64,
    })
}
