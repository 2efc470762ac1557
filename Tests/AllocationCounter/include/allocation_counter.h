#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Allocations of memory that the calling thread has made since it began.
uint64_t allocation_count(void);

/// Whether allocations are counted on this system: glibc only.
bool allocations_are_counted(void);

#endif
