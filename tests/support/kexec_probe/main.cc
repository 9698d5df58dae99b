// SPDX-License-Identifier: GPL-2.0-or-later
// Tries the loader inside a test VM, and records such a machine for the unit tests. Never
// installed.
#include "base/tool_main.h"
#include "kdumpctl/kexec/initrd.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "tests/support/kexec_probe/record_host.h"

#include <cstdio>

namespace kdump::test {
namespace {

constexpr const char* kUsage =
    "usage: kexec_probe plan|load KERNEL INITRD COMMAND-LINE [noefi|backup] | unload | record DIR";

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

Result<kexec::LoadPlan> make_plan(const std::vector<std::string>& arguments, const SysRoot& root) {
  const kexec::KernelImage kernel = TRY(kexec::read_kernel_image(arguments[1]));
  const std::vector<std::byte> initrd = TRY(kexec::read_initrd({arguments[2]}));
  const std::string option = arguments.size() < 5 ? "" : arguments[4];
  kexec::HostFacts facts = TRY(kexec::read_host_facts(root));
  if (option == "backup") facts.low_memory_in_use = true;  // as if the kernel were an old one
  return kexec::plan_crash_load({.kernel = kernel,
                                 .initrd = initrd,
                                 .command_line = arguments[3],
                                 .rng_seed = TRY(kexec::random_seed()),
                                 .efi_runtime = option != "noefi"},
                                facts);
}

Result<int> run(const std::vector<std::string>& argv) {
  const std::vector<std::string> arguments(argv.begin() + 1, argv.end());
  const SysRoot root;
  kexec::RunningKernel kernel;
  const std::string verb = arguments.empty() ? "" : arguments[0];
  if (verb == "record" && arguments.size() == 2) {
    TRY(record_host(root, arguments[1]));
    return 0;
  }
  if (verb == "unload" && arguments.size() == 1) {
    TRY(kexec::Loader(root, kernel).unload(kexec::LoadKind::kPanic));
    return 0;
  }
  if ((verb != "plan" && verb != "load") || arguments.size() < 4) {
    return make_error(ErrorKind::kUsage, "{}", kUsage);
  }
  const kexec::LoadPlan plan = TRY(make_plan(arguments, root));
  print(kexec::describe(plan));
  if (verb == "load") TRY(kexec::Loader(root, kernel).load(plan));
  return 0;
}

}  // namespace
}  // namespace kdump::test

int main(int argc, char** argv) {
  return kdump::tool_main("kexec_probe", argc, argv, kdump::test::run);
}
