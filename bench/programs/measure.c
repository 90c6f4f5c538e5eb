/* Samples, and the lines that this program prints. */
#include "measure.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 64
#define LINE_BYTES 160
/* The longest time that a line keeps the serial port busy, in ticks. */
#define DRAIN_TICKS 4000000
#define PATHS 8

static uint64_t samples[SAMPLES_MAX];
static int count;
static uint64_t batch;

void sample(uint64_t ticks, uint64_t operations)
{
	batch = operations;
	if (count < SAMPLES_MAX)
		samples[count++] = ticks / operations;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

void report(const char *name)
{
	qsort(samples, count, sizeof(*samples), by_value);
	say("batch %s %lu", name, batch);
	say("op %s %lu %lu %lu %d", name, samples[0], samples[count / 2], samples[count - 1], count);
	count = 0;
}

void skip(const char *name, long result)
{
	say("skip %s %ld", name, -result);
	end(0);
}

void check(const char *name, uint64_t value)
{
	say("check %s %lu", name, value);
}

void say(const char *format, ...)
{
	char line[LINE_BYTES];
	va_list arguments;
	va_start(arguments, format);
	int length = vsnprintf(line, sizeof(line) - 1, format, arguments);
	va_end(arguments);
	line[length++] = '\n';
	for (int done = 0; done < length;) {
		long written = call3(SYS_write, 1, line + done, length - done);
		if (written <= 0)
			break;
		done += written;
	}
	for (uint64_t begin = tsc(); tsc() - begin < DRAIN_TICKS;)
		;
}

const char *path(const char *name)
{
	static char paths[PATHS][LINE_BYTES];
	static int next;
	char *text = paths[next++ % PATHS];
	snprintf(text, LINE_BYTES, "%s/%s", base, name);
	return text;
}
