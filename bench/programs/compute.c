/* Computations without system calls: all instructions above their own are the kernel's. */
#include "measure.h"

#include <cpuid.h>
#include <errno.h>
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

/* The code of bench/compute/code.asm, which is the same in other settings. */
uint64_t compute_fib(uint64_t n);
void compute_gemv512(const float *matrix, const float *vector, float *product);
void compute_gemv512_avx2(const float *matrix, const float *vector, float *product);

static void fib30(const char *name)
{
	uint64_t result = 0;
	MEASURE(name, SAMPLES, 1, result = compute_fib(30));
	check(name, result);
}

static float matrix[ORDER * ORDER] __attribute__((aligned(64)));
static float vector[ORDER] __attribute__((aligned(64)));
static float product[ORDER] __attribute__((aligned(64)));

/* Multiplies a matrix by a vector with `multiply`. All numbers are small integers, so each order of
 * the additions has the same exact result; the check value is of its bits and their places. */
static void gemv512(const char *name, void (*multiply)(const float *, const float *, float *))
{
	for (int i = 0; i < ORDER * ORDER; i++)
		matrix[i] = (float)(i % 7) - 3;
	for (int i = 0; i < ORDER; i++)
		vector[i] = (float)(i % 5) - 2;
	MEASURE(name, SAMPLES, 1, multiply(matrix, vector, product));
	uint64_t sum = 0;
	for (int i = 0; i < ORDER; i++) {
		uint32_t bits;
		memcpy(&bits, &product[i], sizeof(bits));
		sum += (uint64_t)bits * (i + 1);
	}
	check(name, sum);
}

static void gemv512_f32(const char *name)
{
	gemv512(name, compute_gemv512);
}

/* Returns whether the CPU has AVX2 and FMA, and the kernel keeps their registers. The compiler's own
 * function for this would write to memory at the start of each process. */
static int has_avx2_and_fma(void)
{
	unsigned a, b, c, d;
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_FMA) || !(c & bit_OSXSAVE))
		return 0;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || !(b & bit_AVX2))
		return 0;
	/* XCR0: SSE and AVX. */
	__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
	return (a & 6) == 6;
}

static void gemv512_f32_avx2(const char *name)
{
	if (!has_avx2_and_fma())
		skip(name, -EOPNOTSUPP);
	gemv512(name, compute_gemv512_avx2);
}

const struct operation compute[] = {
	{ "memcpy_loop64_1m", memcpy_loop64_1m },
	{ "memcpy_repmovsq_1m", memcpy_repmovsq_1m },
	{ "memset_repstosq_1m", memset_repstosq_1m },
	{ "fib30", fib30 },
	{ "gemv512_f32", gemv512_f32 },
	{ "gemv512_f32_avx2", gemv512_f32_avx2 },
	{ 0 },
};
