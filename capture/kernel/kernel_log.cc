// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/kernel/kernel_log.h"

#include "capture/kernel/log_buf.h"
#include "capture/kernel/printk_ring.h"

namespace kdump::capture {

Result<KernelLogCounts> read_kernel_log(const Vmcoreinfo& info,
                                        const KernelMemory& memory,
                                        const LogSink& sink,
                                        LogPart part) {
  if (info.symbol("prb")) return read_printk_ring(info, memory, sink, part);
  if (info.symbol("log_buf")) return read_log_buf(info, memory, sink, part);
  return make_error(ErrorKind::kNotFound, "VMCOREINFO lacks SYMBOL(prb) and SYMBOL(log_buf)");
}

std::vector<KernelPiece> kernel_log_memory(const Vmcoreinfo& info, const KernelMemory& memory) {
  auto pieces =
      info.symbol("prb") ? printk_ring_memory(info, memory) : log_buf_memory(info, memory);
  if (!pieces) return {};
  return *std::move(pieces);
}

}  // namespace kdump::capture
