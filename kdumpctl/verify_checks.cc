// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/verify_checks.h"

#include "base/text.h"
#include "kdumpctl/creation_test.h"
#include "kdumpctl/feasibility.h"
#include "kdumpctl/kdump_unit.h"
#include "kdumpctl/kexec/kexec_load.h"
#include "kdumpctl/panic_plan.h"
#include "kdumpctl/rebuild_check.h"
#include "kdumpctl/settings.h"
#include "kdumpctl/status_report.h"
#include "kdumpctl/target_check.h"

#include <optional>

namespace kdump::ctl {
namespace {

using Verdict = VerifyCheck::Verdict;

/// The checks one after the other; what one finds the next ones build on.
class Verifier {
 public:
  explicit Verifier(const Context& context) : context_(context) {}

  std::vector<VerifyCheck> run() {
    reservation();
    configuration();
    kernel();
    image();
    image_content();
    fits();
    loaded();
    early();
    target();
    service();
    tested();
    return std::move(checks_);
  }

 private:
  void pass(std::string name, std::string text) {
    checks_.push_back({std::move(name), Verdict::kPass, std::move(text), {}});
  }
  void skip(std::string name, std::string text) {
    checks_.push_back({std::move(name), Verdict::kSkipped, std::move(text), {}});
  }
  void fail(std::string name, std::string text, std::string remedy) {
    checks_.push_back({std::move(name), Verdict::kFail, std::move(text), std::move(remedy)});
  }
  /// Messages of this program hold the remedy themselves.
  void fail(std::string name, const Error& error) { fail(std::move(name), error.message, {}); }

  void reservation();
  void configuration();
  void kernel();
  void image();
  void image_content();
  void fits();
  void loaded();
  void early();
  void target();
  void service();
  void tested();

