// bench/peers/tbb.cpp: the rows done with oneTBB.
//
// fib with parallel_invoke (`auto`) and with one task_group::run beside a direct call (`group`), the two ways that its guide
// shows. The parallel-for rows with auto_partitioner (`auto`, the default), and with simple_partitioner and the best grain
// found by hand (`hand`). The tree with a task_group per node (`auto`), and per half of its children (`hand`). Names and values in concurrent_hash_map (`auto`), whose
// accessor locks an element, so that values are computed once; names also in concurrent_unordered_map (`unordered`), whose
// lookups take no lock.
#include "program.h"
#include <atomic>
#include <string_view>
#include <tbb/blocked_range.h>
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_unordered_map.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_invoke.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <thread>
#include <vector>

template <typename Body> static uint64_t median_time(Body body) {
    return program_time([](void *context) { (*static_cast<Body *>(context))(); }, &body);
}

// ---- fib

static uint64_t fib_invoke(uint32_t n) {
    if (n < 2) return n;
    uint64_t first, second;
    tbb::parallel_invoke([&] { first = fib_invoke(n - 1); }, [&] { second = fib_invoke(n - 2); });
    return first + second;
}

static uint64_t fib_group(uint32_t n) {
    if (n < 2) return n;
    uint64_t first, second;
    tbb::task_group group;
    group.run([&] { second = fib_group(n - 2); });
    first = fib_group(n - 1);
    group.wait();
    return first + second;
}

static Outcome fib_row(const Request &request) {
    auto fib = program_is(request.variant, "group") ? fib_group : fib_invoke;
    (void)fib(20);
    uint64_t value = 0;
    uint64_t ns = median_time([&] { value = fib(request.size); });
    return {ns, value, fib_forks(request.size)};
}

// ---- parallel-for

template <typename Body> static void flat(const Request &request, uint32_t count, uint32_t grain, const Body &body) {
    auto range_body = [&](const tbb::blocked_range<uint32_t> &range) {
        for (uint32_t i = range.begin(); i < range.end(); i++)
            body(i);
    };
    if (program_is(request.variant, "auto"))
        tbb::parallel_for(tbb::blocked_range<uint32_t>(0, count), range_body, tbb::auto_partitioner());
    else
        tbb::parallel_for(tbb::blocked_range<uint32_t>(0, count, grain), range_body, tbb::simple_partitioner());
}

static Outcome flat_row(const Request &request, bool is_equal) {
    uint64_t *results = results_make(request.size);
    uint32_t *rounds = unequal_rounds(request.size);
    auto run = [&](uint32_t count) {
        if (is_equal)
            flat(request, count, 2000, [=](uint32_t i) { results[i] = work_item(i); });
        else
            flat(request, count, 4, [=](uint32_t i) { results[i] = work_rounds(i, rounds[i]); });
    };
    run(request.size / 10);
    uint64_t ns = median_time([&] { run(request.size); });
    return {ns, results_checksum(results, request.size), request.size};
}

// ---- the tree

static uint64_t visit(uint64_t node, uint32_t count) {
    if (count == 0) return 1;
    uint64_t few[TREE_BRANCH];
    std::vector<uint64_t> many(count <= TREE_BRANCH ? 0 : count);
    uint64_t *nodes = count <= TREE_BRANCH ? few : many.data();
    tbb::task_group group;
    for (uint32_t i = 0; i + 1 < count; i++)
        group.run([=] {
            uint64_t child = tree_child(node, i);
            nodes[i] = visit(child, tree_children(child));
        });
    uint64_t last = tree_child(node, count - 1);
    nodes[count - 1] = visit(last, tree_children(last));
    group.wait();
    uint64_t sum = 1;
    for (uint32_t i = 0; i < count; i++)
        sum += nodes[i];
    return sum;
}

// The same with halves of the range of children, down to half of a node's: one task for eight nodes.
static uint64_t visit_halves(uint64_t node, uint32_t begin, uint32_t end) {
    uint64_t first = 0, second = 0;
    if (end - begin <= TREE_BRANCH / 2) {
        for (uint32_t i = begin; i < end; i++) {
            uint64_t child = tree_child(node, i);
            uint32_t count = tree_children(child);
            first += 1 + (count == 0 ? 0 : visit_halves(child, 0, count));
        }
        return first;
    }
    uint32_t middle = begin + (end - begin) / 2;
    tbb::task_group group;
    group.run([&] { second = visit_halves(node, middle, end); });
    first = visit_halves(node, begin, middle);
    group.wait();
    return first + second;
}

static Outcome tree_row(const Request &request) {
    bool is_hand = program_is(request.variant, "hand");
    auto run = [=](uint32_t count) {
        return is_hand ? visit_halves(TREE_ROOT, 0, count) + 1 : visit(TREE_ROOT, count);
    };
    (void)run(request.size / 10);
    uint64_t nodes = 0;
    uint64_t ns = median_time([&] { nodes = run(request.size); });
    return {ns, nodes, nodes};
}

// ---- maps: threads of our own, since it is the map that is compared

template <typename Body> static void on_threads(uint32_t threads, const Body &body) {
    std::vector<std::thread> others;
    for (uint32_t thread = 1; thread < threads; thread++)
        others.emplace_back([&body, thread] { body(thread); });
    body(0u);
    for (std::thread &other : others)
        other.join();
}

