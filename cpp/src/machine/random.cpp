#include <jetmlp/machine/parts.hpp>
#include <jetmlp/machine/random.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace jetmlp {

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
    constexpr std::uint64_t multiplier_0 = 0xD2511F53;
    constexpr std::uint64_t multiplier_1 = 0xCD9E8D57;
    constexpr std::uint32_t weyl_0 = 0x9E3779B9;  // golden ratio
    constexpr std::uint32_t weyl_1 = 0xBB67AE85;  // √3 − 1
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product_0 = multiplier_0 * counter[0];
        const std::uint64_t product_1 = multiplier_1 * counter[2];
        counter = {static_cast<std::uint32_t>(product_1 >> 32) ^ counter[1] ^ key[0],
                   static_cast<std::uint32_t>(product_1),
                   static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key[1],
                   static_cast<std::uint32_t>(product_0)};
        key[0] += weyl_0;
        key[1] += weyl_1;
    }
    return counter;
}

Generator::Generator(std::uint64_t seed, Purpose purpose, std::uint64_t index)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
               static_cast<std::uint32_t>(purpose)} {}

std::uint32_t Generator::next_word() {
    if (position_ == words_.size()) {
        words_ = philox4x32(counter_, key_);
        ++counter_[0];
        position_ = 0;
    }
    return words_[position_++];
}

double Generator::uniform() {
    const std::uint64_t low = next_word();
    const std::uint64_t high = next_word();
    return static_cast<double>((high << 32 | low) >> 11) * 0x1p-53;
}

double Generator::normal() {
    if (has_spare_normal_) {
        has_spare_normal_ = false;
        return spare_normal_;
    }
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_normal_ = radius * std::sin(angle);
    has_spare_normal_ = true;
    return radius * std::cos(angle);
}

std::uint32_t Generator::bounded(std::uint32_t bound) {
    std::uint64_t product = static_cast<std::uint64_t>(next_word()) * bound;
    if (static_cast<std::uint32_t>(product) < bound) {
        const std::uint32_t threshold = -bound % bound;  // 2³² mod bound
        while (static_cast<std::uint32_t>(product) < threshold) {
            product = static_cast<std::uint64_t>(next_word()) * bound;
        }
    }
    return static_cast<std::uint32_t>(product >> 32);
}

void Generator::permute(std::vector<std::uint32_t>& order, Index count) {
    resize_in_parts(order, count);
    in_parts(count, [&](Index first, Index last) {
        std::iota(order.begin() + first, order.begin() + last, static_cast<std::uint32_t>(first));
    });
    in_parts(count, [&](Index done, Index end) {
        for (Index at = count - 1 - done; at > std::max<Index>(0, count - 1 - end); --at) {
            const auto last = static_cast<std::uint32_t>(at);
            std::swap(order[last], order[bounded(last + 1)]);
        }
    });
}

}  // namespace jetmlp
