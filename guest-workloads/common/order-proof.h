/* SPDX-License-Identifier: MIT */
/* Which empty submissions count as verified. An empty submission leaves nothing to look at, so after each batch a job
 * is submitted without a fence and an empty submission with one behind it: if the GPU's counter has not moved when that
 * fence is seen, fences of empty submissions are signalled before the work in front of them is done, and their latency
 * means nothing. Only submissions that such a proof followed are verified. */
#ifndef VG_ORDER_PROOF_H
#define VG_ORDER_PROOF_H

#include <stdbool.h>
#include <stdint.h>

#define ORDER_BATCH 64 /* submissions per proof */

struct order_proof {
    uint64_t pending, verified; /* submissions since the last proof, and before it */
    uint32_t proofs;
};

/* One more submission. True if a proof is due now. */
bool order_proof_took(struct order_proof *proof);
/* After a proof: what the GPU's counter says. False, and nothing more is verified, if it is not what it must be. */
bool order_proof_holds(struct order_proof *proof, uint32_t counter);

#endif
