/* Computations without system calls: all instructions above their own are the kernel's. */
#include "measure.h"

#include <string.h>

#define MIB (1 << 20)
#define ORDER 512

static unsigned char big[2 * MIB] __attribute__((aligned(4096)));

/* Makes a source of bytes that differ, and a destination that is none of them. */
static void fill(void)
{
	for (int i = 0; i < MIB; i++)
		big[i] = i % 251;
	memset(big + MIB, 255, MIB);
}

/* Returns a sum of the destination in which the places of bytes count. */
static uint64_t sum_of_copy(void)
{
	uint64_t sum = 0;
	for (int i = 0; i < MIB; i++)
		sum += (uint64_t)(i + 1) * big[MIB + i];
	return sum;
}

static void memcpy_loop64_1m(const char *name)
{
	uint64_t *from = (uint64_t *)big, *to = (uint64_t *)(big + MIB);
	fill();
	MEASURE(name, SAMPLES, 1, {
		for (size_t k = 0; k < MIB / 8; k++) {
			to[k] = from[k];
			__asm__ volatile("" ::: "memory");
		}
	});
	check(name, sum_of_copy());
}

static void memcpy_repmovsq_1m(const char *name)
{
	fill();
	MEASURE(name, SAMPLES, 1, {
		void *to = big + MIB;
		void *from = big;
		size_t count = MIB / 8;
		__asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count)::"memory");
	});
	check(name, sum_of_copy());
}

static void memset_repstosq_1m(const char *name)
{
	fill();
	MEASURE(name, SAMPLES, 1, {
		void *to = big + MIB;
		size_t count = MIB / 8;
		__asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(0L) : "memory");
	});
	check(name, sum_of_copy());
}

static uint64_t __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))
fib(uint64_t n)
{
	uint64_t result;
	if (n < 2)
		return n;
	result = fib(n - 1);
	/* Keeps the compiler from removing one of the calls. */
	__asm__ volatile("" : "+r"(result));
	return result + fib(n - 2);
}

static void fib30(const char *name)
{
	volatile uint64_t n = 30;
	uint64_t result = 0;
	MEASURE(name, SAMPLES, 1, result = fib(n));
	check(name, result);
}

static float matrix[ORDER * ORDER] __attribute__((aligned(64))), vector[ORDER], product[ORDER];

static void __attribute__((noinline, noclone)) multiply(void)
{
	for (int i = 0; i < ORDER; i++) {
		float sum = 0;
		for (int j = 0; j < ORDER; j++)
			sum += matrix[i * ORDER + j] * vector[j];
		product[i] = sum;
	}
	__asm__ volatile("" ::: "memory");
}

/* A matrix times a vector. */
static void gemv512_f32(const char *name)
{
	for (int i = 0; i < ORDER * ORDER; i++)
		matrix[i] = (float)(i % 7) - 3;
	for (int i = 0; i < ORDER; i++)
		vector[i] = (float)(i % 5) - 2;
	MEASURE(name, SAMPLES, 1, multiply());
	int64_t sum = 0;
	for (int i = 0; i < ORDER; i++)
		sum += (int64_t)product[i] * (i + 1);
	check("gemv512", (uint64_t)(sum + 1000000000));
}

const struct operation compute[] = {
	{ "memcpy_loop64_1m", memcpy_loop64_1m },
	{ "memcpy_repmovsq_1m", memcpy_repmovsq_1m },
	{ "memset_repstosq_1m", memset_repstosq_1m },
	{ "fib30", fib30 },
	{ "gemv512_f32", gemv512_f32 },
	{ 0 },
};
