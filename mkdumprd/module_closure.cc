// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdumprd/module_closure.h"

#include "base/text.h"
#include "mkdumprd/host_path.h"

#include <libkmod.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <syslog.h>

namespace kdump::mkdumprd {
namespace {

struct ContextDeleter {
  void operator()(kmod_ctx* context) const { kmod_unref(context); }
};
struct ModuleDeleter {
  void operator()(kmod_module* module) const { kmod_module_unref(module); }
};
struct ModuleListDeleter {
  void operator()(kmod_list* list) const { kmod_module_unref_list(list); }
};
struct InfoListDeleter {
  void operator()(kmod_list* list) const { kmod_module_info_free_list(list); }
};
struct ConfigDeleter {
  void operator()(kmod_config_iter* iterator) const { kmod_config_iter_free_iter(iterator); }
};
using Context = std::unique_ptr<kmod_ctx, ContextDeleter>;
using Module = std::unique_ptr<kmod_module, ModuleDeleter>;
using InfoList = std::unique_ptr<kmod_list, InfoListDeleter>;
using ModuleList = std::unique_ptr<kmod_list, ModuleListDeleter>;

/// Module names are compared with '-' and '_' equal.
std::string normalized(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

Result<Context> open_context(const SysRoot& root, const KernelFacts& kernel) {
  // modprobe.d(5)
  const std::array<std::string, 5> folders = {root.path("/run/modprobe.d"),
                                              root.path("/etc/modprobe.d"),
                                              root.path("/usr/local/lib/modprobe.d"),
                                              root.path("/usr/lib/modprobe.d"),
                                              root.path("/lib/modprobe.d")};
  std::array<const char*, folders.size() + 1> config{};
  std::transform(folders.begin(), folders.end(), config.begin(), [](const std::string& folder) {
    return folder.c_str();
  });
  Context context(kmod_new(root.path(kernel.modules_folder).c_str(), config.data()));
  if (!context) return system_error(ENOMEM, "cannot open {}", kernel.modules_folder);
  kmod_set_log_priority(context.get(), LOG_EMERG);
  // No kmod_load_resources(): it fails on an empty modules.builtin.bin, which depmod writes for a
  // kernel without modules.builtin. A look-up opens what it needs.
  return context;
}

bool is_built_in(const kmod_module* module) {
  return kmod_module_get_path(module) == nullptr &&
         kmod_module_get_initstate(module) == KMOD_MODULE_BUILTIN;
}

/// A modprobe.d alias or soft dependency can name a module that is not there.
bool exists(const Module& module) {
  return kmod_module_get_path(module.get()) != nullptr || is_built_in(module.get());
}

/// Those that exist.
std::vector<Module> to_vector(const ModuleList& list) {
  std::vector<Module> out;
  const kmod_list* row = nullptr;
  kmod_list_foreach(row, list.get()) {
    Module module(kmod_module_get_module(row));
    if (exists(module)) out.push_back(std::move(module));
  }
  return out;
}

/// The module's file without the root's prefix: libkmod answers with the path under the root that
/// it was given, but with an absolute path of modules.dep as it is.
std::string file_of(const SysRoot& root, const kmod_module* module) {
  std::string_view path = kmod_module_get_path(module);
  if (path.starts_with(root.prefix())) path.remove_prefix(root.prefix().size());
  return std::string(path);
}

/// Where the kernel looks for firmware (drivers/base/firmware_loader/main.c), with the suffixes
/// that it unpacks.
std::optional<HostPath> find_firmware(const SysRoot& root,
                                      const std::string& release,
                                      const std::string& name) {
  const std::string top = "/lib/firmware";
  for (const std::string& folder :
       {top + "/updates/" + release, top + "/updates", top + "/" + release, top}) {
    for (const char* suffix : {"", ".zst", ".xz"}) {
      auto found = follow(root, join(folder, name) + suffix);
      if (found) return std::move(*found);
    }
  }
  return std::nullopt;
}

class Closure {
 public:
  Closure(const SysRoot& root, const KernelFacts& kernel, Context context)
      : root_(root), release_(kernel.release), context_(std::move(context)) {
    const std::unique_ptr<kmod_config_iter, ConfigDeleter> rows(
        kmod_config_get_blacklists(context_.get()));
    while (rows && kmod_config_iter_next(rows.get())) {
      blacklist_.insert(normalized(kmod_config_iter_get_key(rows.get())));
    }
  }

  Status add(const ModuleWish& wish);
  [[nodiscard]] ModuleClosure take() &&;

 private:
  [[nodiscard]] Result<ModuleList> look_up(const std::string& text) const;
  Status add_module(kmod_module* module, const std::string& reason);
  Status add_all(const ModuleList& list, const std::string& reason);
  void add_firmware(kmod_module* module);

  const SysRoot& root_;
  std::string release_;
  Context context_;
  std::set<std::string> blacklist_;
  std::set<std::string> seen_;
  std::set<std::string> built_in_;
  ModuleClosure out_;
};

Result<ModuleList> Closure::look_up(const std::string& text) const {
  kmod_list* found = nullptr;
  const int failed = kmod_module_new_from_lookup(context_.get(), text.c_str(), &found);
  ModuleList list(found);
  if (failed < 0 && failed != -ENOENT && failed != -ENOSYS) {
    return system_error(-failed, "cannot look up module {}", text);
  }
  return list;
}

Status Closure::add(const ModuleWish& wish) {
  bool found = false;
  for (const std::string& name : wish.names) {
    const ModuleList list = TRY(look_up(name));
    for (const Module& module : to_vector(list)) {
      found = true;
      if (blacklist_.contains(kmod_module_get_name(module.get()))) {
        out_.warnings.push_back(fmt::format("module {} is blacklisted in modprobe.d, but taken: {}",
                                            kmod_module_get_name(module.get()),
                                            wish.reason));
      }
      TRY(add_module(module.get(), wish.reason));
    }
  }
  for (const std::string& alias : wish.aliases) {
    const ModuleList list = TRY(look_up(alias));
    for (const Module& module : to_vector(list)) {
      if (blacklist_.contains(kmod_module_get_name(module.get()))) continue;
      found = true;
      TRY(add_module(module.get(), wish.reason));
    }
  }
  if (found || !wish.required) return {};
  std::vector<std::string> wanted = wish.names;
  wanted.insert(wanted.end(), wish.aliases.begin(), wish.aliases.end());
  return make_error(ErrorKind::kNotFound,
                    "no module {} ({}) in {}, and it is not built into that kernel. Install the "
                    "package with the kernel's further modules, or run depmod",
                    fmt::join(wanted, " or "),
                    wish.reason,
                    kmod_get_dirname(context_.get()));
}

Status Closure::add_all(const ModuleList& list, const std::string& reason) {
  for (const Module& module : to_vector(list)) TRY(add_module(module.get(), reason));
  return {};
}

/// modprobe(8) order: soft "pre", hard dependencies, the module, soft "post".
Status Closure::add_module(kmod_module* module, const std::string& reason) {
  const std::string name = kmod_module_get_name(module);
  if (!seen_.insert(name).second) return {};
  if (is_built_in(module)) {
    built_in_.insert(name);
    return {};
  }
  const std::string needed_by = "needed by " + name;
  kmod_list* pre = nullptr;
  kmod_list* post = nullptr;
  if (const int failed = kmod_module_get_softdeps(module, &pre, &post); failed < 0) {
    return system_error(-failed, "cannot read the soft dependencies of module {}", name);
  }
  const ModuleList pre_list(pre);
  const ModuleList post_list(post);
  TRY(add_all(pre_list, needed_by));
  TRY(add_all(ModuleList(kmod_module_get_dependencies(module)), needed_by));
  const char* options = kmod_module_get_options(module);
  out_.modules.push_back({.name = name,
                          .file = file_of(root_, module),
                          .options = options == nullptr ? std::string() : std::string(options),
                          .reason = reason});
  add_firmware(module);
  return add_all(post_list, needed_by);
}

/// Drivers name firmware for every card they know: what the host does not have it does not need.
void Closure::add_firmware(kmod_module* module) {
  kmod_list* found = nullptr;
  if (kmod_module_get_info(module, &found) < 0) return;  // a module without any information
  const InfoList rows(found);
  const kmod_list* row = nullptr;
  kmod_list_foreach(row, rows.get()) {
    if (std::string_view(kmod_module_info_get_key(row)) != "firmware") continue;
    auto file = find_firmware(root_, release_, kmod_module_info_get_value(row));
    if (!file) continue;
    ClosureFirmware firmware{std::move(*file), kmod_module_get_name(module)};
    auto& all = out_.firmware;
    if (std::find(all.begin(), all.end(), firmware) == all.end())
      all.push_back(std::move(firmware));
  }
}

ModuleClosure Closure::take() && {
  out_.built_in.assign(built_in_.begin(), built_in_.end());
  return std::move(out_);
}

}  // namespace

Result<ModuleClosure> close_modules(const SysRoot& root,
                                    const KernelFacts& kernel,
                                    const std::vector<ModuleWish>& wishes) {
  Closure closure(root, kernel, TRY(open_context(root, kernel)));
  for (const ModuleWish& wish : wishes) TRY(closure.add(wish));
  return std::move(closure).take();
}

}  // namespace kdump::mkdumprd
