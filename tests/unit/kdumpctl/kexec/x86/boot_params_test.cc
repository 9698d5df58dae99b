// SPDX-License-Identifier: GPL-2.0-or-later
#include "kdumpctl/kexec/x86/boot_params.h"

#include "base/byte_reader.h"
#include "base/packed_int.h"
#include "tests/support/kexec_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace kdump::kexec::x86 {
namespace {

using testing::ElementsAre;
using testing::Key;

constexpr std::uint64_t kAddress = 0x13def1000;  // above 4 GiB: both halves of pointers matter

struct Input {
  HostFacts host = test::bios_host();
  KernelImage kernel = test::test_kernel();
  std::vector<E820Entry> e820 = {{{0, 0x1000}, E820Type::kReserved},
                                 {{0x1000, 0x9fc00}, E820Type::kRam},
                                 {{0x132000000, 0x13dfff000}, E820Type::kRam}};
  Range initrd{0x13def3000, 0x13def3000 + 12345};
  std::string command_line = "elfcorehdr=0x13dfff000 console=ttyS0";
  std::vector<std::byte> seed = test::test_bytes(32);
  bool efi_runtime = true;

  [[nodiscard]] std::vector<std::byte> build(std::uint64_t address = kAddress) const {
    return build_boot_params({.kernel = kernel,
                              .host = host,
                              .e820 = e820,
                              .initrd = initrd,
                              .command_line = command_line,
                              .rng_seed = seed,
                              .efi_runtime = efi_runtime},
                             PhysAddr(address));
  }
};

// What the panic kernel would see, read as it reads it.
class Params {
 public:
  explicit Params(std::vector<std::byte> bytes) : bytes_(std::move(bytes)), reader_(bytes_) {}
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;
  ~Params() = default;

  template <typename T>
  [[nodiscard]] T at(std::uint64_t offset) const {
    return reader_.read<T>(offset).value();
  }
  [[nodiscard]] std::uint64_t address(std::uint64_t low, std::uint64_t high) const {
    return at<Le32>(low) | std::uint64_t{at<Le32>(high)} << 32U;
  }
  [[nodiscard]] std::span<const std::byte> memory(std::uint64_t address, std::uint64_t size) const {
    return reader_.slice(address - kAddress, size).value();
  }
  // setup_data nodes by type.
  [[nodiscard]] std::map<std::uint32_t, std::vector<std::byte>> nodes() const {
    std::map<std::uint32_t, std::vector<std::byte>> found;
    std::uint64_t next = at<Le64>(0x250);
    while (next != 0) {
      const std::uint64_t node = next - kAddress;
      EXPECT_EQ(node % 16, 0U);
      const auto data = memory(next + 16, at<Le32>(node + 12));
      EXPECT_TRUE(found.try_emplace(at<Le32>(node + 8), data.begin(), data.end()).second);
      next = at<Le64>(node);
    }
    return found;
  }

