// SHA-256 (FIPS 180-4), which finds damage in files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace jetmlp::files {

class Sha256 {
  public:
    void update(std::span<const std::byte> bytes);
    // The hash of all that came, in 64 digits; nothing may come after it.
    [[nodiscard]] std::string hex_digits();

  private:
    void take(const std::byte* block);

    std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                           0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::array<std::byte, 64> rest_{};  // what does not make a block yet
    std::uint64_t n_bytes_ = 0;
};

}  // namespace jetmlp::files
