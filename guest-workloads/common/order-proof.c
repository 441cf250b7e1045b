/* SPDX-License-Identifier: MIT */
/* The count behind order-proof.h. */
#include "common/order-proof.h"

bool order_proof_took(struct order_proof *proof)
{
    return ++proof->pending >= ORDER_BATCH;
}

bool order_proof_holds(struct order_proof *proof, uint32_t counter)
{
    if (counter != proof->proofs + 1)
        return false;
    proof->proofs++;
    proof->verified += proof->pending;
    proof->pending = 0;
    return true;
}
