// Random numbers that mean the same on every machine and in every version: Philox4x32-10, the
// counter-based generator of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as
// 1, 2, 3" (SC 2011), held to the known-answer vectors published with it.
#pragma once

#include <jetmlp/machine/types.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace jetmlp {

// Ten rounds of Philox on four 32-bit words.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

// What a stream of numbers is for: streams of different purposes never meet.
enum class Purpose : std::uint32_t { initialization = 0, shuffling = 1, data = 2 };

// The stream (seed, purpose, index): its key is the seed, its counter (block, index, purpose).
// There is no hidden state to carry along: epoch 17's shuffle is stream (seed, shuffling, 17).
class Generator {
  public:
    Generator(std::uint64_t seed, Purpose purpose, std::uint64_t index);

    std::uint32_t next_word();
    double uniform();                            // [0, 1), 53 bits
    double normal();                             // mean 0, variance 1 (Box and Muller 1958)
    std::uint32_t bounded(std::uint32_t bound);  // [0, bound), unbiased (Lemire 2019)

    // 0 … count-1 in random order (Fisher and Yates), written over `order`.
    void permute(std::vector<std::uint32_t>& order, Index count);

  private:
    std::array<std::uint32_t, 2> key_;
    std::array<std::uint32_t, 4> counter_;
    std::array<std::uint32_t, 4> words_{};
    std::size_t position_ = 4;  // of the next word in words_: 4 means that none is left
    double spare_normal_ = 0;
    bool has_spare_normal_ = false;
};

}  // namespace jetmlp
