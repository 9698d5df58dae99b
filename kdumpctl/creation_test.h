// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "base/sys_root.h"
#include "config/kdump_config.h"
#include "kdumpctl/context.h"

#include <cstdint>
#include <string>

namespace kdump::ctl {

/// The last `kdumpctl test`: a real panic, whose result the next boot finds out. Kept where
/// kdump-utils keep it, as "RESULT SECONDS-NANOSECONDS", in
/// /var/lib/kdump/vmcore-creation.status.
struct CreationTest {
  enum class Result { kNone, kPending, kSuccess, kFailed, kManual };
  Result result = Result::kNone;
  std::string id;            ///< what kdump_test_id= says in the panic kernel
  std::int64_t started = 0;  ///< seconds since 1970
};

/// kNone for an absent file, and for one that cannot be understood: then a test is due.
Result<CreationTest> read_creation_test(const SysRoot& root);
Status write_creation_test(const SysRoot& root, const CreationTest& test);
/// A new image has not been tested.
Status forget_creation_test(const SysRoot& root);

/// A pending test that this boot is the one after: kSuccess when a vmcore was saved since, kFailed
/// when none was, kManual when dumps do not go where this host can look.
Status settle_creation_test(const SysRoot& root, const config::KdumpConfig& config);

/// "success", "none" ...
[[nodiscard]] const char* to_string(CreationTest::Result result);

/// kdump-utils' sentence about it; a warning where somebody should look.
void report_creation_test(const Context& context, const CreationTest& test);

}  // namespace kdump::ctl
