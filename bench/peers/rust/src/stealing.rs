//! A scheduler of the plainest kind on crossbeam-deque, as its documentation sketches it and as our seed has it: a deque for
//! each worker, an injector for the rest, a counter of what has not ended. Tasks are values without a join, so the tree is
//! counted rather than summed: less work than the others do, and the best that this library can be made to do.
use crate::on_threads;
use crate::work::{tree_child, tree_children, TREE_ROOT};
use crossbeam_deque::{Injector, Steal, Stealer, Worker};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

fn find<T>(own: &Worker<T>, injector: &Injector<T>, others: &[Stealer<T>]) -> Option<T> {
    own.pop().or_else(|| {
        std::iter::repeat_with(|| {
            injector
                .steal_batch_and_pop(own)
                .or_else(|| others.iter().map(|s| s.steal_batch_and_pop(own)).collect())
        })
        .find(|found: &Steal<T>| !found.is_retry())
        .and_then(|found| found.success())
    })
}

/// Runs `run(task, own deque)` for all tasks of the injector and all that they push, until none is left.
fn run_all<T: Send>(
    threads: usize,
    injector: Injector<T>,
    pending: AtomicUsize,
    run: impl Fn(T, &Worker<T>, &AtomicUsize) + Sync,
) {
    let own: Vec<Worker<T>> = (0..threads).map(|_| Worker::new_lifo()).collect();
    let stealers: Vec<Stealer<T>> = own.iter().map(Worker::stealer).collect();
    let own: Vec<std::sync::Mutex<Option<Worker<T>>>> =
        own.into_iter().map(|w| std::sync::Mutex::new(Some(w))).collect();
    on_threads(threads, |thread| {
        let own = own[thread].lock().unwrap().take().unwrap();
        while pending.load(Ordering::Acquire) > 0 {
            match find(&own, &injector, &stealers) {
                Some(task) => {
                    run(task, &own, &pending);
                    pending.fetch_sub(1, Ordering::Release);
                }
                None => std::thread::yield_now(),
            }
        }
    });
}

/// Items from the injector; it hands out batches.
pub fn for_each(threads: usize, count: u32, grain: u32, body: impl Fn(u32) + Sync) {
    let injector = Injector::new();
    let mut begin = 0;
    let mut tasks = 0;
    while begin < count {
        injector.push(begin);
        begin += grain;
        tasks += 1;
    }
    run_all(threads, injector, AtomicUsize::new(tasks), |begin, _, _| {
        (begin..count.min(begin + grain)).for_each(&body);
    });
}

pub fn count_tree(threads: usize, count: u32) -> u64 {
    let injector = Injector::new();
    (0..count).for_each(|i| injector.push(tree_child(TREE_ROOT, i)));
    let nodes = AtomicU64::new(1);
    run_all(
        threads,
        injector,
        AtomicUsize::new(count as usize),
        |first: u64, own, pending| {
            // The last child is visited by whoever met its parent; only the others become tasks.
            let (mut node, mut met) = (first, 1);
            loop {
                let children = tree_children(node);
                if children == 0 {
                    break;
                }
                pending.fetch_add(children as usize - 1, Ordering::Relaxed);
                (0..children - 1).for_each(|i| own.push(tree_child(node, i)));
                node = tree_child(node, children - 1);
                met += 1;
            }
            nodes.fetch_add(met, Ordering::Relaxed);
        },
    );
    nodes.into_inner()
}
