// base/status.h: how a function of the core says that the world went wrong.
//
// Three kinds of wrong, three ways. The user's text is wrong: a diagnostic, and the function still returns a result.
// The world is wrong (no memory, no disk, cancelled): a Status, handed up by TRY. We are wrong: assert.
#pragma once
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum Status {
    STATUS_OK = 0,
    STATUS_NO_MEMORY, // an allocation failed; everything that was made so far has been released or hangs off the workspace
    STATUS_CANCELLED, // the workspace's cancel flag was seen
    STATUS_IO,        // a file could not be read or written; errno tells more where the caller says so
    STATUS_LIMIT,     // a documented limit of the system was reached (threads, address space)
    STATUS_CYCLE,     // a result needs itself, perhaps through others (sched/once.h tells the path)
} Status;

// A status that is dropped is a bug; where one is dropped on purpose, write (void) and the reason.
#if defined(__GNUC__)
#define MUST_USE __attribute__((warn_unused_result))
#define NO_RETURN __attribute__((noreturn))
#define ALWAYS_INLINE __attribute__((always_inline))
#define PRINTF_LIKE(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#else
#define MUST_USE
#define NO_RETURN
#define ALWAYS_INLINE
#define PRINTF_LIKE(format_index, first_index)
#define LIKELY(x) (x)
#define UNLIKELY(x) (x)
#endif

#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        Status try_status = (expression);                                                                              \
        if (UNLIKELY(try_status != STATUS_OK)) return try_status;                                                      \
    } while (0)

// A 32-bit id as a struct of its own, so that a NameId cannot be passed for a TypeId. 0 means "none" everywhere.
#define ID_TYPE(Name)                                                                                                  \
    typedef struct Name {                                                                                              \
        uint32_t index;                                                                                                \
    } Name
