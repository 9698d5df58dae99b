// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/memory_survey.h"

#include "capture/page_samples.h"
#include "capture/survey_text.h"
#include "tests/support/temp_tree.h"
#include "tests/support/vmcore/toy_kernel.h"

#include <gmock/gmock.h>

#include <cerrno>
#include <random>

namespace kdump::capture {
namespace {

using test::ToyKernel;
using ::testing::HasSubstr;

class Survey : public ::testing::Test {
 protected:
  Survey() {
    ToyKernel::Options toy;
    toy.era = "6.12";
    toy.memory = {{0x100000, 0x10000000}};
    ToyKernel kernel(toy);
    kernel.make_free(0xc000, 10);
    kernel.make_anonymous(0x9000, 9);
    for (std::uint64_t i = 0; i < 300; ++i) kernel.make_cache(0x9800 + i);
    for (std::uint64_t i = 0; i < 100; ++i) kernel.make_cache_private(0xa000 + i);
    kernel.poison(0xb000);
    kernel.make_offline(0xb100);
    // User memory that no codec makes smaller.
    std::mt19937_64 random(5);
    for (std::uint64_t at = 0x9000 * 4096; at < 0x9200 * 4096; at += 8) {
      kernel.memory().put(PhysAddr(at), random());
    }
    EXPECT_TRUE(kernel.finish().save_elf(tree_.path("/vmcore")));
    options_.input = tree_.path("/vmcore");
    options_.threads = 2;
  }
  kdump::test::TempTree tree_;
  CaptureOptions options_;
};

TEST_F(Survey, TellsThePagesApart) {
  const auto survey = survey_memory(options_, {});
  ASSERT_TRUE(survey) << survey.error().message;
  EXPECT_EQ(survey->pages, 0x10000U - 0x100);
  EXPECT_EQ(survey->page_size, 4096U);
  EXPECT_EQ(survey->of(PageClass::kFree), 1024U);
  EXPECT_EQ(survey->of(PageClass::kUser), 512U);
  EXPECT_EQ(survey->of(PageClass::kCache), 300U);
  EXPECT_EQ(survey->of(PageClass::kCachePrivate), 100U);
  EXPECT_EQ(survey->of(PageClass::kHwPoison), 1U);
  EXPECT_EQ(survey->of(PageClass::kOffline), 1U);
  EXPECT_EQ(survey->of(PageClass::kKept), survey->pages - 1938);
  EXPECT_THAT(usage_text(*survey), HasSubstr("user memory                   512"));
}

TEST_F(Survey, AReservationIsNotPartOfADump) {
  const auto survey = survey_memory(options_, {{0x1000000, 0x2000000}});
  ASSERT_TRUE(survey);
  EXPECT_EQ(survey->pages, 0x10000U - 0x100 - 0x1000);
  EXPECT_EQ(survey->of(PageClass::kKept), survey->pages - 1938);
}

TEST_F(Survey, SamplesSayWhatPagesTake) {
  const auto samples = sample_pages(options_, {});
  ASSERT_TRUE(samples) << samples.error().message;
  const auto of = [&samples](PageClass c) { return (*samples)[static_cast<std::size_t>(c)]; };
  EXPECT_EQ(of(PageClass::kUser).bytes, 4096.0) << "random";
  EXPECT_EQ(of(PageClass::kUser).zero, 0.0);
  EXPECT_EQ(of(PageClass::kFree).bytes, 0.0) << "zeros";
  EXPECT_EQ(of(PageClass::kFree).zero, 1.0);
  EXPECT_EQ(of(PageClass::kCache).tried, 300U) << "all of them";
  EXPECT_GE(of(PageClass::kKept).tried, 2048U);
  EXPECT_LE(of(PageClass::kKept).tried, 2050U) << "bounded: two blocks, each its share";
  EXPECT_EQ(of(PageClass::kUnaccepted).tried, 0U);
}

// What is expected is what then comes.
TEST_F(Survey, EstimatesAreThoseOfDumps) {
  const auto survey = survey_memory(options_, {});
  const auto samples = sample_pages(options_, {});
  ASSERT_TRUE(survey && samples);
  for (const std::uint32_t bits : {0U, 1U, 2U, 4U, 8U, 16U, 27U, 31U}) {
    CaptureOptions options = options_;
    options.level = DumpLevel(bits);
    options.output.path = tree_.path("/dump");
    options.output.overwrite = true;
    CaptureProgress progress;
    const auto report = run_capture(options, progress);
    ASSERT_TRUE(report) << report.error().message;
    const DumpEstimate estimate = estimate_dump(*survey, *samples, options.level, 2);
    EXPECT_EQ(estimate.pages, report->kept) << bits;
    const auto size = static_cast<double>(report->file_length);
    EXPECT_NEAR(static_cast<double>(estimate.bytes), size, size / 20) << bits;
  }
}

TEST_F(Survey, ProgramsReadJson) {
  const auto survey = survey_memory(options_, {});
  const auto samples = sample_pages(options_, {});
  ASSERT_TRUE(survey && samples);
  const std::string json = estimate_json(*survey, *samples, options_);
  for (const std::uint32_t bits : {1U, 17U, 31U}) {
    const DumpEstimate estimate = estimate_dump(*survey, *samples, DumpLevel(bits), 2);
    EXPECT_THAT(json, HasSubstr(fmt::format("\"bytes_at_level_{}\": {}", bits, estimate.bytes)));
  }
}

TEST_F(Survey, MakedumpfilesTableIsMakedumpfiles) {
  MemorySurvey survey;
  survey.page_size = 4096;
  survey.pages = 1000;
  survey.by_class[static_cast<std::size_t>(PageClass::kKept)] = 400;
  survey.by_class[static_cast<std::size_t>(PageClass::kFree)] = 500;
  survey.by_class[static_cast<std::size_t>(PageClass::kUser)] = 100;
  PageSamples samples;
  samples[static_cast<std::size_t>(PageClass::kKept)].zero = 0.25;
  EXPECT_EQ(makedumpfile_usage_text(survey, samples),
            "\nTYPE\t\tPAGES\t\t\tEXCLUDABLE\tDESCRIPTION\n"
            "----------------------------------------------------------------------\n"
            "ZERO\t\t100             \tyes\t\tPages filled with zero\n"
            "NON_PRI_CACHE\t0               \tyes\t\tCache pages without private flag\n"
            "PRI_CACHE\t0               \tyes\t\tCache pages with private flag\n"
            "USER\t\t100             \tyes\t\tUser process pages\n"
            "FREE\t\t500             \tyes\t\tFree pages\n"
            "KERN_DATA\t300             \tno\t\tDumpable kernel data \n"
            "\npage size:\t\t4096            \n"
            "Total pages on system:\t1000            \n"
            "Total size on system:\t4096000          Byte\n\n");
}

TEST(LiveKernel, TheReservationIsFoundInIomem) {
  const kdump::test::TempTree tree;
  EXPECT_TRUE(crash_kernel_memory(tree.root()).empty());
  tree.write("/proc/iomem",
             "00001000-0009fbff : System RAM\n"
             "00100000-7ffdffff : System RAM\n"
             "  2d000000-36ffffff : Crash kernel\n"
             "100000000-13fffffff : System RAM\n"
             "  130000000-133ffffff : Crash kernel\n");
  const std::vector<Range> expected = {{0x2d000000, 0x37000000}, {0x130000000, 0x134000000}};
  EXPECT_EQ(crash_kernel_memory(tree.root()), expected);
  tree.write("/proc/iomem", "  00000000-00000000 : Crash kernel\n");
  EXPECT_TRUE(crash_kernel_memory(tree.root()).empty()) << "hidden from this user";
}

TEST(LiveKernel, WhatHidesTheMemoryIsNamed) {
  const kdump::test::TempTree tree;
  const Error absent = system_error(ENOENT, "open /proc/kcore");
  EXPECT_THAT(explain_kcore(absent, tree.root()).message, HasSubstr("CONFIG_PROC_KCORE"));
  const Error denied = system_error(EPERM, "open /proc/kcore");
  EXPECT_THAT(explain_kcore(denied, tree.root()).message, HasSubstr("CAP_SYS_RAWIO"));
  tree.write("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n");
  EXPECT_THAT(explain_kcore(denied, tree.root()).message, HasSubstr("lockdown=integrity"));
  const Error other = system_error(EIO, "open /proc/kcore");
  EXPECT_EQ(explain_kcore(other, tree.root()).message, other.message);
}

}  // namespace
}  // namespace kdump::capture