  const Context& context_;
  std::vector<VerifyCheck> checks_;
  std::optional<Settings> settings_;
  std::optional<CaptureKernel> target_;
  bool has_image_ = false;
};

void Verifier::reservation() {
  if (const auto feasible = check_feasibility(context_.root); !feasible) {
    return fail("reservation", feasible.error());
  }
  const auto size = kexec::crash_size(context_.root);
  pass("reservation", fmt::format("{} for the panic kernel", format_size(size.value_or(0))));
}

void Verifier::configuration() {
  const CheckedSettings checked = read_settings(context_.root);
  for (const Error* error : {checked.conf ? nullptr : &checked.conf.error(),
                             checked.sysconfig ? nullptr : &checked.sysconfig.error()}) {
    if (error != nullptr) fail("configuration", *error);
  }
  if (!checked.conf || !checked.sysconfig) return;
  for (const config::Diagnostics* all :
       {&checked.conf->diagnostics, &checked.sysconfig->diagnostics}) {
    for (const config::Diagnostic& finding : *all) {
      if (finding.severity == config::Severity::kError)
        fail("configuration", finding.to_string(), {});
    }
  }
  if (checked.has_errors()) return;
  settings_ = Settings{.config = checked.conf->config,
                       .sysconfig = checked.sysconfig->settings,
                       .kexec = checked.kexec};
  const std::size_t warnings =
      checked.conf->diagnostics.size() + checked.sysconfig->diagnostics.size();
  pass("configuration",
       warnings == 0 ? "no errors"
                     : fmt::format("no errors, {} warnings (kdumpctl config check)", warnings));
}

void Verifier::kernel() {
  if (!settings_) return skip("kernel", "the configuration has errors");
  auto found = find_capture_kernel(context_.root, settings_->sysconfig);
  if (!found) return fail("kernel", found.error());
  target_ = std::move(*found);
  pass("kernel", target_->kernel);
}

void Verifier::image() {
  if (!target_) return skip("image", "no kernel");
  const auto decision =
      check_rebuild(context_.root, settings_->config, settings_->sysconfig, *target_);
  if (!decision) return fail("image", decision.error());
  using Kind = RebuildDecision::Kind;
  has_image_ = decision->kind != Kind::kMissing;
  if (decision->kind == Kind::kMissing) {
    fail("image", target_->image + " does not exist", "Run \"kdumpctl restart\"");
  } else if (decision->kind == Kind::kStale) {
    fail("image",
         fmt::format("{} is out of date: {}", target_->image, fmt::join(decision->changes(), ", ")),
         "Run \"kdumpctl restart\"");
  } else {
    pass("image", target_->image + " is current");
  }
}

void Verifier::image_content() {
  if (!has_image_) return skip("image content", "no image");
  const auto problems = context_.actions.check_image(target_->image);
  if (!problems) return fail("image content", problems.error());
  if (problems->empty()) return pass("image content", "it has all that it needs");
  fail("image content",
       fmt::format("{}", fmt::join(*problems, "; ")),
       "Run \"kdumpctl rebuild\" and \"kdumpctl reload\"");
}

void Verifier::fits() {
  if (!has_image_) return skip("memory", "no image");
  const auto plan = plan_panic(context_, *settings_, *target_);
  if (!plan) return fail("memory", plan.error());
  pass("memory", fmt::format("{} needed", format_size(plan->prepared.load.plan.need.total())));
}

void Verifier::loaded() {
  const auto status = read_status(context_.root);
  if (!status) return fail("loaded", status.error());
  if (!status->operational) {
    return fail("loaded", "no panic kernel is loaded", "Run \"systemctl start kdump\"");
  }
  if (!status->changed_files.empty()) {
    return fail(
        "loaded",
        fmt::format("{} changed since it was loaded", fmt::join(status->changed_files, ", ")),
        "Run \"kdumpctl reload\"");
  }
  pass("loaded",
       status->armed ? status->armed->kernel.path + " with " + status->armed->image.path
                     : "by another program than kdumpctl");
}

/// Only on a host that asks for it.
void Verifier::early() {
  if (!target_) return;
  const auto state = early_state(context_.root, *target_);
  if (!state) return fail("early kdump", state.error());
  if (!*state) return;
  if ((*state)->kind == EarlyState::Kind::kCurrent) return pass("early kdump", text_of(**state));
  fail("early kdump", text_of(**state), (*state)->remedy);
}

void Verifier::target() {
  if (!settings_) return skip("target", "the configuration has errors");
  const TargetCheck check = check_target(context_.root, settings_->config);
  if (const auto kept = remember_target_check(context_.root, check); !kept) {
    context_.log.warning("{}", kept.error().message);
  }
  switch (check.verdict) {
    case TargetCheck::Verdict::kGood:
      return pass("target", check.text);
    case TargetCheck::Verdict::kBad:
      return fail("target", check.text, check.remedy);
    case TargetCheck::Verdict::kUnknown:
      return skip("target", check.text);
  }
}

void Verifier::service() {
  if (is_unit_enabled(context_.root)) return pass("service", "kdump.service is enabled");
  if (is_unit_masked(context_.root)) {
    return fail("service",
                "kdump.service is masked: nothing is loaded after the next boot",
                "Run \"systemctl unmask kdump\", then \"systemctl enable kdump\"");
  }
  fail("service",
       "kdump.service is not enabled: nothing is loaded after the next boot",
       "Run \"systemctl enable kdump\"");
}

void Verifier::tested() {
  const auto test = read_creation_test(context_.root);
  if (!test) return fail("test", test.error());
  if (test->result == CreationTest::Result::kSuccess) {
    return pass("test", "the last vmcore creation test was successful");
  }
  if (test->result == CreationTest::Result::kFailed) {
    return fail("test",
                "the last vmcore creation test saved no vmcore",
                "See \"kdumpctl last\", and repeat \"kdumpctl test\"");
  }
  skip("test", "no vmcore creation test since the image was built; \"kdumpctl test\" makes one");
}

}  // namespace

const char* to_string(VerifyCheck::Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "PASS";
    case Verdict::kFail:
      return "FAIL";
    case Verdict::kSkipped:
      break;
  }
  return "SKIP";
}

std::vector<VerifyCheck> run_verify_checks(const Context& context) {
  return Verifier(context).run();
}

}  // namespace kdump::ctl
