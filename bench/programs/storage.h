/* Operations on a disk, which the machine needs for them. */
#ifndef STORAGE_H
#define STORAGE_H

#include "measure.h"

/* The operations; the last one has no name. */
extern const struct operation storage[];

#endif
