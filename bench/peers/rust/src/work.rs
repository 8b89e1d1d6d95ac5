//! ../work.h for Rust: the same object file does the work for every language.
use std::ffi::{c_char, c_int, CString};

#[repr(C)]
struct RawStream {
    count: u32,
    distinct: u32,
    offsets: *const u32,
    text: *const c_char,
}

extern "C" {
    #[link_name = "work_item"]
    fn raw_work_item(item: u64) -> u64;
    #[link_name = "work_rounds"]
    fn raw_work_rounds(seed: u64, rounds: u32) -> u64;
    #[link_name = "unequal_rounds"]
    fn raw_unequal_rounds(count: u32) -> *const u32;
    #[link_name = "tree_children"]
    fn raw_tree_children(node: u64) -> u32;
    #[link_name = "tree_child"]
    fn raw_tree_child(parent: u64, number: u32) -> u64;
    #[link_name = "lookup_keys"]
    fn raw_lookup_keys(count: u32) -> *const u64;
    #[link_name = "compute_value"]
    fn raw_compute_value(key: u64) -> u64;
    #[link_name = "name_checksum"]
    fn raw_name_checksum(name: *const c_char, length: u32, count: u64) -> u64;
    fn stream_open(path: *const c_char, stream: *mut RawStream) -> c_int;
}

pub const TREE_ROOT: u64 = 42;
pub const TREE_BRANCH: u32 = 8;
pub const LOOKUP_BLOCK: u32 = 10;

#[inline(always)]
pub fn item(number: u64) -> u64 {
    unsafe { raw_work_item(number) }
}

#[inline(always)]
pub fn rounds(seed: u64, rounds: u32) -> u64 {
    unsafe { raw_work_rounds(seed, rounds) }
}

pub fn unequal_rounds(count: u32) -> &'static [u32] {
    unsafe { std::slice::from_raw_parts(raw_unequal_rounds(count), count as usize) }
}

#[inline(always)]
pub fn tree_children(node: u64) -> u32 {
    unsafe { raw_tree_children(node) }
}

#[inline(always)]
pub fn tree_child(parent: u64, number: u32) -> u64 {
    unsafe { raw_tree_child(parent, number) }
}

pub fn lookup_keys(count: u32) -> &'static [u64] {
    unsafe { std::slice::from_raw_parts(raw_lookup_keys(count), count as usize) }
}

#[inline(always)]
pub fn compute_value(key: u64) -> u64 {
    unsafe { raw_compute_value(key) }
}

pub fn name_checksum(name: &str, count: u64) -> u64 {
    unsafe { raw_name_checksum(name.as_ptr().cast(), name.len() as u32, count) }
}

pub fn results_checksum(results: &[u64]) -> u64 {
    let each = results.iter().enumerate();
    each.fold(0, |sum, (i, result)| {
        sum.wrapping_add(result.wrapping_mul(2 * i as u64 + 1))
    })
}

/// As program.h says: fib(n) forks once for each call with n ≥ 2.
pub fn fib_forks(n: u32) -> u64 {
    let (mut before, mut last) = (0, 0);
    for _ in 2..=n {
        (before, last) = (last, before + last + 1);
    }
    last
}

pub struct Stream {
    offsets: &'static [u32],
    text: &'static [u8],
}

impl Stream {
    pub fn open(path: &str, most: u32) -> Stream {
        let mut raw = RawStream {
            count: 0,
            distinct: 0,
            offsets: std::ptr::null(),
            text: std::ptr::null(),
        };
        let path = CString::new(path).unwrap();
        unsafe {
            assert_eq!(
                stream_open(path.as_ptr(), &mut raw),
                0,
                "cannot read the stream of identifiers"
            );
            let count = raw.count.min(most) as usize;
            let offsets = std::slice::from_raw_parts(raw.offsets, count + 1);
            Stream {
                offsets,
                text: std::slice::from_raw_parts(raw.text.cast(), offsets[count] as usize),
            }
        }
    }

    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    #[inline(always)]
    pub fn name(&self, i: usize) -> &'static str {
        // All of it is ASCII, and the offsets are the file's own: checks would cost every library the same few ns.
        unsafe {
            let bytes = self
                .text
                .get_unchecked(self.offsets[i] as usize..self.offsets[i + 1] as usize - 1);
            std::str::from_utf8_unchecked(bytes)
        }
    }

    /// The identifiers of one thread: a contiguous share.
    pub fn share(&self, thread: usize, threads: usize) -> std::ops::Range<usize> {
        self.len() * thread / threads..self.len() * (thread + 1) / threads
    }
}

/// A slice that several threads write, each its own elements.
pub struct Slots<T>(*mut T);
unsafe impl<T> Sync for Slots<T> {}
unsafe impl<T> Send for Slots<T> {}

impl<T> Slots<T> {
    pub fn new(slice: &mut [T]) -> Slots<T> {
        Slots(slice.as_mut_ptr())
    }

    /// The index is within the slice, and no other thread writes it.
    #[inline(always)]
    pub fn put(&self, index: usize, value: T) {
        unsafe { self.0.add(index).write(value) }
    }
}
