//! fib and the tree: rayon::join, chili's and forte's joins (both share work only at heartbeats), crossbeam-deque in stealing.rs.
use crate::work::{fib_forks, tree_child, tree_children, TREE_BRANCH, TREE_ROOT};
use crate::{median_timed, stealing, Outcome, Request, STACK};
use rayon::prelude::*;
use std::num::NonZero;

pub fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .stack_size(STACK)
        .build()
        .unwrap()
}

/// chili counts the calling thread; its heartbeats come from one thread more, which sleeps between them.
pub fn chili_pool(threads: usize) -> chili::ThreadPool {
    chili::ThreadPool::with_config(chili::Config {
        thread_count: NonZero::new(threads),
        ..Default::default()
    })
}

static FORTE: forte::ThreadPool = forte::ThreadPool::new();

/// The calling thread is a worker too, so the pool's own are one fewer.
pub fn forte_with<T>(threads: usize, body: impl FnOnce(&forte::Worker) -> T) -> T {
    FORTE.resize_to(threads - 1);
    FORTE.with_worker(body)
}

fn rayon_fib(n: u32) -> u64 {
    if n < 2 {
        return n as u64;
    }
    let (first, second) = rayon::join(|| rayon_fib(n - 1), || rayon_fib(n - 2));
    first + second
}

fn chili_fib(n: u32, scope: &mut chili::Scope) -> u64 {
    if n < 2 {
        return n as u64;
    }
    let (first, second) = scope.join(|s| chili_fib(n - 1, s), |s| chili_fib(n - 2, s));
    first + second
}

fn forte_fib(n: u32, worker: &forte::Worker) -> u64 {
    if n < 2 {
        return n as u64;
    }
    let (first, second) = worker.join(|w| forte_fib(n - 2, w), |w| forte_fib(n - 1, w));
    first + second
}

pub fn fib_row(request: &Request) -> Option<Outcome> {
    let n = request.size;
    let (ns, checksum) = match request.library.as_str() {
        "rayon" => rayon_pool(request.threads).install(|| {
            rayon_fib(20);
            median_timed(|| rayon_fib(n))
        }),
        "chili" => {
            let pool = chili_pool(request.threads);
            let mut scope = pool.scope();
            chili_fib(20, &mut scope);
            median_timed(|| chili_fib(n, &mut scope))
        }
        "forte" => forte_with(request.threads, |worker| {
            forte_fib(20, worker);
            median_timed(|| forte_fib(n, worker))
        }),
        _ => return None,
    };
    Some(Outcome {
        ns,
        checksum,
        count: fib_forks(n),
    })
}

// Children of a node are a parallel iterator for rayon, as its guide has it, and halves of a range for the others.

fn rayon_visit(node: u64, count: u32) -> u64 {
    let visit = |i| {
        let child = tree_child(node, i);
        rayon_visit(child, tree_children(child))
    };
    match count {
        0 => 1,
        _ => 1 + (0..count).into_par_iter().map(visit).sum::<u64>(),
    }
}

fn rayon_visit_halves(node: u64, begin: u32, end: u32, grain: u32) -> u64 {
    if end - begin <= grain {
        let visit = |i| {
            let child = tree_child(node, i);
            match tree_children(child) {
                0 => 1,
                count => 1 + rayon_visit_halves(child, 0, count, grain),
            }
        };
        return (begin..end).map(visit).sum();
    }
    let middle = begin + (end - begin) / 2;
    let (first, second) = rayon::join(
        || rayon_visit_halves(node, begin, middle, grain),
        || rayon_visit_halves(node, middle, end, grain),
    );
    first + second
}

fn chili_visit(node: u64, begin: u32, end: u32, grain: u32, w: &mut chili::Scope) -> u64 {
    if end - begin <= grain {
        let visit = |i| {
            let child = tree_child(node, i);
            match tree_children(child) {
                0 => 1,
                count => 1 + chili_visit(child, 0, count, grain, w),
            }
        };
        return (begin..end).map(visit).sum();
    }
    let middle = begin + (end - begin) / 2;
    let (first, second) = w.join(
        |w| chili_visit(node, begin, middle, grain, w),
        |w| chili_visit(node, middle, end, grain, w),
    );
    first + second
}

fn forte_visit(node: u64, begin: u32, end: u32, grain: u32, w: &forte::Worker) -> u64 {
    if end - begin <= grain {
        let visit = |i| {
            let child = tree_child(node, i);
            match tree_children(child) {
                0 => 1,
                count => 1 + forte_visit(child, 0, count, grain, w),
            }
        };
        return (begin..end).map(visit).sum();
    }
    let middle = begin + (end - begin) / 2;
    let (second, first) = w.join(
        |w| forte_visit(node, middle, end, grain, w),
        |w| forte_visit(node, begin, middle, grain, w),
    );
    first + second
}

pub fn tree_row(request: &Request) -> Option<Outcome> {
    let (few, many) = (request.size / 10, request.size);
    // `-hand` forks once for eight nodes: for half of the children of a node, and for halves of the root's.
    let grain = if request.library.ends_with("-hand") {
        TREE_BRANCH / 2
    } else {
        1
    };
    let (ns, nodes) = match request.library.as_str() {
        "rayon" => rayon_pool(request.threads).install(|| {
            rayon_visit(TREE_ROOT, few);
            median_timed(|| rayon_visit(TREE_ROOT, many))
        }),
        "rayon-join" | "rayon-hand" => rayon_pool(request.threads).install(|| {
            rayon_visit_halves(TREE_ROOT, 0, few, grain);
            median_timed(|| 1 + rayon_visit_halves(TREE_ROOT, 0, many, grain))
        }),
        "chili" | "chili-hand" => {
            let pool = chili_pool(request.threads);
            let mut scope = pool.scope();
            chili_visit(TREE_ROOT, 0, few, grain, &mut scope);
            median_timed(|| 1 + chili_visit(TREE_ROOT, 0, many, grain, &mut scope))
        }
        "forte" | "forte-hand" => forte_with(request.threads, |worker| {
            forte_visit(TREE_ROOT, 0, few, grain, worker);
            median_timed(|| 1 + forte_visit(TREE_ROOT, 0, many, grain, worker))
        }),
        "crossbeam" => {
            stealing::count_tree(request.threads, few);
            median_timed(|| stealing::count_tree(request.threads, many))
        }
        _ => return None,
    };
    Some(Outcome {
        ns,
        checksum: nodes,
        count: nodes,
    })
}