 private:
  std::vector<std::byte> bytes_;
  ByteReader reader_;
};

TEST(BootParams, HeaderAndPointers) {
  Input input;
  input.host.boot_params[0x23c] = std::byte{3};  // hardware_subarch
  const Params params(input.build());
  EXPECT_EQ(params.at<std::uint8_t>(0x1ef), 0);  // sentinel
  EXPECT_EQ(params.at<Le16>(0x1fe), 0xaa55);
  EXPECT_EQ(params.at<Le16>(0x206), 0x020f);
  EXPECT_EQ(params.at<std::uint8_t>(0x210), 0xd0);
  EXPECT_EQ(params.at<Le32>(0x260), input.kernel.setup().init_size);
  EXPECT_EQ(params.at<Le32>(0x23c), 3U);
  EXPECT_EQ(params.address(0x218, 0x0c0), input.initrd.start);
  EXPECT_EQ(params.address(0x21c, 0x0c4), 12345U);
  const auto text = params.memory(params.address(0x228, 0x0c8), input.command_line.size() + 1);
  EXPECT_STREQ(reinterpret_cast<const char*>(text.data()), input.command_line.c_str());
}

TEST(BootParams, TheHeaderEndsWhereTheImageSaysSo) {
  Input input;
  input.kernel.bytes[0x26b] = std::byte{0x11};
  input.kernel.bytes[0x26c] = std::byte{0x22};
  const Params params(input.build());
  EXPECT_EQ(params.at<std::uint8_t>(0x26b), 0x11);
  EXPECT_EQ(params.at<std::uint8_t>(0x26c), 0);
}

TEST(BootParams, TheScreenIsInheritedWithoutLeftovers) {
  Input input;
  for (std::size_t i = 0; i < 0x80; ++i) input.host.boot_params[i] = std::byte{0x55};
  const Params params(input.build());
  EXPECT_EQ(params.at<std::uint8_t>(0x00f), 0x55);  // orig_video_isVGA
  EXPECT_EQ(params.at<std::uint8_t>(0x03f), 0x55);
  EXPECT_EQ(params.at<Le16>(0x002), 0);          // ext_mem_k
  EXPECT_EQ(params.at<Le32>(0x020), 0U);         // cl_magic, cl_offset
  EXPECT_EQ(params.at<std::uint8_t>(0x040), 0);  // behind screen_info
  EXPECT_EQ(params.at<Le64>(0x070), 0x5555555555555555U);
}

TEST(BootParams, E820Table) {
  const Params params(Input().build());
  ASSERT_EQ(params.at<std::uint8_t>(0x1e8), 3);
  const auto row = [&](std::uint64_t i) {
    return std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>(params.at<Le64>(0x2d0 + i * 20),
                                                                   params.at<Le64>(0x2d8 + i * 20),
                                                                   params.at<Le32>(0x2e0 + i * 20));
  };
  EXPECT_EQ(row(0), std::tuple(0x1000, 0x9ec00, 1));  // RAM first
  EXPECT_EQ(row(1), std::tuple(0x132000000, 0xbfff000, 1));
  EXPECT_EQ(row(2), std::tuple(0, 0x1000, 2));
  EXPECT_THAT(params.nodes(), ElementsAre(Key(9)));
}

TEST(BootParams, MoreThan128EntriesGoOnInSetupData) {
  Input input;
  input.e820.clear();
  for (std::uint64_t i = 0; i < 140; ++i) {
    input.e820.push_back({{i * 0x10000, i * 0x10000 + 0x1000}, E820Type::kReserved});
  }
  input.e820.push_back({{0x132000000, 0x13dfff000}, E820Type::kRam});
  const Params params(input.build());
  EXPECT_EQ(params.at<std::uint8_t>(0x1e8), 128);
  EXPECT_EQ(params.at<Le64>(0x2d0), 0x132000000U);  // the RAM is in the first table
  const auto nodes = params.nodes();
  ASSERT_THAT(nodes, ElementsAre(Key(1), Key(9)));
  const auto& rest = nodes.at(1);
  ASSERT_EQ(rest.size(), 13U * 20);
  const ByteReader reader(rest);
  for (std::uint64_t i = 0; i < 13; ++i) {
    EXPECT_EQ(*reader.read<Le64>(i * 20), (127 + i) * 0x10000);
    EXPECT_EQ(*reader.read<Le64>(i * 20 + 8), 0x1000U);
    EXPECT_EQ(*reader.read<Le32>(i * 20 + 16), 2U);
  }
}

TEST(BootParams, RandomSeed) {
  Input input;
  EXPECT_EQ(Params(input.build()).nodes().at(9), input.seed);
  input.seed.clear();
  EXPECT_EQ(Params(input.build()).nodes().size(), 0U);
}

TEST(BootParams, AcpiRootPointer) {
  HostFacts host = test::bios_host();
  EXPECT_EQ(acpi_root_pointer(host), 0U);
  test::add_efi(host);
  EXPECT_EQ(acpi_root_pointer(host), 0x3fb7e014U);
  host.boot_params[0x71] = std::byte{0xe0};
  EXPECT_EQ(acpi_root_pointer(host), 0xe000U);  // what the running kernel was given wins
  Input input;
  input.host = host;
  EXPECT_EQ(Params(input.build()).at<Le64>(0x070), 0xe000U);
}

TEST(BootParams, EfiIsHandedOn) {
  Input input;
  test::add_efi(input.host);
  const Params params(input.build());
  EXPECT_EQ(params.at<Le32>(0x1c0), 0x34364c45U);
  EXPECT_EQ(params.at<Le32>(0x1c4), 0x3f9ec018U);  // system table
  EXPECT_EQ(params.at<Le32>(0x1c8), 40U);
  EXPECT_EQ(params.at<Le32>(0x1cc), 1U);
  EXPECT_EQ(params.at<std::uint8_t>(0x1ec), 2);  // secure_boot
  ASSERT_EQ(params.at<Le32>(0x1d4), 80U);
  const std::uint64_t map = params.address(0x1d0, 0x1dc);
  const ByteReader second(params.memory(map + 40, 40));
  EXPECT_EQ(*second.read<Le32>(0), 5U);
  EXPECT_EQ(*second.read<Le64>(8), 0x3f9ed000U);
  EXPECT_EQ(*second.read<Le64>(16), 0xfffffffeff9ed000U);
  EXPECT_EQ(*second.read<Le64>(24), 0x80U);
  EXPECT_EQ(*second.read<Le64>(32), 0x800000000000000fU);
  const auto nodes = params.nodes();
  ASSERT_THAT(nodes, ElementsAre(Key(4), Key(9)));
  const ByteReader setup(nodes.at(4));
  EXPECT_EQ(setup.size(), 96U);
  EXPECT_EQ(*setup.read<Le64>(0), 0x3fb00000U);   // fw_vendor
  EXPECT_EQ(*setup.read<Le64>(16), 0x3f9ec000U);  // tables
  EXPECT_EQ(*setup.read<Le64>(24), 0x3f9c9000U);  // smbios
}

TEST(BootParams, EfiIsLeftOutWhereItWouldNotWork) {
  struct {
    const char* what;
    void (*change)(Input&);
  } const cases[] = {
      {"--noefi", [](Input& i) { i.efi_runtime = false; }},
      {"no runtime map", [](Input& i) { i.host.efi->runtime_map.clear(); }},
      {"no vendor", [](Input& i) { i.host.efi->fw_vendor = 0; }},
      {"no tables", [](Input& i) { i.host.efi->config_table = 0; }},
      {"32-bit firmware", [](Input& i) { i.host.boot_params[0x1c2] = std::byte{'3'}; }},
      {"no boot_params", [](Input& i) { i.host.boot_params.clear(); }},
      {"the image cannot", [](Input& i) { i.kernel = test::test_kernel({.xload_flags = 0x23}); }},
  };
  for (const auto& c : cases) {
    Input input;
    test::add_efi(input.host);
    c.change(input);
    const Params params(input.build());
    EXPECT_EQ(params.at<Le32>(0x1c0), 0U) << c.what;
    EXPECT_THAT(params.nodes(), ElementsAre(Key(9))) << c.what;
    EXPECT_EQ(params.at<Le64>(0x070), 0x3fb7e014U) << c.what;  // ACPI is found all the same
  }
}

TEST(BootParams, TheSizeDoesNotDependOnTheAddress) {
  Input input;
  test::add_efi(input.host);
  EXPECT_EQ(input.build(0).size(), input.build(0x7ffffff000).size());
}

}  // namespace
}  // namespace kdump::kexec::x86
