/* SPDX-License-Identifier: MIT */
/* The public face of base/: what every other folder may use. base/ uses nothing of them. It is MIT-licensed, unlike the
 * rest of runner/, because guest workloads and host probes use it too. */
#ifndef VG_BASE_H
#define VG_BASE_H

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/descriptor.h"
#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#endif
