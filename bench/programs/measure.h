/*
 * How an operation is measured: by the time stamp counter, in several samples of many operations
 * each. Under QEMU's -icount a tick of the counter is an instruction.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>

#include "call.h"
#include "mark.h"

/* The number of samples of an operation. It is odd, so that the median is one of them. */
#define SAMPLES 9
/* The number for operations of many milliseconds. */
#define FEW 3

/* An operation, which a process of its own runs. It prints a line by `report`, or by `skip`. */
struct operation {
	const char *name;
	void (*run)(const char *name);
};

/* The operations of each file; the last one has no name. */
extern const struct operation calls[], pipes[], switches[], processes[], memory[], files[],
	trees[], compute[];

/* The path of this program. */
extern const char *program;
/* The directory of all files, without a slash at its end: "" is the root directory. */
extern const char *base;

/* LFENCE keeps the order on real CPUs. */
static inline uint64_t tsc(void)
{
	uint32_t low, high;
	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/* Adds a sample: `ticks` for `operations` operations. */
void sample(uint64_t ticks, uint64_t operations);

/* Prints the samples since the last report: `batch NAME OPERATIONS`, the operations of a sample,
 * and `op NAME MIN MEDIAN MAX SAMPLES`, in ticks for one operation. */
void report(const char *name);

/* Prints `skip NAME ERRNO`, and ends the process: the kernel can't do this operation. */
void __attribute__((noreturn)) skip(const char *name, long result);

/* Prints `check NAME VALUE`: a value of the operation's effect, the same on every kernel. */
void check(const char *name, uint64_t value);

/* Prints a line. Nothing that the line causes, such as interrupts of a serial port, goes on when
 * it returns. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Returns BASE/NAME, in one of a few buffers in turn. */
const char *path(const char *name);

/* Runs BODY, which is OPERATIONS operations, COUNT times after one time that does not count:
 * BEFORE and AFTER each are not measured. */
#define MEASURE_AROUND(count, operations, before, body, after)                                     \
	for (int round_ = -1; round_ < (count); round_++) {                                        \
		before;                                                                            \
		if (round_ >= 0)                                                                   \
			mark_begin();                                                              \
		uint64_t begin_ = tsc();                                                           \
		body;                                                                              \
		uint64_t end_ = tsc();                                                             \
		if (round_ >= 0) {                                                                 \
			mark_end();                                                                \
			sample(end_ - begin_, operations);                                         \
		}                                                                                  \
		after;                                                                             \
	}

/* Measures BODY, which is one operation, OPERATIONS times a sample, and reports it. */
#define MEASURE(name, count, operations, body)                                                     \
	do {                                                                                       \
		MEASURE_AROUND(count, operations, {},                                              \
			       for (uint64_t i_ = 0; i_ < (operations); i_++) { body; }, {});      \
		report(name);                                                                      \
	} while (0)

#endif
