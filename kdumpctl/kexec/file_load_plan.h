// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/result.h"
#include "kdumpctl/kexec/kernel_image.h"
#include "kdumpctl/kexec/load_plan.h"

#include <cstddef>
#include <string>
#include <vector>

namespace kdump::kexec {

/// A file for kexec_file_load(2): itself, so that the kernel can check the signature in its
/// attributes (IMA), or bytes that stand in no file (several initrds, a kernel out of a container).
struct FileSource {
  std::string path;
  std::vector<std::byte> bytes;  ///< not empty: these are passed instead
};

/// Everything kexec_file_load(2) is told; the kernel makes segments and memory map itself.
struct FileLoadPlan {
  LoadKind kind = LoadKind::kPanic;
  FileSource kernel;
  std::optional<FileSource> initrd;
  /// The kernel puts elfcorehdr= in front for a panic kernel.
  std::string command_line;
  bool debug = false;  ///< let the kernel print its layout, where it can (Linux 6.8)
};

struct FileLoadRequest {
  LoadKind kind = LoadKind::kPanic;
  const KernelImage& kernel;
  const std::vector<std::string>& initrd_paths;  ///< as they were read
  const std::vector<std::byte>& initrd;          ///< what read_initrd made of them
  std::string command_line;
  bool debug = false;
};

/// Checks what the kernel would find out only after it has thrown the loaded image away. Pure.
Result<FileLoadPlan> plan_file_load(const FileLoadRequest& request);

}  // namespace kdump::kexec
