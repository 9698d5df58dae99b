// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "mkdumprd/elf_closure.h"
#include "mkdumprd/image_plan.h"

namespace kdump::mkdumprd {

/// Looks at a finished plan as the capture kernel will: /init and the collector are there, every
/// interpreter and library that a program asks for is reached by the loader through the image's own
/// links, the agent takes the capture plan and every module of it is there, links lead somewhere.
/// The first thing that does not hold is kBadData. Pure, and independent of how the plan was made.
Status check_image(const ImagePlan& plan, const ElfClosure& closure);

}  // namespace kdump::mkdumprd
