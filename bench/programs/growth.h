/*
 * How operations grow with a parameter, which is the number at the end of a unit's name: `cpus_4`,
 * `alive_1000`, `regions_100`, `files_10000`. A unit measures several operations; their names begin
 * with that of the operation: `fork_exit_wait_cpus_4`.
 */
#ifndef GROWTH_H
#define GROWTH_H

#include "measure.h"

#define PAGE_BYTES 4096

/* A unit of each parameter; the last one has no name. */
extern const struct operation growth[];

/* The units of each kind; the parameter is in the name. */
void cpus_unit(const char *unit);
void alive_unit(const char *unit);
void regions_unit(const char *unit);
void files_unit(const char *unit);

/* Returns the number at the end of the name. */
int parameter(const char *unit);

/* Returns OPERATION_UNIT, valid until the next call. */
const char *row(const char *operation, const char *unit);

/* Measures the first write to each of 64 new pages, as the row "page_fault" of `unit`. */
void measure_faults(const char *unit);

#endif
