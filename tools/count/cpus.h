/* Counts the instructions of several CPUs, which take turns. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "qemu.h"

/* Whether CPUs are counted: `slice=` was among the arguments. */
extern bool is_of_cpus;

/* Uses an argument of the plugin; returns whether it is one for several CPUs. */
bool cpus_argument(const char *argument);

/* Registers what has to be counted of a block of code. The lines go to `out`. */
void cpus_count(struct qemu_plugin_tb *tb, FILE *out);
