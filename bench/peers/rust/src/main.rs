//! The rows done with libraries of crates.io: `peers LIBRARY[-VARIANT] ROW THREADS SIZE FILE`, as ../program.h says.
//!
//! Built with opt-level 3, fat LTO, one codegen unit and abort on panic: what their authors publish figures with.
mod flat;
mod forks;
mod names;
mod once;
mod stealing;
mod work;

pub struct Request {
    pub library: String,
    pub row: String,
    pub threads: usize,
    pub size: u32,
    pub file: String,
}

pub struct Outcome {
    pub ns: u64,
    pub checksum: u64,
    pub count: u64,
}

/// Runs `body` once and says how long it took.
pub fn timed<T>(body: impl FnOnce() -> T) -> (u64, T) {
    let start = std::time::Instant::now();
    let value = body();
    (start.elapsed().as_nanos() as u64, value)
}

/// As program_time in ../program.h: the median time of up to 5 runs, as many as fit into a quarter of a second.
pub fn median_timed<T>(mut body: impl FnMut() -> T) -> (u64, T) {
    let (first, mut value) = timed(&mut body);
    let mut times = vec![first];
    while times.len() < 5 && times.iter().sum::<u64>() < 250_000_000 {
        let (ns, again) = timed(&mut body);
        times.push(ns);
        value = again;
    }
    times.sort_unstable();
    ((times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2, value)
}

/// Calls body(0 … threads - 1), each on a thread of its own, the first on this one.
pub fn on_threads(threads: usize, body: impl Fn(usize) + Sync) {
    std::thread::scope(|scope| {
        for thread in 1..threads {
            let body = &body;
            scope.spawn(move || body(thread));
        }
        body(0);
    });
}

fn run(request: &Request) -> Option<Outcome> {
    match request.row.as_str() {
        "fib" => forks::fib_row(request),
        "flat" => flat::row(request, true),
        "unequal" => flat::row(request, false),
        "tree" => forks::tree_row(request),
        "intern" => names::row(request),
        "once" => once::row(request),
        _ => None,
    }
}

/// Subtrees are a thousand deep: everything runs on a stack of its own that is large enough.
pub const STACK: usize = 64 << 20;

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if words.len() != 6 {
        eprintln!("usage: peers LIBRARY ROW THREADS SIZE FILE");
        std::process::exit(2);
    }
    let request = Request {
        library: words[1].clone(),
        row: words[2].clone(),
        threads: words[3].parse().unwrap(),
        size: words[4].parse().unwrap(),
        file: words[5].clone(),
    };
    let body = move || match run(&request) {
        Some(Outcome { ns, checksum, count }) => {
            println!("{{\"ns\": {ns}, \"checksum\": {checksum}, \"count\": {count}}}");
            std::process::exit(0)
        }
        None => std::process::exit(3),
    };
    let _ = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(body)
        .unwrap()
        .join();
    std::process::exit(1);
}
