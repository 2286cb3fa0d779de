/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SCXU_LOAD_SLEEPER_H
#define SCXU_LOAD_SLEEPER_H

#include <stdint.h>

/**
 * sleeper_due() - when a sleeper is due whose place on the grid is @place: no earlier, and less than
 * @jitter % (0 to 100) of @period later, the same each time for one @seed. All in one unit.
 */
uint64_t sleeper_due(uint64_t place, uint64_t period, unsigned int jitter, uint64_t seed);

#endif
