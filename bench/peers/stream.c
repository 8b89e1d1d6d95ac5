// bench/peers/stream.c: writes the stream of identifiers that every interner reads: `stream FILE COUNT DISTINCT`.
//
// SHAPE   u32 count, u32 distinct, u32 offsets[count + 1], then the text, a blank after each identifier, as in a source.
// LAW     Zipf with exponent 1 over the distinct names, as words of programs have it; by Walker's alias method with Vose's
//         tables, so that ten million draws take a second. Names look like names: 3 to 24 bytes, lower case, underscores.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 20260101;

static uint64_t next(void) {
    uint64_t x = state += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static double uniform(void) { return (double)(next() >> 11) / 9007199254740992.0; }

#define NAME_MOST 24u

// Syllables, then the number in base 26: no two are equal, and common names (small numbers) are short.
static uint32_t make_name(char *out, uint32_t number) {
    static const char *const parts[] = {"in",  "count", "val", "re", "str",   "node",
                                        "max", "len",   "ne",  "ab", "token", "i"};
    uint32_t length = 0;
    for (uint64_t i = next() % 3; i > 0; i--) {
        const char *part = parts[next() % 12];
        memcpy(out + length, part, strlen(part));
        length += (uint32_t)strlen(part);
        if (next() % 2 == 0) out[length++] = '_';
    }
    out[length++] = 'x'; // separates the syllables from the digits, which never begin with it
    do {
        out[length++] = (char)('a' + number % 23);
        number /= 23;
    } while (number > 0);
    return length;
}

int main(int argc, char **argv) {
    if (argc != 4) return 2;
    uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10), distinct = (uint32_t)strtoul(argv[3], NULL, 10);
    char *names = calloc(distinct, NAME_MOST);
    uint32_t *lengths = calloc(distinct, sizeof *lengths);
    for (uint32_t i = 0; i < distinct; i++)
        lengths[i] = make_name(names + (size_t)i * NAME_MOST, i);

    // Vose: each cell holds one name and what is left of another.
    double *odds = calloc(distinct, sizeof *odds), total = 0;
    uint32_t *other = calloc(distinct, sizeof *other), *small = calloc(distinct, sizeof *small);
    uint32_t *large = calloc(distinct, sizeof *large), smalls = 0, larges = 0;
    for (uint32_t i = 0; i < distinct; i++)
        total += 1.0 / (i + 1);
    for (uint32_t i = 0; i < distinct; i++) {
        odds[i] = distinct / (i + 1.0) / total;
        if (odds[i] < 1)
            small[smalls++] = i;
        else
            large[larges++] = i;
    }
    while (smalls > 0 && larges > 0) {
        uint32_t less = small[--smalls], more = large[larges - 1];
        other[less] = more;
        odds[more] -= 1 - odds[less];
        if (odds[more] < 1) small[smalls++] = large[--larges];
    }
    while (smalls > 0)
        odds[small[--smalls]] = 1;
    while (larges > 0)
        odds[large[--larges]] = 1;

    uint32_t *picks = malloc(sizeof *picks * count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t cell = (uint32_t)(next() % distinct);
        picks[i] = uniform() < odds[cell] ? cell : other[cell];
    }
    // Each name at least once, at a random place of a stretch of its own: new names come until the end, to all threads.
    for (uint32_t i = 0; i < distinct; i++)
        picks[(uint64_t)i * (count / distinct) + next() % (count / distinct)] =
            (uint32_t)(i * UINT64_C(7919) % distinct);
    uint32_t *offsets = malloc(sizeof *offsets * (count + (size_t)1));
    char *text = malloc((size_t)count * (NAME_MOST + 1));
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = at;
        memcpy(text + at, names + (size_t)picks[i] * NAME_MOST, lengths[picks[i]]);
        at += lengths[picks[i]];
        text[at++] = ' ';
    }
    offsets[count] = at;
    FILE *file = fopen(argv[1], "wb");
    if (file == NULL) return 1;
    uint32_t head[2] = {count, distinct};
    int good = fwrite(head, sizeof head, 1, file) == 1;
    good &= fwrite(offsets, sizeof *offsets, count + (size_t)1, file) == count + (size_t)1;
    good &= fwrite(text, 1, at, file) == at;
    return fclose(file) == 0 && good ? 0 : 1;
}