struct NameHash { // the hash of libstdc++ for strings, as a default would take it
    size_t hash(std::string_view name) const { return std::hash<std::string_view>()(name); }
    bool equal(std::string_view a, std::string_view b) const { return a == b; }
    size_t operator()(std::string_view name) const { return hash(name); }
};

// Text that must outlive the stream is copied, as every interner here does. One block list per thread.
struct NameStore {
    std::vector<char *> blocks;
    size_t left = 0;
    char *at = nullptr;
    std::string_view keep(std::string_view name) {
        if (left < name.size()) {
            left = 1 << 16;
            at = static_cast<char *>(malloc(left));
            blocks.push_back(at);
        }
        memcpy(at, name.data(), name.size());
        std::string_view kept(at, name.size());
        at += name.size();
        left -= name.size();
        return kept;
    }
};

struct HashNames {
    using Map = tbb::concurrent_hash_map<std::string_view, uint32_t, NameHash>;
    Map map;
    std::atomic<uint32_t> next{0};
    uint32_t intern(std::string_view name, NameStore &store) {
        {
            Map::const_accessor found;
            if (map.find(found, name)) return found->second;
        }
        Map::accessor made;
        if (map.insert(made, store.keep(name))) made->second = next.fetch_add(1, std::memory_order_relaxed);
        return made->second;
    }
};

struct UnorderedNames { // a number that loses the race is not used again: ids are then not dense
    tbb::concurrent_unordered_map<std::string_view, uint32_t, NameHash> map;
    std::atomic<uint32_t> next{0};
    uint32_t intern(std::string_view name, NameStore &store) {
        auto found = map.find(name);
        if (found != map.end()) return found->second;
        return map.emplace(store.keep(name), next.fetch_add(1, std::memory_order_relaxed)).first->second;
    }
};

template <typename Names> static Outcome intern_row(const Request &request) {
    Stream stream;
    if (stream_open(request.file, &stream) != 0) exit(1);
    if (request.size < stream.count) stream.count = request.size;
    std::vector<uint32_t> ids(stream.count, 1);
    Names names;
    uint64_t start = peers_now_ns();
    on_threads(request.threads, [&](uint32_t thread) {
        NameStore &store = *new NameStore; // lives as long as the names
        uint32_t end = share_begin(stream.count, thread + 1, request.threads);
        for (uint32_t i = share_begin(stream.count, thread, request.threads); i < end; i++)
            ids[i] = names.intern({stream.text + stream.offsets[i], stream_length(&stream, i)}, store);
    });
    uint64_t ns = peers_now_ns() - start;
    std::vector<uint64_t> counts(names.next);
    for (uint32_t id : ids)
        counts[id]++;
    uint64_t checksum = 0;
    for (const auto &entry : names.map)
        checksum += name_checksum(entry.first.data(), (uint32_t)entry.first.size(), counts[entry.second]);
    return {ns, checksum, names.map.size()};
}

struct KeyHash {
    size_t hash(uint64_t key) const { return key; } // keys are hashes already
    bool equal(uint64_t a, uint64_t b) const { return a == b; }
};

static Outcome once_row(const Request &request) {
    using Map = tbb::concurrent_hash_map<uint64_t, uint64_t, KeyHash>;
    uint64_t *keys = lookup_keys(request.size), *results = results_make(request.size);
    std::atomic<uint64_t> computed{0};
    Map map;
    uint64_t start = peers_now_ns();
    on_threads(request.threads, [&](uint32_t thread) {
        for (uint32_t block = thread; block < request.size / LOOKUP_BLOCK; block += request.threads)
            for (uint32_t i = block * LOOKUP_BLOCK; i < (block + 1) * LOOKUP_BLOCK; i++) {
                {
                    Map::const_accessor found;
                    if (map.find(found, keys[i])) {
                        results[i] = found->second;
                        continue;
                    }
                }
                Map::accessor made;
                if (map.insert(made, keys[i])) { // holds the element's lock: others with this key wait
                    made->second = compute_value(keys[i]);
                    computed.fetch_add(1, std::memory_order_relaxed);
                }
                results[i] = made->second;
            }
    });
    uint64_t ns = peers_now_ns() - start;
    return {ns, results_checksum(results, request.size), computed};
}

int main(int argc, char **argv) {
    Request request = program_request(argc, argv);
    bool is_auto = program_is(request.variant, "auto"), is_hand = program_is(request.variant, "hand");
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, request.threads);
    tbb::global_control stack(tbb::global_control::thread_stack_size, 64u << 20); // the tree is a thousand deep
    if (program_is(request.row, "fib") && !is_hand && !program_is(request.variant, "unordered"))
        return program_print(fib_row(request));
    if (program_is(request.row, "flat") && (is_auto || is_hand)) return program_print(flat_row(request, true));
    if (program_is(request.row, "unequal") && (is_auto || is_hand)) return program_print(flat_row(request, false));
    if (program_is(request.row, "tree") && (is_auto || is_hand)) return program_print(tree_row(request));
    if (program_is(request.row, "intern") && is_auto) return program_print(intern_row<HashNames>(request));
    if (program_is(request.row, "intern") && program_is(request.variant, "unordered"))
        return program_print(intern_row<UnorderedNames>(request));
    if (program_is(request.row, "once") && is_auto) return program_print(once_row(request));
    return PROGRAM_CANNOT;
}
